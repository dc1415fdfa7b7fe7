// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Fields of listings (listing_fields.hpp).
#include "report/listing_fields.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "memhot/units.hpp"
#include "report/ndctl_json.hpp"
#include "units/quote.hpp"

namespace memhot::report {

const Json* ListingFields::find(const char* name) const {
    const auto found = object_.find(name);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
}

std::string ListingFields::path_of(std::string_view name) const {
    return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
}

void ListingFields::fail(const char* name, std::string_view found, std::string_view expected) {
    if (!error_) error_ = bad_input(fmt::format("{}: {}, expected {}", path_of(name), units::quoted(found), expected));
}

void ListingFields::wrong_kind(const char* name, const Json& value, std::string_view expected) {
    if (!error_) error_ = bad_input(fmt::format("{}: {}, expected {}", path_of(name), value.type_name(), expected));
}

std::string ListingFields::text(const char* name) {
    const Json* value = find(name);
    if (value == nullptr) return {};
    if (value->is_string()) return value->get<std::string>();
    if (value->is_number_unsigned()) return std::to_string(value->get<std::uint64_t>());
    wrong_kind(name, *value, "a string");
    return {};
}

std::optional<std::uint64_t> ListingFields::number_of(const char* name, const Json& value) {
    if (value.is_number_unsigned()) return value.get<std::uint64_t>();
    if (value.is_string()) {
        const auto& text = value.get_ref<const std::string&>();
        if (const auto number = parse_number(text)) return *number;
        fail(name, text, "a number");
    } else {
        wrong_kind(name, value, "a number");
    }
    return std::nullopt;
}

std::optional<std::uint64_t> ListingFields::number(const char* name) {
    const Json* value = find(name);
    return value == nullptr ? std::nullopt : number_of(name, *value);
}

std::optional<std::uint32_t> ListingFields::small(const char* name) {
    const auto value = number(name);
    if (!value) return std::nullopt;
    if (*value <= std::numeric_limits<std::uint32_t>::max()) return static_cast<std::uint32_t>(*value);
    fail(name, std::to_string(*value), "a number of 32 bits");
    return std::nullopt;
}

std::optional<std::uint64_t> ListingFields::size(const char* name) {
    const Json* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (value->is_string()) {
        if (const auto bytes = parse_human_size(value->get_ref<const std::string&>())) {
            rounded_.push_back(path_of(name));
            return bytes;
        }
    }
    return number_of(name, *value);
}

std::optional<std::uint64_t> ListingFields::cookie(const char* name) {
    const Json* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (value->is_number_integer() && !value->is_number_unsigned()) {
        return static_cast<std::uint64_t>(value->get<std::int64_t>());
    }
    return number_of(name, *value);
}

std::optional<int> ListingFields::node(const char* name) {
    const Json* value = find(name);
    if (value == nullptr || (value->is_number_integer() && *value == -1)) return std::nullopt;
    const auto number = number_of(name, *value);
    if (!number) return std::nullopt;
    if (*number <= static_cast<std::uint64_t>(std::numeric_limits<int>::max())) return static_cast<int>(*number);
    fail(name, std::to_string(*number), "a small number");
    return std::nullopt;
}

std::optional<bool> ListingFields::flag(const char* name) {
    const Json* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (value->is_boolean()) return value->get<bool>();
    wrong_kind(name, *value, "true or false");
    return std::nullopt;
}

std::vector<std::uint64_t> ListingFields::numbers(const char* name) {
    std::vector<std::uint64_t> values;
    const Json* list = find(name);
    if (list == nullptr) return values;
    if (!list->is_array()) {
        wrong_kind(name, *list, "an array");
        return values;
    }
    for (const auto& one : *list) {
        if (const auto value = number_of(name, one)) values.push_back(*value);
    }
    return values;
}

void ListingFields::version(const char* name, std::optional<unsigned>& major, std::optional<unsigned>& minor) {
    const std::string value = text(name);
    if (value.empty()) return;
    unsigned first = 0;
    unsigned second = 0;
    const char* end = value.data() + value.size();
    const auto one = std::from_chars(value.data(), end, first);
    const bool point = one.ec == std::errc{} && one.ptr != end && *one.ptr == '.';
    const auto two = point ? std::from_chars(one.ptr + 1, end, second) : one;
    if (!point || two.ec != std::errc{} || two.ptr != end) return fail(name, value, "MAJOR.MINOR");
    major = first;
    minor = second;
}

std::optional<std::uint64_t> parse_human_size(std::string_view text) {
    struct Unit {
        std::string_view name;
        unsigned shift;
    };
    constexpr std::array<Unit, 6> kUnits{
        {{"bytes", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}, {"PiB", 50}}};
    const auto blank = text.find(' ');
    if (blank == std::string_view::npos) return std::nullopt;
    std::string_view digits = text.substr(0, blank);
    const auto rest = text.substr(blank + 1);
    const auto unit_name = rest.substr(0, rest.find(' '));
    const auto* unit = std::ranges::find(kUnits, unit_name, &Unit::name);
    if (unit == kUnits.end()) return std::nullopt;
    // "(2.15 GB)": the same in powers of ten
    if (unit_name != rest && (!rest.ends_with("B)") || rest[unit_name.size() + 1] != '(')) return std::nullopt;

    const auto point = digits.find('.');
    const auto whole = parse_number(digits.substr(0, point));
    if (!whole || *whole > 1ULL << (63U - unit->shift)) return std::nullopt;
    std::uint64_t bytes = *whole << unit->shift;
    if (point == std::string_view::npos) return bytes;
    std::uint64_t scale = 1;
    std::uint64_t fraction = 0;
    for (const char c : digits.substr(point + 1)) {
        if (c < '0' || c > '9' || scale > 1000) return std::nullopt;
        fraction = fraction * 10 + static_cast<std::uint64_t>(c - '0');
        scale *= 10;
    }
    return bytes + ((fraction << unit->shift) + scale / 2) / scale;
}

}   // namespace memhot::report
