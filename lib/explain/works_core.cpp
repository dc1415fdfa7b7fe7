// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "explain/works.hpp"

namespace memhot::explaining::works {

namespace {

constexpr std::array<std::uint64_t, 3> kPageSizes{4 * kKiB, 16 * kKiB, 64 * kKiB};
constexpr std::uint64_t kStructPagePart = 64;   // a struct page of 64 bytes for each 4 KiB

std::string page_name(std::uint64_t page_size) { return fmt::format("{}k", page_size / kKiB); }

// Bytes of pages [first, last]; nothing where they do not fit into 64 bits.
std::optional<Range> bytes_of(std::uint64_t first, std::uint64_t last, std::uint64_t page_size) {
    if (last < first || last >= ~0ULL / page_size) return std::nullopt;
    return Range{first * page_size, (last + 1) * page_size - 1};
}

bool is_misaligned(const Range& range) {
    return !is_aligned(range.start, kSubsectionSize) || !is_aligned(range.last + 1, kSubsectionSize);
}

// What of a range is not covered by a place of RAM: the largest such part.
std::optional<Range> not_ram(const Text& text, const Range& range) {
    std::vector<Range> ram;
    for (const auto& place : text.places) {
        if (place.kind == PlaceKind::ram && place.range.overlaps(range)) ram.push_back(place.range);
    }
    if (ram.empty()) return std::nullopt;
    std::ranges::sort(ram);
    std::optional<Range> best;
    std::uint64_t from = range.start;
    const auto consider = [&](std::uint64_t start, std::uint64_t end) {   // end exclusive
        if (end > start && (!best || end - start > best->size())) best = Range{start, end - 1};
    };
    for (const auto& part : ram) {
        consider(from, std::min(part.start, range.last));
        from = std::max<std::uint64_t>(from, part.last == ~0ULL ? part.last : part.last + 1);
    }
    if (from <= range.last) consider(from, range.last == ~0ULL ? range.last : range.last + 1);
    return best;
}

}   // namespace

void misaligned_pages(Workings& work) {
    const auto first = work.number("start_pfn");
    const auto last = work.number("end_pfn");
    if (!first || !last) return;
    const auto known = work.number("page_size");
    for (const std::uint64_t page_size : kPageSizes) {
        if (known && *known != page_size) continue;
        const auto range = bytes_of(*first, *last, page_size);
        // a page size with which both ends are aligned is not this kernel's: it would not have complained
        if (!range || !is_misaligned(*range)) continue;
        work.found(Value::of_range("range_" + page_name(page_size), *range));
        put_inside(work, "range_" + page_name(page_size), *range, kSubsectionSize);
    }
}

void mixed_region(Workings& work) {
    const auto range = work.range("range");
    if (!range || range->last == ~0ULL) return;
    const std::uint64_t section = section_size_of(work);
    const std::uint64_t end = range->last + 1;
    if (!is_aligned(range->start, section)) {
        const std::uint64_t start = align_down(range->start, section);
        work.found(Value::of_range("first_section", {start, start + (section - 1)}));
    }
    if (!is_aligned(end, section)) {
        const std::uint64_t start = align_down(end, section);
        work.found(Value::of_range("last_section", {start, start + (section - 1)}));
    }
    put_inside(work, "whole_sections", *range, section);
    if (const auto part = not_ram(work.text(), *range)) work.next(Value::of_range("not_ram", *part));
}

void beyond_pluggable(Workings& work) {
    const auto start = work.number("start");
    const auto end = work.number("end");
    const auto limit = work.range("limit");
    if (!start || !end || !limit || *end <= *start) return;
    const std::uint64_t size = *end - *start;
    work.found(Value::of_size("size", size));
    if (limit->size() < size) return;
    // memory blocks and sections are powers of two: the last start that keeps the size's own alignment
    const std::uint64_t unit = std::max<std::uint64_t>(size & (~size + 1), kSubsectionSize);
    work.next(Value::of_address("last_start", align_down(limit->last - (size - 1), unit)));
}

void beyond_physmem(Workings& work) {
    const auto maximum = work.number("maximum");
    if (!maximum) return;
    work.next(Value::of_address("real_maximum", *maximum / 2));
}

void block_unaligned(Workings& work) {
    const auto block = work.number("block_size");
    const auto start = work.number("start");
    const auto size = work.number("size");
    if (!block || !start || !size) return;
    put_starts(work, *start, *block);
    put_sizes(work, *size, *block);
}

void section_unaligned(Workings& work) {
    const auto start = work.number("start");
    const auto size = work.number("size");
    if (!start || !size) return;
    const std::uint64_t section = section_size_of(work);
    put_starts(work, *start, section);
    put_sizes(work, *size, section);
}

void online_block(Workings& work) {
    const auto range = work.range("range");
    if (!range) return;
    work.found(Value::of_size("block_size", range->size()));
    put_block(work, range->start, range->size());
}

void boot_block(Workings& work) {
    const auto start = work.number("start");
    const auto end = work.number("end");
    if (!start || !end || *end <= *start) return;
    work.found(Value::of_size("block_size", *end - *start));
    put_block(work, *start, *end - *start);
}

void numbered_block(Workings& work) {
    const auto online = work.number("blocks_online");
    const auto total = work.number("blocks_total");
    if (online && total && *total >= *online) work.found(Value::of_count("blocks_offline", *total - *online));
    const auto block = work.number("block");
    const auto size = work.number("block_size");
    if (!block || !size || *size == 0 || *block > ~0ULL / *size - 1) return;
    work.found(Value::of_range("block_range", {*block * *size, (*block + 1) * *size - 1}));
}

void offline_reason(Workings& work) {
    struct Row {
        std::string_view word;
        std::string_view id;
    };
    constexpr std::array kReasons{
        Row{"memory holes", "offline.holes"},       Row{"multizone", "offline.multizone"},
        Row{"unmovable page", "offline.unmovable"}, Row{"isolate range", "offline.unmovable"},
        Row{"signal backoff", "offline.signal"},    Row{"notifier failure", "offline.notifier"},
        Row{"huge pages", "offline.huge-pages"},
    };
    const std::string reason = work.word("reason");
    for (const auto& row : kReasons) {
        if (reason.find(row.word) != std::string::npos) {
            work.become(row.id);
            break;
        }
    }
    online_block(work);
}

void offline_refused(Workings& work) {
    if (work.error() == EPERM) work.become("offline.boot-memory");
    if (work.error() == EINTR) work.become("offline.signal");
    numbered_block(work);
}

void memmap_cost(Workings& work) {
    if (const auto order = work.number("order"); order && *order < 20) {
        work.found(Value::of_size("allocation", (4 * kKiB) << *order));
    }
    const auto size = work.number("size");
    if (!size) return;
    work.found(Value::of_size("memmap_size", *size / kStructPagePart));
}

void wrong_granularity(Workings& work) {
    const auto start = work.number("start");
    const auto end = work.number("end");
    const auto block = work.number("block_size");
    if (!start || !end || *end <= *start) return;
    work.found(Value::of_size("size", *end - *start));
    if (!block || *block == 0) {
        work.need(Need::block_size);
        return;
    }
    work.found(Value::of_count("blocks", (*end - *start) / *block));
    work.next(Value::of_range("first_piece", {*start, *start + (*block - 1)}));
}

void pages_at(Workings& work) {
    const auto first = work.number("start_pfn");
    const auto pages = work.number("pages");
    if (!first || !pages || *pages == 0) return;
    const auto known = work.number("page_size");
    for (const std::uint64_t page_size : kPageSizes) {
        if (known && *known != page_size) continue;
        if (*first > ~0ULL - *pages) continue;
        if (const auto range = bytes_of(*first, *first + *pages - 1, page_size)) {
            work.found(Value::of_range("range_" + page_name(page_size), *range));
        }
    }
}

void section_conflict(Workings& work) {
    const std::uint64_t section = section_size_of(work);
    if (const auto size = work.number("size")) put_sizes(work, *size, section);
}

void altmap_invalid(Workings& work) {
    const auto size = work.number("size");
    if (!size) return;
    work.found(Value::of_size("memmap_size", *size / kStructPagePart));
}

void nonexistent(Workings& work) { range_size(work); }

void blocks_of_range(Workings& work) {
    const auto range = work.range("range");
    const auto block = work.number("block_size");
    if (range && block) put_kmem(work, *range, *block);
}

void dumped_page(Workings& work) {
    const auto pfn = work.number("pfn");
    if (!pfn || *pfn >> 48 != 0) return;
    work.found(Value::of_address("page_at", *pfn * work.number("page_size").value_or(4 * kKiB)));
}

}   // namespace memhot::explaining::works
