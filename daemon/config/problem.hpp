// SPDX-License-Identifier: GPL-2.0-or-later
//
// What is wrong with a configuration file, and in which line. A warning leaves the rest of the file in force, as systemd
// does with what it does not know; an error refuses all of it, so that nothing acts on half of what was meant.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace memhot::config {

// Where something was said.
struct Place {
    std::string path;
    std::uint64_t line = 0;   // from 1; 0: the file as a whole
    friend bool operator==(const Place&, const Place&) = default;
};
// "/etc/memhot/memhotd.conf:12"
std::string to_string(const Place& place);

struct Problem {
    enum class Severity : std::uint8_t { warning, error };
    Severity severity = Severity::warning;
    Place place;
    std::string text;
    friend bool operator==(const Problem&, const Problem&) = default;
};
// "/etc/memhot/memhotd.conf:12: unknown key "Timout" in [Jobs], ignored"
std::string to_string(const Problem& problem);
using Problems = std::vector<Problem>;

[[nodiscard]] bool has_errors(const Problems& problems);

}   // namespace memhot::config
