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

// check_pfn_span(): start and length in whole sub-sections.
bool is_misaligned(const Range& range) {
    return !is_aligned(range.start, kSubsectionSize) || !is_aligned(range.size(), kSubsectionSize);
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

}   // namespace

AddPagesAnswer add_pages(const State& state, const Range& range, const Altmap* altmap) {
    if (state.has(Feature::addressable_check_in_add_pages) && range.last > state.limits.physical.last) {
        return {.what = What::beyond_physmem, .at = range.start};
    }
    if (altmap != nullptr && !altmap_fits(state, range, *altmap)) return {.what = What::altmap_invalid, .at = range.start};
    if (is_misaligned(range)) return {.what = What::misaligned, .at = range.start};
    const AddPages tried = try_add_pages(state, range, altmap);
    return {.what = what_of(tried.end), .at = tried.at, .altmap_pages = tried.altmap_pages};
}

}   // namespace memhot
