# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds plans that memhotctl carried out in a test VM against what the host then shows: the words wish, fails and
rollback of guest/steps.sh, and put_back.

Of a plan that was carried out are compared: the state, zone and node of each block that it names, each promised value of
a namespace or dax device, the memory that came and went with MemTotal, that nothing else changed, the saved files, and
the journal. Of one that was refused: that nothing changed. Of one that failed or was rolled back: that all is as before.
"""
import json
import os
import re
import subprocess

from host import compare_values, hidden, read

# What the blocks of a device decide, which are compared one by one.
OTHERWISE = {"blocks_online", "zones"}
OF_BLOCKS = ("online_memblocks", "movable")
INFO_BLOCK = 8192


def everything(host, identities):
    """All that a plan could change; identities: with uuids."""
    out = {name: {key: value for key, value in facts.items() if key not in OF_BLOCKS}
           for name, facts in host.facts().items()}
    out["auto_online_blocks"] = read(host.folder, "policy").strip()
    if identities:
        out |= {f"uuid of {name}": ns.get("uuid") for name, ns in host.namespaces.items() if ns.get("size")}
    return out


def block_words(host, name):
    """A block in the words of plans."""
    values = host.block_values(name)
    if values["state"] == "gone":
        return "absent"
    place = f"{values['state']}, node{values['node']}"
    return place if values["state"] == "offline" else f"{place}, zones {values['valid_zones']}"


def promised(plan):
    """The last word on each device, and on each block."""
    devices, blocks = {}, {}
    for step in plan["steps"]:
        for name, values in step["verdict"].get("changes", {}).items():
            if not name.startswith("memory"):
                gone = values.get("state") == "gone" or values.get("size") == 0
                kept = {} if gone else devices.get(name, {})
                kept.pop("state", None)   # said only where it is not active
                if values.get("mode") != "system-ram":
                    kept.pop("kmem_state", None)
                devices[name] = kept | values
        for one in step["after"]:
            if one["kind"] == "block":
                blocks[one["name"]] = one["value"]
    return devices, blocks


def unchanged(report, before, after, but=(), identities=True):
    old, new = everything(before, identities), everything(after, identities)
    for name in sorted(set(old) | set(new)):
        if name not in but and name.removeprefix("uuid of ") not in but:
            report.same(name, old.get(name), new.get(name))


def unchanged_blocks(report, before, after, but=()):
    old, new = before.block_states(), after.block_states()
    for name in sorted(set(old) | set(new)):
        if name not in but:
            report.same(f"{name} (not named by the plan)", old.get(name), new.get(name))


def mem_total(host):
    return int(re.search(r"MemTotal: +(\d+) kB", read(host.folder, "meminfo"))[1]) * 1024


def compare_saved(report, folder, plan):
    """A file for each thing that the plan saves: labels of some size, an info block of 8 KiB."""
    want = {}
    for step in plan["steps"]:
        action = step["action"]
        if action["kind"] == "save":
            want[f"{action['device']}.{'labels' if action['what'] == 'labels' else 'info'}"] = action["what"]
    there = dict(line.rsplit(" ", 1) for line in read(folder, "saved").splitlines())
    report.same("files saved", sorted(want), sorted(there))
    for name, what in want.items():
        size = int(there.get(name, 0))
        report.same(f"size of {name}", True, size == INFO_BLOCK if what == "info_block" else size >= 128 * 1024)


def compare_done(report, folder, plan, before, after):
    report.same("exit status", 0, int(read(folder, "status")))
    devices, blocks = promised(plan)
    for name, value in blocks.items():
        report.same(name, value, block_words(after, name))
    for name, values in devices.items():
        compare_values(report, before, after, name, values, OTHERWISE)
    cost = plan["cost"]
    report.same("memory that came or went", cost["memory_gained"] - cost["memory_lost"],
                mem_total(after) - mem_total(before))
    untold = set().union(*(hidden(step["verdict"]) for step in plan["steps"]))
    unchanged(report, before, after, but=untold | set(devices))
    unchanged_blocks(report, before, after, but=blocks)
    if plan["steps"]:   # else no job was begun
        compare_saved(report, folder, plan)
        report.same("the journal", "done", json.loads(read(folder, "jobs.json"))["jobs"][-1]["state"])


def compare_as_before(report, before, after, identities):
    unchanged(report, before, after, identities=identities)
    unchanged_blocks(report, before, after)
    report.same("MemTotal", mem_total(before), mem_total(after))


def compare_between(report, states):
    """Each thing is as at one of these moments, the last of which is now."""
    moments = [everything(state, identities=False) | {f"blocks: {name}": value
                                                         for name, value in state.block_states().items()}
                  for state in states]
    for name in sorted(set().union(*moments)):
        report.same(f"{name} as at one of these moments", True,
                    any(moment.get(name) == moments[-1].get(name) for moment in moments[:-1]))


def compare_part(report, folder, plan, before, after):
    """A page did not move: blocks are as they were or as they were to be, and what the exit status says is true."""
    status = int(read(folder, "status"))
    report.same("exit status of a failure", True, status in (5, 6, 7))
    if status == 5:
        compare_as_before(report, before, after, identities=True)
    old, new, blocks = before.block_states(), after.block_states(), promised(plan)[1]
    moved = {name for name in set(old) | set(new) if old.get(name) != new.get(name)}
    report.same("something changed", moved != set() or status != 6, True)
    for name in sorted(moved):
        report.same(f"{name}, of a plan that failed", blocks.get(name), block_words(after, name))
    report.same("the journal", "failed", json.loads(read(folder, "jobs.json"))["jobs"][-1]["state"])


def compare_capture(report, memhotctl, folder, before, plan):
    """The same wish to the capture of the step before: the same actions."""
    words = read(folder, "wish").split()
    text = subprocess.run([memhotctl, "--snapshot", os.path.join(before.folder, "capture.json"), "--json", "plan", *words],
                          check=False, capture_output=True, text=True).stdout
    saved = json.loads(text or "{}")
    report.same("refused, planned from the capture", saved.get("refused"), plan["refused"])
    report.same("actions planned from the capture", [step["action"] for step in saved.get("steps", [])],
                [step["action"] for step in plan["steps"]])


def compare_try(report, memhotctl, folder, states, plan):
    before, after = states[-2:]
    status = int(read(folder, "status"))
    if "steps" not in plan:   # words that are no wish on this host
        report.same("exit status", 2, status)
        compare_as_before(report, before, after, identities=True)
        return
    compare_capture(report, memhotctl, folder, before, plan)
    uncertain = any(step["verdict"]["outcome"]["kind"] == "uncertain" for step in plan["steps"])
    if plan["refused"]:
        dangerous = any(step["verdict"]["hazards"] for step in plan["steps"])
        report.same("exit status", 9 if dangerous else 1, status)
        compare_as_before(report, before, after, identities=True)
    elif status == 0 or not uncertain:
        compare_done(report, folder, plan, before, after)
    else:
        compare_part(report, folder, plan, before, after)


def compare(report, memhotctl, folder, states):
    """states: what each step so far left, the last two are before and after this one."""
    before, after = states[-2:]
    kind = read(folder, "kind").strip()
    if kind == "restored":
        report.same("exit status", 0, int(read(folder, "status")))
        compare_as_before(report, states[-3], after, identities=True)
        return
    if kind == "rollback" and "stays: " in read(folder, "plan.json") + read(folder, "plan.stderr"):
        report.same("exit status of what cannot be undone wholly", 1, int(read(folder, "status")))
        compare_between(report, [states[-3], before, after])
        return
    if kind == "rollback":
        # as it was before the job; a namespace that is created again has another uuid, one that was kept has its own
        report.same("exit status", 0, int(read(folder, "status")))
        compare_as_before(report, states[-3], after, identities=True)
        report.same("the journal", "undone", json.loads(read(folder, "jobs.json"))["jobs"][-1]["state"])
        return
    plan = json.loads(read(folder, "plan.json") or "{}")
    if kind == "try":
        compare_try(report, memhotctl, folder, states, plan)
        return
    if "steps" not in plan:
        report.same("a plan", True, read(folder, "plan.stderr").strip())
        return
    compare_capture(report, memhotctl, folder, before, plan)
    if plan["refused"]:
        report.same("refused as wanted", "refused", kind)
        report.same("exit status", 1, int(read(folder, "status")))
        compare_as_before(report, before, after, identities=True)
    elif kind == "fails":
        report.same("exit status (failed, nothing changed)", 5, int(read(folder, "status")))
        compare_as_before(report, before, after, identities=True)
        report.same("the journal", True, json.loads(read(folder, "jobs.json"))["jobs"][-1]["state"] in ("undone", "failed"))
    else:
        report.same("carried out as wanted", "wish", kind)
        compare_done(report, folder, plan, before, after)
