// SPDX-License-Identifier: GPL-2.0-or-later
//
// Dax regions divided into devices: what kernels 5.10 to 7.2 answered, and what ndctl's own test of daxctl create-device
// expects (daxctl-create.sh).
#include "nvdimm/dax_region.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cerrno>

#include "nvdimm/from_snapshot.hpp"
#include "unit/nvdimm/bus.hpp"

namespace memhot {
namespace {

using test::expect_answer;

constexpr std::uint64_t kStart = 0x140000000;

DaxDevice& device(NdBus& bus, std::string_view name) { return *bus.find_dax(name); }

// The region of the measurements: 1 GiB, its first device emptied.
NdBus empty_region(std::string kernel = "6.12.95") {
    NdBus bus = test::one_dax_region(kStart, kGiB, std::move(kernel));
    dax_set_size(bus, device(bus, "dax0.0"), 0);
    return bus;
}

DaxDevice& created(NdBus& bus, std::uint64_t size) {
    int id = -1;
    expect_answer(dax_create(bus, *bus.find_dax_region(0), "1\n", &id), RuleId::nd_accepted);
    DaxDevice& fresh = device(bus, "dax0." + std::to_string(id));
    expect_answer(dax_set_size(bus, fresh, size), RuleId::nd_accepted);
    return fresh;
}

using Ranges = std::vector<Range>;

TEST(DaxRegion, hands_out_the_first_gap) {
    NdBus bus = empty_region();
    expect_answer(dax_set_size(bus, device(bus, "dax0.0"), kMiB), RuleId::nd_dax_size_unaligned);   // row 80
    expect_answer(dax_set_size(bus, device(bus, "dax0.0"), 256 * kMiB), RuleId::nd_accepted);   // row 81
    EXPECT_EQ(device(bus, "dax0.0").ranges, (Ranges{{0x140000000, 0x14fffffff}}));
    EXPECT_EQ(created(bus, 100 * kMiB).ranges, (Ranges{{0x150000000, 0x1563fffff}}));   // row 82
    EXPECT_EQ(created(bus, 64 * kMiB).ranges, (Ranges{{0x156400000, 0x15a3fffff}}));   // row 83
    expect_answer(dax_set_size(bus, device(bus, "dax0.0"), 512 * kMiB), RuleId::nd_accepted);   // row 84
    EXPECT_EQ(device(bus, "dax0.0").ranges, (Ranges{{0x140000000, 0x14fffffff}, {0x15a400000, 0x16a3fffff}}));
    EXPECT_EQ(available_size(bus, bus.dax_regions[0]), 364904448U);
    expect_answer(dax_set_size(bus, device(bus, "dax0.0"), 2 * kGiB), RuleId::nd_dax_no_space);   // row 85
    // row 91: 384 MiB of 512
    expect_answer(bind_kmem(bus, device(bus, "dax0.0")), RuleId::nd_accepted);
    EXPECT_EQ(device(bus, "dax0.0").added, (Ranges{{0x140000000, 0x14fffffff}, {0x160000000, 0x167ffffff}}));
}

// Debian's 6.1.192 with 384 MiB of Soft Reserved memory whose only device was emptied: `daxctl create-device -s 128M` made
// dax0.1 at 0x20000000 there. No file says where the region lies, only /proc/iomem does.
TEST(DaxRegion, of_which_no_device_has_a_range_lies_where_iomem_says) {
    const auto snapshot = load_snapshot(std::string(MEMHOT_TEST_DATA) + "/hmem-host.json");
    ASSERT_TRUE(snapshot.ok()) << snapshot.error().message();
    auto reading = read_bus(*snapshot);
    ASSERT_TRUE(reading.ok());
    ASSERT_EQ(reading->bus.dax_regions.size(), 1U);
    EXPECT_EQ(reading->bus.dax_regions[0].space, (Range{0x20000000, 0x37ffffff}));
    EXPECT_EQ(created(reading->bus, 128 * kMiB).ranges, (Ranges{{0x20000000, 0x27ffffff}}));
}

TEST(DaxRegion, takes_mappings_as_they_come) {
    NdBus bus = empty_region("6.12.95");
    DaxDevice& first = device(bus, "dax0.0");
    expect_answer(dax_add_mapping(bus, first, "0x150000000-0x1500fffff"), RuleId::nd_dax_mapping_ignored);   // row 86
    EXPECT_TRUE(first.ranges.empty());
    NdBus older = empty_region("6.1.190");
    expect_answer(dax_add_mapping(older, device(older, "dax0.0"), "0x150000000-0x1500fffff"),
                  RuleId::nd_dax_mapping_unaligned);
    expect_answer(dax_add_mapping(bus, first, "150100000-1502fffff"), RuleId::nd_accepted);   // row 87
    EXPECT_EQ(bind_device_dax(bus, first).error, EINVAL);
    expect_answer(bind_device_dax(bus, first), RuleId::nd_dax_prepopulated);   // from 5.17 on until it is made anew
    expect_answer(dax_add_mapping(bus, first, "0x150200000-0x1503fffff"), RuleId::nd_dax_mapping_conflict);
    expect_answer(dax_add_mapping(bus, first, "0x13fe00000-0x13fffffff"), RuleId::nd_dax_mapping_conflict);
}

TEST(DaxRegion, gives_kmem_whole_blocks) {
    NdBus bus = empty_region();
    dax_set_size(bus, device(bus, "dax0.0"), 256 * kMiB);
    expect_answer(bind_kmem(bus, device(bus, "dax0.0")), RuleId::nd_accepted);   // row 88
    EXPECT_EQ(device(bus, "dax0.0").added, (Ranges{{0x140000000, 0x14fffffff}}));
    EXPECT_EQ(blocks_of(bus, device(bus, "dax0.0")), (std::vector<std::uint64_t>{40, 41}));
}

TEST(DaxRegion, gives_kmem_less_where_blocks_do_not_fit) {
    NdBus bus = empty_region();
    DaxDevice& first = device(bus, "dax0.0");
    dax_add_mapping(bus, first, "0x164000000-0x173ffffff");   // row 89
    expect_answer(bind_kmem(bus, first), RuleId::nd_accepted);
    EXPECT_EQ(first.added, (Ranges{{0x168000000, 0x16fffffff}}));
    for (const std::string version : {"5.10.223", "6.1.190", "6.12.95"}) {   // row 90
        NdBus other = empty_region(version);
        DaxDevice& small = device(other, "dax0.0");
        dax_add_mapping(other, small, "0x160000000-0x163ffffff");
        expect_answer(bind_kmem(other, small), version == "5.10.223" ? RuleId::nd_accepted : RuleId::nd_kmem_no_block);
        EXPECT_TRUE(small.added.empty());
    }
}

TEST(DaxRegion, creates_and_deletes_by_rules_of_its_own) {
    NdBus bus = test::one_dax_region(kStart, kGiB);
    DaxRegion& region = bus.dax_regions[0];
    expect_answer(dax_create(bus, region, "2"), RuleId::nd_dax_create_text);
    expect_answer(dax_create(bus, region, "x"), RuleId::nd_dax_create_text);
    expect_answer(dax_create(bus, region, "1"), RuleId::nd_dax_create_full);
    expect_answer(dax_delete(bus, region, "dax0.9"), RuleId::nd_dax_delete_unknown);
    expect_answer(dax_delete(bus, region, "dax0.0"), RuleId::nd_dax_delete_busy);
    dax_set_size(bus, device(bus, "dax0.0"), 0);
    expect_answer(dax_delete(bus, region, "dax0.0"), RuleId::nd_dax_delete_busy);   // the one with id 0 stays
    created(bus, 64 * kMiB);
    expect_answer(dax_delete(bus, region, "dax0.1"), RuleId::nd_dax_delete_busy);
    dax_set_size(bus, device(bus, "dax0.1"), 0);
    expect_answer(dax_delete(bus, region, "dax0.1"), RuleId::nd_accepted);
    EXPECT_EQ(bus.find_dax("dax0.1"), nullptr);
}

TEST(DaxRegion, keeps_size_and_align_while_a_driver_is_bound) {
    NdBus bus = test::one_dax_region(kStart, kGiB);
    DaxDevice& first = device(bus, "dax0.0");
    expect_answer(dax_set_align(bus, first, "x"), RuleId::nd_dax_align_text);
    expect_answer(dax_set_align(bus, first, "65536"), RuleId::nd_dax_align_invalid);
    expect_answer(dax_set_align(bus, first, "1073741824"), RuleId::nd_accepted);
    expect_answer(dax_set_size(bus, first, 512 * kMiB), RuleId::nd_dax_size_unaligned);
    expect_answer(dax_set_align(bus, first, "4096"), RuleId::nd_accepted);
    expect_answer(dax_set_size(bus, first, 512 * kMiB), RuleId::nd_accepted);
    expect_answer(dax_set_align(bus, first, "1073741824"), RuleId::nd_dax_align_ranges);
    EXPECT_EQ(first.align, 4096U);
    expect_answer(bind_device_dax(bus, first), RuleId::nd_accepted);
    expect_answer(dax_set_align(bus, first, "2097152"), RuleId::nd_dax_busy);
    expect_answer(dax_set_size(bus, first, 256 * kMiB), RuleId::nd_dax_busy);
}

// --- daxctl-create.sh, command by command ------------------------------------------------------------------------------

constexpr std::uint64_t kAvailable = 512 * kMiB;

NdBus test_region() {
    NdBus bus = test::one_dax_region(kStart, kAvailable);
    test::done(bus, "daxctl enable-device dax0.0");
    test::done(bus, "daxctl disable-device dax0.0");
    test::done(bus, "daxctl reconfigure-device -s 0 dax0.0");
    EXPECT_EQ(available_size(bus, bus.dax_regions[0]), kAvailable);
    return bus;
}

void gone(NdBus& bus, const std::string& name) {
    test::done(bus, "daxctl disable-device " + name);
    test::done(bus, "daxctl destroy-device " + name);
}

TEST(DaxctlCreate, one_device_takes_all) {
    NdBus bus = test_region();
    const CommandAnswer answer = test::done(bus, "daxctl create-device -r 0");
    EXPECT_EQ(answer.size, kAvailable);
    EXPECT_EQ(device(bus, "dax0.1").ranges.size(), 1U);
    EXPECT_EQ(available_size(bus, bus.dax_regions[0]), 0U);
    gone(bus, "dax0.1");
    EXPECT_EQ(available_size(bus, bus.dax_regions[0]), kAvailable);
}

TEST(DaxctlCreate, a_device_fills_the_hole_and_the_end) {
    NdBus bus = test_region();
    const std::string quarter = std::to_string(kAvailable / 4);
    test::done(bus, "daxctl reconfigure-device -s " + quarter + " dax0.0");
    for (int i = 0; i < 2; ++i) test::done(bus, "daxctl create-device -r 0 -s " + quarter);
    gone(bus, "dax0.1");
    test::done(bus, "daxctl create-device -r 0 -s " + std::to_string(kAvailable / 2));
    EXPECT_EQ(device(bus, "dax0.1").ranges.size(), 2U);   // the lowest free id
    EXPECT_EQ(available_size(bus, bus.dax_regions[0]), 0U);
}

TEST(DaxctlCreate, a_device_fills_the_beginning_and_the_end) {
    NdBus bus = test_region();
    const std::string quarter = std::to_string(kAvailable / 4);
    for (int i = 0; i < 3; ++i) test::done(bus, "daxctl create-device -r 0 -s " + quarter);
    gone(bus, "dax0.1");
    test::done(bus, "daxctl create-device -r 0 -s " + std::to_string(kAvailable / 2));
    EXPECT_EQ(device(bus, "dax0.1").ranges.size(), 2U);
    EXPECT_EQ(available_size(bus, bus.dax_regions[0]), 0U);
}

TEST(DaxctlCreate, two_devices_that_grow_in_turn_have_four_ranges_each) {
    NdBus bus = test_region();
    const std::uint64_t size = kAvailable / 8;
    test::done(bus, "daxctl reconfigure-device -s " + std::to_string(size) + " dax0.0");
    test::done(bus, "daxctl create-device -r 0 -s " + std::to_string(size));
    for (std::uint64_t i = 2 * size; i <= 4 * size; i += size) {
        for (const std::string name : {"dax0.0", "dax0.1"}) {
            test::done(bus, "daxctl disable-device " + name);
            test::done(bus, "daxctl reconfigure-device -s " + std::to_string(i) + " " + name);
        }
    }
    EXPECT_EQ(device(bus, "dax0.0").ranges.size(), 4U);
    EXPECT_EQ(device(bus, "dax0.1").ranges.size(), 4U);
    EXPECT_EQ(available_size(bus, bus.dax_regions[0]), 0U);
}

TEST(DaxctlCreate, a_device_grows_by_a_range_downward_and_without_one_upward) {
    NdBus bus = test_region();
    const std::uint64_t size = kAvailable / 4;
    for (int i = 0; i < 4; ++i) test::done(bus, "daxctl create-device -r 0 -s " + std::to_string(size));
    gone(bus, "dax0.1");
    gone(bus, "dax0.4");
    const std::string twice = std::to_string(2 * size);
    test::done(bus, "daxctl disable-device dax0.2");
    test::done(bus, "daxctl reconfigure-device -s " + twice + " dax0.2");
    EXPECT_EQ(device(bus, "dax0.2").ranges,
              (Ranges{{kStart + size, kStart + 2 * size - 1}, {kStart, kStart + size - 1}}));
    test::done(bus, "daxctl disable-device dax0.3");
    test::done(bus, "daxctl reconfigure-device -s " + twice + " dax0.3");
    EXPECT_EQ(device(bus, "dax0.3").ranges.size(), 1U);
    EXPECT_EQ(available_size(bus, bus.dax_regions[0]), 0U);
}

// --- properties ----------------------------------------------------------------------------------------------------------

RC_GTEST_PROP(DaxRegionProperty, devices_never_overlap_and_nothing_is_lost, ()) {
    NdBus bus = test::one_dax_region(kStart, 64 * kMiB);
    dax_set_size(bus, device(bus, "dax0.0"), 0);
    const auto steps = *rc::gen::container<std::vector<std::pair<int, std::uint64_t>>>(
        rc::gen::pair(rc::gen::inRange(0, 5), rc::gen::inRange<std::uint64_t>(0, 24)));
    for (const auto& [id, granules] : steps) {
        const std::string name = "dax0." + std::to_string(id);
        if (bus.find_dax(name) == nullptr) dax_create(bus, bus.dax_regions[0], "1");
        if (DaxDevice* one = bus.find_dax(name)) dax_set_size(bus, *one, granules * 2 * kMiB);
    }
    Ranges all;
    for (const auto& one : bus.dax) all.insert(all.end(), one.ranges.begin(), one.ranges.end());
    std::ranges::sort(all);
    std::uint64_t used = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        used += all[i].size();
        RC_ASSERT((Range{kStart, kStart + 64 * kMiB - 1}).contains(all[i]));
        if (i > 0) RC_ASSERT(all[i - 1].last < all[i].start);
    }
    RC_ASSERT(available_size(bus, bus.dax_regions[0]) == 64 * kMiB - used);
}

RC_GTEST_PROP(DaxRegionProperty, growing_and_shrinking_back_leaves_the_ranges_alone, ()) {
    NdBus bus = test::one_dax_region(kStart, 64 * kMiB);
    const auto size = 2 * kMiB * *rc::gen::inRange<std::uint64_t>(0, 16);
    const auto more = 2 * kMiB * *rc::gen::inRange<std::uint64_t>(0, 16);
    DaxDevice& first = device(bus, "dax0.0");
    dax_set_size(bus, first, size);
    const Ranges before = first.ranges;
    RC_ASSERT(dax_set_size(bus, first, size + more).ok());
    RC_ASSERT(first.size() == size + more);
    RC_ASSERT(dax_set_size(bus, first, size).ok());
    RC_ASSERT(first.ranges == before);
}

}   // namespace
}   // namespace memhot
