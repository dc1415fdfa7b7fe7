// SPDX-License-Identifier: GPL-2.0-or-later
//
// Policies from text and hosts from tests/data, for the tests of policies.
#pragma once

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "policy/policy.hpp"

namespace memhot::policy {

inline Snapshot host_of(const std::string& name) {
    auto snapshot = load_snapshot(std::string(MEMHOT_TEST_DATA) + "/" + name + "-host.json");
    EXPECT_TRUE(snapshot.ok());
    return snapshot.ok() ? *snapshot : Snapshot{};
}

// 01.policy, 02.policy, ...
inline Policies policies_of(const std::vector<std::string>& texts) {
    Policies out;
    for (const auto& text : texts) {
        config::Problems problems;
        auto policy = parse_policy(text, fmt::format("/p/{:02}.policy", out.size() + 1), problems);
        for (const auto& problem : problems) ADD_FAILURE() << to_string(problem);
        if (policy) out.push_back(*std::move(policy));
    }
    return out;
}

inline std::string for_all(const std::string& online) { return "[Match]\nDevice=*\n[Online]\n" + online; }

}   // namespace memhot::policy
