#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the VM of run-systemd has to have found: verify.py RESULTS. Says what was shown, and what not."""
import json
import pathlib
import sys

HAZARD_RAISED = "be207e1409e34abfa89ee770c971a89f"
STARTED = "e255e16e731b4f3ca9da695285471fa4"
JOB_BEGUN = "27e1e20b9b1f4257acd7d6802a35e079"
JOB_ENDED = "982e7dbb64c34d89bf258ffa51713989"
POLICY_REPORT = "059135e6803f41e794ccfaac9c9bdb12"
CONFIGURATION_REJECTED = "a90872c4ac0548318b1d400ff91c9e8f"

failed = []


def check(held, what, seen):
    print(f"{'ok  ' if held else 'FAIL'} {what}" + ("" if held else f": {seen}"))
    if not held:
        failed.append(what)


def main():
    results = pathlib.Path(sys.argv[1])

    def text(name):
        path = results / name
        return path.read_text(errors="replace") if path.exists() else ""

    messages = [json.loads(line) for line in text("journal.json").splitlines()]

    def with_id(identity):
        return [message for message in messages if message.get("MESSAGE_ID") == identity]

    unit = text("unit")
    check("active=active" in unit, "memhotd runs under its unit", unit)
    check("NoNewPrivs:\t1" in unit and "Seccomp:\t2" in unit, "with NoNewPrivileges and a system call filter", unit)
    # CAP_SYS_ADMIN (21) and CAP_NET_ADMIN (12), linux/capability.h
    check(f"CapBnd:\t{(1 << 21) | (1 << 12):016x}" in unit, "with two capabilities and no other", unit)
    mounts = dict(line.split(" ", 1) for line in text("mounts").splitlines() if " " in line)
    check(mounts.get("/sys", "").startswith("ro"), "/sys is read-only for it", mounts)
    check(mounts.get("/sys/devices", "").startswith("rw"), "/sys/devices is not", mounts)

    # mm/memory_hotplug.c: contig-zones and 301 are what the kernel begins with
    knobs = dict(line.split("=", 1) for line in text("knobs").splitlines() if "=" in line)
    check(knobs.get("set") == "auto-movable 250", "Ratio= is told to the kernel", [knobs, text("journal.txt")[-2000:]])
    check(knobs.get("kept") == "auto-movable 250", "and stays over restarts", knobs)
    check(knobs.get("back") == "contig-zones 301", "without its policy the kernel has its own ratio again", knobs)

    online = text("online")
    check("memory32=online,Movable" in online and "memory33=online,Movable" in online,
          "a DIMM of 256 MiB was put online as movable memory", online)
    check(text("hook").splitlines()[:3] == ["none", "online", "online"],
          "then memhot-kdump-reload.service had kdump loaded anew", text("hook"))
    check("memhot-kdump-reload.service was started: done" in text("journal.txt"),
          "and systemd told how its start ended", text("journal.txt")[-2000:])
    check("Movable" in text("list"), "memhotctl -H local shows it", text("list"))
    offline = text("offline")
    check("status=0" in offline and offline.endswith("offline\n"), "a client had one block taken offline", offline)

    check(len(with_id(STARTED)) == 3, "three starts are in the journal", len(with_id(STARTED)))
    begun = with_id(JOB_BEGUN)
    check(begun and all(message.get("MEMHOT_JOB") and message.get("MEMHOT_PLAN") for message in begun),
          "jobs began, with MEMHOT_JOB and MEMHOT_PLAN", begun)
    ended = with_id(JOB_ENDED)
    check(ended and {message.get("MEMHOT_RESULT") for message in ended} == {"done"}, "and ended as done", ended)
    # 65 MiB of pmem: RAM begins within its last 2 MiB
    hazards = with_id(HAZARD_RAISED)
    check(any(hazard.get("MEMHOT_RULE") == "subsection.shared" and hazard.get("MEMHOT_DEVICE") == "0x34000000"
              and hazard.get("MEMHOT_RANGE") == "34000000-341fffff"
              and hazard.get("MEMHOT_HAZARD") and hazard.get("MEMHOT_REMEDY") for hazard in hazards),
          "memory that two owners share is a hazard, with MEMHOT_RULE, _DEVICE, _RANGE, _HAZARD and _REMEDY", hazards)
    check("memhotctl doctor" in text("journal.txt"), "journalctl -x says what to do about it", text("journal.txt")[:2000])
    reports = with_id(POLICY_REPORT)
    check(any("10-dimm.policy:" in message.get("MEMHOT_POLICY", "") for message in reports)
          and any("20-ratio.policy:" in message.get("MEMHOT_POLICY", "") for message in reports)
          and all(message.get("MEMHOT_POLICY") for message in reports), "the policy's line is named", reports)
    reload = text("reload")
    rejected = with_id(CONFIGURATION_REJECTED)
    check(len(rejected) == 1 and "memhotd.conf:" in rejected[0]["MESSAGE"] and "status=1" in reload
          and "active=active" in reload, "systemctl reload of a wrong file fails, and nothing else happens", reload)
    check("good=0" in reload, "and of a good one does not", reload)
    check("memhotctl rollback" in text("journal.txt"), "journalctl -x shows the catalog's advice", text("journal.txt")[-2000:])
    restarts = text("restarts")
    check("killed: restarted" in restarts, "after kill -9 it was started again", restarts)
    check("stopped: restarted" in restarts, "and after it hung (WatchdogSec=)", restarts)
    # 8 of boot, 2 of the DIMM: each start asks the policies about all memory that is offline
    check("t 10" in restarts, "and knows the host", restarts)
    print(f"     event to all online, hook included: {online.partition('seconds=')[2].split()[0]} s under emulation"
          if "seconds=" in online else "")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
