// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "nvdimm/command.hpp"

namespace memhot {

namespace {

constexpr int kUsageStatus = 129;

// "destroyed 0 namespaces", "reconfigured 1 device": says how many, not why.
bool is_count(std::string_view line) {
    constexpr std::array<std::string_view, 8> kVerbs{
        "created ",  "destroyed ", "reconfigured ",       "enabled ",
        "disabled ", "checked ",   "onlined memory for ", "offlined memory for "};
    return std::ranges::any_of(kVerbs, [line](std::string_view verb) {
        return line.starts_with(verb) && line.size() > verb.size() &&
               std::isdigit(static_cast<unsigned char>(line[verb.size()])) != 0;
    });
}

}   // namespace

void Console::error(std::string_view text) { say(fmt::format("Error: {}", text)); }

void Console::err(std::string_view text) {
    ++errors_;
    error(fmt::format("{}: {}", command_, text));
}

CommandAnswer Console::usage(RuleId rule) {
    CommandAnswer answer = finish(0, {0, rule});
    answer.exit = kUsageStatus;
    if (!answer.lines.empty()) answer.error = answer.lines.back();
    return answer;
}

CommandAnswer Console::finish(int rc, const NdAnswer& reason) {
    CommandAnswer answer;
    answer.exit = rc & 0xff;
    answer.lines = std::move(lines_);
    answer.rule = reason.rule;
    answer.kernel_error = reason.error;
    answer.crash = reason.crash;
    if (answer.exit == 0) return answer;
    const auto last = std::ranges::find_if_not(answer.lines.rbegin(), answer.lines.rend(), is_count);
    if (last != answer.lines.rend()) answer.error = *last;
    return answer;
}

}   // namespace memhot
