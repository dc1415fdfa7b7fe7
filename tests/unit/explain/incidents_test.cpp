// SPDX-License-Identifier: GPL-2.0-or-later
//
// What belongs together, what makes what superfluous, what is unknown, and what a host adds.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "memhot/explain.hpp"
#include "memhot/rules.hpp"
#include "memhot/value.hpp"

namespace memhot {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> ids(const std::vector<Explanation>& all) {
    std::vector<std::string> out;
    for (const auto& one : all) out.push_back(one.id);
    return out;
}

std::string value(const Explanation& one, std::string_view name) {
    const auto* found = one.find(name);
    if (found == nullptr) found = one.find_next(name);
    return found == nullptr ? "none" : brief(*found);
}

TEST(Incidents, GroupTheLinesOfOneDevice) {
    const auto all = explain("# ndctl create-namespace -r region1\n"
                             "libndctl: ndctl_pfn_enable: pfn1.0: failed to enable\n"
                             "failed to create namespace: No such device or address\n"
                             "[  283.3] nd_pmem pfn1.0: namespace1.0: start 0x100100000 misaligned to 0x200000\n");
    ASSERT_THAT(ids(all), ElementsAre("nd.pfn-start-misaligned"));
    EXPECT_EQ(all.front().lines.size(), 3U);
    EXPECT_EQ(all.front().error, 6);
    EXPECT_EQ(value(all.front(), "start_below"), "0x100000000");
}

TEST(Incidents, KeepDevicesApart) {
    const auto all = explain("kmem dax2.0: mapping0: 0x0-0x8fffffff could not reserve region\n"
                             "kmem dax2.0: probe with driver kmem failed with error -16\n"
                             "kmem dax3.0: mapping0: 0x100000000-0x86fffffff could not reserve region\n"
                             "kmem dax3.0: probe with driver kmem failed with error -16\n");
    ASSERT_THAT(ids(all), ElementsAre("kmem.region-busy", "kmem.region-busy"));
    EXPECT_EQ(all[0].incident, 1);
    EXPECT_EQ(all[1].incident, 2);
    EXPECT_EQ(value(all[1], "range"), "0x100000000-0x86fffffff");
    EXPECT_EQ(all[1].lines.size(), 2U);
}

TEST(Incidents, SayARepeatedLineOnce) {
    const auto all = explain("nd_pmem namespace1.0: could not reserve region [mem 0x100000000-0x13fffffff]\n"
                             "nd_pmem namespace1.0: could not reserve region [mem 0x100000000-0x13fffffff]\n");
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all.front().lines.size(), 2U);
}

TEST(Incidents, PutMessagesBeforeWhatOnlyFollows) {
    const auto all = explain("acpi PNP0C80:00: add_memory failed\n"
                             "Block size [0x8000000] unaligned hotplug range: start 0x100200000, size 0x40000000\n");
    ASSERT_THAT(ids(all), ElementsAre("add.block-unaligned"));
    EXPECT_EQ(all.front().kind, Explanation::Kind::cause);
}

TEST(Incidents, ReadWrappedLines) {
    const auto all = explain("[   14.984108] kmem dax4.0: mapping0: 0x180000000-0x1ffffffff could not \n"
                             "reserve region\n"
                             "[   14.987204] kmem dax4.0: probe with driver kmem failed with error -16\n");
    ASSERT_THAT(ids(all), ElementsAre("kmem.region-busy"));
    EXPECT_EQ(all.front().lines.size(), 3U);
    // a line with a time stamp of its own does not continue the one before
    const auto apart = explain("[ 1.0] mapping0: 0x180000000-0x1ffffffff could not\n[ 2.0] reserve region\n");
    EXPECT_EQ(apart.front().id, "unknown");
}

TEST(Incidents, ReadEscapedText) {
    const auto all = explain("Trying to free nonexistent resource &lt;0000000237200000-00000002372fffff&gt;");
    ASSERT_THAT(ids(all), ElementsAre("release.nonexistent"));
    EXPECT_EQ(value(all.front(), "range"), "0x237200000-0x2372fffff");
    EXPECT_EQ(value(all.front(), "range_size"), "1M");
}

TEST(Rules, GiveWhatTheEntryLeavesOut) {
    const auto all = explain("Boot memory [40000000 48000000] offlining attempted");
    ASSERT_THAT(ids(all), ElementsAre("offline.boot-memory"));
    const Rule& rule = memhot::rule(RuleId::offline_boot_memory);
    EXPECT_EQ(all.front().source, rule.source);
    EXPECT_EQ(all.front().releases, rule.releases);
    EXPECT_THAT(all.front().rules, ElementsAre(rule.id));
    EXPECT_EQ(value(all.front(), "block"), "8");
    EXPECT_EQ(value(all.front(), "block_size"), "128M");
}

TEST(Unknown, IsSaidAndTheNearestAreNamed) {
    const auto all = explain("nd_pmem: requested alignment could not be satisfied, unable to go on");
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all.front().kind, Explanation::Kind::unknown);
    EXPECT_EQ(all.front().id, "unknown");
    EXPECT_THAT(all.front().candidates, testing::Contains(HasSubstr("nd.pfn-no-room")));
    EXPECT_THAT(all.front().rules, IsEmpty());
    EXPECT_FALSE(all.front().needed.empty());
}

// What any program, any file system says is no word about memory or namespaces.
TEST(Unknown, AreTheMessagesOfProgramsAndFileSystems) {
    for (const std::string_view text :
         {"traps: firefox[4711] general protection fault ip:7f3a81c2b1e0 sp:7ffd2c1a9f48 error:0 in libc.so.6",
          "EXT4-fs warning (device sda2): ext4_dx_add_entry: No space left on device",
          "cp: error writing '/srv/b': No space left on device",
          "dd: error writing '/mnt/pmem0/file': No space left on device", "No space left on device"}) {
        const auto all = explain(text);
        ASSERT_EQ(all.size(), 1U) << text;
        EXPECT_EQ(all.front().id, "unknown") << text;
    }
}

// The third complaint of one thread (pmem/ndctl#236): where CXL regions are listed.
TEST(Incidents, OfThreeComplaintsEachIsAnswered) {
    EXPECT_THAT(
        ids(explain("`Failed to synchronize CPU cache state` / `endpoint1: add_dev() failed` / region missing from "
                    "`ndctl list -R`")),
        testing::UnorderedElementsAre("cxl.cpu-cache", "cxl.endpoint-add", "cxl.region-not-of-ndctl"));
}

TEST(Unknown, HasNoCandidatesForOtherMatters) {
    for (const std::string_view text :
         {"usb 1-1: device descriptor read/64, error -71 (unrelated)", "hello", "", "\n\n"}) {
        const auto all = explain(text);
        ASSERT_EQ(all.size(), 1U) << text;
        EXPECT_EQ(all.front().id, "unknown") << text;
        EXPECT_THAT(all.front().candidates, IsEmpty()) << text;
    }
}

TEST(Context, FillsInTheBlockSize) {
    constexpr std::string_view kText =
        "Failed to offline /sys/devices/system/node/node1/memory272/state: Device or resource busy";
    EXPECT_EQ(value(explain(kText).front(), "block_range"), "none");
    ExplainContext context;
    context.block_size = 128 * kMiB;
    EXPECT_EQ(value(explain(kText, context).front(), "block_range"), "0x880000000-0x887ffffff");
}

TEST(Context, FindsTheNamespaceOfASnapshot) {
    Snapshot snapshot;
    snapshot.arch = "x86_64";
    snapshot.iomem = "100000000-13bffffff : System RAM\n13c000000-2bbffffff : Persistent Memory\n";
    snapshot.nvdimm.emplace();
    NamespaceRecord ns;
    ns.name = "namespace0.3";
    ns.resource = 0x13c000000;
    snapshot.nvdimm->namespaces.push_back(ns);
    ExplainContext context;
    context.snapshot = &snapshot;
    const auto all = explain(" dax0.3: bad offset: 0x8000000 dax disabled align: 0x40000000", context);
    ASSERT_THAT(ids(all), ElementsAre("nd.info-bad-offset"));
    // made at 0x138000000, moved by 64 MiB
    EXPECT_EQ(value(all.front(), "start_modulo"), "896M");
    EXPECT_EQ(value(all.front(), "moved_by"), "64M");
    EXPECT_EQ(value(all.front(), "start_below"), "0x138000000");
    EXPECT_EQ(value(all.front(), "start_above"), "0x178000000");
    EXPECT_EQ(value(all.front(), "shift_on"), "960M");
    EXPECT_THAT(all.front().needed, IsEmpty());
    EXPECT_THAT(all.front().evidence, ElementsAre("13c000000-2bbffffff : Persistent Memory"));
}

TEST(Context, YieldsToTheText) {
    ExplainContext context;
    context.block_size = 128 * kMiB;
    const auto all =
        explain("Memory block size: 2G\nkmem dax1.0: mapping0: 0x2074200000-0x216fffffff could not reserve range\n"
                "kmem dax1.0: DAX region truncated by 1.94 GiB due to alignment",
                context);
    const auto found = std::ranges::find(all, "kmem.truncated", &Explanation::id);
    ASSERT_NE(found, all.end());
    EXPECT_EQ(value(*found, "lost_in_front"), "190M");
    EXPECT_EQ(value(*found, "lost_behind"), "1792M");
}

TEST(Document, HasFormatAndTypes) {
    const auto all = explain("nd_pmem pfn0.1: namespace0.1: start 0x100100000 misaligned to 0x200000");
    const auto json = nlohmann::json::parse(to_json(all));
    EXPECT_EQ(json["format"], "memhot-explanations/1");
    const auto& one = json["explanations"][0];
    EXPECT_EQ(one["id"], "nd.pfn-start-misaligned");
    EXPECT_EQ(one["kind"], "cause");
    EXPECT_EQ(one["found"]["start"], "0x100100000");      // addresses are strings
    EXPECT_EQ(one["found"]["unit"], 2097152);             // sizes numbers of bytes
    EXPECT_EQ(one["next"]["start_above"], "0x100200000");
    const auto unknown = nlohmann::json::parse(to_json(explain("\xff\xfe garbage")));
    EXPECT_EQ(unknown["explanations"][0]["id"], "unknown");
}

// 2 MiB of log: an answer must not take the square of its length.
TEST(Length, OfALogDoesNotMatter) {
    std::string text;
    for (int i = 0; i < 20000; ++i) {
        text +=
            fmt::format("[{:6}.000000] nd_pmem namespace{}.0: could not reserve region [mem {:#x}-{:#x} flags 0x200]\n",
                        i, i % 50, 0x100000000 + (static_cast<std::uint64_t>(i % 50) << 30),
                        0x13fffffff + (static_cast<std::uint64_t>(i % 50) << 30));
    }
    EXPECT_EQ(explain(text).size(), 50U);
}

}   // namespace
}   // namespace memhot
