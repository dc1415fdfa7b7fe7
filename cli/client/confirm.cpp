// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/confirm.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <string>

#include "context.hpp"
#include "output/text.hpp"

namespace memhotctl {

namespace {

std::vector<std::string> split_commas(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        if (comma != 0) out.emplace_back(text.substr(0, comma));
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return out;
}

bool can_ask() { return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1; }

std::string ask(const std::string& question) {
    std::fputs((question + " ").c_str(), stderr);
    std::string line;
    std::getline(std::cin, line);
    return line;
}

std::string why(const memhot::Plan& plan, const std::string& name) {
    for (const auto& loss : plan.destroys()) {
        if (loss.device == name) return "destroys " + loss.what;
    }
    for (const auto& step : plan.steps) {
        for (const auto& hazard : step.verdict.hazards) {
            if (memhot::rule(hazard.rule).id == name) return "is dangerous: " + hazard.text;
        }
    }
    return {};
}

int status_of(const memhot::Plan& plan, const std::string& name) {
    return why(plan, name).starts_with("destroys") ? exit_code::no : exit_code::dangerous;
}

}   // namespace

memhot::Result<int> confirm(Context& context, const memhot::Plan& plan) {
    const auto given = split_commas(context.arguments().value("accept").value_or(""));
    bool asked = false;
    for (const auto& name : names_to_confirm(plan)) {
        if (std::ranges::find(given, name) != given.end()) continue;
        if (!can_ask()) {
            context.note(
                fmt::format("this {}; nothing was changed. To do it all the same: --accept {}", why(plan, name), name));
            return status_of(plan, name);
        }
        asked = true;
        if (ask(fmt::format("This {}.\nType {} to go on:", printable(why(plan, name)), printable(name))) == name)
            continue;
        context.note(name + " was not confirmed; nothing was changed");
        return exit_code::cancelled;
    }
    if (asked || context.arguments().flag("yes")) return exit_code::yes;
    if (!can_ask()) return memhot::bad_input("no terminal to ask on, expected -y to carry it out, or --dry-run");
    const std::string answer = ask("Carry it out? [y/N]");
    if (answer == "y" || answer == "yes" || answer == "Y") return exit_code::yes;
    context.note("nothing was changed");
    return exit_code::cancelled;
}

}   // namespace memhotctl
