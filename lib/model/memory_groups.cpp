// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/memory_groups.hpp"

#include <algorithm>
#include <map>
#include <string>

#include "model/state.hpp"

namespace memhot {

namespace {

std::uint64_t& present(MemoryGroup& group, Zone zone) {
    return zone == Zone::movable ? group.present_movable : group.present_kernel;
}

// "dax0.1" has its memory as a child, one for each of its ranges.
void kmem_of(const std::vector<Resource>& resources, std::map<std::string, std::vector<Range>>& out) {
    for (const auto& resource : resources) {
        for (const auto& child : resource.children) {
            if (child.name == "System RAM (kmem)") out[resource.name].push_back(child.range);
        }
        kmem_of(resource.children, out);
    }
}

void take_blocks(State& state, const std::vector<Range>& ranges) {
    const std::uint32_t group = register_group(state, ranges);
    const std::uint64_t pages = state.pages(state.block_size);
    std::vector<std::uint64_t> numbers;
    for (const auto& range : ranges) {
        state.blocks.for_each_in(state.block_of(range.start), state.block_of(range.last),
                                 [&](std::uint64_t number, const Block& block) {
                                     if (!block.boot) numbers.push_back(number);
                                     return true;
                                 });
    }
    for (const auto number : numbers) {
        Block& block = state.blocks.writable(number);
        block.group = group;
        if (block.online && block.zone != Zone::none) enter_group(state, group, block.zone, pages);
    }
}

}   // namespace

std::uint32_t register_group(State& state, const std::vector<Range>& ranges) {
    if (!state.has(Feature::auto_movable) || ranges.empty()) return 0;
    const auto& groups = *state.groups;
    const auto found = std::ranges::find(groups, ranges, &MemoryGroup::ranges);
    if (found != groups.end()) return static_cast<std::uint32_t>(found - groups.begin()) + 1;
    MemoryGroup group{.ranges = ranges};
    for (const auto& range : ranges) group.max_pages += state.pages(range.size());
    state.groups.writable().push_back(std::move(group));
    return static_cast<std::uint32_t>(state.groups->size());
}

void enter_group(State& state, std::uint32_t group, Zone zone, std::uint64_t pages) {
    if (group != 0) present(state.groups.writable()[group - 1], zone) += pages;
}

void leave_group(State& state, std::uint32_t group, Zone zone, std::uint64_t pages) {
    if (group == 0) return;
    auto& left = present(state.groups.writable()[group - 1], zone);
    left -= std::min(left, pages);
}

void groups_of_host(State& state) {
    if (!state.has(Feature::auto_movable)) return;
    std::map<std::string, std::vector<Range>> devices;
    kmem_of(state.resources->roots(), devices);
    for (const auto& [_, ranges] : devices) take_blocks(state, ranges);
}

}   // namespace memhot
