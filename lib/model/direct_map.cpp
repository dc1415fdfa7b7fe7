// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/direct_map.hpp"

#include <algorithm>

namespace memhot {

template <class Visit>
void DirectMap::for_each_gib(const Range& range, Visit&& visit) {
    for (std::uint64_t start = range.start;;) {
        const std::uint64_t last = std::min(range.last, start | (kGiB - 1));
        visit(start / kGiB, Range{start, last}, last - start + 1 == kGiB);
        if (last == range.last) return;
        start = last + 1;
    }
}

template <class Visit>
void DirectMap::for_each_entry(const Range& part, Visit&& visit) {
    for (std::uint64_t start = part.start;;) {
        const std::uint64_t last = std::min(part.last, start | (kSubsectionSize - 1));
        visit(start % kGiB / kSubsectionSize, last - start + 1 == kSubsectionSize);
        if (last == part.last) return;
        start = last + 1;
    }
}

DirectMap::Splits DirectMap::splits(const Range& range) const {
    Splits found;
    for_each_gib(range, [&](std::uint64_t number, const Range& part, bool whole) {
        const auto gib = gibs_.find(number);
        if (gib == gibs_.end() || whole) return;
        if (gib->second.page) {
            found.gib = true;
            return;
        }
        for_each_entry(part, [&](std::uint64_t index, bool all) {
            if (!all && gib->second.entries[index] == Entry::page) found.mib = true;
        });
    });
    return found;
}

void DirectMap::map(const Range& range) {
    for_each_gib(range, [&](std::uint64_t number, const Range& part, bool whole) {
        const bool is_new = !gibs_.contains(number);
        Gib& gib = gibs_[number];
        if (whole && (is_new || gib.page)) {
            gib.page = true;
            return;
        }
        gib.page = false;   // a table takes its place, with what follows alone
        for_each_entry(part, [&](std::uint64_t index, bool all) {
            Entry& entry = gib.entries[index];
            if (!all) entry = Entry::table;
            if (all && entry == Entry::none) entry = Entry::page;
        });
    });
}

void DirectMap::unmap(const Range& range) {
    for_each_gib(range, [&](std::uint64_t number, const Range& part, bool whole) {
        const auto gib = gibs_.find(number);
        if (gib == gibs_.end()) return;
        if (gib->second.page) {
            if (whole) gibs_.erase(gib);
            return;
        }
        for_each_entry(part, [&](std::uint64_t index, bool all) {
            if (all) gib->second.entries[index] = Entry::none;
        });
        const auto& entries = gib->second.entries;
        if (std::ranges::all_of(entries, [](Entry entry) { return entry == Entry::none; })) gibs_.erase(gib);
    });
}

}   // namespace memhot
