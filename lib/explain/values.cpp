// SPDX-License-Identifier: LGPL-2.1-or-later
#include "explain/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace memhot {

std::string to_string(const ExplainedValue& value) {
    using Kind = ExplainedValue::Kind;
    if (value.kind != Kind::size || value.number == 0 || !value.text.empty()) return explaining::brief(value);
    const std::string exact = explaining::exact_size(value.number);
    const bool has_unit = exact != std::to_string(value.number);
    return fmt::format("{} ({}, {:#x})", value.number, has_unit ? exact : human_size(value.number), value.number);
}

std::string_view to_string(Explanation::Kind kind) {
    constexpr std::array<std::string_view, 5> kNames{"cause", "layout", "symptom", "consequence", "unknown"};
    return kNames[static_cast<std::size_t>(kind)];
}

namespace {

const ExplainedValue* find_in(const std::vector<ExplainedValue>& values, std::string_view name) {
    const auto found = std::ranges::find(values, name, &ExplainedValue::name);
    return found == values.end() ? nullptr : &*found;
}

}   // namespace

const ExplainedValue* Explanation::find(std::string_view name) const { return find_in(found, name); }
const ExplainedValue* Explanation::find_next(std::string_view name) const { return find_in(next, name); }

namespace explaining {

using Kind = ExplainedValue::Kind;

ExplainedValue a_text(std::string_view name, std::string_view text) {
    return {.name = std::string(name), .kind = Kind::text, .text = std::string(text)};
}
ExplainedValue a_count(std::string_view name, std::uint64_t count) {
    return {.name = std::string(name), .kind = Kind::count, .number = count, .text = {}};
}
ExplainedValue a_size(std::string_view name, std::uint64_t bytes) {
    return {.name = std::string(name), .kind = Kind::size, .number = bytes, .text = {}};
}
ExplainedValue an_address(std::string_view name, std::uint64_t address) {
    return {.name = std::string(name), .kind = Kind::address, .number = address, .text = {}};
}
ExplainedValue a_range(std::string_view name, const Range& range) {
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

std::string brief(const ExplainedValue& value) {
    switch (value.kind) {
        case Kind::text: return value.text;
        case Kind::count: return std::to_string(value.number);
        case Kind::size: return value.text.empty() ? exact_size(value.number) : value.text;
        case Kind::address: return hex(value.number);
        case Kind::range: break;
    }
    return fmt::format("{}-{}", hex(value.number), hex(value.last));
}

}   // namespace explaining
}   // namespace memhot
