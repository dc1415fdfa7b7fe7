// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The zones that boot makes of memblock.memory (mm/page_alloc.c, since 6.4 mm/mm_init.c: free_area_init).
#pragma once

#include <string_view>
#include <vector>

#include "model/state.hpp"

namespace memhot {

// ram: ascending. Spans and page counts of every node's zones, with kernelcore=, movablecore= and movable_node.
Nodes boot_zones(const std::vector<BootRam>& ram, std::string_view cmdline, const KernelProfile& profile);

}   // namespace memhot
