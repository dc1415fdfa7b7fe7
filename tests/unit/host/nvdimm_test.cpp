// SPDX-License-Identifier: GPL-2.0-or-later
//
// The nvdimm bus below a root. Values are those of real hosts: the regions of kernel-recorded QEMU NVDIMMs, and the
// geometry that drivers/nvdimm/pfn_devs.c computes for them.
#include "host/nvdimm.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "memhot/snapshot.hpp"
#include "memhot/units.hpp"
#include "unit/host/nd_tree.hpp"

namespace {

using namespace memhot;
using memhot::test::NdTree;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kBus = "LNXSYSTM:00/ACPI0012:00/ndbus0";

Result<host::NvdimmSeen> try_read(const NdTree& tree) {
    auto root = host::Root::open(tree.root());
    if (!root) return root.error();
    return host::read_nvdimm(*root);
}

NvdimmRecord read(const NdTree& tree) {
    auto seen = try_read(tree);
    EXPECT_TRUE(seen.ok()) << (seen ? "" : seen.error().message());
    if (!seen || !seen->record) return {};
    EXPECT_EQ(seen->unrest, "");
    return *seen->record;
}

// One NFIT bus, an interleaved region with an fsdax namespace of 1 GiB and its idle seeds.
void make_nfit(const NdTree& tree) {
    tree.device("nd", kBus, {{"provider", "ACPI.NFIT"}}, "nvdimm_bus");
    tree.device("nd", kBus + "/nmem0",
                {{"state", "active"},
                 {"flags", "label"},
                 {"available_slots", "1018"},
                 {"security", "disabled"},
                 {"nfit/handle", "0x1"},
                 {"nfit/flags", "not_armed"},
                 {"nfit/id", "8680-57341200"}},
                "nvdimm");
    tree.device("nd", kBus + "/nmem1", {{"state", "idle"}, {"flags", "label lock"}, {"available_slots", "510"}});
    tree.device("nd", kBus + "/region0",
                {{"devtype", "nd_pmem"},
                 {"size", "4294967296"},
                 {"resource", "0x100000000"},
                 {"align", "0x1000000"},
                 {"mappings", "2"},
                 {"mapping0", "nmem0,0,2147483648,0"},
                 {"mapping1", "nmem1,2097152,2147483648,1"},
                 {"nstype", "5"},
                 {"available_size", "3221225472"},
                 {"max_available_extent", "3221225472"},
                 {"set_cookie", "0x24689bbe5e1e56"},
                 {"read_only", "0"},
                 {"numa_node", "0"},
                 {"target_node", "2"},
                 {"persistence_domain", "memory_controller"},
                 {"badblocks", "8 1\n4096 16"},
                 {"namespace_seed", "namespace0.1"},
                 {"btt_seed", "btt0.0"},
                 {"pfn_seed", "pfn0.1"},
                 {"dax_seed", "dax0.0"},
                 {"init_namespaces", "1/1"}},
                "nd_region");
    tree.device("nd", kBus + "/region0/namespace0.0",
                {{"size", "1073741824"},
                 {"resource", "0x100000000"},
                 {"uuid", "8c2e5b4a-8f1f-4c55-9d2c-08e45a9e4e3b"},
                 {"mode", "memory"},
                 {"holder", "pfn0.0"},
                 {"holder_class", "pfn"},
                 {"sector_size", "[512] 4096"},
                 {"alt_name", "yellow"},
                 {"force_raw", "0"},
                 {"nstype", "5"},
                 {"numa_node", "-1"}});
    tree.device("nd", kBus + "/region0/namespace0.1",
                {{"size", "0"}, {"uuid", ""}, {"mode", "raw"}, {"holder", ""}, {"sector_size", "512 4096"}});
    tree.device("nd", kBus + "/region0/pfn0.0",
                {{"mode", "pmem"},
                 {"align", "2097152"},
                 {"supported_alignments", "4096 2097152 1073741824 "},
                 {"uuid", "f0b8a9f1-1f53-4f0a-b6c9-fb0b4a3d6f11"},
                 {"namespace", "namespace0.0"},
                 {"resource", "0x101200000"},
                 {"size", "1054867456"},
                 {"block/pmem0/size", "2060288"}},
                "nd_pmem");
    tree.device("nd", kBus + "/region0/pfn0.1",
                {{"mode", "none"}, {"align", "2097152"}, {"uuid", ""}, {"namespace", ""}});
    tree.device("nd", kBus + "/region0/btt0.0",
                {{"sector_size", "512 520 528 [4096] 4104 4160 4224 "}, {"uuid", ""}, {"namespace", ""}});
    tree.device("nd", kBus + "/region0/dax0.0",
                {{"mode", "none"}, {"align", "2097152"}, {"uuid", ""}, {"namespace", ""}});
}

TEST(ReadNvdimm, HostWithoutAnyOfTheBusesHasNoRecord) {
    const NdTree tree;
    tree.directory("sys/bus/pci/devices");
    const auto seen = try_read(tree);
    ASSERT_TRUE(seen.ok());
    EXPECT_FALSE(seen->record.has_value());
}

TEST(ReadNvdimm, BusAndDimms) {
    const NdTree tree;
    make_nfit(tree);
    const NvdimmRecord nd = read(tree);
    EXPECT_THAT(nd.buses, ElementsAre(NdBusRecord{"ndbus0", "ACPI.NFIT"}));
    ASSERT_EQ(nd.dimms.size(), 2U);
    EXPECT_EQ(nd.dimms[0].bus, "ndbus0");
    EXPECT_EQ(nd.dimms[0].driver, "nvdimm");
    EXPECT_EQ(nd.dimms[0].state, "active");
    EXPECT_EQ(nd.dimms[0].firmware_flags, "not_armed");
    EXPECT_EQ(nd.dimms[0].security, "disabled");
    EXPECT_EQ(nd.dimms[0].available_slots, 1018U);
    EXPECT_EQ(nd.dimms[0].handle, 1U);
    EXPECT_EQ(nd.dimms[1].flags, "label lock");
    EXPECT_EQ(nd.dimms[1].driver, "");
}

TEST(ReadNvdimm, Region) {
    const NdTree tree;
    make_nfit(tree);
    const NvdimmRecord nd = read(tree);
    ASSERT_EQ(nd.regions.size(), 1U);
    const auto& region = nd.regions[0];
    EXPECT_EQ(region.bus, "ndbus0");
    EXPECT_EQ(region.type, "pmem");
    EXPECT_EQ(region.driver, "nd_region");
    EXPECT_EQ(region.resource, 0x100000000U);
    EXPECT_EQ(region.size, 4 * kGiB);
    EXPECT_EQ(region.align, 16 * kMiB);
    EXPECT_EQ(region.ways, 2U);
    EXPECT_THAT(region.mappings, ElementsAre(NdMappingRecord{"nmem0", 0, 2 * kGiB, 0U},
                                             NdMappingRecord{"nmem1", 2 * kMiB, 2 * kGiB, 1U}));
    EXPECT_EQ(region.nstype, 5);
    EXPECT_EQ(region.max_available_extent, 3 * kGiB);
    EXPECT_EQ(region.set_cookie, 0x24689bbe5e1e56U);
    EXPECT_EQ(region.read_only, false);
    EXPECT_EQ(region.target_node, 2);
    EXPECT_EQ(region.persistence_domain, "memory_controller");
    EXPECT_EQ(region.badblock_count, 17U);   // 1 and 16 sectors
    EXPECT_EQ(region.namespace_seed, "namespace0.1");
    EXPECT_EQ(region.pfn_seed, "pfn0.1");
    EXPECT_EQ(region.init_active, 1U);
    EXPECT_EQ(region.init_total, 1U);
}

TEST(ReadNvdimm, NamespacesAndTheirInstances) {
    const NdTree tree;
    make_nfit(tree);
    const NvdimmRecord nd = read(tree);
    ASSERT_EQ(nd.namespaces.size(), 2U);
    const auto& ns = nd.namespaces[0];
    EXPECT_EQ(ns.name, "namespace0.0");
    EXPECT_EQ(ns.region, "region0");
    EXPECT_EQ(ns.holder, "pfn0.0");
    EXPECT_EQ(ns.holder_class, "pfn");
    EXPECT_EQ(ns.sector_size, 512U);
    EXPECT_THAT(ns.supported_sector_sizes, ElementsAre(512U, 4096U));
    EXPECT_EQ(ns.alt_name, "yellow");
    EXPECT_EQ(ns.numa_node, std::nullopt) << "-1 is no node";
    EXPECT_EQ(nd.namespaces[1].size, 0U);
    EXPECT_EQ(nd.namespaces[1].sector_size, std::nullopt) << "no bracket while never set";

    const auto* instance = nd.instance_over("namespace0.0");
    ASSERT_NE(instance, nullptr);
    EXPECT_EQ(instance->kind, InstanceKind::pfn);
    EXPECT_EQ(instance->driver, "nd_pmem");
    EXPECT_EQ(instance->block_device, "pmem0");
    EXPECT_THAT(instance->supported_alignments, ElementsAre(4096U, 2 * kMiB, kGiB));
    ASSERT_NE(nd.instance("btt0.0"), nullptr);
    EXPECT_EQ(nd.instance("btt0.0")->sector_size, 4096U);
    EXPECT_EQ(nd.instance("dax0.0")->mode, "none");
    EXPECT_EQ(nd.instance_over("namespace0.1"), nullptr);
}

TEST(ReadNvdimm, InfoBlockOfAnActiveInstanceComesFromItsAttributes) {
    const NdTree tree;
    make_nfit(tree);
    tree.file("dev/pmem0", std::string(8192, '\0'));   // its data: no info block is looked for there
    const NvdimmRecord nd = read(tree);
    ASSERT_EQ(nd.info_blocks.size(), 1U);
    const auto& block = nd.info_blocks[0];
    EXPECT_EQ(block.namespace_name, "namespace0.0");
    EXPECT_EQ(block.source, InfoBlockSource::attributes);
    EXPECT_EQ(block.mode, 2U);
    EXPECT_EQ(block.align, 2 * kMiB);
    EXPECT_EQ(block.data_offset, 0x1200000U);
    EXPECT_EQ(block.end_trunc, 0U);
    EXPECT_EQ(block.checksum, std::nullopt);
}

TEST(ReadNvdimm, RawNamespaceShowsTheBlockOnItsMedia) {
    const NdTree tree;
    tree.device("nd", "platform/e820_pmem/ndbus0", {{"provider", "e820"}});
    tree.device("nd", "platform/e820_pmem/ndbus0/region0", {{"size", "1073741824"}, {"mappings", "0"}});
    tree.device(
        "nd", "platform/e820_pmem/ndbus0/region0/namespace0.0",
        {{"size", "1073741824"}, {"resource", "0x100000000"}, {"mode", "memory"}, {"block/pmem0/size", "2097152"}},
        "nd_pmem");
    std::filesystem::create_directories(tree.root() / "dev");
    std::filesystem::copy_file(std::filesystem::path(MEMHOT_SOURCE_DIR) / "tests/fuzz/corpus/info_block/pfn-minor4",
                               tree.root() / "dev/pmem0");
    const NvdimmRecord nd = read(tree);
    EXPECT_THAT(nd.buses, ElementsAre(NdBusRecord{"ndbus0", "e820"}));
    ASSERT_EQ(nd.info_blocks.size(), 1U);
    EXPECT_EQ(nd.info_blocks[0].namespace_name, "namespace0.0");
    EXPECT_EQ(nd.info_blocks[0].source, InfoBlockSource::media);
    EXPECT_EQ(nd.info_blocks[0].data_offset, 0x1200000U);
}

TEST(ReadNvdimm, MediaOutsideTheRootIsNotFollowed) {
    const NdTree tree;
    tree.device("nd", "platform/ndbus0/region0/namespace0.0", {{"size", "1073741824"}, {"block/pmem0/size", "1"}},
                "nd_pmem");
    tree.link("dev/pmem0", std::string(MEMHOT_SOURCE_DIR) + "/tests/fuzz/corpus/info_block/pfn-minor4");
    EXPECT_THAT(read(tree).info_blocks, IsEmpty());
}

TEST(ReadNvdimm, DeviceLinksStayInsideTheRoot) {
    const NdTree tree;
    const NdTree other;
    other.file("region0/size", "4096\n");
    tree.directory("sys/bus/nd/devices");
    tree.link("sys/bus/nd/devices/region0", (other.root() / "region0").string());
    const NvdimmRecord nd = read(tree);
    ASSERT_EQ(nd.regions.size(), 1U);
    EXPECT_EQ(nd.regions[0].size, std::nullopt);
}

TEST(ReadNvdimm, OrderIsByNumber) {
    const NdTree tree;
    for (const char* name : {"region10", "region2", "region0"})
        tree.device("nd", "platform/ndbus0/" + std::string(name), {});
    for (const char* name : {"namespace10.0", "namespace2.11", "namespace2.9"}) {
        tree.device("nd", "platform/ndbus0/" + std::string(name), {});
    }
    const NvdimmRecord nd = read(tree);
    std::vector<std::string> names;
    for (const auto& region : nd.regions) names.push_back(region.name);
    for (const auto& ns : nd.namespaces) names.push_back(ns.name);
    EXPECT_THAT(names, ElementsAre("region0", "region2", "region10", "namespace2.9", "namespace2.11", "namespace10.0"));
}

TEST(ReadNvdimm, CopiedTreeMayHaveDirectoriesInPlaceOfLinks) {
    const NdTree tree;
    tree.file("sys/bus/nd/devices/region0/size", "4096\n");
    tree.file("sys/bus/nd/devices/region0/driver/uevent", "");
    const NvdimmRecord nd = read(tree);
    ASSERT_EQ(nd.regions.size(), 1U);
    EXPECT_EQ(nd.regions[0].size, 4096U);
    EXPECT_EQ(nd.regions[0].bus, "");
}

TEST(ReadNvdimm, WhatTheReaderMayNotSeeIsNamed) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become somebody else";
    const NdTree tree;
    make_nfit(tree);
    const auto secret = tree.root() / "sys/devices" / kBus / "region0/resource";
    std::filesystem::permissions(secret, std::filesystem::perms::owner_read);
    std::filesystem::permissions(tree.root(), std::filesystem::perms::all);
    ASSERT_EQ(::seteuid(65534), 0);
    const NvdimmRecord nd = read(tree);
    ASSERT_EQ(::seteuid(0), 0);
    EXPECT_EQ(nd.regions[0].resource, std::nullopt);
    EXPECT_EQ(nd.regions[0].size, 4 * kGiB);
    EXPECT_THAT(nd.hidden, ElementsAre("/sys/bus/nd/devices/region0/resource"));
}

struct Malformed {
    const char* device;
    const char* attribute;
    const char* text;
    const char* expected;
};

class ReadNvdimmMalformed : public ::testing::TestWithParam<Malformed> {};

TEST_P(ReadNvdimmMalformed, IsAnErrorWithItsPath) {
    const auto& row = GetParam();
    const NdTree tree;
    tree.device("nd", "platform/ndbus0/" + std::string(row.device), {{row.attribute, row.text}, {"mappings", "1"}});
    tree.file("sys/devices/platform/ndbus0/" + std::string(row.device) + "/" + row.attribute, row.text);
    const auto seen = try_read(tree);
    ASSERT_FALSE(seen.ok());
    EXPECT_EQ(seen.error().kind(), ErrorKind::bad_input);
    EXPECT_THAT(seen.error().message(), HasSubstr(std::string(row.device) + "/" + row.attribute + ": "));
    EXPECT_THAT(seen.error().message(), HasSubstr(row.expected));
}

INSTANTIATE_TEST_SUITE_P(Attributes, ReadNvdimmMalformed,
                         ::testing::Values(Malformed{"region0", "size", "12 apples", "a number"},
                                           Malformed{"region0", "align", "16M0", "a number"},
                                           Malformed{"region0", "mappings", "33", "at most 32"},
                                           Malformed{"region0", "mapping0", "nmem0,0", "nmemN,START,SIZE,POSITION"},
                                           Malformed{"region0", "mapping0", "dimm0,0,512,0",
                                                     "nmemN,START,SIZE,POSITION"},
                                           Malformed{"region0", "read_only", "2", "0 or 1"},
                                           Malformed{"region0", "numa_node", "1024", "a node"},
                                           Malformed{"region0", "init_namespaces", "1", "ACTIVE/TOTAL"},
                                           Malformed{"region0", "badblocks", "8", "SECTOR COUNT"},
                                           Malformed{"region0", "badblocks", "8 1\n9 x", "SECTOR COUNT"},
                                           Malformed{"region0", "nstype", "five", "a small number"},
                                           Malformed{"namespace0.0", "sector_size", "[512", "numbers"},
                                           Malformed{"namespace0.0", "mode", "raw\nraw", "one line"},
                                           Malformed{"pfn0.0", "supported_alignments", "4096 x", "numbers"},
                                           Malformed{"nmem0", "available_slots", "-1", "a number"}),
                         [](const auto& info) {
                             return std::string(info.param.device).substr(0, 3) + "_" + info.param.attribute +
                                    std::to_string(info.index);
                         });

// An empty file is a region without any; of a disabled one it cannot be read (-ENXIO, region_devs.c).
TEST(ReadNvdimm, NoBadBlocksIsNotUnknown) {
    const NdTree tree;
    tree.device("nd", "platform/ndbus0/region0", {{"badblocks", ""}});
    tree.device("nd", "platform/ndbus0/region1", {{"size", "0"}});
    const NvdimmRecord nd = read(tree);
    EXPECT_EQ(nd.regions.at(0).badblock_count, 0U);
    EXPECT_EQ(nd.regions.at(1).badblock_count, std::nullopt);
}

// Before 4.15 there was no position.
TEST(ReadNvdimm, MappingWithoutPosition) {
    const NdTree tree;
    tree.device("nd", "platform/ndbus0/region0", {{"mappings", "1"}, {"mapping0", "nmem3,0,4096"}});
    const NvdimmRecord nd = read(tree);
    EXPECT_THAT(nd.regions.at(0).mappings, ElementsAre(NdMappingRecord{"nmem3", 0, 4096, std::nullopt}));
}

}   // namespace
