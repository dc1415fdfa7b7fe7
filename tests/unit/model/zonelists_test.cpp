// SPDX-License-Identifier: GPL-2.0-or-later
//
// What is logged when a zone gets its first pages or loses its last ones (mm/page_alloc.c build_all_zonelists), and the
// number of pages in it: nr_free_zone_pages() adds what each zone has above its high watermark.
#include <gmock/gmock.h>

#include <cerrno>

#include "unit/model/host.hpp"

namespace memhot {
namespace {

using test::Host;
using test::Log;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t kNew = 0x140000000;
constexpr std::uint64_t kBlock = 0x8000000;   // 128 MiB, 32768 pages
constexpr std::uint64_t kNumber = kNew / kBlock;

Host host(std::string kernel = "6.12.95") {
    return {.iomem = "00001000-3fffffff : System RAM\n", .kernel = std::move(kernel)};
}

// 1 GiB of boot memory: 3840 - 21 pages of DMA, 250000 - 6000 of DMA32 above the watermarks.
Model with_watermarks(const Host& host) {
    Snapshot snapshot = test::snapshot_of(host);
    snapshot.zones = {{0, "DMA", 1, 4095, 3998, 3840, 0, 21},
                      {0, "DMA32", 4096, 258048, 258048, 250000, 0, 6000},
                      {0, "Normal", 0, 0, 0, 0, 0, 0},
                      {0, "Movable", 0, 0, 0, 0, 0, 32},
                      {0, "Device", 0, 0, 0, 0, 0, 0}};
    auto model = Model::from_snapshot(snapshot, test::profile_of(host));
    EXPECT_TRUE(model);
    return *std::move(model);
}

Log set(Model& model, std::uint64_t number, const std::string& state) {
    const op::SetState asked{number, state};
    Outcome outcome = model.outcome(asked);
    if (outcome.kind == Outcome::Kind::uncertain) outcome = Outcome::accept(outcome.rule);
    Log log;
    for (const auto& line : model.messages(asked, outcome)) log.push_back(line.text);
    model.apply(asked, outcome);
    return log;
}

std::string built(std::uint64_t pages) {
    return "Built 1 zonelists, mobility grouping on.  Total pages: " + std::to_string(pages);
}

TEST(Zonelists, count_what_is_above_the_watermarks) {
    constexpr std::uint64_t kBoot = 3840 - 21 + 250000 - 6000;
    Model model = with_watermarks(host());
    test::run(model, test::add_of(kNew, 2 * kBlock));
    // the empty zone keeps its 32 pages until init_per_zone_wmark_min(), which comes later
    EXPECT_THAT(set(model, kNumber, "online_movable"),
                ElementsAre("Fallback order for Node 0: 0 ", built(kBoot + 32768 - 32), "Policy zone: DMA32"));
    EXPECT_THAT(set(model, kNumber + 1, "online_movable"), IsEmpty());   // not the first
    EXPECT_THAT(set(model, kNumber + 1, "offline"), IsEmpty());
    EXPECT_THAT(set(model, kNumber, "offline"),
                ElementsAre("Fallback order for Node 0: 0 ", built(kBoot), "Policy zone: DMA32"));
    EXPECT_THAT(set(model, kNumber, "online_kernel"),
                ElementsAre("Fallback order for Node 0: 0 ", built(kBoot + 32768), "Policy zone: Normal"));
    // policy_zone never falls (check_highest_zone)
    EXPECT_EQ(set(model, kNumber, "offline").back(), "Policy zone: Normal");
}

// Seen in a VM with a DIMM that was plugged in and is offline: its System RAM is above 4 GiB, and no zone has it yet.
TEST(Zonelists, memory_that_is_there_and_offline_is_in_no_zone) {
    Host plugged = host();
    plugged.iomem += "140000000-14fffffff : System RAM\n";
    Snapshot snapshot = test::snapshot_of(plugged);
    snapshot.blocks.emplace();
    for (std::uint64_t number = 0; number < 8; ++number) snapshot.blocks->push_back({number, "online", "DMA32", {}, 0});
    for (const std::uint64_t number : {kNumber, kNumber + 1})
        snapshot.blocks->push_back({number, "offline", "Normal Movable", {}, 0});
    snapshot.zones = {{0, "DMA", 1, 4095, 3998, 3840, 0, 21},
                      {0, "DMA32", 4096, 258048, 258048, 250000, 0, 6000},
                      {0, "Normal", 0, 0, 0, 0, 0, 0},
                      {0, "Movable", 0, 0, 0, 0, 0, 32}};
    auto model = Model::from_snapshot(snapshot, test::profile_of(plugged));
    ASSERT_TRUE(model);
    EXPECT_EQ(set(*model, kNumber, "online_movable").back(), "Policy zone: DMA32");
}

TEST(Zonelists, in_the_words_of_the_release) {
    Model old = with_watermarks(host("5.15"));   // 6cf253925df7 is in 5.16; Movable has no watermark yet
    test::run(old, test::add_of(kNew, kBlock));
    EXPECT_THAT(set(old, kNumber, "online_movable"),
                ElementsAre(built(3840 - 21 + 250000 - 6000 + 32768), "Policy zone: DMA32"));
}

TEST(Zonelists, without_the_watermarks_of_the_host_the_number_is_unknown) {
    Model model = test::boot(host());
    test::run(model, test::add_of(kNew, kBlock));
    const op::SetState online{kNumber, "online_movable"};
    const auto lines = model.messages(online, model.outcome(online));
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_TRUE(lines[1].unseen);
    EXPECT_EQ(lines[1].text, "Built 1 zonelists, mobility grouping on.  Total pages: ?");
}

TEST(Zonelists, of_two_nodes_each_comes_first_in_its_own) {
    Host two = host();
    two.possible_nodes = "0-1";
    Model model = test::boot(two);
    op::Add add = test::add_of(kNew, kBlock);
    add.node = 1;
    test::run(model, add);
    EXPECT_THAT(set(model, kNumber, "online_movable"),
                ElementsAre("Fallback order for Node 0: 0 1 ", "Fallback order for Node 1: 1 0 ",
                            "Built 2 zonelists, mobility grouping on.  Total pages: ?", "Policy zone: DMA32"));
    // a node without memory may be online or not, and where it stands depends on the release
    EXPECT_THAT(set(model, kNumber, "offline"),
                ElementsAre("Fallback order for Node 0: 0 ", "Fallback order for Node 1: ?",
                            "Built ? zonelists, mobility grouping on.  Total pages: ?", "Policy zone: DMA32"));
}

TEST(Zonelists, memory_that_is_onlined_while_it_is_added) {
    Host by_default = host();
    by_default.cmdline = "memhp_default_state=online_movable";
    Model model = with_watermarks(by_default);
    const auto answer = test::run(model, test::add_of(kNew, 4 * kBlock));
    EXPECT_THAT(answer.log, ElementsAre("Fallback order for Node 0: 0 ", built(3840 - 21 + 250000 - 6000 + 32768 - 32),
                                        "Policy zone: DMA32"));
    EXPECT_THAT(test::run(model, test::add_of(kNew + 4 * kBlock, kBlock)).log, IsEmpty());
}

// mm/page_isolation.c set_migratetype_isolate(), mm/debug.c dump_page(); recorded of 6.1, 6.12 and 7.2
TEST(Zonelists, a_page_that_does_not_move_is_dumped) {
    Model model = test::boot(host());
    test::run(model, test::add_of(kNew, 2 * kBlock));
    set(model, kNumber, "online_kernel");
    set(model, kNumber + 1, "online_movable");
    const auto failed = [&](std::uint64_t number) {
        return model.messages(op::SetState{number, "offline"}, Outcome::refuse(RuleId::offline_unmovable, EBUSY));
    };
    const auto lines = failed(kNumber);
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_TRUE(lines[0].unseen);
    EXPECT_EQ(lines[1].text, "page dumped because: unmovable page");
    EXPECT_TRUE(failed(kNumber + 1).empty());   // in Movable migration fails, which says something else
}

}   // namespace
}   // namespace memhot
