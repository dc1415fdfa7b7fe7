// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The document "memhot-explanations/1". Addresses are strings "0x...", sizes and counts numbers, ranges have both ends.
#include <nlohmann/json.hpp>

#include "memhot/explain.hpp"
#include "memhot/outcome.hpp"
#include "units/value_json.hpp"

namespace memhot {

namespace {

using Json = nlohmann::ordered_json;

using units::json_of;

Json json_of(const Explanation& one) {
    Json json{{"id", one.id}, {"kind", to_string(one.kind)}, {"incident", one.incident}, {"lines", one.lines}};
    if (!one.rules.empty()) json["rules"] = one.rules;
    if (one.error != 0) {
        json["errno"] = one.error;
        json["errno_name"] = errno_name(one.error);
    }
    if (!one.device.empty()) json["device"] = one.device;
    json["found"] = json_of(one.found);
    json["cause"] = one.cause;
    json["next"] = json_of(one.next);
    json["remedy"] = one.remedy;
    if (!one.releases.empty()) json["releases"] = one.releases;
    if (!one.source.empty()) json["source"] = one.source;
    json["needed"] = one.needed;
    if (!one.evidence.empty()) json["evidence"] = one.evidence;
    if (!one.candidates.empty()) json["candidates"] = one.candidates;
    return json;
}

}   // namespace

std::string to_json(const std::vector<Explanation>& explanations) {
    Json json{{"format", "memhot-explanations/1"}, {"explanations", Json::array()}};
    for (const auto& one : explanations) json["explanations"].push_back(json_of(one));
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}   // namespace memhot
