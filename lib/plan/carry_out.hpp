// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An action on the mirrored host.
#pragma once

#include "memhot/plan.hpp"
#include "nvdimm/bus.hpp"

namespace memhot::plan {

// What may be accepted, taken as accepted.
Outcome taken(Outcome outcome);

// What the kernel would answer to it, as it is predicted; the bus is as what is taken for accepted leaves it.
Verdict carry_out(NdBus& bus, const Action& action);

}   // namespace memhot::plan
