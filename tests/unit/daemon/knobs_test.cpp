// SPDX-License-Identifier: GPL-2.0-or-later
//
// The kernel's own knobs: what policies may have it do, what is put back, what is left to others, and which blocks are
// written one by one.
#include "policy/knobs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "unit/daemon/policies.hpp"
#include "unit/daemon/scratch.hpp"

namespace memhot::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// --- knobs ---------------------------------------------------------------------------------------------------------

constexpr const char* kAuto = "/sys/devices/system/memory/auto_online_blocks";

std::vector<std::string> knobs(const DevicePlan& plan) {
    std::vector<std::string> out;
    for (const auto& knob : plan.knobs) out.push_back(knob.path.substr(knob.path.rfind('/') + 1) + "=" + knob.text);
    return out;
}

std::vector<std::string> knobs_of(const Snapshot& snapshot, const std::vector<std::string>& texts) {
    return knobs(knobs_for(policies_of(texts), Host(snapshot)));
}

const std::string kMovableCxl = "[Match]\nSource=cxl\n[Online]\nZone=movable\n";

// That host has auto_online_blocks offline, online_policy contig-zones and auto_movable_ratio 301.
TEST(PolicyKnobs, AreSetOnlyWhereEveryBlockMayFollowThem) {
    const auto host = host_of("cxl");
    EXPECT_THAT(knobs_of(host, {for_all("Zone=movable\n")}), ElementsAre("auto_online_blocks=online_movable"));
    EXPECT_THAT(knobs_of(host, {for_all("Zone=kernel\n")}), ElementsAre("auto_online_blocks=online_kernel"));
    EXPECT_THAT(knobs_of(host, {for_all("")}), ElementsAre("auto_online_blocks=online"));
    EXPECT_THAT(knobs_of(host, {kMovableCxl, for_all("Zone=movable\n")}),
                ElementsAre("auto_online_blocks=online_movable"));
    EXPECT_THAT(knobs_of(host, {for_all("LeaveAlone=yes\n")}), IsEmpty());   // offline already
    // not for everything
    EXPECT_THAT(knobs_of(host, {kMovableCxl}), IsEmpty());
    // another zone for memory that could come: only offline memory changes its zone
    EXPECT_THAT(knobs_of(host, {kMovableCxl, for_all("Zone=kernel\n")}), IsEmpty());
    EXPECT_THAT(knobs_of(host, {"[Match]\nDevice=memory600\n[Online]\nZone=kernel\n", for_all("")}), IsEmpty());
    // a policy for devices alone leaves their blocks alone
    EXPECT_THAT(knobs_of(host, {"[Match]\nNode=1\n[Namespace]\nReconfigure=devdax\n", for_all("")}), IsEmpty());
    // the kernel looks at no ratio when it is told to make all movable
    EXPECT_THAT(knobs_of(host, {for_all("Zone=movable\nRatio=200\n")}), IsEmpty());
    EXPECT_THAT(knobs_of(host, {"[Match]\nNode=1\n[Online]\nZone=movable\nRatio=9\n", for_all("Zone=movable\n")}),
                IsEmpty());
    EXPECT_THAT(knobs_of(host, {for_all("Zone=movable\nWaitForWholeDevice=yes\n")}), IsEmpty());
    EXPECT_THAT(knobs_of(host, {"[Match]\nNode=1\n[Online]\nLeaveAlone=yes\n", for_all("Zone=movable\n")}), IsEmpty());
    EXPECT_THAT(knobs_of(host, {"[Match]\nNode=1\n[Online]\nWaitForWholeDevice=yes\n", for_all("")}), IsEmpty());
}

// Of what it cannot be told whether a policy matches nothing is done, so the kernel must not do it either.
TEST(PolicyKnobs, AreNotSetWhereAnEarlierPolicyMayBeUncertain) {
    auto host = host_of("dimm");   // with the file probe
    const std::string acpi = "[Match]\nSource=acpi\n[Online]\nZone=movable\n";
    const std::string either = "[Match]\nSource=acpi probe\n[Online]\nZone=movable\n";
    const std::string node = "[Match]\nNode=1\n[Online]\nZone=movable\n";
    const auto all = for_all("Zone=movable\n");
    const auto movable = ElementsAre("auto_online_blocks=online_movable");
    EXPECT_THAT(knobs_of(host, {acpi, all}), IsEmpty());
    EXPECT_THAT(knobs_of(host, {"[Match]\nSource=acpi\nNode=7\n[Online]\nZone=movable\n", all}), IsEmpty());
    EXPECT_THAT(knobs_of(host, {either, all}), movable);
    EXPECT_THAT(knobs_of(host, {node, all}), movable);
    EXPECT_THAT(knobs_of(host, {all, acpi}), movable) << "what stands behind is never asked";
    auto without_probe = host;
    without_probe.probe = false;
    EXPECT_THAT(knobs_of(without_probe, {acpi, all}), movable);
    without_probe.firmware_ram.clear();
    EXPECT_THAT(knobs_of(without_probe, {acpi, all}), IsEmpty());
    for (auto& block : *host.blocks) block.node.reset();
    EXPECT_THAT(knobs_of(host, {node, all}), IsEmpty());
    host.iomem.reset();
    EXPECT_THAT(knobs_of(host, {"[Match]\nSource=kmem\n[Online]\nZone=movable\n", all}), IsEmpty());
}

// Writing "online" goes by online_policy: the ratio must be there before it counts.
TEST(PolicyKnobs, ARatioIsTheKernelsOwn) {
    auto host = host_of("cxl");
    EXPECT_THAT(knobs_of(host, {"[Match]\nNode=2\n[Online]\nRatio=250\n"}),
                ElementsAre("auto_movable_ratio=250", "online_policy=auto-movable"));
    EXPECT_THAT(knobs_of(host, {for_all("Ratio=301\n")}),
                ElementsAre("online_policy=auto-movable", "auto_online_blocks=online"));
    host.parameters.erase("online_policy");   // before 5.15
    const auto plan = knobs_for(policies_of({"[Match]\nNode=2\n[Online]\nRatio=250\n"}), Host(host));
    EXPECT_THAT(plan.knobs, IsEmpty());
    EXPECT_THAT(plan.cannot, ElementsAre(HasSubstr("/p/01.policy:4: this kernel has no online_policy")));
}

class WholeDevice : public testing::Test {
protected:
    Snapshot snapshot = host_of("cxl");
    journal::OwnKnobs own;
    // dax0.0 as it was before kmem had it: none of its blocks 544-551 is there
    void SetUp() override {
        std::erase_if(*snapshot.blocks, [](const auto& block) { return block.number >= 544; });
        snapshot.nvdimm->dax_devices[0].driver = "device_dax";
        auto& iomem = *snapshot.iomem;
        iomem.erase(iomem.find("      1100000000-113fffffff : System RAM (kmem)\n"),
                    std::string_view("      1100000000-113fffffff : System RAM (kmem)\n").size());
    }
    DevicePlan plan(const std::vector<std::string>& texts, const DecideOptions& options = {}) {
        const auto policies = policies_of(texts);
        const Host host(snapshot, own);
        const auto dax = dax_subject(host, *host.nd.dax_device("dax0.0"));
        return plan_device(policies, host, blocks_of_device(host, dax), options);
    }
};

TEST_F(WholeDevice, BlocksToComeNeedNoWriteWhereTheKnobDoesIt) {
    const auto all = plan({for_all("Zone=movable\n")});
    EXPECT_THAT(knobs(all), ElementsAre("auto_online_blocks=online_movable"));
    EXPECT_EQ(all.by_kernel, 8U);
    EXPECT_THAT(all.writes, IsEmpty());
}

TEST_F(WholeDevice, BlocksOfDifferentZonesAreWrittenOneByOne) {
    const auto mixed = plan({kMovableCxl, for_all("Zone=kernel\n")});
    EXPECT_THAT(mixed.knobs, IsEmpty());
    EXPECT_THAT(mixed.writes, ElementsAre(BlockWrites{544, 551, "online_movable", {"/p/01.policy", 4}}));
    EXPECT_EQ(mixed.by_kernel, 0U);
}

TEST_F(WholeDevice, WithoutTheKnobEachBlockIsWritten) {
    const auto alone = plan({kMovableCxl});
    EXPECT_THAT(alone.knobs, IsEmpty());
    EXPECT_THAT(alone.writes, ElementsAre(BlockWrites{544, 551, "online_movable", {"/p/01.policy", 4}}));
    const auto half = plan({"[Match]\nDevice=memory54?\n[Online]\nZone=kernel\n", kMovableCxl});
    EXPECT_THAT(half.writes, ElementsAre(BlockWrites{544, 549, "online_kernel", {"/p/01.policy", 4}},
                                         BlockWrites{550, 551, "online_movable", {"/p/02.policy", 4}}));
}

TEST_F(WholeDevice, WhoSetTheKnobIsRespected) {
    snapshot.auto_online_blocks = "online_movable";
    const auto agrees = plan({for_all("Zone=movable\n")});
    EXPECT_THAT(agrees.knobs, IsEmpty());
    EXPECT_THAT(agrees.left, IsEmpty());
    EXPECT_EQ(agrees.by_kernel, 8U);
    const auto differs = plan({for_all("Zone=kernel\n")});
    EXPECT_THAT(differs.knobs, IsEmpty());
    ASSERT_THAT(differs.left, SizeIs(1));
    EXPECT_EQ(
        differs.left[0].text,
        "stands down from /sys/devices/system/memory/auto_online_blocks, which would be online_kernel: the kernel "
        "(auto_online_blocks is online_movable) takes care of it; OverrideOtherOwners=yes in memhotd.conf would act "
        "all the same");
    EXPECT_THAT(differs.writes, IsEmpty());
    EXPECT_EQ(differs.as_they_are, 8U);
    const auto told = plan({for_all("Zone=kernel\n")}, {.override_owners = true});
    EXPECT_THAT(knobs(told), ElementsAre("auto_online_blocks=online_kernel"));
    EXPECT_THAT(told.left, IsEmpty());
    EXPECT_EQ(told.by_kernel, 8U);
    // no policy for everything: the knob stays, and what it does cannot be taken back
    const auto some =
        plan({kMovableCxl.substr(0, kMovableCxl.find("movable")) + "kernel\n"}, {.override_owners = true});
    EXPECT_THAT(some.writes, IsEmpty());
    EXPECT_THAT(some.cannot,
                ElementsAre(HasSubstr("auto_online_blocks is online_movable, so the kernel has blocks to")));
}

// --- what memhotd set itself ---------------------------------------------------------------------------------------

TEST_F(WholeDevice, ItsOwnValueIsNobodyElses) {
    snapshot.auto_online_blocks = "online_movable";
    own = {{kAuto, "offline", {"online_movable"}}};
    const auto same = plan({for_all("Zone=movable\n")});
    EXPECT_THAT(same.knobs, IsEmpty());
    EXPECT_EQ(same.by_kernel, 8U);
    const auto other = plan({for_all("Zone=kernel\n")});
    EXPECT_THAT(other.knobs, ElementsAre(KnobWrite{kAuto, "online_kernel", "online_movable", {"/p/01.policy", 4}}));
    EXPECT_THAT(other.left, IsEmpty());
    EXPECT_EQ(other.by_kernel, 8U);
}

TEST_F(WholeDevice, WhatNoPolicyWantsIsPutBack) {
    snapshot.auto_online_blocks = "online_movable";
    own = {{kAuto, "offline", {"online_movable"}}};
    const KnobWrite back{kAuto, "offline", "online_movable", {}, true};
    EXPECT_THAT(plan({}).knobs, ElementsAre(back));
    EXPECT_THAT(plan({kMovableCxl}).knobs, ElementsAre(back));
    EXPECT_THAT(plan({kMovableCxl}).writes, ElementsAre(BlockWrites{544, 551, "online_movable", {"/p/01.policy", 4}}));
    EXPECT_THAT(knobs(plan({for_all("LeaveAlone=yes\n")})), ElementsAre("auto_online_blocks=offline"));
    // somebody else has changed it since
    snapshot.auto_online_blocks = "online";
    EXPECT_THAT(plan({}).knobs, IsEmpty());
    EXPECT_THAT(plan({for_all("Zone=movable\n")}).left, SizeIs(1));
    snapshot.auto_online_blocks = "offline";
    EXPECT_THAT(plan({}).knobs, IsEmpty());
}

// OverrideOtherOwners=yes was there and is no more: the other one has his value again.
TEST_F(WholeDevice, WhoWasOverriddenIsPutBack) {
    snapshot.auto_online_blocks = "online_kernel";
    own = {{kAuto, "online", {"online_kernel"}}};
    const std::vector<std::string> texts{for_all("Zone=kernel\n")};
    EXPECT_THAT(plan(texts, {.override_owners = true}).knobs, IsEmpty());
    const auto again = plan(texts);
    EXPECT_THAT(again.knobs, ElementsAre(KnobWrite{kAuto, "online", "online_kernel", {}, true}));
    ASSERT_THAT(again.left, SizeIs(1));
    EXPECT_THAT(again.left[0].text, HasSubstr("auto_online_blocks was online before memhotd set it"));
}

TEST(PolicyKnobs, ARatioIsPutBackWithItsPolicy) {
    auto host = host_of("cxl");
    const std::string parameters = "/sys/module/memory_hotplug/parameters/";
    host.parameters["online_policy"] = "auto-movable";
    host.parameters["auto_movable_ratio"] = "250";
    const journal::OwnKnobs own{{parameters + "auto_movable_ratio", "301", {"250"}},
                                {parameters + "online_policy", "contig-zones", {"auto-movable"}}};
    const auto policies = policies_of({"[Match]\nNode=2\n[Online]\nRatio=250\n"});
    EXPECT_THAT(knobs_for(policies, Host(host, own)).knobs, IsEmpty());
    EXPECT_THAT(knobs(knobs_for({}, Host(host, own))),
                ElementsAre("auto_movable_ratio=301", "online_policy=contig-zones"));
    EXPECT_THAT(knobs(knobs_for({}, Host(host))), IsEmpty()) << "not memhotd's";
}

// --- and how that is written down ----------------------------------------------------------------------------------

class KnobFile : public Scratch {
protected:
    [[nodiscard]] Result<journal::OwnKnobs> read(const std::string& boot = "boot1") const {
        return journal::read_own_knobs(top, boot);
    }
    void write(const journal::OwnKnobs& knobs, const std::string& boot = "boot1") const {
        const auto lock = journal::HostLock::take(top + "/run", "test");
        ASSERT_TRUE(lock.ok());
        ASSERT_TRUE(journal::write_own_knobs(top, boot, knobs, *lock).ok());
    }
    void text(const std::string& words) const { std::ofstream(top + "/knobs") << words; }
};

TEST_F(KnobFile, IsReadAsItWasWritten) {
    EXPECT_EQ(*read(), journal::OwnKnobs{});
    const journal::OwnKnobs knobs{{kAuto, "offline", {"online_kernel", "online_movable"}}, {"/sys/b", "301", {"250"}}};
    write(knobs);
    EXPECT_EQ(*read(), knobs);
    EXPECT_EQ(*read("boot2"), journal::OwnKnobs{}) << "the kernel forgot them, too";
    write({});
    EXPECT_EQ(*read(), journal::OwnKnobs{});
}

TEST_F(KnobFile, WhatItCannotSayIsAnError) {
    for (const char* wrong :
         {"", "memhot-knobs/2\n", "memhot-knobs/1\nknob\n", "memhot-knobs/1\nknob x offline online\n",
          "memhot-knobs/1\nboot b\nknob /sys/a offline\n", "memhot-knobs/1\nother\n"}) {
        text(wrong);
        EXPECT_FALSE(read("b").ok()) << wrong;
    }
}

TEST(OwnKnobs, RememberWhatWasThereBeforeTheFirstWrite) {
    journal::OwnKnobs knobs;
    journal::claim(knobs, kAuto, "offline", "online_movable");
    EXPECT_EQ(knobs, (journal::OwnKnobs{{kAuto, "offline", {"online_movable"}}}));
    journal::settle(knobs, kAuto, "online_movable");
    // while another value is being set either may be there after a crash
    journal::claim(knobs, kAuto, "online_movable", "online_kernel");
    EXPECT_TRUE(knobs[0].is_ours("online_movable") && knobs[0].is_ours("online_kernel"));
    journal::settle(knobs, kAuto, "online_kernel");
    EXPECT_EQ(knobs, (journal::OwnKnobs{{kAuto, "offline", {"online_kernel"}}}));
    // somebody else's value in between is what was there before
    journal::claim(knobs, kAuto, "online", "online_movable");
    EXPECT_EQ(knobs[0].was, "online");
    journal::settle(knobs, kAuto, "online");
    EXPECT_THAT(knobs, IsEmpty());
}

// Blocks that are there and offline are written whatever the knob is: it counts only when blocks come.
TEST(PolicyKnobs, BlocksThatAreThereAreWritten) {
    const auto snapshot = host_of("dimm");
    const Host host(snapshot);
    const auto policies = policies_of({for_all("Zone=movable\n")});
    const auto plan = plan_device(policies, host, {80, 81, 82, 83, 84, 85, 86, 87});
    ASSERT_THAT(plan.knobs, SizeIs(1));
    EXPECT_EQ(plan.knobs[0].path, kAuto);
    EXPECT_EQ(plan.knobs[0].was, "offline");
    EXPECT_THAT(plan.writes, ElementsAre(BlockWrites{84, 87, "online_movable", {"/p/01.policy", 4}}));
    EXPECT_EQ(plan.as_they_are, 4U);
}

}   // namespace
}   // namespace memhot::policy
