// SPDX-License-Identifier: GPL-2.0-or-later
//
// Jobs in process: where their journal lies, what they act on, who else is at it, and what was confirmed. Only jobs.cpp
// knows the executor.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/host.hpp"
#include "client/invocation.hpp"
#include "client/progress.hpp"
#include "memhot/plan.hpp"

namespace memhotctl {

struct JobRequest {
    HostRequest host;
    std::optional<std::string> state_directory;   // --state-dir
    std::uint64_t timeout = 30'000'000;   // microseconds for the retries of one step
    bool all_or_nothing = false;
    bool accept_danger = false;   // each danger was named
    std::vector<std::string> faults;   // of a simulated host
};

struct JobStep {
    std::string state;   // "done", "failed", "untouched", "unknown", "undone", ...
    std::string text;
    int error = 0;
    unsigned attempts = 0;
    bool changed = false;   // it failed, and something is not as before
    std::string identity;   // of what it created
};

// What became of a job, or is written of one.
struct JobReport {
    std::string id;
    std::string end;   // "done", "failed", "cancelled", ...; where the journal has no end "running" or "interrupted"
    std::string text;   // why
    bool rolled_back = false;   // as far as that went: what is done still stays for a reason that a rollback tells
    std::uint64_t begun = 0;   // microseconds since 1970
    std::optional<std::uint64_t> ended;
    memhot::Plan plan;
    std::vector<JobStep> steps;   // one for each of the plan
    std::vector<memhot::StepBehind> behind;   // steps that are done, or of which nobody knows
    std::optional<memhot::Plan> reordered;   // in the order in which it is finished, where that is not the plan's
    std::size_t done = 0;   // steps of that, from the first
    bool doubtful = false;   // the next one may be
    std::string identity;   // of what that one was to create
    std::optional<int> exit_status;   // absent: it has not ended
    [[nodiscard]] bool interrupted() const { return end == "interrupted"; }
};

// The directories of journal and lock: those of the machine, or below --root. --state-dir moves the journal; the lock is
// that of the host all the same, but for a simulated host, which is nobody else's.
struct JobPlace {
    std::string state;
    std::string run;
};
JobPlace job_place(const JobRequest& request);

// A host that jobs act on, locked against every other writer until this goes.
class Jobs {
public:
    using Listener = std::function<void(const JobProgress&)>;
    // Errors: somebody else is at it (io, with pid), no right to (not_permitted), the journal is damaged.
    static memhot::Result<Jobs> open(const JobRequest& request);
    Jobs(Jobs&&) noexcept;
    ~Jobs();

    // The host under the lock.
    memhot::Result<memhot::Snapshot> snapshot();
    // What was mended when the journal was opened.
    [[nodiscard]] std::vector<std::string> notes() const;
    // Jobs that nobody finished or undid.
    [[nodiscard]] std::vector<std::string> interrupted() const;

    memhot::Result<JobReport> run(const memhot::Plan& plan, const Listener& listener);
    memhot::Result<JobReport> undo(const JobReport& job, const Listener& listener);
    memhot::Result<JobReport> finish(const JobReport& job, const Listener& listener);

private:
    struct Open;
    template <class Act>
    memhot::Result<JobReport> act(const std::string& id, const memhot::Plan& plan, const Listener& listener, Act act);
    [[nodiscard]] memhot::Status check_faults(const memhot::Plan& plan) const;
    explicit Jobs(std::unique_ptr<Open> open);
    std::unique_ptr<Open> open_;
};

// The jobs that a journal tells (journal.hpp), in the order in which they began; complaints about it as notes.
struct JobList {
    std::vector<JobReport> jobs;
    std::vector<std::string> notes;
};
// not_found with the ids that there are.
memhot::Result<JobReport> find_job(const JobList& list, const std::string& id);

// What happened, one line an entry.
struct JobEvent {
    std::uint64_t time = 0;
    std::string job;
    std::string what;   // "step-done"
    std::optional<std::size_t> step;
    bool undo = false;
    std::string text;
};

// Asks the job that runs now to stop between two steps or in a write. not_found where none runs.
memhot::Status cancel_job(const JobRequest& request, const std::string& id, const Invocation& run);

}   // namespace memhotctl
