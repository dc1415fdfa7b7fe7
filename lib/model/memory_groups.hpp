// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Static memory groups (drivers/base/memory.c struct memory_group, 028fc57a1c36, 5.15): ACPI makes one of each DIMM and kmem
// one of each dax device, and the policy auto-movable decides for the whole of it. No file of sysfs shows them. The dynamic
// ones of virtio-mem are not mirrored.
#pragma once

#include <cstdint>
#include <vector>

#include "memhot/model.hpp"
#include "model/zones.hpp"

namespace memhot {

struct MemoryGroup {
    std::vector<Range> ranges;   // of the device
    std::uint64_t max_pages = 0;
    std::uint64_t present_kernel = 0;   // pages that are online, by the kind of their zone
    std::uint64_t present_movable = 0;
};

// memory_group_register_static(): its number for Block::group, from 1; one that is registered already is taken. 0 before 5.15.
std::uint32_t register_group(Model::State& state, const std::vector<Range>& ranges);
// adjust_present_page_count() of a block that came into the zone, or left it.
void enter_group(Model::State& state, std::uint32_t group, Zone zone, std::uint64_t pages);
void leave_group(Model::State& state, std::uint32_t group, Zone zone, std::uint64_t pages);
// The groups of a running host that its /proc/iomem tells: "System RAM (kmem)" is of the dax device around it. A DIMM that
// was plugged looks as memory of boot does: firmware_map_add_hotplug() lists it in /sys/firmware/memmap, too.
void groups_of_host(Model::State& state);

}   // namespace memhot
