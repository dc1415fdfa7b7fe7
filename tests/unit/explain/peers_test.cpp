// SPDX-License-Identifier: GPL-2.0-or-later
//
// 87 public threads about ndctl, daxctl and cxl: what they quote, and what must be said of it (peers_case.hpp).
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <map>

#include "memhot/explain.hpp"
#include "memhot/value.hpp"
#include "unit/explain/peers_case.hpp"

namespace memhot::test {
namespace {

std::vector<PeersCase> all_cases() {
    std::vector<PeersCase> all;
    for (const auto part :
         {peers_alignment(), peers_capacity(), peers_blocks(), peers_reboot(), peers_cxl(), peers_monitoring()}) {
        all.insert(all.end(), part.begin(), part.end());
    }
    return all;
}

void expect_values(const std::vector<Value>& got, const Values& wanted, std::string_view what) {
    for (const auto& [name, text] : wanted) {
        const auto value = std::ranges::find(got, name, &Value::name);
        if (value == got.end()) {
            ADD_FAILURE() << what << " has no " << name << ", expected " << text;
            continue;
        }
        EXPECT_EQ(brief(*value), text) << what << " " << name;
    }
}

void expect_needed(const std::vector<std::string>& got, const std::vector<std::string_view>& wanted) {
    for (const auto word : wanted) {
        EXPECT_TRUE(
            std::ranges::any_of(got, [&](const std::string& one) { return one.find(word) != std::string::npos; }))
            << "not asked for: " << word;
    }
}

bool holds_all(const Explanation& one, const Values& wanted) {
    return std::ranges::all_of(wanted, [&](const auto& pair) {
        const auto* value = one.find(pair.first);
        return value != nullptr && brief(*value) == pair.second;
    });
}

class Peers : public testing::TestWithParam<PeersCase> {};

TEST_P(Peers, IsExplained) {
    const PeersCase& wanted = GetParam();
    const auto all = explain(wanted.text);
    const Explanation& first = all.front();
    EXPECT_EQ(first.id, wanted.id);
    if (!wanted.device.empty()) {
        EXPECT_EQ(first.device, wanted.device);
    }
    expect_values(first.found, wanted.found, "found");
    expect_values(first.next, wanted.next, "next");
    expect_needed(first.needed, wanted.needed);
    if (!wanted.rules.empty()) {
        EXPECT_THAT(first.rules, testing::ElementsAreArray(wanted.rules));
    }
    if (!wanted.also.empty()) {
        EXPECT_TRUE(std::any_of(
            all.begin() + 1, all.end(),
            [&](const Explanation& one) { return one.id == wanted.also && holds_all(one, wanted.also_found); }))
            << wanted.also << " is not among the others, or has other numbers";
    }
    // an answer: why, what to do, where it stands, and either numbers, a next value, or a question
    EXPECT_FALSE(first.cause.empty());
    EXPECT_FALSE(first.remedy.empty());
    EXPECT_FALSE(first.source.empty());
    EXPECT_FALSE(first.releases.empty());
    EXPECT_FALSE(first.lines.empty());
}

INSTANTIATE_TEST_SUITE_P(Entry, Peers, testing::ValuesIn(all_cases()),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(PeersTable, HoldsEachOfThe87Once) {
    std::map<std::string, int> seen;
    for (const auto& one : all_cases()) ++seen[std::string(one.name)];
    constexpr std::pair<char, int> kParts[]{{'A', 18}, {'B', 13}, {'C', 28}, {'D', 7}, {'E', 15}, {'F', 6}};
    std::size_t wanted = 0;
    for (const auto& [letter, count] : kParts) {
        for (int number = 1; number <= count; ++number, ++wanted) {
            const std::string name = fmt::format("{}{}", letter, number);
            EXPECT_EQ(seen[name], 1) << name;
        }
    }
    EXPECT_EQ(wanted, 87U);
    EXPECT_EQ(seen.size(), 87U);
}

}   // namespace
}   // namespace memhot::test
