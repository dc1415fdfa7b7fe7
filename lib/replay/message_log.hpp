// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Counts the recorded lines of a kernel's log against those that are predicted: one at a time, in order within the step.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "memhot/replay.hpp"

namespace memhot {

class MessageLog {
public:
    explicit MessageLog(ReplayReport& report) : report_(report) {}

    // One step. A line with parts that nobody can see agrees with none, but what the real one says there comes back.
    // "Block size ..." has no newline at its end, so it may surface only with a later step's first line.
    std::vector<std::string> take(const std::vector<KernelMessage>& predicted,
                                  const std::vector<std::string>& recorded);

private:
    ReplayReport& report_;
    std::deque<KernelMessage> pending_;
};

// The number at the end of "Built N zonelists, mobility grouping on.  Total pages: N"; nothing in another line.
std::optional<std::uint64_t> total_pages_of(std::string_view line);

}   // namespace memhot
