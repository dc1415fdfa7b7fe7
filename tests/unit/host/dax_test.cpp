// SPDX-License-Identifier: GPL-2.0-or-later
//
// The dax and CXL buses below a root. The multi-range device is the one of kernel documentation for partitioning: a
// device of 256 MiB grown to 512 MiB behind two others (drivers/dax/bus.c dev_dax_resize).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/nvdimm.hpp"
#include "memhot/snapshot.hpp"
#include "memhot/units.hpp"
#include "unit/host/nd_tree.hpp"

namespace {

using namespace memhot;
using memhot::test::NdTree;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Result<host::NvdimmSeen> try_read(const NdTree& tree) {
    auto root = host::Root::open(tree.root());
    if (!root) return root.error();
    return host::read_nvdimm(*root);
}

NvdimmRecord read(const NdTree& tree) {
    auto seen = try_read(tree);
    EXPECT_TRUE(seen.ok()) << (seen ? "" : seen.error().message());
    return seen && seen->record ? *seen->record : NvdimmRecord{};
}

NdTree::Files dax_attributes(const std::string& size, const std::string& resource) {
    return {{"size", size}, {"align", "2097152"}, {"resource", resource}, {"numa_node", "0"}, {"target_node", "1"}};
}

void make_hmem(const NdTree& tree) {
    tree.file("sys/devices/platform/hmem_platform.0/hmem.0/dax_region/id", "0\n");
    tree.file("sys/devices/platform/hmem_platform.0/hmem.0/dax_region/size", "1073741824\n");
    tree.file("sys/devices/platform/hmem_platform.0/hmem.0/dax_region/align", "2097152\n");
    tree.file("sys/devices/platform/hmem_platform.0/hmem.0/dax_region/available_size", "364904448\n");
    tree.file("sys/devices/platform/hmem_platform.0/hmem.0/dax_region/seed", "dax0.2\n");
    auto attributes = dax_attributes("536870912", "0x140000000");
    attributes.insert(attributes.end(), {{"mapping0/start", "0x140000000"},
                                         {"mapping0/end", "0x14fffffff"},
                                         {"mapping0/page_offset", "0"},
                                         {"mapping1/start", "0x15a400000"},
                                         {"mapping1/end", "0x16a3fffff"},
                                         {"mapping1/page_offset", "0x10000"},
                                         {"memmap_on_memory", "0"},
                                         {"state", "online_movable"}});
    tree.device("dax", "platform/hmem_platform.0/hmem.0/dax0.0", attributes, "kmem");
    tree.device("dax", "platform/hmem_platform.0/hmem.0/dax0.1", dax_attributes("104857600", "0x150000000"),
                "device_dax");
    tree.device("dax", "platform/hmem_platform.0/hmem.0/dax0.2", {{"size", "0"}, {"align", "2097152"}});
}

TEST(ReadDax, DeviceWithTwoRanges) {
    const NdTree tree;
    make_hmem(tree);
    const NvdimmRecord nd = read(tree);
    ASSERT_EQ(nd.dax_devices.size(), 3U);
    const auto& device = nd.dax_devices[0];
    EXPECT_EQ(device.parent, "hmem.0");
    EXPECT_EQ(device.driver, "kmem");
    EXPECT_EQ(device.state, "online_movable");
    EXPECT_EQ(device.memmap_on_memory, false);
    EXPECT_EQ(device.target_node, 1);
    EXPECT_THAT(device.mappings, ElementsAre(DaxMappingRecord{{0x140000000, 0x14fffffff}, 0},
                                             DaxMappingRecord{{0x15a400000, 0x16a3fffff}, 0x10000}));
    EXPECT_EQ(nd.dax_devices[2].target_node, std::nullopt);
    EXPECT_EQ(nd.dax_devices[2].driver, "");
}

TEST(ReadDax, RegionOfDynamicDevices) {
    const NdTree tree;
    make_hmem(tree);
    const NvdimmRecord nd = read(tree);
    ASSERT_EQ(nd.dax_regions.size(), 1U);
    EXPECT_EQ(nd.dax_regions[0].kind, "hmem");
    EXPECT_EQ(nd.dax_regions[0].path, "/platform/hmem_platform.0/hmem.0");   // as daxctl list -R prints it
    EXPECT_EQ(nd.dax_regions[0].id, 0);
    EXPECT_EQ(nd.dax_regions[0].size, kGiB);
    EXPECT_EQ(nd.dax_regions[0].available_size, 364904448U);
    EXPECT_EQ(nd.dax_regions[0].seed, "dax0.2");
}

TEST(ReadDax, DeviceOfANamespaceHasItsInstanceForParent) {
    const NdTree tree;
    const std::string where = "LNXSYSTM:00/ACPI0012:00/ndbus0/region1/dax1.0";
    tree.device("nd", where, {{"mode", "pmem"}, {"namespace", "namespace1.0"}}, "dax_pmem");
    tree.file("sys/devices/" + where + "/dax_region/id", "1\n");
    tree.device("dax", where + "/dax1.0", dax_attributes("1054867456", "0x101200000"), "device_dax");
    const NvdimmRecord nd = read(tree);
    ASSERT_EQ(nd.dax_regions.size(), 1U);
    EXPECT_EQ(nd.dax_regions[0].parent, "dax1.0");
    EXPECT_EQ(nd.dax_regions[0].path, "/LNXSYSTM:00/ACPI0012:00/ndbus0/region1/dax1.0");
    EXPECT_EQ(nd.dax_regions[0].kind, "pmem");
    ASSERT_EQ(nd.dax_devices.size(), 1U);
    EXPECT_EQ(nd.dax_devices[0].parent, "dax1.0");
    EXPECT_THAT(ranges_of(nd.dax_devices[0]), ElementsAre(Range{0x101200000, 0x13fffffff}));
}

TEST(ReadDax, MappingThatEndsBeforeItStartsIsAnError) {
    const NdTree tree;
    tree.device("dax", "platform/hmem.0/dax0.0", {{"mapping0/start", "0x2000"}, {"mapping0/end", "0x1fff"}});
    const auto seen = try_read(tree);
    ASSERT_FALSE(seen.ok());
    EXPECT_THAT(seen.error().message(), HasSubstr("dax0.0/mapping0/end: \"0x1fff\", expected at least start, 0x2000"));
}

TEST(ReadCxl, WindowsRegionsAndMemdevs) {
    const NdTree tree;
    const std::string root = "platform/ACPI0017:00/root0";
    tree.device("cxl", root + "/decoder0.0",
                {{"start", "0x490000000"},
                 {"size", "0x100000000"},
                 {"interleave_ways", "1"},
                 {"interleave_granularity", "256"},
                 {"cap_ram", "1"},
                 {"cap_pmem", "0"},
                 {"locked", "0"}});
    tree.device("cxl", root + "/decoder0.0/region3",
                {{"resource", "0x490000000"},
                 {"size", "0x20000000"},
                 {"interleave_ways", "2"},
                 {"interleave_granularity", "256"},
                 {"mode", "ram"},
                 {"commit", "1"},
                 {"uuid", ""},
                 {"target0", "decoder2.0"},
                 {"target1", "decoder3.0"}},
                "cxl_region");
    tree.device("cxl", root + "/port1/decoder1.0", {{"start", "0x490000000"}, {"size", "0x20000000"}});
    tree.device("cxl", "pci0000:0c/0000:0d:00.0/mem0",
                {{"ram/size", "0x10000000"}, {"pmem/size", "0"}, {"serial", "0x12"}, {"numa_node", "-1"}}, "cxl_mem");
    const std::string dax = root + "/decoder0.0/region3/dax_region3";
    tree.file("sys/devices/" + dax + "/dax_region/id", "3\n");
    tree.device("dax", dax + "/dax3.0", dax_attributes("536870912", "0x490000000"), "kmem");

    const NvdimmRecord nd = read(tree);
    ASSERT_EQ(nd.cxl_decoders.size(), 1U) << "only the root decoder is a window";
    EXPECT_EQ(nd.cxl_decoders[0].resource, 0x490000000U);
    EXPECT_EQ(nd.cxl_decoders[0].volatile_capable, true);
    ASSERT_EQ(nd.cxl_regions.size(), 1U);
    EXPECT_EQ(nd.cxl_regions[0].decoder, "decoder0.0");
    EXPECT_EQ(nd.cxl_regions[0].committed, true);
    EXPECT_THAT(nd.cxl_regions[0].targets, ElementsAre("decoder2.0", "decoder3.0"));
    ASSERT_EQ(nd.cxl_memdevs.size(), 1U);
    EXPECT_EQ(nd.cxl_memdevs[0].host, "0000:0d:00.0");
    EXPECT_EQ(nd.cxl_memdevs[0].ram_size, 256 * kMiB);
    ASSERT_EQ(nd.dax_regions.size(), 1U);
    EXPECT_EQ(nd.dax_regions[0].kind, "cxl");
    EXPECT_EQ(nd.dax_regions[0].cxl_region, "region3");
}

// kmem gets 0x140000000-0x14fffffff and of the second range only 0x160000000-0x167ffffff (measured on Linux 6.12).
// libdaxctl asks which blocks start in [resource, resource + size): it would also take 0x150000000-0x15fffffff, which
// are those of another device.
TEST(DaxBlocks, AreThoseInsideEachRange) {
    const NdTree tree;
    make_hmem(tree);
    Snapshot snapshot;
    snapshot.memory_block_size = 128 * kMiB;
    snapshot.blocks.emplace();
    for (const std::uint64_t number : {40U, 41U}) {
        snapshot.blocks->push_back(
            {.number = number, .state = "online", .valid_zones = "Movable", .removable = {}, .node = 1});
    }
    snapshot.blocks->push_back(
        {.number = 44, .state = "offline", .valid_zones = "Normal Movable", .removable = {}, .node = 1});
    snapshot.nvdimm = read(tree);
    const auto blocks = dax_blocks(snapshot, *snapshot.nvdimm->dax_device("dax0.0"));
    ASSERT_EQ(blocks.size(), 3U);
    EXPECT_EQ(blocks[0].number, 40U);
    EXPECT_TRUE(blocks[0].online);
    EXPECT_EQ(blocks[1].number, 41U);
    EXPECT_EQ(blocks[2].number, 44U);
    EXPECT_TRUE(blocks[2].present);
    EXPECT_FALSE(blocks[2].online);
    EXPECT_EQ(blocks[2].valid_zones, "Normal Movable");
    EXPECT_THAT(dax_blocks(snapshot, *snapshot.nvdimm->dax_device("dax0.2")), IsEmpty());
}

TEST(DaxBlocks, HostWithoutMemoryHotplugHasNone) {
    DaxDeviceRecord device;
    device.mappings = {{{0x140000000, 0x14fffffff}, 0}};
    EXPECT_THAT(dax_blocks(Snapshot{}, device), IsEmpty());
}

}   // namespace
