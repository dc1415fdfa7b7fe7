// SPDX-License-Identifier: GPL-2.0-or-later
//
// Which polkit action each member of the bus needs. What the table does not name is denied.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "memhot/plan.hpp"

namespace memhot::bus {

enum class Need : std::uint8_t {
    denied,
    open,   // nothing that the kernel hides, nothing that changes
    inspect,   // exact addresses and what follows from them
    predict,   // what would be done
    online,
    offline,
    reconfigure,
    manage,   // the daemon itself, and jobs of others
    by_plan,   // what the steps need: need_of(PlanVerb)
};
// "org.memhot1.inspect"; empty for open, denied and by_plan.
std::string_view action_of(Need need);

struct Access {
    std::string_view interface;   // behind org.memhot1.
    std::string_view member;
    Need need;
    bool owner_may = false;   // whoever began the job needs no permission
};
std::span<const Access> access_table();
// The row of a method; {denied} where there is none.
Access access_of(std::string_view interface, std::string_view member);

Need need_of(PlanVerb verb);

}   // namespace memhot::bus
