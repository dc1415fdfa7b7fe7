// SPDX-License-Identifier: GPL-2.0-or-later
//
// What must be said before something is changed: yes; the name of each device whose data are destroyed, the rule of each
// danger (memhot::names_to_confirm). Asked on a terminal, given by options elsewhere.
#pragma once

#include "memhot/plan.hpp"
#include "memhot/result.hpp"

namespace memhotctl {

class Context;

// Exit status: 0 go on; 1 or 9 something that is destroyed or dangerous was not named; 7 the answer was no.
memhot::Result<int> confirm(Context& context, const memhot::Plan& plan);

}   // namespace memhotctl
