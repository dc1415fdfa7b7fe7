// SPDX-License-Identifier: GPL-2.0-or-later
//
// What must be said before something is changed: yes; the name of each device whose data are destroyed; the rule of each
// danger. Asked on a terminal, given by options elsewhere.
#pragma once

#include <string>
#include <vector>

#include "memhot/plan.hpp"
#include "memhot/result.hpp"

namespace memhotctl {

class Context;

// Names that have to be said: devices that lose data, then ids of rules of hazards; each once.
std::vector<std::string> names_to_confirm(const memhot::Plan& plan);

// Exit status: 0 go on; 1 or 9 something that is destroyed or dangerous was not named; 7 the answer was no.
memhot::Result<int> confirm(Context& context, const memhot::Plan& plan);

}   // namespace memhotctl
