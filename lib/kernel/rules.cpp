// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The rules as data. Columns: rule, kind, id, what is checked, errno, the kernel's message, where it stands, releases (of
// those mirrored here), what to do instead, and whether a recording of a real kernel exercises it.
#include "memhot/rules.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include "kernel/nvdimm_rules.hpp"
#include "kernel/plan_rules.hpp"

namespace memhot {

namespace {

constexpr auto kCheck = RuleKind::check;
constexpr auto kEffect = RuleKind::effect;
constexpr auto kHazard = RuleKind::hazard;
using enum RuleId;

constexpr auto kCoreRules = std::to_array<Rule>({
    // --- claims on the resource tree -------------------------------------------------------------------------------
    {claim_accepted, kCheck, "claim.accepted",
     "no busy resource overlaps the range, and every other one that does contains it", 0, "",
     "kernel/resource.c: __request_region", "5.3+", "", true},
    {claim_conflict, kCheck, "claim.conflict",
     "a busy resource overlaps the range, or one that is not busy overlaps it without containing it", EBUSY, "",
     "kernel/resource.c: __request_region", "5.3+", "release the owner first, or take a range beside it", true},
    {release_accepted, kCheck, "release.accepted", "a busy resource has exactly this range", 0, "",
     "kernel/resource.c: __release_region", "5.3+", "", false},
    {release_nonexistent, kCheck, "release.nonexistent",
     "no busy resource has exactly this range: nothing happens, and the caller is not told", 0,
     "resource: Trying to free nonexistent resource <%#018llx-%#018llx>", "kernel/resource.c: __release_region", "5.3+",
     "release exactly what was claimed", true},

    // --- memremap_pages --------------------------------------------------------------------------------------------
    {map_accepted, kCheck, "map.accepted", "nothing objects: the range gets struct pages in ZONE_DEVICE", 0, "",
     "mm/memremap.c: memremap_pages", "5.3+", "", true},
    {map_claim_busy, kCheck, "map.claim-busy",
     "the driver claims its range first, and a busy resource (or a partly overlapping one) is in the way", EBUSY,
     "could not reserve region %pR", "drivers/nvdimm/pmem.c: pmem_attach_disk; drivers/dax/device.c: dev_dax_probe",
     "5.3+", "disable the owner, or use a range that is free", true},
    {map_type_unsupported, kCheck, "map.type-unsupported", "un-addressable device memory needs CONFIG_DEVICE_PRIVATE",
     EINVAL, "Device private memory not supported", "mm/memremap.c: memremap_pages", "5.3+",
     "use a kernel with CONFIG_DEVICE_PRIVATE", false},
    {map_conflict_start, kCheck, "map.conflict-start", "the first page belongs to a live device mapping", ENOMEM,
     "Conflicting mapping in same section", "mm/memremap.c: pagemap_range (15d36fecd0bd)", "5.3+",
     "unmap the other mapping first", true},
    {map_conflict_end, kCheck, "map.conflict-end", "the last page belongs to a live device mapping", ENOMEM,
     "Conflicting mapping in same section", "mm/memremap.c: pagemap_range (15d36fecd0bd)", "5.3+",
     "unmap the other mapping first", true},
    {map_ram, kCheck, "map.ram", "the range holds System RAM", ENXIO, "attempted on ram region %#llx-%#llx",
     "mm/memremap.c: pagemap_range; kernel/resource.c: region_intersects (06489cfbd915)", "5.3+",
     "map only what is not RAM", true},
    {map_ram_mixed, kCheck, "map.ram-mixed", "the range holds System RAM and another resource", ENXIO,
     "attempted on mixed region %#llx-%#llx",
     "mm/memremap.c: pagemap_range; kernel/resource.c: region_intersects (06489cfbd915, b4afe4183ec7)", "5.3+",
     "map only what is not RAM", true},
    {map_beyond_pluggable, kCheck, "map.beyond-pluggable",
     "the range wraps, is empty, or ends beyond what can be addressed", EINVAL,
     "Hotplug memory [%#llx-%#llx] exceeds maximum addressable range [%#llx-%#llx]",
     "mm/memory_hotplug.c: mhp_range_allowed (bca3feaa0764)", "5.12+", "use a lower address", false},
    {map_beyond_linear_map, kCheck, "map.beyond-linear-map", "the range is outside the arm64 linear map", EINVAL,
     "[%llx %llx] is outside linear mapping region", "arch/arm64/mm/mmu.c: arch_add_memory (58284a901b42)", "5.10-5.11",
     "use an address inside the linear map", false},
    {map_beyond_physmem, kCheck, "map.beyond-physmem", "the range ends beyond MAX_PHYSMEM_BITS", E2BIG,
     "Hotplugged memory exceeds maximum addressable address, range=%#llx-%#llx, maximum=%#llx",
     "mm/memory_hotplug.c: check_hotplug_memory_addressable", "5.5-5.11", "use a lower address", false},
    {map_altmap_invalid, kCheck, "map.altmap-invalid", "reserved and free pages of the altmap exceed the range", EINVAL,
     "memory add fail, invalid altmap", "mm/memory_hotplug.c: __add_pages", "5.3+",
     "recreate the namespace: its info block does not fit its size", true},
    {map_altmap_unsupported, kCheck, "map.altmap-unsupported", "s390 took no altmap", EINVAL, "",
     "arch/s390/mm/init.c: arch_add_memory", "5.3-6.7", "keep the memmap in RAM (map=mem)", false},
    {map_misaligned, kCheck, "map.misaligned", "start and length must be multiples of 2 MiB", EINVAL,
     "Misaligned __add_pages start: %#lx end: %#lx", "mm/memory_hotplug.c: check_pfn_span (ba72b4c8cf60)", "5.3+",
     "align both ends to 2 MiB", true},
    {map_subsection_active, kCheck, "map.subsection-active",
     "a sub-section of the range already has a memmap: RAM, another mapping, or what a failed add left", EEXIST, "",
     "mm/sparse.c: fill_subsection_map (f46edbd1b151)", "5.3+", "use a range whose sub-sections are free", true},
    {map_altmap_exhausted, kCheck, "map.altmap-exhausted",
     "the altmap has too few free pages for the memmap of the range", ENOMEM, "",
     "mm/sparse-vmemmap.c: altmap_alloc_block_buf (4b94ffdc4163)", "5.3+",
     "give the altmap 64 bytes for each page, or keep the memmap in RAM (map=mem)", true},
    {map_memmap_partial_page, kCheck, "map.memmap-partial-page",
     "with 16K or 64K pages a sub-section has less than a page of memmap, and a piece that starts and ends inside such "
     "pages leaves the last one unpopulated",
     0, "", "mm/sparse-vmemmap.c: vmemmap_populate_basepages; mm/mm_init.c: __init_zone_device_page",
     "5.3+ (arm64 16K, 64K)",
     "align start and length to the memory that one page of memmap describes (4 MiB with 16K pages, 64 MiB with 64K)",
     true},
    {unmap_accepted, kCheck, "unmap.accepted", "the mapping exists", 0, "", "mm/memremap.c: memunmap_pages", "5.3+", "",
     true},
    {unmap_no_handle, kCheck, "unmap.no-handle", "there is no such mapping", ENOENT, "",
     "mm/memremap.c: memunmap_pages", "5.3+", "list the mappings", true},

    // --- add_memory and probe --------------------------------------------------------------------------------------
    {add_accepted, kCheck, "add.accepted", "nothing objects: the range becomes memory blocks", 0, "",
     "mm/memory_hotplug.c: add_memory_resource", "5.3+", "", true},
    {add_driver_name, kCheck, "add.driver-name", "memory of a driver must be named \"System RAM (...)\"", EINVAL, "",
     "mm/memory_hotplug.c: add_memory_driver_managed (7b7b27214bba)", "5.8+", "name it System RAM (DRIVER)", false},
    {add_beyond_pluggable, kCheck, "add.beyond-pluggable",
     "the range wraps, is empty, or ends beyond what can be addressed", E2BIG,
     "Hotplug memory [%#llx-%#llx] exceeds maximum addressable range [%#llx-%#llx]",
     "mm/memory_hotplug.c: register_memory_resource (bca3feaa0764)", "5.12+", "use a lower address", false},
    {add_beyond_mem_limit, kCheck, "add.beyond-mem-limit", "the range ends beyond what mem= on the command line allows",
     E2BIG, "", "mm/memory_hotplug.c: register_memory_resource (357b4da50a62); arch/x86/kernel/e820.c: parse_memopt",
     "5.3-5.6", "boot without mem=, or use a lower address", false},
    {add_resource_conflict, kCheck, "add.resource-conflict",
     "a busy resource overlaps the range, or one that is not busy overlaps it without containing it", EEXIST, "",
     "mm/memory_hotplug.c: register_memory_resource (2794129e902d)", "5.3+", "use a range that is free in /proc/iomem",
     true},
    {add_device_private_conflict, kCheck, "add.device-private-conflict",
     "un-addressable device memory was placed in the range", EEXIST,
     "resource: Unaddressable device %s %pR conflicts with %pR",
     "kernel/resource.c: __request_region_locked (2794129e902d)", "5.3+", "unload the driver that placed it", false},
    {add_block_unaligned, kCheck, "add.block-unaligned", "start and size must be multiples of the memory block size",
     EINVAL, "Block size [%#lx] unaligned hotplug range: start %#llx, size %#llx",
     "mm/memory_hotplug.c: check_hotplug_memory_range (ba3253a4e2b9)", "5.3+",
     "align both ends to the memory block size", true},
    {add_node_impossible, kCheck, "add.node-impossible", "the node is not one that this kernel booted with as possible",
     EINVAL, "node %d was absent from the node_possible_map", "mm/memory_hotplug.c: add_memory_resource", "5.8+",
     "use a node of /sys/devices/system/node/possible", true},
    {add_memmap_on_memory_unsupported, kCheck, "add.memmap-on-memory-unsupported",
     "the memmap cannot lie on the memory itself: the parameter is off, several blocks, or no whole PMDs and "
     "pageblocks",
     EINVAL, "", "mm/memory_hotplug.c: mhp_supports_memmap_on_memory (a08a2ae34613)", "5.13-6.7",
     "add block by block, or without memmap_on_memory", true},
    {add_beyond_linear_map, kCheck, "add.beyond-linear-map", "the range is outside the arm64 linear map", EINVAL,
     "[%llx %llx] is outside linear mapping region", "arch/arm64/mm/mmu.c: arch_add_memory", "5.10-5.11",
     "use an address inside the linear map", false},
    {add_beyond_physmem, kCheck, "add.beyond-physmem", "the range ends beyond MAX_PHYSMEM_BITS", E2BIG,
     "Hotplugged memory exceeds maximum addressable address, range=%#llx-%#llx, maximum=%#llx",
     "mm/memory_hotplug.c: check_hotplug_memory_addressable", "5.5-5.11", "use a lower address", false},
    {add_subsection_active, kCheck, "add.subsection-active",
     "a sub-section of the range already has a memmap, which iomem does not show", EEXIST, "",
     "mm/sparse.c: fill_subsection_map (f46edbd1b151)", "5.3+",
     "use a range that no earlier attempt touched, or reboot", true},
    {add_block_exists, kCheck, "add.block-exists", "the range touches a memory block that is already there", EEXIST, "",
     "drivers/base/memory.c: create_memory_block_devices", "5.3+", "use whole blocks that do not exist yet", false},
    {probe_absent, kCheck, "probe.absent", "this kernel has no file `probe` (CONFIG_ARCH_MEMORY_PROBE)", ENOENT, "",
     "drivers/base/memory.c: probe_store", "5.3+", "add the memory through its driver, ACPI or the hypervisor", false},
    {probe_unaligned, kCheck, "probe.unaligned", "the address must be a multiple of the memory block size", EINVAL, "",
     "drivers/base/memory.c: probe_store", "5.3+", "align the address to the memory block size", true},

    // --- remove ----------------------------------------------------------------------------------------------------
    {remove_accepted, kCheck, "remove.accepted",
     "no block of the range is online; blocks that do not exist are passed over", 0, "",
     "mm/memory_hotplug.c: try_remove_memory", "5.3+", "", true},
    {remove_unaligned, kCheck, "remove.unaligned", "removing part of a memory block is a BUG()", 0, "kernel BUG",
     "mm/memory_hotplug.c: try_remove_memory", "5.3+", "remove whole blocks", false},
    {remove_block_online, kCheck, "remove.block-online", "a block of the range is online", EBUSY,
     "removing memory fails, because memory [%pa-%pa] is onlined", "mm/memory_hotplug.c: check_memblock_offlined_cb",
     "5.3+", "offline every block of the range first", true},
    {remove_memmap_granularity, kCheck, "remove.memmap-granularity",
     "blocks that hold their own memmap: one at a time (to 6.7), or all alike (since 6.8)", EINVAL,
     "Refuse to remove %#llx - %#llx,wrong granularity", "mm/memory_hotplug.c: try_remove_memory", "5.13+",
     "remove block by block", false},
    {offline_remove_accepted, kCheck, "offline-remove.accepted", "every block is offline already", 0, "",
     "mm/memory_hotplug.c: offline_and_remove_memory", "5.8+", "", true},
    {offline_remove_unaligned, kCheck, "offline-remove.unaligned", "whole blocks are needed; before 5.11 exactly one",
     EINVAL, "", "mm/memory_hotplug.c: offline_and_remove_memory (8dc4bb58a146)", "5.8+", "give whole blocks", false},
    {offline_remove_unmovable, kCheck, "offline-remove.unmovable",
     "a block is online: whether all its pages can be moved shows only in the attempt", EBUSY, "",
     "mm/memory_hotplug.c: offline_and_remove_memory", "5.8+", "online such memory as movable, then retry", true},

    // --- states ----------------------------------------------------------------------------------------------------
    {state_no_block, kCheck, "state.no-block", "there is no such memory block", ENOENT, "", "drivers/base/memory.c",
     "5.3+", "list the blocks that exist", true},
    {state_unknown_word, kCheck, "state.unknown-word",
     "the word must be online, online_kernel, online_movable or offline", EINVAL, "",
     "drivers/base/memory.c: state_store", "5.3+", "write one of the four words", false},
    {state_already, kCheck, "state.already", "the block already is in that state", EINVAL, "",
     "drivers/base/memory.c: state_store; drivers/base/core.c: device_online", "5.3+", "nothing: it is as wanted",
     true},
    {online_accepted, kCheck, "online.accepted", "an offline block is onlined", 0, "",
     "mm/memory_hotplug.c: online_pages", "5.3+", "", true},
    {offline_holes, kCheck, "offline.holes", "the block is not wholly System RAM", EINVAL, "",
     "mm/memory_hotplug.c: offline_pages (c5e79ef561b0)", "5.5+", "such a block stays online for good", true},
    {offline_multizone, kCheck, "offline.multizone",
     "the block's pages are in several zones or nodes (valid_zones says none)", EINVAL, "",
     "drivers/base/memory.c: memory_block_offline (395f6081bad4); before 5.18 mm/memory_hotplug.c: "
     "test_pages_in_a_zone",
     "5.3+", "such a block stays online for good", false},
    {offline_boot_memory, kCheck, "offline.boot-memory", "memory that arm64 booted with cannot be offlined", EPERM,
     "Boot memory [%lx %lx] offlining attempted", "arch/arm64/mm/mmu.c: prevent_bootmem_remove_notifier",
     "5.7+ (arm64)", "offline hot-added memory only", false},
    {offline_unmovable, kCheck, "offline.unmovable",
     "the block is online, in one zone and wholly RAM: whether all its pages can be moved shows only in the attempt",
     EBUSY, "", "mm/memory_hotplug.c: offline_pages; mm/page_isolation.c: start_isolate_page_range", "5.3+",
     "online such memory as movable, stop what pins pages, then retry", true},
    {auto_online_accepted, kCheck, "auto-online.accepted", "one of the four words", 0, "",
     "drivers/base/memory.c: auto_online_blocks_store", "5.3+", "", true},
    {auto_online_unknown_word, kCheck, "auto-online.unknown-word",
     "the word must be online, online_kernel, online_movable or offline", EINVAL, "",
     "drivers/base/memory.c: auto_online_blocks_store", "5.3+", "write one of the four words", false},

    // --- effects ---------------------------------------------------------------------------------------------------
    {early_hole_reuses_memmap, kEffect, "effect.early-hole-reuses-memmap",
     "a part of a section that booted with RAM uses the memmap that is there: no memory is needed, an altmap is "
     "ignored",
     0, "", "mm/sparse.c: section_activate (ba72b4c8cf60)", "5.3+", "", false},
    {early_flag_lost, kEffect, "effect.early-flag-lost",
     "a boot section whose last sub-section goes is no longer early: added again it is an ordinary one", 0, "",
     "mm/sparse.c: section_deactivate", "5.3+", "", false},
    {pieces_leaked, kHazard, "hazard.pieces-leaked",
     "the sections before the one that failed stay active, with no owner: the same attempt fails there from now on", 0,
     "", "mm/memory_hotplug.c: __add_pages", "5.3+", "use another range, or reboot", true},
    {lookups_erased, kHazard, "hazard.lookups-erased",
     "a failed mapping removes the lookups of mappings inside its range: get_user_pages() and hwpoison no longer find "
     "them",
     0, "", "mm/memremap.c: pgmap_array_delete", "5.3+", "do not map around a live mapping", true},
    {linear_map_kept, kEffect, "effect.linear-map-kept", "x86 does not undo the direct map of a failed add", 0, "",
     "arch/x86/mm/init_64.c: arch_add_memory", "5.3+", "", true},
    {memmap_depopulated, kHazard, "hazard.early-memmap-depopulated",
     "unmapping a part of a section that booted with RAM frees memmap that the section still needs", 0, "",
     "mm/sparse.c: section_deactivate", "5.3-5.8",
     "leave the mapping in place until the next boot, or use 5.9 or later", false},
    {memmap_page_shared, kHazard, "hazard.memmap-page-shared",
     "with 16K or 64K pages two owners share a page of memmap, and arm64 frees it with the first of them", 0, "",
     "arch/arm64/mm/mmu.c: vmemmap_free", "5.3+ (arm64 16K, 64K)",
     "keep owners apart by the memory that one page of memmap describes", false},
    {memory_without_ram, kHazard, "hazard.memory-without-ram",
     "probe does not check that there is memory at the address: onlining a block of nothing crashes", 0, "",
     "drivers/base/memory.c: probe_store", "5.3+", "probe only addresses that the platform says are RAM", false},
    {beyond_direct_map, kHazard, "hazard.beyond-direct-map",
     "KASLR cuts the direct map down to the memory of boot (in whole TiB) and 10 TiB more, and no check knows: what is "
     "added behind it may get the addresses of vmalloc",
     0, "", "arch/x86/mm/kaslr.c: kernel_randomize_memory; mm/memory_hotplug.c (ea72ce5da228)",
     "5.3-6.10 (x86_64; 6.1.110, 6.6.51 and 6.10.10 refuse)", "boot with nokaslr, or use a lower address", false},
    {zone_contig, kEffect, "zone.contig",
     "policy contig-zones: the zone whose span the block meets; both or none: kernel, or Movable with movable_node", 0,
     "", "mm/memory_hotplug.c: default_zone_for_pfn (c6f03e2903c9)", "5.3+", "", true},
    {zone_auto_movable, kEffect, "zone.auto-movable",
     "policy auto-movable: Movable while it stays within the ratio to kernel memory of boot, everywhere and on the "
     "node",
     0, "", "mm/memory_hotplug.c: auto_movable_zone_for_pfn (e83a437faa62)", "5.15+", "", true},
    {zone_boot, kEffect, "zone.boot",
     "boot memory lies in the zones that kernelcore=, movablecore= and movable_node leave", 0, "",
     "mm/mm_init.c: find_zone_movable_pfns_for_nodes", "5.3+", "", true},
    {zone_none, kEffect, "zone.none",
     "valid_zones says none: several zones; before 5.18 also a page, looked at every 4 MiB, outside the zone or used "
     "by a "
     "device mapping",
     0, "", "drivers/base/memory.c: valid_zones_show; mm/memory_hotplug.c: test_pages_in_a_zone (to 5.17)", "5.3+", "",
     true},
});

// One table in the order of the enumeration.
constexpr auto kRules = [] {
    std::array<Rule, kRuleCount - 1> all{};
    auto* end = std::copy(kCoreRules.begin(), kCoreRules.end(), all.begin());
    end = std::copy(kernel::kNvdimmRules.begin(), kernel::kNvdimmRules.end(), end);
    std::copy(kernel::kPlanRules.begin(), kernel::kPlanRules.end(), end);
    return all;
}();
static_assert(kCoreRules.size() + kernel::kNvdimmRules.size() + kernel::kPlanRules.size() == kRuleCount - 1);

}   // namespace

std::span<const Rule> rules() { return kRules; }

const Rule& rule(RuleId id) {
    static constexpr Rule kNone{.rule = none,
                                .kind = kEffect,
                                .id = "none",
                                .checks = "no rule spoke",
                                .error = 0,
                                .message = "",
                                .source = "",
                                .releases = "",
                                .remedy = "",
                                .recorded = false};
    return id == none || id == count_ ? kNone : kRules[static_cast<std::size_t>(id) - 1];
}

std::optional<RuleId> parse_rule(std::string_view id) {
    const auto* found = std::find_if(kRules.begin(), kRules.end(), [id](const Rule& row) { return row.id == id; });
    if (found == kRules.end()) return std::nullopt;
    return found->rule;
}

}   // namespace memhot
