// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Values in documents: addresses are strings "0x...", sizes and counts numbers, ranges have both ends and their size.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "memhot/value.hpp"

namespace memhot::units {

inline nlohmann::ordered_json json_of(const Value& value) {
    switch (value.kind) {
        case Value::Kind::text: return value.text;
        case Value::Kind::count:
        case Value::Kind::size: return value.number;
        case Value::Kind::address: return hex(value.number);
        case Value::Kind::range: break;
    }
    return {{"start", hex(value.number)}, {"end", hex(value.last)}, {"size", Range{value.number, value.last}.size()}};
}

// An object with the values under their names; several of one name are an array.
inline nlohmann::ordered_json json_of(const std::vector<Value>& values) {
    auto json = nlohmann::ordered_json::object();
    for (const auto& value : values) {
        auto& member = json[value.name];
        if (member.is_null()) {
            member = json_of(value);
        } else {
            if (!member.is_array()) member = nlohmann::ordered_json::array({member});
            member.push_back(json_of(value));
        }
    }
    return json;
}

}   // namespace memhot::units
