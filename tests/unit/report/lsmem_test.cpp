// SPDX-License-Identifier: GPL-2.0-or-later
//
// The installed lsmem beside list_blocks(), on generated trees and on real machines' ones; docs/lsmem-differences.md is
// what may differ, and each entry of it that can be shown is.
#include <cstdlib>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck/gtest.h>

#include "memhot/list.hpp"
#include "support/command.hpp"
#include "support/host_tree.hpp"

namespace memhot {
namespace {

using nlohmann::json;
using test::HostTree;

constexpr const char* kColumns = "RANGE,SIZE,STATE,REMOVABLE,BLOCK,NODE,ZONES";

bool has_lsmem() { return test::run("lsmem --version 2>/dev/null").status == 0; }
// The differences are those of 2.38; later versions lost some of them.
bool has_lsmem_238() { return test::run("lsmem --version 2>/dev/null").text.find(" 2.38") != std::string::npos; }

json lsmem(const std::string& root, const std::string& options) {
    const auto output = test::run(fmt::format("LC_ALL=C lsmem -J -b -o {} {} --sysroot '{}'", kColumns, options, root));
    if (output.status != 0) return {};
    auto document = json::parse(output.text, nullptr, false);
    return document.is_object() ? document["memory"] : json{};
}

json row_to_json(const ListRow& row) {
    return {{"range", fmt::format("0x{:016x}-0x{:016x}", row.range.start, row.range.last)},
            {"size", row.range.size()},
            {"state", row.state},
            {"removable", row.removable.value_or(false)},
            {"block", row.first_block == row.last_block ? std::to_string(row.first_block)
                                                        : fmt::format("{}-{}", row.first_block, row.last_block)},
            {"node", row.node ? json(*row.node) : json(nullptr)},
            {"zones", row.zones.empty() ? json(nullptr) : json(row.zones)}};
}

json ours(const std::string& root, const ListSplit& split) {
    const auto host = read_host(root);
    if (!host) return host.error().message();
    const auto list = list_blocks(*host, split);
    if (!list) return list.error().message();
    json rows = json::array();
    for (const auto& row : list->rows) rows.push_back(row_to_json(row));
    return rows;
}

std::string options_of(const ListSplit& split) {
    if (split.every_block) return "-a";
    std::string columns;
    if (split.state) columns += ",STATE";
    if (split.removable) columns += ",REMOVABLE";
    if (split.node) columns += ",NODE";
    if (split.zones) columns += ",ZONES";
    return "-S " + (columns.empty() ? "none" : columns.substr(1));
}

std::vector<ListSplit> all_splits() {
    std::vector<ListSplit> splits = {{.every_block = true}};
    for (unsigned bits = 0; bits < 16; ++bits) {
        splits.push_back({(bits & 1U) != 0, (bits & 2U) != 0, (bits & 4U) != 0, (bits & 8U) != 0, false});
    }
    return splits;
}

// A tree that none of the differences touches: memory0 has zones and a node, every block has all attributes.
void make_tree(const HostTree& tree) {
    tree.block_size(*rc::gen::element<std::string>("8000000", "40000000"));
    std::uint64_t number = 0;
    const auto count = *rc::gen::inRange(1, 24);
    for (int i = 0; i < count; ++i) {
        tree.block(
            number, *rc::gen::element<std::string>("online", "online", "offline", "going-offline"),
            *rc::gen::element<std::string>("none", "DMA32", "Normal", "Normal Movable", "Movable Normal", "Movable"),
            *rc::gen::inRange(0, 3));
        tree.file(fmt::format("{}/memory{}/removable", HostTree::kMemory, number),
                  *rc::gen::element<std::string>("0\n", "1\n"));
        number += *rc::gen::element<std::uint64_t>(1, 1, 1, 1, 2, 9);
    }
}

TEST(Lsmem, AgreesOnGeneratedTrees) {
    if (!has_lsmem()) GTEST_SKIP() << "lsmem is not installed";
    const auto splits = all_splits();
    const bool agrees = rc::check("list_blocks() is lsmem", [&] {
        const HostTree tree;
        make_tree(tree);
        const auto split = *rc::gen::elementOf(splits);
        RC_ASSERT(ours(tree.root(), split) == lsmem(tree.root(), options_of(split)));
    });
    EXPECT_TRUE(agrees);
}

TEST(Lsmem, AgreesOnThisHost) {
    if (!has_lsmem()) GTEST_SKIP() << "lsmem is not installed";
    if (lsmem("/", "-a").is_null()) GTEST_SKIP() << "this host has no memory blocks";
    for (const auto& split : all_splits())
        EXPECT_EQ(ours("/", split), lsmem("/", options_of(split))) << options_of(split);
}

// Trees of real machines, as util-linux tests with them: archives lsmem/archives/*.tar.bz2 below MEMHOT_CORPUS.
TEST(Lsmem, AgreesOnRealMachines) {
    const char* corpus = std::getenv("MEMHOT_CORPUS");   // NOLINT(concurrency-mt-unsafe): one thread
    if (corpus == nullptr) GTEST_SKIP() << "MEMHOT_CORPUS does not name a directory with lsmem/archives";
    if (!has_lsmem_238()) GTEST_SKIP() << "lsmem 2.38 is not installed";
    int machines = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(std::filesystem::path(corpus) / "lsmem" / "archives")) {
        const HostTree tree;
        const auto unpack = fmt::format("tar --no-same-owner -xjf '{}' -C '{}'", entry.path().string(), tree.root());
        ASSERT_EQ(test::run(unpack).status, 0) << unpack;
        std::string root = tree.root();
        if (!std::filesystem::exists(root + "/sys")) root = std::filesystem::directory_iterator(root)->path();
        const bool zones = std::filesystem::exists(root + "/sys/devices/system/memory/memory0/valid_zones");
        for (auto split : all_splits()) {
            if (!zones && split.zones) continue;   // lsmem sees none
            auto rows = ours(root, split);
            if (!zones) {
                for (auto& row : rows) row["zones"] = nullptr;
            }
            EXPECT_EQ(rows, lsmem(root, options_of(split))) << entry.path() << " " << options_of(split);
        }
        ++machines;
    }
    EXPECT_GT(machines, 0);
}

// --- docs/lsmem-differences.md ---------------------------------------------------------------------------------------

class LsmemDifference : public testing::Test {
protected:
    void SetUp() override {
        if (!has_lsmem_238()) GTEST_SKIP() << "lsmem 2.38 is not installed";
        tree_.block_size("8000000");
    }
    [[nodiscard]] json theirs(const std::string& options = "-S STATE,REMOVABLE,NODE,ZONES") const {
        return lsmem(tree_.root(), options);
    }
    [[nodiscard]] json mine() const { return ours(tree_.root(), {.node = true, .zones = true}); }

    HostTree tree_;
};

TEST_F(LsmemDifference, ZonesWithoutMemory0) {
    tree_.block(8192, "online", "DMA", 0);
    EXPECT_EQ(theirs()[0]["zones"], nullptr);
    EXPECT_EQ(mine()[0]["zones"], "DMA");
}

TEST_F(LsmemDifference, NodesWhereTheFirstBlockHasNone) {
    tree_.block(0, "online", "Normal", -1);
    tree_.block(1, "online", "Normal", 1);
    EXPECT_EQ(theirs()[0]["node"], nullptr);
    EXPECT_EQ(theirs().size(), 1U);
    EXPECT_EQ(mine()[0]["node"], nullptr);
    EXPECT_EQ(mine()[1]["node"], 1);
}

TEST_F(LsmemDifference, ABlockWithoutNode) {
    tree_.block(0, "online", "Normal", 0);
    tree_.block(1, "online", "Normal", -1);
    EXPECT_EQ(theirs()[1]["node"], -1);
    EXPECT_EQ(mine()[1]["node"], nullptr);
}

TEST_F(LsmemDifference, UnknownZones) {
    tree_.block(0, "online", "Private", 0);
    tree_.block(1, "online", "Private", 0);
    EXPECT_EQ(theirs().size(), 2U);
    EXPECT_EQ(theirs()[0]["zones"], "Unknown");
    EXPECT_EQ(mine().size(), 1U);
    EXPECT_EQ(mine()[0]["zones"], "Private");
}

TEST_F(LsmemDifference, ManyZonesOfOneBlock) {
    tree_.block(0, "online", "DMA DMA DMA DMA DMA DMA DMA DMA Normal", 0);
    EXPECT_EQ(theirs()[0]["zones"], "DMA/DMA/DMA/DMA/DMA/DMA/DMA/DMA");
    EXPECT_EQ(mine()[0]["zones"], "DMA/DMA/DMA/DMA/DMA/DMA/DMA/DMA/Normal");
}

TEST_F(LsmemDifference, MissingRemovable) {
    tree_.block(0, "online", "Normal", 0);
    tree_.block(1, "online", "Normal", 0);
    tree_.file("sys/devices/system/memory/memory0/removable", "0\n");
    tree_.remove("sys/devices/system/memory/memory1/removable");
    EXPECT_EQ(theirs().size(), 1U);
    EXPECT_EQ(mine().size(), 2U);
    EXPECT_EQ(list_blocks(*read_host(tree_.root()))->rows.at(1).removable, std::nullopt);
}

TEST_F(LsmemDifference, RemovableOfOfflineBlocksIsFalseInItsJson) {
    tree_.block(0, "offline", "Normal", 0);
    EXPECT_EQ(theirs()[0]["removable"], false);
    EXPECT_EQ(list_blocks(*read_host(tree_.root()))->rows.at(0).removable, std::nullopt);
}

TEST_F(LsmemDifference, StatesThatAreNone) {
    tree_.block(0, "ERROR-UNKNOWN-7", "Normal", 0);
    tree_.block(1, "ERROR-UNKNOWN-8", "Normal", 0);
    EXPECT_EQ(theirs().size(), 1U);
    EXPECT_EQ(theirs()[0]["state"], "?");
    EXPECT_EQ(mine().size(), 2U);
    EXPECT_EQ(mine()[0]["state"], "ERROR-UNKNOWN-7");
}

TEST_F(LsmemDifference, AttributesThatAreGarbage) {
    tree_.block(0, "", "Normal", 0);
    EXPECT_EQ(theirs()[0]["state"], "?");
    EXPECT_TRUE(mine().is_string()) << mine();
    tree_.block(0, "online", "Normal", -1);
    tree_.block_size("garbage");
    EXPECT_EQ(theirs()[0]["size"], 0);
    EXPECT_TRUE(mine().is_string()) << mine();
}

TEST_F(LsmemDifference, NamesThatTheKernelDoesNotGive) {
    tree_.block(7, "online", "Normal", 0);
    tree_.file("sys/devices/system/memory/memory007/state", "online\n");
    EXPECT_EQ(theirs("-a").size(), 2U);
    EXPECT_EQ(mine().size(), 1U);
}

}   // namespace
}   // namespace memhot
