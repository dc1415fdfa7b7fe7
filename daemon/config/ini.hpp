// SPDX-License-Identifier: GPL-2.0-or-later
//
// The syntax of systemd's configuration files (systemd.syntax(7), src/shared/conf-parser.c): [Section] and Key=Value, #
// and ; begin a comment line, a backslash at the end joins the next line. Knows no key; depends on nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/problem.hpp"

namespace memhot::config {

struct Assignment {
    std::string section;
    std::string key;
    std::string value;   // without blanks around it; empty: back to the default
    std::uint64_t line = 0;   // where it begins
    friend bool operator==(const Assignment&, const Assignment&) = default;
};

struct SectionHead {
    std::string name;
    std::uint64_t line = 0;
    friend bool operator==(const SectionHead&, const SectionHead&) = default;
};

struct IniFile {
    std::vector<SectionHead> sections;   // each head as it stands there, twice where it stands twice
    std::vector<Assignment> assignments;
    friend bool operator==(const IniFile&, const IniFile&) = default;
};

// A logical line may be as long as systemd lets it (LONG_LINE_MAX).
inline constexpr std::size_t kLongestLine = std::size_t{1} << 20;

// Sections of which no line may be left out: what is left would mean more than was written. "" is outside of any.
using Strict = bool (*)(std::string_view section);
inline bool nothing_strict(std::string_view) { return false; }

// What cannot be read is a problem at its line: a line without "=", one outside of any section and one that is no UTF-8
// are left out with a warning, in a strict section with an error; a section head without "]" and a line that is too long
// are errors.
IniFile parse_ini(std::string_view text, const std::string& path, Problems& problems, Strict strict = nothing_strict);

}   // namespace memhot::config
