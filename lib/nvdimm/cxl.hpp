// SPDX-License-Identifier: LGPL-2.1-or-later
//
// CXL regions as far as their size goes (drivers/cxl/core/region.c size_store, alloc_hpa; 6.0 and later). Pure arithmetic.
// Where their bytes lie: memhot/cxl.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "nvdimm/bus.hpp"

namespace memhot {

inline constexpr std::uint64_t kCxlGranule = 256 * kMiB;

struct CxlRegion {
    std::optional<unsigned> ways{};
    std::optional<std::uint64_t> granularity{};
    bool pmem = false;
    bool has_uuid = false;   // needed of pmem regions
    std::optional<Range> space{};   // set by the size
    bool active = false;
};

// A root decoder's window and what regions have of it already.
struct CxlWindow {
    Range space;
    std::vector<Range> used{};
};

// Writes a region's size; 0 gives it back. Placed at the lowest hole that starts on 256 MiB.
NdAnswer cxl_set_size(const CxlWindow& window, CxlRegion& region, std::uint64_t size);

}   // namespace memhot
