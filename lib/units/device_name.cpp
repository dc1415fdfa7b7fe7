// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Numbered names (device_name.hpp).
#include "units/device_name.hpp"

#include <algorithm>
#include <charconv>
#include <tuple>

namespace memhot::units {
namespace {

std::optional<int> parse_id(std::string_view digits) {
    if (digits.empty() || (digits.front() == '0' && digits.size() > 1)) return std::nullopt;
    int value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size() || value < 0) return std::nullopt;
    return value;
}

std::string_view prefix_of(std::string_view name) {
    const auto end = std::ranges::find_if(name, [](char c) { return c >= '0' && c <= '9'; });
    return name.substr(0, static_cast<std::size_t>(end - name.begin()));
}

}   // namespace

std::optional<DeviceName> parse_device_name(std::string_view name, std::string_view prefix) {
    if (!name.starts_with(prefix)) return std::nullopt;
    name.remove_prefix(prefix.size());
    const auto point = name.find('.');
    const auto first = parse_id(name.substr(0, point));
    if (!first) return std::nullopt;
    if (point == std::string_view::npos) return DeviceName{*first, std::nullopt};
    const auto second = parse_id(name.substr(point + 1));
    if (!second) return std::nullopt;
    return DeviceName{*first, second};
}

bool device_order(std::string_view a, std::string_view b) {
    const auto key = [](std::string_view name) {
        const auto prefix = prefix_of(name);
        return std::tuple(prefix, parse_device_name(name, prefix), name);
    };
    return key(a) < key(b);
}

}   // namespace memhot::units
