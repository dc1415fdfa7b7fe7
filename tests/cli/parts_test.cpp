// SPDX-License-Identifier: GPL-2.0-or-later
//
// The parts of memhotctl from inside: arguments, wrapping, what-if hosts.
#include <gtest/gtest.h>

#include "arguments.hpp"
#include "client/layout.hpp"
#include "client/operations.hpp"
#include "client/what_if.hpp"
#include "output/table.hpp"
#include "output/text.hpp"

namespace memhotctl {
namespace {

memhot::Result<Arguments> parse(std::vector<const char*> words) {
    words.insert(words.begin(), "memhotctl");
    return parse_arguments(static_cast<int>(words.size()), words.data());
}

TEST(Arguments, GlobalsBeforeAndBehindTheVerb) {
    for (const auto& words :
         {std::vector{"--kernel", "6.12", "-J", "list", "-a"}, std::vector{"list", "-a", "--kernel", "6.12", "-J"},
          std::vector{"--json", "list", "--kernel=6.12", "--all"}}) {
        const auto arguments = parse(words);
        ASSERT_TRUE(arguments.ok());
        EXPECT_EQ(arguments->command->name, "list");
        EXPECT_EQ(arguments->value("kernel"), "6.12");
        EXPECT_TRUE(arguments->flag("json"));
        EXPECT_TRUE(arguments->flag("all"));
    }
}

TEST(Arguments, OperandsMayBeNamesOfVerbs) {
    const auto arguments = parse({"check", "map", "1-2", "list", "--verbose", "status"});
    ASSERT_TRUE(arguments.ok());
    EXPECT_EQ(arguments->operands, (std::vector<std::string>{"map", "1-2", "list", "status"}));
    EXPECT_TRUE(arguments->flag("verbose"));
}

TEST(Arguments, LastOfRepeatedOptionsCounts) {
    const auto arguments = parse({"--kernel", "6.1", "status", "--kernel", "6.12", "-J", "-J"});
    ASSERT_TRUE(arguments.ok());
    EXPECT_EQ(arguments->value("kernel"), "6.12");
}

TEST(Arguments, NegativeValueIsNoOption) {
    for (const auto& words :
         {std::vector{"check", "map", "1-2", "--shift", "-64M"}, std::vector{"check", "map", "1-2", "--shift=-64M"}}) {
        const auto arguments = parse(words);
        ASSERT_TRUE(arguments.ok()) << arguments.error().message();
        EXPECT_EQ(arguments->value("shift"), "-64M");
    }
}

TEST(Arguments, AHostHasAName) {
    for (const char* host : {"", "/etc/passwd", ":22"}) {
        const auto arguments = parse({"-H", host, "list"});
        ASSERT_FALSE(arguments.ok()) << host;
        EXPECT_NE(arguments.error().message().find("expected local, a host"), std::string::npos);
    }
    for (const char* host : {"local", "root@server:22", "server/guest", "[2001:db8::1]", "unix:path=/run/x"})
        EXPECT_TRUE(parse({"-H", host, "list"}).ok()) << host;
}

TEST(Arguments, AMistypedWordIsNamed) {
    const auto said = [](const std::vector<const char*>& words) {
        const auto arguments = parse(words);
        return arguments.ok() ? "" : arguments.error().message();
    };
    EXPECT_TRUE(said({"chekc", "map", "1+1"}).starts_with("unknown verb \"chekc\", expected one of status, "));
    EXPECT_TRUE(said({"check", "create-namspace", "-r", "region1"})
                    .starts_with("unknown option -r behind \"create-namspace\"; options of ndctl and daxctl go behind "
                                 "create-namespace, "))
        << said({"check", "create-namspace", "-r", "region1"});
    EXPECT_TRUE(said({"namespace", "craete", "-r", "region1"}).starts_with("unknown option -r behind \"craete\""));
    EXPECT_TRUE(said({"--frob", "list"}).starts_with("unknown option --frob"));
    EXPECT_EQ(said({"list", "foo"}), "list takes no \"foo\"; see memhotctl list --help");
}

TEST(Arguments, WithoutVerbIsStatus) {
    const auto arguments = parse({"-b"});
    ASSERT_TRUE(arguments.ok());
    EXPECT_EQ(arguments->command->name, "status");
    EXPECT_FALSE(arguments->verb_given);
}

TEST(Text, Wrap) {
    EXPECT_EQ(wrap("one two three", 7), (std::vector<std::string>{"one two", "three"}));
    EXPECT_EQ(wrap("abcdefghij", 4), (std::vector<std::string>{"abcd", "efgh", "ij"}));
    EXPECT_EQ(wrap("", 4), (std::vector<std::string>{""}));
    EXPECT_EQ(wrap("    abc def", 9), (std::vector<std::string>{"    abc", "def"}));
}

TEST(Text, PrintableKeepsOneLine) { EXPECT_EQ(printable("a\nb\x1b[31m\x7f"), "a\\x0ab\\x1b[31m\\x7f"); }

TEST(Text, NumberList) {
    EXPECT_EQ(number_list({}), "");
    EXPECT_EQ(number_list({5}), "5");
    EXPECT_EQ(number_list({0, 1, 2, 7, 9, 10}), "0-2,7,9-10");
}

TEST(Table, OfNoRowsIsNothing) { EXPECT_EQ(Table({{"A"}, {"B"}}).text({}, true), ""); }

TEST(Shift, Parse) {
    EXPECT_EQ(parse_shift("+64M")->bytes, 64 * memhot::kMiB);
    EXPECT_FALSE(parse_shift("64M"));   // up or down must be said
    EXPECT_TRUE(parse_shift("-2M")->down);
    for (const char* wrong : {"", "+", "-", "+-1", "far", "1X"}) EXPECT_FALSE(parse_shift(wrong).ok()) << wrong;
}

TEST(Shift, MovesLinesFromThereOn) {
    memhot::Snapshot host;
    host.memory_block_size = 128 * memhot::kMiB;
    host.iomem = "00000000-3fffffff : System RAM\n"
                 "40000000-ffffffff : CXL Window 0\n"
                 "  40000000-4fffffff : region0\n"
                 "  50000000-5fffffff : region1\n"
                 "100000000-1ffffffff : System RAM\n";
    host.blocks.emplace();
    host.blocks->push_back({32, "online", "Normal", true, 1});
    const auto moved = shift_tail(host, 0x50000000, {.down = false, .bytes = 64 * memhot::kMiB});
    ASSERT_TRUE(moved.ok());
    EXPECT_EQ(*moved->iomem, "00000000-3fffffff : System RAM\n"
                             "40000000-103ffffff : CXL Window 0\n"
                             "  40000000-4fffffff : region0\n"
                             "  54000000-63ffffff : region1\n"
                             "104000000-203ffffff : System RAM\n");
    EXPECT_FALSE(moved->blocks.has_value());
    EXPECT_EQ(moved->block_nodes, (std::map<std::uint64_t, int>{{32, 1}, {33, 1}}));   // its memory lies in both now
    EXPECT_FALSE(shift_tail(host, 0x50000000, {.down = false, .bytes = ~0ULL - 0x1000}).ok());
}

TEST(Altmap, IsInPages) {
    const auto altmap = parse_altmap("2M+32M", 4096);
    ASSERT_TRUE(altmap.ok());
    EXPECT_EQ(altmap->reserve_pages, 512U);
    EXPECT_EQ(altmap->free_pages, 8192U);
    EXPECT_FALSE(parse_altmap("4K+4K", 16384).ok());
}

TEST(Layout, InnermostOwnerButRamWhole) {
    const auto tree = memhot::ResourceTree::parse("00000000-3fffffff : System RAM\n"
                                                  "  01000000-01ffffff : Kernel code\n"
                                                  "40000000-4fffffff : Persistent Memory\n"
                                                  "  44000000-47ffffff : namespace0.0\n",
                                                  "x86_64");
    ASSERT_TRUE(tree.ok());
    const auto extents = flatten(*tree);
    ASSERT_EQ(extents.size(), 4U);
    EXPECT_EQ(extents[0].kind, OwnerKind::ram);
    EXPECT_EQ(extents[0].range, (memhot::Range{0, 0x3fffffff}));
    EXPECT_EQ(extents[1].name, "Persistent Memory");
    EXPECT_TRUE(extents[1].rest);
    EXPECT_EQ(extents[2].name, "namespace0.0");
    EXPECT_EQ(extents[3].range, (memhot::Range{0x48000000, 0x4fffffff}));
    // the rest of the region is nobody's: nothing is shared with sections of 128 MiB, all is with one of 2 GiB
    EXPECT_TRUE(shared_sections(extents, 128 * memhot::kMiB).empty());
    EXPECT_EQ(shared_sections(extents, 2 * memhot::kGiB).size(), 1U);
}

}   // namespace
}   // namespace memhotctl
