// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Who onlines memory that a plan adds: the kernel by its policy (auto_online_blocks), where that gives the zone that is
// wanted, else the plan, block by block, with the policy held at "offline" while it runs.
#pragma once

#include <optional>

#include "plan/builder.hpp"

namespace memhot::plan {

// What the kernel does with new memory by itself; nothing where it leaves it offline.
std::optional<std::string> policy_onlines(const Builder& builder);
// Whether that is what is wanted. automatic: whatever it is.
bool policy_gives(const Builder& builder, WantedZone zone);
// "zone Movable"
std::string_view zone_text(WantedZone zone);

// Holds the policy for the steps that are planned while it lives; release() plans the step that puts it back.
class HeldPolicy {
public:
    // why: "the blocks are to be online in zone Movable". No step where the kernel onlines nothing by itself.
    HeldPolicy(Builder& builder, std::string_view why);
    void release();

private:
    Builder& builder_;
    std::optional<std::string> was_;
    std::size_t step_ = 0;
};

}   // namespace memhot::plan
