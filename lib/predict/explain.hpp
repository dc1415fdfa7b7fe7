// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The parts of a verdict. Each is computed from the model before the operation and the outcome; none changes anything.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "memhot/verdict.hpp"
#include "model/state.hpp"

namespace memhot {

// The range that an operation is about; nothing where it has none (unmap of no mapping, a wrap, size 0).
std::optional<Range> range_of(const State& state, const Operation& operation);

// The iomem lines, the section and its bits, the block, the mapping that the rule looked at (evidence.cpp).
std::vector<Evidence> evidence_for(const State& state, const Operation& operation, const Outcome& outcome);
// The numbers that the rule compared (operands.cpp).
std::vector<Value> operands_for(const State& state, const Operation& operation, const Outcome& outcome);
// What it corrupts, leaks or crashes (hazards.cpp).
std::vector<Hazard> hazards_for(const State& state, const Operation& operation, const Outcome& outcome);
// What was taken for granted (assumptions.cpp).
std::vector<std::string> assumptions_for(const State& state, const Operation& operation, const Outcome& outcome);
// What would be accepted instead, as Verdict::nearest says (nearest.cpp).
std::optional<Range> nearest_accepted(const State& state, const Operation& operation, const Outcome& outcome);

// Bytes of memmap that a mapping or an add takes.
struct MemmapCost {
    std::uint64_t from_ram = 0;
    std::uint64_t from_altmap = 0;   // or from the added memory itself
    std::uint64_t reused = 0;        // holes of boot sections cost nothing
};
MemmapCost memmap_cost(const State& state, const Operation& operation);

// A window of a device, a table of the firmware: nothing that could be memory.
bool is_device_window(const Resource& resource);

}   // namespace memhot
