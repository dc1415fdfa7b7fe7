// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Upstream versions as text.
#include <charconv>
#include <system_error>

#include <fmt/format.h>

#include "memhot/profile.hpp"
#include "units/quote.hpp"

namespace memhot {
namespace {

// Takes a decimal number off the front of text; nothing where there is none or it does not fit.
std::optional<unsigned> take_number(std::string_view& text) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
}

bool take_dot(std::string_view& text) {
    if (!text.starts_with('.')) return false;
    text.remove_prefix(1);
    return true;
}

bool starts_with_digit(std::string_view text) { return !text.empty() && text.front() >= '0' && text.front() <= '9'; }

}   // namespace

Result<Version> parse_version(std::string_view text) {
    const auto refuse = [&] {
        return bad_input(fmt::format("{} is not a kernel version: expected MAJOR.MINOR or MAJOR.MINOR.PATCH, "
                                     "such as 6.12 or 6.1.190",
                                     units::quoted(text)));
    };
    std::string_view rest = text;
    const auto major = take_number(rest);
    if (!major || !take_dot(rest)) return refuse();
    const auto minor = take_number(rest);
    if (!minor) return refuse();
    if (rest == "." || rest.starts_with("..")) return refuse();
    Version version{*major, *minor, 0};
    // "5.14.el9" and the like: what follows the point is no patch level.
    if (rest.size() > 1 && rest.front() == '.' && starts_with_digit(rest.substr(1))) {
        rest.remove_prefix(1);
        const auto patch = take_number(rest);
        if (!patch) return refuse();
        version.patch = *patch;
    }
    return version;
}

std::string to_string(const Version& version) {
    return version.patch == 0 ? fmt::format("{}.{}", version.major, version.minor)
                              : fmt::format("{}.{}.{}", version.major, version.minor, version.patch);
}

}   // namespace memhot
