// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/nd_json.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace memhotctl {

namespace {

void put(Json& out, const char* name, const std::optional<std::uint64_t>& number) {
    if (number) out.set(name, *number);
}
void put(Json& out, const char* name, const std::string& text) {
    if (!text.empty()) out.set(name, text);
}
void put_address(Json& out, const char* name, const std::optional<std::uint64_t>& address) {
    if (address) out.set(name, memhot::hex(*address));
}

void put_shared(Json& out, const std::vector<MeetingSection>& shared) {
    if (shared.empty()) return;
    Json list = Json::array();
    for (const auto& section : shared) {
        Json others = Json::array();
        for (const auto& name : section.others) others.push(name);
        list.push(Json::object({{"section", section.number}, {"with", std::move(others)}}));
    }
    out.set("shared_sections", std::move(list));
}

// The sum, and what it is made of.
void put_stranded(Json& out, const std::vector<Stranded>& parts) {
    out.set("stranded", total(parts));
    if (parts.empty()) return;
    Json list = Json::array();
    for (const auto& part : parts) list.push(Json::object({{"bytes", part.bytes}, {"why", part.why}}));
    out.set("stranded_parts", std::move(list));
}

Json run_document(const BlockRun& run) {
    Json out = Json::object({{"first", run.numbers.front()},
                             {"last", run.numbers.back()},
                             {"size", run.range.size()},
                             {"resource", memhot::hex(run.range.start)},
                             {"state", run.state},
                             {"owner", run.owner}});
    put(out, "zones", run.zones);
    if (run.node) out.set("node", *run.node);
    return out;
}

void put_blocks(Json& out, const DaxNode& device) {
    out.set("online_memblocks", device.blocks.online.size());
    out.set("total_memblocks", device.blocks.present.size());
    // libdaxctl: every online block can go to ZONE_MOVABLE; unknown where none is online, no where there is none at all
    // (`state` says unplugged, 7.3 and later).
    if (device.blocks.present.empty()) {
        out.set("movable", false);
    } else if (!device.blocks.online.empty()) {
        out.set("movable", std::ranges::all_of(device.blocks.zones, [](const std::string& zones) {
                    return zones.find("Movable") != std::string::npos;
                }));
    }
    Json runs = Json::array();
    for (const auto& run : device.blocks.runs) runs.push(run_document(run));
    out.set("memory_blocks", std::move(runs));
    put_stranded(out, device.stranded);
}

// uuid is that of the info block where there is one, raw_uuid that of the label.
void put_uuids(Json& out, const NamespaceNode& ns) {
    const bool claimed = ns.instance != nullptr && !ns.instance->uuid.empty();
    put(out, "uuid", claimed ? ns.instance->uuid : ns.record.uuid);
    if (claimed) put(out, "raw_uuid", ns.record.uuid);
}

// Of a BTT its own; legacy ranges have no such attribute and the sectors of any block device.
std::uint64_t sector_size_of(const NamespaceNode& ns) {
    const auto& own = ns.instance != nullptr ? ns.instance->sector_size : std::nullopt;
    return own.value_or(ns.record.sector_size.value_or(512));
}

// In the order of mappingN.
void put_mappings(Json& out, const memhot::NdRegionRecord& region) {
    if (region.mappings.empty()) return;
    Json list = Json::array();
    for (const auto& mapping : region.mappings) {
        Json one = Json::object({{"dimm", mapping.dimm}, {"offset", mapping.start}, {"length", mapping.size}});
        if (mapping.position) one.set("position", *mapping.position);
        list.push(std::move(one));
    }
    out.set("mappings", std::move(list));
}

}   // namespace

Json to_document(const DaxNode& device) {
    Json out = Json::object({{"chardev", device.record.name}, {"size", device.size}});
    if (device.record.target_node) out.set("target_node", *device.record.target_node);
    put(out, "align", device.record.align);
    out.set("mode", device.mode.empty() ? "devdax" : device.mode);
    if (device.mode.empty()) out.set("state", "disabled");
    out.set("owner", device.owner);
    put_address(out, "resource", device.record.resource);
    if (device.record.mappings.size() > 1) {
        Json mappings = Json::array();
        for (const auto& mapping : device.record.mappings) {
            mappings.push(Json::object({{"page_offset", mapping.page_offset},
                                        {"start", memhot::hex(mapping.range.start)},
                                        {"end", memhot::hex(mapping.range.last)},
                                        {"size", mapping.range.size()}}));
        }
        out.set("mappings", std::move(mappings));
    }
    if (device.mode == "system-ram") put_blocks(out, device);
    put_shared(out, device.shared);
    return out;
}

Json to_document(const DaxRegionNode& region) {
    const auto& record = region.record;
    Json out = Json::object({{"dev", record.parent}});
    put(out, "path", record.path);
    if (record.id) out.set("id", *record.id);
    put(out, "type", record.kind);
    put(out, "cxl_region", record.cxl_region);
    put(out, "size", record.size);
    put(out, "available_size", record.available_size);
    put(out, "align", record.align);
    put_address(out, "resource", record.resource);
    out.set("owner", region.owner);
    Json devices = Json::array();
    for (const auto& device : region.devices) devices.push(to_document(device));
    out.set("devices", std::move(devices));
    return out;
}

Json to_document(const NamespaceNode& ns) {
    Json out = Json::object({{"dev", ns.record.name}, {"mode", ns.mode}});
    put(out, "map", ns.map);
    out.set("size", ns.usable);
    put(out, "raw_size", ns.record.size);
    put_uuids(out, ns);
    put_address(out, "resource", ns.record.resource);
    if (ns.instance != nullptr) put(out, "align", ns.instance->align);
    if (ns.mode != "devdax") out.set("sector_size", sector_size_of(ns));
    put(out, "blockdev", ns.block_device);
    put(out, "name", ns.record.alt_name);
    if (!ns.enabled) out.set("state", "disabled");
    if (ns.record.numa_node) out.set("numa_node", *ns.record.numa_node);
    if (ns.record.target_node) out.set("target_node", *ns.record.target_node);
    out.set("owner", ns.owner);
    put_stranded(out, ns.stranded);
    put_shared(out, ns.shared);
    if (ns.dax_region) out.set("daxregion", to_document(*ns.dax_region));
    return out;
}

bool is_divided(const memhot::NdRegionRecord& region) {
    constexpr int kLabelLess = 4;   // ND_DEVICE_NAMESPACE_IO
    return region.nstype ? *region.nstype != kLabelLess : region.available_size.has_value();
}

Json to_document(const RegionNode& region) {
    const auto& record = region.record;
    Json out = Json::object({{"dev", record.name}});
    put(out, "type", record.type);
    put(out, "size", record.size);
    put(out, "align", record.align);
    const bool divided = is_divided(record);   // else libndctl says 0, too
    put(out, "available_size", divided || !record.available_size ? record.available_size : 0);
    put(out, "max_available_extent", divided || !record.max_available_extent ? record.max_available_extent : 0);
    put_address(out, "resource", record.resource);
    if (record.ways && *record.ways != 0) out.set("interleave_ways", *record.ways);
    if (record.numa_node) out.set("numa_node", *record.numa_node);
    if (record.target_node) out.set("target_node", *record.target_node);
    if (record.driver.empty()) out.set("state", "disabled");
    put(out, "persistence_domain", record.persistence_domain);
    if (record.set_cookie.value_or(0) != 0) put_address(out, "iset_id", record.set_cookie);   // 0: no set
    put_mappings(out, record);
    put(out, "badblock_count", record.badblock_count);
    out.set("owner", region.owner);
    put_stranded(out, region.stranded);
    Json namespaces = Json::array();
    for (const auto& ns : region.namespaces) namespaces.push(to_document(ns));
    out.set("namespaces", std::move(namespaces));
    return out;
}

}   // namespace memhotctl
