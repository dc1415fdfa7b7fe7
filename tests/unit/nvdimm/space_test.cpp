// SPDX-License-Identifier: GPL-2.0-or-later
//
// Where labelled namespaces land: measured cases, interleaved regions, and a count of granules by brute force.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cerrno>

#include "unit/nvdimm/bus.hpp"

namespace memhot {
namespace {

using test::expect_answer;
using test::kBase;

// A namespace of that size with a uuid.
NdAnswer allocate(NdRegion& region, int id, std::uint64_t size) {
    NdNamespace& ns = region.namespaces[id];
    ns.id = id;
    if (ns.identity == 0) ns.identity = static_cast<std::uint64_t>(id) + 1;
    return set_size(region, ns, size);
}

std::uint64_t start_of(const NdRegion& region, int id) { return region.find(id)->space.start; }

TEST(Labels, take_sizes_in_multiples_of_the_regions_align) {
    NdRegion region = test::labelled_region(0, kBase, 4 * kGiB);
    expect_answer(allocate(region, 0, 8 * kMiB), RuleId::nd_size_unaligned);         // row 44
    expect_answer(allocate(region, 0, 17825792), RuleId::nd_size_unaligned);         // row 46
    expect_answer(allocate(region, 0, 99999744000),
                  RuleId::nd_size_unaligned);      // row 47: before the space is looked at
    region.align = 2 * kMiB;
    expect_answer(allocate(region, 0, 8 * kMiB), RuleId::nd_accepted);               // row 45
    EXPECT_EQ(region.find(0)->size(), 8 * kMiB);
}

TEST(Labels, refuse_more_than_the_largest_extent) {
    NdRegion region = test::labelled_region(0, kBase, kGiB);   // row 48
    expect_answer(allocate(region, 0, 32 * kMiB), RuleId::nd_accepted);
    expect_answer(allocate(region, 1, 32 * kMiB), RuleId::nd_accepted);
    expect_answer(allocate(region, 2, kTiB), RuleId::nd_size_no_space);
}

TEST(Labels, grow_downward_into_a_hole_below) {
    NdRegion region = test::labelled_region(0, kBase, 8 * kGiB);   // rows 49 and 50
    for (const int id : {0, 1, 2}) expect_answer(allocate(region, id, 512 * kMiB), RuleId::nd_accepted);
    EXPECT_EQ(start_of(region, 2), 0x140000000U);
    expect_answer(set_size(region, region.namespaces[1], 0), RuleId::nd_accepted);
    expect_answer(allocate(region, 2, kGiB), RuleId::nd_accepted);
    EXPECT_EQ(region.find(2)->space, (Range{0x120000000, 0x15fffffff}));
    expect_answer(allocate(region, 3, 256 * kMiB), RuleId::nd_accepted);
    EXPECT_EQ(start_of(region, 3), 0x160000000U);
}

TEST(Labels, reuse_the_hole_of_a_deleted_namespace) {
    NdRegion region = test::labelled_region(0, kBase, 2 * kGiB);
    for (const int id : {0, 1, 2}) expect_answer(allocate(region, id, 512 * kMiB), RuleId::nd_accepted);
    set_size(region, region.namespaces[1], 0);
    EXPECT_EQ(max_available_extent(region), 512 * kMiB);
    EXPECT_EQ(available_size(region), kGiB);
    expect_answer(allocate(region, 3, 768 * kMiB), RuleId::nd_size_no_space);   // though there is enough in two pieces
    expect_answer(allocate(region, 3, 256 * kMiB), RuleId::nd_accepted);
    EXPECT_EQ(start_of(region, 3), 0x120000000U);
}

TEST(Labels, lose_all_space_to_an_align_that_namespaces_do_not_keep) {
    NdRegion region = test::labelled_region(0, kBase, 8 * kGiB);   // rows 51 and 52
    for (const int id : {0, 1, 2}) allocate(region, id, 512 * kMiB);
    set_size(region, region.namespaces[1], 0);
    set_size(region, region.namespaces[0], 0);
    allocate(region, 3, 7 * kGiB - 512 * kMiB);   // up to the end of the region
    region.align = kGiB;
    EXPECT_EQ(available_size(region), 0U);   // each is rounded outwards, and what they share counts twice
    region.space.last -= 512 * kMiB;   // a region that is no multiple of the align
    region.mappings[0].size -= 512 * kMiB;
    EXPECT_EQ(available_size(region), 0U);
    EXPECT_EQ(max_available_extent(region), 0U);
    expect_answer(allocate(region, 4, kGiB), RuleId::nd_size_no_space);
    expect_answer(allocate(region, 4, 512 * kMiB), RuleId::nd_size_unaligned);
}

TEST(Labels, do_not_grow_without_room_beside_them) {
    NdRegion region = test::labelled_region(0, kBase, 2 * kGiB);
    for (const int id : {0, 1, 2}) allocate(region, id, 512 * kMiB);
    expect_answer(allocate(region, 1, kGiB), RuleId::nd_size_no_room);   // 512 MiB are free, but behind another
    EXPECT_EQ(region.find(1)->size(), 512 * kMiB);
}

// scan_allocate() finds no hole beside the namespace and falls back to the start of the region.
TEST(Labels, get_a_second_extent_where_the_region_starts_with_a_hole) {
    NdRegion region = test::labelled_region(0, kBase, 2 * kGiB);
    for (const int id : {0, 1, 2, 3}) allocate(region, id, 512 * kMiB);
    set_size(region, region.namespaces[0], 0);
    expect_answer(allocate(region, 2, kGiB), RuleId::nd_accepted);
    EXPECT_EQ(region.find(2)->space, (Range{kBase, kBase + kGiB - 1}));   // and so covers namespace0.1
    EXPECT_EQ(region.find(2)->extents, (std::vector<Range>{{kBase, 0x11fffffff}, {0x140000000, 0x15fffffff}}));
    expect_answer(allocate(region, 2, 512 * kMiB), RuleId::nd_accepted);   // the tail goes first
    EXPECT_EQ(region.find(2)->space, (Range{kBase, 0x11fffffff}));
}

TEST(Labels, shrink_at_the_end) {
    NdRegion region = test::labelled_region(0, kBase, kGiB);
    allocate(region, 0, 512 * kMiB);
    expect_answer(allocate(region, 0, 64 * kMiB), RuleId::nd_accepted);
    EXPECT_EQ(region.find(0)->space, (Range{kBase, kBase + 64 * kMiB - 1}));
    EXPECT_EQ(max_available_extent(region), 960 * kMiB);
}

// --- interleaving ----------------------------------------------------------------------------------------------------

TEST(Interleave, multiplies_the_default_align_where_ways_do_not_divide_it) {
    EXPECT_EQ(default_region_align(kTiB, 3, 4096), 48 * kMiB);   // row 54
    EXPECT_EQ(default_region_align(kTiB, 6, 4096), 96 * kMiB);   // row 57
    EXPECT_EQ(default_region_align(kTiB, 12, 4096), 192 * kMiB);
    for (const unsigned ways : {0U, 1U, 2U, 4U, 8U}) EXPECT_EQ(default_region_align(kTiB, ways, 4096), 16 * kMiB);
    EXPECT_EQ(default_region_align(8 * kMiB, 1, 4096), 4096U);   // row 58
}

TEST(Interleave, takes_a_part_of_each_dimm) {
    NdRegion region = test::labelled_region(0, kBase, 6 * kGiB, 3);   // row 55
    expect_answer(allocate(region, 0, 64 * kMiB), RuleId::nd_size_unaligned);
    expect_answer(allocate(region, 0, 96 * kMiB), RuleId::nd_accepted);
    EXPECT_EQ(region.find(0)->space, (Range{kBase, kBase + 96 * kMiB - 1}));
    EXPECT_EQ(available_size(region), 6 * kGiB - 96 * kMiB);
}

TEST(Interleave, multiplies_device_addresses_by_the_ways) {
    NdRegion region = test::labelled_region(0, kBase, 4 * kGiB, 2);   // row 56
    region.namespaces[1] = {
        .id = 1, .space = {kBase, kBase + 64 * kMiB - 1}, .allocated = true, .identity = 9};   // 32 MiB on each
    expect_answer(allocate(region, 0, 64 * kMiB), RuleId::nd_accepted);
    EXPECT_EQ(start_of(region, 0), kBase + 64 * kMiB);
}

TEST(Interleave, counts_granules_from_device_address_0) {
    NdRegion region = test::labelled_region(0, kBase, kGiB);
    region.mappings[0].start = 8 * kMiB;   // the region begins inside a granule of its DIMM
    allocate(region, 0, 16 * kMiB);
    EXPECT_EQ(start_of(region, 0), kBase);   // the first on a DIMM is put at the start of its part, as it is
    allocate(region, 1, 16 * kMiB);
    EXPECT_EQ(start_of(region, 1), kBase + 24 * kMiB);   // the next one on a granule
}

TEST(Interleave, is_as_small_as_its_smallest_dimm) {
    NdRegion region = test::labelled_region(0, kBase, 4 * kGiB, 2);
    region.mappings[1].size = kGiB;
    EXPECT_EQ(max_available_extent(region), 2 * kGiB);
    region.mappings[1].size = 4 * kMiB;   // less than a granule
    EXPECT_EQ(max_available_extent(region, true), 4 * kGiB);   // 5.18 and later ignore a DIMM that has nothing
    EXPECT_EQ(max_available_extent(region, false), 0U);
}

TEST(Interleave, needs_every_dimm) {
    NdRegion region = test::labelled_region(0, kBase, 4 * kGiB, 2);
    region.mappings[1].enabled = false;
    EXPECT_EQ(available_size(region), 0U);
    expect_answer(allocate(region, 0, 64 * kMiB), RuleId::nd_size_dimm_disabled);
}

// --- align -------------------------------------------------------------------------------------------------------------

KernelProfile kernel(std::string version = "6.12.95") {
    return *test::profile_of({.iomem = {}, .kernel = std::move(version)});
}

TEST(RegionAlign, is_a_power_of_two_for_each_way) {
    NdRegion region = test::labelled_region(0, kBase, 8 * kGiB);   // row 59
    for (const std::uint64_t wrong : {std::uint64_t{0x3000000}, std::uint64_t{0x800}, 16 * kGiB, std::uint64_t{0}}) {
        expect_answer(set_region_align(kernel(), region, wrong), RuleId::nd_align_invalid);
    }
    for (const std::uint64_t right : {0x40000000ULL, 0x1000ULL}) {
        expect_answer(set_region_align(kernel(), region, right), RuleId::nd_accepted);
        EXPECT_EQ(region.align, right);
    }
    NdRegion three = test::labelled_region(0, kBase, 6 * kGiB, 3);
    expect_answer(set_region_align(kernel(), three, 24 * kMiB), RuleId::nd_accepted);
    expect_answer(set_region_align(kernel(), three, 32 * kMiB), RuleId::nd_align_invalid);
}

TEST(RegionAlign, of_a_region_without_dimms_is_fixed_before_5_13) {
    NdRegion region = test::label_less_region(0, 0x50000000, 256 * kMiB);
    expect_answer(set_region_align(kernel("5.10.223"), region, 4096), RuleId::nd_align_no_dimms);
    expect_answer(set_region_align(kernel("6.1.190"), region, 4096), RuleId::nd_accepted);
}

TEST(RegionAlign, of_a_multiple_of_4_gib_crashes_the_next_size) {
    NdRegion region = test::labelled_region(0, kBase, 16 * kGiB);   // row 53
    expect_answer(set_region_align(kernel(), region, 4 * kGiB), RuleId::nd_accepted);
    const NdAnswer answer = allocate(region, 0, 4 * kGiB);
    EXPECT_TRUE(answer.crash);
    EXPECT_EQ(answer.rule, RuleId::nd_region_align_4g);
    NdRegion three = test::labelled_region(0, kBase, 24 * kGiB, 3);
    three.align = 6 * kGiB;   // the divisor is 2 GiB
    expect_answer(allocate(three, 0, 6 * kGiB + kGiB), RuleId::nd_size_unaligned);
    EXPECT_FALSE(allocate(three, 0, 8 * kGiB).crash);
}

// --- by brute force ----------------------------------------------------------------------------------------------------

// A region as a row of granules: which namespace has each, -1 for none.
using Row = std::vector<int>;

Row row_of(const NdRegion& region) {
    Row row(region.space.size() / region.align, -1);
    for (const auto& [id, ns] : region.namespaces) {
        if (!ns.allocated) continue;
        for (std::uint64_t at = ns.space.start; at < ns.space.last; at += region.align) {
            row[(at - region.space.start) / region.align] = id;
        }
    }
    return row;
}

// The first run of n free granules; -1 where there is none.
std::ptrdiff_t first_run(const Row& row, std::size_t n) {
    for (std::size_t i = 0; i + n <= row.size(); ++i) {
        const auto begin = row.begin() + static_cast<std::ptrdiff_t>(i);
        if (std::all_of(begin, begin + static_cast<std::ptrdiff_t>(n), [](int one) { return one < 0; }))
            return begin - row.begin();
    }
    return -1;
}

std::size_t longest_run(const Row& row) {
    std::size_t longest = 0;
    for (std::size_t n = 1; n <= row.size(); ++n) {
        if (first_run(row, n) >= 0) longest = n;
    }
    return longest;
}

// Namespaces made and deleted at random, always in whole granules.
NdRegion random_region() {
    const auto ways = *rc::gen::element(1U, 2U, 3U, 4U, 6U);
    const auto granules = *rc::gen::inRange<std::uint64_t>(1, 24);
    NdRegion region = test::labelled_region(0, kBase, 0x10000000, ways);
    region.align = 4096ULL * ways * *rc::gen::element<std::uint64_t>(1, 2, 8);
    region.space.last = kBase + granules * region.align - 1;
    for (auto& mapping : region.mappings) mapping.size = region.space.size() / ways;
    const auto steps = *rc::gen::container<std::vector<std::pair<int, std::uint64_t>>>(
        rc::gen::pair(rc::gen::inRange(0, 6), rc::gen::inRange<std::uint64_t>(0, 8)));
    for (const auto& [id, size] : steps) {
        if (region.find(id) != nullptr && region.find(id)->allocated) {
            set_size(region, region.namespaces[id], 0);
        } else {
            allocate(region, id, size * region.align);
        }
    }
    return region;
}

RC_GTEST_PROP(SpaceProperty, a_new_namespace_takes_the_first_run_of_granules, ()) {
    NdRegion region = random_region();
    const Row row = row_of(region);
    const auto wanted = *rc::gen::inRange<std::size_t>(1, 26);
    const auto run = first_run(row, wanted);
    const NdAnswer answer = allocate(region, 9, wanted * region.align);
    RC_ASSERT(answer.ok() == (run >= 0));
    if (run < 0) {
        RC_ASSERT(answer.error == ENOSPC);
        return;
    }
    RC_ASSERT(region.find(9)->space.start == kBase + static_cast<std::uint64_t>(run) * region.align);
    RC_ASSERT(region.find(9)->size() == wanted * region.align);
}

RC_GTEST_PROP(SpaceProperty, the_two_sizes_that_sysfs_shows_count_free_granules, ()) {
    const NdRegion region = random_region();
    const Row row = row_of(region);
    const auto free = static_cast<std::uint64_t>(std::count(row.begin(), row.end(), -1));
    RC_ASSERT(available_size(region) == free * region.align);
    RC_ASSERT(max_available_extent(region) == longest_run(row) * region.align);
}

RC_GTEST_PROP(SpaceProperty, a_namespace_grows_into_the_first_run_beside_it, ()) {
    NdRegion region = random_region();
    allocate(region, 0, region.align);
    RC_PRE(region.find(0)->allocated);
    const Row row = row_of(region);
    const Range before = region.find(0)->space;
    const auto more = *rc::gen::inRange<std::size_t>(1, 6);
    const auto first = static_cast<std::size_t>((before.start - kBase) / region.align);
    const auto end = first + before.size() / region.align;
    const auto free = [&](std::size_t from, std::size_t count) {
        return from + count <= row.size() &&
               std::all_of(row.begin() + static_cast<std::ptrdiff_t>(from),
                           row.begin() + static_cast<std::ptrdiff_t>(from + count), [](int one) { return one < 0; });
    };
    const NdAnswer answer = set_size(region, region.namespaces[0], before.size() + more * region.align);
    const std::uint64_t added = more * region.align;
    if (first >= more && free(first - more, more)) {   // the hole below comes first
        RC_ASSERT(region.find(0)->space == (Range{before.start - added, before.last}));
    } else if (free(end, more)) {
        RC_ASSERT(region.find(0)->space == (Range{before.start, before.last + added}));
    } else {
        const bool at_start = free(0, more) && longest_run(row) >= more;
        RC_ASSERT(answer.ok() == at_start);
        RC_ASSERT(region.find(0)->extents.size() == (at_start ? 2U : 0U));
    }
}

RC_GTEST_PROP(SpaceProperty, namespaces_never_overlap_as_long_as_none_grows, ()) {
    const NdRegion region = random_region();
    std::uint64_t sum = 0;
    for (const auto& [_, ns] : region.namespaces) sum += ns.size();
    const Row row = row_of(region);
    const auto taken = row.size() - static_cast<std::size_t>(std::count(row.begin(), row.end(), -1));
    RC_ASSERT(sum == taken * region.align);
}

}   // namespace
}   // namespace memhot
