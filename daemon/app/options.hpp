// SPDX-License-Identifier: GPL-2.0-or-later
//
// The command line of memhotd.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "memhot/result.hpp"

namespace memhot::app {

struct Options {
    std::string bus = "system";   // "system", "session" or an address
    std::string root = "/";
    std::string simulate;   // a snapshot
    std::vector<std::string> faults;   // of a simulated host
    std::optional<std::string> config_root;   // absent: root
    std::optional<std::string> state_directory;
    std::optional<std::string> run_directory;
    bool events = false;   // also with a root of its own
    bool check_config = false;
    bool help = false;
    bool version = false;
    bool debug = false;
};

Result<Options> parse_options(int argc, char** argv);
std::string help_text();

}   // namespace memhot::app
