// SPDX-License-Identifier: LGPL-2.1-or-later
//
// memoryN/state and auto_online_blocks (drivers/base/memory.c), online_pages() and offline_pages() (mm/memory_hotplug.c).
#include <cerrno>

#include "model/operations.hpp"
#include "model/zone_rules.hpp"
#include "model/zonelists.hpp"

namespace memhot {

namespace {

// count_system_ram_pages_cb(): pages of busy System RAM in [first, end).
std::uint64_t ram_pages(const State& state, std::uint64_t first, std::uint64_t end) {
    const std::uint64_t page = state.profile->page_size;
    std::uint64_t pages = 0;
    state.resources->walk_busy_ram({first * page, end * page - 1}, [&](const Range& part) {
        const std::uint64_t from = align_up(part.start, page) / page;
        const std::uint64_t to = (part.last + 1) / page;
        if (to > from) pages += to - from;
        return true;
    });
    return pages;
}

bool has_holes(const State& state, std::uint64_t number, const Block& block) {
    const std::uint64_t start = state.pfn(number * state.block_size);
    const std::uint64_t first = start + block.vmemmap_pages;
    const std::uint64_t end = start + state.pages(state.block_size);
    return ram_pages(state, first, end) != end - first;
}

// Every section of a block, or the early flag of its first one.
template <class Change>
void change_section_flags(State& state, std::uint64_t number, Change&& change) {
    const std::uint64_t sections = state.block_size / state.sections.section_size();
    for (std::uint64_t section = number * sections; section < (number + 1) * sections; ++section) {
        const std::uint8_t flags = state.sections.flags(section);
        if ((flags & SectionTable::kPresent) != 0) state.sections.set_flags(section, change(flags));
    }
}

bool is_early(const State& state, std::uint64_t number) {
    return state.sections.has(state.sections.number_of(number * state.block_size), SectionTable::kEarly);
}

}   // namespace

Outcome decide_offline(const State& state, std::uint64_t number, const Block& block) {
    const std::uint64_t at = number * state.block_size;
    if (state.has(Feature::block_remembers_zone) && block.zone == Zone::none) {
        return Outcome::refuse(RuleId::offline_multizone, EINVAL, at);
    }
    if (state.has(Feature::offline_checks_holes) && has_holes(state, number, block)) {
        return Outcome::refuse(RuleId::offline_holes, EINVAL, at);
    }
    if (zone_of_online_block(state, number, block) == Zone::none) {
        return Outcome::refuse(RuleId::offline_multizone, EINVAL, at);
    }
    if (state.has(Feature::arm64_boot_memory_stays) && block.boot && is_early(state, number)) {
        return Outcome::refuse(RuleId::offline_boot_memory, EPERM, at);
    }
    return Outcome::unsure(RuleId::offline_unmovable, EBUSY, at);
}

void set_online(State& state, std::uint64_t number, OnlineType type) {
    const Block before = state.blocks.at(number);
    const std::uint64_t pfn = state.pfn(number * state.block_size);
    const std::uint64_t pages = state.pages(state.block_size);
    const Zone zone = zone_for(state, type, before.node, before.group, pfn, pages);
    const bool first = is_zone_empty(state, before.node, zone);
    const auto present = first ? present_pages(state) : std::vector<std::uint64_t>();
    enter_zone(state, before.node, zone, pfn, pages, is_early(state, number));
    enter_group(state, before.group, zone, pages);
    if (first) zone_got_pages(state, zone, present, pages - before.vmemmap_pages);
    Block& block = state.blocks.writable(number);
    block.online = true;
    block.zone = zone;
    change_section_flags(state, number,
                         [](std::uint8_t flags) { return static_cast<std::uint8_t>(flags | SectionTable::kOnline); });
}

void set_offline(State& state, std::uint64_t number) {
    const Block before = state.blocks.at(number);
    Block& block = state.blocks.writable(number);
    block.online = false;
    block.zone = Zone::none;
    change_section_flags(state, number,
                         [](std::uint8_t flags) { return static_cast<std::uint8_t>(flags & ~SectionTable::kOnline); });
    if (before.zone == Zone::none) return;
    leave_zone(state, before.node, before.zone, state.pfn(number * state.block_size), state.pages(state.block_size),
               is_early(state, number));
    leave_group(state, before.group, before.zone, state.pages(state.block_size));
    if (is_zone_empty(state, before.node, before.zone)) zone_lost_pages(state);
}

Outcome decide(const State& state, const op::SetState& set) {
    const Block& block = state.blocks.at(set.block);
    const std::uint64_t at = set.block * state.block_size;
    if (!block.exists) return Outcome::refuse(RuleId::state_no_block, ENOENT, at);
    const auto type = parse_online_type(set.state);
    if (!type) return Outcome::refuse(RuleId::state_unknown_word, EINVAL, at);
    const bool wants_online = *type != OnlineType::offline;
    if (wants_online == block.online) return Outcome::refuse(RuleId::state_already, EINVAL, at);
    return wants_online ? Outcome::accept(RuleId::online_accepted) : decide_offline(state, set.block, block);
}

void commit(State& state, const op::SetState& set, const Outcome& answer, int) {
    const auto type = parse_online_type(set.state);
    if (!answer.accepted() || !type || !state.blocks.at(set.block).exists) return;
    const bool wants_online = *type != OnlineType::offline;
    if (wants_online == state.blocks.at(set.block).online) return;
    if (wants_online) {
        set_online(state, set.block, *type);
    } else {
        set_offline(state, set.block);
    }
}

Outcome decide(const State& state, const op::SetAutoOnline& set) {
    if (parse_default_online(set.state, *state.profile)) return Outcome::accept(RuleId::auto_online_accepted);
    return Outcome::refuse(RuleId::auto_online_unknown_word, EINVAL);
}

void commit(State& state, const op::SetAutoOnline& set, const Outcome& answer, int) {
    const auto type = parse_online_type(set.state);
    if (answer.accepted() && type) state.policy.default_online = *type;
}

}   // namespace memhot
