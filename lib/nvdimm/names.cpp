// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "nvdimm/bus.hpp"

namespace memhot {

std::string_view to_string(NsMode mode) {
    constexpr std::array<std::string_view, 5> kNames{"raw", "fsdax", "fsdax", "devdax", "sector"};
    return kNames[static_cast<std::size_t>(mode)];
}

const NdNamespace* NdRegion::find(int wanted) const {
    const auto found = namespaces.find(wanted);
    return found == namespaces.end() ? nullptr : &found->second;
}

NdNamespace* NdRegion::find(int wanted) {
    const auto found = namespaces.find(wanted);
    return found == namespaces.end() ? nullptr : &found->second;
}

int InstanceSeeds::of(NsMode mode) const { return mode == NsMode::devdax ? dax : mode == NsMode::sector ? btt : pfn; }

int& InstanceSeeds::of(NsMode mode) { return mode == NsMode::devdax ? dax : mode == NsMode::sector ? btt : pfn; }

std::string_view to_string(DaxDriver driver) {
    constexpr std::array<std::string_view, 3> kNames{"", "device_dax", "kmem"};
    return kNames[static_cast<std::size_t>(driver)];
}

std::string DaxDevice::name() const { return fmt::format("dax{}.{}", region, id); }

std::uint64_t DaxDevice::size() const {
    std::uint64_t sum = 0;
    for (const auto& range : ranges) sum += range.size();
    return sum;
}

const NdRegion* NdBus::find_region(int wanted) const {
    const auto found = std::ranges::find(regions, wanted, &NdRegion::id);
    return found == regions.end() ? nullptr : &*found;
}

NdRegion* NdBus::find_region(int wanted) { return const_cast<NdRegion*>(std::as_const(*this).find_region(wanted)); }

const DaxDevice* NdBus::find_dax(std::string_view wanted) const {
    const auto found = std::ranges::find_if(dax, [wanted](const DaxDevice& device) { return device.name() == wanted; });
    return found == dax.end() ? nullptr : &*found;
}

DaxDevice* NdBus::find_dax(std::string_view wanted) {
    return const_cast<DaxDevice*>(std::as_const(*this).find_dax(wanted));
}

const DaxRegion* NdBus::find_dax_region(int wanted) const {
    const auto found = std::ranges::find(dax_regions, wanted, &DaxRegion::id);
    return found == dax_regions.end() ? nullptr : &*found;
}

DaxRegion* NdBus::find_dax_region(int wanted) {
    return const_cast<DaxRegion*>(std::as_const(*this).find_dax_region(wanted));
}

const DaxDevice* device_over(const NdBus& bus, const NdRegion& region, const NdNamespace& ns) {
    return bus.find_dax(fmt::format("dax{}.{}", region.id, ns.id));
}

bool has_pages(NsMode mode) { return mode == NsMode::fsdax || mode == NsMode::devdax; }

bool dimms_enabled(const NdRegion& region) { return std::ranges::all_of(region.mappings, &NdMapping::enabled); }

int next_handle(const Model& model) {
    int handle = 0;
    for (const auto& mapping : model.mappings()) handle = std::max(handle, mapping.handle + 1);
    return handle;
}

int free_instance(const NdRegion& region, NsMode mode) {
    const auto is_taken = [&](int wanted) {
        return region.seeds.of(mode) == wanted || std::ranges::any_of(region.namespaces, [&](const auto& entry) {
                   const NdNamespace& ns = entry.second;
                   const bool has = (ns.active && ns.active->mode == mode) || ns.claimed == mode;
                   return has && ns.instance == wanted;
               });
    };
    int fresh = 0;
    while (is_taken(fresh)) ++fresh;
    return fresh;
}

std::string instance_name(const NdRegion& region, NsMode mode, int instance) {
    const std::string_view kind = mode == NsMode::devdax ? "dax" : mode == NsMode::sector ? "btt" : "pfn";
    return fmt::format("{}{}.{}", kind, region.id, instance);
}

bool has_uuid(const NdNamespace& ns, std::string_view uuid) {
    const auto is_it = [uuid](const std::string& one) {
        return !one.empty() && std::ranges::equal(one, uuid, [](char a, char b) {
            return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
        });
    };
    return is_it(ns.uuid) || is_it(ns.instance_uuid);
}

bool has_uuid(const NdBus& bus, int nd_bus, std::string_view uuid) {
    return std::ranges::any_of(bus.regions, [&](const NdRegion& region) {
        return region.bus == nd_bus &&
               std::ranges::any_of(region.namespaces, [&](const auto& entry) { return has_uuid(entry.second, uuid); });
    });
}

std::string name_of(const NdRegion& region) { return fmt::format("region{}", region.id); }

std::string name_of(const NdRegion& region, const NdNamespace& ns) {
    return fmt::format("namespace{}.{}", region.id, ns.id);
}

std::string disk_name(const NdRegion& region, const NdNamespace& ns) {
    const bool numbered = region.labelled && ns.id != 0;
    const bool btt = ns.active && ns.active->mode == NsMode::sector;
    return fmt::format("pmem{}{}{}", region.id, numbered ? fmt::format(".{}", ns.id) : "", btt ? "s" : "");
}

}   // namespace memhot
