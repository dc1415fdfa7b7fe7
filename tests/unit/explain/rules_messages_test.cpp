// SPDX-License-Identifier: GPL-2.0-or-later
//
// Whatever the mirrored kernel says must be explained: each message of lib/kernel/rules.cpp, with numbers for its printf
// marks, names the rule that speaks it.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>

#include "memhot/explain.hpp"
#include "memhot/rules.hpp"

namespace memhot {
namespace {

struct Mark {
    std::string_view printf;
    std::string_view value;
};
// Longest first, so that "%#018llx" is not taken for "%#".
constexpr std::array kMarks{
    Mark{"%#018llx", "0x0000000240000000"},
    Mark{"%pR", "[mem 0x240000000-0x43fffffff flags 0x200]"},
    Mark{"%pr", "[mem 0x240000000-0x43fffffff flags 0x200]"},
    Mark{"%pa", "0x0000000240000000"},
    Mark{"%#llx", "0x240000000"},
    Mark{"%#lx", "0x240001"},
    Mark{"%llx", "240000000"},
    Mark{"%lx", "240000000"},
    Mark{"%ld", "4194304"},
    Mark{"%lu", "520"},
    Mark{"%d", "3"},
    Mark{"%s", "namespace0.1"},
};

// The second number of a pair is the greater one.
std::string with_numbers(std::string_view message) {
    std::string out;
    unsigned numbers = 0;
    while (!message.empty()) {
        const auto mark =
            std::ranges::find_if(kMarks, [&](const Mark& one) { return message.starts_with(one.printf); });
        if (mark == kMarks.end()) {
            out += message.front();
            message.remove_prefix(1);
            continue;
        }
        std::string value(mark->value);
        if (const auto at = value.find("240000000");
            ++numbers % 2 == 0 && at != std::string::npos && !mark->printf.starts_with("%p")) {
            value.replace(at, 1, "3");
        }
        out += value;
        message.remove_prefix(mark->printf.size());
    }
    return out;
}

class RuleMessages : public testing::TestWithParam<std::string_view> {};

TEST_P(RuleMessages, NameTheirRule) {
    const Rule& spoken = rule(*parse_rule(GetParam()));
    const std::string text = with_numbers(spoken.message);
    ASSERT_EQ(text.find('%'), std::string::npos) << "a printf mark without a number here: " << text;
    const auto all = explain(text);
    EXPECT_THAT(all.front().rules, testing::Contains(spoken.id)) << text << "\n" << all.front().id;
    EXPECT_NE(all.front().kind, Explanation::Kind::unknown);
    // behind a time stamp, a driver and a device it is the same
    const auto stamped = explain("[  308.709978] kmem dax1.0: " + text);
    EXPECT_EQ(stamped.front().id, all.front().id);
}

std::vector<std::string_view> rules_with_message() {
    std::vector<std::string_view> ids;
    for (const auto& rule : rules()) {
        if (!rule.message.empty()) ids.push_back(rule.id);
    }
    return ids;
}

INSTANTIATE_TEST_SUITE_P(Each, RuleMessages, testing::ValuesIn(rules_with_message()), [](const auto& one) {
    std::string name(one.param);
    std::ranges::replace_if(name, [](char c) { return c == '.' || c == '-'; }, '_');
    return name;
});

}   // namespace
}   // namespace memhot
