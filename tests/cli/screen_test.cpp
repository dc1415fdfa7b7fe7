// SPDX-License-Identifier: GPL-2.0-or-later
//
// What people see: `check` and `status` fit 24 lines of 80 columns, colours only where they are asked for, results on
// stdout and messages on stderr.
#include <gtest/gtest.h>

#include "cli/memhotctl.hpp"

namespace memhot::test {
namespace {

void expect_screen(const Said& said) {
    const auto lines = lines_of(said.out);
    EXPECT_LE(lines.size(), 24U) << said.out;
    EXPECT_FALSE(lines.empty());
    for (const auto& line : lines) EXPECT_LE(line.size(), 80U) << line;
}

class Screen : public testing::TestWithParam<const char*> {};

TEST_P(Screen, CheckFits) {
    for (const char* kernel : {"", "--kernel 5.8", "--kernel 7.3", "--kernel 5.10 --arch arm64", "--arch ppc64"}) {
        Words words{"check"};
        for (auto& word : split(GetParam())) words.push_back(word);
        for (auto& word : split(kernel)) words.push_back(word);
        SCOPED_TRACE(std::string(GetParam()) + " " + kernel);
        const Said said = on_demo_host(words);
        ASSERT_NE(said.status, 2) << said.err;
        expect_screen(said);
    }
}

INSTANTIATE_TEST_SUITE_P(Each, Screen,
                         testing::Values("map 16ef17000-186f16fff", "map 16f000000-186dfffff",
                                         "map 174000000+64M map 16f000000-186dfffff --no-claim", "offline node0",
                                         "map 0+1T --no-claim", "map 0-ffffffffffffffff", "remove 100000000+1M",
                                         "add 16f000000+256M", "add 400000000000+1G", "probe 1a0000000",
                                         "claim fffffffff000-ffffffffffffffff",
                                         "map 3fff00000000-3fffffffffff add 3fff00000000-3fffffffffff",
                                         "map 16f000000-186dfffff --altmap 2M+1M"));

TEST(Screen, StatusFits) { expect_screen(on_demo_host({})); }

TEST(Screen, NarrowTerminal) {
    for (const auto& line : lines_of(on_demo_host({"check", "map", "16ef17000-186f16fff"}, {"COLUMNS=50"}).out)) {
        EXPECT_LE(line.size(), 50U) << line;
    }
}

TEST(Screen, VerdictIsTheFirstLine) {
    EXPECT_EQ(on_demo_host({"check", "map", "16ef17000-186f16fff"}).headline(),
              "map 16ef17000-186f16fff: REFUSED EINVAL (Invalid argument), stage map");
}

// First what is dangerous, then why, then what instead, then what was taken for granted.
TEST(Screen, OrderOfParts) {
    const Said said = on_demo_host({"check", "map", "16f000000-186dfffff", "--altmap", "2M+1M"});
    std::size_t before = 0;
    for (const char* label :
         {"\nKernel ", "\nDANGEROUS ", "\nWhy ", "\nEvidence ", "\nLog ", "\nInstead ", "\nAssumed "}) {
        const auto at = said.out.find(label);
        ASSERT_NE(at, std::string::npos) << label << said.out;
        EXPECT_GT(at, before) << label;
        before = at;
    }
}

TEST(Screen, VerboseSaysAll) {
    Words words{"check", "map", "16f000000-186dfffff"};
    const Said brief = on_demo_host(words);
    EXPECT_TRUE(brief.has("(+1: --verbose)")) << brief.out;   // an assumption more: memory for the memmap
    words.emplace_back("--verbose");
    const Said all = on_demo_host(words);
    EXPECT_TRUE(all.has("free for the memmap")) << all.out;
    EXPECT_GT(all.out.size(), brief.out.size());
    EXPECT_FALSE(all.has("--verbose")) << all.out;
}

TEST(Screen, BlocksWithOneAnswerAreOneLine) {
    const Said said = on_demo_host({"check", "offline", "block32-39"});
    EXPECT_EQ(said.headline(), "offline memory32-39: UNCERTAIN, accepted or EBUSY (Device or resource busy)");
}

TEST(Colour, OnlyWhereAskedFor) {
    const Words words{"check", "map", "16ef17000-186f16fff"};
    const auto coloured = [](const Said& said) { return said.has("\033["); };
    EXPECT_FALSE(coloured(on_demo_host(words)));   // no terminal
    Words always = words;
    always.insert(always.end(), {"--color", "always"});
    EXPECT_TRUE(coloured(on_demo_host(always)));
    EXPECT_TRUE(coloured(on_demo_host(always, {"NO_COLOR=1"})));   // what is said beats the environment
    always.back() = "never";
    EXPECT_FALSE(coloured(on_demo_host(always)));
}

// script(1) gives a terminal.
Said on_terminal(const std::string& arguments, const Words& environment) {
    std::string command = "env -u NO_COLOR -u COLUMNS TERM=xterm";
    for (const auto& variable : environment) command += " '" + variable + "'";
    command += " script -qec '" + path_of_memhotctl() + " --snapshot " + data("demo-pmem-host.json") + " " + arguments +
               "' /dev/null </dev/null 2>&1";
    std::FILE* pipe = ::popen(command.c_str(), "r");
    Said said;
    char buffer[4096];
    for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof(buffer), pipe)) > 0;) said.out.append(buffer, got);
    said.status = WEXITSTATUS(::pclose(pipe));
    return said;
}

bool has_script() { return std::system("command -v script >/dev/null 2>&1") == 0; }

TEST(Terminal, ColoursUnlessNoColor) {
    if (!has_script()) GTEST_SKIP() << "needs script(1)";
    const std::string check = "check map 16ef17000-186f16fff";
    EXPECT_TRUE(on_terminal(check, {}).has("\033[1;31m"));
    EXPECT_FALSE(on_terminal(check, {"NO_COLOR=1"}).has("\033["));
    EXPECT_FALSE(on_terminal(check, {"TERM=dumb"}).has("\033["));
}

TEST(Terminal, PagerOnlyForWhatDoesNotFit) {
    if (!has_script()) GTEST_SKIP() << "needs script(1)";
    const Words pager{"MEMHOT_PAGER=sed s/^/paged:/", "PAGER=sed s/^/other:/", "LINES=24"};
    EXPECT_TRUE(on_terminal("rules", pager).has("paged:"));
    EXPECT_FALSE(on_terminal("rules --no-pager", pager).has("paged:"));
    EXPECT_FALSE(on_terminal("rules --json", pager).has("paged:"));
    EXPECT_FALSE(on_terminal("check map 16ef17000-186f16fff", pager).has("paged:"));
    EXPECT_TRUE(on_terminal("rules", {"PAGER=sed s/^/other:/", "LINES=24"}).has("other:"));
    EXPECT_FALSE(on_terminal("rules", {"MEMHOT_PAGER=", "PAGER=sed s/^/other:/"}).has("other:"));
    EXPECT_TRUE(
        on_terminal("rules", {"MEMHOT_PAGER=/nonexistent/pager"}).has("map.misaligned"));   // shown all the same
}

TEST(Terminal, PagerKeepsTheExitStatus) {
    if (!has_script()) GTEST_SKIP() << "needs script(1)";
    EXPECT_EQ(on_terminal("check map 0+1T --no-claim -v", {"MEMHOT_PAGER=sed s/^/paged:/", "LINES=5"}).status, 1);
}

}   // namespace
}   // namespace memhot::test
