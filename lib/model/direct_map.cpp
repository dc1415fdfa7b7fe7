// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/direct_map.hpp"

#include <algorithm>
#include <iterator>

namespace memhot {

namespace {

// A range by GiB: whole(first, end) for the run of whole ones, part(number, range) for what is left at either end.
template <class Whole, class Part>
void split_by_gib(const Range& range, Whole&& whole, Part&& part) {
    const std::uint64_t first = range.start / kGiB + (is_aligned(range.start, kGiB) ? 0 : 1);
    const std::uint64_t end = range.last / kGiB + (range.last % kGiB == kGiB - 1 ? 1 : 0);
    if (first > end) {   // within one GiB
        part(range.start / kGiB, range);
        return;
    }
    if (!is_aligned(range.start, kGiB)) part(first - 1, Range{range.start, first * kGiB - 1});
    if (first < end) whole(first, end);
    if (range.last % kGiB != kGiB - 1) part(end, Range{end * kGiB, range.last});
}

// visit(index of the 2 MiB, whether all of it is in the part)
template <class Visit>
void for_each_entry(const Range& part, Visit&& visit) {
    for (std::uint64_t start = part.start;;) {
        const std::uint64_t last = std::min(part.last, start | (kSubsectionSize - 1));
        visit(start % kGiB / kSubsectionSize, last - start + 1 == kSubsectionSize);
        if (last == part.last) return;
        start = last + 1;
    }
}

}   // namespace

bool DirectMap::has_page(std::uint64_t gib) const {
    auto run = pages_.upper_bound(gib);
    return run != pages_.begin() && (--run)->second > gib;
}

void DirectMap::insert_pages(std::uint64_t first, std::uint64_t end) {
    if (first >= end) return;
    auto run = pages_.upper_bound(first);
    if (run != pages_.begin() && std::prev(run)->second >= first) --run;
    while (run != pages_.end() && run->first <= end) {   // those that touch it become one with it
        first = std::min(first, run->first);
        end = std::max(end, run->second);
        run = pages_.erase(run);
    }
    pages_.emplace(first, end);
}

void DirectMap::erase_pages(std::uint64_t first, std::uint64_t end) {
    auto run = pages_.upper_bound(first);
    if (run != pages_.begin() && std::prev(run)->second > first) --run;
    while (run != pages_.end() && run->first < end) {
        const auto [old_first, old_end] = *run;
        run = pages_.erase(run);
        if (old_first < first) pages_.emplace(old_first, first);
        if (old_end > end) run = std::next(pages_.emplace(end, old_end).first);
    }
}

DirectMap::Splits DirectMap::splits(const Range& range) const {
    Splits found;
    split_by_gib(
        range, [](std::uint64_t, std::uint64_t) {},
        [&](std::uint64_t gib, const Range& part) {
            found.gib = found.gib || has_page(gib);
            const auto table = tables_.find(gib);
            if (table == tables_.end()) return;
            for_each_entry(part, [&](std::uint64_t index, bool all) {
                if (!all && table->second[index] == Entry::page) found.mib = true;
            });
        });
    return found;
}

void DirectMap::map_part(std::uint64_t gib, const Range& part) {
    erase_pages(gib, gib + 1);   // a table takes its place, with what follows alone
    Table& table = tables_[gib];
    for_each_entry(part, [&](std::uint64_t index, bool all) {
        Entry& entry = table[index];
        if (!all) entry = Entry::table;
        if (all && entry == Entry::none) entry = Entry::page;
    });
}

void DirectMap::map(const Range& range) {
    split_by_gib(
        range,
        [&](std::uint64_t first, std::uint64_t end) {
            // pages where there is nothing yet; a table stays one and is filled
            for (auto table = tables_.lower_bound(first); table != tables_.end() && table->first < end; ++table) {
                insert_pages(first, table->first);
                first = table->first + 1;
                std::ranges::replace(table->second, Entry::none, Entry::page);
            }
            insert_pages(first, end);
        },
        [&](std::uint64_t gib, const Range& part) { map_part(gib, part); });
}

void DirectMap::unmap_part(std::uint64_t gib, const Range& part) {
    const auto table = tables_.find(gib);
    if (table == tables_.end()) return;
    for_each_entry(part, [&](std::uint64_t index, bool all) {
        if (all) table->second[index] = Entry::none;
    });
    if (std::ranges::all_of(table->second, [](Entry entry) { return entry == Entry::none; })) tables_.erase(table);
}

void DirectMap::unmap(const Range& range) {
    split_by_gib(
        range,
        [&](std::uint64_t first, std::uint64_t end) {
            erase_pages(first, end);
            tables_.erase(tables_.lower_bound(first), tables_.lower_bound(end));
        },
        [&](std::uint64_t gib, const Range& part) { unmap_part(gib, part); });
}

}   // namespace memhot
