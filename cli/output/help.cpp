// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/help.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "output/text.hpp"

namespace memhotctl {

namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kHelpColumn = 26;

std::string entry(std::string_view left, std::string_view help) {
    const auto lines = wrap(help, kWidth - kHelpColumn);
    std::string out = fmt::format("  {:<{}}{}\n", left, kHelpColumn - 2, lines.front());
    if (left.size() + 3 > kHelpColumn) out = fmt::format("  {}\n{:{}}{}\n", left, "", kHelpColumn, lines.front());
    for (std::size_t i = 1; i < lines.size(); ++i) out += fmt::format("{:{}}{}\n", "", kHelpColumn, lines[i]);
    return out;
}

std::string options_text(std::span<const Option> options) {
    std::string out;
    for (const auto& option : options) {
        std::string left = option.letter == 0 ? "    " : fmt::format("-{}, ", option.letter);
        left += fmt::format("--{}{}{}", option.name, option.value.empty() ? "" : " ", option.value);
        out += entry(left, option.help);
    }
    return out;
}

}   // namespace

std::string help() {
    std::string out = "Usage: memhotctl [OPTIONS] [VERB [OPERANDS]]\n\n"
                      "Says what Linux will do with a physical memory range, and why; and does it.\n\nVerbs:\n";
    for (const Command* command : commands()) {
        out += entry(fmt::format("{} {}", command->name, command->operands), command->summary);
    }
    out += "\nOptions, before or behind the verb:\n" + options_text(global_options());
    out += "\nExit status: 0 yes or done, 1 the answer is no, 2 usage or unreadable input,\n"
           "3 this machine cannot be read, 4 not authorised, 5 failed and nothing changed,\n"
           "6 failed part-way, 7 timed out or cancelled, 8 uncertain, 9 dangerous.\n"
           "See memhotctl(1), and memhotctl VERB --help.\n";
    return out;
}

std::string help_of(const Command& command) {
    std::string out =
        fmt::format("Usage: memhotctl {}{}{}{}\n\n", command.name, command.options.empty() ? "" : " [OPTIONS]",
                    command.operands.empty() ? "" : " ", command.operands);
    for (const auto& line : wrap(command.summary, kWidth)) out += line + "\n";
    if (!command.options.empty()) out += "\nOptions:\n" + options_text(command.options);
    if (!command.notes.empty()) out += "\n" + std::string(command.notes);
    out += "\nOptions of every verb: memhotctl --help\n";
    return out;
}

}   // namespace memhotctl
