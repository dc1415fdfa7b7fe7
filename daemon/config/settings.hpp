// SPDX-License-Identifier: GPL-2.0-or-later
//
// memhotd.conf(5): what the daemon is told about itself. What it does with memory is in *.policy files (policy/).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "config/files.hpp"
#include "config/keys.hpp"
#include "config/problem.hpp"

namespace memhot::config {

struct Settings {
    bool act = false;
    bool override_owners = false;
    std::string state_directory = "/var/lib/memhot";
    std::string runtime_directory = "/run/memhot";
    std::uint64_t busy_timeout = 30'000'000;   // times are microseconds
    std::uint64_t coalesce = 200'000;
    std::uint64_t coalesce_limit = 1'000'000;
    std::uint64_t calls_per_sender = 16;
    std::uint64_t plans_per_sender = 16;
    std::uint64_t jobs_per_sender = 4;
    std::uint64_t job_history = 1000;
    friend bool operator==(const Settings&, const Settings&) = default;
};

// In the order of the manual and of the default file.
std::span<const Key<Settings>> setting_keys();

struct LoadedSettings {
    Settings settings;   // those of the files that are good; only to be used where there are no errors
    std::vector<ConfigFile> files;   // all that were found, the main file first
    Problems problems;
};

// memhot/memhotd.conf below /etc, /run, /usr/local/lib or /usr/lib, then the drop-ins of memhot/memhotd.conf.d in the order
// of their names: later ones win. A file that cannot be read is an error among the problems.
LoadedSettings load_settings(const std::string& root);

// Reads them again: current becomes the new ones where they have no error, and stays as it is where they have one.
Problems reload(const std::string& root, Settings& current);

// The text of systemd/memhotd.conf: every key with its default, commented out.
std::string default_file();

}   // namespace memhot::config
