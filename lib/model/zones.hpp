// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Zones: their spans, and what the kernel counts in them (include/linux/mmzone.h struct zone). Numbers are pages.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string_view>

namespace memhot {

// The zones that valid_zones can name; in the kernel's order, which decides which one a range falls into.
enum class Zone : std::uint8_t { dma, dma32, normal, movable, none };
inline constexpr unsigned kZones = 4;
std::string_view to_string(Zone zone);

struct ZoneState {
    std::uint64_t start = 0;   // pfn
    std::uint64_t spanned = 0;
    std::uint64_t present = 0;
    std::uint64_t present_early = 0;
    std::uint64_t cma = 0;

    [[nodiscard]] std::uint64_t end() const { return start + spanned; }
    [[nodiscard]] bool spans(std::uint64_t pfn) const { return start <= pfn && pfn < end(); }
    // zone_intersects(), mm/memory_hotplug.c
    [[nodiscard]] bool intersects(std::uint64_t pfn, std::uint64_t pages) const {
        return spanned != 0 && pfn < end() && pfn + pages > start;
    }
    // resize_zone_range()
    void grow(std::uint64_t pfn, std::uint64_t pages);
};

struct NodeZones {
    std::array<ZoneState, kZones> zones{};
    [[nodiscard]] const ZoneState& operator[](Zone zone) const { return zones[static_cast<std::size_t>(zone)]; }
    [[nodiscard]] ZoneState& operator[](Zone zone) { return zones[static_cast<std::size_t>(zone)]; }
};

using Nodes = std::map<int, NodeZones>;

}   // namespace memhot
