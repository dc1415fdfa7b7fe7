// SPDX-License-Identifier: GPL-2.0-or-later
//
// memhotctl(1), the completion and --help say the same, in both directions.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <regex>
#include <set>

#include "cli/memhotctl.hpp"

namespace memhot::test {
namespace {

// "-o, --output LIST" of each section of the manual: "" for OPTIONS, "*" for those that all verbs share which change a
// host, else the verb.
using Options = std::map<std::string, std::set<std::string>>;

std::string without_fonts(const std::string& line) {
    const std::string text = std::regex_replace(line, std::regex(R"(\\f[BIRP])"), "");
    return std::regex_replace(text, std::regex(R"(\\-)"), "-");
}

Options options_of_manual() {
    Options options;
    std::string section;
    bool counts = false;
    bool behind_tp = false;
    for (const auto& line : lines_of(contents_of(std::string(MEMHOT_SOURCE_DIR) + "/man/memhotctl.1"))) {
        if (line.rfind(".SH ", 0) == 0) {
            const bool shared = line == ".SH CHANGING A HOST";
            counts = shared || line == ".SH OPTIONS";
            section = shared ? "*" : "";
        } else if (line.rfind(".SS ", 0) == 0) {
            counts = true;
            section = without_fonts(line.substr(4));
            section = section.substr(0, section.find(' '));
        }
        const std::string text = without_fonts(line);
        if (behind_tp && counts && text.front() == '-') options[section].insert(text);
        behind_tp = line == ".TP";
    }
    return options;
}

// Lines such as "  -o, --output LIST     columns, ..."; the left column ends with two blanks or the line.
std::set<std::string> options_of_help(const Words& words) {
    std::set<std::string> options;
    const std::regex option(R"(^ {2}(?: {4})?(-\w, )?(--[\w-]+(?: \S+)?)(?: {1,}.*)?$)");
    for (const auto& line : lines_of(memhotctl(words).out)) {
        const auto left = std::regex_replace(line, std::regex(R"((\S)  +.*$)"), "$1");
        std::smatch match;
        if (std::regex_match(left, match, option)) options.insert(match[1].str() + match[2].str());
    }
    return options;
}

std::set<std::string> verbs() {
    std::set<std::string> out;
    bool inside = false;
    for (const auto& line : lines_of(memhotctl({"--help"}).out)) {
        if (line == "Verbs:") inside = true;
        if (line.empty()) inside = false;
        std::smatch match;
        if (inside && std::regex_match(line, match, std::regex(R"(^  (\w+).*)"))) out.insert(match[1]);
    }
    return out;
}

TEST(Manual, GlobalOptions) {
    const auto help = options_of_help({"--help"});
    EXPECT_GE(help.size(), 10U);
    EXPECT_TRUE(help.contains("-J, --json"));
    EXPECT_EQ(options_of_manual()[""], help);
}

TEST(Manual, OptionsOfEachVerb) {
    auto manual = options_of_manual();
    const auto all = verbs();
    EXPECT_GE(all.size(), 8U);
    const auto shared = manual["*"];
    EXPECT_TRUE(shared.contains("--accept NAMES"));
    for (const auto& verb : all) {
        const auto help = options_of_help({verb, "--help"});
        if (help.contains("--accept NAMES")) manual[verb].insert(shared.begin(), shared.end());
        EXPECT_EQ(manual[verb], help) << verb;
    }
    EXPECT_TRUE(options_of_help({"check", "--help"}).contains("--altmap RESERVE+FREE"));
}

TEST(Manual, VerbsAndNoOthers) {
    std::set<std::string> described;
    for (const auto& line : lines_of(contents_of(std::string(MEMHOT_SOURCE_DIR) + "/man/memhotctl.1"))) {
        if (line.rfind(".SS ", 0) != 0) continue;
        const std::string title = without_fonts(line.substr(4));
        described.insert(title.substr(0, title.find(' ')));
    }
    EXPECT_EQ(described, verbs());
}

TEST(Manual, ExitStatuses) {
    const std::string manual = contents_of(std::string(MEMHOT_SOURCE_DIR) + "/man/memhotctl.1");
    for (const char* status :
         {"\n0\n", "\n1\n", "\n2\n", "\n3\n", "\n4\n", "\n5\n", "\n6\n", "\n7\n", "\n8\n", "\n9\n"}) {
        EXPECT_NE(manual.find(std::string(".TP") + status), std::string::npos) << status;
    }
}

// A page whose lines were joined (by a formatter of C++, for one) has no heading of its own any more.
TEST(Manual, EveryPageIsWellFormed) {
    const bool groff = std::system("command -v groff >/dev/null 2>&1") == 0;
    std::size_t pages = 0;
    for (const auto& entry : std::filesystem::directory_iterator(std::string(MEMHOT_SOURCE_DIR) + "/man")) {
        const std::string page = entry.path();
        const std::string text = contents_of(page);
        ++pages;
        EXPECT_NE(text.find("\n.SH NAME\n"), std::string::npos) << page;
        EXPECT_NE(text.find("\n.SH DESCRIPTION\n"), std::string::npos) << page;
        if (!groff) continue;
        EXPECT_EQ(std::system(("test -z \"$(groff -man -Tascii -ww -Wbreak " + page + " 2>&1 >/dev/null)\"").c_str()),
                  0)
            << page;
    }
    EXPECT_EQ(pages, 7U);
}

TEST(Completion, KnowsEveryVerbAndOption) {
    const std::string path = std::string(MEMHOT_SOURCE_DIR) + "/cli/completions/memhotctl.bash";
    const std::string script = contents_of(path);
    const auto word_of = [&](const std::string& word) {
        return std::regex_search(script, std::regex("[ \"]" + word + "[ \"\n]"));
    };
    for (const auto& verb : verbs()) EXPECT_TRUE(word_of(verb)) << verb;
    Words all{"--help"};
    std::set<std::string> options = options_of_help({"--help"});
    for (const auto& verb : verbs()) options.merge(options_of_help({verb, "--help"}));
    for (const auto& option : options) {
        std::smatch match;
        ASSERT_TRUE(std::regex_search(option, match, std::regex("--[\\w-]+")));
        EXPECT_TRUE(word_of(match[0].str())) << option;
    }
    EXPECT_EQ(std::system(("bash -n " + path).c_str()), 0);
}

// What the completion offers is accepted.
TEST(Completion, OffersNothingElse) {
    const std::string script = contents_of(std::string(MEMHOT_SOURCE_DIR) + "/cli/completions/memhotctl.bash");
    std::set<std::string> known;
    for (auto verb : verbs()) known.merge(options_of_help({verb, "--help"}));
    known.merge(options_of_help({"--help"}));
    std::set<std::string> names;
    for (const auto& option : known) {
        std::smatch match;
        if (std::regex_search(option, match, std::regex("--[\\w-]+"))) names.insert(match[0]);
    }
    const std::regex word("--[a-z][\\w-]+");
    for (auto at = std::sregex_iterator(script.begin(), script.end(), word); at != std::sregex_iterator(); ++at) {
        EXPECT_TRUE(names.contains(at->str())) << at->str();
    }
}

}   // namespace
}   // namespace memhot::test
