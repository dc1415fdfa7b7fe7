// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The mirrored kernel's rules as data: an id, what is checked, what it answers, where it stands in the kernel.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace memhot {

enum class RuleId : std::uint8_t {
    none,
    // claims on the resource tree
    claim_accepted,
    claim_conflict,
    release_accepted,
    release_nonexistent,
    // memremap_pages
    map_accepted,
    map_claim_busy,
    map_type_unsupported,
    map_conflict_start,
    map_conflict_end,
    map_ram,
    map_ram_mixed,
    map_beyond_pluggable,
    map_beyond_linear_map,
    map_beyond_physmem,
    map_altmap_invalid,
    map_altmap_unsupported,
    map_misaligned,
    map_subsection_active,
    map_altmap_exhausted,
    map_memmap_partial_page,
    unmap_accepted,
    unmap_no_handle,
    // add_memory and probe
    add_accepted,
    add_driver_name,
    add_beyond_pluggable,
    add_beyond_mem_limit,
    add_resource_conflict,
    add_device_private_conflict,
    add_block_unaligned,
    add_node_impossible,
    add_memmap_on_memory_unsupported,
    add_beyond_linear_map,
    add_beyond_physmem,
    add_subsection_active,
    add_block_exists,
    probe_absent,
    probe_unaligned,
    // remove
    remove_accepted,
    remove_unaligned,
    remove_block_online,
    remove_memmap_granularity,
    offline_remove_accepted,
    offline_remove_unaligned,
    offline_remove_unmovable,
    // states
    state_no_block,
    state_unknown_word,
    state_already,
    online_accepted,
    offline_holes,
    offline_multizone,
    offline_boot_memory,
    offline_unmovable,
    auto_online_accepted,
    auto_online_unknown_word,
    // what is left behind and how it is laid out; spoken by evidence and hazards
    early_hole_reuses_memmap,
    early_flag_lost,
    pieces_leaked,
    lookups_erased,
    linear_map_kept,
    memmap_depopulated,
    memmap_page_shared,
    memory_without_ram,
    beyond_direct_map,
    zone_contig,
    zone_auto_movable,
    zone_boot,
    zone_none,
    // nvdimm regions and labels
    nd_accepted,
    nd_align_invalid,
    nd_align_no_dimms,
    nd_size_busy,
    nd_size_no_uuid,
    nd_size_label_less,
    nd_size_unaligned,
    nd_size_dimm_disabled,
    nd_size_no_space,
    nd_size_no_room,
    nd_label_slots,
    nd_uuid_busy,
    nd_uuid_duplicate,
    nd_uuid_kept,
    // enabling namespaces
    nd_claim_small,
    nd_not_allocated,
    nd_claimed,
    nd_not_bound,
    nd_raw_misaligned,
    nd_pfn_start_misaligned,
    nd_pfn_no_room,
    nd_pfn_read_only,
    nd_pfn_struct_page,
    nd_btt_small,
    nd_dax_unaligned,
    nd_info_page_size,
    nd_info_struct_page,
    nd_info_align_unsupported,
    nd_info_exceeds_capacity,
    nd_info_array_exceeds,
    nd_info_bad_offset,
    nd_info_start_misaligned,
    nd_info_end_misaligned,
    nd_info_empty,
    // dax devices and kmem
    nd_dax_busy,
    nd_dax_static,
    nd_dax_undivided,
    nd_dax_size_unaligned,
    nd_dax_no_space,
    nd_dax_align_text,
    nd_dax_align_invalid,
    nd_dax_align_ranges,
    nd_dax_mapping_text,
    nd_dax_mapping_conflict,
    nd_dax_mapping_unaligned,
    nd_dax_mapping_ignored,
    nd_dax_create_text,
    nd_dax_create_full,
    nd_dax_delete_unknown,
    nd_dax_delete_busy,
    nd_dax_empty,
    nd_dax_prepopulated,
    nd_kmem_no_node,
    nd_kmem_no_block,
    nd_kmem_state_text,
    nd_kmem_state_busy,
    nd_not_captured,
    // CXL regions
    nd_cxl_size_unset,
    nd_cxl_size_unaligned,
    nd_cxl_size_set,
    nd_cxl_no_hole,
    // what ndctl asks before the kernel is asked
    ndctl_usage,
    ndctl_no_such,
    ndctl_no_capacity,
    ndctl_label_less_size,
    ndctl_align_mode,
    ndctl_align_unsupported,
    ndctl_size_unaligned,
    ndctl_size_interleave,
    ndctl_size_small,
    ndctl_sector_size,
    ndctl_map_mode,
    ndctl_name_long,
    ndctl_read_only,
    ndctl_active,
    ndctl_system_ram,
    ndctl_start_16m,
    ndctl_size_zero,
    ndctl_autolabel_busy,
    // what daxctl asks before the kernel is asked
    daxctl_usage,
    daxctl_no_such,
    daxctl_auto_online,
    daxctl_online,
    daxctl_all_online,
    daxctl_all_offline,
    daxctl_not_memory,
    daxctl_not_devdax,
    daxctl_mode,
    daxctl_active,
    daxctl_no_space,
    // nvdimm and dax: dangerous
    nd_region_align_4g,
    nd_unbind_active_dimm,
    nd_resize_kept_map_dev,
    nd_map_dev_unaligned_end,
    nd_kmem_unbind_online,
    ndctl_zeroes_first,
    nd_grow_downward,
    nd_grow_splits,
    nd_empty_device,
    nd_raw_fallback,
    nd_mapping_under_kmem,
    // plans: refused although the kernel would try
    plan_accepted,
    plan_memmap_memory,
    plan_last_kernel_memory,
    plan_movable_ratio,
    plan_not_enough,
    plan_memory_in_use,
    plan_kmem_online,
    plan_shared_section,
    plan_cxl_online,
    plan_no_remover,
    plan_zone_offered,
    plan_unnamed_loss,
    plan_stale,
    count_
};
inline constexpr std::size_t kRuleCount = static_cast<std::size_t>(RuleId::count_);

enum class RuleKind : std::uint8_t {
    check,    // decides an outcome
    effect,   // says what an operation changes or leaves behind
    hazard,   // corrupts, leaks or crashes
};

struct Rule {
    RuleId rule;
    RuleKind kind;
    std::string_view id;         // "map.misaligned"; stable, used in JSON and on the bus
    std::string_view checks;     // what is checked, one sentence
    int error;                   // errno, 0 for accepted or none
    std::string_view message;    // what the kernel prints, with its printf marks; empty: silent
    std::string_view source;     // file: function (commit)
    std::string_view releases;   // "5.3+", "5.13-6.7"
    std::string_view remedy;     // what to do instead; {} marks are filled by the verdict
    bool recorded;               // a recording of a real kernel exercises it (held true by tests/replay)
};

// Every rule but `none`, in the order of the enumeration.
std::span<const Rule> rules();
// The row of a rule; `none` and `count_` have none, and give one that says so ("none").
const Rule& rule(RuleId id);
// A rule by its id, "map.misaligned"; nothing where there is no such rule.
std::optional<RuleId> parse_rule(std::string_view id);

}   // namespace memhot
