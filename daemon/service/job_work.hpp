// SPDX-License-Identifier: GPL-2.0-or-later
//
// What the worker does for a job: takes the lock, opens the journal, looks at the host, judges the plan anew, carries it
// out. Blocks; knows neither loop nor bus.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "execute/executor.hpp"
#include "journal/own_knobs.hpp"
#include "memhot/plan.hpp"
#include "service/failure.hpp"

namespace memhot::service {

// A simulated host lives as long as the daemon does; the worker alone touches it.
struct SimulatedWorld {
    execute::SystemClock clock;
    std::unique_ptr<execute::SimulatedTarget> target;   // made of `from` for the first job
    Snapshot from;
    std::vector<execute::Fault> faults{};
};

// What jobs act on.
struct JobPlace {
    std::string root = "/";
    std::string state;   // directory of the journal
    std::string run;   // of the lock
    std::shared_ptr<SimulatedWorld> simulated;   // null: a real host
};

struct JobOrder {
    enum class Kind : std::uint8_t { run, undo, finish };
    Kind kind = Kind::run;
    // The document memhot-plan/1 that was shown; of undo and finish the steps that were confirmed, or nothing.
    std::string plan;
    // run: instead, what nobody was shown (a policy's): planned on the host as it is when its turn comes, for jobs before
    // it change what a plan relies on.
    std::optional<Wish> wish;
    std::string job;   // undo and finish: the id
    std::vector<std::string> accept;   // devices and rules, by name
    bool all_or_nothing = false;
    std::uint64_t timeout = 30'000'000;   // microseconds, of the retries of one step
    std::optional<std::uint32_t> user;   // behind the caller, where those of a user are counted together
    std::uint64_t history = 1000;   // ended jobs that the journal keeps
    std::shared_ptr<const std::atomic<bool>> wanted{};   // null: until it is done; false: it does not begin any more
};
// The failure of an order that was withdrawn before its turn came.
inline constexpr std::string_view kWithdrawn = "it is not wanted any more";

// Says a failure where the host is as it should be.
inline constexpr std::string_view kNothingToDo = "there is nothing to do";

struct JobBegun {
    std::string id;
    std::shared_ptr<const Plan> plan;
};
struct JobProgress {
    std::size_t step = 0;
    std::size_t steps = 0;
    std::uint64_t bytes = 0;   // of memory that came or went
    std::uint64_t all_bytes = 0;
    std::uint64_t bytes_per_second = 0;
    std::uint64_t left = 0;   // microseconds; 0: nothing is known yet
};
struct StepView {
    std::string state;
    std::string what;   // what it does
    std::string text;   // what was said of it
    int error = 0;
};
struct JobEnded {
    std::string result;   // "done", "failed", ...
    std::string text;
    int exit_status = 5;
    std::vector<StepView> steps;
    bool unwritten = false;   // the journal could not take its beginning: nothing was tried
    std::optional<Snapshot> simulated;   // the host as it is now
};

// Called on the worker's thread.
struct JobWatcher {
    std::function<void(JobBegun)> begun;
    std::function<void(JobProgress)> progress;   // at most five a second, and the last
    const std::atomic<bool>* cancelled = nullptr;
};

// Before `begun` was called nothing has been changed, and a failure says why nothing will be.
Answer<JobEnded> carry_out(const JobPlace& place, const JobOrder& order, const JobWatcher& watcher);

// A file of the kernel's own policy, written under the host's lock; it is no job, for it only says what is done with memory
// to come.
struct KnobOrder {
    std::string path;
    std::string text;
    std::string was;   // what it was decided on
    bool back = false;   // only where it still has what memhotd set
    std::shared_ptr<const std::atomic<bool>> wanted{};   // as of jobs
};
struct KnobEnd {
    Answer<Done> done;
    bool kernel = false;   // it was the kernel that refused
    // What memhotd has set from now on; absent where that could not be read.
    std::optional<journal::OwnKnobs> own;
};
// What it sets is on the disk before it is set.
KnobEnd write_knob(const JobPlace& place, const KnobOrder& order);
// What memhotd set since the host booted. An error: it is not known, and taken for somebody else's.
Result<journal::OwnKnobs> own_knobs(const JobPlace& place);

// A job of the journal.
struct WrittenJob {
    std::string id;
    std::string end;   // where the journal has none "running" or "interrupted"
    std::string wish;
    std::string text;
    std::uint64_t begun = 0;   // microseconds since 1970
    std::uint64_t ended = 0;   // 0: not
};
Result<std::vector<WrittenJob>> written_jobs(const JobPlace& place);

}   // namespace memhot::service
