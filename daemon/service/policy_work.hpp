// SPDX-License-Identifier: GPL-2.0-or-later
//
// What the policies want done with what just came, as orders for jobs and as lines for the log. Pure: nothing is done here.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "client/host.hpp"
#include "config/settings.hpp"
#include "policy/decide.hpp"

namespace memhot::service {

struct PolicyStep {
    std::string thing;   // "memory40-47", "dax0.0"
    std::string text;   // what would be done, or why nothing is
    std::string place;   // of the line that says so
    std::string plan;   // the document memhot-plan/1; empty: nothing is to be done, or it cannot be
    std::vector<std::string> accept;   // devices whose data the policy lets be destroyed
    std::vector<std::string> post_units;
};

struct PolicyWork {
    std::vector<policy::KnobWrite> knobs;   // first
    std::vector<PolicyStep> steps;
};

// came: blocks that are new; everything: all of the host counts as new (a start, a reload).
PolicyWork policy_work(const policy::Policies& policies, const config::Settings& settings, const memhotctl::Host& host,
                       const std::set<std::uint64_t>& came, bool everything);

}   // namespace memhot::service
