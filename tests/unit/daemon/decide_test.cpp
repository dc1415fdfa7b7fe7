// SPDX-License-Identifier: GPL-2.0-or-later
//
// Which policy decides about what, and when nothing is done.
#include "policy/decide.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "execute/clock.hpp"
#include "execute/target.hpp"
#include "unit/daemon/policies.hpp"

namespace memhot::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// --- decisions -----------------------------------------------------------------------------------------------------

// Blocks 80-83 of that host are online, 84-87 offline.
class Deciding : public testing::Test {
protected:
    Snapshot snapshot = host_of("dimm");
    Policies policies;

    Decision decide_block(std::uint64_t number, const std::vector<std::string>& texts,
                          const DecideOptions& options = {}) {
        policies = policies_of(texts);
        const Host host(snapshot);
        return decide(policies, block_subject(host, number), host, options);
    }
};

TEST_F(Deciding, WithoutPoliciesNothingIsTouched) {
    for (const std::uint64_t number : {0U, 80U, 84U}) {
        const auto decision = decide_block(number, {});
        EXPECT_EQ(decision.action, Action::nothing);
        EXPECT_FALSE(decision.wish.has_value());
        EXPECT_EQ(decision.text, "left alone: there are no policies");
    }
}

TEST_F(Deciding, TheFirstThatMatchesDecides) {
    const auto decision = decide_block(84, {"[Match]\nNode=0\n[Online]\nZone=kernel\n",
                                            for_all("\nZone=movable\nRatio=200\n"), for_all("Zone=kernel\n")});
    EXPECT_EQ(decision.action, Action::online);
    EXPECT_EQ(to_string(decision.place), "/p/02.policy:5");
    EXPECT_EQ(decision.wish, (Wish{PlanVerb::online, {"memory84"}, {}, WantedZone::movable, 200}));
    ASSERT_THAT(decision.not_matched, SizeIs(1));
    EXPECT_EQ(to_string(decision.not_matched[0].place), "/p/01.policy:2");
    EXPECT_EQ(decision.not_matched[0].why, "Node=0, and memory84 is on node 1");
    EXPECT_EQ(decision.not_asked, 1U);
}

TEST_F(Deciding, UnitsFollowABlockThatGoesOnline) {
    const auto policy = for_all("PostOnlineUnit=kdump-reload.service\nPostOnlineUnit=a@b.service\n");
    EXPECT_THAT(decide_block(84, {policy}).post_units, ElementsAre("kdump-reload.service", "a@b.service"));
    EXPECT_THAT(decide_block(80, {policy}).post_units, IsEmpty());   // online already
}

// auto_online_blocks took them online: nothing is to be done, and the units of the policy are started all the same.
TEST_F(Deciding, OnlineAsWantedIsToldFromOnlineElsewhereAndLeftAlone) {
    snapshot.blocks->at(0).valid_zones = "Movable";
    const auto number = snapshot.blocks->at(0).number;
    const auto as_wanted = [&](std::uint64_t block, const std::vector<std::string>& texts) {
        const auto decision = decide_block(block, texts);
        return is_online_as_wanted(decision, block_subject(Host(snapshot), block));
    };
    EXPECT_TRUE(as_wanted(number, {for_all("Zone=movable\n")}));
    EXPECT_TRUE(as_wanted(number, {for_all("")}));
    EXPECT_FALSE(as_wanted(number, {for_all("Zone=kernel\n")}));
    EXPECT_FALSE(as_wanted(number, {for_all("LeaveAlone=yes\n")}));
    EXPECT_FALSE(as_wanted(number, {}));
    EXPECT_FALSE(as_wanted(84, {for_all("")})) << "offline";
    EXPECT_FALSE(as_wanted(number, {"[Match]\nSource=acpi\n[Online]\nZone=movable\n"}));
    EXPECT_FALSE(as_wanted(number, {"[Match]\nDevice=*\n[Namespace]\nReconfigure=devdax\n"}));
}

TEST_F(Deciding, AFirstThatLeavesAloneWins) {
    for (const char* first :
         {"[Match]\nNode=1\n[Online]\nLeaveAlone=yes\n", "[Match]\nNode=1\n[Namespace]\nReconfigure=devdax\n"}) {
        const auto decision = decide_block(84, {first, for_all("Zone=movable\n")});
        EXPECT_EQ(decision.action, Action::nothing) << first;
        EXPECT_EQ(decision.policy, policies.data());
        EXPECT_FALSE(decision.wish.has_value());
    }
}

TEST_F(Deciding, DoubtEndsTheSearch) {
    const auto decision =
        decide_block(84, {"[Match]\nSource=acpi\n[Online]\nLeaveAlone=yes\n", for_all("Zone=movable\n")});
    EXPECT_EQ(decision.action, Action::uncertain);
    EXPECT_EQ(to_string(decision.place), "/p/01.policy:2");
    EXPECT_THAT(decision.text, HasSubstr("the file probe have the same name"));
    EXPECT_FALSE(decision.wish.has_value());
}

TEST_F(Deciding, OnlineBlocksStay) {
    EXPECT_EQ(decide_block(80, {for_all("")}).text, "online already");
    snapshot.blocks->at(0).valid_zones = "Movable";
    const auto number = snapshot.blocks->at(0).number;
    const auto decision = decide_block(number, {for_all("Zone=kernel\n")});
    EXPECT_EQ(decision.action, Action::nothing);
    EXPECT_EQ(decision.text, "online already, in zone Movable: only offline memory changes its zone");
    EXPECT_EQ(decide_block(number, {for_all("Zone=movable\n")}).text, "online already");
}

// The 1G that came at once are blocks 80-87.
TEST_F(Deciding, WaitsForTheWholeDevice) {
    const std::string waits = for_all("Zone=movable\nWaitForWholeDevice=yes\n");
    EXPECT_EQ(decide_block(84, {waits}).action, Action::online);
    snapshot.blocks->pop_back();
    const auto decision = decide_block(84, {waits});
    EXPECT_EQ(decision.action, Action::wait);
    EXPECT_EQ(decision.text, "waits for the whole device: 7 of 8 blocks of 280000000-2bfffffff are there");
    EXPECT_FALSE(decision.wish.has_value());
}

// Counting is per device, not per block: 64 Ki offline blocks that wait for one more took minutes when it was not.
TEST_F(Deciding, WaitingCostsNothingPerBlock) {
    const std::uint64_t first = 0x280000000 >> 27;
    std::erase_if(*snapshot.blocks, [&](const auto& block) { return block.number >= first; });
    for (std::uint64_t i = 0; i < 65536; ++i) snapshot.blocks->push_back({first + i, "offline", "Movable", true, 1});
    auto& iomem = *snapshot.iomem;
    const std::string line = "280000000-2bfffffff";
    iomem.replace(iomem.find(line), line.size(), to_string(*Range::from_size(0x280000000, 65537ULL << 27)));
    policies = policies_of({for_all("Zone=movable\nWaitForWholeDevice=yes\n")});
    const Host host(snapshot);
    for (std::uint64_t i = 0; i < 65536; ++i) {
        const auto decision = decide(policies, block_subject(host, first + i), host);
        ASSERT_EQ(decision.action, Action::wait);
        ASSERT_THAT(decision.text, HasSubstr("65536 of 65537 blocks of"));
    }
}

TEST_F(Deciding, StandsDownWhereAUdevRuleWrites) {
    snapshot.udev_rules.push_back(
        {"/usr/lib/udev/rules.d/40-vm.rules", 3, R"(SUBSYSTEM=="memory", ACTION=="add", ATTR{state}="online")"});
    const auto decision = decide_block(84, {for_all("Zone=movable\n")});
    EXPECT_EQ(decision.action, Action::stand_down);
    EXPECT_THAT(decision.owners, ElementsAre("/usr/lib/udev/rules.d/40-vm.rules:3"));
    EXPECT_FALSE(decision.wish.has_value());
    const auto told = decide_block(84, {for_all("Zone=movable\n")}, {.override_owners = true});
    EXPECT_EQ(told.action, Action::online);
    EXPECT_THAT(told.owners, SizeIs(1));
    // what is left alone needs nobody to stand down
    EXPECT_EQ(decide_block(84, {for_all("LeaveAlone=yes\n")}).action, Action::nothing);
}

// --- devices -------------------------------------------------------------------------------------------------------

Decision decide_dax(const Snapshot& snapshot, const Policies& policies, const char* name,
                    const DecideOptions& options = {}) {
    const Host host(snapshot);
    return decide(policies, dax_subject(host, *host.nd.dax_device(name)), host, options);
}

std::string reconfigures(const std::string& name, const std::string& rest) {
    return "[Match]\nDevice=" + name + "\n[Namespace]\nReconfigure=" + rest;
}

TEST(PolicyDevices, DataAreKeptUnlessThePolicyGivesThemUp) {
    const auto snapshot = host_of("nvdimm");
    const auto keeps = policies_of({reconfigures("dax0.0", "system-ram\n")});
    const auto kept = decide_dax(snapshot, keeps, "dax0.0");
    EXPECT_EQ(kept.action, Action::nothing);
    EXPECT_THAT(kept.text, HasSubstr("would destroy all data of dax0.0"));
    EXPECT_FALSE(kept.wish.has_value());
    const auto gives = policies_of({reconfigures("dax0.0", "system-ram\nDestroyData=yes\n")});
    const auto given = decide_dax(snapshot, gives, "dax0.0");
    EXPECT_EQ(given.action, Action::reconfigure);
    EXPECT_EQ(to_string(given.place), "/p/01.policy:4");
    ASSERT_TRUE(given.wish.has_value());
    EXPECT_EQ(to_string(*given.wish), "dax reconfigure dax0.0 --mode=system-ram --no-online");
}

TEST(PolicyDevices, WhatIsSoAlreadyOrOfAnotherKindIsLeft) {
    const auto snapshot = host_of("nvdimm");
    const auto policies = policies_of({reconfigures("dax*", "system-ram\nDestroyData=yes\n"),
                                       reconfigures("namespace*", "system-ram\nDestroyData=yes\n")});
    EXPECT_EQ(decide_dax(snapshot, policies, "dax0.1").text, "system-ram already");   // kmem drives it
    const Host host(snapshot);
    const auto ns = decide(policies, namespace_subject(host, *host.nd.find_namespace("namespace0.3")), host);
    EXPECT_EQ(ns.text, "left alone: system-ram is no mode of a namespace");
}

Decision decide_namespace(const Snapshot& snapshot, const Policies& policies, const std::string& name) {
    const Host host(snapshot);
    return decide(policies, namespace_subject(host, *host.nd.find_namespace(name)), host);
}

Policies destroying(const std::string& name, std::string_view mode) {
    return policies_of({reconfigures(name, std::string(mode) + "\nDestroyData=yes\n")});
}

// What ndctl list calls them there: namespace0.0-0.2 are claimed by dax instances, 0.3 by a btt, 0.4 has its disk alone,
// and namespace2.0 is a legacy range with its pages in RAM, which ndctl calls fsdax (ndctl_namespace_get_mode()).
TEST(PolicyDevices, ANamespaceThatIsSoAlreadyIsLeft) {
    const auto snapshot = host_of("nvdimm");
    constexpr std::pair<const char*, const char*> kModes[] = {{"namespace0.0", "devdax"}, {"namespace0.1", "devdax"},
                                                              {"namespace0.2", "devdax"}, {"namespace0.3", "sector"},
                                                              {"namespace0.4", "raw"},    {"namespace2.0", "fsdax"}};
    for (const auto& [name, mode] : kModes) {
        const auto policies = destroying(name, mode);
        const auto decision = decide_namespace(snapshot, policies, name);
        EXPECT_EQ(decision.action, Action::nothing) << name;
        EXPECT_TRUE(decision.already) << name;
        EXPECT_EQ(decision.text, std::string(mode) + " already");
        EXPECT_FALSE(decision.wish.has_value()) << name;
    }
}

// One that failed to come up, or was switched off, is destroyed by no policy that wants what it is.
TEST(PolicyDevices, AnIdleNamespaceIsWhatItsLabelOrInfoBlockSays) {
    auto snapshot = host_of("nvdimm");
    auto& nd = *snapshot.nvdimm;
    auto& ns = *std::ranges::find(nd.namespaces, "namespace0.3", &NamespaceRecord::name);
    std::erase_if(nd.instances, [](const auto& instance) { return instance.namespace_name == "namespace0.3"; });
    std::erase_if(nd.info_blocks, [](const auto& block) { return block.namespace_name == "namespace0.3"; });
    ns.holder.clear();
    ns.mode = "raw";
    EXPECT_TRUE(decide_namespace(snapshot, destroying("namespace0.3", "sector"), ns.name).already) << "btt";
    ns.holder_class = "pfn";
    EXPECT_TRUE(decide_namespace(snapshot, destroying("namespace0.3", "fsdax"), ns.name).already);
    ns.holder_class = "";
    InfoBlockRecord block;
    block.namespace_name = ns.name;
    block.kind = InstanceKind::dax;
    nd.info_blocks.push_back(block);
    EXPECT_TRUE(decide_namespace(snapshot, destroying("namespace0.3", "devdax"), ns.name).already);
    // with force_raw somebody looks at what lies on it
    ns.driver = "nd_pmem";
    ns.force_raw = true;
    EXPECT_TRUE(decide_namespace(snapshot, destroying("namespace0.3", "devdax"), ns.name).already);
    ns.driver.clear();
    nd.info_blocks.pop_back();
    for (const auto mode : {"fsdax", "devdax", "sector", "raw"}) {
        const auto hidden = decide_namespace(snapshot, destroying("namespace0.3", mode), ns.name);
        EXPECT_EQ(hidden.action, Action::uncertain) << mode;
        EXPECT_THAT(hidden.text, HasSubstr("ndctl enable-namespace namespace0.3"));
        EXPECT_FALSE(hidden.wish.has_value()) << mode;
    }
}

// Whatever a policy makes of a namespace, the next start, Reload or boot finds it so.
TEST(PolicyDevices, WhatAPolicyMadeItLeavesAlone) {
    unsigned made = 0;
    for (const char* name : {"nvdimm", "labels"}) {
        const auto snapshot = host_of(name);
        for (const auto& ns : snapshot.nvdimm->namespaces) {
            if (ns.size.value_or(0) == 0) continue;
            for (const auto mode : kModeNames) {
                const auto policies = destroying(ns.name, mode);
                const auto first = decide_namespace(snapshot, policies, ns.name);
                if (!first.wish) continue;
                auto host = SimulatedHost::from_snapshot(snapshot);
                ASSERT_TRUE(host.ok());
                const auto plan = make_plan(snapshot, *first.wish);
                execute::SystemClock clock;
                execute::SimulatedTarget target(*std::move(host), {}, clock);
                for (const auto& step : plan->steps) {
                    const auto attempt = target.carry_out(step.action);
                    ASSERT_TRUE(attempt.ok()) << name << " " << ns.name << " " << mode << ": " << attempt.text;
                }
                const auto again = decide_namespace(target.host().snapshot(), policies, ns.name);
                EXPECT_FALSE(again.wish.has_value()) << name << " " << ns.name << " " << mode << ": " << again.text;
                EXPECT_TRUE(again.already) << name << " " << ns.name << " " << mode << ": " << again.text;
                ++made;
            }
        }
    }
    EXPECT_GT(made, 10U);
}

TEST(PolicyDevices, StandsDownWhereAUdevRuleReconfigures) {
    auto snapshot = host_of("nvdimm");
    snapshot.udev_rules.push_back({"/usr/lib/udev/rules.d/90-daxctl.rules", 1,
                                   R"(SUBSYSTEM=="dax", ACTION=="add", RUN+="/usr/bin/daxctl reconfigure")"});
    const auto policies = policies_of({reconfigures("dax0.0", "system-ram\nDestroyData=yes\n")});
    EXPECT_EQ(decide_dax(snapshot, policies, "dax0.0").action, Action::stand_down);
    EXPECT_EQ(decide_dax(snapshot, policies, "dax0.0", {.override_owners = true}).action, Action::reconfigure);
    // daxctl takes the blocks of such a device online, too; memory33 is the one that dax0.0 would get
    const auto online = policies_of({for_all("Zone=movable\n")});
    const Host host(snapshot);
    EXPECT_EQ(decide(online, block_subject(host, 33), host).action, Action::stand_down);
    EXPECT_EQ(decide(online, block_subject(host, 0), host).action, Action::nothing);
}

}   // namespace
}   // namespace memhot::policy
