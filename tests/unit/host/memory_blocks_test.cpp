// SPDX-License-Identifier: GPL-2.0-or-later
//
// Memory blocks from sysfs trees: what the kernel shows comes back, anything else is refused with its path.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <rapidcheck/gtest.h>
#include <sys/stat.h>

#include "host/memory_blocks.hpp"
#include "support/host_tree.hpp"

namespace memhot::host {
namespace {

using test::HostTree;
using testing::HasSubstr;

Result<std::optional<MemoryBlocks>> read(const HostTree& tree, bool removable = true) {
    return read_memory_blocks(std::move(Root::open(tree.root())).value(), removable);
}

std::string error_of(const HostTree& tree) {
    const auto blocks = read(tree);
    return blocks ? "no error" : blocks.error().message();
}

TEST(MemoryBlocks, AreAbsentWithoutMemoryHotplug) {
    const HostTree tree;
    const auto blocks = read(tree);
    ASSERT_TRUE(blocks.ok()) << blocks.error().message();
    EXPECT_FALSE(blocks->has_value());
}

TEST(MemoryBlocks, ComeWithAllThatSysfsShows) {
    const HostTree tree;
    tree.block_size("8000000");
    tree.block(10, "offline", "Normal Movable", 1);
    tree.block(9, "online", "none", 0);
    tree.block(100, "going-offline", "", 1);
    tree.remove(std::string(HostTree::kMemory) + "/memory100/removable");
    tree.file(std::string(HostTree::kMemory) + "/memory9/removable", "0\n");
    const auto found = read(tree);
    ASSERT_TRUE(found.ok()) << found.error().message();
    EXPECT_EQ((*found)->block_size, 128 * kMiB);
    EXPECT_EQ((*found)->unrest, "");
    const std::vector<BlockRecord> expected = {{9, "online", "none", false, 0},
                                               {10, "offline", "Normal Movable", true, 1},
                                               {100, "going-offline", "", std::nullopt, 1}};
    EXPECT_EQ((*found)->blocks, expected);
}

TEST(MemoryBlocks, LeaveRemovableOutWhenTold) {
    const HostTree tree;
    tree.block_size("8000000");
    tree.block(0, "online", "none", 0);
    EXPECT_EQ((*read(tree, false))->blocks.at(0).removable, std::nullopt);
}

TEST(MemoryBlocks, RefuseGarbageWithItsPath) {
    struct Case {
        const char* file;
        const char* text;
        const char* says;
    };
    const Case table[] = {
        {"memory0/state", "", "memory0/state: empty, expected a value"},
        {"memory0/state", "on", "memory0/state: \"on\", expected online, offline or going-offline"},
        {"memory0/state", "ERROR-UNKNOWN-", "expected online"},
        {"memory0/state", "online\nonline\n", "expected online"},
        {"memory0/valid_zones", "\n", "memory0/valid_zones: empty"},
        {"memory0/valid_zones", "Normal,Movable", "expected names of zones, or none"},
        {"memory0/removable", "yes", "memory0/removable: \"yes\", expected 0 or 1"},
        {"block_size_bytes", "", "block_size_bytes: empty"},
        {"block_size_bytes", "zz", "block_size_bytes: \"zz\" is no number"},
        {"block_size_bytes", "0", "expected a power of two of at least 2 MiB in hex"},
        {"block_size_bytes", "8000001", "expected a power of two"},
        {"block_size_bytes", "1000", "expected a power of two"},
        {"block_size_bytes", "10000000000000000", "more than 64 bits"},
    };
    for (const auto& row : table) {
        const HostTree tree;
        tree.block_size("8000000");
        tree.block(0, "online", "Normal", 0);
        tree.file(std::string(HostTree::kMemory) + "/" + row.file, row.text);
        EXPECT_THAT(error_of(tree), HasSubstr(row.says));
        EXPECT_THAT(error_of(tree), HasSubstr(tree.root() + "/sys/devices/system/memory/"));
    }
}

TEST(MemoryBlocks, RefuseHugeAttributesAndDirectories) {
    const HostTree tree;
    tree.block_size("8000000");
    tree.block(0, "online", "Normal", 0);
    const std::string state = std::string(HostTree::kMemory) + "/memory0/state";
    tree.file(state, std::string(1 << 20, 'o'));
    EXPECT_THAT(error_of(tree), HasSubstr("memory0/state: too long"));
    tree.remove(state);
    tree.directory(state);
    EXPECT_THAT(error_of(tree), HasSubstr("memory0/state: Is a directory"));
}

TEST(MemoryBlocks, NeedASizeWhereThereAreBlocks) {
    const HostTree tree;
    tree.block(0, "online", "Normal", 0);
    EXPECT_THAT(error_of(tree), HasSubstr("block_size_bytes: No such file"));
}

TEST(MemoryBlocks, RefuseUnreadableOnes) {
    const HostTree tree;
    tree.block_size("8000000");
    tree.block(0, "online", "Normal", 0);
    ASSERT_EQ(::chmod(tree.path("sys/devices/system/memory/memory0/state").c_str(), 0), 0);
    const test::Unprivileged unprivileged;
    EXPECT_THAT(error_of(tree), HasSubstr("memory0/state: Permission denied"));
}

TEST(MemoryBlocks, TellWhenOneWentAway) {
    const HostTree tree;
    tree.block_size("8000000");
    tree.block(0, "online", "Normal", 0);
    tree.directory(std::string(HostTree::kMemory) + "/memory7");   // listed, and nothing in it
    const auto found = read(tree);
    ASSERT_TRUE(found.ok()) << found.error().message();
    EXPECT_THAT((*found)->unrest, HasSubstr("memory7/state is listed but not there"));
    EXPECT_EQ((*found)->blocks.size(), 1U);
}

TEST(MemoryBlocks, TakeOnlyNamesThatTheKernelGives) {
    const HostTree tree;
    tree.block_size("8000000");
    tree.block(0, "online", "Normal", 0);
    for (const char* name :
         {"memory", "memory01", "memoryx", "memory1x", "memory18446744073709551616", "power", "Memory1"}) {
        tree.file(std::string(HostTree::kMemory) + "/" + name + "/state", "online\n");
    }
    EXPECT_EQ((*read(tree))->blocks.size(), 1U);
}

TEST(BlockNodes, ComeFromTheNodesDirectories) {
    const HostTree tree;
    tree.block_size("8000000");
    for (unsigned i = 0; i < 4; ++i) {
        tree.block(i, "online", "Normal", -1);
        tree.node_link(i, i < 2 ? 3 : 1);
    }
    tree.node_link(1, 2);   // shared by nodes 2 and 3
    tree.directory("sys/devices/system/node/node5");
    tree.file("sys/devices/system/node/nodex/memory0", "");
    std::vector<std::optional<int>> nodes;
    const auto found = read(tree);
    ASSERT_TRUE(found.ok()) << found.error().message();
    for (const auto& block : (*found)->blocks) nodes.push_back(block.node);
    EXPECT_EQ(nodes, (std::vector<std::optional<int>>{3, 2, 1, 1}));
}

TEST(BlockNodes, ComeFromTheBlocksOwnLinksElse) {
    const HostTree tree;
    tree.block_size("8000000");
    for (unsigned i = 0; i < 6; ++i) tree.block(i, "online", "Normal", -1);
    tree.own_link(0, 1);
    tree.own_link(1, 1);
    tree.own_link(2, 0);
    tree.own_link(4, 0);
    tree.own_link(5, 7);
    tree.own_link(5, 4);
    std::vector<std::optional<int>> nodes;
    const auto found = read(tree);
    ASSERT_TRUE(found.ok()) << found.error().message();
    for (const auto& block : (*found)->blocks) nodes.push_back(block.node);
    EXPECT_EQ(nodes, (std::vector<std::optional<int>>{1, 1, 0, std::nullopt, 0, 4}));
}

TEST(BlockNodes, MayBeAbsent) {
    const HostTree tree;
    tree.block_size("8000000");
    tree.block(0, "online", "Normal", -1);
    const auto found = read(tree);
    ASSERT_TRUE(found.ok()) << found.error().message();
    EXPECT_EQ((*found)->blocks.at(0).node, std::nullopt);
}

TEST(BlockNodes, ABlockThatOnlyANodeKnowsIsNotInvented) {
    const HostTree tree;
    tree.block_size("8000000");
    tree.block(0, "online", "Normal", 0);
    tree.node_link(9, 0);
    const auto found = read(tree);
    ASSERT_TRUE(found.ok()) << found.error().message();
    EXPECT_EQ((*found)->blocks.size(), 1U);
}

TEST(BlockNodes, UnreadableNodeDirectoriesAreErrors) {
    const HostTree tree;
    tree.block_size("8000000");
    tree.block(0, "online", "Normal", 0);
    ASSERT_EQ(::chmod(tree.path("sys/devices/system/node/node0").c_str(), 0), 0);
    const test::Unprivileged unprivileged;
    EXPECT_THAT(error_of(tree), HasSubstr("sys/devices/system/node/node0: Permission denied"));
}

RC_GTEST_PROP(MemoryBlocksProperty, ATreeReadsBackAsItWasMade, ()) {
    const HostTree tree;
    tree.block_size("8000000");
    std::map<std::uint64_t, BlockRecord> made;
    const auto count = *rc::gen::inRange(0, 12);
    for (int i = 0; i < count; ++i) {
        const auto number = *rc::gen::inRange<std::uint64_t>(0, 40);
        if (made.contains(number)) continue;
        BlockRecord block{number, *rc::gen::element<std::string>("online", "offline", "going-offline"),
                          *rc::gen::element<std::string>("", "none", "Normal", "Normal Movable", "DMA32"), true,
                          std::nullopt};
        const int node = *rc::gen::inRange(-1, 3);
        if (node >= 0) block.node = node;
        tree.block(number, block.state, block.valid_zones, node);
        made.emplace(number, block);
    }
    std::vector<BlockRecord> expected;
    expected.reserve(made.size());
    for (const auto& [number, block] : made) expected.push_back(block);
    const auto found = read(tree);
    RC_ASSERT(found.ok());
    RC_ASSERT((*found)->blocks == expected);
    RC_ASSERT((*found)->unrest.empty());
}

TEST(NumberedName, IsWhatTheKernelWouldPrint) {
    EXPECT_EQ(numbered_name("memory0", "memory"), 0U);
    EXPECT_EQ(numbered_name("memory18446744073709551615", "memory"), ~0ULL);
    for (const char* name :
         {"memory", "memory00", "memory-1", "memory+1", "memory 1", "memory1 ", "memory0x1", "node1"}) {
        EXPECT_EQ(numbered_name(name, "memory"), std::nullopt) << name;
    }
}

}   // namespace
}   // namespace memhot::host
