// SPDX-License-Identifier: GPL-2.0-or-later
//
// What people wrote in 87 public threads about ndctl, daxctl and cxl, and what must be said of it. The expectation is what
// the thread or its numbers say, not what explain() happens to print: ids, numbers, the next valid value; where a text has
// no number that suffices, what is asked for.
#pragma once

#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memhot::test {

using Values = std::vector<std::pair<std::string_view, std::string_view>>;   // name, in the short form ("96M")

struct PeersCase {
    std::string_view name;   // "A1"
    std::string_view text;   // as people quoted it
    std::string_view says;   // the line that would have helped; for the reader, not compared
    std::string_view id;   // of the first explanation
    std::string_view device{};
    Values found{};
    Values next{};
    std::vector<std::string_view> rules{};   // of the mirrored kernel; empty: not asked
    std::vector<std::string_view> needed{};   // words of what is asked for
    std::string_view also{};   // id of another explanation of the same text
    Values also_found{};
};

inline void PrintTo(const PeersCase& one, std::ostream* out) { *out << one.name; }

// 2A alignment, 2B capacity, 2C memory blocks, 2D after a reboot, 2E CXL, 2F monitoring
std::span<const PeersCase> peers_alignment();
std::span<const PeersCase> peers_capacity();
std::span<const PeersCase> peers_blocks();
std::span<const PeersCase> peers_reboot();
std::span<const PeersCase> peers_cxl();
std::span<const PeersCase> peers_monitoring();

}   // namespace memhot::test
