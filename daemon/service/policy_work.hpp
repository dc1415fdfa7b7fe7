// SPDX-License-Identifier: GPL-2.0-or-later
//
// What the policies want done with what just came, as orders for jobs and as lines for the log. Pure: nothing is done here.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/host.hpp"
#include "config/settings.hpp"
#include "policy/knobs.hpp"

namespace memhot::service {

// Of what could not be done, for a reason that passes: each time later.
struct Retry {
    std::uint64_t at = 0;   // monotonic microseconds
    std::uint64_t delay = 0;   // before that; 0: it was tried once
    [[nodiscard]] bool said() const { return delay != 0; }
};

struct PolicyStep {
    std::string thing;   // "memory40-47", "dax0.0"
    std::string text;   // what would be done, or why nothing is
    std::string place;   // of the line that says so
    std::optional<Wish> wish;   // absent: nothing is to be done
    bool possible = false;   // on the host as it is; what is done before it may change that
    // Of what destroys data: the plan as it was decided (memhot-plan/1), for by then another device can have the name; and
    // the devices whose data are given up.
    std::string plan;
    std::vector<std::string> accept;
    std::vector<std::string> post_units;
    bool device = false;   // or a namespace; else memory blocks
    Retry retry;
};

struct PolicyWork {
    std::vector<policy::KnobWrite> knobs;   // first
    std::vector<policy::KnobLeft> left;
    std::vector<PolicyStep> steps;
    std::set<std::string> devices;   // dax devices and namespaces that are there
    std::set<std::string> settled;   // of them, that are as their policy wants them
    std::vector<std::string> units;   // of what came and is online already, as a policy wants it: the kernel did it
};

// What counts as new: blocks that came, devices that no policy has had its way with; or all of the host (a start, a reload).
struct PolicyNews {
    const std::set<std::uint64_t>& came;
    const std::set<std::string>& settled;
    bool everything = false;
    const journal::OwnKnobs& own_knobs;   // what memhotd set of the kernel's
};

PolicyWork policy_work(const policy::Policies& policies, const config::Settings& settings, const memhotctl::Host& host,
                       const PolicyNews& news);

}   // namespace memhot::service
