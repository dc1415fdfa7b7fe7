// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The document "memhot-replay/1".
#include <nlohmann/json.hpp>

#include "memhot/replay.hpp"

namespace memhot {

namespace {

using Json = nlohmann::ordered_json;

Json counters(const ReplayReport& report) {
    return {{"operations", report.operations},
            {"agreed", report.agreed},
            {"uncertain", report.uncertain},
            {"observations", report.observations},
            {"observations_agreed", report.observations_agreed},
            {"messages", report.messages},
            {"messages_agreed", report.messages_agreed}};
}

Json file_json(const ReplayReport& report) {
    if (report.error) return {{"file", report.file}, {"error", *report.error}};
    Json json{{"file", report.file}, {"id", report.id}, {"kernel", report.kernel}, {"arch", report.arch}};
    json.update(counters(report));
    json["disagreements"] = Json::array();
    for (const auto& difference : report.disagreements) {
        json["disagreements"].push_back({{"step", difference.step},
                                         {"op", difference.op},
                                         {"predicted", Json::parse(difference.predicted, nullptr, false)},
                                         {"recorded", Json::parse(difference.recorded, nullptr, false)},
                                         {"why", difference.why}});
    }
    return json;
}

}   // namespace

std::string to_json(const std::vector<ReplayReport>& reports) {
    Json json{{"format", "memhot-replay/1"}, {"files", Json::array()}};
    ReplayReport totals;
    for (const auto& report : reports) {
        json["files"].push_back(file_json(report));
        totals.operations += report.operations;
        totals.agreed += report.agreed;
        totals.uncertain += report.uncertain;
        totals.observations += report.observations;
        totals.observations_agreed += report.observations_agreed;
        totals.messages += report.messages;
        totals.messages_agreed += report.messages_agreed;
    }
    json["totals"] = counters(totals);
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}   // namespace memhot
