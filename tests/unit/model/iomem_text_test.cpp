// SPDX-License-Identifier: GPL-2.0-or-later
//
// /proc/iomem as text: what kernels print is read and printed back to the letter, whatever PCI did to it; everything else is
// refused with line and reason.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "memhot/iomem.hpp"

namespace memhot {
namespace {

std::string error_of(std::string_view text) {
    const auto tree = ResourceTree::parse(text, "x86_64");
    return tree ? "none" : tree.error().message();
}

void expect_same(const std::string& text) {
    const auto tree = ResourceTree::parse(text, "x86_64");
    ASSERT_TRUE(tree) << tree.error().message() << "\n" << text;
    EXPECT_EQ(tree->print(), text);
}

TEST(IomemText, is_printed_as_it_was_read) {
    expect_same("00000000-00000fff : Reserved\n00001000-0009ffff : System RAM\n  00010000-00010fff : Kernel code\n");
    expect_same("100000000-ffffffffffffffff : wide\n");
    expect_same("00000000-00000fff : a : b\n00001000-00001fff :  two spaces\n00002000-00002fff : \xff\x01\t\n");
    expect_same("00000000-00000fff : \n00001000-00001fff : after an empty name\n");
}

TEST(IomemText, is_refused_with_line_and_reason) {
    EXPECT_EQ(error_of(""), "empty: at least one line START-END : NAME expected");
    EXPECT_EQ(error_of("00000000-00000fff : a\nnonsense\n"),
              "line 2: START-END : NAME with hexadecimal addresses of at most 64 bits expected: \"nonsense\"");
    EXPECT_EQ(error_of("00000000-00000fff : a\n\n"),
              "line 2: START-END : NAME with hexadecimal addresses of at most 64 bits expected: \"\"");
    EXPECT_EQ(error_of("00000000-1ffffffffffffffff : a\n"),
              "line 1: START-END : NAME with hexadecimal addresses of at most "
              "64 bits expected: \"00000000-1ffffffffffffffff : a\"");
    EXPECT_EQ(error_of("00002000-00001fff : a\n"),
              "line 1: the range ends before it starts: \"00002000-00001fff : a\"");
    EXPECT_EQ(error_of("  00000000-00000fff : a\n"),
              "line 1: indented deeper than the line above allows: \"  00000000-00000fff : a\"");
    EXPECT_EQ(error_of("00000000-0000ffff : a\n   00000000-00000fff : b\n"),
              "line 2: indented by an even number of spaces, at most 16, expected: \"   00000000-00000fff : b\"");
    EXPECT_EQ(error_of("00000000-00000fff : a\n  00001000-00001fff : b\n"),
              "line 2: not inside the range it is indented under: \"  00001000-00001fff : b\"");
    EXPECT_EQ(error_of("00001000-00001fff : System RAM\n00000000-00001fff : b\n"),
              "line 2: overlaps or precedes the range above it: \"00000000-00001fff : b\"");
    EXPECT_EQ(error_of("00000000-00000fff : a\n00001000-00001fff : two\x01\n\x02nonsense"),
              "line 3: START-END : NAME with hexadecimal addresses of at most 64 bits expected: \"\\x02nonsense\"");
    EXPECT_EQ(error_of("00000000-00000fff : " + std::string(5000, 'x')).substr(0, 45),
              "line 1: a name of at most 4096 bytes expected");
}

TEST(IomemText, of_an_unprivileged_reader_is_refused_by_name) {
    const auto tree = ResourceTree::parse("00000000-00000000 : Reserved\n  00000000-00000000 : x\n", "x86_64");
    ASSERT_FALSE(tree);
    EXPECT_EQ(tree.error().kind(), ErrorKind::not_permitted);
}

// Five levels until 6.13, eight since; what lies deeper is printed at the last of them.
TEST(IomemText, levels) {
    std::string five;
    for (unsigned depth = 0; depth < 8; ++depth) {
        five += std::string(2 * std::min(depth, 5U), ' ') +
                fmt::format("00000000-{:08x} : level {}\n", 0xffff - depth, depth);
    }
    expect_same(five);
    std::string eight;
    for (unsigned depth = 0; depth < 10; ++depth) {
        eight += std::string(2 * std::min(depth, 8U), ' ') +
                 fmt::format("00000000-{:08x} : level {}\n", 0xffff - depth, depth);
    }
    expect_same(eight);
}

// Since 5.15 windows of a host bridge that touch are made one, in place: the others stay in the tree with zeros, and the
// one that grew may reach into its neighbour (7c3855c423b1).
const std::string kMerged = "000c0000-000fffff : Reserved\n"
                            "  000c0000-000c7fff : Video ROM\n"
                            "    00000000-00000000 : PCI Bus 0000:00\n"
                            "  000c4000-000cbfff : PCI Bus 0000:00\n"
                            "  00000000-00000000 : PCI Bus 0000:00\n"
                            "  000d4000-000dbfff : PCI Bus 0000:00\n"
                            "  000f0000-000fffff : System ROM\n"
                            "00100000-3fffffff : System RAM\n"
                            "00000000-00000000 : PCI Bus 0000:00\n"
                            "c0000000-efffffff : PCI Bus 0000:00\n";

TEST(IomemText, merged_windows_of_a_host_bridge) {
    expect_same(kMerged);
    auto tree = *ResourceTree::parse(kMerged, "x86_64");
    // what is behind a zeroed window is found all the same
    EXPECT_EQ(tree.request_conflict(0xc0000000, 0x1000), nullptr);
    EXPECT_NE(tree.request_conflict(0xbffff000, 0x2000), nullptr);
    EXPECT_EQ(tree.intersects_ram({0x3ffff000, 0x3fffffff}, true), RamIntersection::intersects);
    EXPECT_EQ(tree.intersects_ram({0x40000000, 0xefffffff}, true), RamIntersection::disjoint);
    ASSERT_TRUE(tree.request(0x40000000, 0x1000, "new", false));
    EXPECT_TRUE(tree.has_claim(0x40000000, 0x1000));
    std::string expected = kMerged;
    expected.insert(expected.find("c0000000-efffffff"),
                    "40000000-40000fff : new\n");   // before the first that starts behind it
    EXPECT_EQ(tree.print(), expected);
    EXPECT_TRUE(tree.release(0x40000000, 0x1000));
    EXPECT_EQ(tree.print(), kMerged);
}

// powernv moves windows of bridges after they were put into the tree.
TEST(IomemText, moved_windows_of_bridges) {
    const std::string moved = "6200000000000-6203fbfffffff : pciex@620c3c0000000\n"
                              "  6200000000000-6203fbff0ffff : PCI Bus 0030:01\n"
                              "    6200020000000-62000207fffff : 0030:01:00.0\n"
                              "    6200000000000-6203fbff0ffff : PCI Bus 0030:02\n"
                              "      6200400000000-62007ffffffff : PCI Bus 0030:03\n";
    expect_same(moved);
}

TEST(IomemText, only_windows_may_overlap) {
    EXPECT_NE(error_of("00000000-0fffffff : System RAM\n08000000-1fffffff : System RAM\n"), "none");
    EXPECT_NE(error_of("00000000-0fffffff : PCI Bus 0000:00\n08000000-1fffffff : System RAM\n"), "none");
    EXPECT_NE(error_of("10000000-1fffffff : a\n00000000-0fffffff : b\n"), "none");
}

// --- other people's dumps ----------------------------------------------------------------------------------------------

// What is wrong with a dump that is not the kernel's own text; the beginning of the reason decides.
constexpr std::array kMangled{
    "indented deeper",   // an excerpt, or quoted
    "indented by an even number",   // reflowed
    "not inside",   // lost its indentation
    "overlaps or precedes",   // two dumps in one
    "the range ends before",   // typed by hand
    "START-END : NAME",   // tabs before it, or remarks
};

TEST(IomemCorpus, every_dump_is_read_or_refused_with_line_and_reason) {
    const char* corpus = std::getenv("MEMHOT_CORPUS");
    if (corpus == nullptr) GTEST_SKIP() << "MEMHOT_CORPUS names no directory with iomem/*.iomem";
    const std::string directory = std::string(corpus) + "/iomem";
    std::size_t dumps = 0;
    std::size_t same = 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        if (entry.path().extension() != ".iomem") continue;
        ++dumps;
        std::ifstream in(entry.path(), std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(in), {}};
        const auto tree = ResourceTree::parse(text, "x86_64");
        if (tree) {
            EXPECT_EQ(tree->print(), text) << entry.path();
            ++same;
            continue;
        }
        const std::string message = tree.error().message();
        std::printf("%s: %s\n", entry.path().filename().c_str(), message.c_str());
        if (tree.error().kind() == ErrorKind::not_permitted) continue;
        EXPECT_TRUE(message.starts_with("line ")) << message;
        const std::string reason = message.substr(message.find(": ") + 2);
        EXPECT_TRUE(std::ranges::any_of(kMangled, [&](const char* begin) { return reason.starts_with(begin); }))
            << message;
    }
    EXPECT_GT(dumps, 0U) << directory << " holds no *.iomem";
    std::printf("%zu dumps, %zu read and printed back to the letter\n", dumps, same);
}

}   // namespace
}   // namespace memhot
