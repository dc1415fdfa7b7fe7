// SPDX-License-Identifier: GPL-2.0-or-later
//
// Behind a crash: what the journal says was done is held against the host, and the job goes on from where the host
// stands.
#include <fmt/format.h>

#include <utility>

#include "execute/begun_job.hpp"
#include "execute/run.hpp"

namespace memhot::execute {

using journal::EntryKind;
using journal::StepState;

namespace {

std::size_t done_from_the_first(const JobResult& result) {
    std::size_t out = 0;
    while (out < result.steps.size() && result.steps[out].state == StepState::done) ++out;
    return out;
}

bool is_unknown(const JobResult& result, std::size_t step) {
    return step < result.steps.size() && result.steps[step].state == StepState::unknown;
}

}   // namespace

Status Executor::take_up(Run& run, const journal::Job& job) {
    if (job.steps.size() > run.plan.steps.size()) {
        return bad_input(fmt::format("job {}: its journal has {} steps, its plan {}", job.id, job.steps.size(),
                                     run.plan.steps.size()));
    }
    for (std::size_t i = 0; i < job.steps.size(); ++i) {
        StepResult& step = run.result.steps[i];
        step.state = job.steps[i].state;
        step.partly = job.steps[i].changed;
        step.identity = job.steps[i].identity;
        step.left = job.steps[i].left;
        step.error = job.steps[i].error;
    }
    return journal_.reserve(run.plan.steps.size() * 4 * kEntryRoom + kEntryRoom);
}

// A host that does not show what is there (a root directory): what the journal says is all there is.
Status Executor::settle_unseen(Run& run, std::size_t done) {
    if (!is_unknown(run.result, done)) return Done{};
    StepResult& result = run.result.steps[done];
    if (is_save(run.plan.steps[done])) {
        result.state = StepState::untouched;   // saving twice harms nobody
        return note(run, entry_of_step(EntryKind::step_not_done, done, run.plan.steps[done].did));
    }
    result.text = "nobody knows whether it was done; look at the host, then undo the job or make a new plan";
    run.stop(JobEnd::failed, fmt::format("step {}: {}", run.number(done), result.text));
    return Done{};
}

// The host is as `behind` steps leave it; the journal has `done`, and perhaps one more.
Status Executor::settle(Run& run, std::size_t done, std::size_t behind) {
    for (std::size_t i = done; i < behind; ++i) {
        const PlanStep& step = run.plan.steps[i];
        if (const std::string other = another_one(run, i); !other.empty()) {
            run.stop(JobEnd::failed, fmt::format("step {}: {}", run.number(i), other));
            return Done{};
        }
        run.result.steps[i].state = StepState::done;
        auto entry = entry_of_step(EntryKind::step_done, i, step.did);
        entry.identity = run.result.steps[i].identity;
        if (auto noted = note(run, std::move(entry)); !noted) return noted;
    }
    for (std::size_t i = behind; i < run.result.steps.size(); ++i) {
        StepResult& result = run.result.steps[i];
        if (!may_be_done(result.state)) continue;
        result.state = StepState::untouched;
        auto entry = entry_of_step(EntryKind::step_not_done, i, run.plan.steps[i].did);
        if (auto noted = note(run, std::move(entry)); !noted) return noted;
    }
    for (std::size_t i = 0; i < behind; ++i) run.bytes += bytes_of(run.plan.steps[i]);
    run.earlier = run.bytes;
    return Done{};
}

Status Executor::find_place(Run& run) {
    const std::size_t done = done_from_the_first(run.result);
    const bool doubtful = is_unknown(run.result, done);
    // A step that changes nothing that can be seen is not known to be done by what is seen.
    const bool shows = doubtful && !run.plan.steps[done].after.empty();
    std::optional<Error> unreadable;
    target_.look_anew();
    const Standing now = standing(run.plan, done + (shows ? 1 : 0), [&](const Fact& fact) {
        auto value = target_.look(fact);
        if (!value) unreadable = value.error();
        return value ? *value : std::nullopt;
    });
    if (unreadable) return *unreadable;
    if (!now.seen) return settle_unseen(run, done);
    if (!now.behind) {
        run.stop(JobEnd::failed, fmt::format("the host is as no step of the job leaves it, and nothing was done: {}",
                                             to_string(now.differs.front())));
        return Done{};
    }
    if (doubtful && ((!shows && *now.behind == done) || now.came_back)) {
        if (auto settled = settle_unseen(run, done); !settled || run.stopped()) return settled;
    }
    return settle(run, done, *now.behind);
}

Result<JobResult> Executor::finish_in_order(const Plan& plan, const journal::Job& job, const Options& options,
                                            const std::vector<std::size_t>& order) {
    Run run(plan, job.id, options, clock_.monotonic());
    run.order = order;
    if (auto taken = take_up(run, job); !taken) return taken.error();
    if (auto placed = find_place(run); !placed) return placed.error();
    if (auto done = steps(run); !done) return without_journal(run, done.error());
    return conclude(run);
}

Result<JobResult> Executor::finish(const Plan& plan, const journal::Job& job, const Options& options) {
    if (!job.interrupted()) return bad_input(fmt::format("job {} has ended: {}", job.id, job.result));
    const auto undoing = [](StepState state) {
        return state == StepState::undone || state == StepState::undo_unknown || state == StepState::undo_failed;
    };
    if (std::ranges::any_of(job.steps, undoing, &journal::JobStep::state))
        return bad_input(fmt::format("job {} was being undone: finish that with rollback", job.id));
    const auto way = missed_later(plan, job);
    if (!way) return finish_in_order(plan, job, options, {});
    auto result = finish_in_order(way->plan, way->job, options, way->order);
    if (!result) return result;
    auto steps = std::exchange(result->steps, std::vector<StepResult>(plan.steps.size()));
    for (std::size_t i = 0; i < steps.size(); ++i) result->steps.at(way->order[i]) = std::move(steps[i]);
    return result;
}

}   // namespace memhot::execute
