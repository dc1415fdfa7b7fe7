// SPDX-License-Identifier: GPL-2.0-or-later
//
// memhotd on a bus, as memhotctl talks to it: the host that it sees, its jobs, and what it tells as it happens. Only the
// files bus_*.cpp know the bus library.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "client/bus_error.hpp"
#include "client/progress.hpp"
#include "memhot/plan.hpp"
#include "memhot/snapshot.hpp"

namespace memhotctl {

// Whether memhotd runs on the system bus and is about this machine; it is not started for that.
bool daemon_runs_here();

// where: "user@host" (over ssh), "local", or an address such as "unix:path=/run/x". ask: whether polkit may ask a person.
// Errors: status 3 where nobody answers, and those of bus_errors().

BusResult<memhot::Snapshot> snapshot_from_bus(const std::string& where, bool ask);
// Memory blocks and nothing else: what every caller may know.
BusResult<memhot::Snapshot> blocks_from_bus(const std::string& where);
// The document memhot-policy-test/1. thing: empty: all.
BusResult<std::string> policy_test_on_bus(const std::string& where, bool ask, const std::string& thing);

// The journal there.
struct BusJournal {
    std::vector<std::string> entries;   // documents
    std::string running;   // the job that runs; empty: none
    std::vector<std::string> notes;   // what is wrong with the journal
};
// job: only entries of that one; empty: of all.
BusResult<BusJournal> journal_from_bus(const std::string& where, bool ask, const std::string& job);

// --- jobs ----------------------------------------------------------------------------------------------------------

// What became of a job of memhotd.
struct BusJob {
    std::string id;
    std::string end;   // "done", "failed", ...
    int exit_status = 5;
    bool left = false;   // it runs on: who waited for it was told twice to stop
};
struct BusOrder {
    enum class Kind : std::uint8_t { apply, undo, finish };
    Kind kind = Kind::apply;
    std::vector<std::string> words;   // apply: the wish
    std::string job;   // undo, finish: its id
    std::vector<std::string> accept;   // what was confirmed by name
    bool all_or_nothing = false;
    bool ask = true;   // whether polkit may ask a person
    std::optional<std::uint64_t> timeout;   // microseconds of one step; absent: as memhotd.conf there has it
};
// Told as things happen.
struct BusListener {
    std::function<void(const JobProgress&)> progress;
    std::function<void()> stopping;   // the job was asked to stop
};
// Has memhotd make the plan and carry it out, unless its steps are others than those of `shown`. A first signal
// (client/signals.hpp) stops the job, a second one leaves it alone.
BusResult<BusJob> carry_out_on_bus(const std::string& where, const BusOrder& order, const memhot::Plan& shown,
                                   const BusListener& listener);
// Asks a job to stop; false: it is none that memhotd carries out.
BusResult<bool> cancel_on_bus(const std::string& where, bool ask, const std::string& id);

// --- signals -------------------------------------------------------------------------------------------------------

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
// Until SIGINT or SIGTERM. An error, too, where memhotd goes away.
BusStatus follow_bus(const std::string& where, const std::function<void(const BusEvent&)>& told);

}   // namespace memhotctl
