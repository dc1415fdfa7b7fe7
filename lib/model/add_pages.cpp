// SPDX-License-Identifier: LGPL-2.1-or-later
//
// __add_pages() (mm/memory_hotplug.c): what comes before the sections are touched.
#include "model/operations.hpp"
#include "model/sparse.hpp"

namespace memhot {

namespace {

using What = AddPagesAnswer::What;

// reserve + free must lie inside the range (since the base is the start, only the sum is checked): vmem_altmap_offset.
bool altmap_fits(const State& state, const Range& range, const Altmap& altmap) {
    return altmap.reserve_pages + altmap.free_pages <= state.pages(range.size());
}

What what_of(AddPages::End end) {
    switch (end) {
        case AddPages::End::active: return What::active;
        case AddPages::End::no_memory: return What::no_memory;
        case AddPages::End::partial_page: return What::partial_page;
        case AddPages::End::all: break;
    }
    return What::added;
}

// Answers of add_pages() and of what follows it.
bool came_from_add_pages(RuleId rule) {
    switch (rule) {
        case RuleId::map_accepted:
        case RuleId::map_beyond_physmem:
        case RuleId::map_altmap_invalid:
        case RuleId::map_misaligned:
        case RuleId::map_subsection_active:
        case RuleId::map_altmap_exhausted:
        case RuleId::add_accepted:
        case RuleId::add_beyond_physmem:
        case RuleId::add_subsection_active: return true;
        default: return false;
    }
}

}   // namespace

bool was_mapped_directly(const State& state, const Outcome& answer) {
    return state.profile->arch == Arch::x86_64 && came_from_add_pages(answer.rule);
}

void map_directly(State& state, const Range& range) {
    const auto part = intersection(range, state.limits.physical);
    if (state.profile->arch == Arch::x86_64 && part) state.direct_map.writable().map(*part);
}

void unmap_directly(State& state, const Range& range) {
    const auto part = intersection(range, state.limits.physical);
    if (state.profile->arch == Arch::x86_64 && part) state.direct_map.writable().unmap(*part);
}

AddPagesAnswer add_pages(const State& state, const Range& range, const Altmap* altmap) {
    if (state.has(Feature::addressable_check_in_add_pages) && range.last > state.limits.physical.last) {
        return {.what = What::beyond_physmem, .at = range.start};
    }
    if (altmap != nullptr && !altmap_fits(state, range, *altmap))
        return {.what = What::altmap_invalid, .at = range.start};
    // check_pfn_span()
    if (!is_whole_subsections(range)) return {.what = What::misaligned, .at = range.start};
    if (!can_be_there(state, range))
        return {.what = What::added};   // before 5.5 nobody asks, and there is nothing to meet
    const AddPages tried = try_add_pages(state, range, altmap);
    return {.what = what_of(tried.end), .at = tried.at, .altmap_pages = tried.altmap_pages};
}

}   // namespace memhot
