// SPDX-License-Identifier: GPL-2.0-or-later
//
// Which lines of udev rules are about memory blocks and dax devices, and which files count.
#include "host/udev_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/root.hpp"
#include "unit/host/nd_tree.hpp"

namespace memhot {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;

std::vector<UdevRuleRecord> rules_of(const test::NdTree& tree) {
    const auto root = host::Root::open(tree.root());
    EXPECT_TRUE(root.ok());
    auto rules = host::read_udev_rules(*root);
    EXPECT_TRUE(rules.ok());
    return rules.ok() ? *rules : std::vector<UdevRuleRecord>{};
}

TEST(UdevRules, AreThoseAboutMemoryAndDax) {
    test::NdTree tree;
    tree.file("usr/lib/udev/rules.d/50-some.rules", "# SUBSYSTEM==\"memory\" in a comment\n"
                                                    "SUBSYSTEM==\"block\", ATTR{state}==\"offline\"\n"
                                                    "SUBSYSTEM==\"memory\", ACTION==\"add\", \\\n"
                                                    "  ATTR{state}=\"online\"\n"
                                                    "SUBSYSTEM==\"dax\", RUN+=\"/usr/bin/daxctl\"\n");
    EXPECT_EQ(rules_of(tree),
              (std::vector<UdevRuleRecord>{
                  {"/usr/lib/udev/rules.d/50-some.rules", 3,
                   "SUBSYSTEM==\"memory\", ACTION==\"add\", ATTR{state}=\"online\""},
                  {"/usr/lib/udev/rules.d/50-some.rules", 5, "SUBSYSTEM==\"dax\", RUN+=\"/usr/bin/daxctl\""}}));
}

// As RHEL writes it: the line that onlines does not name the subsystem.
TEST(UdevRules, AreAlsoThoseBehindAGoto) {
    test::NdTree tree;
    tree.file("usr/lib/udev/rules.d/40-distribution.rules", "SUBSYSTEM!=\"memory\", GOTO=\"end\"\n"
                                                            "ENV{.state}=\"online\"\n"
                                                            "ATTR{state}==\"offline\", ATTR{state}=\"$env{.state}\"\n"
                                                            "LABEL=\"end\"\n");
    EXPECT_THAT(rules_of(tree), ElementsAre(Field(&UdevRuleRecord::line, 3U)));
}

TEST(UdevRules, OfMaskedFilesDoNotCount) {
    test::NdTree tree;
    tree.file("usr/lib/udev/rules.d/40-vm.rules", "SUBSYSTEM==\"memory\", ATTR{state}=\"online\"\n");
    tree.file("etc/udev/rules.d/40-vm.rules", "");
    EXPECT_THAT(rules_of(tree), IsEmpty());
}

}   // namespace
}   // namespace memhot
