// SPDX-License-Identifier: LGPL-2.1-or-later
#include "memhot/value.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace memhot {

Value Value::of_text(std::string_view name, std::string_view text) {
    return {.name = std::string(name), .kind = Kind::text, .text = std::string(text)};
}
Value Value::of_count(std::string_view name, std::uint64_t count) {
    return {.name = std::string(name), .kind = Kind::count, .number = count, .text = {}};
}
Value Value::of_size(std::string_view name, std::uint64_t bytes) {
    return {.name = std::string(name), .kind = Kind::size, .number = bytes, .text = {}};
}
Value Value::of_address(std::string_view name, std::uint64_t address) {
    return {.name = std::string(name), .kind = Kind::address, .number = address, .text = {}};
}
Value Value::of_range(std::string_view name, const Range& range) {
    return {.name = std::string(name), .kind = Kind::range, .number = range.start, .last = range.last, .text = {}};
}

std::string exact_size(std::uint64_t bytes) {
    constexpr std::array<std::pair<std::uint64_t, char>, 4> kUnits{
        {{kTiB, 'T'}, {kGiB, 'G'}, {kMiB, 'M'}, {kKiB, 'K'}}};
    if (bytes != 0) {
        for (const auto& [unit, letter] : kUnits) {
            if (bytes % unit == 0) return fmt::format("{}{}", bytes / unit, letter);
        }
    }
    return std::to_string(bytes);
}

std::string brief(const Value& value) {
    switch (value.kind) {
        case Value::Kind::text: return value.text;
        case Value::Kind::count: return std::to_string(value.number);
        case Value::Kind::size: return value.text.empty() ? exact_size(value.number) : value.text;
        case Value::Kind::address: return hex(value.number);
        case Value::Kind::range: break;
    }
    return fmt::format("{}-{}", hex(value.number), hex(value.last));
}

std::string to_string(const Value& value) {
    if (value.kind != Value::Kind::size || value.number == 0 || !value.text.empty()) return brief(value);
    const std::string exact = exact_size(value.number);
    const bool has_unit = exact != std::to_string(value.number);
    return fmt::format("{} ({}, {:#x})", value.number, has_unit ? exact : human_size(value.number), value.number);
}

}   // namespace memhot
