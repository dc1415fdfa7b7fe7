// SPDX-License-Identifier: GPL-2.0-or-later
//
// Knobs, parameters, nodes and the firmware's memory map.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/sysfs_files.hpp"
#include "memhot/units.hpp"
#include "support/host_tree.hpp"

namespace memhot::host {
namespace {

using test::HostTree;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

Root open(const HostTree& tree) { return std::move(Root::open(tree.root())).value(); }

TEST(MemoryKnobs, AreAbsentOrThere) {
    const HostTree tree;
    EXPECT_EQ(read_memory_knobs(open(tree))->probe, std::nullopt);
    tree.block_size("8000000");
    EXPECT_EQ(read_memory_knobs(open(tree))->probe, false);
    EXPECT_EQ(read_memory_knobs(open(tree))->auto_online_blocks, std::nullopt);
    tree.file("sys/devices/system/memory/probe", "");
    tree.file("sys/devices/system/memory/auto_online_blocks", "online_movable\n");
    EXPECT_EQ(read_memory_knobs(open(tree))->probe, true);
    EXPECT_EQ(read_memory_knobs(open(tree))->auto_online_blocks, "online_movable");
    tree.file("sys/devices/system/memory/auto_online_blocks", "");
    EXPECT_THAT(read_memory_knobs(open(tree)).error().message(), HasSubstr("auto_online_blocks: empty"));
}

TEST(HotplugParameters, AreAMapOrAbsent) {
    const HostTree tree;
    EXPECT_EQ(*read_hotplug_parameters(open(tree)), std::nullopt);
    tree.file("sys/module/memory_hotplug/parameters/memmap_on_memory", "N\n");
    tree.file("sys/module/memory_hotplug/parameters/online_policy", "contig-zones\n");
    EXPECT_THAT(**read_hotplug_parameters(open(tree)),
                ElementsAre(Pair("memmap_on_memory", "N"), Pair("online_policy", "contig-zones")));
    tree.file("sys/module/memory_hotplug/parameters/online_policy", "");
    EXPECT_FALSE(read_hotplug_parameters(open(tree)).ok());
}

TEST(PossibleNodes, AreACpulist) {
    const HostTree tree;
    EXPECT_EQ(*read_possible_nodes(open(tree)), std::nullopt);
    tree.file("sys/devices/system/node/possible", "0-1,4\n");
    EXPECT_EQ(*read_possible_nodes(open(tree)), "0-1,4");
    tree.file("sys/devices/system/node/possible", "0-\n");
    EXPECT_THAT(read_possible_nodes(open(tree)).error().message(),
                HasSubstr("node/possible: \"0-\", expected node numbers such as 0-1,3"));
}

TEST(PossibleNodes, CpulistSyntax) {
    for (const char* text : {"0", "0-1023", "0,2,4-5"}) EXPECT_TRUE(is_cpulist(text)) << text;
    for (const char* text : {"", ",", "0,", "-1", "1-0", "1024", "0 1", "a", "0-1-2", "99999999999"}) {
        EXPECT_FALSE(is_cpulist(text)) << text;
    }
}

void add_entry(const HostTree& tree, int number, const char* start, const char* end, const char* type) {
    const std::string directory = "sys/firmware/memmap/" + std::to_string(number);
    tree.file(directory + "/start", std::string(start) + "\n");
    tree.file(directory + "/end", std::string(end) + "\n");
    tree.file(directory + "/type", std::string(type) + "\n");
}

TEST(FirmwareRam, IsTheRamInNumericOrder) {
    const HostTree tree;
    EXPECT_TRUE(read_firmware_ram(open(tree))->empty());
    add_entry(tree, 10, "0x100000000", "0x63fffffff", "System RAM");
    add_entry(tree, 2, "0x100000", "0xbfffffff", "System RAM");
    add_entry(tree, 1, "0x9fc00", "0xfffff", "Reserved");
    const auto ram = read_firmware_ram(open(tree));
    EXPECT_THAT(*ram, ElementsAre("00100000-bfffffff", "100000000-63fffffff"));
    for (const auto& text : *ram) EXPECT_TRUE(parse_range(text, {}).ok());
}

TEST(FirmwareRam, RefusesContradictions) {
    const HostTree tree;
    add_entry(tree, 0, "0x2000", "0x1fff", "System RAM");
    EXPECT_THAT(read_firmware_ram(open(tree)).error().message(),
                HasSubstr("memmap/0: end 0x1fff is below start 0x2000"));
    tree.file("sys/firmware/memmap/0/start", "low\n");
    EXPECT_THAT(read_firmware_ram(open(tree)).error().message(), HasSubstr("memmap/0/start: \"low\" is no number"));
}

}   // namespace
}   // namespace memhot::host
