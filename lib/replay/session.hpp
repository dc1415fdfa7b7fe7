// SPDX-License-Identifier: LGPL-2.1-or-later
//
// "memhot-ndctl-session/1": real ndctl and daxctl commands and what the host looked like after each.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "memhot/replay.hpp"
#include "replay/transcript.hpp"

namespace memhot {

// Attributes of a device as sysfs shows them.
using Attributes = std::map<std::string, std::string>;

struct RegionSpace {
    std::uint64_t available = 0;
    std::uint64_t max_extent = 0;
};

// A non-empty `after`.
struct HostState {
    std::string iomem;
    std::map<std::string, RegionSpace> spaces;   // of ndctl list
    std::set<std::string> with_uuid;   // namespaces that have one, by ndctl list
    std::map<std::string, Attributes> nd;
    std::map<std::string, Attributes> dax;
    std::optional<std::vector<RecordedBlock>> blocks;
    std::optional<std::vector<SectionInfo>> sections;
};

struct SessionStep {
    std::optional<std::string> command;
    int exit = 0;
    std::string error;                  // final error text
    std::optional<std::uint64_t> stuck_block;   // the one that could not be offlined, where libdaxctl names it
    // of the result, where it has them
    std::optional<std::string> mode;
    std::optional<std::uint64_t> size;
    std::optional<std::uint64_t> align;
    std::optional<std::string> map;
    std::optional<std::string> write;   // a sysfs path
    std::string value;
    std::vector<std::string> messages;
    std::optional<HostState> after;
};

struct Session {
    std::string id;
    Snapshot kernel;   // identity, command line, block size
    std::vector<SessionStep> steps;
};

Result<Session> parse_session(std::string_view json);

// The last line of what a failed command printed that says why: without usage texts and without counts of what was done.
std::string final_error(std::string_view standard_error);

// Fills the counters and disagreements of report.
Status replay_session(const Session& session, ReplayReport& report);

}   // namespace memhot
