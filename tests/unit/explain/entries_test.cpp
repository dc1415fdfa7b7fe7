// SPDX-License-Identifier: GPL-2.0-or-later
//
// The table itself: every entry complete, every pattern readable and found by its own text.
#include "explain/entry.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>

#include "explain/matching.hpp"
#include "explain/rendering.hpp"
#include "memhot/rules.hpp"
#include "memhot/value.hpp"

namespace memhot::explaining {
namespace {

class Entries : public testing::TestWithParam<const Entry*> {
protected:
    static const Entry& entry() { return *GetParam(); }
    static bool is_hint() { return entry().strength == Strength::hint; }
    // What is left empty comes from the rule of the same id.
    static const Rule* rule_of_entry() {
        const auto id = parse_rule(entry().id);
        return id ? &rule(*id) : nullptr;
    }
};

std::string without_holes(std::string_view pattern) {
    struct Example {
        std::string_view type;
        std::string_view text;
    };
    constexpr Example kExamples[]{{"hex", "0x240000000"},
                                  {"hexsize", "0x40002000"},
                                  {"dec", "17"},
                                  {"bytes", "4194304"},
                                  {"size", "100M"},
                                  {"units", "64 MiB"},
                                  {"range", "0x240000000-0x43fffffff"},
                                  {"dev", "dax1.0"},
                                  {"word", "something"},
                                  {"errno", "Invalid argument"},
                                  {"version", "5.15"},
                                  {"rest", "what follows"}};
    std::string out;
    while (!pattern.empty()) {
        const std::size_t open = std::min(pattern.find('{'), pattern.size());
        out += pattern.substr(0, open);
        pattern.remove_prefix(open);
        if (pattern.empty()) break;
        const std::size_t close = pattern.find('}');
        const auto hole = pattern.substr(1, close - 1);
        if (hole == "*") {
            out += " and ";
        } else {
            const auto type = hole.substr(hole.find(':') + 1);
            out += std::ranges::find(kExamples, type, &Example::type)->text;
        }
        pattern.remove_prefix(close + 1);
    }
    return out;
}

TEST_P(Entries, HasPatternsThatMatchThemselves) {
    for (const auto text : entry().patterns) {
        if (text.empty()) continue;
        ASSERT_TRUE(Pattern(text).valid()) << text;
        // single blanks, as lines have them
        std::string line;
        for (const char c : without_holes(text)) {
            if (c != ' ' || (!line.empty() && line.back() != ' ')) line += c;
        }
        EXPECT_TRUE(Pattern(text).find(line, lower_case(line))) << text << "\n" << line;
    }
}

// What every pattern of an entry captures is known whenever it speaks; what is computed may not be.
Explanation surely_known(const Entry& entry) {
    std::map<std::string, unsigned> captured;
    unsigned patterns = 0;
    for (const auto text : entry.patterns) {
        if (text.empty()) continue;
        ++patterns;
        for (std::size_t open = text.find('{'); open != std::string_view::npos; open = text.find('{', open + 1)) {
            const auto hole = text.substr(open + 1, text.find('}', open) - open - 1);
            if (hole != "*") ++captured[std::string(hole.substr(0, hole.find(':')))];
        }
    }
    Explanation known;
    for (const auto& [name, count] : captured) {
        if (count == patterns) known.found.push_back(Value::of_text(name, "known"));
    }
    return known;
}

TEST_P(Entries, SaysWhatItMust) {
    if (is_hint()) return;
    const Rule* rule = rule_of_entry();
    // A sentence without holes must be left then, or the rule's.
    const Explanation known = surely_known(entry());
    EXPECT_TRUE(!fill(entry().cause, known).empty() || (rule != nullptr && entry().cause.empty())) << entry().cause;
    EXPECT_TRUE(!fill(entry().remedy, known).empty() || (rule != nullptr && entry().remedy.empty())) << entry().remedy;
    EXPECT_TRUE(!entry().releases.empty() || rule != nullptr);
    EXPECT_TRUE(!entry().source.empty() || rule != nullptr);
    for (const auto text : {entry().cause, entry().remedy}) {
        if (!text.empty()) {
            EXPECT_TRUE(text.ends_with(".")) << text;
        }
    }
}

TEST_P(Entries, NamesRulesAndEntriesThatExist) {
    const auto each_word = [](std::string_view list, auto&& check) {
        while (!list.empty()) {
            const std::size_t end = std::min(list.find(' '), list.size());
            if (end != 0) check(list.substr(0, end));
            list.remove_prefix(std::min(end + 1, list.size()));
        }
    };
    each_word(entry().rules, [](std::string_view id) { EXPECT_TRUE(parse_rule(id)) << id; });
    each_word(entry().yields_to, [](std::string_view id) {
        EXPECT_NE(find_entry(id), nullptr) << id;
        EXPECT_NE(id, entry().id);
    });
}

std::vector<const Entry*> all() {
    const auto some = entries();
    return {some.begin(), some.end()};
}

INSTANTIATE_TEST_SUITE_P(Each, Entries, testing::ValuesIn(all()), [](const auto& one) {
    std::string name(one.param->id);
    std::ranges::replace_if(name, [](char c) { return c == '.' || c == '-'; }, '_');
    return name;
});

TEST(EntryTable, HasEachIdOnce) {
    std::set<std::string_view> seen;
    for (const Entry* entry : entries()) EXPECT_TRUE(seen.insert(entry->id).second) << entry->id;
}

TEST(EntryTable, HasEachPatternOnce) {
    std::set<std::string_view> seen;
    for (const Entry* entry : entries()) {
        for (const auto text : entry->patterns) {
            if (!text.empty()) {
                EXPECT_TRUE(seen.insert(text).second) << text;
            }
        }
    }
}

TEST(EntryTable, EveryQuestionHasWords) {
    for (const Entry* entry : entries()) {
        for (const Need need : entry->needs) {
            if (need != Need::none) {
                EXPECT_FALSE(text_of(need).empty()) << entry->id;
            }
        }
    }
}

}   // namespace
}   // namespace memhot::explaining
