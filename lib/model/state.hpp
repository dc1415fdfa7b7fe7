// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The mirrored kernel's state. Each kernel subsystem has a file of its own in this folder: functions that decide
// (const State&, pure, allocation-free) and functions that change (State&). Depends on lib/kernel and lib/units only.
#pragma once

#include <bitset>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "memhot/model.hpp"
#include "model/block_table.hpp"
#include "model/direct_map.hpp"
#include "model/memory_groups.hpp"
#include "model/pgmaps.hpp"
#include "model/section_table.hpp"
#include "model/zones.hpp"

namespace memhot {

// MMOP_* of include/linux/memory_hotplug.h
enum class OnlineType : std::uint8_t { offline, online, kernel, movable };
// "online_movable", ...; nothing for another word (online_type_to_str, drivers/base/memory.c).
std::optional<OnlineType> parse_online_type(std::string_view word);
std::string_view to_string(OnlineType type);
// The same for auto_online_blocks and memhp_default_state=, which took two of the words at first.
std::optional<OnlineType> parse_default_online(std::string_view word, const KernelProfile& profile);

enum class MemmapOnMemory : std::uint8_t { off, on, force };

// Module parameters of memory_hotplug and what the command line says about zones.
struct HotplugPolicy {
    OnlineType default_online = OnlineType::offline;
    MemmapOnMemory memmap_on_memory = MemmapOnMemory::off;
    bool auto_movable = false;            // online_policy
    std::uint64_t auto_movable_ratio = 301;
    bool auto_movable_numa_aware = true;
    bool movable_node = false;
};

// A piece of memblock.memory; pages.
struct BootRam {
    std::uint64_t first = 0;
    std::uint64_t end = 0;
    int node = 0;
};

// Addresses that memory may have; inclusive.
struct AddressLimits {
    Range physical;   // without a direct map
    Range mappable;   // with one
    Range direct_map;   // x86: what KASLR left of it, whether or not the kernel asks
    std::uint64_t mem = std::numeric_limits<std::uint64_t>::max();   // mem= of x86, exclusive (max_mem_size)
};

// Lines that the kernel says once a boot.
enum class Once : std::uint8_t {
    memremap_ram,         // WARN_ONCE in memremap_pages
    memunmap_reserved,    // WARN_ONCE in memunmap_pages
    altmap_invalid,       // pr_warn_once in __add_pages
    x86_add_pages,        // WARN_ON_ONCE(ret)
    remove_absent,        // WARN_ON_ONCE(!valid_section(ms)) in sparse_remove_section
    remove_altmaps,       // WARN_ON_ONCE(num_memblocks != num_altmaps)
    x86_add_pages_limit,  // WARN_ON_ONCE(end > limit)
    s390_altmap,          // WARN_ON_ONCE(params->altmap) in arch_add_memory
    nd_underrun,          // dev_WARN_ONCE in grow_dpa_allocation (drivers/nvdimm/namespace_devs.c)
    direct_map_pmd,       // set_pmd_safe
    direct_map_pud,       // set_pud_safe
    count_
};

// What build_all_zonelists() counted (zonelists.hpp).
struct Zonelists {
    Zone policy = Zone::dma;   // policy_zone: the highest kernel zone that ever had pages
    unsigned rebuilt = 0;   // how often, since the model was built
    std::vector<std::uint64_t> present;   // pages in each zone where `pages` counts
    std::optional<std::uint64_t> pages;   // above all high watermarks then (nr_free_zone_pages); absent: unknown
    std::uint64_t more = 0;   // that the last rebuild counted on top
};

// A copy that is shared until it is changed.
template <class T>
class Cow {
public:
    explicit Cow(T value = T{}) : value_(std::make_shared<T>(std::move(value))) {}
    const T& operator*() const { return *value_; }
    const T* operator->() const { return value_.get(); }
    T& writable() {
        if (value_.use_count() != 1) value_ = std::make_shared<T>(*value_);
        return *value_;
    }

private:
    std::shared_ptr<T> value_;
};

struct Model::State {
    explicit State(std::shared_ptr<const KernelProfile> kernel)
        : profile(std::move(kernel)), sections(profile->section_size_bits) {}

    std::shared_ptr<const KernelProfile> profile;
    std::uint64_t block_size = 0;   // bytes
    Cow<ResourceTree> resources;
    SectionTable sections;
    BlockTable blocks;
    Cow<PgmapTable> pgmaps;
    Cow<DirectMap> direct_map;
    Nodes nodes;
    Cow<Zonelists> zonelists;
    Cow<std::vector<MemoryGroup>> groups;
    HotplugPolicy policy;
    AddressLimits limits;
    bool probe_file = false;
    bool probe_known = true;   // else it was told from the architecture alone
    std::bitset<static_cast<std::size_t>(Once::count_)> said;

    // Fixed at boot, shared by all copies.
    std::shared_ptr<const std::vector<int>> possible_nodes;
    std::shared_ptr<const std::vector<BootRam>> boot_ram;   // ascending
    std::shared_ptr<const Nodes> boot_nodes;                // zone spans as they were at boot
    std::shared_ptr<const std::vector<std::string>> assumptions;
    // Pages of boot sections that a device mapping has ever taken: their struct pages no longer name a boot zone.
    Cow<std::vector<PfnSpan>> device_touched;

    [[nodiscard]] bool has(Feature feature) const { return profile->has(feature); }
    [[nodiscard]] std::uint64_t pfn(std::uint64_t address) const { return address / profile->page_size; }
    [[nodiscard]] std::uint64_t pages(std::uint64_t bytes) const { return bytes / profile->page_size; }
    [[nodiscard]] std::uint64_t block_of(std::uint64_t address) const { return address / block_size; }
    [[nodiscard]] PfnSpan pfns(const Range& range) const { return {pfn(range.start), pfn(range.last) + 1}; }
    [[nodiscard]] bool node_possible(int node) const;
};

using State = Model::State;

// mem_section[] ends with the physical addresses: beyond them nothing can be recorded, whoever accepted it.
[[nodiscard]] inline bool can_be_there(const State& state, const Range& range) {
    return state.limits.physical.contains(range);
}

}   // namespace memhot
