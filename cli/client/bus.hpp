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

// Whether memhotd runs on the system bus and is about this machine; it is not started for that.
bool daemon_runs_here();

// where: "user@host" (over ssh), "local", or an address such as "unix:path=/run/x". ask: whether polkit may ask a person.
// Errors: io where nobody answers, not_permitted where polkit says no, and those of memhotd.
memhot::Result<memhot::Snapshot> snapshot_from_bus(const std::string& where, bool ask);

// What became of a job of memhotd.
struct BusJob {
    std::string id;
    std::string end;   // "done", "failed", ...
    int exit_status = 5;
};
struct BusProgress {
    std::uint64_t step = 0;   // the one that runs, from 0
    std::uint64_t steps = 0;
    double done = 0;   // from 0 to 1
    std::uint64_t bytes_per_second = 0;   // 0: not known
};
struct BusOrder {
    std::vector<std::string> words;   // the wish
    std::vector<std::string> accept;   // what was confirmed by name
    bool all_or_nothing = false;
    bool ask = true;   // whether polkit may ask a person
};
// Has memhotd plan the words and carry the plan out, unless its steps are others than those of `shown`; told as its
// signals come.
memhot::Result<BusJob> apply_on_bus(const std::string& where, const BusOrder& order, const memhot::Plan& shown,
                                    const std::function<void(const BusProgress&)>& told);

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
