// SPDX-License-Identifier: GPL-2.0-or-later
//
// Merging blocks into ranges, without lsmem at hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "../snapshot/samples.hpp"
#include "memhot/list.hpp"
#include "report/block_list.hpp"

namespace memhot {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kBlock = 128 * kMiB;

Snapshot host_of(std::vector<BlockRecord> blocks) {
    Snapshot snapshot;
    snapshot.memory_block_size = kBlock;
    snapshot.blocks = std::move(blocks);
    return snapshot;
}

TEST(BlockList, MergesNeighboursThatAgree) {
    const auto list = list_blocks(host_of({{0, "online", "none", true, 0},
                                           {1, "online", "DMA32", true, 0},
                                           {2, "online", "DMA32", true, 1},
                                           {4, "online", "DMA32", true, 1},
                                           {5, "offline", "Normal Movable", true, 1}}));
    ASSERT_TRUE(list.ok());
    const std::vector<ListRow> expected = {
        {{0, 3 * kBlock - 1}, 0, 2, "online", true, 0, "None"},
        {{4 * kBlock, 5 * kBlock - 1}, 4, 4, "online", true, 1, "DMA32"},
        {{5 * kBlock, 6 * kBlock - 1}, 5, 5, "offline", std::nullopt, 1, "Normal/Movable"},
    };
    EXPECT_EQ(list->rows, expected);
    EXPECT_EQ(list->block_size, kBlock);
    EXPECT_EQ(list->online, 4 * kBlock);
    EXPECT_EQ(list->offline, kBlock);
}

std::size_t rows(const Snapshot& host, const ListSplit& split) { return list_blocks(host, split)->rows.size(); }

TEST(BlockList, SplitsByTheColumnsThatAreAskedFor) {
    const auto host = host_of({{0, "online", "none", true, 0},
                               {1, "offline", "none", true, 0},
                               {2, "offline", "none", false, 0},
                               {3, "offline", "none", false, 1},
                               {4, "offline", "Normal", false, 1}});
    EXPECT_EQ(rows(host, {.state = false, .removable = false}), 1U);
    EXPECT_EQ(rows(host, {.state = true, .removable = false}), 2U);
    EXPECT_EQ(rows(host, {.state = false, .removable = true}), 2U);
    EXPECT_EQ(rows(host, {.state = false, .removable = false, .node = true}), 2U);
    EXPECT_EQ(rows(host, {.state = false, .removable = false, .zones = true}), 2U);
    EXPECT_EQ(rows(host, {.state = true, .removable = true, .node = true, .zones = true}), 5U);
    EXPECT_EQ(rows(host, {.state = false, .removable = false, .every_block = true}), 5U);
}

TEST(BlockList, UnknownZonesMergeAndKeepTheirName) {
    const auto list =
        list_blocks(host_of({{0, "online", "Private", true, 0}, {1, "online", "Private", true, 0}}), {.zones = true});
    ASSERT_EQ(list->rows.size(), 1U);
    EXPECT_EQ(list->rows[0].zones, "Private");
}

TEST(BlockList, GoingOfflineIsNotOnline) {
    const auto list = list_blocks(host_of({{0, "going-offline", "", true, 0}}));
    EXPECT_EQ(list->rows.at(0).state, "on->off");
    EXPECT_EQ(list->rows.at(0).removable, std::nullopt);
    EXPECT_EQ(list->offline, kBlock);
}

TEST(BlockList, AHostWithoutBlocksHasNone) {
    const auto list = list_blocks(Snapshot{});
    ASSERT_FALSE(list.ok());
    EXPECT_EQ(list.error().kind(), ErrorKind::unsupported);
    EXPECT_THAT(list.error().message(), HasSubstr("no memory blocks"));
    EXPECT_TRUE(list_blocks(host_of({}))->rows.empty());
}

RC_GTEST_PROP(BlockListProperty, RowsCoverTheBlocksOnceAndAreAsLongAsTheyCanBe, ()) {
    const auto host = host_of(test::arbitrary_blocks());
    const ListSplit split{*rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<bool>(),
                          *rc::gen::arbitrary<bool>(), false};
    const auto list = list_blocks(host, split);
    const auto single = list_blocks(host, {.every_block = true});
    std::uint64_t blocks = 0;
    for (const auto& row : list->rows) {
        RC_ASSERT(row.range == (Range{row.first_block * kBlock, row.last_block * kBlock + (kBlock - 1)}));
        for (auto number = row.first_block; number <= row.last_block; ++number, ++blocks) {
            const auto& block = single->rows.at(blocks);
            RC_ASSERT(block.first_block == number);
            RC_ASSERT(!split.state || block.state == row.state);
            RC_ASSERT(!split.node || block.node == row.node);
            RC_ASSERT(!split.zones || block.zones == row.zones);
        }
    }
    RC_ASSERT(blocks == host.blocks->size());
    RC_ASSERT(list->online + list->offline == blocks * kBlock);
    for (std::size_t i = 1; i < list->rows.size(); ++i) {
        const auto& a = host.blocks->at(static_cast<std::size_t>(
            std::ranges::lower_bound(*host.blocks, list->rows[i - 1].last_block, {}, &BlockRecord::number) -
            host.blocks->begin()));
        const auto& b = *(&a + 1);
        const bool differs = a.number + 1 != b.number || (split.state && a.state != b.state) ||
                             (split.removable && a.removable != b.removable) || (split.node && a.node != b.node) ||
                             (split.zones && a.valid_zones != b.valid_zones);
        RC_ASSERT(differs);
    }
}

}   // namespace
}   // namespace memhot
