// SPDX-License-Identifier: GPL-2.0-or-later
//
// What of the claims in /proc/iomem has struct pages (drivers/nvdimm/pmem.c pmem_attach_disk, drivers/dax/device.c). iomem
// alone cannot tell; the addresses are those of one section of 128 MiB behind RAM.
#include <gmock/gmock.h>

#include "unit/model/host.hpp"

namespace memhot {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t kBase = 0x140000000;

// "namespace0.0" alone over 64 MiB.
Snapshot with_namespace(const std::string& mode) {
    Snapshot snapshot = test::snapshot_of({.iomem = "00100000-3fffffff : System RAM\n"
                                                    "140000000-143ffffff : Persistent Memory\n"
                                                    "  140000000-143ffffff : namespace0.0\n"});
    NvdimmRecord nd;
    NamespaceRecord ns;
    ns.name = "namespace0.0";
    ns.region = "region0";
    ns.driver = "nd_pmem";
    ns.mode = mode;
    ns.resource = kBase;
    ns.size = 64 * kMiB;
    nd.namespaces.push_back(ns);
    snapshot.nvdimm = nd;
    return snapshot;
}

void add_instance(Snapshot& snapshot, InstanceKind kind, const std::string& name, const std::string& driver) {
    NdInstanceRecord instance;
    instance.kind = kind;
    instance.name = name;
    instance.driver = driver;
    instance.namespace_name = "namespace0.0";
    snapshot.nvdimm->instances.push_back(instance);
    snapshot.nvdimm->namespaces.front().driver.clear();
}

Model model_of(const Snapshot& snapshot) {
    auto model = Model::from_snapshot(snapshot, test::profile_of({.iomem = {}}));
    EXPECT_TRUE(model.ok()) << (model ? "" : model.error().message());
    return *std::move(model);
}

std::vector<Range> mapped(const Snapshot& snapshot) {
    std::vector<Range> out;
    for (const auto& mapping : model_of(snapshot).mappings()) out.push_back(mapping.range);
    return out;
}

// devm_memremap(): no pages, so a neighbour in the section does not collide and nothing is in the section's bits.
TEST(DeviceMappings, a_raw_namespace_of_an_nvdimm_has_no_pages) {
    const Snapshot snapshot = with_namespace("raw");
    EXPECT_THAT(mapped(snapshot), IsEmpty());
    EXPECT_FALSE(model_of(snapshot).section(kBase / (128 * kMiB)).present);
}

// ND_REGION_PAGEMAP (e820, of_pmem, virtio): mode_show() says "memory".
TEST(DeviceMappings, a_legacy_namespace_has_them_itself) {
    const Snapshot snapshot = with_namespace("memory");
    const auto model = model_of(snapshot);
    ASSERT_EQ(model.mappings().size(), 1U);
    EXPECT_EQ(model.mappings().front().range, (Range{kBase, kBase + 64 * kMiB - 1}));
    EXPECT_EQ(model.mappings().front().type, MapType::fsdax);
}

TEST(DeviceMappings, a_btt_has_none) {
    Snapshot snapshot = with_namespace("raw");
    add_instance(snapshot, InstanceKind::btt, "btt0.0", "nd_btt");
    EXPECT_THAT(mapped(snapshot), IsEmpty());
}

TEST(DeviceMappings, fsdax_leaves_out_padding) {
    Snapshot snapshot = with_namespace("memory");
    add_instance(snapshot, InstanceKind::pfn, "pfn0.0", "nd_pmem");
    InfoBlockRecord block;
    block.namespace_name = "namespace0.0";
    block.data_offset = 2 * kMiB;
    block.start_pad = 2 * kMiB;
    block.end_trunc = 4 * kMiB;
    snapshot.nvdimm->info_blocks.push_back(block);
    EXPECT_THAT(mapped(snapshot), ElementsAre(Range{kBase + 2 * kMiB, kBase + 60 * kMiB - 1}));
}

// dax_pmem claims what lies in front of the data, device_dax the data; the mapping is one, from the start.
Snapshot with_devdax(const std::string& driver) {
    Snapshot snapshot = with_namespace("dax");
    snapshot.iomem = "00100000-3fffffff : System RAM\n"
                     "140000000-143ffffff : Persistent Memory\n"
                     "  140000000-1401fffff : namespace0.0\n"
                     "  140200000-143ffffff : dax0.0\n";
    add_instance(snapshot, InstanceKind::dax, "dax0.1", "dax_pmem");   // the instance has another name
    DaxDeviceRecord device;
    device.name = "dax0.0";
    device.parent = "dax0.1";
    device.driver = driver;
    device.resource = kBase + 2 * kMiB;
    device.size = 62 * kMiB;
    snapshot.nvdimm->dax_devices.push_back(device);
    return snapshot;
}

TEST(DeviceMappings, devdax_is_one_from_the_start_of_its_namespace) {
    Snapshot snapshot = with_devdax("device_dax");
    const Range whole{kBase, kBase + 64 * kMiB - 1};
    EXPECT_THAT(mapped(snapshot), ElementsAre(whole));   // by the claim in front
    InfoBlockRecord block;
    block.namespace_name = "namespace0.0";
    block.data_offset = 2 * kMiB;
    snapshot.nvdimm->info_blocks.push_back(block);
    EXPECT_THAT(mapped(snapshot), ElementsAre(whole));
    EXPECT_EQ(model_of(snapshot).mappings().front().owner, "dax0.0");
}

// kmem adds memory and maps nothing: the claim of dax_pmem in front of it is no mapping.
TEST(DeviceMappings, a_namespace_in_system_ram_mode_has_none) {
    Snapshot snapshot = with_devdax("kmem");
    snapshot.iomem = "00100000-3fffffff : System RAM\n"
                     "140000000-143ffffff : Persistent Memory\n"
                     "  140000000-1401fffff : namespace0.0\n";
    EXPECT_THAT(mapped(snapshot), IsEmpty());
}

// Where nothing is known of the buses it is supposed, and said.
TEST(DeviceMappings, are_an_assumption_without_records) {
    Snapshot snapshot = with_namespace("raw");
    snapshot.nvdimm.reset();
    const auto model = model_of(snapshot);
    EXPECT_EQ(model.mappings().size(), 1U);
    EXPECT_THAT(model.assumptions(),
                testing::Contains(testing::HasSubstr("namespace0.0 at 140000000-143ffffff is mapped")));
}

// What lies behind a wild offset is refused, not walked.
TEST(DeviceMappings, of_a_wild_info_block_stay_small) {
    Snapshot snapshot = with_devdax("device_dax");
    InfoBlockRecord block;
    block.namespace_name = "namespace0.0";
    block.data_offset = ~0ULL;
    snapshot.nvdimm->info_blocks.push_back(block);
    EXPECT_EQ(mapped(snapshot).size(), 1U);
}

}   // namespace
}   // namespace memhot
