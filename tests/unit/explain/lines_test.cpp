// SPDX-License-Identifier: GPL-2.0-or-later
#include "explain/lines.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace memhot::explaining {
namespace {

std::string only(std::string_view text) {
    const auto lines = read_lines(text);
    return lines.size() == 1 ? lines.front().text : "not one line";
}

TEST(Lines, LoseTheirTimeStamps) {
    constexpr std::string_view kText = "kmem dax1.0: probe failed";
    for (const std::string_view stamp :
         {"[  289.561524] ", "[   32.074412][  T294] ", "[ ] ", "[] ", "<4>[    5.3] ", "Aug 19 17:59:09  kernel: ",
          "kernel: ", "Dec 17 10:21:59 host kernel: [   24.598310][  T543] ", "> [ 1.0] ", "  "}) {
        EXPECT_EQ(only(std::string(stamp) + std::string(kText)), kText) << stamp;
    }
}

TEST(Lines, KeepBracketsThatAreNoStamp) {
    EXPECT_EQ(only("[240000000 340000000] is outside linear mapping region"),
              "[240000000 340000000] is outside linear mapping region");
    EXPECT_EQ(only("[mem 0x1-0x2] misaligned"), "[mem 0x1-0x2] misaligned");
}

TEST(Lines, LoseHtmlColoursAndOddBlanks) {
    EXPECT_EQ(only("start &lt;0x1000&gt; &amp; &quot;end&quot;&nbsp;x"), "start <0x1000> & \"end\" x");
    EXPECT_EQ(only("\x1b[31mError:\x1b[0m\tbusy\r"), "Error: busy");
    EXPECT_EQ(only("a\xc2\xa0\xe2\x80\x9cq\xe2\x80\x9d 1\xe2\x80\x93"
                   "2"),
              "a \"q\" 1-2");
}

TEST(Lines, SurviveAnyBytes) {
    const std::string garbage("\x00\xff\xfe\x1b[\x1b[9999999 \xe2\x80", 18);
    EXPECT_EQ(read_lines(garbage).size(), 1U);
    EXPECT_TRUE(read_lines("").empty());
    EXPECT_EQ(read_lines("a\n\nb").size(), 3U);
    EXPECT_LE(read_lines(std::string(1 << 20, 'x')).front().text.size(), 4096U);
}

TEST(Lines, KnowWhetherTheyAreStamped) {
    EXPECT_TRUE(read_lines("[  1.5] x").front().stamped);
    EXPECT_FALSE(read_lines("x").front().stamped);
}

}   // namespace
}   // namespace memhot::explaining
