// SPDX-License-Identifier: LGPL-2.1-or-later
#include "nvdimm/labels.hpp"

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>
#include <string>
#include <string_view>

#include "nvdimm/geometry.hpp"

namespace memhot {

namespace {

// nvdimm_check_config_data(): only a DIMM with a label area that can be read has slots to show; writing it is for its
// firmware to say.
bool takes_labels(const DimmRecord& dimm) {
    const auto has = [&dimm](std::string_view command) {
        return (" " + dimm.commands + " ").find(fmt::format(" {} ", command)) != std::string::npos;
    };
    const bool writable = dimm.commands.empty() || (has("get_size") && has("get_data") && has("set_data"));
    return writable && (dimm.available_slots || (dimm.driver.empty() && !dimm.commands.empty()));
}

// Slots of a label area (drivers/nvdimm/label.c: nvdimm_num_label_slots, __sizeof_namespace_index).
std::uint64_t slots_of(std::uint64_t area, std::uint64_t label) {
    constexpr std::uint64_t kIndexHeader = 72;
    constexpr std::uint64_t kIndexAlign = 256;
    const std::uint64_t index = align_up(kIndexHeader + (area / label + 7) / 8, kIndexAlign);
    return (area - 2 * index) / label;
}

// No file shows the version of labels, but the number of slots tells it: label areas are powers of two, a label takes 256
// bytes in version 1.2 and 128 in 1.1. Nothing where neither fits.
std::optional<bool> has_labels_1_2(const NvdimmRecord& record, const NdRegionRecord& region) {
    std::uint64_t used = 0;
    if (region.mappings.empty()) return std::nullopt;
    const std::string& dimm = region.mappings.front().dimm;
    const auto found = std::ranges::find(record.dimms, dimm, &DimmRecord::name);
    if (found == record.dimms.end() || !found->available_slots) return std::nullopt;
    for (const auto& other : record.regions) {
        if (std::ranges::find(other.mappings, dimm, &NdMappingRecord::dimm) == other.mappings.end()) continue;
        used += static_cast<std::uint64_t>(std::ranges::count_if(record.namespaces, [&](const NamespaceRecord& ns) {
            return ns.region == other.name && ns.size.value_or(0) != 0;
        }));
    }
    const std::uint64_t all = *found->available_slots + used + 1;   // one is kept for updates
    for (std::uint64_t area = 16 * kKiB; area <= 64 * kMiB; area *= 2) {
        if (slots_of(area, 256) == all) return true;
        if (slots_of(area, 128) == all) return false;
    }
    return std::nullopt;
}

}   // namespace

bool takes_labels(const NvdimmRecord& record, const NdRegionRecord& region) {
    return !region.mappings.empty() && region.mappings.size() == region.ways.value_or(0) &&
           std::ranges::all_of(region.mappings, [&](const NdMappingRecord& part) {
               const auto dimm = std::ranges::find(record.dimms, part.dimm, &DimmRecord::name);
               return dimm != record.dimms.end() && takes_labels(*dimm);
           });
}

std::optional<bool> makes_btt2(const NvdimmRecord& record, const NdRegionRecord& region, bool labelled) {
    return labelled ? has_labels_1_2(record, region) : std::optional(takes_labels(record, region));
}

}   // namespace memhot
