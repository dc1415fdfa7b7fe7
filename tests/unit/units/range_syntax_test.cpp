// SPDX-License-Identifier: GPL-2.0-or-later
//
// The range syntax: every form, every refusal, and print/parse round trips.
#include <gtest/gtest.h>
#include <limits>
#include <rapidcheck/gtest.h>

#include "memhot/units.hpp"

namespace memhot {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kBlock = 128 * kMiB;
constexpr RangeUnits kUnits{.block_size = kBlock, .section_size = kBlock};

TEST(RangeSyntax, TakesEveryForm) {
    const std::pair<const char*, Range> table[] = {
        {"240000000-43fffffff", {0x240000000, 0x43fffffff}},
        {"0x240000000-0x43fffffff", {0x240000000, 0x43fffffff}},
        {"0X240000000-43FFFFFFF", {0x240000000, 0x43fffffff}},
        {"  240000000 - 43fffffff \n", {0x240000000, 0x43fffffff}},
        {"    240000000-43fffffff : Persistent Memory (legacy)", {0x240000000, 0x43fffffff}},
        {"00001000-0009ffff : System RAM : with a colon + more-", {0x1000, 0x9ffff}},
        {"0-ffffffffffffffff", {0, kMax}},
        {"5-5", {5, 5}},
        {"face-feed", {0xface, 0xfeed}},
        {"0x240000000+8G", {0x240000000, 0x43fffffff}},
        {"240000000+8G", {0x240000000, 0x43fffffff}},
        {"240000000 + 0x1000", {0x240000000, 0x240000fff}},
        {"10+10", {0x10, 0x19}},
        {"memory3", {3 * kBlock, 4 * kBlock - 1}},
        {"block10", {10 * kBlock, 11 * kBlock - 1}},
        {"block0-1", {0, 256 * kMiB - 1}},
        {"memory007", {7 * kBlock, 8 * kBlock - 1}},
        {"section2-2", {2 * kBlock, 3 * kBlock - 1}},
        {"section137438953471", {kMax - 128 * kMiB + 1, kMax}},
    };
    for (const auto& [text, range] : table) {
        const auto parsed = parse_range(text, kUnits);
        ASSERT_TRUE(parsed.ok()) << text << ": " << parsed.error().message();
        EXPECT_EQ(*parsed, range) << text;
    }
}

struct Refused {
    const char* text;
    const char* says;
};

TEST(RangeSyntax, RefusesWithWhatWasExpected) {
    const Refused table[] = {
        {"", "expected START-END"},
        {"   ", "expected START-END"},
        {"240000000", "expected START-END"},
        {"hello", "expected START-END"},
        {"-", "start \"\" is no number, expected hexadecimal"},
        {"-5", "start \"\" is no number"},
        {"5-", "end \"\" is no number"},
        {"5-4", "the end is below the start"},
        {"1-2-3", "end \"2-3\" is no number"},
        {"1-10000000000000000", "more than 64 bits"},
        {"zz-5", "start \"zz\" is no number"},
        {"1+0", "the size is 0"},
        {"1+", "expected bytes in decimal"},
        {"+1", "start \"\" is no number"},
        {"ffffffffffffffff+2", "ends beyond the 64 bit address space"},
        {"1+16E", "more than 64 bits"},
        {"block", "expected blockN or blockN-M"},
        {"block-1", "expected blockN or blockN-M"},
        {"block1-", "expected blockN or blockN-M"},
        {"block0x10", "decimal"},
        {"block 1", "expected blockN"},
        {"block1-2-3", "expected blockN"},
        {"memory5-4", "the end is below the start"},
        {"memory137438953472", "expected at most 137438953471"},
        {"memory99999999999999999999", "expected at most 137438953471"},
        {"sectionx", "expected sectionN or sectionN-M"},
        {"section1+2", "expected sectionN"},
        {"dax", "expected START-END"},
        {"dax1.0 x", "expected START-END"},
    };
    for (const auto& row : table) {
        const auto parsed = parse_range(row.text, kUnits);
        ASSERT_FALSE(parsed.ok()) << row.text;
        EXPECT_EQ(parsed.error().kind(), ErrorKind::bad_input) << row.text;
        EXPECT_NE(parsed.error().message().find(row.says), std::string::npos)
            << row.text << ": " << parsed.error().message();
    }
}

TEST(RangeSyntax, DevicesAreLeftToTheHost) {
    for (const char* text : {"namespace0.0", "dax1.0", "region2", "node1", "pmem0", "mem12", "decoder0.0"}) {
        const auto parsed = parse_range(text, kUnits);
        ASSERT_FALSE(parsed.ok()) << text;
        EXPECT_EQ(parsed.error().kind(), ErrorKind::not_found) << text;
    }
}

TEST(RangeSyntax, BlocksNeedAHostThatHasThem) {
    const auto parsed = parse_range("block3", RangeUnits{.block_size = 0, .section_size = 128 * kMiB});
    ASSERT_FALSE(parsed.ok());
    EXPECT_EQ(parsed.error().kind(), ErrorKind::unsupported);
    EXPECT_NE(parsed.error().message().find("no memory blocks"), std::string::npos);
}

TEST(RangeSyntax, HugeAndUnprintableTextStaysOneShortLine) {
    for (const auto& text : {std::string(1 << 20, 'f') + "-1", std::string("1\n2-\033[31m3"), std::string("a\0b", 3)}) {
        const auto parsed = parse_range(text, kUnits);
        ASSERT_FALSE(parsed.ok());
        const auto line = parsed.error().message();
        EXPECT_LT(line.size(), 400U);
        EXPECT_EQ(line.find_first_of(std::string_view("\n\033\0", 3)), std::string::npos);
    }
}

RC_GTEST_PROP(RangeSyntaxProperty, PrintedRangesParseBack, (std::uint64_t a, std::uint64_t b)) {
    const Range range{std::min(a, b), std::max(a, b)};
    RC_ASSERT(*parse_range(to_string(range), kUnits) == range);
    RC_ASSERT(*parse_range("  " + to_string(range) + " : System RAM", kUnits) == range);
    RC_ASSERT(*parse_range(hex(range.start) + "-" + hex(range.last), kUnits) == range);
    if (range.size() != 0) {
        RC_ASSERT(*parse_range(hex(range.start) + "+" + std::to_string(range.size()), kUnits) == range);
        RC_ASSERT(*parse_range(hex(range.start) + "+" + hex(range.size()), kUnits) == range);
    }
}

RC_GTEST_PROP(RangeSyntaxProperty, CountedRangesCoverTheirUnits, (std::uint32_t a, std::uint32_t b)) {
    const auto shift = *rc::gen::inRange(21U, 32U);
    const RangeUnits units{.block_size = 1ULL << shift, .section_size = 1ULL << 27U};
    const std::uint64_t first = std::min(a, b);
    const std::uint64_t last = std::max(a, b);
    const auto parsed = parse_range("block" + std::to_string(first) + "-" + std::to_string(last), units);
    RC_ASSERT(parsed->start == first << shift);
    RC_ASSERT(parsed->last == ((last + 1) << shift) - 1);
}

RC_GTEST_PROP(RangeSyntaxProperty, AnyTextIsTakenOrRefusedInOneLine, (const std::string& text)) {
    const auto parsed = parse_range(text, kUnits);
    if (parsed) {
        RC_ASSERT(parsed->start <= parsed->last);
    } else {
        RC_ASSERT(parsed.error().message().find('\n') == std::string::npos);
    }
}

}   // namespace
}   // namespace memhot
