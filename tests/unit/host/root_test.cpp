// SPDX-License-Identifier: GPL-2.0-or-later
//
// Files below a root directory: what is absent, what is an error, and that nothing outside is reached.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "host/root.hpp"
#include "support/host_tree.hpp"

namespace memhot::host {
namespace {

using test::HostTree;
using testing::HasSubstr;

Root open(const HostTree& tree) { return std::move(Root::open(tree.root())).value(); }

TEST(Root, ReadsAWholeFileAndAWord) {
    const HostTree tree;
    tree.file("proc/a", std::string(100000, 'x'));
    tree.file("sys/b", " online \n");
    const Root root = open(tree);
    EXPECT_EQ(root.read("proc/a", 100000)->size(), 100000U);
    EXPECT_EQ(*root.read_word("sys/b"), "online");
    EXPECT_EQ(root.shown("sys/b"), tree.root() + "/sys/b");
}

TEST(Root, AMissingFileIsAbsentOrAnError) {
    const HostTree tree;
    const Root root = open(tree);
    EXPECT_EQ(root.read("proc/a").error().kind(), ErrorKind::not_found);
    EXPECT_THAT(root.read("proc/a").error().message(), HasSubstr(tree.root() + "/proc/a: No such file"));
    EXPECT_EQ(*root.find_word("proc/a"), std::nullopt);
    EXPECT_EQ(*root.list("proc"), std::nullopt);
    EXPECT_FALSE(*root.exists("proc/a"));
}

TEST(Root, RefusesWhatNoAttributeIs) {
    const HostTree tree;
    tree.file("empty", "");
    tree.file("blank", " \n");
    tree.file("two", "a\nb\n");
    tree.file("garbage", "\xff\x01");
    tree.file("huge", std::string(kAttributeLimit + 1, 'x'));
    tree.directory("dir");
    ASSERT_EQ(::mkfifo(tree.path("fifo").c_str(), 0644), 0);
    const Root root = open(tree);
    EXPECT_THAT(root.read_word("empty").error().message(), HasSubstr("/empty: empty, expected a value"));
    EXPECT_THAT(root.read_word("blank").error().message(), HasSubstr("expected a value"));
    EXPECT_THAT(root.read_word("two").error().message(), HasSubstr("expected one line of text"));
    EXPECT_THAT(root.read_word("garbage").error().message(), HasSubstr("\"\\xff\\x01\", expected one line"));
    EXPECT_THAT(root.read_word("huge").error().message(), HasSubstr("/huge: longer than the 65536 bytes"));
    EXPECT_THAT(root.read_word("dir").error().message(), HasSubstr("/dir: Is a directory"));
    EXPECT_THAT(root.read_word("fifo").error().message(), HasSubstr("expected a value"));   // and does not wait
}

TEST(Root, AFileInPlaceOfADirectoryIsAnError) {
    const HostTree tree;
    tree.file("sys", "x");
    const Root root = open(tree);
    EXPECT_EQ(root.list("sys").error().kind(), ErrorKind::io);
    EXPECT_THAT(root.read("sys/b").error().message(), HasSubstr("Not a directory"));
}

TEST(Root, AnUnreadableFileIsNotPermitted) {
    const HostTree tree;
    tree.file("proc/a", "x");
    ASSERT_EQ(::chmod(tree.path("proc/a").c_str(), 0), 0);
    const Root root = open(tree);
    const test::Unprivileged unprivileged;
    const auto text = root.find_word("proc/a");
    ASSERT_FALSE(text.ok());
    EXPECT_EQ(text.error().kind(), ErrorKind::not_permitted);
    EXPECT_THAT(text.error().message(), HasSubstr("/proc/a: Permission denied"));
}

TEST(Root, LinksDoNotLeaveIt) {
    const HostTree outside;
    outside.file("secret", "secret");
    const HostTree tree;
    tree.file("inside", "inside");
    tree.link("absolute", outside.path("secret"));
    tree.link("relative", "../../../../../../../../../.." + outside.path("secret"));
    tree.link("home", "/inside");
    tree.link("loop", "loop");
    const Root root = open(tree);
    EXPECT_EQ(root.read("absolute").error().kind(), ErrorKind::not_found);
    EXPECT_EQ(root.read("relative").error().kind(), ErrorKind::not_found);
    EXPECT_EQ(*root.read("home"), "inside");
    EXPECT_EQ(root.read("loop").error().kind(), ErrorKind::io);
}

TEST(Root, NamesWhatIsNoDirectory) {
    const HostTree tree;
    tree.file("file", "x");
    EXPECT_THAT(Root::open(tree.path("file")).error().message(), HasSubstr("expected a directory with proc and sys"));
    EXPECT_EQ(Root::open(tree.path("none")).error().kind(), ErrorKind::not_found);
    EXPECT_FALSE(Root::open("").ok());
    EXPECT_TRUE(std::move(Root::open("///")).value().is_this_host());
    EXPECT_EQ(std::move(Root::open("/")).value().shown("proc/iomem"), "/proc/iomem");
}

}   // namespace
}   // namespace memhot::host
