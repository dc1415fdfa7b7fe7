// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which entries a text's lines match, and which matches tell of one incident.
#pragma once

#include <string>
#include <vector>

#include "explain/entry.hpp"
#include "explain/text.hpp"

namespace memhot::explaining {

struct Match {
    const Entry* entry = nullptr;
    PatternMatch found;
    std::size_t line = 0;
    std::size_t last_line = 0;   // one more where mail wrapped the message
    std::string device;          // the message's own, or the prefix "DRIVER DEVICE: "
    std::string speaker;         // the prefix, else the same: what incidents are told apart by
};

// In the order of the text. Of matches that overlap in a line, the stronger kind and then the more specific one stays; hints
// only compete with each other.
std::vector<Match> find_matches(const std::vector<Line>& lines);

// The first device of memory or of the nvdimm, dax or CXL buses that a line names; empty where it names none.
std::string named_device(std::string_view line);

// "1.0" for pfn1.0 and namespace1.0, "memory272", "region2"; what an incident is about.
std::string subject_of(std::string_view device);
// Whether both can be one incident: the same, one not said, or a region and what lies in it.
bool same_subject(std::string_view a, std::string_view b);

struct Incident {
    std::string subject;
    std::vector<const Match*> matches;
};
std::vector<Incident> find_incidents(const std::vector<Match>& matches);

}   // namespace memhot::explaining
