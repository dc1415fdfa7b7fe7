// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The table of planners.
#include "memhot/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "plan/options.hpp"
#include "plan/planners.hpp"

namespace memhot {

namespace {

struct Planner {
    PlanVerb verb;
    std::string_view name;
    std::string_view example;   // of a wish; empty: one without things means something
    Status (*make)(plan::Builder&);
};

constexpr auto kPlanners = std::to_array<Planner>({
    {PlanVerb::online, "online", "online memory40", plan::plan_online},
    {PlanVerb::offline, "offline", "offline 1G", plan::plan_offline},
    {PlanVerb::remove, "remove", "remove dax0.0", plan::plan_remove},
    {PlanVerb::probe, "probe", "probe 0x140000000", plan::plan_probe},
    {PlanVerb::namespace_create, "namespace create", "", plan::plan_namespace_create},
    {PlanVerb::namespace_reconfigure, "namespace reconfigure", "namespace reconfigure namespace0.0 --mode=devdax",
     plan::plan_namespace_reconfigure},
    {PlanVerb::namespace_destroy, "namespace destroy", "namespace destroy namespace0.0", plan::plan_namespace_destroy},
    {PlanVerb::namespace_enable, "namespace enable", "namespace enable namespace0.0", plan::plan_namespace_enable},
    {PlanVerb::namespace_disable, "namespace disable", "namespace disable namespace0.0", plan::plan_namespace_disable},
    {PlanVerb::dax_reconfigure, "dax reconfigure", "dax reconfigure dax0.0 --mode=system-ram",
     plan::plan_dax_reconfigure},
    {PlanVerb::dax_online, "dax online", "dax online dax0.0", plan::plan_dax_online},
    {PlanVerb::dax_offline, "dax offline", "dax offline dax0.0", plan::plan_dax_offline},
    {PlanVerb::dax_create, "dax create", "", plan::plan_dax_create},
    {PlanVerb::dax_destroy, "dax destroy", "dax destroy dax0.0", plan::plan_dax_destroy},
});
static_assert(kPlanners.size() == static_cast<std::size_t>(PlanVerb::count_));

}   // namespace

std::string_view to_string(PlanVerb verb) { return kPlanners.at(static_cast<std::size_t>(verb)).name; }

Result<Plan> make_plan(const Snapshot& snapshot, const Wish& wish) {
    return make_plan(snapshot, wish, {.steps = std::numeric_limits<std::size_t>::max(), .stop = nullptr});
}

Result<Plan> make_plan(const Snapshot& snapshot, const Wish& wish, const PlanLimits& limits) {
    const Planner& planner = kPlanners.at(static_cast<std::size_t>(wish.verb));
    if (wish.things.empty() && !planner.example.empty()) {
        return bad_input(fmt::format("{}: expected what it is about, as in: {}", planner.name, planner.example));
    }
    if (auto carried_out = plan::check_options(wish); !carried_out) return carried_out.error();
    auto builder = plan::Builder::open(snapshot, wish);
    if (!builder) return std::move(builder).error();
    builder->set_limits(limits);
    if (auto made = planner.make(*builder); !made) return made.error();
    return std::move(*builder).finish();
}

bool Plan::dangerous() const {
    return std::ranges::any_of(steps, [](const PlanStep& step) { return step.verdict.dangerous(); });
}

Cost Plan::cost() const {
    Cost sum;
    for (const auto& step : steps) sum += step.cost;
    return sum;
}

std::vector<DataLoss> Plan::destroys() const {
    std::vector<DataLoss> all;
    for (const auto& step : steps) all.insert(all.end(), step.destroys.begin(), step.destroys.end());
    return all;
}

std::vector<std::string> names_to_confirm(const Plan& plan) {
    std::vector<std::string> out;
    const auto add = [&](std::string name) {
        if (std::ranges::find(out, name) == out.end()) out.push_back(std::move(name));
    };
    for (const auto& loss : plan.destroys()) add(loss.device);
    for (const auto& step : plan.steps) {
        for (const auto& hazard : step.verdict.hazards) add(std::string(rule(hazard.rule).id));
    }
    return out;
}

int exit_status(const Plan& plan) {
    if (plan.dangerous()) return 9;
    if (plan.refused()) return 1;
    const auto unsure = [](const PlanStep& step) { return step.verdict.outcome.kind == Outcome::Kind::uncertain; };
    return std::ranges::any_of(plan.steps, unsure) ? 8 : 0;
}

}   // namespace memhot
