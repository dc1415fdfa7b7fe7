// SPDX-License-Identifier: GPL-2.0-or-later
//
// Every rule has a test that is named after it: Rule.map_misaligned for map.misaligned, Effect.contig for zone.contig,
// Hazard.pieces_leaked for hazard.pieces-leaked.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "memhot/rules.hpp"

namespace memhot {
namespace {

std::set<std::string> compiled_tests() {
    std::set<std::string> names;
    const auto& unit = *testing::UnitTest::GetInstance();
    for (int i = 0; i < unit.total_test_suite_count(); ++i) {
        const auto& suite = *unit.GetTestSuite(i);
        for (int j = 0; j < suite.total_test_count(); ++j) {
            names.insert(std::string(suite.name()) + "." + suite.GetTestInfo(j)->name());
        }
    }
    return names;
}

std::string test_of(const Rule& row) {
    std::string name(row.kind == RuleKind::check ? row.id : row.id.substr(row.id.find('.') + 1));
    std::ranges::replace(name, '.', '_');
    std::ranges::replace(name, '-', '_');
    switch (row.kind) {
        case RuleKind::check: return "Rule." + name;
        case RuleKind::effect: return "Effect." + name;
        case RuleKind::hazard: break;
    }
    return "Hazard." + name;
}

TEST(Rules, have_a_test_each) {
    const auto tests = compiled_tests();
    for (const Rule& row : rules()) EXPECT_TRUE(tests.contains(test_of(row))) << row.id << ": no test " << test_of(row);
}

TEST(Rules, stand_in_the_order_of_their_ids_and_can_be_found) {
    std::set<std::string_view> ids;
    std::size_t index = 1;
    for (const Rule& row : rules()) {
        EXPECT_EQ(static_cast<std::size_t>(row.rule), index++) << row.id;
        EXPECT_EQ(parse_rule(row.id), row.rule);
        EXPECT_EQ(&rule(row.rule), &row);
        EXPECT_TRUE(ids.insert(row.id).second) << row.id << " twice";
        EXPECT_FALSE(row.checks.empty() || row.source.empty() || row.releases.empty()) << row.id;
    }
    EXPECT_EQ(index, kRuleCount);
    EXPECT_FALSE(parse_rule("map.nonsense"));
}

}   // namespace
}   // namespace memhot
