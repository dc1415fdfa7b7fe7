// SPDX-License-Identifier: LGPL-2.1-or-later
#include "replay/session_host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "nvdimm/from_snapshot.hpp"
#include "units/device_name.hpp"

namespace memhot {

namespace {

std::uint64_t number_of(const Attributes& attributes, const char* name) {
    const auto found = attributes.find(name);
    if (found == attributes.end()) return 0;
    const auto value = parse_number(found->second);
    return value ? *value : 0;
}

// What the bus itself puts into iomem, and claims again.
bool is_claim_of_bus(std::string_view name) {
    return name.starts_with("namespace") || name == "System RAM (kmem)" ||
           (name.starts_with("dax") && name.find('.') != std::string_view::npos);
}

void add_regions(NdBus& bus, const HostState& host) {
    for (const auto& [name, attributes] : host.nd) {
        const auto ids = units::parse_device_name(name, "region");
        if (!ids || ids->second) continue;
        const auto space = Range::from_size(number_of(attributes, "resource"), number_of(attributes, "size"));
        if (!space) continue;
        NdRegion region{.id = ids->first,
                        .bus = attributes.contains("available_size") ? 0 : 1,   // NFIT came first, then e820
                        .space = *space,
                        .align = std::max<std::uint64_t>(1, number_of(attributes, "align")),
                        .ways = 1,
                        .labelled = attributes.contains("available_size"),
                        .page_map = is_legacy(bus.model, *space),
                        .read_only = false,
                        .target_node = 0,
                        .seed = 0,
                        .namespaces = {},
                        .mappings = {}};
        if (!region.labelled) region.ways = 0;
        bus.regions.push_back(std::move(region));
    }
    std::ranges::sort(bus.regions, {}, &NdRegion::id);
}

// The instance that drives a namespace: the pfn or dax whose data lies in it.
std::optional<InfoBlock> info_of(const NdNamespace& ns, const Attributes& attributes, const HostState& host) {
    const auto mode = attributes.find("mode");
    if (mode == attributes.end()) return std::nullopt;
    if (mode->second == "safe") {
        return InfoBlock{.mode = NsMode::sector,
                         .map = PageMap::ram,
                         .align = 0,
                         .sector_size = 4096,
                         .geometry = {},
                         .parent = ns.identity};
    }
    for (const auto& [name, instance] : host.nd) {
        const bool is_pfn = name.starts_with("pfn");
        if (!is_pfn && !name.starts_with("dax")) continue;
        const std::uint64_t start = number_of(instance, "resource");
        if (start == 0 || !ns.space.contains(start)) continue;
        InfoBlock info{.mode = is_pfn ? NsMode::fsdax : NsMode::devdax,
                       .map = instance.at("mode") == "pmem" ? PageMap::device : PageMap::ram,
                       .align = number_of(instance, "align"),
                       .sector_size = 0,
                       .geometry = {},
                       .parent = ns.identity};
        info.geometry.data_offset = start - ns.space.start;
        info.geometry.usable = number_of(instance, "size");
        info.geometry.end_trunc = ns.size() - info.geometry.data_offset - info.geometry.usable;
        return info;
    }
    return std::nullopt;
}

void add_namespaces(NdBus& bus, const HostState& host) {
    for (const auto& [name, attributes] : host.nd) {
        const auto ids = units::parse_device_name(name, "namespace");
        NdRegion* region = ids && ids->second ? bus.find_region(ids->first) : nullptr;
        if (region == nullptr) continue;
        const int id = *ids->second;
        NdNamespace ns{
            .id = id, .space = {}, .allocated = false, .identity = 0, .active = {}, .claimed = {}, .extents = {}};
        if (const auto space = Range::from_size(number_of(attributes, "resource"), number_of(attributes, "size"))) {
            ns.space = *space;
            ns.allocated = true;
        }
        if (region->labelled && (ns.allocated || host.with_uuid.contains(name))) ns.identity = ++bus.last_identity;
        if (const auto info = ns.allocated ? info_of(ns, attributes, host) : std::nullopt)
            bus.media[ns.space.start] = *info;
        if (!ns.allocated && id >= region->seed) region->seed = id;
        region->namespaces[id] = ns;
    }
}

bool is_claimed(const HostState& host, std::string_view name) {
    return host.iomem.find(fmt::format(" : {}\n", name)) != std::string::npos;
}

void enable_all(NdBus& bus, const HostState& host) {
    for (auto& region : bus.regions) {
        const int seed = region.seed;
        std::vector<int> ids;
        for (const auto& [id, ns] : region.namespaces) ids.push_back(id);
        for (const int id : ids) {
            NdNamespace& ns = *region.find(id);
            if (ns.allocated && is_claimed(host, name_of(region, ns))) enable_namespace(bus, region, ns);
        }
        if (region.seed != seed) region.namespaces.erase(region.seed);
        region.seed = seed;
    }
}

// Which driver each dax device has; one without a claim in iomem has none.
void restore_drivers(NdBus& bus, const HostState& host) {
    for (auto& device : bus.dax) {
        if (!is_claimed(host, device.name()) && device.driver == DaxDriver::device_dax) unbind_device_dax(bus, device);
        const auto found = host.dax.find(device.name());
        if (found == host.dax.end() || !found->second.contains("driver") || found->second.at("driver") != "kmem")
            continue;
        if (device.driver == DaxDriver::device_dax) unbind_device_dax(bus, device);
        bind_kmem(bus, device);
    }
    if (!host.blocks) return;
    for (const auto& block : *host.blocks) {
        restore_block_state(bus.model, block.number, block.state, block.valid_zones);
    }
}

// Which instance has which namespace. A pfn or dax has an address while it is active; of a btt nothing is recorded, so
// they count in the order of their namespaces.
void restore_instances(NdRegion& region, const HostState& host) {
    int btts = 0;
    for (auto& [_, ns] : region.namespaces) {
        if (ns.active && ns.active->mode == NsMode::sector) ns.instance = btts++;
    }
    region.seeds.btt = btts;
    for (const auto& [name, attributes] : host.nd) {
        const bool is_pfn = name.starts_with("pfn");
        const auto ids = units::parse_device_name(name, is_pfn ? "pfn" : "dax");
        if (!ids || ids->first != region.id || !ids->second) continue;
        const std::uint64_t start = number_of(attributes, "resource");
        if (start == 0) region.seeds.of(is_pfn ? NsMode::fsdax : NsMode::devdax) = *ids->second;
        for (auto& [_, ns] : region.namespaces) {
            if (start != 0 && ns.allocated && ns.space.contains(start)) ns.instance = *ids->second;
        }
    }
}

using Json = nlohmann::ordered_json;

void differ(std::vector<Difference>& out, const Json& predicted, const Json& recorded, std::string why) {
    out.push_back({predicted.dump(), recorded.dump(), std::move(why)});
}

void compare_namespaces(const NdBus& bus, const HostState& host, std::vector<Difference>& out) {
    std::map<std::string, const NdNamespace*> mine;
    for (const auto& region : bus.regions) {
        for (const auto& [_, ns] : region.namespaces) mine[name_of(region, ns)] = &ns;
    }
    for (const auto& [name, attributes] : host.nd) {
        if (!name.starts_with("namespace")) continue;
        const auto found = mine.find(name);
        if (found == mine.end()) {
            differ(out, {}, attributes, name + " is there");
            continue;
        }
        const NdNamespace& ns = *found->second;
        const bool same_size = !attributes.contains("size") || number_of(attributes, "size") == ns.size();
        const bool same_start = !attributes.contains("resource") || number_of(attributes, "resource") == ns.space.start;
        if (!same_size || !same_start) {
            differ(out, Json{{"size", ns.size()}, {"resource", hex(ns.space.start)}}, attributes, name + " differs");
        }
        mine.erase(found);
    }
    for (const auto& [name, ns] : mine) differ(out, Json{{"size", ns->size()}}, {}, name + " is not there");
}

void compare_regions(const NdBus& bus, const HostState& host, std::vector<Difference>& out) {
    for (const auto& region : bus.regions) {
        const auto found = host.spaces.find(name_of(region));
        if (found == host.spaces.end()) continue;
        const std::uint64_t available = region.labelled ? available_size(region) : 0;
        const std::uint64_t extent = region.labelled ? max_available_extent(region) : 0;
        if (available == found->second.available && extent == found->second.max_extent) continue;
        differ(out, Json{{"available_size", available}, {"max_available_extent", extent}},
               Json{{"available_size", found->second.available}, {"max_available_extent", found->second.max_extent}},
               name_of(region) + " differs");
    }
}

void compare_dax(const NdBus& bus, const HostState& host, std::vector<Difference>& out) {
    std::map<std::string, const DaxDevice*> mine;
    for (const auto& device : bus.dax) mine[device.name()] = &device;
    for (const auto& [name, attributes] : host.dax) {
        const auto found = mine.find(name);
        if (found == mine.end()) {
            differ(out, {}, attributes, name + " is there");
            continue;
        }
        const DaxDevice& device = *found->second;
        const auto driver = attributes.find("driver");
        const bool same =
            number_of(attributes, "size") == device.size() &&
            (!attributes.contains("resource") || number_of(attributes, "resource") == device.resource()) &&
            (driver == attributes.end() || driver->second == to_string(device.driver));
        if (!same) {
            differ(out,
                   Json{{"size", device.size()},
                        {"resource", hex(device.resource())},
                        {"driver", to_string(device.driver)}},
                   attributes, name + " differs");
        }
        mine.erase(found);
    }
    for (const auto& [name, device] : mine) differ(out, Json{{"size", device->size()}}, {}, name + " is not there");
}

}   // namespace

Result<NdBus> bus_of(const Snapshot& kernel, const HostState& host, const std::map<std::uint64_t, InfoBlock>& media) {
    Snapshot snapshot = kernel;
    snapshot.iomem = without_claims(host.iomem, is_claim_of_bus);
    auto model = Model::from_snapshot(snapshot);
    if (!model) return std::move(model).error();
    NdBus bus{.model = *std::move(model), .regions = {}, .dax = {}, .media = media, .last_identity = 1ULL << 32};
    add_regions(bus, host);
    add_namespaces(bus, host);
    enable_all(bus, host);
    restore_drivers(bus, host);
    for (auto& region : bus.regions) restore_instances(region, host);
    bus.log.clear();
    return bus;
}

std::vector<Difference> compare_bus(const NdBus& bus, const HostState& host) {
    std::vector<Difference> differences =
        compare_host(bus.model, host.iomem, host.sections.value_or(bus.model.sections()));
    compare_namespaces(bus, host, differences);
    compare_regions(bus, host, differences);
    compare_dax(bus, host, differences);
    if (host.blocks) std::ranges::copy(compare_blocks(bus.model, *host.blocks), std::back_inserter(differences));
    return differences;
}

}   // namespace memhot
