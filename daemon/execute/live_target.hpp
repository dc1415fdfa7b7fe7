// SPDX-License-Identifier: GPL-2.0-or-later
//
// This machine: writes to sysfs, commands of ndctl and daxctl in calls of their libraries, and copies of what is about to
// be destroyed. Programs are not run.
#pragma once

#include <string>
#include <utility>

#include "execute/target.hpp"

namespace memhot::execute {

class LiveTarget : public Target {
public:
    // save_directory: of one job; made when the first thing is saved (nmem0.labels, namespace0.1.info).
    explicit LiveTarget(std::string save_directory) : files_("/", true), save_directory_(std::move(save_directory)) {}

    Attempt carry_out(const Action& action) override;
    Result<std::optional<std::string>> look(const Fact& fact) override;
    void look_anew() override;
    std::optional<bool> holds_saved(const SaveAction& action) override;
    [[nodiscard]] bool may_hang() const override { return true; }

private:
    Attempt save(const SaveAction& action) const;

    FileTarget files_;
    std::string save_directory_;
};

// Works a command out on the host of this moment, and carries it out unless the kernel or the program would refuse it.
Attempt run_command(const CommandLine& command);

}   // namespace memhot::execute
