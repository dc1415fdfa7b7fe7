// SPDX-License-Identifier: GPL-2.0-or-later
//
// /proc/iomem and /proc/zoneinfo: hidden, absent, cut short, garbage.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/stat.h>

#include "host/proc_files.hpp"
#include "support/host_tree.hpp"

namespace memhot::host {
namespace {

using test::HostTree;
using testing::HasSubstr;

Result<IomemText> iomem_of(const HostTree& tree) { return read_iomem(std::move(Root::open(tree.root())).value()); }

TEST(IomemText, IsTheExactText) {
    const HostTree tree;
    const std::string text =
        "00000000-00000fff : Reserved\n00001000-0009ffff : System RAM\n  00001000-00001fff : \xff\n";
    tree.file("proc/iomem", text);
    EXPECT_EQ(iomem_of(tree)->text, text);
    EXPECT_EQ(iomem_of(tree)->hidden, "");
}

TEST(IomemText, ZeroAddressesAreHiddenOnes) {
    const HostTree tree;
    tree.file("proc/iomem", "00000000-00000000 : Reserved\n00000000-00000000 : System RAM\n");
    const auto iomem = iomem_of(tree);
    ASSERT_TRUE(iomem.ok());
    EXPECT_FALSE(iomem->text.has_value());
    EXPECT_THAT(iomem->hidden, HasSubstr("/proc/iomem shows every address as 0"));
    EXPECT_THAT(iomem->hidden, HasSubstr("CAP_SYS_ADMIN"));
}

TEST(IomemText, AbsentAndForbiddenSayWhy) {
    const HostTree tree;
    EXPECT_THAT(iomem_of(tree)->hidden, HasSubstr("/proc/iomem is not there"));
    tree.file("proc/iomem", "00000000-00000fff : Reserved\n");
    ASSERT_EQ(::chmod(tree.path("proc/iomem").c_str(), 0), 0);
    const test::Unprivileged unprivileged;
    EXPECT_THAT(iomem_of(tree)->hidden, HasSubstr("may not be read: read it as root"));
}

TEST(IomemText, WhatIsNoIomemIsRefused) {
    const HostTree tree;
    for (const char* text : {"", "\n", "garbage\n", "-5 : x\n", " : x\n", "1-2:x\n"}) {
        tree.file("proc/iomem", text);
        const auto iomem = iomem_of(tree);
        ASSERT_FALSE(iomem.ok()) << text;
        EXPECT_THAT(iomem.error().message(), HasSubstr("expected"));
        EXPECT_THAT(iomem.error().message(), HasSubstr("START-END : NAME"));
    }
    tree.file("proc/iomem", std::string((16 << 20) + 1, '0'));
    EXPECT_THAT(iomem_of(tree).error().message(), HasSubstr("longer than"));
}

constexpr const char* kZoneinfo = R"(Node 0, zone      DMA
  per-node stats
      nr_inactive_anon 2161
  pages free     3840
        boost    0
        min      15
        low      18
        high     21
        spanned  4095
        present  3998
        managed  3840
        cma      7
        protection: (0, 2899, 23373, 23373, 23373)
      nr_free_pages 3840
  pagesets
    cpu: 0
              count:    0
              high:     5
  node_unreclaimable:  0
  start_pfn:           1
Node 1, zone  Movable
  pages free     0
        spanned  0
        present  0
        managed  0
        protection: (0, 0, 0, 0, 0)
)";

TEST(Zoneinfo, SixNumbersOfEachZone) {
    const auto zones = parse_zoneinfo(kZoneinfo);
    ASSERT_TRUE(zones.ok()) << zones.error().message();
    const std::vector<ZoneRecord> expected = {{0, "DMA", 1, 4095, 3998, 3840, 7, 21},
                                              {1, "Movable", 0, 0, 0, 0, 0, {}}};
    EXPECT_EQ(*zones, expected);
}

TEST(Zoneinfo, RefusedWithTheLine) {
    const std::pair<const char*, const char*> table[] = {
        {"", "no zone in it"},
        {"garbage\n", "no zone in it"},
        {"Node 0, zone DMA\n spanned 1\n present 1\n managed 1", "cut short"},
        {"  spanned 5\n", R"(line 1: "spanned 5", expected "Node N, zone NAME" before it)"},
        {"Node 0, zone DMA\n spanned 1\n present 1\n", "zone DMA ends without \"managed\""},
        {"Node 0, zone DMA\n spanned x\n", "line 2: \"spanned x\", expected a number of pages"},
        {"Node 0, zone DMA\n spanned -1\n", "expected a number of pages"},
        {"Node 0, zone DMA\n high x\n", "line 2: \"high x\", expected a number of pages"},
        {" high 5\n", "expected \"Node N, zone NAME\" before it"},
        {"Node 0, zone DMA\n spanned 99999999999999999999\n", "expected a number of pages"},
        {"Node x, zone DMA\n", R"(line 1: "Node x, zone DMA", expected "Node N, zone NAME")"},
        {"Node 0\n", "expected \"Node N, zone NAME\""},
        {"Node 0, zone\n", "expected \"Node N, zone NAME\""},
        {"Node 4096, zone DMA\n", "expected \"Node N, zone NAME\""},
        {"Node 0, zone A\n spanned 1\n present 1\n managed 1\nNode 0, zone A\n",
         "line 5: \"Node 0, zone A\", expected every zone once"},
    };
    for (const auto& [text, says] : table) {
        const auto zones = parse_zoneinfo(text);
        ASSERT_FALSE(zones.ok()) << text;
        EXPECT_THAT(zones.error().message(), HasSubstr(says));
    }
}

TEST(Zoneinfo, CarriesItsPathAndMayBeAbsent) {
    const HostTree tree;
    EXPECT_TRUE(read_zoneinfo(std::move(Root::open(tree.root())).value())->empty());
    tree.file("proc/zoneinfo", "x\n");
    EXPECT_THAT(read_zoneinfo(std::move(Root::open(tree.root())).value()).error().message(),
                HasSubstr(tree.root() + "/proc/zoneinfo: no zone"));
}

// Cut anywhere, it is refused or has lost whole zones; never a zone with made-up numbers.
RC_GTEST_PROP(ZoneinfoProperty, TruncatedAnywhere, ()) {
    const std::string text = kZoneinfo;
    const auto cut = *rc::gen::inRange<std::size_t>(0, text.size());
    const auto zones = parse_zoneinfo(text.substr(0, cut));
    if (!zones) return;
    RC_ASSERT(!zones->empty());
    RC_ASSERT(zones->front().name == "DMA");
    RC_ASSERT(zones->front().spanned == 4095U);
    RC_ASSERT(zones->front().present == 3998U);
    RC_ASSERT(zones->front().managed == 3840U);
}

TEST(Meminfo, tells_what_is_available) {
    EXPECT_EQ(*parse_available_memory("MemTotal:  1007656 kB\nMemAvailable:     307200 kB\nBuffers: 1 kB\n"),
              300 * kMiB);
    EXPECT_FALSE(parse_available_memory("MemTotal:  1007656 kB\n")->has_value()) << "3.13 and before";
    EXPECT_FALSE(parse_available_memory("NotMemAvailable: 1 kB\n")->has_value());
    EXPECT_FALSE(parse_available_memory("MemAvailable: 12").ok());
    EXPECT_FALSE(parse_available_memory("MemAvailable: 12 MB\n").ok());
    EXPECT_FALSE(parse_available_memory("MemAvailable: 18446744073709551615 kB\n").ok());
}

}   // namespace
}   // namespace memhot::host
