// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where everything lies after a command that was accepted: the place, what of it can be used, where the struct pages go.
#include <algorithm>
#include <fmt/format.h>

#include "nvdimm/dax_region.hpp"
#include "predict/explain.hpp"
#include "predict/nd_parts.hpp"

namespace memhot {

namespace {

using Values = std::vector<Value>;

std::uint64_t made(const NdBus& bus, const NdNamespace& ns) {
    const InfoBlock* info = info_block_of(bus, ns);
    return info == nullptr ? 0 : info->made;
}

bool differs(const NdBus& bus_before, const NdNamespace& before, const NdBus& bus_after, const NdNamespace& after) {
    if (made(bus_before, before) != made(bus_after, after) || before.zeroed != after.zeroed) return true;
    if (before.allocated != after.allocated || (after.allocated && before.space != after.space)) return true;
    if (before.active.has_value() != after.active.has_value()) return true;
    if (before.identity != after.identity || before.claimed != after.claimed) return true;
    return after.active && (before.active->mode != after.active->mode || before.active->size != after.active->size ||
                            before.active->align != after.active->align || before.active->map != after.active->map);
}

// The zone of each memory block that the kernel got of a device, "" for one that is offline.
std::vector<std::string> zones_of(const NdBus& bus, const DaxDevice& device) {
    std::vector<std::string> zones;
    for (const auto& block : blocks_in(bus.model, device.added)) {
        zones.push_back(block.online ? block.valid_zones : std::string());
    }
    return zones;
}

bool differs(const NdBus& before, const DaxDevice& was, const NdBus& after, const DaxDevice& is) {
    return was.driver != is.driver || was.ranges != is.ranges || was.align != is.align ||
           zones_of(before, was) != zones_of(after, is);
}

// 64 bytes a page for what a command maps or adds, from RAM or from the device; asked of the memory without it.
void put_memmap(const Model& without, const Operation& operation, Values& out) {
    const MemmapCost cost = memmap_cost(without.state(), operation);
    out.push_back(Value::of_size("ram_cost", cost.from_ram));
    if (cost.from_altmap != 0) out.push_back(Value::of_size("altmap_cost", cost.from_altmap));
}

// What a namespace maps: fsdax and pages of its own itself, devdax by its device, where that has device_dax.
void put_pages(const NdBus& after, const NdRegion& region, const NdNamespace& ns, Values& out) {
    const Personality& active = *ns.active;
    if (active.mode == NsMode::raw || active.mode == NsMode::sector) return;
    const bool devdax = active.mode == NsMode::devdax;
    const DaxDevice* device = devdax ? device_over(after, region, ns) : nullptr;
    if (devdax && (device == nullptr || device->driver != DaxDriver::device_dax)) return;
    const bool compound = devdax && device->align > after.model.profile().page_size;
    NdBus without = after;
    NdRegion& there = *without.find_region(region.id);
    disable_namespace(without, there, *there.find(ns.id));
    const InfoBlock* info = info_block_of(after, ns);
    const bool instance = info != nullptr && active.mode != NsMode::memory;
    const std::uint64_t last = instance ? ns.space.last - info->geometry.end_trunc : ns.space.last;
    const std::uint64_t start = ns.space.start + (instance ? info->geometry.start_pad : 0);
    const auto altmap = instance ? info->geometry.altmap(active.map, after.model.profile().page_size) : std::nullopt;
    put_memmap(without.model,
               op::Map{.type = devdax ? MapType::generic : MapType::fsdax,
                       .start = start,
                       .size = last - start + 1,
                       .claim = false,
                       .altmap = altmap,
                       .compound = compound ? device->align : 0},
               out);
}

Values values_of(const NdBus& after, const NdRegion& region, const NdNamespace& ns) {
    if (!ns.allocated) return {Value::of_size("size", 0)};
    Values out{Value::of_address("resource", ns.space.start), Value::of_size("size", ns.size())};
    if (!ns.active) {
        out.push_back(Value::of_text("state", "disabled"));
        if (ns.claimed) out.push_back(Value::of_text("mode", to_string(*ns.claimed)));   // what a failed command left
        return out;
    }
    if (ns.info_hidden) {   // what it becomes stands where nobody could look
        out.push_back(Value::of_text("state", "active"));
        return out;
    }
    const Personality& active = *ns.active;
    out.push_back(Value::of_text("mode", to_string(active.mode)));
    const bool pages = active.mode == NsMode::fsdax || active.mode == NsMode::devdax;
    if (pages) out.push_back(Value::of_text("map", active.map == PageMap::ram ? "mem" : "dev"));
    if (active.align != 0) out.push_back(Value::of_size("align", active.align));
    out.push_back(Value::of_size("usable_size", active.size));
    if (!pages) return out;
    out.push_back(Value::of_size("data_offset", active.data_start - ns.space.start));
    if (active.map == PageMap::device) {
        out.push_back(Value::of_size("altmap_reserve", active.data_start - ns.space.start - kInfoBlockReserve));
    }
    out.push_back(Value::of_size("lost_at_end", ns.space.last + 1 - active.data_start - active.size));
    put_pages(after, region, ns, out);
    return out;
}

// What of the ranges lies in no block, and what the rest costs.
void put_trimming(const NdBus& after, const DaxDevice& device, Values& out) {
    NdBus without = after;
    unbind_dax(without, *without.find_dax(device.name()));
    std::uint64_t ram = 0;
    std::uint64_t lost_at_start = 0;
    std::uint64_t lost_at_end = 0;
    for (const auto& range : device.ranges) {
        const auto added = std::ranges::find_if(device.added, [&](const Range& one) { return range.contains(one); });
        if (added == device.added.end()) {
            lost_at_end += range.size();
            continue;
        }
        lost_at_start += added->start - range.start;
        lost_at_end += range.last - added->last;
        ram += memmap_cost(without.model.state(), op::Add{.start = added->start,
                                                          .size = added->size(),
                                                          .node = device.target_node,
                                                          .driver_managed = true,
                                                          .memmap_on_memory = device.memmap_on_memory})
                   .from_ram;
    }
    out.push_back(Value::of_size("lost_at_start", lost_at_start));
    out.push_back(Value::of_size("lost_at_end", lost_at_end));
    out.push_back(Value::of_size("ram_cost", ram));
}

std::string names_of_blocks(const NdBus& bus, const Range& range) {
    const std::uint64_t size = bus.model.block_size();
    return fmt::format("memory{}-memory{}", range.start / size, range.last / size);
}

void put_kmem(const NdBus& after, const DaxDevice& device, Values& out) {
    for (const auto& added : device.added) {
        out.push_back(Value::of_range("memory", added));
        out.push_back(Value::of_text("memory_blocks", names_of_blocks(after, added)));
    }
    const auto blocks = blocks_in(after.model, device.added);
    std::string zones;
    for (const auto& block : blocks) {
        const bool fresh = block.online && zones.find(block.valid_zones) == std::string::npos;
        if (fresh) zones += (zones.empty() ? "" : ",") + block.valid_zones;
    }
    out.push_back(Value::of_count("blocks", blocks.size()));
    const auto online = std::ranges::count(blocks, true, &BlockInfo::online);
    out.push_back(Value::of_count("blocks_online", static_cast<std::uint64_t>(online)));
    if (!zones.empty()) out.push_back(Value::of_text("zones", zones));
    if (device.target_node >= 0) out.push_back(Value::of_count("node", static_cast<std::uint64_t>(device.target_node)));
    put_trimming(after, device, out);
}

Values values_of(const NdBus& after, const DaxDevice& device) {
    Values out{Value::of_size("size", device.size())};
    if (!device.ranges.empty()) out.push_back(Value::of_address("resource", device.resource()));
    if (device.ranges.size() > 1) out.push_back(Value::of_count("ranges", device.ranges.size()));
    out.push_back(Value::of_size("align", device.align));
    if (device.driver == DaxDriver::none) out.push_back(Value::of_text("state", "disabled"));
    if (device.driver == DaxDriver::device_dax) out.push_back(Value::of_text("mode", "devdax"));
    if (device.driver != DaxDriver::kmem) return out;
    out.push_back(Value::of_text("mode", "system-ram"));
    if (!device.kmem_state.empty()) out.push_back(Value::of_text("kmem_state", device.kmem_state));
    if (!device.kmem_state.empty() && device.added.empty()) return out;   // unplugged: nothing to tell of its memory
    put_kmem(after, device, out);
    return out;
}

// The memory that kmem had of a device that it lets go of; what is online then stays until reboot.
void put_memory_gone(const DaxDevice& was, const NdBus& after, Values& out) {
    for (const auto& added : was.added) {
        const bool stays = !blocks_in(after.model, {added}).empty();
        out.push_back(Value::of_range(stays ? "memory_stuck" : "memory_gone", added));
        out.push_back(Value::of_text(stays ? "blocks_stuck" : "blocks_gone", names_of_blocks(after, added)));
    }
}

void put_region(const NdBus& before, const NdRegion& was, const NdRegion& is, std::vector<DeviceChange>& out) {
    if (!is.labelled) return;
    if (!was.labelled) out.push_back({name_of(is), {Value::of_text("labels", "initialised")}});
    const bool ignore = before.model.profile().has(Feature::nd_full_dimm_ignored);
    Values values;
    if (was.align != is.align) values.push_back(Value::of_size("align", is.align));
    if (available_size(was) != available_size(is) ||
        max_available_extent(was, ignore) != max_available_extent(is, ignore)) {
        values.push_back(Value::of_size("available_size", available_size(is)));
        values.push_back(Value::of_size("max_available_extent", max_available_extent(is, ignore)));
    }
    if (!values.empty()) out.push_back({name_of(is), std::move(values)});
}

void put_namespaces(const NdBus& before, const NdBus& after, const NdRegion& was, const NdRegion& is,
                    std::vector<DeviceChange>& out) {
    for (const auto& [id, ns] : is.namespaces) {
        const NdNamespace* const old = was.find(id);
        const bool changed = old == nullptr ? ns.allocated : differs(before, *old, after, ns);
        const bool idle = !ns.allocated && (old == nullptr || !old->allocated);   // whatever uuid it has
        if (!changed || idle) continue;
        out.push_back({name_of(is, ns), values_of(after, is, ns)});
        if (old == nullptr || !old->allocated) continue;
        out.back().values.push_back(Value::of_text("data", fate_of_data(before, *old, after, &ns)));
    }
    for (const auto& [id, ns] : was.namespaces) {
        const bool gone = is.find(id) == nullptr && ns.allocated;
        if (gone) out.push_back({name_of(was, ns), {Value::of_text("state", "gone"), Value::of_text("data", "lost")}});
    }
}

// is: null where it is gone.
Values values_of(const NdBus& before, const DaxDevice& was, const NdBus& after, const DaxDevice* is) {
    Values out = is == nullptr ? Values{Value::of_text("state", "gone")} : values_of(after, *is);
    const bool unplugged = is != nullptr && is->added.empty();
    const bool leaves = was.driver == DaxDriver::kmem && (is == nullptr || is->driver != DaxDriver::kmem || unplugged);
    if (leaves) put_memory_gone(was, after, out);
    if (auto data = fate_of_data(before, was, after, is)) out.push_back(*std::move(data));
    return out;
}

void put_dax_regions(const NdBus& before, const NdBus& after, std::vector<DeviceChange>& out) {
    for (const auto& region : after.dax_regions) {
        const DaxRegion* was = before.find_dax_region(region.id);
        const std::uint64_t available = available_size(after, region);
        if (was == nullptr || available_size(before, *was) == available) continue;
        out.push_back({fmt::format("dax region {}", region.id), {Value::of_size("available_size", available)}});
    }
}

void put_dax(const NdBus& before, const NdBus& after, std::vector<DeviceChange>& out) {
    for (const auto& device : after.dax) {
        const DaxDevice* const old = before.find_dax(device.name());
        if (old == nullptr) {
            out.push_back({device.name(), values_of(after, device)});
        } else if (differs(before, *old, after, device)) {
            out.push_back({device.name(), values_of(before, *old, after, &device)});
        }
    }
    for (const auto& device : before.dax) {
        if (after.find_dax(device.name()) != nullptr) continue;
        out.push_back({device.name(), values_of(before, device, after, nullptr)});
    }
}

}   // namespace

std::vector<DeviceChange> nd_changes(const NdBus& before, const NdBus& after) {
    std::vector<DeviceChange> out;
    for (const auto& region : after.regions) {
        const auto was = std::ranges::find(before.regions, region.id, &NdRegion::id);
        if (was == before.regions.end()) continue;
        put_namespaces(before, after, *was, region, out);
        put_region(before, *was, region, out);
    }
    put_dax(before, after, out);
    put_dax_regions(before, after, out);
    return out;
}

}   // namespace memhot
