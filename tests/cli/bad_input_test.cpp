// SPDX-License-Identifier: GPL-2.0-or-later
//
// Garbage, truncated, huge and contradictory arguments and files: one line on stderr, nothing on stdout, exit status 2.
#include <gtest/gtest.h>

#include "cli/memhotctl.hpp"
#include "support/host_tree.hpp"

namespace memhot::test {
namespace {

void expect_one_line(const Said& said, const std::string& what) {
    EXPECT_EQ(said.status, 2) << what << "\n" << said.out << said.err;
    EXPECT_EQ(said.out, "") << what;
    EXPECT_EQ(lines_of(said.err).size(), 1U) << what << "\n" << said.err;
    EXPECT_EQ(said.err.rfind("memhotctl: ", 0), 0U) << what << "\n" << said.err;
    EXPECT_LT(said.err.size(), 600U) << what;
    EXPECT_TRUE(std::ranges::none_of(said.err, [](unsigned char c) { return c < 0x20 && c != '\n'; })) << what;
}

// GoogleTest would print 100,000 letters.
struct Arguments {
    Words words;
    friend void PrintTo(const Arguments& arguments, std::ostream* out) {
        for (const auto& word : arguments.words) *out << '"' << word.substr(0, 60) << "\" ";
    }
};

class BadArguments : public testing::TestWithParam<Arguments> {};

TEST_P(BadArguments, OneLine) {
    std::string what;
    for (const auto& word : GetParam().words) what += word.substr(0, 60) + " ";
    expect_one_line(on_demo_host(GetParam().words), what);
}

INSTANTIATE_TEST_SUITE_P(
    Each, BadArguments,
    testing::Values(
        // unknown or too much
        Arguments{{"frobnicate"}}, Arguments{{""}}, Arguments{{"list", "foo"}}, Arguments{{"--frob"}},
        Arguments{{"status", "--frob"}}, Arguments{{"-z"}}, Arguments{{"show", "a", "b"}},
        Arguments{{"map", "1-2", "3-4"}}, Arguments{{"capture", "a", "b"}}, Arguments{{"rules", "no.such"}},
        Arguments{{"doctor", "who"}}, Arguments{{"apply", "plan"}}, Arguments{{"namespace", "frob"}},
        Arguments{{"dax", "list", "all"}},
        // too little
        Arguments{{"check"}}, Arguments{{"check", "map"}}, Arguments{{"check", "map", "add", "1-2"}},
        Arguments{{"show"}}, Arguments{{"capture"}}, Arguments{{"replay"}}, Arguments{{"status", "--kernel"}},
        Arguments{{"list", "-o"}}, Arguments{{"check", "map", "1-2", "--type"}}, Arguments{{"explain"}},
        Arguments{{"namespace"}}, Arguments{{"check", "reconfigure"}},
        Arguments{{"check", "reconfigure", "-m", "devdax"}}, Arguments{{"check", "write", "/sys/x"}},
        Arguments{{"check", "destroy", "namespace0.0", "then"}},
        Arguments{{"check", "destroy", "x", "then", "frob", "y"}}, Arguments{{"check", "write", "align", "1"}},
        // about another word
        Arguments{{"check", "add", "200000000+128M", "--altmap", "1M+1M"}},
        Arguments{{"check", "add", "200000000+128M", "--type", "private"}},
        Arguments{{"check", "map", "200000000+128M", "--node", "7"}},
        Arguments{{"check", "map", "200000000+128M", "--offline"}}, Arguments{{"check", "--shift", "1", "map", "1-2"}},
        Arguments{{"--kernel", "6.12.."}},
        // garbage
        Arguments{{"check", "frob", "1-2"}}, Arguments{{"check", "1-2"}}, Arguments{{"check", "map", "garbage"}},
        Arguments{{"check", "map", "\x01\x02\xff\n\x1b[31m"}}, Arguments{{"show", "\xff\xfe\n"}},
        Arguments{{"show", ""}}, Arguments{{"--color", "blue"}}, Arguments{{"--json=yes"}},
        Arguments{{"list", "-o", "FOO"}}, Arguments{{"list", "-o", ""}}, Arguments{{"list", "-o", "RANGE,,SIZE"}},
        Arguments{{"list", "-S", "FOO"}}, Arguments{{"list", "--summary=sometimes"}},
        Arguments{{"check", "--type", "ram", "map", "1-2"}}, Arguments{{"check", "--node", "x", "map", "1-2"}},
        Arguments{{"check", "--node", "-1", "map", "1-2"}}, Arguments{{"check", "--shift", "far", "map", "1-2"}},
        Arguments{{"--kernel", "garbage"}}, Arguments{{"list", "--timeout", "soon"}},
        Arguments{{"plan", "offline", "128M", "--timeout", "-1"}}, Arguments{{"--timeout", "604801"}},
        Arguments{{"check", "--arch", "vax", "map", "1-2"}}, Arguments{{"check", "--page-size", "5K", "map", "1-2"}},
        Arguments{{"check", "--page-size", "", "map", "1-2"}}, Arguments{{"check", "--altmap", "2M", "map", "1-2"}},
        Arguments{{"check", "--altmap", "2M+x", "map", "1-2"}}, Arguments{{"check", "--altmap", "1+1", "map", "1-2"}},
        Arguments{{"check", "probe", "xyz"}},
        // truncated
        Arguments{{"check", "map", "16f000000-"}}, Arguments{{"check", "map", "-16f000000"}},
        Arguments{{"check", "map", "16f000000+"}}, Arguments{{"check", "map", "16f000000"}},
        Arguments{{"show", "block"}}, Arguments{{"show", "section"}}, Arguments{{"show", "block4-"}},
        Arguments{{"show", "node"}}, Arguments{{"check", "--shift", "+", "map", "1-2"}},
        // huge
        Arguments{{"check", "map", "10000000000000000-10000000000000001"}},
        Arguments{{"check", "map", "ffffffffffffffff+4096"}}, Arguments{{"show", "block99999999999999999999"}},
        Arguments{{"show", "block18446744073709551615"}}, Arguments{{"check", "offline", "block0-99999999"}},
        Arguments{{"check", "map", std::string(100000, 'f')}}, Arguments{{"show", std::string(100000, 'x')}},
        Arguments{{"show", "node99999999999"}}, Arguments{{"check", "--node", "99999999999999999999", "add", "1-2"}},
        Arguments{{"--kernel", std::string(5000, '6')}},
        Arguments{{"check", "--shift", "+99999999999999999999T", "map", "1-2"}},
        Arguments{{"check", "--shift", "+16383P", "map", "ffffffff00000000+1M"}},
        Arguments{{"check", "--altmap", "99999999P+1", "map", "1-2"}},
        // contradictory
        Arguments{{"--root", "/"}}, Arguments{{"check", "map", "2-1"}}, Arguments{{"show", "block5-4"}},
        Arguments{{"--kernel", "6"}}, Arguments{{"--kernel", "4.14"}}, Arguments{{"--kernel", "5.42"}},
        Arguments{{"check", "--kernel", "arm64-6.12-16k", "--page-size", "64K", "map", "1-2"}},
        Arguments{{"check", "--kernel", "arm64-6.12", "--arch", "ppc64", "map", "1-2"}},
        Arguments{{"check", "--arch", "x86_64", "--page-size", "64K", "map", "1-2"}},
        Arguments{{"check", "map", "Persistent Memory (legacy)"}},   // three ranges
        Arguments{{"check", "offline", "100000000+1M"}},   // less than a block
        Arguments{{"check", "map", "174000000+64M", "unmap", "174000000+32M"}},
        Arguments{{"check", "--shift", "-64M", "map", "16ef17000-186f16fff"}}));   // onto the RAM before it

struct File {
    std::string name;
    std::string text;
    friend void PrintTo(const File& file, std::ostream* out) { *out << file.name; }
};

class BadSnapshot : public testing::TestWithParam<File> {};

TEST_P(BadSnapshot, OneLine) {
    const HostTree files;
    files.file("snapshot.json", GetParam().text);
    for (const char* verb : {"status", "list", "map"}) {
        expect_one_line(memhotctl({"--snapshot", files.path("snapshot.json"), verb}), GetParam().name);
    }
}

std::string demo_host() { return contents_of(data("demo-pmem-host.json")); }

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    const auto at = text.find(what);
    return at == std::string::npos ? "" : text.replace(at, what.size(), by);
}

INSTANTIATE_TEST_SUITE_P(
    Each, BadSnapshot,
    testing::Values(File{"empty", std::string()}, File{"garbage", std::string("\x00\xff\x01garbage", 10)},
                    File{"other", std::string("{}")}, File{"array", std::string("[1,2,3]")},
                    File{"format", replaced(demo_host(), "memhot-snapshot/1", "memhot-snapshot/99")},
                    File{"truncated", demo_host().substr(0, demo_host().size() / 2)},
                    File{"deep", std::string(1000000, '[')},
                    File{"block_size",
                         replaced(demo_host(), "\"memory_block_size\": 134217728", "\"memory_block_size\": 134217727")},
                    File{"number", replaced(demo_host(), "\"page_size\": 4096", "\"page_size\": \"many\"")}),
    [](const auto& info) { return std::string(info.param.name); });

// status and list go on without iomem; what needs it says where it is wrong.
TEST(BadIomem, OverlapIsRefusedWithItsLine) {
    const HostTree files;
    files.file("snapshot.json",
               replaced(demo_host(), "154000000-15fffffff : System RAM", "134000000-15fffffff : System RAM"));
    const Words host{"--snapshot", files.path("snapshot.json")};
    Words check = host;
    check.insert(check.end(), {"check", "map", "1+1"});
    const Said said = memhotctl(check);
    expect_one_line(said, "overlap");
    EXPECT_NE(said.err.find("iomem"), std::string::npos) << said.err;
    EXPECT_NE(said.err.find("line"), std::string::npos) << said.err;
}

TEST(BadFiles, CaptureChangesNothing) {
    const HostTree files;
    files.file("host/proc/iomem", "garbage\n");
    files.file("old.json", "precious");
    expect_one_line(memhotctl({"--root", files.path("nothing"), "capture", files.path("old.json")}), "no host");
    EXPECT_EQ(contents_of(files.path("old.json")), "precious");
    expect_one_line(on_demo_host({"capture", files.path("no/such/directory.json")}), "no directory");
    expect_one_line(on_demo_host({"capture", files.root()}), "a directory");
}

TEST(BadFiles, ReplayGoesOnWithTheOthers) {
    const HostTree files;
    files.file("garbage.json", "garbage");
    files.file("half.json", "{\"format\":\"memhot-transcript/1\"");
    const std::string good = std::string(MEMHOT_SOURCE_DIR) + "/tests/replay/recordings";
    std::string recording;
    for (const auto& entry : std::filesystem::directory_iterator(good)) {
        if (entry.path().extension() == ".xz") recording = entry.path();
    }
    ASSERT_NE(recording, "");
    const Said said =
        memhotctl({"replay", "--json", files.path("garbage.json"), recording, files.path("half.json"), "/nonexistent"});
    EXPECT_EQ(said.status, 2);
    EXPECT_EQ(lines_of(said.err).size(), 3U) << said.err;
    const auto json = said.json();
    ASSERT_EQ(json["files"].size(), 4U);
    EXPECT_TRUE(json["files"][0].contains("error"));
    EXPECT_FALSE(json["files"][1].contains("error"));
    EXPECT_TRUE(json["files"][2].contains("error"));
    EXPECT_TRUE(json["files"][3].contains("error"));
    EXPECT_EQ(json["files"][1]["operations"], json["totals"]["operations"]);
}

}   // namespace
}   // namespace memhot::test
