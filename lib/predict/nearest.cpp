// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where else the same thing would be accepted: from the range upwards and downwards, jumping over what is in the way.
#include <algorithm>

#include "model/operations.hpp"
#include "predict/explain.hpp"

namespace memhot {

namespace {

constexpr unsigned kMostJumps = 256;   // in each direction

enum class Direction : std::uint8_t { up, down };

// The operation moved to another range.
Operation moved(const Operation& operation, const Range& to) {
    Operation copy = operation;
    std::visit(
        [&](auto& asked) {
            using Asked = std::decay_t<decltype(asked)>;
            if constexpr (std::is_same_v<Asked, op::Probe>) {
                asked.address = to.start;
            } else if constexpr (requires {
                                     asked.start;
                                     asked.size;
                                 }) {
                asked.start = to.start;
                asked.size = to.size();
            }
        },
        copy);
    return copy;
}

Outcome decide_at(const State& state, const Operation& operation) {
    return std::visit([&](const auto& asked) { return decide(state, asked); }, operation);
}

// The unit in which start and size of the operation must be given.
std::uint64_t unit_of(const State& state, const Operation& operation) {
    if (std::holds_alternative<op::Claim>(operation)) return state.profile->page_size;
    if (!std::holds_alternative<op::Map>(operation)) return state.block_size;
    // with large pages on arm64: what one page of memmap describes
    const std::uint64_t per_memmap_page =
        state.profile->page_size / state.profile->struct_page_size * state.profile->page_size;
    return state.profile->arch == Arch::arm64 ? std::max(kSubsectionSize, per_memmap_page) : kSubsectionSize;
}

// No advice into device windows, firmware tables or holes between boot RAM and its alignment.
bool is_plausible(const State& state, const Range& range) {
    bool plausible = true;
    state.resources->walk(
        range, [&](const Resource& resource, unsigned) { plausible = plausible && !is_device_window(resource); });
    return plausible;
}

// What is in the way of a range: the extent of the resource, mapping or sub-section to jump over.
Range obstacle_in(const State& state, const Range& range, Direction direction) {
    Range obstacle = direction == Direction::up ? Range{range.start, range.start} : Range{range.last, range.last};
    const auto widen = [&](const Range& other) {
        if (direction == Direction::up) {
            obstacle.last = std::max(obstacle.last, other.last);
        } else {
            obstacle.start = std::min(obstacle.start, other.start);
        }
    };
    state.resources->walk(range, [&](const Resource& resource, unsigned) {
        const bool holds_all = resource.range.contains(range) && !resource.busy && !is_device_window(resource);
        if (!holds_all) widen(resource.range);
    });
    for (const auto& mapping : state.pgmaps->live()) {
        if (mapping.range.overlaps(range)) widen(mapping.range);
    }
    return obstacle;
}

std::optional<Range> placed(std::uint64_t start, std::uint64_t size) { return Range::from_size(start, size); }

std::optional<Range> next_candidate(const State& state, const Range& range, const Outcome& answer, std::uint64_t unit,
                                    Direction direction) {
    const Range obstacle = obstacle_in(state, range, direction);
    if (direction == Direction::up) {
        std::uint64_t beyond = std::max(obstacle.last, range.start) + 1;
        if (range.contains(answer.at))
            beyond = std::max(beyond, (answer.at | (unit - 1)) + 1);   // an active sub-section
        return beyond == 0 ? std::nullopt : placed(align_up(beyond, unit), range.size());
    }
    std::uint64_t end = std::min(obstacle.start, range.last);   // exclusive
    if (range.contains(answer.at)) end = std::min(end, align_down(answer.at, unit));
    end = align_down(end, unit);
    if (end < range.size()) return std::nullopt;
    return placed(end - range.size(), range.size());
}

std::optional<Range> search(const State& state, const Operation& operation, Range range, std::uint64_t unit,
                            Direction direction) {
    for (unsigned jump = 0; jump < kMostJumps; ++jump) {
        const Outcome answer = decide_at(state, moved(operation, range));
        if (answer.accepted() && is_plausible(state, range)) return range;
        const auto next = next_candidate(state, range, answer, unit, direction);
        if (!next) return std::nullopt;
        range = *next;
    }
    return std::nullopt;
}

bool can_move(const Operation& operation) {
    return std::holds_alternative<op::Map>(operation) || std::holds_alternative<op::Add>(operation) ||
           std::holds_alternative<op::Probe>(operation) || std::holds_alternative<op::Claim>(operation);
}

// Refusals that another place does not mend.
bool is_about_place(RuleId rule) {
    switch (rule) {
        case RuleId::map_type_unsupported:
        case RuleId::map_altmap_invalid:
        case RuleId::map_altmap_unsupported:
        case RuleId::map_altmap_exhausted:
        case RuleId::add_driver_name:
        case RuleId::add_node_impossible:
        case RuleId::add_memmap_on_memory_unsupported:
        case RuleId::probe_absent: return false;
        default: return true;
    }
}

std::uint64_t distance(const Range& a, const Range& b) {
    return a.start > b.start ? a.start - b.start : b.start - a.start;
}

}   // namespace

std::optional<Range> nearest_accepted(const State& state, const Operation& operation, const Outcome& outcome) {
    if (outcome.accepted() || !can_move(operation) || !is_about_place(outcome.rule)) return std::nullopt;
    const auto range = range_of(state, operation);
    if (!range) return std::nullopt;
    const std::uint64_t unit = unit_of(state, operation);
    // what remains of the range when both ends are aligned inwards, if anything does
    const std::uint64_t first = align_up(range->start, unit);
    const std::uint64_t end = align_down(range->last + 1, unit);
    const std::uint64_t size = end > first ? end - first : unit;
    const auto start = placed(end > first ? first : align_down(range->start, unit), size);
    if (!start) return std::nullopt;
    const auto up = search(state, operation, *start, unit, Direction::up);
    const auto down = search(state, operation, *start, unit, Direction::down);
    if (!up || !down) return up ? up : down;
    return distance(*up, *range) <= distance(*down, *range) ? up : down;
}

}   // namespace memhot
