// SPDX-License-Identifier: LGPL-2.1-or-later
#include "nvdimm/cxl.hpp"

#include <algorithm>

namespace memhot {

namespace {

// alloc_free_mem_region() inside the window: from the bottom, in steps of 256 MiB.
std::optional<Range> free_piece(const CxlWindow& window, std::uint64_t size) {
    for (std::uint64_t at = align_up(window.space.start, kCxlGranule); at >= window.space.start; at += kCxlGranule) {
        const auto piece = Range::from_size(at, size);
        if (!piece || !window.space.contains(*piece)) return std::nullopt;
        const auto meets = [&](const Range& other) { return other.overlaps(*piece); };
        if (std::ranges::none_of(window.used, meets)) return piece;
    }
    return std::nullopt;
}

}   // namespace

NdAnswer cxl_set_size(const CxlWindow& window, CxlRegion& region, std::uint64_t size) {
    if (size == 0) {
        if (region.active) return nd_refuse(RuleId::nd_cxl_size_set);
        region.space.reset();
        return {0, RuleId::nd_accepted};
    }
    if (region.space && region.space->size() == size) return {0, RuleId::nd_accepted};
    if (region.space || region.active) return nd_refuse(RuleId::nd_cxl_size_set);
    const bool unset = !region.ways || !region.granularity || (region.pmem && !region.has_uuid);
    if (unset) return nd_refuse(RuleId::nd_cxl_size_unset);
    if (size % (kCxlGranule * *region.ways) != 0) return nd_refuse(RuleId::nd_cxl_size_unaligned);
    const auto piece = free_piece(window, size);
    if (!piece) return nd_refuse(RuleId::nd_cxl_no_hole);
    region.space = piece;
    return {0, RuleId::nd_accepted};
}

}   // namespace memhot
