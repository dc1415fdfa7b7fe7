# SPDX-License-Identifier: GPL-2.0-or-later
#
# The words that a scenario is written in (busybox sh). Each makes a numbered folder of /out:
#   step COMMAND...   asks memhotctl what COMMAND will do, runs it, then records what the host looks like
#   danger RULE COMMAND...  a step whose prediction must name the danger RULE
#   crash RULE COMMAND...   the last one: COMMAND crashes the kernel, and the prediction must say so by RULE
#   setup COMMAND...  runs COMMAND, which nobody predicts, and records the host
#   wish WISH...      plans WISH, has memhotctl carry the plan out, then records the host
#   refused WISH...   the same of a plan that is refused: nothing may change
#   fails WISH...     the same of one that fails on the way, all or nothing: nothing may stay changed
#   try WISH...       whichever of wish and refused the plan says it is; one that may fail may
#   back              rollback of a try that was carried out
#   rollback          has memhotctl undo the last job, then records the host: as before the job
#   put_back NAMESPACE DIMM REGION  behind the wish that destroyed it: puts it back from what that job saved, as
#                     memhotctl(1) says, then records the host: as before the job
#   note TEXT...      a title for what follows
# Commands besides those of the system: put VALUE FILE, pick namespace|dax NUMBER, plug ID BYTES ADDRESS, unplug ID BYTES ADDRESS, hide_driver MODULE,
# show_driver MODULE.

step_number=0

note() { echo "== $*"; }

# What acpi_memory_enable_device() asks for a DIMM of so many bytes: before 6.8 only what the kernel will not refuse.
memmap_option() {
    [ "$(cat /sys/module/memory_hotplug/parameters/memmap_on_memory 2>/dev/null)" = Y ] || return 0
    version=$(uname -r | sed -E 's/^([0-9]+)\.([0-9]+).*/\1 * 100 + \2/')
    [ $((version)) -ge 608 ] || [ "$1" -eq $((0x$(cat /sys/devices/system/memory/block_size_bytes))) ] || return 0
    echo --memmap-on-memory
}

# The operation that memhotctl calls so.
operation_of() {
    case "$*" in
    "daxctl reconfigure-device "*) shift 2; echo reconfigure-dax "$@" ;;
    "ndctl destroy-namespace "*) shift 2; echo destroy "$@" ;;
    "ndctl "* | "daxctl "*) shift; echo "$@" ;;
    "put "*/memory*/state) echo "$2" "$(basename "$(dirname "$3")")" ;;
    "put "*) echo write "$3" "$2" ;;
    "plug "*) echo add "$4+$3" "$(memmap_option "$3")" ;;
    "unplug "*) echo remove "$4+$3" --offline ;;
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
        /sys/bus/dax/devices/*/state /sys/bus/dax/devices/*/mapping*/start /sys/bus/dax/devices/*/mapping*/end \
        /sys/devices/system/memory/memory*/state /sys/devices/system/memory/memory*/valid_zones >"$at/sysfs"
    cat /proc/meminfo >"$at/meminfo"
    cat /sys/devices/system/memory/auto_online_blocks >"$at/policy"
    for driver in /sys/bus/dax/devices/*/driver /sys/bus/nd/devices/*/driver; do
        [ -e "$driver" ] && echo "$driver:$(basename "$(readlink "$driver")")"
    done >>"$at/sysfs"
    for node in /sys/devices/system/memory/memory*/node*; do echo "$node:"; done >"$at/links"
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

danger() {
    rule=$1
    shift
    step "$@"
    echo "$rule" >"$at/hazard"
}

# Nothing comes back from a VM that has crashed, so everything goes to its console, where `run` looks for it.
crash() {
    rule=$1
    shift
    next_step "$@"
    # shellcheck disable=SC2046   # words of an operation
    memhotctl --json check $(operation_of "$@") >"$at/check.json"
    kind=$(sed -n 's/^ *"kind": "\(.*\)",\{0,1\}$/\1/p' "$at/check.json" | head -n 1)
    grep -q "\"$rule\"" "$at/check.json" || kind="$kind without $rule"
    echo "vm-crash: $*: predicted $kind" >/dev/console
    "$@"
    echo "vm-crash: survived, $?" >/dev/console
}

setup() {
    next_step "$@"
    : >"$at/setup"
    run_command "$@"
    observe
}

# What is destroyed is confirmed by the names that the plan itself tells.
names_in() { sed -n 's/^ *"device": "\(.*\)",\{0,1\}$/\1/p' "$1" | sort -u | tr '\n' ','; }

# What a job left beside the host: its saved files with their sizes, the journal.
observe_job() {
    memhotctl --json jobs >"$at/jobs.json"
    job=$(sed -n 's/^ *"job": "\(.*\)",$/\1/p' "$at/jobs.json" | tail -n 1)
    for file in /var/lib/memhot/job-"$job"/*; do
        [ -e "$file" ] && echo "$(basename "$file") $(stat -c %s "$file")"
    done >"$at/saved"
    observe
}

# act KIND OPTIONS... -- WISH...
act() {
    kind=$1 options=
    shift
    while [ "$1" != -- ]; do
        options="$options $1"
        shift
    done
    shift
    next_step "$kind" "$@"
    echo "$kind" >"$at/kind"
    echo "$*" >"$at/wish"
    memhotctl --json plan "$@" >"$at/plan.json" 2>"$at/plan.stderr"
    # shellcheck disable=SC2086   # words of options
    run_command memhotctl "$@" --yes $options --accept "$(names_in "$at/plan.json")none"
    observe_job
}

wish() { act wish -- "$@"; }
refused() { act refused -- "$@"; }
fails() { act fails --all-or-nothing --timeout 2 -- "$@"; }
try() { act try --timeout 5 -- "$@"; }
back() { [ "$(cat "$at/kind" 2>/dev/null) $(cat "$at/status")" = "try 0" ] && grep -q '"would"' "$at/plan.json" && rollback; }

rollback() {
    next_step rollback
    echo rollback >"$at/kind"
    memhotctl --json rollback "$job" --dry-run >"$at/plan.json" 2>"$at/plan.stderr"
    run_command memhotctl rollback "$job" --yes --accept "$(names_in "$at/plan.json")none"
    observe_job
}

# Data behind the first 16 MiB of what a namespace shows, and whether they are there.
mark() { echo memhot | dd of="$1" bs=1M seek=16 conv=notrunc,fsync 2>/dev/null; }
marked() { [ "$(dd if="$1" bs=1M skip=16 count=1 2>/dev/null | head -c 6)" = memhot ]; }

# The commands of memhotctl(1), "What was destroyed".
put_back_by_hand() {
    saved=/var/lib/memhot/job-$job
    ndctl disable-region "$3" && ndctl disable-dimm "$2" && ndctl write-labels -i "$saved/$2.labels" "$2" &&
        ndctl enable-dimm "$2" && ndctl enable-region "$3" || return
    ndctl disable-namespace "$1" && echo 1 >/sys/bus/nd/devices/"$1"/force_raw && ndctl enable-namespace "$1" || return
    device=/dev/$(basename /sys/bus/nd/devices/"$1"/block/*)
    dd if="$saved/$1.info" of="$device" conv=notrunc,fsync || return
    ndctl disable-namespace "$1" && echo 0 >/sys/bus/nd/devices/"$1"/force_raw && ndctl enable-namespace "$1" &&
        marked "$device"
}

put_back() {
    next_step put_back "$@"
    echo restored >"$at/kind"
    run_command put_back_by_hand "$@"
    observe_job
}

# A driver that cannot be found, and is back.
hide_driver() {
    rmmod "$1" && file=$(find /lib/modules -name "$1.ko*") && mv "$file" /tmp/ && depmod_file=$file
}
show_driver() { mv "/tmp/$(basename "$depmod_file")" "$depmod_file" && modprobe "$1"; }

put() { echo "$1" >"$2"; }

# pick namespace|dax NUMBER: the one of those that are there now at that place, counted round; KIND0.0 where none is.
pick() {
    found=
    for device in /sys/bus/nd/devices/"$1"[0-9]* /sys/bus/dax/devices/"$1"[0-9]*; do
        [ "$(cat "$device/size" 2>/dev/null || echo 0)" = 0 ] || found="$found ${device##*/}"
    done
    # shellcheck disable=SC2086   # words of a list
    set -- "$1" "$2" ${found:-"${1}0.0"}
    shift $((2 + $2 % ($# - 2)))
    echo "$1"
}

# ACPI answers when it likes: until iomem has (or has no longer) RAM there, or the kernel says that it failed.
has_ram() { grep -q "^$(printf %08x "$1")-.* : System RAM" /proc/iomem; }
acpi_failed() { dmesg | tail -n +$((lines_before + 1)) | grep -E 'PNP0C80.*(error|fail)|acpi.*[Oo]ffline|[Oo]ffline failed'; }
wait_for() {
    for _ in $(seq 100); do
        "$@" && return 0
        if acpi_failed >&2; then   # perhaps of another one that is tried again each time
            sleep 0.5
            "$@"
            return
        fi
        sleep 0.1
    done
    echo "nothing happened for 10 s" >&2
    return 1
}

plug() {
    echo "vm-host: plug $1 $2 $3" >/dev/console
    wait_for has_ram "$3"
}

no_ram() { ! has_ram "$1"; }
unplug() {
    echo "vm-host: unplug $1" >/dev/console
    wait_for no_ram "$3"
}

# The host at this moment is the one in tests/data.
snapshot() { :; }
