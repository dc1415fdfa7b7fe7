// SPDX-License-Identifier: GPL-2.0-or-later
//
// The way back from a plan: do, undo, and the host is as before; and what is said of it before it is tried.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "memhot/plan.hpp"
#include "memhot/simulated.hpp"
#include "support/golden_host.hpp"

namespace memhot {
namespace {

Snapshot host(const char* name) {
    auto snapshot = load_snapshot(std::string(MEMHOT_TEST_DATA) + "/" + name);
    EXPECT_TRUE(snapshot.ok()) << snapshot.error().message();
    return *std::move(snapshot);
}

// Those blocks written to first, as somebody would by hand.
Snapshot written(const Snapshot& snapshot, std::uint64_t first, std::uint64_t last, const char* word) {
    auto now = *SimulatedHost::from_snapshot(snapshot);
    for (auto number = first; number <= last; ++number) {
        const std::string block = "/sys/devices/system/memory/memory" + std::to_string(number) + "/state";
        EXPECT_NE(now.carry_out(WriteAction{block, word}).outcome.kind, Outcome::Kind::refused) << block;
    }
    return now.snapshot();
}

Plan plan_of(const Snapshot& snapshot, const std::vector<std::string>& words) {
    auto plan = make_plan(snapshot, *parse_wish(words));
    EXPECT_TRUE(plan.ok()) << plan.error().message();
    return *std::move(plan);
}

Snapshot done(const Snapshot& snapshot, const Plan& plan) {
    auto now = *SimulatedHost::from_snapshot(snapshot);
    for (const auto& step : plan.steps)
        EXPECT_NE(now.carry_out(step.action).outcome.kind, Outcome::Kind::refused) << to_string(step.action);
    return now.snapshot();
}

std::vector<StepBehind> all_done(const Plan& plan) {
    std::vector<StepBehind> out;
    for (std::size_t i = 0; i < plan.steps.size(); ++i) out.push_back({i, StepBehind::How::done, {}});
    return out;
}

bool refused_by(const Plan& plan, RuleId rule) {
    return std::ranges::any_of(plan.refusals, [&](const Refusal& refusal) { return refusal.rule == rule; });
}

// Everything that the plan changes or relies on, and all of /proc/iomem and the zones.
void expect_same(const Plan& plan, const Snapshot& before, const Snapshot& after, const std::string& what) {
    const auto was = *SimulatedHost::from_snapshot(before);
    const auto is = *SimulatedHost::from_snapshot(after);
    EXPECT_TRUE(is.snapshot().iomem == was.snapshot().iomem) << what;
    EXPECT_EQ(is.value(Fact::Kind::zones, ""), was.value(Fact::Kind::zones, "")) << what;
    std::vector<Fact> facts = plan.facts;
    for (const auto& step : plan.steps) facts.insert(facts.end(), step.before.begin(), step.before.end());
    for (const auto& fact : facts) {
        // What the buses show in full has an info block that can be read only meanwhile.
        if (fact.kind == Fact::Kind::device) continue;
        EXPECT_EQ(is.value(fact.kind, fact.name), was.value(fact.kind, fact.name)) << what << " " << fact.name;
    }
}

}   // namespace

// A CXL node came with all blocks offline and was onlined to a kernel zone: it had no kernel memory before, and may be
// without again. What it had when the job began it must keep.
TEST(WayBack, a_node_may_be_without_kernel_memory_as_it_was) {
    const Snapshot before = written(host("cxl-host.json"), 544, 551, "offline");
    const Plan plan = plan_of(before, {"online", "node2", "--zone=kernel"});
    ASSERT_FALSE(plan.refused()) << to_text(plan);
    const Snapshot now = done(before, plan);
    const auto undo = make_undo(now, plan, all_done(plan));
    EXPECT_FALSE(undo->refused()) << to_text(*undo);
    EXPECT_EQ(undo->steps.size(), 8U);

    const Snapshot some = written(before, 544, 544, "online_kernel");
    const Plan rest = plan_of(some, {"online", "block545-551", "--zone=kernel"});
    const Snapshot other = written(done(some, rest), 544, 544, "offline");   // somebody else took that one since
    EXPECT_TRUE(refused_by(*make_undo(other, rest, all_done(rest)), RuleId::plan_last_kernel_memory));
}

// Whether pages can be moved nobody sees before (mm/memory_hotplug.c: do_migrate_range), on the way back as little as on
// the way there.
TEST(WayBack, is_as_uncertain_as_a_plan_of_the_same_writes) {
    const Snapshot before = written(host("cxl-host.json"), 544, 551, "offline");
    const Plan plan = plan_of(before, {"online", "node2", "--zone=movable"});
    const Snapshot now = done(before, plan);
    const Plan offline = plan_of(now, {"offline", "node2"});
    ASSERT_EQ(exit_status(offline), 8) << to_text(offline);

    const auto undo = make_undo(now, plan, all_done(plan));
    ASSERT_EQ(undo->steps.size(), 8U);
    for (const auto& step : undo->steps) EXPECT_EQ(step.verdict.outcome.kind, Outcome::Kind::uncertain);
    EXPECT_EQ(exit_status(*undo), 8);
    EXPECT_NE(to_text(*undo).find("or refused with EBUSY"), std::string::npos) << to_text(*undo);

    const auto rest = make_rest(now, offline, 0, false);
    ASSERT_EQ(rest->steps.size(), 8U);
    for (std::size_t i = 0; i < rest->steps.size(); ++i)
        EXPECT_EQ(rest->steps[i].verdict.outcome, offline.steps[i].verdict.outcome);
    EXPECT_EQ(exit_status(*rest), 8);
}

// kmem takes its memory back with one command, which all of its blocks were offlined for.
TEST(WayBack, a_command_depends_on_all_blocks_of_its_device) {
    const Plan plan = plan_of(host("nvdimm-host.json"), {"remove", "dax0.1"});
    ASSERT_EQ(plan.steps.size(), 3U) << to_text(plan);   // memory36, memory35, daxctl
    EXPECT_EQ(plan.steps[2].depends_on, (std::vector<std::size_t>{0, 1}));
}

// Of two devices each command depends on the blocks of its own, and on the step before it.
TEST(WayBack, a_command_depends_on_no_block_of_another_device) {
    const Snapshot snapshot = host("nvdimm-host.json");
    const auto ram = done(snapshot, plan_of(snapshot, {"dax", "reconfigure", "dax0.0", "--mode=system-ram"}));
    const Plan plan = plan_of(ram, {"remove", "dax0.0", "dax0.1"});
    ASSERT_EQ(plan.steps.size(), 5U) << to_text(plan);   // memory36, 35, 33, then the two commands
    EXPECT_EQ(plan.steps[0].block, 36U);
    EXPECT_EQ(plan.steps[2].block, 33U);
    EXPECT_EQ(plan.steps[3].depends_on, (std::vector<std::size_t>{2}));   // dax0.0
    EXPECT_EQ(plan.steps[4].depends_on, (std::vector<std::size_t>{0, 1, 3}));
}

// kmem drives it and its memory is offline. ndctl brings it back with device_dax (drivers/dax/device.c), so daxctl has to
// give it to kmem again; where the kernel onlines by itself the policy is held meanwhile.
TEST(WayBack, of_a_namespace_below_kmem_has_its_memory_offline_as_before) {
    for (const char* policy : {"offline", "online", "online_movable"}) {
        Snapshot snapshot = host("nvdimm-host.json");
        snapshot = written(snapshot, 35, 36, "offline");
        snapshot.auto_online_blocks = policy;
        const Plan plan = plan_of(snapshot, {"namespace", "disable", "namespace0.1"});
        ASSERT_FALSE(plan.refused()) << to_text(plan);
        const auto undo = make_undo(done(snapshot, plan), plan, all_done(plan));
        EXPECT_FALSE(undo->refused()) << to_text(*undo);
        EXPECT_TRUE(undo->notes.empty()) << to_text(*undo);
        EXPECT_EQ(names_to_confirm(*undo), (std::vector<std::string>{"dax0.1"})) << "kmem writes over its data";
        const Snapshot after = done(done(snapshot, plan), *undo);
        expect_same(plan, snapshot, after, policy);
    }
}

// Kernels from 7.3 on may drive a device of which they have no memory (drivers/dax/kmem.c: state_store); so it comes back.
TEST(WayBack, of_a_namespace_below_an_unplugged_device_leaves_it_unplugged) {
    for (const auto& words : {std::vector<std::string>{"namespace", "disable", "namespace0.1"},
                              {"dax", "reconfigure", "dax0.1", "--mode=devdax"}}) {
        const Snapshot snapshot = *test::golden_host("nvdimm-host.json kernel=7.3 dax0.1=unplugged");
        const Plan plan = plan_of(snapshot, words);
        ASSERT_FALSE(plan.refused()) << to_text(plan);
        const auto undo = make_undo(done(snapshot, plan), plan, all_done(plan));
        EXPECT_FALSE(undo->refused()) << to_text(*undo);
        expect_same(plan, snapshot, done(done(snapshot, plan), *undo), to_text(plan));
    }
}

// The same where the namespace was disabled for its destruction, which failed.
TEST(WayBack, of_a_failed_destruction_has_the_memory_of_kmem_offline_as_before) {
    for (const char* policy : {"offline", "online"}) {
        for (const auto& words : {std::vector<std::string>{"namespace", "destroy", "namespace0.1"},
                                  {"namespace", "reconfigure", "namespace0.1", "--mode=fsdax"}}) {
            Snapshot snapshot = written(host("nvdimm-host.json"), 35, 36, "offline");
            snapshot.auto_online_blocks = policy;
            Plan plan = plan_of(snapshot, words);
            ASSERT_FALSE(plan.refused()) << to_text(plan);
            const auto destroys =
                std::ranges::find_if(plan.steps, [](const auto& step) { return !step.destroys.empty(); });
            ASSERT_NE(destroys, plan.steps.end());
            plan.steps.erase(destroys, plan.steps.end());
            const auto undo = make_undo(done(snapshot, plan), plan, all_done(plan));
            EXPECT_FALSE(undo->refused()) << to_text(*undo);
            const Snapshot after = done(done(snapshot, plan), *undo);
            expect_same(plan, snapshot, after, to_text(plan));
        }
    }
}

}   // namespace memhot
