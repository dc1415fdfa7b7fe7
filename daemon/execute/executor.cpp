// SPDX-License-Identifier: GPL-2.0-or-later
#include "execute/executor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace memhot::execute {

using journal::EntryKind;
using journal::StepState;

namespace {

// The first wait behind EBUSY, doubled each time: pages that are in use now may be free in a moment.
constexpr std::uint64_t kFirstWait = 50'000;
constexpr std::uint64_t kLongestWait = 2'000'000;
// What an entry takes beside its texts, generously.
constexpr std::size_t kEntryRoom = 1024;

constexpr std::array<std::string_view, 6> kEnds{"done", "refused", "failed", "cancelled", "timed out", "undone"};

std::string error_text(const Attempt& attempt) {
    const std::string text = journal::errno_words(attempt.error);
    return attempt.text.empty() ? text : fmt::format("{}: {}", text, attempt.text);
}

std::uint64_t bytes_of(const PlanStep& step) { return step.cost.memory_gained + step.cost.memory_lost; }

bool may_be_done(StepState state) { return state == StepState::done || state == StepState::unknown; }

// What an earlier attempt could not undo is tried again.
bool can_be_undone(StepState state) {
    return may_be_done(state) || state == StepState::undo_failed || state == StepState::undo_unknown;
}

}   // namespace

std::string_view to_string(JobEnd end) { return kEnds.at(static_cast<std::size_t>(end)); }

std::uint64_t Progress::bytes_per_second() const {
    return elapsed == 0 ? 0
                        : static_cast<std::uint64_t>(static_cast<double>(bytes) * 1e6 / static_cast<double>(elapsed));
}

std::uint64_t Progress::left() const {
    if (bytes == 0 || all_bytes <= bytes) return 0;
    return static_cast<std::uint64_t>(static_cast<double>(elapsed) * static_cast<double>(all_bytes - bytes) /
                                      static_cast<double>(bytes));
}

bool JobResult::changed() const {
    return std::ranges::any_of(steps, [](const StepResult& step) { return step.changes && can_be_undone(step.state); });
}

int JobResult::exit_status() const {
    switch (end) {
        case JobEnd::done: return 0;
        case JobEnd::refused: return 1;
        case JobEnd::cancelled:
        case JobEnd::timed_out: return 7;
        case JobEnd::undone:
            if (undo_wanted) return 0;
            break;
        case JobEnd::failed: break;
    }
    return changed() ? 6 : 5;
}

struct Executor::Run {
    Run(const Plan& what, std::string name, const Options& how, std::uint64_t now)
        : plan(what), job(std::move(name)), options(how), begun(now) {
        result.steps.resize(plan.steps.size());
        for (std::size_t i = 0; i < plan.steps.size(); ++i) {
            result.steps[i].changes = !std::holds_alternative<SaveAction>(plan.steps[i].action);
        }
    }

    const Plan& plan;
    std::string job;
    const Options& options;
    JobResult result;
    std::uint64_t begun = 0;
    std::uint64_t bytes = 0;
    std::uint64_t all_bytes = 0;

    [[nodiscard]] bool stopped() const { return result.end != JobEnd::done; }
    void stop(JobEnd end, std::string text) {
        if (stopped()) return;
        result.end = end;
        result.text = std::move(text);
    }
    [[nodiscard]] bool cancelled() const { return options.cancelled && options.cancelled(); }
};

Status Executor::note(Run& run, EntryKind kind, std::size_t step, bool undo, std::string text, int error) {
    journal::Entry entry;
    entry.time = clock_.wall();
    entry.job = run.job;
    entry.kind = kind;
    entry.step = step;
    entry.undo = undo;
    entry.error = error;
    entry.text = std::move(text);
    if (kind == EntryKind::job_begun) entry.plan = to_json(run.plan);
    return journal_.append(std::move(entry));
}

void Executor::tell(const Run& run, std::size_t index) {
    if (!run.options.progress) return;
    run.options.progress({index, run.plan.steps.size(), run.bytes, run.all_bytes, clock_.monotonic() - run.begun});
}

// What is not as it must be; empty: all of it is.
Result<std::string> Executor::mismatch(const std::vector<Fact>& expected) {
    target_.look_anew();   // what was true before the last step is no evidence
    for (const auto& fact : expected) {
        const auto now = target_.look(fact);
        if (!now) return now.error();
        if (*now && **now != fact.value) {
            return fmt::format("{}: expected {}, the host shows {}", fact.name, fact.value, **now);
        }
    }
    return std::string();
}

Executor::Seen Executor::see(const std::vector<Fact>& expected) {
    if (expected.empty()) return Seen::unseen;
    target_.look_anew();
    for (const auto& fact : expected) {
        const auto now = target_.look(fact);
        if (!now || !*now) return Seen::unseen;
        if (**now != fact.value) return Seen::otherwise;
    }
    return Seen::as_expected;
}

Attempt Executor::try_until(Run& run, const Action& action, unsigned& attempts) {
    const std::uint64_t begun = clock_.monotonic();
    std::uint64_t wait = kFirstWait;
    while (true) {
        ++attempts;
        const Attempt attempt = target_.carry_out(action);
        if (attempt.error != EBUSY) return attempt;
        if (run.cancelled()) return attempt;
        const std::uint64_t spent = clock_.monotonic() - begun;
        if (spent >= run.options.timeout) return attempt;
        clock_.sleep(std::min(wait, run.options.timeout - spent));
        wait = std::min(wait * 2, kLongestWait);
    }
}

Status Executor::step(Run& run, std::size_t index) {
    const PlanStep& step = run.plan.steps[index];
    StepResult& result = run.result.steps[index];
    const auto before = mismatch(step.before);
    if (!before || !before->empty()) {
        const std::string why = before ? *before : before.error().message();
        run.stop(JobEnd::failed, fmt::format("step {}: the plan is stale: {}", index + 1, why));
        return Done{};
    }
    if (auto noted = note(run, EntryKind::step_intended, index, false, step.would); !noted) return noted;
    result.state = StepState::unknown;
    const Attempt attempt = try_until(run, step.action, result.attempts);
    result.error = attempt.error;
    result.text = attempt.ok() ? step.did : error_text(attempt);
    if (attempt.ok()) {
        const auto after = mismatch(step.after);
        if (!after || !after->empty()) {
            // Accepted, and yet not so: nobody knows what is there, and the journal says just that.
            result.text = after ? *after : after.error().message();
            run.stop(JobEnd::failed, fmt::format("step {}: accepted, but {}", index + 1, result.text));
            return Done{};
        }
        result.state = StepState::done;
        run.bytes += bytes_of(step);
        return note(run, EntryKind::step_done, index, false, step.did);
    }
    result.state = StepState::failed;
    const bool busy = attempt.error == EBUSY;
    run.stop(busy && run.cancelled() ? JobEnd::cancelled
             : busy                  ? JobEnd::timed_out
                                     : JobEnd::failed,
             fmt::format("step {}: {}", index + 1, result.text));
    return note(run, EntryKind::step_failed, index, false, result.text, attempt.error);
}

// The host is as it was before the step: it was never done, or somebody undid it.
Status Executor::found_undone(Run& run, std::size_t index) {
    StepResult& result = run.result.steps[index];
    const StepState was = std::exchange(result.state, StepState::undone);
    const std::string text = to_string(run.plan.steps[index].undo.back());
    if (was == StepState::unknown) {
        result.state = StepState::untouched;
        return Done{};
    }
    if (was != StepState::undo_unknown) {
        if (auto noted = note(run, EntryKind::step_intended, index, true, text); !noted) return noted;
    }
    return note(run, EntryKind::step_done, index, true, text);
}

Status Executor::undo_step(Run& run, std::size_t index) {
    const PlanStep& step = run.plan.steps[index];
    StepResult& result = run.result.steps[index];
    if (step.undo.empty()) {
        // A step that changes nothing has nothing to undo.
        if (std::holds_alternative<SaveAction>(step.action)) return Done{};
        result.text = step.no_undo;
        return Done{};
    }
    const Seen seen = see(step.before);
    if (seen == Seen::as_expected) return found_undone(run, index);
    const bool doubtful = result.state == StepState::unknown || result.state == StepState::undo_unknown;
    if (doubtful && seen == Seen::unseen) {
        // Nobody wrote down what became of it, and the host does not show it: nothing is undone blindly.
        const bool was_undoing = result.state == StepState::undo_unknown;
        result.text = fmt::format("nobody knows whether it was {}; look, and then: {}", was_undoing ? "undone" : "done",
                                  to_string(step.undo.front()));
        return Done{};
    }
    if (auto noted = note(run, EntryKind::step_intended, index, true, to_string(step.undo.front())); !noted)
        return noted;
    result.state = StepState::undo_unknown;
    for (const auto& action : step.undo) {
        unsigned attempts = 0;
        const Attempt attempt = try_until(run, action, attempts);
        if (attempt.ok()) continue;
        result.state = StepState::undo_failed;
        result.error = attempt.error;
        result.text = error_text(attempt);
        return note(run, EntryKind::step_failed, index, true, result.text, attempt.error);
    }
    result.state = StepState::undone;
    return note(run, EntryKind::step_done, index, true, to_string(step.undo.back()));
}

// A step that stays keeps those that it depends on.
Status Executor::undo_steps(Run& run) {
    std::vector<bool> held(run.result.steps.size(), false);
    for (std::size_t i = run.result.steps.size(); i-- > 0;) {
        StepResult& result = run.result.steps[i];
        const PlanStep& step = run.plan.steps[i];
        if (held[i]) {
            result.text = "what came behind it and depends on it is not undone";
        } else if (can_be_undone(result.state)) {
            if (auto undone = undo_step(run, i); !undone) return undone;
        }
        const bool harmless = std::holds_alternative<SaveAction>(step.action);
        if (!held[i] && (harmless || !can_be_undone(result.state))) continue;
        for (const auto on : step.depends_on) held.at(on) = true;
    }
    return Done{};
}

// What was held for the time of the plan, where the step that takes it back was not done.
Status Executor::undo_held(Run& run) {
    for (std::size_t i = run.plan.steps.size(); i-- > 0;) {
        const auto held = run.plan.steps[i].takes_back;
        const auto& results = run.result.steps;
        if (!held || results[i].state == StepState::done || !may_be_done(results.at(*held).state)) continue;
        if (auto undone = undo_step(run, *held); !undone) return undone;
    }
    return Done{};
}

Status Executor::end(Run& run) {
    tell(run, run.plan.steps.size());
    return note(run, EntryKind::job_ended, 0, false,
                run.result.text.empty() ? std::string(to_string(run.result.end))
                                        : fmt::format("{}: {}", to_string(run.result.end), run.result.text));
}

// Those that are not done yet, until one stops the job.
Status Executor::steps(Run& run) {
    for (std::size_t i = 0; i < run.plan.steps.size() && !run.stopped(); ++i) {
        if (run.result.steps[i].state == StepState::done) continue;
        tell(run, i);
        if (run.cancelled()) {
            run.stop(JobEnd::cancelled, fmt::format("before step {}", i + 1));
            break;
        }
        if (auto done = step(run, i); !done) return done;
    }
    return Done{};
}

// Undoes what failed where that was asked for, and writes the end.
Result<JobResult> Executor::conclude(Run& run) {
    if (run.stopped() && run.options.undo_on_failure) {
        if (auto undone = undo_steps(run); !undone) return undone.error();
        if (run.result.end == JobEnd::failed && !run.result.changed()) run.result.end = JobEnd::undone;
    }
    if (run.stopped() && !run.options.undo_on_failure) {
        if (auto undone = undo_held(run); !undone) return undone.error();
    }
    if (auto ended = end(run); !ended) return ended.error();
    return run.result;
}

Result<JobResult> Executor::run(const Plan& plan, const std::string& job, const Options& options) {
    Run run(plan, job, options, clock_.monotonic());
    if (plan.refused() || (plan.dangerous() && !options.accept_danger)) {
        run.stop(JobEnd::refused, plan.refused() ? plan.refusals.front().text
                                                 : "it is dangerous, and the danger was not "
                                                   "accepted");
        return run.result;
    }
    for (const auto& step : plan.steps) run.all_bytes += bytes_of(step);
    // Each step may be noted four times, with its undo.
    const std::size_t room = to_json(plan).size() * 2 + plan.steps.size() * 4 * kEntryRoom + kEntryRoom;
    if (auto reserved = journal_.reserve(room); !reserved) return reserved.error();
    if (auto noted = note(run, EntryKind::job_begun, 0, false, to_string(plan.wish)); !noted) return noted.error();
    if (auto done = steps(run); !done) return done.error();
    return conclude(run);
}

Status Executor::take_up(Run& run, const journal::Job& job) {
    if (job.steps.size() > run.plan.steps.size()) {
        return bad_input(fmt::format("job {}: its journal has {} steps, its plan {}", job.id, job.steps.size(),
                                     run.plan.steps.size()));
    }
    for (std::size_t i = 0; i < job.steps.size(); ++i) run.result.steps[i].state = job.steps[i].state;
    for (const auto& step : run.plan.steps) run.all_bytes += bytes_of(step);
    return journal_.reserve(run.plan.steps.size() * 4 * kEntryRoom + kEntryRoom);
}

Status Executor::settle(Run& run, std::size_t index) {
    const PlanStep& step = run.plan.steps[index];
    StepResult& result = run.result.steps[index];
    if (see(step.after) == Seen::as_expected) {
        result.state = StepState::done;
        run.bytes += bytes_of(step);
        return note(run, EntryKind::step_done, index, false, step.did);
    }
    if (std::holds_alternative<SaveAction>(step.action) || see(step.before) == Seen::as_expected) {
        result.state = StepState::untouched;   // saving twice harms nobody
        return Done{};
    }
    result.text =
        fmt::format("nobody knows whether it was done; look at the host, then undo the job or make a new plan");
    run.stop(JobEnd::failed, fmt::format("step {}: {}", index + 1, result.text));
    return Done{};
}

Result<JobResult> Executor::finish(const Plan& plan, const journal::Job& job, const Options& options) {
    Run run(plan, job.id, options, clock_.monotonic());
    if (!job.interrupted()) return bad_input(fmt::format("job {} has ended: {}", job.id, job.result));
    const auto undoing = [](StepState state) {
        return state == StepState::undone || state == StepState::undo_unknown || state == StepState::undo_failed;
    };
    if (std::ranges::any_of(job.steps, undoing, &journal::JobStep::state))
        return bad_input(fmt::format("job {} was being undone: finish that with rollback", job.id));
    if (auto taken = take_up(run, job); !taken) return taken.error();
    for (std::size_t i = 0; i < plan.steps.size() && !run.stopped(); ++i) {
        if (run.result.steps[i].state != StepState::unknown) continue;
        if (auto settled = settle(run, i); !settled) return settled.error();
    }
    if (auto done = steps(run); !done) return done.error();
    return conclude(run);
}

Result<JobResult> Executor::undo(const Plan& plan, const journal::Job& job, const Options& options) {
    Run run(plan, job.id, options, clock_.monotonic());
    run.result.undo_wanted = true;
    if (auto taken = take_up(run, job); !taken) return taken.error();
    if (auto undone = undo_steps(run); !undone) return undone.error();
    const bool clean = !run.result.changed();
    run.stop(clean ? JobEnd::undone : JobEnd::failed, clean ? "" : "not all of it could be undone");
    if (auto ended = end(run); !ended) return ended.error();
    return run.result;
}

}   // namespace memhot::execute
