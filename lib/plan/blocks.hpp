// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which memory blocks the words of a wish mean, and which of them are the easiest to take away.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plan/builder.hpp"

namespace memhot::plan {

// Memory blocks of ranges, block lists, nodes and dax devices, ascending, each once. bad_input for a range that is not
// of whole blocks, not_found for words that mean nothing here or blocks that are not there. A note where some are not.
Result<std::vector<BlockInfo>> blocks_of_things(Builder& builder);

// A wish of one size ("4G"): as many blocks; bad_input where it is not a multiple of a block. Nothing for other words.
Result<std::optional<std::uint64_t>> blocks_of_size(const Builder& builder);

// bad_input: a range that begins or ends within a block, with the whole blocks that it touches.
Error not_whole(const Builder& builder, const Range& range);

// Movable zone first, then the highest address: what is most likely to go, and leaves no holes.
void most_removable_first(std::vector<BlockInfo>& blocks);

bool in_movable(const BlockInfo& block);
// An online block whose zone is a kernel zone, or several.
bool in_kernel_zone(const BlockInfo& block);
// "memory40 (140000000-147ffffff)"
std::string name_of_block(const Builder& builder, std::uint64_t number);
// "memory35-36, memory40": ascending.
std::string list_of(std::vector<std::uint64_t> numbers);
WriteAction state_write(std::uint64_t number, std::string_view word);
// The block to whose state that is a write; nothing where it is one to another file.
std::optional<std::uint64_t> block_written(const WriteAction& write);

// One write to memoryN/state: what is told, what undoes it, what it relies on.
PlanStep& online_block(Builder& builder, const BlockInfo& block, WantedZone zone);
PlanStep& offline_block(Builder& builder, const BlockInfo& block);

}   // namespace memhot::plan
