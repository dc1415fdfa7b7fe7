// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What of ndctl's and daxctl's options a wish may carry, and what of them a plan does not carry out.
#pragma once

#include <span>

#include "memhot/plan.hpp"
#include "nvdimm/options.hpp"

namespace memhot::plan {

// Those of the command that the verb stands for; verbs of memory have none.
std::span<const OptionSpec> options_of(PlanVerb verb);
// bad_input names the first that is not carried out and what to use instead: a plan must not say that it did what was
// asked where it did less, or did it to something else than what it names.
Status check_options(const Wish& wish);

}   // namespace memhot::plan
