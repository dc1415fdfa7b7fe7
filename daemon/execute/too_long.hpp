// SPDX-License-Identifier: GPL-2.0-or-later
//
// What to do instead of a plan that no entry of the journal can hold.
#pragma once

#include <string_view>

#include "memhot/plan.hpp"
#include "memhot/result.hpp"

namespace memhot::execute {

// why: what the journal says of it. document: the plan as it was to be written there.
Error too_long(const Plan& plan, std::string_view document, const Error& why);

}   // namespace memhot::execute
