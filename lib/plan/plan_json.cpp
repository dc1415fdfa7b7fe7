// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The document "memhot-plan/1".
#include <nlohmann/json.hpp>
#include <type_traits>

#include "memhot/plan.hpp"

namespace memhot {

namespace {

using Json = nlohmann::ordered_json;

Json action_json(const Action& action) {
    return std::visit(
        [](const auto& one) -> Json {
            using T = std::decay_t<decltype(one)>;
            if constexpr (std::is_same_v<T, WriteAction>) {
                return {{"kind", "write"}, {"path", one.path}, {"text", one.text}};
            } else if constexpr (std::is_same_v<T, SaveAction>) {
                const bool labels = one.what == SaveAction::What::labels;
                return {{"kind", "save"}, {"what", labels ? "labels" : "info_block"}, {"device", one.device}};
            } else {
                return {
                    {"kind", "command"}, {"program", one.program}, {"verb", one.verb}, {"arguments", one.arguments}};
            }
        },
        action);
}

Json cost_json(const Cost& cost) {
    return {{"memmap", cost.memmap},
            {"memmap_freed", cost.memmap_freed},
            {"memory_gained", cost.memory_gained},
            {"memory_lost", cost.memory_lost}};
}

Json wish_json(const Wish& wish) {
    return {{"verb", to_string(wish.verb)},
            {"things", wish.things},
            {"options", wish.options},
            {"zone", to_string(wish.zone)},
            {"ratio", wish.ratio}};
}

Json fact_json(const Fact& fact) {
    return {{"kind", to_string(fact.kind)}, {"name", fact.name}, {"value", fact.value}};
}

Json facts_json(const std::vector<Fact>& facts) {
    Json json = Json::array();
    for (const auto& fact : facts) json.push_back(fact_json(fact));
    return json;
}

Json losses_json(const std::vector<DataLoss>& losses) {
    Json json = Json::array();
    for (const auto& loss : losses) {
        json.push_back({{"device", loss.device}, {"bytes", loss.bytes}, {"what", loss.what}});
    }
    return json;
}

enum class Verdicts : std::uint8_t { with, without };

Json step_json(const PlanStep& step, Verdicts verdicts) {
    Json json{{"action", action_json(step.action)}, {"would", step.would}, {"did", step.did}};
    if (verdicts == Verdicts::with) json["verdict"] = Json::parse(to_json(step.verdict), nullptr, false);
    json.update({{"cost", cost_json(step.cost)},
                 {"destroys", losses_json(step.destroys)},
                 {"undo", Json::array()},
                 {"before", facts_json(step.before)},
                 {"after", facts_json(step.after)},
                 {"depends_on", step.depends_on}});
    if (step.block) json["block"] = *step.block;
    if (!step.reason.empty()) json["reason"] = step.reason;
    for (const auto& action : step.undo) json["undo"].push_back(action_json(action));
    if (!step.no_undo.empty()) json["no_undo"] = step.no_undo;
    if (!step.undo_destroys.empty()) json["undo_destroys"] = losses_json(step.undo_destroys);
    if (!step.creates.empty()) json["creates"] = step.creates;
    if (step.replaces) json["replaces"] = fact_json(*step.replaces);
    if (step.takes_back) json["takes_back"] = *step.takes_back;
    if (!step.undo_differs.empty()) json["undo_differs"] = step.undo_differs;
    return json;
}

Json plan_json(const Plan& plan, Verdicts verdicts) {
    Json json{{"format", kPlanFormat},          {"wish", wish_json(plan.wish)}, {"host", plan.host},
              {"kernel", plan.kernel},          {"refused", plan.refused()},    {"dangerous", plan.dangerous()},
              {"refusals", Json::array()},      {"notes", plan.notes},          {"steps", Json::array()},
              {"cost", cost_json(plan.cost())}, {"facts", Json::array()}};
    for (const auto& refusal : plan.refusals) {
        json["refusals"].push_back({{"rule", rule(refusal.rule).id}, {"text", refusal.text}});
    }
    for (const auto& step : plan.steps) json["steps"].push_back(step_json(step, verdicts));
    json["facts"] = facts_json(plan.facts);
    return json;
}

}   // namespace

std::string to_json(const Plan& plan) {
    return plan_json(plan, Verdicts::with).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string to_compact_json(const Plan& plan) {
    return plan_json(plan, Verdicts::without).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}   // namespace memhot
