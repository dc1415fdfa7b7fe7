// SPDX-License-Identifier: LGPL-2.1-or-later
//
// remove_memory() and offline_and_remove_memory() (mm/memory_hotplug.c).
#include <cerrno>
#include <vector>

#include "model/operations.hpp"
#include "model/sparse.hpp"

namespace memhot {

namespace {

bool whole_blocks(const State& state, std::uint64_t start, std::uint64_t size) {
    return size != 0 && is_aligned(start, state.block_size) && is_aligned(size, state.block_size) &&
           Range::from_size(start, size).has_value();
}

// The first block of the range that check_memblock_offlined_cb() objects to.
std::optional<std::uint64_t> first_online(const State& state, const Range& range) {
    std::optional<std::uint64_t> found;
    for_each_block(state, range, [&](std::uint64_t number, const Block& block) {
        if (!block.online) return true;
        found = number;
        return false;
    });
    return found;
}

// 5.13 to 6.7 remove such memory only block by block; later all of the range must be such blocks, counted by its size
// (memory_blocks_have_altmaps, 6b8f0798b85a).
bool memmap_forbids(const State& state, const Range& range) {
    const std::uint64_t blocks = range.size() / state.block_size;
    std::uint64_t with_memmap = 0;
    for_each_block(state, range, [&](std::uint64_t, const Block& block) {
        if (block.vmemmap_pages != 0) ++with_memmap;
        return true;
    });
    if (with_memmap == 0) return false;
    return state.has(Feature::memmap_on_memory_split) ? with_memmap != blocks : range.size() != state.block_size;
}

std::vector<std::uint64_t> numbers_of_blocks(const State& state, const Range& range) {
    std::vector<std::uint64_t> numbers;
    for_each_block(state, range, [&](std::uint64_t number, const Block&) {
        numbers.push_back(number);
        return true;
    });
    return numbers;
}

void remove_blocks(State& state, const Range& range) {
    for (const std::uint64_t number : numbers_of_blocks(state, range)) state.blocks.writable(number) = Block{};
    if (const auto part = intersection(range, state.limits.physical)) deactivate(state, *part);
    unmap_directly(state, range);
    state.resources.writable().release_adjustable(range.start, range.size());
}

}   // namespace

Outcome decide(const State& state, const op::Remove& remove) {
    if (!whole_blocks(state, remove.start, remove.size))
        return Outcome::crashes(RuleId::remove_unaligned, remove.start);
    const Range range = *Range::from_size(remove.start, remove.size);
    if (const auto online = first_online(state, range)) {
        return Outcome::refuse(RuleId::remove_block_online, EBUSY, *online * state.block_size);
    }
    if (memmap_forbids(state, range)) return Outcome::refuse(RuleId::remove_memmap_granularity, EINVAL, range.start);
    return Outcome::accept(RuleId::remove_accepted);
}

void commit(State& state, const op::Remove& remove, const Outcome& answer, int) {
    const auto range = Range::from_size(remove.start, remove.size);
    if (range && answer.accepted()) remove_blocks(state, *range);
}

Outcome decide(const State& state, const op::OfflineAndRemove& remove) {
    const bool one_block = remove.size == state.block_size;
    if (!whole_blocks(state, remove.start, remove.size) ||
        (!one_block && !state.has(Feature::offline_and_remove_many))) {
        return Outcome::refuse(RuleId::offline_remove_unaligned, EINVAL, remove.start);
    }
    const Range range = *Range::from_size(remove.start, remove.size);
    Outcome answer = Outcome::accept(RuleId::offline_remove_accepted);
    for_each_block(state, range, [&](std::uint64_t number, const Block& block) {
        if (!block.online) return true;
        const Outcome offline = decide_offline(state, number, block);
        if (offline.kind == Outcome::Kind::uncertain) {
            answer = Outcome::unsure(RuleId::offline_remove_unmovable, offline.error, offline.at);
            return true;
        }
        // a certain refusal behind an uncertain one: either may come first, the certain one is what is left
        answer = offline;
        return false;
    });
    if (answer.kind != Outcome::Kind::refused && memmap_forbids(state, range)) {
        return Outcome::refuse(RuleId::remove_memmap_granularity, EINVAL, range.start);
    }
    return answer;
}

void commit(State& state, const op::OfflineAndRemove& remove, const Outcome& answer, int) {
    const auto range = Range::from_size(remove.start, remove.size);
    if (!range || !answer.accepted()) return;   // on failure what was offlined is onlined again
    for (const std::uint64_t number : numbers_of_blocks(state, *range)) {
        if (state.blocks.at(number).online) set_offline(state, number);
    }
    remove_blocks(state, *range);
}

}   // namespace memhot
