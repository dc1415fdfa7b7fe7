// SPDX-License-Identifier: LGPL-2.1-or-later
//
// memremap_pages() and memunmap_pages() (mm/memremap.c, before 5.3 kernel/memremap.c), with the driver's claim before.
#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "model/operations.hpp"
#include "model/sparse.hpp"

namespace memhot {

namespace {

using Answer = std::optional<Outcome>;

Outcome refuse(RuleId rule, int error, std::uint64_t at) { return Outcome::refuse(rule, error, at, Stage::map); }

Answer check_type(const State& state, const op::Map& map, const Range&) {
    if (map.type != MapType::device_private || state.has(Feature::device_private)) return std::nullopt;
    return refuse(RuleId::map_type_unsupported, EINVAL, map.start);
}

// get_dev_pagemap() on the first and on the last page; what lies between is not looked at.
Answer check_conflict(const State& state, const op::Map&, const Range& range) {
    if (state.pgmaps->lookup(state.pfn(range.start))) return refuse(RuleId::map_conflict_start, ENOMEM, range.start);
    if (state.pgmaps->lookup(state.pfn(range.last))) return refuse(RuleId::map_conflict_end, ENOMEM, range.last);
    return std::nullopt;
}

Answer check_ram(const State& state, const op::Map&, const Range& range) {
    switch (state.resources->intersects_ram(range, state.has(Feature::region_intersects_descends))) {
        case RamIntersection::disjoint: break;
        case RamIntersection::intersects: return refuse(RuleId::map_ram, ENXIO, range.start);
        case RamIntersection::mixed: return refuse(RuleId::map_ram_mixed, ENXIO, range.start);
    }
    return std::nullopt;
}

// mhp_range_allowed() in pagemap_range (bca3feaa0764)
Answer check_pluggable(const State& state, const op::Map& map, const Range& range) {
    if (!state.has(Feature::pluggable_range)) return std::nullopt;
    const Range& limit = map.type == MapType::device_private ? state.limits.physical : state.limits.mappable;
    if (limit.contains(range)) return std::nullopt;
    return refuse(RuleId::map_beyond_pluggable, EINVAL, range.start);
}

// arch/arm64/mm/mmu.c arch_add_memory of 5.10 and 5.11; pages without a linear map go to add_pages() at once
Answer check_linear_map(const State& state, const op::Map& map, const Range& range) {
    if (map.type == MapType::device_private || !state.has(Feature::arm64_linear_range_in_arch)) return std::nullopt;
    if (state.limits.mappable.contains(range)) return std::nullopt;
    return refuse(RuleId::map_beyond_linear_map, EINVAL, range.start);
}

// arch/s390/mm/init.c arch_add_memory before 6.8
Answer check_altmap_arch(const State& state, const op::Map& map, const Range& range) {
    if (!map.altmap || !state.has(Feature::altmap_refused)) return std::nullopt;
    return refuse(RuleId::map_altmap_unsupported, EINVAL, range.start);
}

Answer check_add_pages(const State& state, const op::Map& map, const Range& range) {
    const AddPagesAnswer added = add_pages(state, range, map.altmap ? &*map.altmap : nullptr);
    switch (added.what) {
        case AddPagesAnswer::What::added: return std::nullopt;
        case AddPagesAnswer::What::beyond_physmem: return refuse(RuleId::map_beyond_physmem, E2BIG, added.at);
        case AddPagesAnswer::What::altmap_invalid: return refuse(RuleId::map_altmap_invalid, EINVAL, added.at);
        case AddPagesAnswer::What::misaligned: return refuse(RuleId::map_misaligned, EINVAL, added.at);
        case AddPagesAnswer::What::active: return refuse(RuleId::map_subsection_active, EEXIST, added.at);
        case AddPagesAnswer::What::no_memory: return refuse(RuleId::map_altmap_exhausted, ENOMEM, added.at);
        case AddPagesAnswer::What::partial_page: return Outcome::crashes(RuleId::map_memmap_partial_page, added.at);
    }
    return std::nullopt;
}

using Check = Answer (*)(const State&, const op::Map&, const Range&);
// In the order of memremap_pages(), pagemap_range() and arch_add_memory().
constexpr std::array<Check, 7> kChecks{check_type,       check_conflict,    check_ram,      check_pluggable,
                                       check_linear_map, check_altmap_arch, check_add_pages};

// The rules that speak before the range is in pgmap_array: a failure there changes nothing.
bool failed_before_insertion(RuleId rule) {
    constexpr std::array kEarly{RuleId::map_type_unsupported, RuleId::map_conflict_start, RuleId::map_conflict_end,
                                RuleId::map_ram, RuleId::map_ram_mixed};
    return std::find(kEarly.begin(), kEarly.end(), rule) != kEarly.end();
}

// page_init_poison(): the struct pages of boot holes are used by the mapping and never name their zone again.
void touch_boot_sections(State& state, const Range& range) {
    for_each_piece(state.sections, range, [&](const Piece& piece) {
        if (state.sections.has(piece.section, SectionTable::kEarly)) {
            state.device_touched.writable().push_back(state.pfns(piece.range));
        }
        return true;
    });
}

void take_pages(State& state, const Range& range, std::uint64_t until_exclusive) {
    if (until_exclusive <= range.start || !can_be_there(state, range)) return;
    touch_boot_sections(state, {range.start, until_exclusive - 1});
    activate(state, range, until_exclusive);
}

// What a failed memremap_pages() leaves: its lookups are erased, whoever they belonged to; pieces stay active.
void leave_failure(State& state, const Range& range, const Outcome& answer) {
    if (answer.stage != Stage::map || failed_before_insertion(answer.rule)) return;
    state.pgmaps.writable().erase_lookup(state.pfns(range));
    if (answer.rule == RuleId::map_subsection_active || answer.rule == RuleId::map_altmap_exhausted) {
        take_pages(state, range, answer.at);
    }
}

// Un-addressable memory is placed and claimed in one by request_free_mem_region(), which says in the resource what it is.
void claim(State& state, const op::Map& map, const Range& range) {
    auto& resources = state.resources.writable();
    resources.request(map.start, map.size, map.owner, false);
    if (map.type == MapType::device_private) resources.mark_device_private(range, map.owner);
}

}   // namespace

Outcome decide(const State& state, const op::Map& map) {
    if (map.claim) {
        const Resource* conflict = state.resources->request_conflict(map.start, map.size);
        if (conflict != nullptr) {
            return Outcome::refuse(RuleId::map_claim_busy, EBUSY, conflict->range.start, Stage::request);
        }
    }
    const auto range = Range::from_size(map.start, map.size);
    if (!range) return refuse(RuleId::map_beyond_pluggable, EINVAL, map.start);
    for (const Check check : kChecks) {
        if (const Answer answer = check(state, map, *range)) return *answer;
    }
    return Outcome::accept(RuleId::map_accepted, Stage::map);
}

void commit(State& state, const op::Map& map, const Outcome& answer, int handle) {
    const auto range = Range::from_size(map.start, map.size);
    if (!range) return;
    if (map.type != MapType::device_private && was_mapped_directly(state, answer)) map_directly(state, *range);
    if (!answer.accepted()) return leave_failure(state, *range, answer);
    if (!can_be_there(state, *range)) return;
    if (map.claim) claim(state, map, *range);
    take_pages(state, *range, range->last + 1);
    auto& pgmaps = state.pgmaps.writable();
    pgmaps.insert({.handle = handle >= 0 ? handle : pgmaps.lowest_free_handle(),
                   .range = *range,
                   .type = map.type,
                   .claimed = map.claim,
                   .owner = map.owner,
                   .altmap = map.altmap},
                  state.pfns(*range));
}

Outcome decide(const State& state, const op::Unmap& unmap) {
    if (state.pgmaps->find(unmap.handle) == nullptr) return Outcome::refuse(RuleId::unmap_no_handle, ENOENT);
    return Outcome::accept(RuleId::unmap_accepted);
}

void commit(State& state, const op::Unmap& unmap, const Outcome& answer, int) {
    const Mapping* found = state.pgmaps->find(unmap.handle);
    if (!answer.accepted() || found == nullptr) return;
    const Mapping mapping = *found;
    deactivate(state, mapping.range);
    if (mapping.type != MapType::device_private) unmap_directly(state, mapping.range);
    state.pgmaps.writable().remove(mapping.handle, state.pfns(mapping.range));
    if (mapping.claimed) state.resources.writable().release(mapping.range.start, mapping.range.size());
}

}   // namespace memhot
