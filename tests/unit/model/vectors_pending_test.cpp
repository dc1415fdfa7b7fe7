// SPDX-License-Identifier: GPL-2.0-or-later
//
// The 68 vectors: each is a test that is named Vector.VectorNN_..., or it stands here with the reason why it is none yet.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <set>
#include <string>

namespace memhot {
namespace {

constexpr int kVectors = 68;

struct Pending {
    int number;
    const char* reason;
};

constexpr const char* kWholeSections = "4.4 to 5.2: whole sections, no rules for these releases yet";
constexpr const char* kCollides = "4.5 to 4.20: mappings collide by section, no rules for these releases yet";

constexpr std::array kPending{
    Pending{1, kWholeSections},
    Pending{3, kWholeSections},
    Pending{4, kWholeSections},
    Pending{5, kWholeSections},
    Pending{9, kWholeSections},
    Pending{11, kWholeSections},
    Pending{14, kWholeSections},
    Pending{19, kCollides},
    Pending{20, "4.19 to 5.2: conflicts at section ends, no rules for these releases yet"},
    Pending{21, kCollides},
    Pending{22, "4.19 to 5.2: conflicts at section ends, no rules for these releases yet"},
    Pending{27, "4.14 to 5.0: the conflict is logged for debugging only, no rules for these releases yet"},
    Pending{37, "4.14 and 4.17: block sizes, no rules for these releases yet"},
    Pending{65, "profile 2017-v4, which was never merged"},
};

// The numbers of the vectors that are compiled in, and how often each.
std::map<int, int> tested() {
    std::map<int, int> numbers;
    const auto& unit = *testing::UnitTest::GetInstance();
    for (int i = 0; i < unit.total_test_suite_count(); ++i) {
        const auto& suite = *unit.GetTestSuite(i);
        if (std::string(suite.name()) != "Vector") continue;
        for (int j = 0; j < suite.total_test_count(); ++j) {
            int number = 0;
            if (std::sscanf(suite.GetTestInfo(j)->name(), "Vector%2d_", &number) == 1) ++numbers[number];
        }
    }
    return numbers;
}

TEST(Vectors, are_tested_or_pending) {
    std::map<int, int> seen = tested();
    for (const auto& pending : kPending) {
        std::printf("pending: vector %d: %s\n", pending.number, pending.reason);
        ++seen[pending.number];
    }
    for (int number = 1; number <= kVectors; ++number) EXPECT_EQ(seen[number], 1) << "vector " << number;
    EXPECT_EQ(seen.size(), static_cast<std::size_t>(kVectors));
    std::printf("%zu of %d vectors are tests, %zu are pending\n", seen.size() - kPending.size(), kVectors,
                kPending.size());
}

}   // namespace
}   // namespace memhot
