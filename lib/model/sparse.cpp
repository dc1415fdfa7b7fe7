// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/sparse.hpp"

#include <algorithm>

namespace memhot {

namespace {

// arm64 with 16K or 64K pages: a sub-section has less than a page of memmap. vmemmap_populate_basepages() steps by whole
// pages from the (unaligned) start, so the last page is missed where start and end fall into the middle of pages, and
// __init_zone_device_page() oopses on it; unless a neighbour already brought that page.
bool misses_last_memmap_page(const State& state, const Piece& piece) {
    const KernelProfile& profile = *state.profile;
    const std::uint64_t page = profile.page_size;
    if (profile.arch != Arch::arm64 || page == 4096 || piece.whole) return false;
    const std::uint64_t unit = profile.pages_per_subsection() * profile.struct_page_size;   // memmap of a sub-section
    if (unit >= page) return false;
    const std::uint64_t start = piece.span.first * unit;
    const std::uint64_t end = start + piece.span.count * unit;
    const std::uint64_t populated_end = (start / page + (end - start + page - 1) / page) * page;
    if (end <= populated_end) return false;
    const auto next = piece.span.first + piece.span.count;
    const auto page_end = static_cast<unsigned>(align_up(end, page) / unit);
    return !state.sections.any(piece.section, {next, page_end - next});
}

// Pages of memmap of `unit` bytes that a piece would populate; those where a neighbour was first are there. Base pages are
// counted as vmemmap_populate_basepages() steps: whole pages from the start, wherever in a page that lies.
std::uint64_t missing_memmap(const State& state, const Piece& piece, std::uint64_t unit) {
    const KernelProfile& profile = *state.profile;
    const std::uint64_t each = profile.pages_per_subsection() * profile.struct_page_size;
    if (each >= unit) return piece.span.count * each / unit;
    const auto per_unit = static_cast<unsigned>(unit / each);   // sub-sections
    const unsigned first = piece.span.first / per_unit;
    const unsigned end = unit == profile.page_size ? first + (piece.span.count + per_unit - 1) / per_unit
                                                   : (piece.span.first + piece.span.count + per_unit - 1) / per_unit;
    std::uint64_t missing = 0;
    for (unsigned number = first; number < end; ++number) {
        if (!state.sections.any(piece.section, {number * per_unit, per_unit})) ++missing;
    }
    return missing;
}

// What sparse_add_section() would do with one piece.
AddPages::End try_piece(const State& state, const Piece& piece, AltmapAllocator* altmap) {
    if (state.sections.any(piece.section, piece.span)) return AddPages::End::active;
    const bool reuses = !piece.whole && state.sections.has(piece.section, SectionTable::kEarly);
    if (reuses) return AddPages::End::all;   // section_activate(): the boot memmap serves
    if (altmap != nullptr) {
        const MemmapNeed need{.base_pages = missing_memmap(state, piece, state.profile->page_size),
                              .pmds = missing_memmap(state, piece, state.profile->pmd_size),
                              .whole = piece.whole};
        if (!populate_memmap(*state.profile, need, altmap)) return AddPages::End::no_memory;
    }
    return misses_last_memmap_page(state, piece) ? AddPages::End::partial_page : AddPages::End::all;
}

}   // namespace

AddPages try_add_pages(const State& state, const Range& range, const Altmap* altmap) {
    AltmapAllocator allocator(state.pfn(range.start), altmap != nullptr ? *altmap : Altmap{}, state.profile->page_size);
    AddPages result;
    bool crashes = false;
    std::uint64_t crash_at = 0;
    for_each_piece(state.sections, range, [&](const Piece& piece) {
        result.altmap_pages = allocator.taken_pages();   // a piece that fails gives its own pages back
        const auto end = try_piece(state, piece, altmap != nullptr ? &allocator : nullptr);
        if (end == AddPages::End::partial_page) {   // seen only once everything is added and pages are initialised
            crash_at = crashes ? crash_at : piece.range.start;
            crashes = true;
        } else if (end != AddPages::End::all) {
            result.end = end;
            result.at = piece.range.start;
            return false;
        }
        return true;
    });
    if (result.end == AddPages::End::all && crashes) {
        result.end = AddPages::End::partial_page;
        result.at = crash_at;
    }
    if (result.end == AddPages::End::all) result.altmap_pages = allocator.taken_pages();
    return result;
}

void activate(State& state, const Range& range, std::uint64_t until_exclusive) {
    if (until_exclusive <= range.start) return;
    const Range part{range.start, std::min(range.last, until_exclusive - 1)};
    for_each_piece(state.sections, part, [&](const Piece& piece) {
        state.sections.set(piece.section, piece.span, true);
        const std::uint8_t flags = state.sections.flags(piece.section);
        state.sections.set_flags(piece.section, flags | SectionTable::kPresent | SectionTable::kHasMemMap);
        return true;
    });
}

void deactivate(State& state, const Range& range) {
    for_each_piece(state.sections, range, [&](const Piece& piece) {
        if (!state.sections.has(piece.section, SectionTable::kHasMemMap)) return true;   // WARN !valid_section
        if (!state.sections.all(piece.section, piece.span)) return true;   // WARN already deactivated
        state.sections.set(piece.section, piece.span, false);
        // section_mem_map = 0: early, online and present go with the last bit
        if (state.sections.empty(piece.section)) state.sections.set_flags(piece.section, 0);
        return true;
    });
}

}   // namespace memhot
