// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "config/text.hpp"

namespace memhot::config {

namespace {

struct Unit {
    std::string_view name;
    std::uint64_t microseconds;
};
// systemd.time(7); the longest of each beginning first
constexpr std::array<Unit, 12> kUnits{{{"us", 1},
                                       {"usec", 1},
                                       {"ms", 1000},
                                       {"msec", 1000},
                                       {"s", 1000000},
                                       {"sec", 1000000},
                                       {"m", 60000000},
                                       {"min", 60000000},
                                       {"h", 3600000000},
                                       {"hr", 3600000000},
                                       {"d", 86400000000},
                                       {"", 1000000}}};

std::string seconds_text(std::uint64_t microseconds) {
    if (microseconds % 1000000 == 0) return fmt::format("{}s", microseconds / 1000000);
    return fmt::format("{}ms", microseconds / 1000);
}

// Takes "30s" off the front; false where there is none.
bool take_span(std::string_view& text, std::uint64_t& sum) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) return false;
    text = trimmed(text.substr(static_cast<std::size_t>(end - text.data())));
    const auto letters = std::min(text.find_first_not_of("abcdefghijklmnopqrstuvwxyz"), text.size());
    const auto unit = std::ranges::find(kUnits, text.substr(0, letters), &Unit::name);
    if (unit == kUnits.end()) return false;
    text = trimmed(text.substr(letters));
    std::uint64_t span = 0;
    return !__builtin_mul_overflow(number, unit->microseconds, &span) && !__builtin_add_overflow(sum, span, &sum);
}

}   // namespace

Problem unknown_key(const Assignment& assignment, const std::string& path, const std::string& known, bool strict) {
    return {strict ? Problem::Severity::error : Problem::Severity::warning,
            {path, assignment.line},
            fmt::format("unknown key {} in [{}]{}; it has {}", quoted(assignment.key), printable(assignment.section),
                        strict ? "" : ", ignored", known)};
}

Problem unknown_section(const SectionHead& head, const std::string& path, const std::string& known, bool strict) {
    return {
        strict ? Problem::Severity::error : Problem::Severity::warning,
        {path, head.line},
        fmt::format("unknown section [{}]{}; there are {}", printable(head.name), strict ? "" : ", ignored", known)};
}

Problem wrong_value(const Assignment& assignment, const std::string& path, const Error& error) {
    return {Problem::Severity::error,
            {path, assignment.line},
            fmt::format("{}={}: {}", printable(assignment.key), printable(assignment.value), error.message())};
}

Result<bool> parse_boolean(std::string_view text) {
    constexpr std::array<std::string_view, 12> kWords{"1", "yes", "y", "true",  "t", "on",
                                                      "0", "no",  "n", "false", "f", "off"};
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? char(c + ('a' - 'A')) : c; });
    const auto found = std::ranges::find(kWords, lower);
    if (found == kWords.end()) return bad_input("expected yes or no");
    return found - kWords.begin() < 6;
}

Result<std::uint64_t> parse_seconds(std::string_view text, std::uint64_t least, std::uint64_t most) {
    std::uint64_t sum = 0;
    bool good = !trimmed(text).empty();
    for (auto rest = trimmed(text); good && !rest.empty();) good = take_span(rest, sum);
    if (good && sum >= least && sum <= most) return sum;
    return bad_input(fmt::format("expected a time from {} to {}, such as 200ms, 30 (seconds) or 1min 30s",
                                 seconds_text(least), seconds_text(most)));
}

Result<std::uint64_t> parse_count(std::string_view text, std::uint64_t least, std::uint64_t most) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool good = error == std::errc() && end == text.data() + text.size() && number >= least && number <= most;
    if (good) return number;
    return bad_input(fmt::format("expected a whole number from {} to {}", least, most));
}

Result<std::string> parse_directory(std::string_view text) {
    const bool climbs = text.ends_with("/..") || text.find("/../") != std::string_view::npos;
    if (text.starts_with('/') && text.size() < 4096 && !climbs) return std::string(text);
    return bad_input("expected the absolute path of a directory, without \"..\"");
}

Result<std::size_t> parse_word(std::string_view text, std::span<const std::string_view> words) {
    const auto found = std::ranges::find(words, text);
    if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
    return bad_input(fmt::format("expected one of {}", fmt::join(words, ", ")));
}

}   // namespace memhot::config
