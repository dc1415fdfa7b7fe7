// SPDX-License-Identifier: GPL-2.0-or-later
//
// The command line, parsed. Only arguments.cpp knows CLI11.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commands/command.hpp"
#include "memhot/result.hpp"

namespace memhotctl {

struct Arguments {
    const Command* command = nullptr;   // never null after parsing
    bool verb_given = false;
    std::map<std::string, std::string, std::less<>> options;   // by name; flags have an empty value
    std::vector<std::string> operands;

    [[nodiscard]] bool flag(std::string_view name) const { return options.contains(name); }
    [[nodiscard]] std::optional<std::string> value(std::string_view name) const {
        const auto found = options.find(name);
        return found == options.end() ? std::nullopt : std::optional(found->second);
    }
};

// Errors are bad_input, one line each. Of an option given twice the last counts.
memhot::Result<Arguments> parse_arguments(int argc, const char* const* argv);

}   // namespace memhotctl
