// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/problem.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace memhot::config {

std::string to_string(const Place& place) {
    return place.line == 0 ? place.path : fmt::format("{}:{}", place.path, place.line);
}

std::string to_string(const Problem& problem) { return fmt::format("{}: {}", to_string(problem.place), problem.text); }

bool has_errors(const Problems& problems) {
    return std::ranges::find(problems, Problem::Severity::error, &Problem::severity) != problems.end();
}

}   // namespace memhot::config
