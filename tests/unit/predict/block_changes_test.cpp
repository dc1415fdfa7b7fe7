// SPDX-License-Identifier: GPL-2.0-or-later
//
// What is told of memory blocks after an operation: the values are those of sysfs on Debian's 6.1.192 in
// tests/vm/scenarios/dimm, where a DIMM of 256 MiB is plugged at 4 GiB into a machine with 1 GiB.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "memhot/verdict.hpp"
#include "unit/model/host.hpp"

namespace memhot {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t kDimm = 0x100000000;
constexpr std::uint64_t kDimmSize = 0x10000000;

Model machine() { return test::boot({.iomem = "00100000-3ffdefff : System RAM\n", .kernel = "6.1.192"}); }

// "memory32: state offline, valid_zones Normal Movable, node 0" of each.
std::vector<std::string> after(Model& model, const Operation& operation) {
    EXPECT_TRUE(test::run(model, operation).outcome.accepted());
    std::vector<std::string> out;
    for (const auto& change : block_changes(model, operation)) {
        std::string text = change.device + ":";
        for (const auto& value : change.values) text += " " + value.name + " " + brief(value);
        out.push_back(text);
    }
    return out;
}

TEST(BlockChanges, of_a_dimm_are_told_in_one_where_they_are_the_same) {
    Model model = machine();
    EXPECT_THAT(after(model, op::Add{.start = kDimm, .size = kDimmSize}),
                ElementsAre("memory32-memory33: state offline valid_zones Normal Movable node 0"));
}

TEST(BlockChanges, name_the_zone_that_a_block_goes_to) {
    Model model = machine();
    after(model, op::Add{.start = kDimm, .size = kDimmSize});
    EXPECT_THAT(after(model, op::SetState{33, "online_movable"}),
                ElementsAre("memory33: state online valid_zones Movable node 0"));
    EXPECT_THAT(after(model, op::SetState{32, "online_kernel"}),
                ElementsAre("memory32: state online valid_zones Normal node 0"));
}

TEST(BlockChanges, tell_those_apart_that_differ) {
    Model model = machine();
    after(model, op::Add{.start = kDimm, .size = kDimmSize});
    after(model, op::SetState{33, "online_movable"});
    const auto both = block_changes(model, op::Add{.start = kDimm, .size = kDimmSize});
    ASSERT_EQ(both.size(), 2U);
    EXPECT_EQ(both[0].device, "memory32");
    EXPECT_EQ(both[1].device, "memory33");
}

TEST(BlockChanges, say_what_is_gone) {
    Model model = machine();
    after(model, op::Add{.start = kDimm, .size = kDimmSize});
    EXPECT_THAT(after(model, op::Remove{kDimm, kDimmSize}), ElementsAre("memory32-memory33: state gone"));
}

TEST(BlockChanges, are_none_of_what_is_not_about_blocks) {
    Model model = machine();
    EXPECT_THAT(after(model, op::Claim{kDimm, kDimmSize, "x"}), IsEmpty());
    EXPECT_THAT(block_changes(model, op::Remove{kDimm, 0}), IsEmpty());
}

}   // namespace
}   // namespace memhot
