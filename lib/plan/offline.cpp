// SPDX-License-Identifier: LGPL-2.1-or-later
//
// offline: the blocks that are named, or as much as is asked for of those that are the easiest to take. Downward, so that
// what fails half-way leaves no hole.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "plan/blocks.hpp"
#include "plan/interlocks.hpp"
#include "plan/planners.hpp"

namespace memhot::plan {

namespace {

// Blocks that the kernel would refuse, by rule.
using Unfit = std::map<RuleId, std::vector<std::uint64_t>>;

std::map<int, std::size_t> kernel_blocks_of_nodes(const std::vector<BlockInfo>& blocks) {
    std::map<int, std::size_t> out;
    for (const auto& block : blocks) {
        if (in_kernel_zone(block)) ++out[block.node];
    }
    return out;
}

// Online blocks that may go, the most removable first; the last kernel memory of each node stays.
std::vector<BlockInfo> candidates(const Builder& builder, Unfit& unfit) {
    std::vector<BlockInfo> blocks = builder.model().blocks();
    std::erase_if(blocks, [](const BlockInfo& block) { return !block.online; });
    auto left = kernel_blocks_of_nodes(blocks);
    most_removable_first(blocks);
    std::vector<BlockInfo> out;
    for (const auto& block : blocks) {
        const Outcome outcome = builder.model().outcome(op::SetState{block.number, "offline"});
        if (outcome.kind == Outcome::Kind::refused || outcome.kind == Outcome::Kind::crash) {
            unfit[outcome.rule].push_back(block.number);
        } else if (in_kernel_zone(block) && left[block.node] == 1) {
            unfit[RuleId::plan_last_kernel_memory].push_back(block.number);
        } else {
            if (in_kernel_zone(block)) --left[block.node];
            out.push_back(block);
        }
    }
    return out;
}

void say_choice(Builder& builder, const std::vector<BlockInfo>& chosen) {
    std::vector<std::uint64_t> movable;
    std::vector<std::uint64_t> kernel;
    for (const auto& block : chosen) (in_movable(block) ? movable : kernel).push_back(block.number);
    if (!movable.empty()) {
        builder.note(fmt::format("chosen: {} of zone Movable, whose pages can be moved unless they are pinned; highest "
                                 "address first",
                                 list_of(movable)));
    }
    if (kernel.empty()) return;
    builder.note(fmt::format("chosen: {} of kernel zones, because zone Movable has no more; any page of the kernel "
                             "there makes it fail",
                             list_of(kernel)));
}

std::vector<BlockInfo> pick(Builder& builder, std::uint64_t count) {
    Unfit unfit;
    std::vector<BlockInfo> chosen = candidates(builder, unfit);
    for (const auto& [reason, numbers] : unfit) {
        builder.note(fmt::format("not chosen: {}: {}", list_of(numbers), rule(reason).checks));
    }
    if (chosen.size() < count) {
        builder.refuse(RuleId::plan_not_enough,
                       fmt::format("{} blocks ({}) are wanted, {} ({}) can be asked for", count,
                                   human_size(count * builder.block_size()), chosen.size(),
                                   human_size(chosen.size() * builder.block_size())));
    }
    chosen.resize(std::min<std::size_t>(chosen.size(), count));
    say_choice(builder, chosen);
    return chosen;
}

}   // namespace

Status plan_offline(Builder& builder) {
    const auto size = blocks_of_size(builder);
    if (!size) return size.error();
    std::vector<BlockInfo> blocks;
    if (*size) {
        blocks = pick(builder, **size);
    } else {
        auto named = blocks_of_things(builder);
        if (!named) return std::move(named).error();
        blocks = *std::move(named);
        most_removable_first(blocks);
    }
    std::vector<std::uint64_t> already;
    for (const auto& block : blocks) {
        if (builder.ended()) break;
        if (block.online) {
            offline_block(builder, block);
        } else {
            already.push_back(block.number);
            builder.rely_on_block(block.number);
        }
    }
    if (!already.empty()) builder.note(fmt::format("offline already: {}", list_of(already)));
    guard_what_stays(builder);
    return Done{};
}

}   // namespace memhot::plan
