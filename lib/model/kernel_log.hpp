// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The lines that the kernel logs for an operation and its answer, to the letter, WARN traces reduced to
// "WARNING in FILE FUNCTION".
#pragma once

#include <vector>

#include "model/state.hpp"

namespace memhot {

// state is the one before the operation. Once-only lines that were already said are left out.
std::vector<KernelMessage> kernel_log(const State& state, const Operation& operation, const Outcome& answer);

}   // namespace memhot
