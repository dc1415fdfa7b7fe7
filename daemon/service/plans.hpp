// SPDX-License-Identifier: GPL-2.0-or-later
//
// Plans that callers were shown and may have carried out, by caller. Only the caller knows their names.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "memhot/plan.hpp"
#include "service/failure.hpp"

namespace memhot::service {

struct ShownPlan {
    std::string json;
    Wish wish;
};

class Plans {
public:
    // The plan's name. limit: of one caller.
    // Whether one more may be kept.
    [[nodiscard]] Answer<Done> has_room(const std::string& owner, std::uint64_t limit) const;
    Answer<std::string> keep(const std::string& owner, ShownPlan plan, std::uint64_t limit);
    [[nodiscard]] Answer<ShownPlan> find(const std::string& owner, const std::string& name) const;
    void drop(const std::string& owner, const std::string& name);
    // The caller is gone.
    void release(const std::string& owner) { plans_.erase(owner); }
    [[nodiscard]] bool has_any(const std::string& owner) const { return plans_.contains(owner); }

private:
    std::map<std::string, std::map<std::string, ShownPlan>> plans_;
};

}   // namespace memhot::service
