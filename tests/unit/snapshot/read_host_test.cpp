// SPDX-License-Identifier: GPL-2.0-or-later
//
// A whole host below a root directory, and this one.
#include <atomic>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <thread>

#include "memhot/snapshot.hpp"
#include "memhot/units.hpp"
#include "support/host_tree.hpp"

namespace memhot {
namespace {

using test::HostTree;
using testing::ElementsAre;
using testing::HasSubstr;

void make_host(const HostTree& tree) {
    tree.file("proc/sys/kernel/osrelease", "6.1.0-54-amd64\n");
    tree.file("proc/sys/kernel/version", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.190-1 (2026-09-30)\n");
    tree.file("proc/sys/kernel/hostname", "pmem1\n");
    tree.file("proc/cmdline", "quiet\n");
    tree.file("proc/iomem", "00000000-00000fff : Reserved\n00001000-17ffffff : System RAM\n");
    tree.file("proc/zoneinfo",
              "Node 0, zone DMA32\n  pages free 1\n spanned 5\n present 4\n managed 3\n  start_pfn: 1\n");
    tree.file("sys/module/memory_hotplug/parameters/online_policy", "contig-zones\n");
    tree.file("sys/devices/system/node/possible", "0-1\n");
    tree.file("sys/firmware/memmap/0/type", "System RAM\n");
    tree.file("sys/firmware/memmap/0/start", "0x0\n");
    tree.file("sys/firmware/memmap/0/end", "0x17ffffff\n");
    tree.file("sys/devices/system/memory/auto_online_blocks", "offline\n");
    tree.block_size("8000000");
    for (unsigned i = 0; i < 3; ++i) tree.block(i, "online", "DMA32", 0);
}

TEST(ReadHost, TakesAllThatIsThere) {
    const HostTree tree;
    make_host(tree);
    const auto host = read_host(tree.root());
    ASSERT_TRUE(host.ok()) << host.error().message();
    EXPECT_EQ(host->hostname, "pmem1");
    EXPECT_EQ(host->version, (Version{6, 1, 190}));
    EXPECT_EQ(host->arch, "x86_64");
    EXPECT_EQ(host->cmdline, "quiet");
    EXPECT_EQ(host->memory_block_size, 128 * kMiB);
    EXPECT_THAT(*host->iomem, HasSubstr("System RAM"));
    EXPECT_EQ(host->blocks->size(), 3U);
    EXPECT_EQ(host->possible_nodes, "0-1");
    EXPECT_EQ(host->zones.size(), 1U);
    EXPECT_EQ(host->auto_online_blocks, "offline");
    EXPECT_EQ(host->probe, false);
    EXPECT_EQ(host->parameters.at("online_policy"), "contig-zones");
    EXPECT_THAT(host->firmware_ram, ElementsAre("00000000-17ffffff"));
    EXPECT_THAT(host->features, testing::Contains(std::pair(Feature::auto_movable, true)));
    EXPECT_THAT(host->features, testing::Contains(std::pair(Feature::memmap_on_memory, false)));
}

TEST(ReadHost, GivesAProfileOfThatKernel) {
    const HostTree tree;
    make_host(tree);
    const auto profile = read_host(tree.root())->profile();
    ASSERT_TRUE(profile.ok()) << profile.error().message();
    EXPECT_EQ(profile->version, (Version{6, 1, 190}));
    EXPECT_EQ(profile->release, "6.1.0-54-amd64");
    EXPECT_TRUE(profile->has(Feature::auto_movable));
    EXPECT_FALSE(profile->has(Feature::memmap_on_memory));   // seen on the host, though 6.1 has it
}

TEST(ReadHost, AnEmptyTreeIsAHostThatShowsNothing) {
    const HostTree tree;
    const auto host = read_host(tree.root());
    ASSERT_TRUE(host.ok()) << host.error().message();
    EXPECT_FALSE(host->blocks || host->memory_block_size || host->iomem || host->probe || host->auto_online_blocks);
    EXPECT_THAT(host->iomem_hidden, HasSubstr("/proc/iomem is not there"));
    EXPECT_TRUE(host->zones.empty() && host->parameters.empty() && host->features.empty());
    const auto profile = host->profile();
    ASSERT_FALSE(profile.ok());
    EXPECT_THAT(profile.error().message(), HasSubstr("does not say which kernel it is of"));
}

TEST(ReadHost, EveryReadHostCanBeSavedAndLoaded) {
    const HostTree tree;
    make_host(tree);
    const auto host = read_host(tree.root());
    const auto back = snapshot_from_json(to_json(*host));
    ASSERT_TRUE(back.ok()) << back.error().message();
    EXPECT_EQ(to_json(*back), to_json(*host));
}

TEST(ReadHost, RefusesABlockBeyondTheAddressSpace) {
    const HostTree tree;
    tree.block_size("8000000");
    tree.block(1ULL << 37U, "online", "Normal", 0);
    const auto host = read_host(tree.root());
    ASSERT_FALSE(host.ok());
    EXPECT_THAT(host.error().message(), HasSubstr("memory137438953472: beyond 64 bit addresses"));
    EXPECT_THAT(host.error().message(), HasSubstr(tree.root()));
}

TEST(ReadHost, GivesUpOnAHostThatDoesNotHoldStill) {
    const HostTree tree;
    make_host(tree);
    tree.directory("sys/devices/system/memory/memory9");
    const auto host = read_host(tree.root());
    ASSERT_FALSE(host.ok());
    EXPECT_EQ(host.error().kind(), ErrorKind::io);
    EXPECT_THAT(host.error().message(), HasSubstr("unstable: "));
    EXPECT_THAT(host.error().message(), HasSubstr("memory9/state is listed but not there, 3 times in a row"));
}

TEST(ReadHost, EveryReaderReportsItsFile) {
    const std::pair<const char*, const char*> table[] = {
        {"proc/zoneinfo", "zoneinfo"},
        {"proc/iomem", "iomem"},
        {"proc/sys/kernel/osrelease", "osrelease"},
        {"sys/devices/system/node/possible", "possible"},
        {"sys/module/memory_hotplug/parameters/online_policy", "online_policy"},
        {"sys/firmware/memmap/0/start", "memmap/0/start"},
        {"sys/devices/system/memory/auto_online_blocks", "auto_online_blocks"},
        {"sys/devices/system/memory/memory1/state", "memory1/state"},
    };
    for (const auto& [file, says] : table) {
        const HostTree tree;
        make_host(tree);
        tree.file(file, "");
        const auto host = read_host(tree.root());
        ASSERT_FALSE(host.ok()) << file;
        EXPECT_THAT(host.error().message(), HasSubstr(tree.root()));
        EXPECT_THAT(host.error().message(), HasSubstr(says));
    }
}

TEST(ReadHost, NamesARootThatIsNone) {
    EXPECT_THAT(read_host("/nonexistent").error().message(), HasSubstr("root directory \"/nonexistent\""));
}

// Blocks come and go all the time: each snapshot is refused as unstable or holds whole blocks only.
TEST(ReadHost, RacingWithHotplug) {
    const HostTree tree;
    make_host(tree);
    std::atomic<bool> stop = false;
    std::thread hotplug([&] {
        for (unsigned round = 0; !stop; ++round) {
            const std::uint64_t number = 3 + round % 5;
            tree.block(number, "offline", "Normal Movable", 0);
            const std::string name = "memory" + std::to_string(number);
            tree.remove("sys/devices/system/node/node0/" + name);
            tree.remove("sys/devices/system/memory/" + name);
        }
    });
    for (int i = 0; i < 200; ++i) {
        const auto host = read_host(tree.root());
        if (!host) {
            // "empty": the test writes a file in two steps, which sysfs does not.
            const bool expected = host.error().message().find("unstable") != std::string::npos ||
                                  host.error().message().find("empty") != std::string::npos;
            EXPECT_TRUE(expected) << host.error().message();
            continue;
        }
        for (const auto& block : *host->blocks) EXPECT_FALSE(block.state.empty());
        EXPECT_GE(host->blocks->size(), 3U);
    }
    stop = true;
    hotplug.join();
}

TEST(ReadHost, ReadsThisHost) {
    const auto host = read_host("/");
    ASSERT_TRUE(host.ok()) << host.error().message();
    EXPECT_FALSE(host->release.empty());
    EXPECT_NE(host->page_size, 0U);
    EXPECT_TRUE(host->iomem || !host->iomem_hidden.empty());
    EXPECT_TRUE(snapshot_from_json(to_json(*host)).ok());
}

TEST(ReadHost, NeedsNoPrivilege) {
    const test::Unprivileged unprivileged;
    const auto host = read_host("/");
    ASSERT_TRUE(host.ok()) << host.error().message();
    if (host->iomem) GTEST_SKIP() << "this host shows /proc/iomem to everybody";
    EXPECT_FALSE(host->iomem_hidden.empty());
}

TEST(ReadBlocks, AreThoseOfAWholeReadingWhereTheyAreThere) {
    const HostTree tree;
    make_host(tree);
    tree.block(7, "offline", "Normal Movable", 1);
    tree.node_link(7, 0);   // boot memory may be linked from several nodes: the lowest counts
    tree.own_link(7, 0);
    const auto whole = read_host(tree.root());
    ASSERT_TRUE(whole.ok()) << whole.error().message();
    const auto some = read_blocks(tree.root(), {1, 5, 7});
    ASSERT_TRUE(some.ok()) << some.error().message();
    EXPECT_THAT(*some, ElementsAre(whole->blocks->at(1), whole->blocks->at(3)));
    EXPECT_EQ(some->back().node, 0);

    const auto without = read_host(tree.root(), {.removable = true, .blocks = false});
    ASSERT_TRUE(without.ok()) << without.error().message();
    EXPECT_FALSE(without->blocks.has_value());
    EXPECT_EQ(without->memory_block_size, whole->memory_block_size);
    EXPECT_EQ(without->iomem, whole->iomem);
}

TEST(ReadBlocks, NameTheFileThatIsWrong) {
    const HostTree tree;
    make_host(tree);
    tree.file("sys/devices/system/memory/memory1/state", "sideways\n");
    const auto some = read_blocks(tree.root(), {0, 1});
    ASSERT_FALSE(some.ok());
    EXPECT_THAT(some.error().message(), HasSubstr("memory1/state"));
}

}   // namespace
}   // namespace memhot
