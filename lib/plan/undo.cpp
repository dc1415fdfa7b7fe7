// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The way back, and the rest of the way: what undoes the steps of a plan, and the steps that are still to be done, judged
// on the host as it is now before they are tried.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "memhot/plan.hpp"
#include "memhot/simulated.hpp"
#include "nvdimm/from_snapshot.hpp"
#include "plan/builder.hpp"
#include "plan/interlocks.hpp"
#include "plan/standing.hpp"

namespace memhot {

namespace {

constexpr std::string_view kStays = "stays: ";

PlanStep undoing(const PlanStep& step, const Action& action, Verdict verdict) {
    PlanStep out;
    out.action = action;
    out.would = fmt::format("would undo: {}", step.did);
    out.did = fmt::format("undone: {}", step.did);
    out.block = step.block;
    out.verdict = std::move(verdict);
    if (action != step.undo.back()) return out;
    // What came goes again, and the other way round.
    out.cost = {step.cost.memmap_freed, step.cost.memmap, step.cost.memory_lost, step.cost.memory_gained};
    out.destroys = step.undo_destroys;
    return out;
}

Plan empty_like(const Plan& plan) {
    Plan out;
    out.wish = plan.wish;
    out.host = plan.host;
    out.kernel = plan.kernel;
    return out;
}

// A step with its verdict of now; what would be refused stands at the top, too.
void add(Plan& plan, PlanStep step) {
    const Outcome& outcome = step.verdict.outcome;
    if (outcome.kind == Outcome::Kind::refused || outcome.kind == Outcome::Kind::crash)
        plan.refusals.push_back({outcome.rule, fmt::format("{}: {}", to_string(step.action), step.verdict.summary)});
    plan.steps.push_back(std::move(step));
}

void refuse_as_stale(Plan& plan, const std::vector<FactChange>& changes) {
    for (const auto& change : changes) plan.refusals.push_back({RuleId::plan_stale, to_string(change)});
}

// The first of them that is not so; "" where all are.
std::string first_difference(const SimulatedHost& host, const std::vector<Fact>& facts) {
    for (const auto& fact : facts) {
        std::string now = host.value(fact.kind, fact.name);
        if (now != fact.value) return to_string(FactChange{fact.kind, fact.name, fact.value, std::move(now)});
    }
    return {};
}

bool all_hold(const SimulatedHost& host, const std::vector<Fact>& facts) {
    return !facts.empty() && first_difference(host, facts).empty();
}

// What a step created may be gone, and another one of its name there.
std::string another_one(const SimulatedHost& host, const PlanStep& step, const StepBehind& behind) {
    if (step.creates.empty()) return {};
    const std::string now = host.value(Fact::Kind::identity, step.creates);
    if (behind.identity.empty()) {
        if (behind.how == StepBehind::How::done) return {};   // it is as the step leaves it, and has to be named
        return fmt::format("nobody knows whether {} is the one that was created", step.creates);
    }
    if (!is_another(behind.identity, now)) return {};
    return fmt::format("{} is not the one that was created: that one had {}, this one has {}", step.creates,
                       behind.identity, now);
}

Look look_at(const SimulatedHost& host) {
    return [&host](const Fact& fact) { return std::optional(host.value(fact.kind, fact.name)); };
}

// Why a step is not undone; empty: it can be, or there is nothing to undo.
std::string why_it_stays(const SimulatedHost& host, const PlanStep& step, const StepBehind& behind, bool held) {
    if (std::holds_alternative<SaveAction>(step.action)) return {};
    if (held) return "a step behind it, which needs it, stays";
    if (step.undo.empty()) return step.no_undo.empty() ? "there is no way back" : step.no_undo;
    if (const std::string other = another_one(host, step, behind); !other.empty()) return other;
    if (behind.how == StepBehind::How::partly || has_long_way_back(step)) {
        const auto other = changed_half_way(step, look_at(host), behind.left);
        return other ? "somebody else changed it: " + to_string(*other) : "";
    }
    if (step.before.empty() && behind.how == StepBehind::How::doubtful) return "nobody knows whether it was done";
    const std::string other = first_difference(host, step.after);
    if (other.empty()) return {};
    // Its write may have been taken and have come to something else, which nobody looked at any more.
    const bool doubtful = behind.how == StepBehind::How::doubtful;
    return (doubtful ? "nobody knows whether the job left it so, or somebody else: " : "somebody else changed it: ") +
           other;
}

std::string as_it_was(const PlanStep& step, const StepBehind& behind) {
    std::string out = fmt::format("is as it was before: {}", step.did);
    if (behind.how == StepBehind::How::doubtful && !step.destroys.empty())
        out += "; it is looked whether its first 8 KiB are those that were saved";
    return out;
}

void undo_step(SimulatedHost& host, const PlanStep& step, Plan& out) {
    const Look look = look_at(host);
    for (const auto& action : step.undo) {
        // What is so already is passed over, but for the last one, which tells the whole.
        const bool is_so = is_already(action, look) || (action == step.action && all_hold(host, step.after));
        if (action != step.undo.back() && is_so) continue;
        Verdict verdict;
        if (!is_already(action, look)) verdict = host.carry_out(action);
        add(out, undoing(step, action, std::move(verdict)));
    }
}

// The interlocks hold for the way back and for the rest of the way, too, on the host as it is now.
// undone: what is gone back to was so before that plan, whatever ratio it had, and may be so again.
Status guard(const Snapshot& snapshot, Plan& plan, const Plan* undone = nullptr) {
    auto builder = plan::Builder::open(snapshot, plan.wish);
    if (!builder) return builder.error();
    for (const auto& step : plan.steps) {
        if (const auto* command = std::get_if<CommandLine>(&step.action)) plan::guard_kmem_online(*builder, *command);
        builder->take(step.action);
    }
    plan::guard_memmap_memory(*builder);
    plan::guard_what_stays(*builder, undone);
    if (undone == nullptr) plan::guard_movable_ratio(*builder);
    plan::guard_losses(plan, builder->start());
    Plan judged = std::move(*builder).finish();
    std::ranges::move(judged.refusals, std::back_inserter(plan.refusals));
    std::ranges::move(judged.notes, std::back_inserter(plan.notes));
    return Done{};
}

Error no_step(std::size_t index) { return bad_input(fmt::format("the plan has no step {}", index + 1)); }

// What the host does not settle of the step that nobody wrote the end of.
void refuse_doubt(Plan& plan, const SimulatedHost& host, const Plan& begun, std::size_t done, const Standing& now,
                  std::string_view identity) {
    const auto refuse = [&](std::string_view why) {
        plan.refusals.push_back(
            {RuleId::plan_stale,
             fmt::format("step {}: {}; look, then undo the job or make a new plan", done + 1, why)});
    };
    if (!now.behind || done >= begun.steps.size()) return;
    const PlanStep& step = begun.steps[done];
    if (now.came_back)
        return refuse(
            "the host is as it was before the job and as it would be behind this step, so nobody knows whether "
            "it was done");
    if (step.after.empty() && *now.behind == done && !std::holds_alternative<SaveAction>(step.action))
        return refuse("nobody knows whether it was done, and the host does not show it");
    if (*now.behind <= done || step.creates.empty()) return;
    const std::string there = host.value(Fact::Kind::identity, step.creates);
    if (identity.empty())
        return refuse(fmt::format("nobody knows whether {} is the one that it created", step.creates));
    if (is_another(identity, there))
        refuse(fmt::format("{} is not the one that it was to create: that one was to have {}, this one has {}",
                           step.creates, identity, there));
}

}   // namespace

Result<Plan> make_undo(const Snapshot& snapshot, const Plan& done, const std::vector<StepBehind>& steps,
                       std::vector<UndoFate>* fates) {
    auto host = SimulatedHost::from_snapshot(snapshot);
    if (!host) return std::move(host).error();
    Plan out = empty_like(done);
    if (done.host != snapshot.hostname)
        refuse_as_stale(out, {{Fact::Kind::host, "hostname", done.host, snapshot.hostname}});
    std::size_t most = 0;
    for (const auto& behind : steps) most = std::max(most, behind.step + 1);
    const std::size_t there = stands_behind(done, most, look_at(*host));
    std::vector<bool> held(done.steps.size(), false);
    std::vector<StepBehind> order = steps;
    std::ranges::sort(order, std::greater(), &StepBehind::step);
    for (const auto& behind : order) {
        if (behind.step >= done.steps.size()) return no_step(behind.step);
        const PlanStep& step = done.steps[behind.step];
        const bool as_before = behind.step >= there || all_hold(*host, step.before);
        const std::string why = as_before ? "" : why_it_stays(*host, step, behind, held[behind.step]);
        if (!why.empty()) out.notes.push_back(fmt::format("{}{}: {}", kStays, step.did, why));
        if (fates != nullptr && !std::holds_alternative<SaveAction>(step.action)) {
            using How = UndoFate::How;
            fates->push_back({behind.step, !why.empty() ? How::stays : as_before ? How::as_before : How::undone, why});
        }
        if (!why.empty() || held[behind.step]) {
            for (const auto on : step.depends_on) held.at(on) = true;
            continue;
        }
        if (std::holds_alternative<SaveAction>(step.action)) continue;
        if (as_before) {
            out.notes.push_back(as_it_was(step, behind));
        } else {
            undo_step(*host, step, out);
        }
    }
    if (auto guarded = guard(snapshot, out, &done); !guarded) return guarded.error();
    return out;
}

std::size_t what_stays(const Plan& undo) {
    return static_cast<std::size_t>(
        std::ranges::count_if(undo.notes, [](const std::string& note) { return note.starts_with(kStays); }));
}

Result<Plan> make_rest(const Snapshot& snapshot, const Plan& begun, std::size_t done, bool doubtful,
                       std::string_view identity) {
    auto host = SimulatedHost::from_snapshot(snapshot);
    if (!host) return std::move(host).error();
    const auto reading = read_bus(snapshot);
    if (!reading) return reading.error();
    Plan out = empty_like(begun);
    // A step that changes nothing that can be seen is not known to be done by what is seen.
    const bool shows = doubtful && done < begun.steps.size() && !begun.steps[done].after.empty();
    const Standing now = standing(begun, done + (shows ? 1 : 0), look_at(*host));
    refuse_as_stale(out, now.differs);
    if (doubtful) refuse_doubt(out, *host, begun, done, now, identity);
    const std::size_t behind = now.behind.value_or(done);
    refuse_as_stale(out, plan::changed_by_others(begun, std::max(behind, done + (shows ? 1 : 0)),
                                                 plan::FactReader(snapshot, reading->bus)));
    for (std::size_t i = behind; i < begun.steps.size() && out.refusals.empty(); ++i) {
        PlanStep step = begun.steps[i];
        step.verdict = host->carry_out(step.action);
        add(out, std::move(step));
    }
    if (auto guarded = guard(snapshot, out); !guarded) return guarded.error();
    return out;
}

bool same_actions(const Plan& a, const Plan& b) {
    return std::ranges::equal(a.steps, b.steps, {}, &PlanStep::action, &PlanStep::action);
}

}   // namespace memhot
