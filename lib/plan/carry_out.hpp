// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An action on the mirrored host.
#pragma once

#include "memhot/plan.hpp"
#include "nvdimm/bus.hpp"

namespace memhot::plan {

// What the kernel would answer to it; what may be accepted is taken as accepted, and the bus is as that leaves it.
Verdict carry_out(NdBus& bus, const Action& action);

}   // namespace memhot::plan
