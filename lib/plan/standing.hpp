// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a plan relies on, told apart from what its own steps change.
#pragma once

#include <vector>

#include "plan/facts.hpp"

namespace memhot::plan {

// What differs from what the plan relies on and is not the doing of its first `count` steps.
std::vector<FactChange> changed_by_others(const Plan& plan, std::size_t count, const FactReader& now);

}   // namespace memhot::plan
