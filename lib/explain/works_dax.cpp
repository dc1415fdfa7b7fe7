// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <bit>

#include "explain/works.hpp"
#include "nvdimm/geometry.hpp"

namespace memhot::explaining::works {

namespace {

constexpr std::uint64_t kSmallestBlock = 16 * kMiB;   // a section of ppc64
constexpr std::uint64_t kLargestBlock = 2 * kGiB;   // MAX_BLOCK_SIZE of x86; more only by firmware of s390 and ppc64

bool usual_range(const Range& range) { return range.last < (1ULL << 62); }

// The smallest block size for which kmem keeps nothing of a range.
std::optional<std::uint64_t> smallest_useless_block(const Range& range) {
    for (std::uint64_t block = kSmallestBlock; block <= (1ULL << 40); block *= 2) {
        if (!kmem_blocks(range, block)) return block;
    }
    return std::nullopt;
}

// The largest power of two that both ends of a range are multiples of: blocks can be no larger.
std::uint64_t largest_block(const Range& range) {
    const std::uint64_t bits = range.start | (range.last + 1);
    return bits == 0 ? kLargestBlock : std::min(bits & (~bits + 1), kLargestBlock);
}

}   // namespace

void range_size(Workings& work) {
    if (const auto range = work.range("range")) work.found(Value::of_size("range_size", range->size()));
}

void kmem_too_small(Workings& work) {
    const auto range = work.range("range");
    if (!range || !usual_range(*range)) return;
    work.found(Value::of_size("range_size", range->size()));
    if (const auto least = smallest_useless_block(*range)) {
        work.found(Value::of_size("block_size_at_least", *least));
        if (*least > kSmallestBlock) work.next(Value::of_size("block_size_that_fits", *least / 2));
    }
    const auto known = work.number("block_size");
    const std::uint64_t block = known.value_or(kLargestBlock);
    if (!std::has_single_bit(block)) return;
    if (known) put_kmem(work, *range, block);
    // where it begins now it would have to reach the end of the first whole block
    const std::uint64_t first = align_up(range->start, block);
    work.next(Value::of_size("size_for_one_block", first - range->start + block));
    if (!known) work.next(Value::of_size("for_block_size", block));
}

void kmem_truncated(Workings& work) {
    const auto block = work.number("block_size");
    auto range = work.range("dax_range");
    if (!range) range = work.range("range");
    if (range && block) put_kmem(work, *range, *block);
}

void kmem_nothing_left(Workings& work) {
    const auto usable = usable_size(work);
    const auto known = work.number("block_size");
    const std::uint64_t block = known.value_or(kLargestBlock);
    if (!std::has_single_bit(block) || block > kTiB) return;
    if (usable) {
        work.found(Value::of_count("whole_blocks", 0));
        if (!known) work.found(Value::of_size("block_size_at_least", std::bit_floor(*usable)));
    }
    if (!known) work.next(Value::of_size("for_block_size", block));
    work.next(Value::of_size("size_for_blocks", 2 * block));
}

void kmem_in_front(Workings& work) {
    const auto kept = work.range("kept");
    auto start = work.number("start");
    if (const auto metadata = work.range("metadata"); !start && metadata) start = metadata->last + 1;
    if (!kept || !start || kept->start < *start || !usual_range(*kept)) return;
    work.found(Value::of_size("lost_in_front", kept->start - *start));
    work.found(Value::of_size("gained", kept->size()));
    work.found(Value::of_size("block_size_at_most", largest_block(*kept)));
    // the next start of data that loses nothing
    work.next(Value::of_address("data_start_above", kept->start));
}

void busy_range(Workings& work) {
    for (const std::string_view name : {"range", "dax_range"}) {
        if (const auto range = work.range(name)) {
            work.found(Value::of_size("range_size", range->size()));
            return;
        }
    }
}

void stuck_range(Workings& work) {
    const auto range = work.range("range");
    if (!range) return;
    work.found(Value::of_size("range_size", range->size()));
    const auto block = work.number("block_size");
    if (!block || !std::has_single_bit(*block)) {
        work.need(Need::block_size);
        return;
    }
    put_block(work, range->start, *block);
    work.found(Value::of_count("blocks", range->size() / *block));
}

void unaligned_vma(Workings& work) {
    const auto start = work.number("start");
    const auto end = work.number("end");
    const auto mask = work.number("mask");
    if (!start || !end || !mask || *mask == ~0ULL || !std::has_single_bit(*mask + 1)) return;
    work.found(Value::of_size("align", *mask + 1));
    work.found(Value::of_size("length", *end - *start));
    put_sizes(work, *end - *start, *mask + 1);
    put_starts(work, *start, *mask + 1);
}

void virtio_start(Workings& work) { work.number("device_start"); }

void private_conflict(Workings& work) {
    const auto asked = work.range("range");
    const auto there = work.range("in_the_way");
    if (!asked) return;
    work.found(Value::of_size("range_size", asked->size()));
    if (!there || !asked->overlaps(*there)) return;
    // un-addressable memory is placed from the top: what is below it is free of it
    if (there->start > asked->start) work.next(Value::of_range("free_of_it", {asked->start, there->start - 1}));
}

void devices_of_range(Workings& work) {
    const auto range = work.range("range");
    const auto piece = work.number("piece");
    if (!range || !piece || *piece == 0) return;
    work.found(Value::of_size("range_size", range->size()));
    work.found(Value::of_count("devices", range->size() / *piece));
}

void window_covered(Workings& work) {
    if (const auto window = work.range("window")) work.found(Value::of_size("range_size", window->size()));
}

}   // namespace memhot::explaining::works
