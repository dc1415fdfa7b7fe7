// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Into which zone memory goes, and how zones grow and shrink (mm/memory_hotplug.c).
#pragma once

#include "model/state.hpp"

namespace memhot {

// zone_for_pfn_range(): where a block would go; pages. group: as Block::group.
Zone zone_for(const State& state, OnlineType type, int node, std::uint32_t group, std::uint64_t pfn,
              std::uint64_t pages);
// What the file valid_zones of a block says (show_valid_zones, drivers/base/memory.c).
std::string valid_zones(const State& state, std::uint64_t number, const Block& block);
// The zone of an online block's pages, none where they are in several: memory_block.zone, or a walk over the pages.
Zone zone_of_online_block(const State& state, std::uint64_t number, const Block& block);

// move_pfn_range_to_zone() and adjust_present_page_count().
void enter_zone(State& state, int node, Zone zone, std::uint64_t pfn, std::uint64_t pages, bool early);
// remove_pfn_range_from_zone() and the counts. The block must already count as offline.
void leave_zone(State& state, int node, Zone zone, std::uint64_t pfn, std::uint64_t pages, bool early);

// early_node_zone_for_memory_block(): the one zone that a boot block lies in, none where there are several (36681c6ecabf).
Zone boot_block_zone(const NodeZones& zones, std::uint64_t pfn, std::uint64_t pages);

}   // namespace memhot
