// SPDX-License-Identifier: GPL-2.0-or-later
//
// What was predicted to go wrong and still stands: each with a number that is never used again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "memhot/doctor.hpp"

namespace memhot::service {

struct StandingHazard {
    std::uint64_t id = 0;
    std::string rule;   // "namespace.not-attached"
    std::string severity;
    std::string where;
    std::string text;
    std::string remedy;
    std::uint64_t since = 0;   // microseconds since 1970
};

class Hazards {
public:
    struct Change {
        std::vector<StandingHazard> raised;
        std::vector<StandingHazard> cleared;
    };
    // What stands now. One that stood before keeps its number; notes are none.
    Change update(const std::vector<Finding>& findings, std::uint64_t wall_clock);
    [[nodiscard]] const std::vector<StandingHazard>& all() const { return standing_; }

private:
    std::vector<StandingHazard> standing_;
    std::uint64_t last_ = 0;
};

}   // namespace memhot::service
