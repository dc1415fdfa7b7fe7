// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The range syntax of the command line and the bus: addresses as pasted from /proc/iomem, START+SIZE, and the numbers
// of memory blocks and sections.
#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "memhot/units.hpp"
#include "units/quote.hpp"

namespace memhot {
namespace {

constexpr std::string_view kForms =
    "START-END (hex, inclusive), START+SIZE, blockN, blockN-M, sectionN, sectionN-M or a device";

// What sysfs calls things that have a physical range; resolving them needs a host.
constexpr std::array<std::string_view, 10> kDevicePrefixes = {"namespace", "dax",   "region", "node",    "pmem",
                                                              "nmem",      "ndbus", "mem",    "decoder", "btt"};

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n";
    const auto first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

Error wrong(std::string_view text, const std::string& why) {
    return bad_input("range " + units::quoted(text) + ": " + why);
}

bool is_device_name(std::string_view text) {
    return std::ranges::any_of(kDevicePrefixes, [text](std::string_view prefix) {
        if (!text.starts_with(prefix) || text.size() == prefix.size() || !is_digit(text[prefix.size()])) return false;
        return std::ranges::all_of(text.substr(prefix.size()),
                                   [](char c) { return is_digit(c) || c == '.' || (c >= 'a' && c <= 'z'); });
    });
}

// Something that is counted: N of it starts at N times its size.
struct Unit {
    std::string_view prefix;
    std::string_view name;
    std::uint64_t RangeUnits::* size;
};
constexpr std::array<Unit, 3> kUnits = {{
    {"memory", "memory blocks", &RangeUnits::block_size},
    {"block", "memory blocks", &RangeUnits::block_size},
    {"section", "sections", &RangeUnits::section_size},
}};

enum class Count { good, malformed, too_big };

Count parse_count(std::string_view text, std::uint64_t& value) {
    if (text.empty() || !std::ranges::all_of(text, is_digit)) return Count::malformed;
    const auto end = text.data() + text.size();
    return std::from_chars(text.data(), end, value).ec == std::errc{} ? Count::good : Count::too_big;
}

Result<Range> parse_counted(std::string_view text, const Unit& unit, std::uint64_t unit_size) {
    const std::string_view numbers = text.substr(unit.prefix.size());
    const auto dash = numbers.find('-');
    const bool single = dash == std::string_view::npos;
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    const Count one = parse_count(numbers.substr(0, dash), first);
    const Count two = single ? one : parse_count(numbers.substr(dash + 1), last);
    if (single) last = first;
    if (one == Count::malformed || two == Count::malformed) {
        const std::string prefix(unit.prefix);
        return wrong(text, "expected " + prefix + "N or " + prefix + "N-M with decimal numbers, as sysfs names them");
    }
    if (unit_size == 0) {
        return Error(ErrorKind::unsupported, "range " + units::quoted(text) + ": this host has no " +
                                                 std::string(unit.name) + ", give addresses");
    }
    const std::uint64_t greatest = std::numeric_limits<std::uint64_t>::max() / unit_size;
    // One less where the last unit would be cut by the end of the 64 bit space.
    const std::uint64_t limit =
        std::numeric_limits<std::uint64_t>::max() - greatest * unit_size == unit_size - 1 ? greatest : greatest - 1;
    if (one == Count::too_big || two == Count::too_big || first > limit || last > limit) {
        return wrong(text, "beyond the 64 bit address space, expected at most " + std::to_string(limit) + " for " +
                               std::string(unit.name) + " of " + hex(unit_size) + " bytes");
    }
    if (first > last) return wrong(text, "the end is below the start, expected the lower number first");
    return Range{first * unit_size, last * unit_size + (unit_size - 1)};
}

Result<Range> parse_start_size(std::string_view text, std::size_t plus) {
    const auto start = parse_hex(trimmed(text.substr(0, plus)));
    if (!start) return wrong(text, "start " + start.error().text());
    const auto size = parse_size(trimmed(text.substr(plus + 1)));
    if (!size) return wrong(text, "size " + size.error().text());
    if (*size == 0) return wrong(text, "the size is 0, expected at least one byte");
    const auto range = Range::from_size(*start, *size);
    if (!range) return wrong(text, "ends beyond the 64 bit address space, expected a smaller size");
    return *range;
}

Result<Range> parse_start_end(std::string_view text, std::size_t dash) {
    const auto start = parse_hex(trimmed(text.substr(0, dash)));
    if (!start) return wrong(text, "start " + start.error().text());
    const auto last = parse_hex(trimmed(text.substr(dash + 1)));
    if (!last) return wrong(text, "end " + last.error().text());
    if (*start > *last) return wrong(text, "the end is below the start, expected the lower address first");
    return Range{*start, *last};
}

}   // namespace

Result<Range> parse_range(std::string_view text, const RangeUnits& units) {
    text = trimmed(text);
    for (const auto& unit : kUnits) {
        if (!text.starts_with(unit.prefix)) continue;
        return parse_counted(text, unit, units.*unit.size);
    }
    if (is_device_name(text)) {
        return Error(ErrorKind::not_found, units::quoted(text) + " is the name of a device, not a range of addresses");
    }
    // A line of /proc/iomem is "  START-END : NAME", and the name may hold anything.
    if (const auto colon = text.find(" : "); colon != std::string_view::npos) text = trimmed(text.substr(0, colon));
    if (const auto plus = text.find('+'); plus != std::string_view::npos) return parse_start_size(text, plus);
    if (const auto dash = text.find('-'); dash != std::string_view::npos) return parse_start_end(text, dash);
    return wrong(text, "expected " + std::string(kForms));
}

}   // namespace memhot
