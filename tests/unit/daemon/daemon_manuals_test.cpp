// SPDX-License-Identifier: GPL-2.0-or-later
//
// memhotd.conf(5), memhot.policy(5) and the default file say what the tables of keys say, in both directions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>

#include "config/settings.hpp"
#include "policy/policy.hpp"

namespace memhot {
namespace {

std::string contents_of(const std::string& path) {
    std::ifstream in(std::string(MEMHOT_SOURCE_DIR) + "/" + path);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string plain(std::string line) {
    line = std::regex_replace(line, std::regex(R"(\\f[BIRP])"), "");
    return std::regex_replace(line, std::regex(R"(\\-)"), "-");
}

// What a page says of a key: "boolean, default no" behind its name, and the text up to the next key.
struct Described {
    std::string type;
    std::string text;
    friend bool operator==(const Described&, const Described&) = default;
};
// By "[Section] Name". Keys are ".TP" and "\fBName=\fR (TYPE, default VALUE)" below ".SS [Section]"; the first sentence
// behind is the meaning.
std::map<std::string, Described> keys_of_manual(const std::string& path) {
    std::map<std::string, Described> keys;
    std::string section;
    Described* current = nullptr;
    bool behind_tp = false;
    std::ifstream in(std::string(MEMHOT_SOURCE_DIR) + "/" + path);
    for (std::string line; std::getline(in, line);) {
        const std::string text = plain(line);
        if (line.starts_with(".SH")) section.clear();
        if (line.starts_with(".SS [")) section = text.substr(4);
        if (line.starts_with(".")) current = line == ".TP" || line.starts_with(".S") ? nullptr : current;
        std::smatch match;
        if (behind_tp && !section.empty() && std::regex_match(text, match, std::regex(R"((\w+)= \((.*)\))"))) {
            current = &keys[section + " " + match[1].str()];
            current->type = match[2];
        } else if (current != nullptr && !line.starts_with(".")) {
            current->text += (current->text.empty() ? "" : " ") + text;
        }
        behind_tp = line == ".TP";
    }
    return keys;
}

std::string capital(std::string_view meaning) {
    std::string text(meaning);
    text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
    return text + ".";
}

template <class T>
void expect_same(const std::string& page, std::span<const config::Key<T>> keys) {
    auto described = keys_of_manual(page);
    for (const auto& key : keys) {
        const std::string name = "[" + std::string(key.section) + "] " + std::string(key.name);
        ASSERT_TRUE(described.contains(name)) << page << " does not describe " << name;
        const std::string fallback = key.fallback.empty() ? "" : ", default " + std::string(key.fallback);
        EXPECT_EQ(described[name].type, std::string(key.type) + fallback) << name;
        EXPECT_TRUE(described[name].text.starts_with(capital(key.meaning)))
            << name << "\n  manual: " << described[name].text << "\n  table:  " << capital(key.meaning);
        described.erase(name);
    }
    for (const auto& [name, _] : described) ADD_FAILURE() << page << " describes " << name << ", which is no key";
}

TEST(DaemonManuals, MemhotdConf) { expect_same("man/memhotd.conf.5", config::setting_keys()); }
TEST(DaemonManuals, MemhotPolicy) { expect_same("man/memhot.policy.5", policy::policy_keys()); }

TEST(DaemonManuals, PolicyNamesEverySourceAndMode) {
    const auto page = plain(contents_of("man/memhot.policy.5"));
    for (const auto name : policy::kSourceNames)
        EXPECT_THAT(page, testing::HasSubstr(".B " + std::string(name) + "\n"));
    for (const auto name : policy::kModeNames) EXPECT_THAT(page, testing::HasSubstr(std::string(name)));
}

// The examples of memhot.policy(5) are policies without a complaint.
TEST(DaemonManuals, PolicyExamplesAreGood) {
    const auto page = contents_of("man/memhot.policy.5");
    std::size_t examples = 0;
    for (auto at = page.find(".nf\n"); at != std::string::npos; at = page.find(".nf\n", at + 1)) {
        const auto end = page.find(".fi\n", at);
        config::Problems problems;
        const auto policy = policy::parse_policy(plain(page.substr(at + 4, end - at - 4)), "example", problems);
        EXPECT_TRUE(policy.has_value());
        for (const auto& problem : problems) ADD_FAILURE() << to_string(problem);
        ++examples;
    }
    EXPECT_GE(examples, 3U);
}

TEST(DaemonManuals, DefaultFileIsTheTable) {
    EXPECT_EQ(contents_of("systemd/memhotd.conf"), config::default_file());
    // with the # taken away it is a file without a complaint, and says the defaults
    const auto text = std::regex_replace(contents_of("systemd/memhotd.conf"), std::regex(R"((^|\n)#(\w+=))"), "$1$2");
    config::Problems problems;
    config::Settings settings;
    const auto file = config::parse_ini(text, "memhotd.conf", problems);
    config::apply(file, "memhotd.conf", config::setting_keys(), settings, problems);
    EXPECT_THAT(problems, testing::IsEmpty());
    EXPECT_EQ(file.assignments.size(), config::setting_keys().size());
    EXPECT_EQ(settings, config::Settings{});
}

TEST(DaemonManuals, AreWellFormed) {
    if (std::system("command -v groff >/dev/null 2>&1") != 0) GTEST_SKIP() << "needs groff";
    for (const std::string page : {"memhotd.conf.5", "memhot.policy.5"}) {
        const std::string path = std::string(MEMHOT_SOURCE_DIR) + "/man/" + page;
        EXPECT_EQ(std::system(("test -z \"$(groff -man -Tascii -ww " + path + " 2>&1 >/dev/null)\"").c_str()), 0)
            << page;
    }
}

}   // namespace
}   // namespace memhot
