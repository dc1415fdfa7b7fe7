#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is installed into the system besides code: the unit is good and hardened, every XML is well formed, the catalog
# has each message of daemon/log and no other. systemd_test.sh SOURCE-TREE BUILD-TREE
set -euo pipefail
source=$1 build=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
fail() {
    printf 'systemd_test: %s\n' "$*"
    failed=1
}

# verify asks whether the program can be run: the one of the build tree stands in for the installed one
mkdir -p "$work/units"
cp "$source/systemd/memhotd-metrics.socket" "$source/systemd/memhot-kdump-reload.service" "$work/units/"
sed "s#^ExecStart=.*#ExecStart=$build/daemon/memhotd#" "$build/systemd/memhotd.service" >"$work/units/memhotd.service"
if said=$(SYSTEMD_UNIT_PATH="$work/units:" systemd-analyze verify --man=no "$work/units/memhotd.service" \
    "$work/units/memhotd-metrics.socket" "$work/units/memhot-kdump-reload.service" 2>&1); then
    [[ -z $said ]] || fail "systemd-analyze verify: $said"
else
    fail "systemd-analyze verify: $said"
fi
# threshold is ten times the exposure level
systemd-analyze security --offline=true --no-pager --threshold=20 "$work/units/memhotd.service" >"$work/security" ||
    fail "exposure above 2.0: $(tail -n 1 "$work/security")"
# the measure measures: the same unit with two options less is above it
sed '/^ProtectSystem=/d;/^SystemCallFilter=/d;/^CapabilityBoundingSet=/d' "$work/units/memhotd.service" >"$work/weak.service"
! systemd-analyze security --offline=true --no-pager --threshold=20 "$work/weak.service" >/dev/null ||
    fail "a unit without its filters passes, too"

for xml in "$source"/systemd/*.conf "$source"/systemd/*.policy "$source"/daemon/dbus/interfaces/*.xml; do
    [[ $xml != */memhotd.conf ]] || continue
    xmllint --noout --nonet "$xml" || fail "$xml is not well formed"
done

ids=$(sed -n 's/.*{"\([0-9a-f]\{32\}\)", ".*/\1/p' "$source/daemon/log/log.hpp" | sort)
[[ $(wc -l <<<"$ids") -ge 10 ]] || fail "no message ids found in daemon/log/log.hpp"
catalog=$(sed -n 's/^-- \([0-9a-f]\{32\}\)$/\1/p' "$source/systemd/memhot.catalog" | sort)
[[ $ids == "$catalog" ]] || fail "catalog and message ids differ: $(diff <(echo "$ids") <(echo "$catalog"))"
[[ -z $(uniq -d <<<"$ids") ]] || fail "a message id is there twice"
mkdir -p "$work/root/usr/lib/systemd/catalog" "$work/root/var/lib/systemd/catalog"
cp "$source/systemd/memhot.catalog" "$work/root/usr/lib/systemd/catalog/"
SYSTEMD_LOG_LEVEL=info journalctl --root="$work/root" --update-catalog 2>"$work/catalog.log" ||
    fail "journalctl --update-catalog: $(cat "$work/catalog.log")"
! grep -q "unknown\|invalid\|Failed" "$work/catalog.log" || fail "catalog: $(cat "$work/catalog.log")"

systemd-tmpfiles --root="$work/root" --create --dry-run "$source/systemd/memhot.tmpfiles" >/dev/null 2>"$work/log" ||
    grep -q "dry-run" "$work/log" || fail "tmpfiles: $(cat "$work/log")"
mkdir -p "$work/root/etc"
systemd-sysusers --root="$work/root" "$source/systemd/memhot.sysusers" 2>"$work/log" || fail "sysusers: $(cat "$work/log")"
grep -q '^memhot:' "$work/root/etc/group" || fail "sysusers makes no group memhot"
udevadm verify --help >/dev/null 2>&1 && ! udevadm verify "$source/systemd/90-memhot.rules" >"$work/log" 2>&1 &&
    fail "udev rule: $(cat "$work/log")"

# who starts it: one name of the unit in all of them
grep -q '^SystemdService=dbus-org.memhot1.service$' "$build/systemd/org.memhot1.service" || fail "activation: no unit"
grep -q '^Alias=dbus-org.memhot1.service$' "$work/units/memhotd.service" || fail "unit: no alias for activation"
exit "$failed"
