# SPDX-License-Identifier: GPL-2.0-or-later
#
# The words that a scenario is written in (busybox sh). Each makes a numbered folder of /out:
#   step COMMAND...   asks memhotctl what COMMAND will do, runs it, then records what the host looks like
#   setup COMMAND...  runs COMMAND, which nobody predicts, and records the host
#   note TEXT...      a title for what follows

step_number=0

note() { echo "== $*"; }

# The operation that memhotctl calls so.
operation_of() {
    case "$1 $2" in
    "daxctl reconfigure-device") shift 2; echo reconfigure-dax "$@" ;;
    "ndctl destroy-namespace") shift 2; echo destroy "$@" ;;
    "ndctl "* | "daxctl "*) shift; echo "$@" ;;
    *) echo "$@" ;;
    esac
}

next_step() {
    step_number=$((step_number + 1))
    at=/out/$(printf %03d "$step_number")
    mkdir -p "$at"
    echo "$*" >"$at/command"
    lines_before=$(dmesg | wc -l)
}

run_command() {
    "$@" >"$at/stdout" 2>"$at/stderr"
    echo $? >"$at/status"
    dmesg | tail -n +$((lines_before + 1)) >"$at/dmesg"
    echo "[$step_number] $*: $(cat "$at/status") $(tail -n 1 "$at/stderr")"
}

# What the tools and sysfs say, and a capture of the same moment for memhotctl on the host.
observe() {
    memhotctl capture "$at/capture.json" || echo "capture: $?" >"$at/capture.failed"
    ndctl list -RNDvi >"$at/ndctl.json" 2>/dev/null
    daxctl list -RDi >"$at/daxctl.json" 2>/dev/null
    cat /proc/iomem >"$at/iomem"
    grep -s '' /sys/bus/nd/devices/*/size /sys/bus/nd/devices/*/resource /sys/bus/nd/devices/*/align \
        /sys/bus/nd/devices/*/available_size /sys/bus/nd/devices/*/max_available_extent \
        /sys/bus/nd/devices/*/mode /sys/bus/nd/devices/*/holder_class /sys/bus/nd/devices/*/namespace \
        /sys/bus/dax/devices/*/size /sys/bus/dax/devices/*/resource /sys/bus/dax/devices/*/align \
        /sys/bus/dax/devices/*/mapping*/start /sys/bus/dax/devices/*/mapping*/end \
        /sys/devices/system/memory/memory*/state /sys/devices/system/memory/memory*/valid_zones >"$at/sysfs"
    for driver in /sys/bus/dax/devices/*/driver /sys/bus/nd/devices/*/driver; do
        [ -e "$driver" ] && echo "$driver:$(basename "$(readlink "$driver")")"
    done >>"$at/sysfs"
}

step() {
    next_step "$@"
    operation_of "$@" >"$at/operation"
    # shellcheck disable=SC2046   # words of an operation
    memhotctl --json check $(cat "$at/operation") >"$at/check.json" 2>"$at/check.stderr"
    echo $? >"$at/check.status"
    run_command "$@"
    observe
}

setup() {
    next_step "$@"
    : >"$at/setup"
    run_command "$@"
    observe
}

# A word of the scenario for a file of sysfs: setup put VALUE FILE.
put() { echo "$1" >"$2"; }

# The host at this moment is the one in tests/data.
snapshot() { :; }
