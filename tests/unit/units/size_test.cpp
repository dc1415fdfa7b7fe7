// SPDX-License-Identifier: GPL-2.0-or-later
//
// Numbers and sizes: what is taken, what is refused and how, and lsmem's rounding.
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <rapidcheck/gtest.h>

#include "memhot/units.hpp"

namespace memhot {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

struct Accepted {
    const char* text;
    std::uint64_t value;
};

TEST(Size, TakesBytesAndPowersOf1024) {
    const Accepted table[] = {
        {"0", 0},
        {"4096", 4096},
        {"8G", 8 * kGiB},
        {"512M", 512 * kMiB},
        {"1t", kTiB},
        {"3P", 3072 * kTiB},
        {"7k", 7 * kKiB},
        {"0x1000", 0x1000},
        {"0x10M", 16 * kMiB},
        {"512B", 512},
        {"0x1E", 0x1e},
        {"0x1B", 0x1b},
        {"15E", 15ULL << 60U},
        {"18446744073709551615", kMax},
    };
    for (const auto& row : table) {
        const auto size = parse_size(row.text);
        ASSERT_TRUE(size.ok()) << row.text << ": " << size.error().message();
        EXPECT_EQ(*size, row.value) << row.text;
    }
}

TEST(Size, RefusesWithOneLine) {
    for (const char* text : {"", "G", "-1", "+1", " 1", "1 ", "1.5G", "1GiB", "1GG", "0x", "0xG", "12z", "1e3"}) {
        const auto size = parse_size(text);
        ASSERT_FALSE(size.ok()) << text;
        EXPECT_EQ(size.error().kind(), ErrorKind::bad_input);
        EXPECT_NE(size.error().message().find("expected bytes in decimal or 0x hex"), std::string::npos)
            << size.error().message();
    }
    for (const char* text :
         {"16E", "18446744073709551616", "0x10000000000000000", "99999999999999999999G", "17179869184G"}) {
        const auto size = parse_size(text);
        ASSERT_FALSE(size.ok()) << text;
        EXPECT_NE(size.error().message().find("more than 64 bits"), std::string::npos) << size.error().message();
    }
}

// What `lsmem` 2.38.1 prints for these sizes, from its size_to_human_string().
TEST(Size, PrintsAsLsmem) {
    const std::pair<std::uint64_t, const char*> table[] = {
        {0, "0B"},
        {1023, "1023B"},
        {kKiB, "1K"},
        {128 * kMiB, "128M"},
        {kGiB + kGiB / 2, "1.5G"},
        {kGiB + 49 * kMiB, "1G"},          // .047
        {kGiB + 52 * kMiB, "1.1G"},        // .0507
        {kGiB - 1, "1024M"},               // rounding does not change the unit
        {15 * kGiB + 896 * kMiB, "15.9G"},
        {kMax, "16E"},
    };
    for (const auto& [bytes, text] : table) EXPECT_EQ(human_size(bytes), text) << bytes;
}

TEST(Number, HexWithAndWithoutPrefix) {
    EXPECT_EQ(*parse_hex("ff"), 0xffU);
    EXPECT_EQ(*parse_hex("0xFF"), 0xffU);
    EXPECT_EQ(*parse_hex("0000000000000000000001"), 1U);
    EXPECT_EQ(*parse_number("10"), 10U);
    EXPECT_EQ(*parse_number("0x10"), 16U);
    for (const char* text : {"", "0x", "-1", "0x-1", "0x0x1", "g", "1 "}) {
        EXPECT_FALSE(parse_hex(text).ok()) << text;
        EXPECT_FALSE(parse_number(text).ok()) << text;
    }
    EXPECT_FALSE(parse_number("ff").ok());
    EXPECT_FALSE(parse_hex("10000000000000000").ok());
}

TEST(Number, ErrorsStayOnOneShortLine) {
    const auto error = parse_number(std::string(100000, 'x') + "\n").error().message();
    EXPECT_LT(error.size(), 200U);
    EXPECT_EQ(parse_number("1\n\033[2J").error().message().find_first_of("\n\033"), std::string::npos);
}

RC_GTEST_PROP(NumberProperty, PrintedHexParsesBack, (std::uint64_t value)) {
    RC_ASSERT(*parse_hex(hex(value)) == value);
    RC_ASSERT(*parse_hex(hex(value).substr(2)) == value);
    RC_ASSERT(*parse_number(hex(value)) == value);
    RC_ASSERT(*parse_number(std::to_string(value)) == value);
    RC_ASSERT(*parse_size(std::to_string(value)) == value);
}

RC_GTEST_PROP(NumberProperty, HumanSizeIsWithinHalfATenth, (std::uint64_t bytes)) {
    const std::string text = human_size(bytes);
    const long double unit = std::exp2(10.0L * static_cast<long double>(std::string("BKMGTPE").find(text.back())));
    // 1/1000 more, since three digits are cut before one is rounded.
    RC_ASSERT(std::fabs(std::stold(text) * unit - static_cast<long double>(bytes)) <= unit * 0.0511L);
}

}   // namespace
}   // namespace memhot
