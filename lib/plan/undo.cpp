// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The way back, and the rest of the way: what undoes the steps of a plan, and the steps that are still to be done, judged
// on the host as it is now before they are tried.
#include <fmt/format.h>

#include <algorithm>

#include "memhot/plan.hpp"
#include "memhot/simulated.hpp"

namespace memhot {

namespace {

PlanStep undoing(const PlanStep& step, const Action& action, Verdict verdict) {
    PlanStep out;
    out.action = action;
    out.would = fmt::format("would undo: {}", step.did);
    out.did = fmt::format("undone: {}", step.did);
    out.block = step.block;
    out.verdict = std::move(verdict);
    // What came goes again, and the other way round.
    out.cost = {step.cost.memmap_freed, step.cost.memmap, step.cost.memory_lost, step.cost.memory_gained};
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

bool all_hold(const SimulatedHost& host, const std::vector<Fact>& facts) {
    return !facts.empty() &&
           std::ranges::all_of(facts, [&](const Fact& fact) { return host.value(fact.kind, fact.name) == fact.value; });
}

// Why a step is not undone; empty: it can be, or there is nothing to undo.
std::string why_it_stays(const SimulatedHost& host, const PlanStep& step, bool held, bool doubt) {
    if (std::holds_alternative<SaveAction>(step.action) || all_hold(host, step.before)) return {};
    if (held) return "a step behind it, which needs it, stays";
    if (step.undo.empty()) return step.no_undo.empty() ? "there is no way back" : step.no_undo;
    if (doubt && step.before.empty()) return "nobody knows whether it was done";
    return {};
}

Error no_step(std::size_t index) { return bad_input(fmt::format("the plan has no step {}", index + 1)); }

}   // namespace

Result<Plan> make_undo(const Snapshot& snapshot, const Plan& done, const std::vector<std::size_t>& steps,
                       const std::vector<std::size_t>& doubtful) {
    auto host = SimulatedHost::from_snapshot(snapshot);
    if (!host) return std::move(host).error();
    Plan out = empty_like(done);
    std::vector<bool> held(done.steps.size(), false);
    std::vector<std::size_t> order = steps;
    std::ranges::sort(order, std::greater());
    for (const auto index : order) {
        if (index >= done.steps.size()) return no_step(index);
        const PlanStep& step = done.steps[index];
        const bool doubt = std::ranges::find(doubtful, index) != doubtful.end();
        const std::string why = why_it_stays(*host, step, held[index], doubt);
        if (!why.empty()) out.notes.push_back(fmt::format("stays: {}: {}", step.did, why));
        if (!why.empty() || held[index]) {
            for (const auto on : step.depends_on) held.at(on) = true;
            continue;
        }
        if (all_hold(*host, step.before)) {
            out.notes.push_back(fmt::format("is as it was before: {}", step.did));
            continue;
        }
        for (const auto& action : step.undo) add(out, undoing(step, action, host->carry_out(action)));
    }
    return out;
}

Result<Plan> make_rest(const Snapshot& snapshot, const Plan& begun, const std::vector<std::size_t>& steps) {
    auto host = SimulatedHost::from_snapshot(snapshot);
    if (!host) return std::move(host).error();
    Plan out = empty_like(begun);
    for (const auto index : steps) {
        if (index >= begun.steps.size()) return no_step(index);
        PlanStep step = begun.steps[index];
        if (all_hold(*host, step.after)) continue;
        step.verdict = host->carry_out(step.action);
        add(out, std::move(step));
    }
    return out;
}

bool same_actions(const Plan& a, const Plan& b) {
    return std::ranges::equal(a.steps, b.steps, {}, &PlanStep::action, &PlanStep::action);
}

}   // namespace memhot
