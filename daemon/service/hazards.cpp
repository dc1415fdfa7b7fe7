// SPDX-License-Identifier: GPL-2.0-or-later
#include "service/hazards.hpp"

#include <algorithm>

namespace memhot::service {

Hazards::Change Hazards::update(const std::vector<Finding>& findings, std::uint64_t wall_clock) {
    Change change;
    std::vector<StandingHazard> now;
    for (const auto& finding : findings) {
        if (finding.severity == Severity::note) continue;
        const auto same = [&](const StandingHazard& old) {
            return old.rule == finding.id && old.where == finding.where && old.text == finding.what;
        };
        if (std::ranges::any_of(now, same)) continue;
        const auto old = std::ranges::find_if(standing_, same);
        if (old != standing_.end()) {
            now.push_back(*old);
            continue;
        }
        now.push_back({++last_, finding.id, std::string(to_string(finding.severity)), finding.where, finding.what,
                       finding.remedy, wall_clock});
        change.raised.push_back(now.back());
    }
    for (const auto& old : standing_) {
        if (std::ranges::find(now, old.id, &StandingHazard::id) == now.end()) change.cleared.push_back(old);
    }
    standing_ = std::move(now);
    return change;
}

}   // namespace memhot::service
