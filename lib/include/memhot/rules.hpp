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
    zone_contig,
    zone_auto_movable,
    zone_boot,
    zone_none,
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
const Rule& rule(RuleId id);
std::optional<RuleId> parse_rule(std::string_view id);

}   // namespace memhot
