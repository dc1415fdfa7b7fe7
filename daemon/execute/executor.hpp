// SPDX-License-Identifier: GPL-2.0-or-later
//
// Carries a plan out, step by step: what a step needs is looked at, what is intended is written down, it is tried (again
// where the kernel is busy), what came of it is looked at and written down. Steps run one after the other: the kernel
// serialises them anyway (device_hotplug_lock).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "execute/clock.hpp"
#include "execute/target.hpp"
#include "journal/journal.hpp"
#include "memhot/plan.hpp"

namespace memhot::execute {

struct Progress {
    std::size_t step = 0;   // from 0
    std::size_t steps = 0;
    std::uint64_t bytes = 0;   // of memory that came or went
    std::uint64_t all_bytes = 0;
    std::uint64_t elapsed = 0;   // microseconds
    std::uint64_t earlier = 0;   // of the bytes: done before this time began, by a process that was interrupted
    [[nodiscard]] std::uint64_t bytes_per_second() const;
    // Microseconds; 0 where nothing is known yet.
    [[nodiscard]] std::uint64_t left() const;
};

struct Options {
    std::uint64_t timeout = 30'000'000;   // microseconds for one step with its retries; 0: nothing is waited for
    bool undo_on_failure = false;   // all or nothing
    bool accept_danger = false;   // the danger was named and confirmed
    // What an undo makes of each step, as it was shown: it counts where the target does not show what is there.
    std::vector<UndoFate> judged;
    std::function<bool()>
        cancelled;   // asked between steps and retries, by another thread while a write is in the kernel
    std::function<void(const Progress&)> progress;   // before each step and at the end
};

// Why a rollback ended as failed.
inline constexpr std::string_view kNotAllUndone = "not all of it could be undone";

enum class JobEnd : std::uint8_t { done, refused, failed, cancelled, timed_out, undone };
std::string_view to_string(JobEnd end);

struct StepResult {
    journal::StepState state = journal::StepState::untouched;
    unsigned attempts = 0;
    int error = 0;
    bool changes = true;   // something on the host; a copy in the job's directory is no change
    bool partly = false;   // it failed, and something is not as before
    std::string identity;   // of what it created
    std::string text;
    journal::Left left;   // what is there instead, where it was accepted and came to something else
};

struct JobResult {
    JobEnd end = JobEnd::done;
    std::string text;   // why it ended so
    bool undo_wanted = false;   // it was a rollback: undone is what was asked for
    std::vector<StepResult> steps;

    // Some of it is done and stays.
    [[nodiscard]] bool changed() const;
    // As memhotctl(1) has them: 0 done, 1 refused, 5 failed with nothing changed, 6 part-way, 7 timed out or cancelled.
    [[nodiscard]] int exit_status() const;
};

class Executor {
public:
    Executor(Target& target, journal::Journal& journal, Clock& clock)
        : target_(target), journal_(journal), clock_(clock) {}

    // Errors: the journal cannot be written, and nothing was begun. Where it fails later the job ends as failed: what was
    // held for the time of the plan is put back, and nothing else is done.
    Result<JobResult> run(const Plan& plan, const std::string& job, const Options& options);
    // Undoes the steps of an earlier job that are done or may be, the last first. plan: that of the job. What somebody else
    // changed since, or made anew under the same name, stays.
    Result<JobResult> undo(const Plan& plan, const journal::Job& job, const Options& options);
    // Goes on with an interrupted job from where the host stands: a step whose end nobody wrote down is done where the host
    // shows what it leaves; steps that a reboot took back are done again; where the host is as no step leaves it nothing
    // is done.
    Result<JobResult> finish(const Plan& plan, const journal::Job& job, const Options& options);

private:
    struct Run;
    enum class Seen : std::uint8_t { as_expected, otherwise, unseen };
    // executor.cpp
    Status step(Run& run, std::size_t index);
    Status failed(Run& run, std::size_t index, const Attempt& attempt);
    Status succeeded(Run& run, std::size_t index);
    Status came_to_something_else(Run& run, std::size_t index, const std::string& what);
    Status steps(Run& run);
    static bool goes_on_behind(const Run& run, std::size_t index);
    Result<JobResult> conclude(Run& run);
    Status end(Run& run);
    JobResult without_journal(Run& run, const Error& why);
    // recovery.cpp
    Result<JobResult> finish_in_order(const Plan& plan, const journal::Job& job, const Options& options,
                                      const std::vector<std::size_t>& order);
    Status take_up(Run& run, const journal::Job& job);
    Status find_place(Run& run);
    Status settle(Run& run, std::size_t done, std::size_t behind);
    Status settle_unseen(Run& run, std::size_t done);
    // undoing.cpp
    Status undo_steps(Run& run);
    Status undo_step(Run& run, std::size_t index);
    Status undo_as_judged(Run& run, const UndoFate& fate);
    Status undo_held(Run& run);
    Status found_undone(Run& run, std::size_t index);
    Status carry_out_undo(Run& run, std::size_t index);
    std::string why_it_stays(Run& run, std::size_t index);
    std::string another_one(Run& run, std::size_t index);
    std::string why_not_untouched(Run& run, std::size_t index);
    std::string half_way_difference(const PlanStep& step, const journal::Left& left);
    std::string differs(const PlanStep& step);
    // executor.cpp
    Status note(Run& run, journal::Entry entry);
    Attempt carry_out(Run& run, const Action& action, std::uint64_t microseconds);
    Attempt try_until(Run& run, const Action& action, unsigned& attempts);
    Seen see(const std::vector<Fact>& expected);
    Look look();   // at the host of this moment, read once
    std::optional<std::string> shown(Fact::Kind kind, const std::string& name);
    Result<std::string> mismatch(const std::vector<Fact>& expected);
    void tell(const Run& run, std::size_t index);

    Target& target_;
    journal::Journal& journal_;
    Clock& clock_;
};

}   // namespace memhot::execute
