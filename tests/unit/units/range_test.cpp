// SPDX-License-Identifier: GPL-2.0-or-later
//
// Ranges: inclusive ends, the whole 64 bit space, printing as /proc/iomem.
#include <gtest/gtest.h>
#include <limits>
#include <rapidcheck/gtest.h>

#include "memhot/units.hpp"

namespace memhot {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

TEST(Range, PrintsAsIomem) {
    EXPECT_EQ(to_string(Range{0, 0xfff}), "00000000-00000fff");
    EXPECT_EQ(to_string(Range{0x240000000, 0x43fffffff}), "240000000-43fffffff");
    EXPECT_EQ(to_string(Range{0, kMax}), "00000000-ffffffffffffffff");
}

TEST(Range, HexHasNoPadding) {
    EXPECT_EQ(hex(0), "0x0");
    EXPECT_EQ(hex(0x240000000), "0x240000000");
    EXPECT_EQ(hex(kMax), "0xffffffffffffffff");
}

TEST(Range, FromSizeMayEndAtTheLastByte) {
    EXPECT_EQ(Range::from_size(kMax - 4095, 4096), (Range{kMax - 4095, kMax}));
    EXPECT_EQ(Range::from_size(kMax - 4095, 4097), std::nullopt);
    EXPECT_EQ(Range::from_size(5, 0), std::nullopt);
    EXPECT_EQ((Range{0, kMax}).size(), 0U);
}

TEST(Range, AlignUpSaturates) {
    EXPECT_EQ(align_up(1, 4096), 4096U);
    EXPECT_EQ(align_up(4096, 4096), 4096U);
    EXPECT_EQ(align_up(kMax, 4096), kMax - 4095);
    EXPECT_EQ(align_down(kMax, 4096), kMax - 4095);
    EXPECT_TRUE(is_aligned(0, 4096));
    EXPECT_FALSE(is_aligned(2048, 4096));
}

Range any_range() {
    const auto a = *rc::gen::arbitrary<std::uint64_t>();
    const auto b = *rc::gen::arbitrary<std::uint64_t>();
    return {std::min(a, b), std::max(a, b)};
}

RC_GTEST_PROP(RangeProperty, IntersectionIsTheCommonBytes, ()) {
    const Range a = any_range();
    const Range b = any_range();
    const auto both = intersection(a, b);
    RC_ASSERT(both.has_value() == a.overlaps(b));
    RC_ASSERT(both == intersection(b, a));
    for (const auto probe : {a.start, a.last, b.start, b.last}) {
        RC_ASSERT((a.contains(probe) && b.contains(probe)) == (both && both->contains(probe)));
    }
}

RC_GTEST_PROP(RangeProperty, FromSizeIsTheInverseOfSize, ()) {
    const Range range = any_range();
    if (range.size() == 0) return;
    RC_ASSERT(Range::from_size(range.start, range.size()) == range);
}

}   // namespace
}   // namespace memhot
