// SPDX-License-Identifier: GPL-2.0-or-later
#include "explain/pattern.hpp"

#include <gmock/gmock.h>

#include "explain/holes.hpp"
#include "memhot/value.hpp"

namespace memhot::explaining {
namespace {

std::optional<PatternMatch> find(std::string_view pattern, std::string_view line) {
    return Pattern(pattern).find(line, lower_case(line));
}

// The capture's short form; empty where there is none.
std::string capture(std::string_view pattern, std::string_view line, std::string_view name) {
    const auto match = find(pattern, line);
    if (!match) return "no match";
    for (const auto& value : match->captures) {
        if (value.name == name) return brief(value);
    }
    return "no capture";
}

TEST(Pattern, IsFoundAnywhereWithoutRegardToCase) {
    EXPECT_TRUE(find("bad offset", "nd_pmem pfn0.1: Bad offset: 0x600000"));
    EXPECT_FALSE(find("bad offset", "nd_pmem pfn0.1: bad of set"));
}

TEST(Pattern, BeginsAndEndsAtWords) {
    EXPECT_FALSE(find("EBUSY", "NOTEBUSY"));
    EXPECT_FALSE(find("EBUSY", "EBUSYX"));
    EXPECT_TRUE(find("EBUSY", "(EBUSY)"));
}

TEST(Pattern, TakesTypedHoles) {
    EXPECT_EQ(capture("size {size:hexsize} is", "size 0x40002000 is", "size"), "1048584K");
    EXPECT_EQ(capture("size {size:hexsize} is", "size 40000000 is", "size"), "1G");
    EXPECT_EQ(capture("width: {ways:dec} and", "width: 6 and", "ways"), "6");
    EXPECT_EQ(capture("truncate {cut:bytes} bytes", "truncate 67108864 bytes", "cut"), "64M");
    EXPECT_EQ(capture("start {start:hex},", "start 0x1040000000, size", "start"), "0x1040000000");
    EXPECT_EQ(capture("memory [{range:range}]", "memory [0x0000002080000000-0x00000020ffffffff]", "range"),
              "0x2080000000-0x20ffffffff");
    EXPECT_EQ(capture("failed: {error:errno}", "failed: No such device or address", "error"), "ENXIO");
    EXPECT_EQ(capture("failed: {error:errno}", "failed: No such device", "error"), "ENODEV");
    EXPECT_EQ(capture("error {error:errno}", "error -95", "error"), "EOPNOTSUPP");
    EXPECT_EQ(capture("version {kernel:version}", "version 6.11.0-rc1+ (gcc)", "kernel"), "6.11.0-rc1+");
    EXPECT_EQ(capture("to {reason:rest}", "to memory holes", "reason"), "memory holes");
}

TEST(Pattern, ShrinksWordsBeforeWhatFollows) {
    EXPECT_EQ(capture("{device:dev}: failed to enable", "libndctl: pfn1.0: failed to enable", "device"), "pfn1.0");
    EXPECT_EQ(capture("'{mode:word}' mode", "for 'sector' mode", "mode"), "sector");
}

TEST(Pattern, RefusesNumbersOfAnotherKind) {
    EXPECT_FALSE(find("width: {ways:dec}", "width: six"));
    EXPECT_FALSE(find("start {start:hex},", "start 0xxyz,"));
    EXPECT_FALSE(find("x {range:range}", "x 0x4000-0x3000"));          // the end below the start
    EXPECT_FALSE(find("{device:dev}: gone", "304000000: gone"));       // an address is no device
    EXPECT_TRUE(find("{device:dev}: gone", "0000:00:03.0: gone"));
    EXPECT_FALSE(find("start {start:hex}", "start 11112222333344445555"));   // more than 64 bits
}

TEST(Pattern, WeighsWhatIsItsOwn) {
    const std::string_view line = "failed to create namespace: No space left on device";
    EXPECT_GT(find("failed to create namespace: No space left", line)->weight,
              find("No space left on device", line)->weight);
}

TEST(Pattern, IsInvalidWithUnknownHolesOrNothingElse) {
    EXPECT_FALSE(Pattern("{x:colour} of").valid());
    EXPECT_FALSE(Pattern("{x:dec}").valid());
    EXPECT_FALSE(Pattern("{x} of").valid());
    EXPECT_FALSE(Pattern("").valid());
    EXPECT_FALSE(find("{x:colour} of", "red of"));
}

TEST(Sizes, AreReadAsPeopleAndToolsWriteThem) {
    const auto bytes = [](std::string_view text) {
        const auto size = take_size(text);
        return size && size->length == text.size() ? std::optional(size->bytes) : std::nullopt;
    };
    EXPECT_EQ(bytes("100M"), 100 * kMiB);
    EXPECT_EQ(bytes("32g"), 32 * kGiB);
    EXPECT_EQ(bytes("64 MiB"), 64 * kMiB);
    EXPECT_EQ(bytes("2048K"), 2 * kMiB);
    EXPECT_EQ(bytes("541 GB"), 541000000000ULL);
    EXPECT_EQ(bytes("1.5 GiB"), 3 * kGiB / 2);
    EXPECT_EQ(bytes("0x40000000"), kGiB);
    EXPECT_EQ(bytes("4303355904"), 4303355904ULL);
    EXPECT_EQ(bytes("12 apples"), std::nullopt);
    EXPECT_EQ(bytes("99999999999999999999G"), std::nullopt);
    EXPECT_EQ(bytes("9999999999999P"), std::nullopt);
}

TEST(Sizes, KeepWhatWasRounded) {
    const auto match = find("truncated by {lost:size} due", "truncated by 1.94 GiB due");
    ASSERT_TRUE(match);
    EXPECT_EQ(to_string(match->captures.front()), "1.94 GiB");
    EXPECT_NEAR(static_cast<double>(match->captures.front().number), 1.94 * static_cast<double>(kGiB), 1e6);
}

}   // namespace
}   // namespace memhot::explaining
