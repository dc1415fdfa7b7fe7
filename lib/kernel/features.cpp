// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What differs between kernels, one row a feature (several where architectures got it at different times, or where it
// went and came back; any one that fits is enough). Columns: feature, name, since, until, architectures, stable updates
// that have it by backport, and where it stands in the kernel. Older releases are further rows, or an earlier `since`.
//
// Backports were read in the stable review mails and in Debian's changelogs. "CONFIG_..." marks what the kernel's
// configuration decides: such a row says what distributions build, and what is found on a host wins over it.
#include <algorithm>

#include "kernel/tables.hpp"

namespace memhot {
namespace {

using enum Feature;
using enum Arch;

// clang-format off
// NOLINTNEXTLINE(readability-function-size): it is all data
std::span<const FeatureRow> table() {
    // A function's static, so that other statics may be built from it.
    static const FeatureRow rows[] = {
        {subsection_map, "subsection_map", {5, 3, 0}, {}, {}, {},
         "mm/sparse.c: fill_subsection_map (ba72b4c8cf60)"},
        {early_memmap_kept, "early_memmap_kept", {5, 9, 0}, {}, {}, {},
         "mm/sparse.c: section_deactivate (ef69bc9f689d)"},
        {online_page_by_subsection, "online_page_by_subsection", {5, 12, 0}, {}, {}, {},
         "mm/memory_hotplug.c: pfn_to_online_page (1f90a3477df3)"},
        // Lost when memmap_init began to walk memblock instead of every page of the zone, and repaired later.
        {hole_pages_in_zone, "hole_pages_in_zone", {5, 3, 0}, {5, 8, 0}, {}, {},
         "mm/page_alloc.c: memmap_init_zone (until 73a6e474cb37)"},
        {hole_pages_in_zone, "hole_pages_in_zone", {5, 12, 0}, {}, {}, {{5, 10, 24}, {5, 11, 7}},
         "mm/page_alloc.c: init_unavailable_range (0740a50b9baa)"},
        {addressable_check_in_add_pages, "addressable_check_in_add_pages", {5, 5, 0}, {5, 12, 0}, {}, {},
         "mm/memory_hotplug.c: check_hotplug_memory_addressable (dca4436d1cf9)"},
        {mem_limits_hotplug, "mem_limits_hotplug", {5, 3, 0}, {5, 7, 0}, {x86_64}, {},
         "mm/memory_hotplug.c: register_memory_resource (357b4da50a62), until it was asked while booting only"},
        {pluggable_range, "pluggable_range", {5, 12, 0}, {}, {}, {},
         "mm/memory_hotplug.c: mhp_range_allowed (bca3feaa0764)"},
        {direct_map_limit, "direct_map_limit", {6, 11, 0}, {}, {x86_64}, {{6, 1, 110}, {6, 6, 51}, {6, 10, 10}},
         "arch/x86/mm/init_64.c: add_pages; mm/memory_hotplug.c: mhp_get_pluggable_range (ea72ce5da228)"},
        {direct_map_limit, "direct_map_limit", {6, 12, 0}, {}, {arm64}, {},
         "arch/arm64/include/asm/memory.h: PHYSMEM_END (eeb8fdfcf090)"},
        {direct_map_full, "direct_map_full", {6, 15, 0}, {}, {x86_64},
         {{6, 1, 141}, {6, 6, 93}, {6, 12, 31}, {6, 14, 9}},
         "arch/x86/mm/kaslr.c: kernel_randomize_memory, with CONFIG_ZONE_DEVICE (7ffb791423c7)"},
        {node_possible_check, "node_possible_check", {5, 8, 0}, {}, {}, {},
         "mm/memory_hotplug.c: add_memory_resource (32d1fe8fcb32)"},
        {misaligned_end_hex, "misaligned_end_hex", {6, 5, 0}, {}, {}, {},
         "mm/memory_hotplug.c: __add_pages, \"fix format string in warnings\""},
        {region_intersects_descends, "region_intersects_descends", {6, 12, 0}, {}, {},
         {{5, 4, 285}, {5, 10, 227}, {5, 15, 168}, {6, 1, 113}, {6, 6, 55}, {6, 10, 14}, {6, 11, 3}},
         "kernel/resource.c: __region_intersects (b4afe4183ec7)"},
        {driver_managed_ram, "driver_managed_ram", {5, 8, 0}, {}, {}, {},
         "mm/memory_hotplug.c: add_memory_driver_managed (7b7b27214bba)"},
        {device_private_warning, "device_private_warning", {5, 3, 0}, {}, {}, {},
         "kernel/resource.c: __request_region (b926b7f3baec, 5.1)"},
        {memmap_on_memory, "memmap_on_memory", {5, 13, 0}, {}, {x86_64, arm64}, {},
         "mm/memory_hotplug.c: mhp_supports_memmap_on_memory (a08a2ae34613); Kconfig (f91ef2223dc4, ca6e51d592d2)"},
        {memmap_on_memory, "memmap_on_memory", {6, 6, 0}, {}, {ppc64}, {}, "arch/powerpc/Kconfig: radix only"},
        {memmap_on_memory, "memmap_on_memory", {6, 8, 0}, {}, {s390x}, {}, "arch/s390/Kconfig"},
        {memmap_on_memory, "memmap_on_memory", {6, 11, 0}, {}, {riscv64}, {}, "arch/riscv/Kconfig"},
        {memmap_on_memory_force, "memmap_on_memory_force", {6, 6, 0}, {}, {}, {},
         "mm/memory_hotplug.c: mhp_supports_memmap_on_memory (2d1f649c7c08)"},
        {memmap_on_memory_split, "memmap_on_memory_split", {6, 8, 0}, {}, {}, {},
         "mm/memory_hotplug.c: create_altmaps_and_memory_blocks (6b8f0798b85a)"},
        {auto_movable, "auto_movable", {5, 15, 0}, {}, {}, {},
         "mm/memory_hotplug.c: auto_movable_zone_for_pfn (e83a437faa62)"},
        {block_remembers_zone, "block_remembers_zone", {5, 18, 0}, {}, {}, {},
         "drivers/base/memory.c: memory_block.zone (395f6081bad4)"},
        {hwpoison_blocks_online, "hwpoison_blocks_online", {6, 2, 0}, {}, {}, {},
         "drivers/base/memory.c: memory_block_online (5033091de814)"},
        // 5.5 is the release of the commit; where 5.7 is named for it, that is too late.
        {offline_checks_holes, "offline_checks_holes", {5, 5, 0}, {}, {}, {},
         "mm/memory_hotplug.c: offline_pages (c5e79ef561b0)"},
        {offlined_pages_message, "offlined_pages_message", {5, 3, 0}, {5, 11, 0}, {}, {},
         "mm/memory_hotplug.c: offline_pages (until 7c33023aad16)"},
        {fallback_order_message, "fallback_order_message", {5, 16, 0}, {}, {}, {},
         "mm/page_alloc.c: build_zonelists (6cf253925df7)"},
        {fallback_order_of_possible, "fallback_order_of_possible", {5, 18, 0}, {}, {}, {},
         "mm/page_alloc.c: __build_all_zonelists, for_each_node (09f49dca570a)"},
        // Not in 6.1, in 6.12; posted in 2023.
        {movable_watermark, "movable_watermark", {6, 6, 0}, {}, {}, {}, "mm/page_alloc.c: __setup_per_zone_wmarks"},
        // Not in 6.1, in 6.12; posted in March 2024.
        {probe_failed_by_device, "probe_failed_by_device", {6, 10, 0}, {}, {}, {},
         "drivers/base/dd.c: call_driver_probe"},
        {memremap_devm_only, "memremap_devm_only", {5, 3, 0}, {5, 4, 0}, {}, {},
         "mm/memremap.c: devm_memremap_pages (until 6869b7b20659)"},
        {memremap_prints_resource, "memremap_prints_resource", {5, 3, 0}, {5, 10, 0}, {}, {},
         "mm/memremap.c: memremap_pages, \"%s attempted on %s region %pr\" (until a4574f63edc6)"},
        {resource_message_prefix, "resource_message_prefix", {6, 2, 0}, {}, {}, {{6, 1, 160}},
         "kernel/resource.c: __release_region (2a4e628570d4)"},
        {offline_and_remove, "offline_and_remove", {5, 8, 0}, {}, {}, {},
         "mm/memory_hotplug.c: offline_and_remove_memory (08b3acd7a68f)"},
        {offline_and_remove_many, "offline_and_remove_many", {5, 11, 0}, {}, {}, {{5, 10, 185}},
         "mm/memory_hotplug.c: offline_and_remove_memory (8dc4bb58a146)"},
        {device_private, "device_private", {5, 3, 0}, {}, {}, {},
         "CONFIG_DEVICE_PRIVATE; Debian builds it since 6.13"},
        {arm64_boot_memory_stays, "arm64_boot_memory_stays", {5, 7, 0}, {}, {arm64}, {},
         "arch/arm64/mm/mmu.c: prevent_bootmem_remove_notifier (bbd6ec605c0f)"},
        {arm64_boot_memory_warns, "arm64_boot_memory_warns", {5, 11, 0}, {}, {arm64}, {},
         "arch/arm64/mm/mmu.c: prevent_bootmem_remove_notifier (ecdf06e1ea53)"},
        {arm64_linear_range_in_arch, "arm64_linear_range_in_arch", {5, 10, 0}, {5, 12, 0}, {arm64}, {{5, 9, 9}},
         "arch/arm64/mm/mmu.c: inside_linear_region (58284a901b42)"},
        {arm64_partial_base_pages, "arm64_partial_base_pages", {6, 14, 0}, {}, {arm64},
         {{6, 1, 132}, {6, 6, 84}, {6, 12, 20}, {6, 13, 8}},
         "arch/arm64/mm/mmu.c: vmemmap_populate (d4234d131b0a)"},
        {altmap_honoured, "altmap_honoured", {5, 3, 0}, {}, {x86_64, ppc64}, {},
         "arch/x86/mm/init_64.c, arch/powerpc/mm/init_64.c: vmemmap_populate"},
        {altmap_honoured, "altmap_honoured", {5, 9, 0}, {}, {arm64}, {},
         "arch/arm64/mm/mmu.c: vmemmap_populate (eee07935bb52)"},
        {altmap_honoured, "altmap_honoured", {6, 8, 0}, {}, {s390x}, {}, "arch/s390/mm/vmem.c: vmemmap_populate"},
        {altmap_honoured, "altmap_honoured", {6, 11, 0}, {}, {riscv64}, {}, "arch/riscv/mm/init.c: vmemmap_populate"},
        {altmap_falls_back, "altmap_falls_back", {5, 11, 0}, {6, 2, 0}, {arm64}, {},
         "arch/arm64/mm/mmu.c: vmemmap_populate (9f84f39f5515), until vmemmap_populate_hugepages (2045a3b8911b)"},
        {altmap_refused, "altmap_refused", {5, 3, 0}, {6, 8, 0}, {s390x}, {}, "arch/s390/mm/init.c: arch_add_memory"},
        {devdax_memmap_dedup, "devdax_memmap_dedup", {5, 18, 0}, {}, {x86_64}, {},
         "mm/sparse-vmemmap.c: vmemmap_populate_compound_pages (4917f55b4ef9); arch/x86/Kconfig"},
        {devdax_memmap_dedup, "devdax_memmap_dedup", {5, 18, 0}, {6, 6, 0}, {arm64}, {},
         "include/linux/mm.h: vmemmap_can_optimize, until hugetlb and device dax got an option each"},
        {devdax_memmap_dedup, "devdax_memmap_dedup", {6, 6, 0}, {}, {ppc64}, {},
         "arch/powerpc/mm/book3s64/radix_pgtable.c: vmemmap_populate_compound_pages; radix only"},
        {devdax_memmap_dedup, "devdax_memmap_dedup", {6, 11, 0}, {}, {riscv64}, {},
         "arch/riscv/Kconfig: ARCH_WANT_OPTIMIZE_DAX_VMEMMAP"},
        {soft_reserved_hidden, "soft_reserved_hidden", {7, 0, 0}, {}, {}, {},
         "kernel/resource.c: soft_reserve_resource; arch/x86/kernel/e820.c: e820__reserve_resources_late"},
        {free_region_steps_by_section, "free_region_steps_by_section", {6, 7, 0}, {}, {}, {{6, 6, 11}},
         "kernel/resource.c: get_free_mem_region (659aa050a538)"},
        {memory_probe, "memory_probe", {5, 3, 0}, {}, {ppc64, loongarch64}, {},
         "CONFIG_ARCH_MEMORY_PROBE: always on there; a choice on x86_64, which Debian does not take"},
        {default_online, "default_online", {6, 5, 0}, {}, {x86_64}, {},
         "CONFIG_MEMORY_HOTPLUG_DEFAULT_ONLINE: as Debian builds it, upstream leaves it off"},
        {default_online, "default_online", {6, 17, 0}, {}, {}, {},
         "CONFIG_MHP_DEFAULT_ONLINE_TYPE_ONLINE_AUTO: as Debian builds it, upstream leaves it off"},
        {default_online_types, "default_online_types", {5, 7, 0}, {}, {}, {},
         "drivers/base/memory.c: auto_online_blocks_store (5f47adf762b7)"},
        {nd_compat_align, "nd_compat_align", {5, 7, 0}, {}, {}, {},
         "drivers/nvdimm/region_devs.c: align_store (2522afb86a8c); pfn_devs.c: nd_pfn_validate (6acd7d5ef264)"},
        {pfn_truncates_end, "pfn_truncates_end", {5, 4, 0}, {}, {}, {}, "drivers/nvdimm/pfn_devs.c: nd_pfn_init"},
        {pfn_records_page_size, "pfn_records_page_size", {5, 4, 0}, {}, {}, {},
         "drivers/nvdimm/pfn_devs.c: nd_pfn_validate (e96f0bf2ec92)"},
        {pfn_refuses_empty, "pfn_refuses_empty", {6, 6, 0}, {}, {}, {},
         "drivers/nvdimm/pfn_devs.c: nd_pfn_init, nd_pfn_validate"},
        {kmem_refuses_empty, "kmem_refuses_empty", {5, 17, 0}, {}, {}, {}, "drivers/dax/kmem.c: dev_dax_kmem_probe"},
        {kmem_says_truncated, "kmem_says_truncated", {6, 16, 0}, {}, {}, {}, "drivers/dax/kmem.c: dev_dax_kmem_probe"},
        {kmem_says_stuck, "kmem_says_stuck", {7, 3, 0}, {}, {}, {}, "drivers/dax/kmem.c: dax_kmem_remove_ranges"},
        {kmem_state, "kmem_state", {7, 3, 0}, {}, {}, {}, "drivers/dax/kmem.c: state_store"},
        {nd_align_label_less, "nd_align_label_less", {5, 13, 0}, {}, {}, {},
         "drivers/nvdimm/region_devs.c: align_store (2e5021cc42d9; 5.10 lacks it)"},
        {nd_full_dimm_ignored, "nd_full_dimm_ignored", {5, 18, 0}, {}, {}, {},
         "drivers/nvdimm/region_devs.c: nd_region_allocatable_dpa (min_not_zero, since BLK went)"},
        {pfn_checks_struct_page, "pfn_checks_struct_page", {6, 2, 0}, {}, {}, {},
         "drivers/nvdimm/pfn_devs.c: nd_pfn_init; 6.1 got it in some update up to 6.1.192"},
        {pfn_align_by_cpu, "pfn_align_by_cpu", {6, 6, 0}, {}, {}, {},
         "drivers/nvdimm/pfn_devs.c: nd_pfn_supported_alignments (has_transparent_pud_hugepage)"},
        {cpu_gigabyte_pages, "cpu_gigabyte_pages", {5, 3, 0}, {}, {}, {},
         "x86 pdpe1gb and its like: the CPU decides, so what is found on the host wins"},
        {dax_partitions, "dax_partitions", {5, 10, 0}, {}, {}, {}, "drivers/dax/bus.c: dax_region_attributes"},
        {dax_prepopulated_check, "dax_prepopulated_check", {5, 17, 0}, {}, {}, {},
         "drivers/dax/device.c: dev_dax_probe (\"dynamic-dax with pre-populated page map\")"},
        {dax_mapping_ignored, "dax_mapping_ignored", {6, 8, 0}, {}, {}, {},
         "drivers/dax/bus.c: mapping_store (c05ae9d85b47)"},
        {bind_tells_errno, "bind_tells_errno", {5, 14, 0}, {}, {}, {}, "drivers/base/bus.c: bind_store"},
        // Never from the version: the boot decides (disable_radix, POWER8 and older), so only what is found counts.
        {hash_mmu, "hash_mmu", {99, 0, 0}, {}, {ppc64}, {}, "arch/powerpc/mm/ioremap.c: memremap_compat_align"},
    };
    return rows;
}
// clang-format on

bool fits(const FeatureRow& row, Arch arch, const Version& version) {
    if (!row.arches.empty() && std::ranges::find(row.arches, arch) == row.arches.end()) return false;
    if (row.until != Version{} && version >= row.until) return false;
    if (version >= row.since) return true;
    return std::ranges::any_of(row.backports, [&](const Backport& port) {
        return port.major == version.major && port.minor == version.minor && port.patch <= version.patch;
    });
}

}   // namespace

std::span<const FeatureRow> feature_rows() { return table(); }

std::optional<Feature> parse_feature(std::string_view name) {
    const auto row = std::ranges::find(table(), name, &FeatureRow::name);
    if (row == table().end()) return std::nullopt;
    return row->feature;
}

std::string_view to_string(Feature feature) {
    const auto row = std::ranges::find(table(), feature, &FeatureRow::feature);
    return row == table().end() ? "unknown" : row->name;
}

namespace kernel {

bool has_feature(Feature feature, Arch arch, const Version& version) {
    return std::ranges::any_of(
        table(), [&](const FeatureRow& row) { return row.feature == feature && fits(row, arch, version); });
}

}   // namespace kernel
}   // namespace memhot
