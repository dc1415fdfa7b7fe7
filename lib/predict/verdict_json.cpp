// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The document "memhot-verdict/1".
#include <array>
#include <nlohmann/json.hpp>

#include "memhot/verdict.hpp"
#include "units/value_json.hpp"

namespace memhot {

namespace {

using Json = nlohmann::ordered_json;

std::string_view name_of(Outcome::Kind kind) {
    constexpr std::array<std::string_view, 4> kNames{"accepted", "refused", "crash", "uncertain"};
    return kNames[static_cast<std::size_t>(kind)];
}

std::string_view name_of(Evidence::Kind kind) {
    constexpr std::array<std::string_view, 6> kNames{"resource", "section", "block", "mapping", "profile", "device"};
    return kNames[static_cast<std::size_t>(kind)];
}

Json outcome_json(const Outcome& outcome) {
    Json json{{"kind", name_of(outcome.kind)}};
    if (outcome.error != 0) {
        json["errno"] = outcome.error;
        json["errno_name"] = errno_name(outcome.error);
        json["errno_text"] = errno_text(outcome.error);
    }
    if (outcome.stage != Stage::none) json["stage"] = to_string(outcome.stage);
    if (outcome.at != 0) json["at"] = hex(outcome.at);
    return json;
}

Json rule_json(RuleId id) {
    const Rule& row = rule(id);
    return {{"id", row.id},
            {"checks", row.checks},
            {"source", row.source},
            {"releases", row.releases},
            {"recorded", row.recorded}};
}

}   // namespace

std::string to_json(const Verdict& verdict) {
    Json json{{"format", "memhot-verdict/1"},
              {"operation", verdict.operation},
              {"kernel", verdict.kernel},
              {"outcome", outcome_json(verdict.outcome)},
              {"dangerous", verdict.dangerous()},
              {"summary", verdict.summary},
              {"rule", rule_json(verdict.outcome.rule)},
              {"operands", units::json_of(verdict.operands)},
              {"evidence", Json::array()},
              {"messages", verdict.messages},
              {"hazards", Json::array()},
              {"assumptions", verdict.assumptions}};
    for (const auto& item : verdict.evidence)
        json["evidence"].push_back({{"kind", name_of(item.kind)}, {"text", item.text}});
    for (const auto& item : verdict.hazards) {
        json["hazards"].push_back({{"rule", rule(item.rule).id}, {"text", item.text}, {"releases", item.releases}});
    }
    if (verdict.nearest) {
        json["nearest"] = {{"start", hex(verdict.nearest->start)},
                           {"end", hex(verdict.nearest->last)},
                           {"size", verdict.nearest->size()}};
    }
    if (!verdict.prints.empty()) json["prints"] = verdict.prints;
    if (!verdict.remedy.empty()) json["remedy"] = verdict.remedy;
    for (const auto& change : verdict.changes) json["changes"][change.device] = units::json_of(change.values);
    if (!verdict.commands.empty()) json["commands"] = verdict.commands;
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}   // namespace memhot
