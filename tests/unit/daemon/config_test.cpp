// SPDX-License-Identifier: GPL-2.0-or-later
//
// Configuration files: systemd's syntax (systemd.syntax(7), src/shared/conf-parser.c), its precedence and masking, and
// memhotd.conf with its defaults, errors and reload.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>

#include "config/files.hpp"
#include "config/ini.hpp"
#include "config/settings.hpp"
#include "config/text.hpp"
#include "support/host_tree.hpp"

namespace memhot::config {
namespace {

using memhot::test::HostTree;
using memhot::test::Unprivileged;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Severity = Problem::Severity;

IniFile good(std::string_view text) {
    Problems problems;
    auto file = parse_ini(text, "t", problems);
    EXPECT_THAT(problems, IsEmpty());
    return file;
}

Problem only_problem(std::string_view text) {
    Problems problems;
    (void)parse_ini(text, "t", problems);
    EXPECT_THAT(problems, SizeIs(1));
    return problems.empty() ? Problem{} : problems.front();
}

TEST(Ini, SectionsKeysCommentsAndBlanks) {
    const auto file = good("# one\n; two\n\n[A]\n  Key = value with blanks \n\t# three\n[B]\r\nOther=\r\n");
    EXPECT_THAT(file.sections, ElementsAre(SectionHead{"A", 4}, SectionHead{"B", 7}));
    EXPECT_THAT(file.assignments,
                ElementsAre(Assignment{"A", "Key", "value with blanks", 5}, Assignment{"B", "Other", "", 8}));
}

// systemd.syntax(7): "the following line is appended, the backslash is replaced by a space"; comments between are left
// out; the assignment is of its first line.
TEST(Ini, LinesAreJoined) {
    EXPECT_THAT(good("[A]\nKey=one\\\n# not this\n  two\\\nthree\nNext=1\n").assignments,
                ElementsAre(Assignment{"A", "Key", "one   two three", 2}, Assignment{"A", "Next", "1", 6}));
}

// config_parse(): only an odd number of backslashes joins.
TEST(Ini, EscapedBackslashAtTheEndDoesNotJoin) {
    EXPECT_THAT(good("[A]\nKey=one\\\\\nNext=2\n").assignments,
                ElementsAre(Assignment{"A", "Key", "one\\\\", 2}, Assignment{"A", "Next", "2", 3}));
}

TEST(Ini, EndOfFileEndsALine) {
    EXPECT_THAT(good("[A]\nKey=one\\").assignments, ElementsAre(Assignment{"A", "Key", "one", 2}));
    EXPECT_THAT(good("[A]\nKey=one").assignments, SizeIs(1));
    EXPECT_THAT(good("").assignments, IsEmpty());
}

TEST(Ini, ByteOrderMarkIsNoText) { EXPECT_THAT(good("\xEF\xBB\xBF[A]\n").sections, ElementsAre(SectionHead{"A", 1})); }

TEST(Ini, WhatIsNoAssignmentIsAWarning) {
    EXPECT_EQ(only_problem("[A]\n\nword\n").severity, Severity::warning);
    EXPECT_EQ(to_string(only_problem("[A]\n\nword\n")), "t:3: \"word\": expected KEY=VALUE, ignored");
    EXPECT_EQ(to_string(only_problem("Key=1\n[A]\n")), "t:1: Key= stands outside of any section, ignored");
    EXPECT_EQ(only_problem("[A]\n=value\n").severity, Severity::warning);
    EXPECT_EQ(to_string(only_problem("[A]\nKey=\xff\n")), "t:2: the line is no UTF-8, ignored");
    EXPECT_EQ(to_string(only_problem(std::string("[A]\nKey=a\0b\n", 12))), "t:2: the line is no UTF-8, ignored");
}

TEST(Ini, ABrokenHeadAndALineTooLongAreErrors) {
    EXPECT_EQ(only_problem("[A\n").severity, Severity::error);
    EXPECT_EQ(to_string(only_problem("\n[A\n")), "t:2: section head \"[A\": expected [NAME]");
    EXPECT_EQ(only_problem("[]\n").severity, Severity::error);
    EXPECT_EQ(only_problem("[A]\nKey=" + std::string(kLongestLine, 'x') + "\n").severity, Severity::error);
}

// What follows a broken head belongs to no section, least of all to the one before.
TEST(Ini, NothingFollowsABrokenHead) {
    Problems problems;
    EXPECT_THAT(parse_ini("[A]\n[B\nKey=1\n", "t", problems).assignments, IsEmpty());
    EXPECT_THAT(problems, SizeIs(2));
}

// RFC 3629: overlong forms, surrogates and what is beyond U+10FFFF are no UTF-8.
TEST(Text, Utf8) {
    for (const char* text : {"", "plain", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"}) {
        EXPECT_TRUE(is_utf8(text)) << text;
    }
    for (const char* text : {"\xc0\xaf", "\x80", "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3(", "\xff"}) {
        EXPECT_FALSE(is_utf8(text)) << text;
    }
}

// --- which files count ---------------------------------------------------------------------------------------------

std::vector<ConfigFile> drop_ins(const HostTree& tree) {
    auto files = find_files(tree.root(), places_of("x.d"), ".conf");
    EXPECT_TRUE(files.ok()) << files.error().message();
    return files.ok() ? *files : std::vector<ConfigFile>{};
}

TEST(Files, BetterDirectoriesHideAndNamesOrder) {
    HostTree tree;
    tree.file("usr/lib/x.d/20.conf", "lib");
    tree.file("usr/local/lib/x.d/20.conf", "local");
    tree.file("run/x.d/20.conf", "run");
    tree.file("etc/x.d/20.conf", "etc");
    tree.file("etc/x.d/30.conf", "last");
    tree.file("usr/lib/x.d/10.conf", "first");
    tree.file("usr/lib/x.d/.15.conf", "no");
    tree.file("usr/lib/x.d/16.conf.bak", "no");
    const std::string hider = "/etc/x.d/20.conf";
    EXPECT_THAT(drop_ins(tree), ElementsAre(ConfigFile{"/usr/lib/x.d/10.conf", FileState::used, "", "first"},
                                            ConfigFile{hider, FileState::used, "", "etc"},
                                            ConfigFile{"/run/x.d/20.conf", FileState::hidden, hider, ""},
                                            ConfigFile{"/usr/local/lib/x.d/20.conf", FileState::hidden, hider, ""},
                                            ConfigFile{"/usr/lib/x.d/20.conf", FileState::hidden, hider, ""},
                                            ConfigFile{"/etc/x.d/30.conf", FileState::used, "", "last"}));
}

// Each pair: the better directory hides the other, whatever was made first.
TEST(Files, EveryDirectoryHidesThoseBehindIt) {
    for (std::size_t better = 0; better < 4; ++better) {
        for (std::size_t other = better + 1; other < 4; ++other) {
            HostTree tree;
            tree.file(std::string(kPlaces[other]).substr(1) + "/x.d/a.conf", "other");
            tree.file(std::string(kPlaces[better]).substr(1) + "/x.d/a.conf", "better");
            const auto files = drop_ins(tree);
            ASSERT_THAT(files, SizeIs(2));
            EXPECT_EQ(files[0].text, "better");
            EXPECT_EQ(files[1].state, FileState::hidden);
        }
    }
}

TEST(Files, EmptyFilesAndLinksToNullMask) {
    HostTree tree;
    tree.file("usr/lib/x.d/a.conf", "a");
    tree.file("etc/x.d/a.conf", "");
    tree.file("usr/lib/x.d/b.conf", "b");
    tree.link("etc/x.d/b.conf", "/dev/null");   // below the root there is none
    for (const auto& file : drop_ins(tree)) EXPECT_NE(file.state, FileState::used) << file.path;
    EXPECT_THAT(drop_ins(tree), SizeIs(4));
}

// What is masked or hidden is never read, so nothing can be wrong with it.
TEST(Files, WhatIsHiddenMayBeAnything) {
    HostTree tree;
    tree.link("etc/memhot/policy.d/1.policy", "/dev/null");
    tree.file("usr/lib/memhot/policy.d/1.policy/inside", "a directory");
    tree.file("etc/memhot/policy.d/2.policy", "x");
    tree.file("run/memhot/policy.d/2.policy", std::string(kLargestFile + 1, '#'));
    tree.link("etc/memhot/memhotd.conf", "/dev/null");
    tree.file("usr/lib/memhot/memhotd.conf/inside", "a directory");
    const auto files = find_files(tree.root(), places_of("memhot/policy.d"), ".policy");
    ASSERT_TRUE(files.ok()) << files.error().message();
    ASSERT_THAT(*files, SizeIs(4));
    EXPECT_EQ((*files)[0].state, FileState::masking);
    EXPECT_EQ((*files)[1].state, FileState::hidden);
    EXPECT_EQ((*files)[1].hidden_by, "/etc/memhot/policy.d/1.policy");
    EXPECT_EQ((*files)[3].state, FileState::hidden);
    const auto one = find_file(tree.root(), "memhot/memhotd.conf");
    ASSERT_TRUE(one.ok()) << one.error().message();
    EXPECT_THAT(*one, SizeIs(2));
    // the one that counts must be good
    tree.remove("etc/memhot/policy.d/1.policy");
    EXPECT_FALSE(find_files(tree.root(), places_of("memhot/policy.d"), ".policy").ok());
}

TEST(Files, LinksStayBelowTheRoot) {
    HostTree tree;
    tree.file("opt/real.conf", "inside");
    tree.link("etc/x.d/a.conf", "/opt/real.conf");
    tree.link("etc/x.d/b.conf", "../../../../../../../../opt/real.conf");
    tree.link("etc/x.d/dangling.conf", "/nowhere");
    const auto files = drop_ins(tree);
    ASSERT_THAT(files, SizeIs(2));
    EXPECT_EQ(files[0].text, "inside");
    EXPECT_EQ(files[1].text, "inside");
}

// What systemd-analyze prints: "# PATH" and the text of each file that counts, masking ones with no text.
std::vector<std::pair<std::string, std::string>> as_systemd_reads(const HostTree& tree) {
    std::vector<std::pair<std::string, std::string>> out;
    const std::string command =
        "systemd-analyze --no-pager --root=" + tree.root() + " cat-config memhot/memhotd.conf 2>/dev/null";
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
    std::array<char, 4096> line{};
    while (std::fgets(line.data(), static_cast<int>(line.size()), pipe.get()) != nullptr) {
        const std::string text(trimmed(line.data()));
        const std::string head = "# " + tree.root();
        if (text.starts_with(head)) {
            out.emplace_back(text.substr(head.size()), "");
        } else if (!out.empty()) {
            out.back().second += text;
        }
    }
    return out;
}

// systemd itself is asked about random trees.
TEST(Files, AreThoseThatSystemdReads) {
    if (std::system("command -v systemd-analyze >/dev/null 2>&1") != 0) GTEST_SKIP() << "needs systemd-analyze";
    std::mt19937 random(20261121);
    std::size_t compared = 0;
    for (int round = 0; round < 25; ++round) {
        HostTree tree;
        tree.file("etc/memhot/memhotd.conf", "main");
        for (const auto place : kPlaces) {
            for (const char* name : {"10-a.conf", "9-b.conf", "B.conf", "a.conf", "a.conf.x"}) {
                const std::string path = std::string(place).substr(1) + "/memhot/memhotd.conf.d/" + name;
                switch (random() % 6) {
                    case 0: tree.file(path, ""); break;
                    case 1: tree.link(path, "/dev/null"); break;
                    case 2: break;
                    default: tree.file(path, "text of " + path);
                }
            }
        }
        std::vector<std::pair<std::string, std::string>> ours{{"/etc/memhot/memhotd.conf", "main"}};
        const auto files = find_files(tree.root(), places_of("memhot/memhotd.conf.d"), ".conf");
        ASSERT_TRUE(files.ok());
        for (const auto& file : *files) {
            if (file.state != FileState::hidden) ours.emplace_back(file.path, file.text);
        }
        const auto systemds = as_systemd_reads(tree);
        EXPECT_EQ(ours, systemds);
        compared += systemds.size();
    }
    EXPECT_GT(compared, 75U);
}

TEST(Files, WhatCannotBeReadIsAnErrorWithItsPath) {
    HostTree tree;
    tree.directory("etc/x.d/a.conf");
    auto files = find_files(tree.root(), places_of("x.d"), ".conf");
    ASSERT_FALSE(files.ok());
    EXPECT_THAT(files.error().message(), HasSubstr(tree.path("etc/x.d/a.conf")));
    tree.remove("etc/x.d/a.conf");
    tree.file("etc/x.d/a.conf", std::string(kLargestFile + 1, '#'));
    EXPECT_FALSE(find_files(tree.root(), places_of("x.d"), ".conf").ok());
    EXPECT_FALSE(find_files(tree.path("nowhere"), places_of("x.d"), ".conf").ok());
}

// --- memhotd.conf --------------------------------------------------------------------------------------------------

std::vector<std::string> texts(const Problems& problems) {
    std::vector<std::string> out;
    for (const auto& problem : problems) out.push_back(to_string(problem));
    return out;
}

TEST(Settings, WithoutFilesAreTheDefaults) {
    const HostTree tree;
    const auto loaded = load_settings(tree.root());
    EXPECT_THAT(loaded.problems, IsEmpty());
    EXPECT_EQ(loaded.settings, Settings{});
    EXPECT_FALSE(loaded.settings.act);   // it observes
}

// Every default of the table is that of the struct: set after another value, and by an empty one.
TEST(Settings, TheTablesDefaultsAreTheStructs) {
    for (const auto& key : setting_keys()) {
        Settings settings;
        const auto set =
            key.set(settings, {std::string(key.section), std::string(key.name), std::string(key.fallback), 1}, "t");
        EXPECT_TRUE(set.ok()) << key.name;
        EXPECT_EQ(settings, Settings{}) << key.name;
        EXPECT_FALSE(key.set(settings, {"", "", "#", 1}, "t").ok()) << key.name;
    }
    HostTree tree;
    std::string text;
    std::string_view section;
    for (const auto& key : setting_keys()) {
        if (key.section != section) text += "[" + std::string(key.section) + "]\n";
        section = key.section;
        text += std::string(key.name) + "=" + std::string(key.fallback) + "\n";
    }
    tree.file("etc/memhot/memhotd.conf", text);
    const auto loaded = load_settings(tree.root());
    EXPECT_THAT(texts(loaded.problems), IsEmpty());
    EXPECT_EQ(loaded.settings, Settings{});
}

TEST(Settings, DropInsWinOverTheMainFileAndLaterNamesOverEarlier) {
    HostTree tree;
    tree.file("etc/memhot/memhotd.conf", "[Daemon]\nAct=yes\n[Jobs]\nBusyTimeoutSec=1min 30s\nHistory=7\n");
    tree.file("usr/lib/memhot/memhotd.conf", "[Jobs]\nHistory=9\n");
    tree.file("usr/lib/memhot/memhotd.conf.d/10-a.conf", "[Limits]\nJobsPerSender=2\nPlansPerSender=3\n");
    tree.file("etc/memhot/memhotd.conf.d/05-b.conf", "[Limits]\nJobsPerSender=9\n[Daemon]\nAct=no\n");
    tree.file("run/memhot/memhotd.conf.d/20-c.conf", "[Limits]\nPlansPerSender=\n[Events]\nCoalesceSec=50ms\n");
    const auto loaded = load_settings(tree.root());
    EXPECT_THAT(texts(loaded.problems), IsEmpty());
    Settings expected;
    expected.busy_timeout = 90'000'000;
    expected.job_history = 7;   // /usr/lib's main file is hidden
    expected.jobs_per_sender = 2;   // 10-a behind 05-b, though /etc is the better directory
    expected.coalesce = 50'000;
    EXPECT_EQ(loaded.settings, expected);
}

TEST(Settings, UnknownIsAWarningAndTheRestCounts) {
    HostTree tree;
    tree.file("etc/memhot/memhotd.conf",
              "[Daemon]\nActs=yes\nX-Mine=1\n[Other]\nKey=1\n[X-Mine]\nKey=1\n[Jobs]\nHistory=5\n");
    const auto loaded = load_settings(tree.root());
    EXPECT_FALSE(has_errors(loaded.problems));
    EXPECT_EQ(loaded.settings.job_history, 5U);
    EXPECT_THAT(
        texts(loaded.problems),
        ElementsAre(HasSubstr("/etc/memhot/memhotd.conf:4: unknown section [Other], ignored; there are [Daemon]"),
                    HasSubstr("/etc/memhot/memhotd.conf:2: unknown key \"Acts\" in [Daemon], ignored; it has Act=")));
}

struct Wrong {
    const char* line;
    const char* expected;
};
constexpr Wrong kWrong[] = {
    {"[Daemon]\nAct=maybe", "Act=maybe: expected yes or no"},
    {"[Daemon]\nStateDirectory=var/lib", "expected the absolute path of a directory"},
    {"[Daemon]\nStateDirectory=/var/../etc", "without \"..\""},
    {"[Jobs]\nBusyTimeoutSec=soon", "BusyTimeoutSec=soon: expected a time from 0s to 86400s"},
    {"[Jobs]\nBusyTimeoutSec=2d", "expected a time from 0s to 86400s"},
    {"[Jobs]\nBusyTimeoutSec=99999999999999999999", "expected a time"},
    {"[Jobs]\nBusyTimeoutSec=213503982335d", "expected a time"},   // 2^64 microseconds
    {"[Jobs]\nHistory=0", "expected a whole number from 1 to 1000000"},
    {"[Jobs]\nHistory=-1", "expected a whole number"},
    {"[Jobs]\nHistory=1.5", "expected a whole number"},
};

TEST(Settings, AWrongValueIsAnErrorWithPathLineAndWhatIsExpected) {
    for (const auto& wrong : kWrong) {
        HostTree tree;
        tree.file("etc/memhot/memhotd.conf.d/50.conf", wrong.line);
        const auto loaded = load_settings(tree.root());
        EXPECT_TRUE(has_errors(loaded.problems)) << wrong.line;
        ASSERT_THAT(loaded.problems, SizeIs(1)) << wrong.line;
        EXPECT_THAT(to_string(loaded.problems[0]), HasSubstr("/etc/memhot/memhotd.conf.d/50.conf:2: ")) << wrong.line;
        EXPECT_THAT(to_string(loaded.problems[0]), HasSubstr(wrong.expected)) << wrong.line;
    }
}

TEST(Settings, TimesAreThoseOfSystemd) {
    // systemd.time(7)
    EXPECT_EQ(*parse_seconds("5", 0, ~0ULL), 5'000'000U);
    EXPECT_EQ(*parse_seconds("1h 2min 3s 4ms 5us", 0, ~0ULL), 3'723'004'005U);
    EXPECT_EQ(*parse_seconds("1h2min", 0, ~0ULL), 3'720'000'000U);
    EXPECT_FALSE(parse_seconds("", 0, ~0ULL).ok());
    EXPECT_FALSE(parse_seconds("5 parsecs", 0, ~0ULL).ok());
}

TEST(Settings, KeysMustFitTogether) {
    HostTree tree;
    tree.file("etc/memhot/memhotd.conf", "[Events]\nCoalesceSec=5s\n");
    EXPECT_TRUE(has_errors(load_settings(tree.root()).problems));
    tree.file("etc/memhot/memhotd.conf", "[Events]\nCoalesceSec=5s\nCoalesceLimitSec=5s\n");
    EXPECT_FALSE(has_errors(load_settings(tree.root()).problems));
}

TEST(Settings, ReloadKeepsTheLastGoodOnes) {
    HostTree tree;
    tree.file("etc/memhot/memhotd.conf", "[Jobs]\nHistory=5\n");
    Settings current;
    EXPECT_THAT(reload(tree.root(), current), IsEmpty());
    EXPECT_EQ(current.job_history, 5U);
    // one wrong value: not even the good one before it counts
    tree.file("etc/memhot/memhotd.conf", "[Jobs]\nHistory=6\nBusyTimeoutSec=x\n");
    EXPECT_THAT(reload(tree.root(), current), SizeIs(1));
    EXPECT_EQ(current.job_history, 5U);
    tree.file("etc/memhot/memhotd.conf", "[Jobs]\nHistory=7\nUnknown=1\n");
    EXPECT_THAT(reload(tree.root(), current), SizeIs(1));
    EXPECT_EQ(current.job_history, 7U);
}

TEST(Settings, AnUnreadableFileKeepsThemToo) {
    HostTree tree;
    tree.file("etc/memhot/memhotd.conf", "[Jobs]\nHistory=5\n");
    std::filesystem::permissions(tree.path("etc/memhot/memhotd.conf"), std::filesystem::perms(0));
    const Unprivileged nobody;
    Settings current;
    current.job_history = 3;
    const auto problems = reload(tree.root(), current);
    ASSERT_THAT(problems, SizeIs(1));
    EXPECT_THAT(to_string(problems[0]), HasSubstr("memhotd.conf: "));
    EXPECT_EQ(current.job_history, 3U);
}

}   // namespace
}   // namespace memhot::config
