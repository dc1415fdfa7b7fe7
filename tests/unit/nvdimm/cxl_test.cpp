// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvdimm/cxl.hpp"

#include <gtest/gtest.h>

#include "unit/nvdimm/bus.hpp"

namespace memhot {
namespace {

using test::expect_answer;

CxlWindow window(std::uint64_t size = 4 * kGiB) { return {.space = {0x490000000, 0x490000000 + size - 1}}; }
CxlRegion region(unsigned ways) { return {.ways = ways, .granularity = 256}; }

TEST(CxlRegionSize, is_a_multiple_of_256_mib_for_each_way) {
    const CxlWindow free = window();
    CxlRegion two = region(2);
    expect_answer(cxl_set_size(free, two, 256 * kMiB), RuleId::nd_cxl_size_unaligned);   // row 101
    expect_answer(cxl_set_size(free, two, 768 * kMiB), RuleId::nd_cxl_size_unaligned);
    expect_answer(cxl_set_size(free, two, 512 * kMiB), RuleId::nd_accepted);             // row 100
    EXPECT_EQ(two.space, (Range{0x490000000, 0x4afffffff}));
    CxlRegion three = region(3);
    expect_answer(cxl_set_size(free, three, 768 * kMiB), RuleId::nd_accepted);           // row 102
}

TEST(CxlRegionSize, comes_last_and_once) {
    CxlRegion fresh;
    expect_answer(cxl_set_size(window(), fresh, 512 * kMiB), RuleId::nd_cxl_size_unset);   // row 103
    CxlRegion pmem = region(1);
    pmem.pmem = true;
    expect_answer(cxl_set_size(window(), pmem, 512 * kMiB), RuleId::nd_cxl_size_unset);
    pmem.has_uuid = true;
    expect_answer(cxl_set_size(window(), pmem, 512 * kMiB), RuleId::nd_accepted);
    expect_answer(cxl_set_size(window(), pmem, 256 * kMiB), RuleId::nd_cxl_size_set);      // row 104
    expect_answer(cxl_set_size(window(), pmem, 0), RuleId::nd_accepted);
    expect_answer(cxl_set_size(window(), pmem, 256 * kMiB), RuleId::nd_accepted);
}

TEST(CxlRegionSize, needs_a_hole_in_the_window) {
    CxlWindow full = window();
    full.used.push_back(full.space);
    CxlRegion one = region(1);
    expect_answer(cxl_set_size(full, one, 256 * kMiB), RuleId::nd_cxl_no_hole);   // row 105
    CxlWindow holed = window();
    holed.used.push_back({0x490000000, 0x49fffffff});
    expect_answer(cxl_set_size(holed, one, 256 * kMiB), RuleId::nd_accepted);
    EXPECT_EQ(one.space->start, 0x4a0000000U);
}

}   // namespace
}   // namespace memhot
