// SPDX-License-Identifier: GPL-2.0-or-later
//
// The way back: a step is undone only where the host still shows what it left. What somebody else changed since is left
// as it is, and said.
#include <fmt/format.h>

#include <utility>

#include "execute/run.hpp"

namespace memhot::execute {

using journal::EntryKind;
using journal::StepState;

namespace {

bool is_doubtful(StepState state) { return state == StepState::unknown || state == StepState::undo_unknown; }

bool is_partly(const StepResult& step) {
    return step.partly || step.state == StepState::undo_failed || step.state == StepState::undo_unknown;
}

}   // namespace

// The host is as it was before the step: it was never done, or somebody undid it.
Status Executor::found_undone(Run& run, std::size_t index) {
    StepResult& result = run.result.steps[index];
    const StepState was = std::exchange(result.state, StepState::undone);
    const PlanStep& step = run.plan.steps[index];
    // Two entries, as of any undo; they say that nobody wrote to the host.
    const std::string found = step.did + ": found as it was before, nothing was written";
    if (was == StepState::unknown) {
        result.state = StepState::untouched;
        return note(run, entry_of_step(EntryKind::step_not_done, index, step.did));
    }
    if (was != StepState::undo_unknown) {
        auto noted = note(run, entry_of_step(EntryKind::step_intended, index, found, true));
        if (!noted) return noted;
    }
    result.text = found;
    return note(run, entry_of_step(EntryKind::step_done, index, found, true));
}

// What a step created may be gone, and another one of its name there.
std::string Executor::another_one(Run& run, std::size_t index) {
    const PlanStep& step = run.plan.steps[index];
    const StepResult& result = run.result.steps[index];
    if (step.creates.empty()) return {};
    if (result.identity.empty()) {
        if (result.state == StepState::done) return {};   // it is as the step leaves it, and was confirmed by name
        return fmt::format("left as it is: nobody knows whether {} is the one that this job created", step.creates);
    }
    const auto now = shown(Fact::Kind::identity, step.creates);
    if (!now || !is_another(result.identity, *now)) return {};
    return fmt::format("left as it is: {} is not the one that this job created: that one had {}, this one has {}",
                       step.creates, result.identity, *now);
}

// How the host is not as the step leaves it.
std::string Executor::differs(const PlanStep& step) {
    const auto what = mismatch(step.after);
    return what ? *what : what.error().message();
}

std::string Executor::half_way_difference(const PlanStep& step, const journal::Left& left) {
    const auto change = memhot::changed_half_way(step, look(), left);
    return change ? fmt::format("{}: expected {}, the host shows {}", change->name, change->was, change->now) : "";
}

// Why a step is left as it is; empty: it can be undone.
std::string Executor::why_it_stays(Run& run, std::size_t index) {
    const PlanStep& step = run.plan.steps[index];
    const StepResult& result = run.result.steps[index];
    const Seen after = see(step.after);
    if (after == Seen::unseen && is_doubtful(result.state)) {
        // Nobody wrote down what became of it, and the host does not show it: nothing is undone blindly.
        return fmt::format("nobody knows whether it was {}; look, and then: {}",
                           result.state == StepState::unknown ? "done" : "undone", to_string(step.undo.front()));
    }
    if (const std::string other = another_one(run, index); !other.empty()) return other;
    const bool half_way = is_partly(result) || has_long_way_back(step);
    const std::string what = half_way                   ? half_way_difference(step, result.left)
                             : after == Seen::otherwise ? differs(step)
                                                        : "";
    if (what.empty()) return {};
    // Its write may have been taken and have come to something else, which nobody looked at any more.
    if (result.state == StepState::unknown)
        return "left as it is, nobody knows whether this job left it so, or somebody else: " + what;
    return "left as it is, somebody else changed it: " + what;
}

Status Executor::carry_out_undo(Run& run, std::size_t index) {
    const PlanStep& step = run.plan.steps[index];
    StepResult& result = run.result.steps[index];
    auto intended = entry_of_step(EntryKind::step_intended, index, to_string(step.undo.front()), true);
    if (auto noted = note(run, std::move(intended)); !noted) return noted;
    result.state = StepState::undo_unknown;
    Attempt attempt;
    for (const auto& action : step.undo) {
        if (is_already(action, look())) continue;
        if (action == step.action && see(step.after) == Seen::as_expected) continue;
        unsigned attempts = 0;
        attempt = try_until(run, action, attempts);
        if (!attempt.ok()) break;
    }
    result.error = attempt.error;
    result.text = attempt.ok() ? "" : error_text(attempt);
    if (is_busy(attempt) && run.cancelled()) run.stop(JobEnd::cancelled, result.text);
    if (is_busy(attempt) && run.options.timeout != 0) run.stop(JobEnd::timed_out, result.text);
    if (attempt.ok() && step.undo_differs.empty() && see(step.before) == Seen::otherwise) {
        const auto what = mismatch(step.before);
        result.text = "accepted, but " + (what ? *what : what.error().message());
    }
    result.state = result.text.empty() ? StepState::undone : StepState::undo_failed;
    const bool done = result.state == StepState::undone;
    auto entry =
        entry_of_step(done ? EntryKind::step_done : EntryKind::step_failed, index, done ? step.did : result.text, true);
    entry.error = attempt.error;
    return note(run, std::move(entry));
}

// A namespace that was about to be destroyed is there, disabled: its first bytes are zeroed before its label goes.
std::string Executor::why_not_untouched(Run& run, std::size_t index) {
    const PlanStep& step = run.plan.steps[index];
    if (run.result.steps[index].state != StepState::unknown || step.destroys.empty()) return {};
    for (std::size_t i = 0; i < index; ++i) {
        const auto* save = std::get_if<SaveAction>(&run.plan.steps[i].action);
        if (save == nullptr || target_.holds_saved(*save) != false) continue;
        return fmt::format("it was begun: the first 8 KiB of {} are not those that were saved; see rollback in "
                           "memhotctl(1) for how to put them back",
                           save->device);
    }
    return {};
}

Status Executor::undo_as_judged(Run& run, const UndoFate& fate) {
    switch (fate.how) {
        case UndoFate::How::as_before: return found_undone(run, fate.step);
        case UndoFate::How::undone: return carry_out_undo(run, fate.step);
        case UndoFate::How::stays: break;
    }
    run.result.steps[fate.step].text = "left as it is: " + fate.why;
    return Done{};
}

Status Executor::undo_step(Run& run, std::size_t index) {
    const PlanStep& step = run.plan.steps[index];
    StepResult& result = run.result.steps[index];
    if (is_save(step)) return Done{};   // it changes nothing
    const auto judged = std::ranges::find(run.options.judged, index, &UndoFate::step);
    if (judged != run.options.judged.end() && !step.after.empty() && see(step.after) == Seen::unseen)
        return undo_as_judged(run, *judged);
    if (see(step.before) == Seen::as_expected || index >= run.behind) {
        result.text = why_not_untouched(run, index);
        return result.text.empty() ? found_undone(run, index) : Status(Done{});
    }
    if (step.undo.empty()) {
        result.text = step.no_undo;
        return Done{};
    }
    result.text = why_it_stays(run, index);
    return result.text.empty() ? carry_out_undo(run, index) : Status(Done{});
}

// A step that stays keeps those that it depends on.
Status Executor::undo_steps(Run& run) {
    const auto last = std::ranges::find_if(run.result.steps.rbegin(), run.result.steps.rend(),
                                           [](const StepResult& step) { return can_be_undone(step); });
    run.behind = stands_behind(run.plan, static_cast<std::size_t>(run.result.steps.rend() - last), look());
    std::vector<bool> held(run.result.steps.size(), false);
    for (std::size_t i = run.result.steps.size(); i-- > 0;) {
        StepResult& result = run.result.steps[i];
        const PlanStep& step = run.plan.steps[i];
        if (held[i]) {
            result.text = "what came behind it and depends on it is not undone";
        } else if (can_be_undone(result)) {
            if (run.cancelled()) {
                run.stop(JobEnd::cancelled, fmt::format("before step {} was undone", run.number(i)));
                return Done{};
            }
            if (auto undone = undo_step(run, i); !undone) return undone;
        }
        if (!held[i] && (is_save(step) || !can_be_undone(result))) continue;
        for (const auto on : step.depends_on) held.at(on) = true;
    }
    return Done{};
}

// What was held for the time of the plan, or of its undo, where the step that takes it back is not done.
Status Executor::undo_held(Run& run) {
    run.undoing = true;
    for (std::size_t i = run.plan.steps.size(); i-- > 0;) {
        const auto held = run.plan.steps[i].takes_back;
        const auto& results = run.result.steps;
        if (!held || results[i].state == StepState::done || !can_be_undone(results.at(*held))) continue;
        if (auto undone = undo_step(run, *held); !undone) return undone;
    }
    return Done{};
}

Result<JobResult> Executor::undo(const Plan& plan, const journal::Job& job, const Options& options) {
    Run run(plan, job.id, options, clock_.monotonic());
    run.result.undo_wanted = true;
    if (auto taken = take_up(run, job); !taken) return taken.error();
    if (auto undone = undo_steps(run); !undone) return without_journal(run, undone.error());
    if (auto put_back = undo_held(run); !put_back) return without_journal(run, put_back.error());
    const bool clean = !run.result.changed();
    run.stop(clean ? JobEnd::undone : JobEnd::failed, clean ? "" : std::string(kNotAllUndone));
    if (auto ended = end(run); !ended) return without_journal(run, ended.error());
    return run.result;
}

}   // namespace memhot::execute
