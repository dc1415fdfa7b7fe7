// SPDX-License-Identifier: LGPL-2.1-or-later
#include "predict/obstacles.hpp"

#include <algorithm>
#include <limits>

#include "model/operations.hpp"
#include "model/sparse.hpp"
#include "predict/explain.hpp"

namespace memhot {

namespace {

// Hollow: a resource that is not busy may hold all of a range.
struct Obstacle {
    Range range;
    bool hollow = false;
};

std::optional<Obstacle> obstacle_of(const Meets& meets, const Resource& resource) {
    const bool solid = is_device_window(resource) || (meets.ram && resource.system_ram) || !meets.enters;
    if (solid) return Obstacle{resource.range, false};
    if (!meets.claims) return std::nullopt;
    return Obstacle{resource.range, !resource.busy};
}

// The sub-section of a piece nearest to its end in the direction of the search: jumping over it jumps over all others.
std::optional<Range> active_in(const SectionTable& sections, const Piece& piece, Direction direction) {
    if (!sections.any(piece.section, piece.span)) return std::nullopt;
    for (unsigned step = 0; step < piece.span.count; ++step) {
        const unsigned index = direction == Direction::up ? piece.span.count - 1 - step : step;
        if (!sections.any(piece.section, {piece.span.first + index, 1})) continue;
        return Range::from_size(piece.range.start + index * kSubsectionSize, kSubsectionSize);
    }
    return std::nullopt;
}

// The highest active sub-section of a range for a search upwards, the lowest for one downwards.
std::optional<Range> active_in(const State& state, const Range& range, Direction direction) {
    std::optional<Range> found;
    const auto look = [&](const Piece& piece) {
        found = active_in(state.sections, piece, direction);
        return !found;
    };
    if (direction == Direction::down) {
        for_each_piece(state.sections, range, look);
        return found;
    }
    const std::uint64_t size = state.sections.section_size();
    for (Range rest = range;;) {   // section by section, the last one first
        const Range part{std::max(rest.start, align_down(rest.last, size)), rest.last};
        for_each_piece(state.sections, part, look);
        if (found || part.start == rest.start) return found;
        rest.last = part.start - 1;
    }
}

template <class Visit>
void for_each_obstacle(const State& state, const Meets& meets, const Range& range, Direction direction, Visit&& visit) {
    state.resources->walk(range, [&](const Resource& resource, unsigned) {
        if (const auto obstacle = obstacle_of(meets, resource)) visit(*obstacle);
    });
    if (meets.blocks) {
        for_each_block(state, range, [&](std::uint64_t number, const Block&) {
            visit(Obstacle{*Range::from_size(number * state.block_size, state.block_size)});
            return true;
        });
    }
    if (!meets.pages) return;
    for (const auto& mapping : state.pgmaps->live()) {
        if (mapping.range.overlaps(range)) visit(Obstacle{mapping.range});
    }
    if (const auto active = active_in(state, range, direction)) visit(Obstacle{*active});
}

// The first start above which the obstacle is passed, or where it begins to hold all of the range.
std::uint64_t start_above(const Obstacle& obstacle, const Range& range) {
    const bool could_hold = obstacle.hollow && obstacle.range.last - obstacle.range.start >= range.last - range.start;
    if (could_hold && range.start < obstacle.range.start) return obstacle.range.start;
    // saturates: no range fits above the last address
    return obstacle.range.last + (obstacle.range.last != std::numeric_limits<std::uint64_t>::max() ? 1 : 0);
}

std::optional<std::uint64_t> start_below(const Obstacle& obstacle, const Range& range) {
    const std::uint64_t length = range.last - range.start;
    const bool could_hold = obstacle.hollow && obstacle.range.last - obstacle.range.start >= length;
    if (could_hold && range.last > obstacle.range.last) return obstacle.range.last - length;
    if (obstacle.range.start <= length) return std::nullopt;
    return obstacle.range.start - length - 1;
}

}   // namespace

Meets meets_of(const Operation& operation) {
    if (const auto* map = std::get_if<op::Map>(&operation)) {
        // un-addressable memory belongs where nothing is (request_free_mem_region(), kernel/resource.c)
        const bool enters = map->type != MapType::device_private;
        return {.claims = map->claim, .ram = true, .pages = true, .enters = enters};
    }
    if (std::holds_alternative<op::Claim>(operation)) return {.claims = true};
    return {.claims = true, .pages = true, .blocks = true};
}

std::optional<std::uint64_t> open_start(const State& state, const Meets& meets, const Range& range,
                                        Direction direction) {
    std::optional<std::uint64_t> start = range.start;
    for_each_obstacle(state, meets, range, direction, [&](const Obstacle& obstacle) {
        if (!start || (obstacle.hollow && obstacle.range.contains(range))) return;
        if (direction == Direction::up) {
            start = std::max(*start, start_above(obstacle, range));
        } else {
            const auto below = start_below(obstacle, range);
            start = below ? std::optional(std::min(*start, *below)) : std::nullopt;
        }
    });
    return start;
}

std::uint64_t open_last(const State& state, const Meets& meets, const Range& range, std::uint64_t most) {
    std::uint64_t last = most;
    for_each_obstacle(state, meets, {range.start, most}, Direction::down, [&](const Obstacle& obstacle) {
        const bool inside = obstacle.hollow && obstacle.range.contains(range);
        last = std::min(last, inside ? obstacle.range.last : obstacle.range.start - 1);
    });
    return last;
}

}   // namespace memhot
