# SPDX-License-Identifier: GPL-2.0-or-later
"""What a step of a test VM left of its host, and what it shows for a value that was predicted."""
import json
import os
import re


class Host:
    """What one step left: parsed sysfs, iomem and listings."""

    def __init__(self, folder):
        self.folder = folder
        self.sysfs = dict(line.split(":", 1) for line in read(folder, "sysfs").splitlines())
        self.links = read(folder, "links")
        self.iomem = [(int(a, 16), int(b, 16), name) for a, b, name in
                      re.findall(r"^ *([0-9a-f]+)-([0-9a-f]+) : (.*)$", read(folder, "iomem"), re.M)]
        self.ndctl = json.loads(read(folder, "ndctl.json") or "{}")
        self.daxctl = json.loads(read(folder, "daxctl.json") or "[]")
        self.regions = {region["dev"]: region for region in self.ndctl.get("regions", [])}
        self.namespaces = {ns["dev"]: ns for region in self.regions.values() for ns in region.get("namespaces", [])}
        self.devices = {device["chardev"]: device for region in self.daxctl for device in region.get("devices", [])}

    def nd(self, device, name):
        return number(self.sysfs.get(f"/sys/bus/nd/devices/{device}/{name}"))

    def dax(self, device, name):
        return number(self.sysfs.get(f"/sys/bus/dax/devices/{device}/{name}"))

    def instance_of(self, namespace):
        """The pfn or dax device that has claimed the namespace and is bound, as pfn0.0."""
        for path, value in self.sysfs.items():
            match = re.fullmatch(r"/sys/bus/nd/devices/((?:pfn|dax)\d+\.\d+)/namespace", path)
            if match and value == namespace and self.nd(match[1], "resource") is not None:
                return match[1]
        return None

    def kmem_range(self, device):
        """First and last byte that a dax device in system-ram mode gave to the kernel."""
        owners = [(a, b) for a, b, name in self.iomem if name == device]
        parts = [(a, b) for a, b, name in self.iomem
                 if name == "System RAM (kmem)" and any(x <= a and b <= y for x, y in owners)]
        return (min(a for a, _ in parts), max(b for _, b in parts)) if parts else None

    def blocks_in(self, start, end):
        """Number of each memory block in an inclusive range, to (state, zones)."""
        size = self.block_size()
        first, last = start // size, end // size
        out = {}
        for path, state in self.sysfs.items():
            match = re.fullmatch(r"/sys/devices/system/memory/memory(\d+)/state", path)
            if match and first <= int(match[1]) <= last:
                out[int(match[1])] = (state, self.sysfs.get(path.replace("/state", "/valid_zones")))
        return out

    def block_values(self, name):
        """The files of memory40, or of memory40-memory47 where all of them say the same."""
        seen = []
        for block in span_of(name):
            path = f"/sys/devices/system/memory/memory{block}"
            nodes = [int(node) for node in re.findall(rf"^{path}/node(\d+):$", self.links, re.M)]
            there = f"{path}/state" in self.sysfs
            seen.append({"state": self.sysfs.get(f"{path}/state", "gone"),
                         "valid_zones": self.sysfs.get(f"{path}/valid_zones"),
                         "node": nodes[0] if there and nodes else None})
        return seen[0] if all(values == seen[0] for values in seen) else {"state": seen}

    def block_states(self):
        pattern = re.compile(r"/sys/devices/system/memory/(memory\d+)/state")
        return {match[1]: state for path, state in self.sysfs.items() if (match := pattern.fullmatch(path))}

    def block_size(self):
        return json.loads(read(self.folder, "capture.json"))["memory_block_size"]

    def facts(self):
        """All that a command could change and that a prediction should have named, by device."""
        out = {}
        for name in self.regions:
            out[name] = {key: self.nd(name, key) for key in ("available_size", "max_available_extent")}
        for name, ns in self.namespaces.items():
            if self.nd(name, "size"):
                out[name] = {"size": self.nd(name, "size"), "resource": self.nd(name, "resource"),
                             "mode": ns["mode"], "map": ns.get("map"), "align": ns.get("align"),
                             "usable_size": ns.get("size"), "state": ns.get("state")}
        for name, device in self.devices.items():
            out[name] = {key: device.get(key) for key in ("size", "align", "mode", "state", "online_memblocks",
                                                          "total_memblocks", "movable")}
            out[name]["resource"] = self.dax(name, "resource")
        return out


def read(folder, name):
    try:
        with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def span_of(name):
    first, last = re.fullmatch(r"memory(\d+)(?:-memory(\d+))?", name).groups()
    return range(int(first), int(last or first) + 1)


def number(text):
    if text is None or text == "":
        return None
    return int(text, 0) if re.fullmatch(r"0x[0-9a-f]+|\d+", text) else text


def value_of(predicted):
    """Addresses are strings in our JSON and numbers in everybody else's."""
    return number(predicted) if isinstance(predicted, str) else predicted


class Report:
    def __init__(self):
        self.compared = 0
        self.wrong = []

    def same(self, what, predicted, real):
        self.compared += 1
        if predicted != real:
            self.wrong.append(f"{what}: predicted {predicted!r}, real {real!r}")


def namespace_fact(host, name, key):
    ns = host.namespaces.get(name, {})
    if key in ("size", "resource"):
        return host.nd(name, key)
    if key == "usable_size":
        return ns.get("size")
    if key in ("data_offset", "lost_at_end"):
        instance = host.instance_of(name)
        if instance is None:
            return None
        offset = host.nd(instance, "resource") - host.nd(name, "resource")
        return offset if key == "data_offset" else host.nd(name, "size") - offset - host.nd(instance, "size")
    return ns.get(key)


def dax_fact(host, name, key):
    start = host.dax(name, "resource")
    memory = host.kmem_range(name)
    if key == "resource":
        return start
    if memory and key == "memory":
        return {"start": hex(memory[0]), "end": hex(memory[1]), "size": memory[1] - memory[0] + 1}
    if memory and key in ("memory_blocks", "blocks", "blocks_online", "zones"):
        blocks = host.blocks_in(*memory)
        online = [zones for state, zones in blocks.values() if state == "online"]
        return {"memory_blocks": f"memory{min(blocks)}-memory{max(blocks)}" if blocks else None,
                "blocks": len(blocks), "blocks_online": len(online),
                "zones": " ".join(sorted(set(online)))}[key]
    if key == "kmem_state":   # 7.3 and later
        return host.dax(name, "state")
    if memory and key == "lost_at_start":
        return memory[0] - start
    if memory and key == "lost_at_end":
        return start + host.dax(name, "size") - 1 - memory[1]
    if key == "node":
        return host.devices.get(name, {}).get("target_node")
    return host.devices.get(name, {}).get(key)


def memory_gone(before, after, name, key):
    """Of a dax device that was System RAM and is no more; nothing for other values."""
    was = before.kmem_range(name)
    if was is None or after.kmem_range(name) is not None:
        return None
    blocks = before.blocks_in(*was)
    if after.blocks_in(*was):
        return None
    return {"memory_gone": {"start": hex(was[0]), "end": hex(was[1]), "size": was[1] - was[0] + 1},
            "blocks_gone": f"memory{min(blocks)}-memory{max(blocks)}"}.get(key)


def fact(host, name, key):
    """What the host shows for a value that was predicted of a device."""
    if name.startswith("dax region "):
        regions = {region["id"]: region for region in host.daxctl}
        return regions.get(int(name.split()[-1]), {}).get(key, 0)   # daxctl leaves out what is 0
    kind = re.match(r"[a-z]+", name)[0]
    if key == "state" and kind in ("namespace", "dax"):
        there = host.nd(name, "size") if kind == "namespace" else name in host.devices
        listed = (host.namespaces if kind == "namespace" else host.devices).get(name, {})
        return listed.get("state", "active") if there else "gone"
    if kind == "region":
        return host.nd(name, key)
    if kind == "memory":
        return host.block_values(name).get(key)
    return namespace_fact(host, name, key) if kind == "namespace" else dax_fact(host, name, key)


# Values of a prediction that nothing on a host shows while the device is in use.
UNSEEN = {"ram_cost", "altmap_cost", "altmap_reserve", "data", "labels", "earlier_data", "blocks_stuck"}


def compare_values(report, before, after, name, values, unseen=frozenset()):
    """Each promised value of a device with what the host shows."""
    for key, predicted in values.items():
        if key in UNSEEN | unseen:
            continue
        if key == "memory_stuck":   # what is online stays until reboot, whatever has claimed it
            there = after.blocks_in(int(predicted["start"], 0), int(predicted["end"], 0))
            report.same(f"{name} {key}", True, bool(there))
            continue
        real = memory_gone(before, after, name, key) if "memory_gone" in values else None
        report.same(f"{name} {key}", value_of(predicted), real or fact(after, name, key))


def hidden(verdict):
    """Devices of which the verdict says that their info block cannot be seen: it promises nothing about them."""
    ids = re.findall(r"namespace(\d+\.\d+) is disabled and its holder_class says", " ".join(verdict["assumptions"]))
    return {kind + number for number in ids for kind in ("namespace", "dax")}
