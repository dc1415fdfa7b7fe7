// SPDX-License-Identifier: GPL-2.0-or-later
//
// What is written to `state` below a root directory is what chmem's own tests expect of chmem (util-linux
// tests/ts/chmem, tests/expected/chmem): "offline", "online_movable", nothing where the block is as wanted already, and a
// refusal where valid_zones does not offer the zone ("Zone mismatch").
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "cli/memhotctl.hpp"
#include "support/host_tree.hpp"

namespace memhot::test {
namespace {

struct Machine {
    const char* dump;   // of util-linux' tests/ts/chmem/sysfs-dumps
    const char* arch;
    const char* zones;   // of the block
    unsigned block;
    const char* range;   // as chmem prints it
    const char* iomem;   // the dumps have none
    const char* zoneinfo;
    const char* kernel_zone;   // at this address; a tree does not tell that pages have 16 KiB, so DMA ends lower here
};
constexpr Machine kMachines[] = {
    {"x86_64_16g", "x86_64", "DMA32", 4, "20000000-27ffffff",
     "00001000-0009ffff : System RAM\n00100000-67ffffff : System RAM\n100000000-48fffffff : System RAM\n",
     "Node 0, zone    DMA32\n  pages free     1\n        spanned  425984\n        present  425887\n        managed  "
     "400000\n"
     "        cma      0\n  start_pfn:           1\n",
     "DMA32"},
    {"aarch64_16k_16g", "aarch64", "DMA", 8195, "10018000000-1001fffffff",
     // arm64 takes no memory of boot offline (arch/arm64/mm/mmu.c: prevent_bootmem_remove_notifier): here it was added
     "10000000000-10017ffffff : System RAM\n10018000000-1001fffffff : System RAM (kmem)\n"
     "10020000000-103e7ffffff : System RAM\n103f8000000-103ffffffff : System RAM\n",
     "Node 0, zone      DMA\n  pages free     1\n        spanned  1048576\n        present  1032192\n"
     "        managed  1000000\n        cma      0\n  start_pfn:           67108864\n",
     "Normal"},
};

class Chmem : public testing::TestWithParam<Machine> {
protected:
    // The blocks around the one that is written; with MEMHOT_CORPUS the whole dump.
    void SetUp() override {
        tree.file("proc/sys/kernel/osrelease", "6.17.12\n");
        tree.file("proc/sys/kernel/arch", std::string(GetParam().arch) + "\n");
        tree.file("proc/iomem", GetParam().iomem);
        tree.file("proc/zoneinfo", GetParam().zoneinfo);
        if (const char* corpus = std::getenv("MEMHOT_CORPUS")) return unpack(corpus);
        tree.block_size("8000000");
        for (unsigned number = GetParam().block - 3; number < GetParam().block + 5; ++number)
            tree.block(number, "online", GetParam().zones, -1);
        tree.file("sys/devices/system/memory/auto_online_blocks", "online\n");
    }
    void unpack(const std::string& corpus) {
        const std::string command = "tar --no-same-owner --strip-components=1 -xjf " + corpus +
                                    "/lsmem/archives/chmem-" + GetParam().dump + ".tar.bz2 -C " + tree.root();
        ASSERT_EQ(std::system(command.c_str()), 0) << command;
    }
    [[nodiscard]] std::string file(const std::string& name) const {
        return "sys/devices/system/memory/memory" + std::to_string(GetParam().block) + "/" + name;
    }
    [[nodiscard]] Said run(const std::string& words) const {
        return memhotctl(split("--root " + tree.root() + " " + words));
    }
    [[nodiscard]] std::string written() const { return contents_of(tree.path(file("state"))); }

    HostTree tree;
    const std::string name = "memory" + std::to_string(GetParam().block);
};

TEST_P(Chmem, disable_enable_and_enable_again) {
    const std::string range = GetParam().range;
    const Said off = run("offline " + name + " -y");
    EXPECT_EQ(off.status, 0) << off.err;
    EXPECT_TRUE(off.has("offlined " + name + " (" + range + ")")) << off.out;
    EXPECT_EQ(written(), "offline");
    // sysfs would show the zones that it offers now
    tree.file(file("valid_zones"), "Normal Movable\n");
    const Said on = run("online " + name + " --zone movable -y");
    EXPECT_EQ(on.status, 0) << on.err;
    EXPECT_EQ(written(), "online_movable");
    EXPECT_TRUE(run("jobs").has("online " + name)) << "what was written can be read again";
    EXPECT_EQ(run("show " + name).status, 0);
    tree.file(file("state"), "online\n");
    tree.file(file("valid_zones"), "Movable\n");
    const Said again = run("online " + name + " --zone movable -y");
    EXPECT_EQ(again.status, 0) << again.err;
    EXPECT_TRUE(again.has("online already: " + name)) << again.out;
    EXPECT_EQ(written(), "online\n");
}

// The files keep the written words; sysfs would answer "online" and the one zone.
TEST_P(Chmem, what_was_written_is_rolled_back) {
    tree.file(file("state"), "offline\n");
    tree.file(file("valid_zones"), std::string(GetParam().kernel_zone) + " Movable\n");
    for (const char* zone : {"movable", "kernel"}) {
        const Said on = run("online " + name + " --zone " + zone + " -y");
        EXPECT_EQ(on.status, 0) << on.err;
        EXPECT_EQ(written(), std::string("online_") + zone);
        const std::string job = on.has("job 1: done") ? "1" : "2";
        const Said back = run("rollback " + job + " -y");
        EXPECT_EQ(back.status, 0) << back.out << back.err;
        EXPECT_EQ(written(), "offline");
    }
}

// Somebody else took one of the two to another zone: what the dry run says that it stays, stays.
TEST_P(Chmem, what_a_dry_run_leaves_the_rollback_leaves) {
    const auto of = [](unsigned number, const char* name) {
        return "sys/devices/system/memory/memory" + std::to_string(number) + "/" + name;
    };
    const unsigned mine = GetParam().block;
    const unsigned theirs = mine + 1;
    const std::string kernel = GetParam().kernel_zone;
    for (const unsigned number : {mine, theirs}) {
        tree.file(of(number, "state"), "offline\n");
        tree.file(of(number, "valid_zones"), kernel + " Movable\n");
    }
    const Said on = run("online " + name + " memory" + std::to_string(theirs) + " --zone movable --ratio 0 -y");
    ASSERT_EQ(on.status, 0) << on.out << on.err;
    for (const unsigned number : {mine, theirs}) tree.file(of(number, "state"), "online\n");
    tree.file(of(mine, "valid_zones"), "Movable\n");
    tree.file(of(theirs, "valid_zones"), kernel + "\n");
    const Said dry = run("rollback 1 --dry-run");
    EXPECT_TRUE(dry.has("1 step\n")) << dry.out;
    EXPECT_TRUE(dry.has("stays: onlined memory" + std::to_string(theirs))) << dry.out;
    const Said back = run("rollback 1 -y");
    EXPECT_EQ(back.status, 6) << back.out << back.err;
    EXPECT_TRUE(back.has("somebody else changed it")) << back.out;
    EXPECT_EQ(written(), "offline");
    EXPECT_EQ(contents_of(tree.path(of(theirs, "state"))), "online\n") << "it is somebody else's";
}

TEST_P(Chmem, a_zone_that_is_not_offered_is_refused) {
    tree.file(file("state"), "offline\n");
    tree.file(file("valid_zones"), "Normal\n");
    const Said said = run("online " + name + " --zone movable -y");
    EXPECT_EQ(said.status, 1) << said.out << said.err;
    EXPECT_TRUE(said.has("its valid_zones offers Normal")) << said.out;
    EXPECT_EQ(written(), "offline\n");
}

INSTANTIATE_TEST_SUITE_P(Dumps, Chmem, testing::ValuesIn(kMachines),
                         [](const auto& machine) { return std::string(machine.param.dump); });

}   // namespace
}   // namespace memhot::test
