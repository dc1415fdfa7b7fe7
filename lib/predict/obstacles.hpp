// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What is in the way of a range, for the search for one that would be accepted (nearest.cpp). Whatever overlaps an
// obstacle is refused, or nothing that could be memory; it is decided without asking the rules, so that a search can
// jump.
#pragma once

#include <cstdint>
#include <optional>

#include "memhot/operation.hpp"
#include "model/state.hpp"

namespace memhot {

// Which of the kernel's records an operation meets.
struct Meets {
    bool claims = false;   // __request_region(): what is busy, and what does not hold all of the range
    bool ram = false;      // region_intersects()
    bool pages = false;    // the bits of sections, and with them device mappings
    bool blocks = false;   // memory blocks
    bool enters = true;    // may lie inside a resource that is not busy
};
Meets meets_of(const Operation& operation);

enum class Direction : std::uint8_t { up, down };

// The next start above or below range.start that the obstacles inside the range leave open to a range of the same size:
// everything between is obstructed too. range.start itself where nothing is in the way; nothing at the end of the address
// space. The range consists of whole sub-sections within the physical addresses if the operation meets pages.
std::optional<std::uint64_t> open_start(const State& state, const Meets& meets, const Range& range,
                                        Direction direction);

// How far a range that nothing obstructs could be extended upwards, `most` at the most.
std::uint64_t open_last(const State& state, const Meets& meets, const Range& range, std::uint64_t most);

}   // namespace memhot
