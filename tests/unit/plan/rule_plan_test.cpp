// SPDX-License-Identifier: GPL-2.0-or-later
//
// The interlocks, each by the smallest host on which it speaks and the nearest one on which it is silent.
#include <gtest/gtest.h>

#include <algorithm>

#include "memhot/plan.hpp"
#include "memhot/simulated.hpp"
#include "plan/builder.hpp"
#include "support/golden_host.hpp"

namespace memhot {
namespace {

Snapshot host(const char* name) {
    auto snapshot = load_snapshot(std::string(MEMHOT_TEST_DATA) + "/" + name);
    EXPECT_TRUE(snapshot.ok()) << snapshot.error().message();
    return *std::move(snapshot);
}

Plan plan_of(const Snapshot& snapshot, const std::vector<std::string>& words) {
    const auto wish = parse_wish(words);
    EXPECT_TRUE(wish.ok()) << wish.error().message();
    auto plan = make_plan(snapshot, *wish);
    EXPECT_TRUE(plan.ok()) << plan.error().message();
    return *std::move(plan);
}

bool refused_by(const Plan& plan, RuleId rule) {
    return std::ranges::any_of(plan.refusals, [&](const Refusal& refusal) { return refusal.rule == rule; });
}

TEST(Rule, plan_accepted) {
    const Plan plan = plan_of(host("nvdimm-host.json"), {"namespace", "destroy", "namespace0.0"});
    EXPECT_EQ(plan.steps.front().verdict.outcome, Outcome::accept(RuleId::plan_accepted));
    EXPECT_TRUE(std::holds_alternative<SaveAction>(plan.steps.front().action));
}

// 64 bytes a page: 8 GiB take 128 MiB; with the reserve of 64 MiB, 192 MiB are enough and one byte less is not.
TEST(Rule, plan_memmap_memory) {
    Snapshot snapshot = host("small-guest.json");
    snapshot.available_memory = 192 * kMiB;
    EXPECT_FALSE(refused_by(plan_of(snapshot, {"probe", "0x100000000+8G"}), RuleId::plan_memmap_memory));
    snapshot.available_memory = 192 * kMiB - 1;
    EXPECT_TRUE(refused_by(plan_of(snapshot, {"probe", "0x100000000+8G"}), RuleId::plan_memmap_memory));
}

// A 64 GiB DIMM in a guest of 1 GiB: 1 GiB of memmap is more than all that the zones have, whatever is free of it.
TEST(Rule, plan_memmap_memory_without_meminfo) {
    Snapshot snapshot = host("small-guest.json");
    snapshot.available_memory.reset();
    EXPECT_TRUE(refused_by(plan_of(snapshot, {"probe", "0x100000000+64G"}), RuleId::plan_memmap_memory));
    EXPECT_FALSE(refused_by(plan_of(snapshot, {"probe", "0x100000000+8G"}), RuleId::plan_memmap_memory));
}

// With memmap_on_memory each block of a CXL device holds its own (mm/memory_hotplug.c: mhp_supports_memmap_on_memory): the
// 16 MiB of 1 GiB need not be free beside the reserve.
TEST(Rule, plan_memmap_memory_on_the_memory_itself) {
    Snapshot snapshot = host("cxl-host.json");
    const Plan give = plan_of(snapshot, {"remove", "dax0.0"});
    auto without = *SimulatedHost::from_snapshot(snapshot);
    for (const auto& step : give.steps) without.carry_out(step.action);
    without.carry_out(CommandLine{"daxctl", "disable-device", {"dax0.0"}});
    snapshot = without.snapshot();
    snapshot.release = "6.12.0";
    snapshot.version_text.clear();
    snapshot.version = Version{6, 12, 0};
    snapshot.features.clear();
    snapshot.available_memory = 70 * kMiB;
    const std::vector<std::string> to_ram{"dax", "reconfigure", "dax0.0", "--mode=system-ram"};
    for (const bool param : {false, true}) {
        for (const bool device : {false, true}) {
            snapshot.parameters["memmap_on_memory"] = param ? "Y" : "N";
            snapshot.nvdimm->dax_devices.front().memmap_on_memory = device;
            const Plan plan = plan_of(snapshot, to_ram);
            const bool own = param && device;
            EXPECT_EQ(refused_by(plan, RuleId::plan_memmap_memory), !own) << to_text(plan);
            EXPECT_EQ(plan.cost().memmap, own ? 0 : 16 * kMiB) << to_text(plan);
            // Read again, and given back: device_dax maps it with struct pages in RAM (drivers/dax/device.c, no altmap of
            // CXL), whose room was there before, or was not.
            auto ram = *SimulatedHost::from_snapshot(snapshot);
            for (const auto& step : plan.steps) ram.carry_out(step.action);
            Snapshot now = ram.snapshot();
            now.available_memory = 2 * kGiB;
            const Plan back = plan_of(now, {"dax", "reconfigure", "dax0.0", "--mode=devdax"});
            EXPECT_FALSE(back.refused()) << to_text(back);
            EXPECT_EQ(back.cost().memmap, own ? 16 * kMiB : 0) << to_text(back);
        }
    }
}

TEST(Rule, plan_last_kernel_memory) {
    Snapshot snapshot = host("dimm-host.json");
    snapshot.available_memory = 64 * kGiB;
    EXPECT_TRUE(refused_by(plan_of(snapshot, {"offline", "block48-79"}), RuleId::plan_last_kernel_memory));
    EXPECT_FALSE(plan_of(snapshot, {"offline", "block49-79"}).refused());
    // A node that never had kernel memory has none to lose.
    EXPECT_FALSE(plan_of(host("cxl-host.json"), {"offline", "node2"}).refused());
}

// Some 8 GiB of kernel memory, 512 MiB movable; 512 MiB more make 1 GiB: 12.5 percent.
TEST(Rule, plan_movable_ratio) {
    const Snapshot snapshot = host("dimm-host.json");
    EXPECT_TRUE(
        refused_by(plan_of(snapshot, {"online", "512M", "--zone=movable", "--ratio=12"}), RuleId::plan_movable_ratio));
    EXPECT_FALSE(plan_of(snapshot, {"online", "512M", "--zone=movable", "--ratio=13"}).refused());
    EXPECT_FALSE(plan_of(snapshot, {"online", "512M", "--zone=movable", "--ratio=0"}).refused());
    EXPECT_FALSE(plan_of(snapshot, {"online", "512M", "--zone=kernel", "--ratio=1"}).refused());
}

TEST(Rule, plan_not_enough) {
    const Snapshot snapshot = host("dimm-host.json");
    EXPECT_TRUE(refused_by(plan_of(snapshot, {"online", "640M"}), RuleId::plan_not_enough));
    EXPECT_FALSE(plan_of(snapshot, {"online", "512M"}).refused());
}

TEST(Rule, plan_memory_in_use) {
    Snapshot snapshot = host("small-guest.json");
    snapshot.available_memory = 256 * kMiB;
    EXPECT_FALSE(refused_by(plan_of(snapshot, {"offline", "256M"}), RuleId::plan_memory_in_use));
    EXPECT_TRUE(refused_by(plan_of(snapshot, {"offline", "384M"}), RuleId::plan_memory_in_use));
}

TEST(Rule, plan_kmem_online) {
    Snapshot snapshot = host("nvdimm-host.json");
    const std::vector<std::string> destroy{"namespace", "destroy", "namespace0.1"};
    EXPECT_TRUE(refused_by(plan_of(snapshot, destroy), RuleId::plan_kmem_online));
    for (auto& block : *snapshot.blocks) {
        if (block.number < 35) continue;
        block.state = "offline";
        block.valid_zones = "Normal Movable";
    }
    EXPECT_FALSE(refused_by(plan_of(snapshot, destroy), RuleId::plan_kmem_online));
}

// namespace2.0 shares section 6 with RAM of boot: up to 5.8 unmapping it frees memmap that the section goes on using,
// whatever is mapped there again behind it. A kernel that has the repair by backport shows it (Feature::early_memmap_kept).
TEST(Rule, plan_shared_section) {
    const Snapshot newer = host("nvdimm-host.json");
    Snapshot older = newer;
    test::boot(older, "5.8.0");
    const std::vector<std::vector<std::string>> wishes{
        {"namespace", "disable", "namespace2.0"},
        {"namespace", "reconfigure", "namespace2.0", "--mode=fsdax", "--map=mem"},
        {"namespace", "reconfigure", "namespace2.0", "--mode=devdax"},
        {"namespace", "destroy", "namespace2.0"},
    };
    for (const auto& wish : wishes) {
        EXPECT_FALSE(refused_by(plan_of(newer, wish), RuleId::plan_shared_section)) << wish[1];
        const Plan plan = plan_of(older, wish);
        EXPECT_TRUE(refused_by(plan, RuleId::plan_shared_section)) << wish[1];
        EXPECT_EQ(exit_status(plan), 9) << wish[1];   // as `check unmap` of the same range
        EXPECT_FALSE(refused_by(plan_of(older, {"namespace", "disable", "namespace0.0"}), RuleId::plan_shared_section))
            << "it has its sections for itself";
    }
    older.features.emplace_back(Feature::early_memmap_kept, true);
    for (const auto& wish : wishes) EXPECT_EQ(exit_status(plan_of(older, wish)), 0) << wish[1];
}

// A devdax device lets go of its mapping when kmem takes it.
TEST(Rule, plan_shared_section_of_a_dax_device) {
    for (const bool old : {false, true}) {
        Snapshot snapshot = host("nvdimm-host.json");
        if (old) test::boot(snapshot, "5.8.0");
        auto machine = *SimulatedHost::from_snapshot(snapshot);
        machine.carry_out(CommandLine{"ndctl", "create-namespace", {"-e", "namespace2.0", "-m", "devdax", "-f"}});
        const Snapshot with_dax = machine.snapshot();
        const std::vector<std::vector<std::string>> wishes{
            {"dax", "reconfigure", "dax2.0", "--mode=system-ram"},
            {"dax", "reconfigure", "dax2.0", "--mode=system-ram", "--no-online"},
        };
        for (const auto& wish : wishes) {
            const Plan plan = plan_of(with_dax, wish);
            EXPECT_FALSE(plan.steps.empty());
            EXPECT_EQ(refused_by(plan, RuleId::plan_shared_section), old) << to_text(plan);
        }
    }
}

// ... and that an undo does the same is no reason to let it.
TEST(Rule, plan_shared_section_on_the_way_back) {
    Snapshot snapshot = host("nvdimm-host.json");
    auto machine = *SimulatedHost::from_snapshot(snapshot);
    machine.carry_out(CommandLine{"ndctl", "disable-namespace", {"namespace2.0"}});
    const Plan enable = plan_of(machine.snapshot(), {"namespace", "enable", "namespace2.0"});
    Snapshot enabled = snapshot;
    EXPECT_FALSE(
        refused_by(*make_undo(enabled, enable, {{0, StepBehind::How::done, ""}}), RuleId::plan_shared_section));
    test::boot(enabled, "5.8.0");
    EXPECT_TRUE(refused_by(*make_undo(enabled, enable, {{0, StepBehind::How::done, ""}}), RuleId::plan_shared_section));
}

TEST(Rule, plan_cxl_online) {
    Snapshot snapshot = host("cxl-host.json");
    EXPECT_TRUE(refused_by(plan_of(snapshot, {"dax", "destroy", "dax0.0"}), RuleId::plan_cxl_online));
    for (auto& block : *snapshot.blocks) {
        if (block.node != 2) continue;
        block.state = "offline";
        block.valid_zones = "Normal Movable";
    }
    EXPECT_FALSE(refused_by(plan_of(snapshot, {"dax", "destroy", "dax0.0"}), RuleId::plan_cxl_online));
}

// util-linux' chmem test writes "Normal" into valid_zones and expects "Zone mismatch".
TEST(Rule, plan_zone_offered) {
    Snapshot snapshot = host("dimm-host.json");
    for (auto& block : *snapshot.blocks) {
        if (block.number == 84) block.valid_zones = "Normal";
        if (block.number == 85) block.valid_zones = "Movable";
    }
    EXPECT_TRUE(refused_by(plan_of(snapshot, {"online", "memory84", "--zone=movable"}), RuleId::plan_zone_offered));
    EXPECT_FALSE(plan_of(snapshot, {"online", "memory84", "--zone=kernel"}).refused());
    EXPECT_TRUE(refused_by(plan_of(snapshot, {"online", "memory85", "--zone=kernel"}), RuleId::plan_zone_offered));
    EXPECT_FALSE(plan_of(snapshot, {"online", "memory85", "--zone=movable"}).refused());
}

TEST(Rule, plan_no_remover) {
    EXPECT_TRUE(refused_by(plan_of(host("dimm-host.json"), {"remove", "memory80"}), RuleId::plan_no_remover));
    EXPECT_TRUE(refused_by(plan_of(host("nvdimm-host.json"), {"remove", "memory35"}), RuleId::plan_no_remover));
    EXPECT_FALSE(plan_of(host("nvdimm-host.json"), {"remove", "block35-36"}).refused());
}

// What no planner does any more: a command that destroys another namespace than the plan says.
TEST(Rule, plan_unnamed_loss) {
    const Snapshot snapshot = host("nvdimm-host.json");
    const auto plan_naming = [&](const std::string& device) {
        auto builder = *plan::Builder::open(snapshot, *parse_wish({"namespace", "create"}));
        PlanStep& step = builder.command({"ndctl", "create-namespace", {"-e", "namespace0.4", "-m", "raw", "-f"}},
                                         {"create", "created", "a namespace"});
        EXPECT_TRUE(step.verdict.outcome.accepted()) << step.verdict.summary;
        if (!device.empty()) step.destroys = {{device, 32 * kMiB, "all data"}};
        return std::move(builder).finish();
    };
    EXPECT_TRUE(refused_by(plan_naming(""), RuleId::plan_unnamed_loss));
    EXPECT_TRUE(refused_by(plan_naming("namespace0.0"), RuleId::plan_unnamed_loss));
    EXPECT_FALSE(refused_by(plan_naming("namespace0.4"), RuleId::plan_unnamed_loss));
}

// The same of a way back and of the rest of a job, whose plan comes from a file.
TEST(Rule, plan_unnamed_loss_of_a_job) {
    const Snapshot snapshot = host("nvdimm-host.json");
    Plan job = plan_of(snapshot, {"namespace", "destroy", "namespace0.4"});
    EXPECT_FALSE(refused_by(*make_rest(snapshot, job, 0, false), RuleId::plan_unnamed_loss));
    for (auto& step : job.steps) step.destroys.clear();
    EXPECT_TRUE(refused_by(*make_rest(snapshot, job, 0, false), RuleId::plan_unnamed_loss));
}

// A plan that was begun is finished on the host it was made on, as its own steps left it.
TEST(Rule, plan_stale) {
    const Snapshot snapshot = host("dimm-host.json");
    const Plan plan = plan_of(snapshot, {"offline", "512M"});
    EXPECT_FALSE(make_rest(snapshot, plan, 0, false)->refused());
    EXPECT_FALSE(make_rest(snapshot, plan, 2, false)->refused()) << "what a reboot took back is to be done again";
    Snapshot other = snapshot;
    other.hostname = "another";
    EXPECT_TRUE(refused_by(*make_rest(other, plan, 0, false), RuleId::plan_stale));
}

}   // namespace
}   // namespace memhot
