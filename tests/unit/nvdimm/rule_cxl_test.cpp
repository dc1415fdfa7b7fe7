// SPDX-License-Identifier: GPL-2.0-or-later
//
// Each rule about the size of a CXL region. Rows C and vectors B.6 are those of the kernel's decision table, read in
// drivers/cxl/core/region.c of 6.1 to 7.3.
#include <gtest/gtest.h>

#include <cerrno>

#include "nvdimm/cxl.hpp"
#include "unit/nvdimm/bus.hpp"

namespace memhot {
namespace {

using test::expect_answer;

constexpr std::uint64_t k256M = 256 * kMiB;
const CxlWindow kWindow{.space = {0x490000000, 0x58fffffff}};   // 4 GiB

CxlRegion region(unsigned ways) { return {.ways = ways, .granularity = 256}; }

TEST(Rule, nd_cxl_size_unset) {
    CxlRegion fresh;   // C1, vector 103
    expect_answer(cxl_set_size(kWindow, fresh, k256M), RuleId::nd_cxl_size_unset);
    fresh.ways = 1;
    expect_answer(cxl_set_size(kWindow, fresh, k256M), RuleId::nd_cxl_size_unset);
    fresh.granularity = 256;
    fresh.pmem = true;
    expect_answer(cxl_set_size(kWindow, fresh, k256M), RuleId::nd_cxl_size_unset);
    fresh.has_uuid = true;
    expect_answer(cxl_set_size(kWindow, fresh, k256M), RuleId::nd_accepted);
    EXPECT_EQ(rule(RuleId::nd_cxl_size_unset).error, ENXIO);
}

TEST(Rule, nd_cxl_size_unaligned) {
    CxlRegion two = region(2);   // C2, vectors 100 to 102
    expect_answer(cxl_set_size(kWindow, two, k256M), RuleId::nd_cxl_size_unaligned);
    expect_answer(cxl_set_size(kWindow, two, 3 * k256M), RuleId::nd_cxl_size_unaligned);
    expect_answer(cxl_set_size(kWindow, two, 2 * k256M), RuleId::nd_accepted);
    CxlRegion three = region(3);
    expect_answer(cxl_set_size(kWindow, three, 3 * k256M), RuleId::nd_accepted);
    EXPECT_EQ(rule(RuleId::nd_cxl_size_unaligned).error, EINVAL);
}

TEST(Rule, nd_cxl_size_set) {
    CxlRegion one = region(1);   // C3, vector 104
    expect_answer(cxl_set_size(kWindow, one, 2 * k256M), RuleId::nd_accepted);
    expect_answer(cxl_set_size(kWindow, one, k256M), RuleId::nd_cxl_size_set);
    expect_answer(cxl_set_size(kWindow, one, 2 * k256M), RuleId::nd_accepted);   // the same again
    expect_answer(cxl_set_size(kWindow, one, 0), RuleId::nd_accepted);
    expect_answer(cxl_set_size(kWindow, one, k256M), RuleId::nd_accepted);
    one.active = true;
    expect_answer(cxl_set_size(kWindow, one, 0), RuleId::nd_cxl_size_set);
    EXPECT_EQ(rule(RuleId::nd_cxl_size_set).error, EBUSY);
}

TEST(Rule, nd_cxl_no_hole) {
    CxlRegion one = region(1);   // C4, vector 105
    CxlWindow full = kWindow;
    full.used.push_back(full.space);
    expect_answer(cxl_set_size(full, one, k256M), RuleId::nd_cxl_no_hole);
    CxlWindow holed = kWindow;
    holed.used = {{0x490000000, 0x4a0000fff}, {0x4c0000000, 0x58fffffff}};   // the hole starts on no 256 MiB
    expect_answer(cxl_set_size(holed, one, 2 * k256M), RuleId::nd_cxl_no_hole);
    expect_answer(cxl_set_size(holed, one, k256M), RuleId::nd_accepted);
    EXPECT_EQ(one.space, (Range{0x4b0000000, 0x4bfffffff}));
    EXPECT_EQ(rule(RuleId::nd_cxl_no_hole).error, ERANGE);
}

}   // namespace
}   // namespace memhot
