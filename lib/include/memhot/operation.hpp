// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One thing asked of the kernel. Addresses and sizes are bytes and may be anything: what is wrong with them is the
// kernel's to say.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "memhot/units.hpp"

namespace memhot {

enum class MapType : std::uint8_t { generic, fsdax, device_private };

// Where the memmap of a device mapping lies: inside the device, behind reserve_pages (struct vmem_altmap).
struct Altmap {
    std::uint64_t reserve_pages = 0;
    std::uint64_t free_pages = 0;
    friend bool operator==(const Altmap&, const Altmap&) = default;
};

namespace op {

// memremap_pages() of one range; with claim, request_mem_region() comes first, as the pmem and dax drivers do.
struct Map {
    MapType type = MapType::generic;
    std::uint64_t start = 0;
    std::uint64_t size = 0;
    bool claim = true;
    std::string owner = "oracle";   // name of the claim
    std::optional<Altmap> altmap;
    std::uint64_t compound = 0;   // bytes of a compound page: the align of a device dax mapping; 0: base pages
};
// memunmap_pages(), and the claim is given back.
struct Unmap {
    int handle = 0;
};
// add_memory() or add_memory_driver_managed().
struct Add {
    std::uint64_t start = 0;
    std::uint64_t size = 0;
    int node = 0;
    bool driver_managed = false;
    bool memmap_on_memory = false;
    std::string resource_name = "System RAM";
    std::vector<Range> group{};   // all of the memory device that this is of (a static memory group); empty: of none
};
// A write to /sys/devices/system/memory/probe.
struct Probe {
    std::uint64_t address = 0;
};
// remove_memory(): every block must be offline.
struct Remove {
    std::uint64_t start = 0;
    std::uint64_t size = 0;
};
// offline_and_remove_memory().
struct OfflineAndRemove {
    std::uint64_t start = 0;
    std::uint64_t size = 0;
};
// A write to memoryN/state.
struct SetState {
    std::uint64_t block = 0;
    std::string state;
};
// A write to auto_online_blocks.
struct SetAutoOnline {
    std::string state;
};
// request_mem_region() and release_mem_region().
struct Claim {
    std::uint64_t start = 0;
    std::uint64_t size = 0;
    std::string owner = "oracle-reserve";
    bool busy = true;   // false: the driver clears IORESOURCE_BUSY, so that RAM can be added inside (dax kmem)
};
struct Release {
    std::uint64_t start = 0;
    std::uint64_t size = 0;
};

// remove_resource(): a resource that is not busy, by range and name.
struct RemoveResource {
    std::uint64_t start = 0;
    std::uint64_t size = 0;
    std::string name;
};

}   // namespace op

using Operation = std::variant<op::Map, op::Unmap, op::Add, op::Probe, op::Remove, op::OfflineAndRemove, op::SetState,
                               op::SetAutoOnline, op::Claim, op::Release, op::RemoveResource>;

// "map", "offline_and_remove", ...: the names of transcripts.
std::string_view name_of(const Operation& operation);
// One line for people: "map 240000000-43fffffff (generic, claimed)".
std::string describe(const Operation& operation);

}   // namespace memhot
