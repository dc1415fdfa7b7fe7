// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What ndctl, daxctl and writes to sysfs would do to the namespaces and dax devices of a host: accepted or refused with
// the program's final words and the kernel's reason behind them, and where everything lies afterwards.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "memhot/profile.hpp"
#include "memhot/snapshot.hpp"
#include "memhot/verdict.hpp"

namespace memhot {

// A command line of ndctl or daxctl (as version 76.1 reads it), or a write to sysfs.
struct CommandLine {
    std::string program;   // "ndctl", "daxctl"; "write": verb is a path below /sys, the argument what is written
    std::string verb;   // "create-namespace", ...
    std::vector<std::string> arguments;
    friend bool operator==(const CommandLine&, const CommandLine&) = default;
};
// Splits at blanks.
CommandLine split_command(std::string_view text);
// As it would be typed.
std::string to_string(const CommandLine& command);

// Answers each command on what those before it left; ends with a crash. profile: the kernel that answers, normally
// snapshot.profile(); what is active on the host is taken as active under it, too.
// not_permitted where the host hides the addresses that are needed.
Result<std::vector<Verdict>> predict(const Snapshot& snapshot, std::shared_ptr<const KernelProfile> profile,
                                     const std::vector<CommandLine>& commands);

}   // namespace memhot
