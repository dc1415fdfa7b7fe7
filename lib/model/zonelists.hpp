// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The zonelists are built again, and logged, where a zone gets its first pages or loses its last ones: online_pages() and
// offline_pages() (mm/memory_hotplug.c) call build_all_zonelists() (mm/page_alloc.c).
#pragma once

#include <vector>

#include "model/state.hpp"

namespace memhot {

// What a rebuild would count now; without the zones of the host, or without their watermarks, that is unknown.
Zonelists zonelists_of(const State& state, const std::vector<ZoneRecord>& zones);

bool is_zone_empty(const State& state, int node, Zone zone);
// Pages in each zone of each node that has any.
std::vector<std::uint64_t> present_pages(const State& state);

// The zone was empty; before: present_pages() then. managed: what the page allocator got.
void zone_got_pages(State& state, Zone zone, std::vector<std::uint64_t> before, std::uint64_t managed);
// It is empty now.
void zone_lost_pages(State& state);
// The number that the last rebuild really printed.
void learn_zonelist_pages(State& state, std::uint64_t printed);

// What the last rebuild logs; state is the one after it.
std::vector<KernelMessage> zonelist_lines(const State& state);

}   // namespace memhot
