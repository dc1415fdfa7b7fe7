// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/zones.hpp"

#include <algorithm>

namespace memhot {

std::string_view to_string(Zone zone) {
    constexpr std::array<std::string_view, kZones + 1> kNames{"DMA", "DMA32", "Normal", "Movable", "none"};
    return kNames[static_cast<std::size_t>(zone)];
}

void ZoneState::grow(std::uint64_t pfn, std::uint64_t pages) {
    const std::uint64_t old_end = end();
    if (spanned == 0 || pfn < start) start = pfn;
    spanned = std::max(pfn + pages, old_end) - start;
}

}   // namespace memhot
