// SPDX-License-Identifier: GPL-2.0-or-later
//
// kernel/resource.c: what may be claimed, and what a release finds.
#include <cerrno>

#include "unit/model/host.hpp"

namespace memhot {
namespace {

using test::expect;
using test::Host;
using test::Log;

const Host kHost{.iomem = "00001000-0009ffff : System RAM\n"
                          "00100000-3fffffff : System RAM\n"
                          "  01000000-01ffffff : Kernel code\n"
                          "40000000-7fffffff : Persistent Memory\n"
                          "  40000000-43ffffff : namespace0.0\n"};

TEST(Rule, claim_accepted) {
    Model model = test::boot(kHost);
    expect(model, op::Claim{0x100000000, 0x1000, "free"}, RuleId::claim_accepted, 0);
    expect(model, op::Claim{0x44000000, 0x1000, "nested"}, RuleId::claim_accepted, 0);
    EXPECT_EQ(model.resources().print(), kHost.iomem + "  44000000-44000fff : nested\n"
                                                       "100000000-100000fff : free\n");
}

TEST(Rule, claim_conflict) {
    Model model = test::boot(kHost);
    const std::string before = test::picture(model);
    const auto refused = [&](std::uint64_t start, std::uint64_t size) {
        const auto answer = expect(model, op::Claim{start, size, "x"}, RuleId::claim_conflict, EBUSY);
        EXPECT_EQ(answer.log, Log{});
        return answer.outcome.at;
    };
    EXPECT_EQ(refused(0x20000000, 0x1000), 0x00100000U);   // inside busy RAM
    EXPECT_EQ(refused(0x41000000, 0x1000), 0x40000000U);   // inside a busy namespace
    EXPECT_EQ(refused(0x3ffff000, 0x2000), 0x00100000U);   // across the end of RAM
    EXPECT_EQ(refused(0x7ffff000, 0x2000), 0x40000000U);   // not busy, but not holding all of it
    EXPECT_EQ(refused(0x80000000, 0), 0U);                 // end before start: outside everything
    EXPECT_EQ(refused(~0ULL - 0xfff, 0x2000), 0U);         // wraps
    EXPECT_EQ(test::picture(model), before);
}

// __request_region() names the resource that was placed there, and where (2794129e902d).
TEST(Rule, claim_conflict_with_device_private_memory_is_logged) {
    Model model = test::boot({.iomem = kHost.iomem + "100000000-107ffffff : hmm_dmirror\n"});
    const auto answer = expect(model, op::Claim{0x104000000, 0x200000, "pmem"}, RuleId::claim_conflict, EBUSY);
    EXPECT_EQ(answer.log, Log{"resource: Unaddressable device hmm_dmirror [mem 0x100000000-0x107ffffff] conflicts with "
                              "[mem 0x104000000-0x1041fffff]"});
}

TEST(Rule, release_accepted) {
    Model model = test::boot(kHost);
    const std::string before = test::picture(model);
    test::run(model, op::Claim{0x44000000, 0x1000, "mine"});
    const auto answer = expect(model, op::Release{0x44000000, 0x1000}, RuleId::release_accepted, 0);
    EXPECT_EQ(answer.log, Log{});
    EXPECT_EQ(test::picture(model), before);
}

TEST(Rule, release_accepted_takes_what_is_below) {
    Model model = test::boot(kHost);
    test::run(model, op::Release{0x00100000, 0x3ff00000});
    EXPECT_EQ(model.resources().print().find("Kernel code"), std::string::npos);
}

TEST(Rule, release_nonexistent) {
    const std::string kOld = "Trying to free nonexistent resource <0000000044000000-0000000044000fff>";
    const std::string kNew = "resource: Trying to free nonexistent resource <0x0000000044000000-0x0000000044000fff>";
    for (const auto& [kernel, line] : {std::pair{"5.10", kOld}, std::pair{"6.1.190", kNew}, std::pair{"7.2", kNew}}) {
        Model model = test::boot({.iomem = kHost.iomem, .kernel = kernel});
        const std::string before = test::picture(model);
        const auto answer = expect(model, op::Release{0x44000000, 0x1000}, RuleId::release_nonexistent, 0);
        EXPECT_EQ(answer.log, Log{line}) << kernel;
        EXPECT_EQ(test::picture(model), before);
    }
}

// Only an exact match goes: neither a part of a claim nor more than it.
TEST(Rule, release_nonexistent_where_the_range_is_not_exact) {
    Model model = test::boot(kHost);
    expect(model, op::Release{0x40000000, 0x1000}, RuleId::release_nonexistent, 0);
    expect(model, op::Release{0x40000000, 0x40000000}, RuleId::release_nonexistent, 0);
    EXPECT_EQ(model.resources().print(), kHost.iomem);
}

}   // namespace
}   // namespace memhot
