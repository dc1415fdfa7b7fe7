// SPDX-License-Identifier: LGPL-2.1-or-later
//
// mm/sparse.c: sections are activated and deactivated in pieces, each within one section.
#pragma once

#include <cstdint>

#include "model/altmap.hpp"
#include "model/state.hpp"

namespace memhot {

// The part of a request inside one section.
struct Piece {
    std::uint64_t section = 0;
    SubsectionSpan span;
    bool whole = false;   // all of the section
    Range range;
};

inline bool is_whole_subsections(const Range& range) {
    return is_aligned(range.start, kSubsectionSize) && is_aligned(range.size(), kSubsectionSize);
}

// Calls visit(piece) for a 2 MiB aligned range, ascending; visit returns false to stop.
template <class Visit>
void for_each_piece(const SectionTable& sections, const Range& range, Visit&& visit) {
    const std::uint64_t size = sections.section_size();
    for (std::uint64_t start = range.start;;) {
        const std::uint64_t last = std::min(range.last, start | (size - 1));
        const auto first = static_cast<unsigned>((start & (size - 1)) >> kSubsectionShift);
        const auto count = static_cast<unsigned>((last - start + 1) >> kSubsectionShift);
        if (!visit(Piece{sections.number_of(start), {first, count}, count == sections.subsections(), {start, last}}))
            return;
        if (last == range.last) return;
        start = last + 1;
    }
}

// How far __add_pages() gets.
struct AddPages {
    enum class End : std::uint8_t { all, active, no_memory, partial_page };
    End end = End::all;
    std::uint64_t at = 0;               // start of the piece that failed
    std::uint64_t altmap_pages = 0;     // handed out to the pieces before it
};
// sparse_add_section() over the range, without changing anything. altmap may be null.
AddPages try_add_pages(const State& state, const Range& range, const Altmap* altmap);

// Activates [range.start, until): what a successful or failed __add_pages() leaves (nobody rolls pieces back).
void activate(State& state, const Range& range, std::uint64_t until_exclusive);
// __remove_pages(): pieces that are not fully active are skipped with a warning, as section_deactivate() does.
void deactivate(State& state, const Range& range);

}   // namespace memhot
