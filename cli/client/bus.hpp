// SPDX-License-Identifier: GPL-2.0-or-later
//
// memhotd on a bus, as memhotctl talks to it: the host that it sees, and what it tells as it happens. Only bus.cpp knows
// the bus library.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "memhot/plan.hpp"
#include "memhot/result.hpp"
#include "memhot/snapshot.hpp"

namespace memhotctl {

// where: "user@host" (over ssh), "local", or an address such as "unix:path=/run/x". Errors: io where nobody answers,
// not_permitted where polkit says no, and those of memhotd.
memhot::Result<memhot::Snapshot> snapshot_from_bus(const std::string& where);

// What became of a job of memhotd.
struct BusJob {
    std::string id;
    std::string end;   // "done", "failed", ...
    int exit_status = 5;
};
// Has memhotd plan the words and carry the plan out, unless its steps are others than those of `shown`. accept: what was
// confirmed by name. progress: from 0 to 1.
memhot::Result<BusJob> apply_on_bus(const std::string& where, const std::vector<std::string>& words,
                                    const memhot::Plan& shown, const std::vector<std::string>& accept,
                                    bool all_or_nothing, const std::function<void(double)>& progress);

// A signal of memhotd.
struct BusEvent {
    std::string what;   // "hazard-raised", "hazard-cleared", "job-new", "job-removed", "blocks-changed"
    std::uint64_t id = 0;   // of a hazard
    std::string name;   // the rule of a hazard, the id of a job
    std::string result;   // of a job
    std::string where;   // of a hazard, where the caller may know
    std::string text;
    std::string remedy;
    std::uint64_t online = 0;   // memory blocks, of blocks-changed
    std::uint64_t offline = 0;
};
// Until SIGINT or SIGTERM; true: go on. Errors as above, and io when it goes away.
memhot::Status follow_bus(const std::string& where, const std::function<void(const BusEvent&)>& told);

}   // namespace memhotctl
