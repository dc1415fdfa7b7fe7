// SPDX-License-Identifier: GPL-2.0-or-later
//
// Plans as values: when they are stale, their JSON, their order.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "memhot/plan.hpp"
#include "memhot/simulated.hpp"

namespace memhot {
namespace {

Snapshot host(const char* name) { return *load_snapshot(std::string(MEMHOT_TEST_DATA) + "/" + name); }

Plan plan_of(const Snapshot& snapshot, const std::vector<std::string>& words) {
    return *make_plan(snapshot, *parse_wish(words));
}

BlockRecord& block(Snapshot& snapshot, std::uint64_t number) {
    for (auto& record : *snapshot.blocks) {
        if (record.number == number) return record;
    }
    std::abort();
}

std::vector<std::string> differences(const Plan& plan, const Snapshot& snapshot) {
    std::vector<std::string> out;
    const auto stale = is_stale(plan, snapshot);
    EXPECT_TRUE(stale.ok());
    for (const auto& difference : *stale) out.push_back(to_string(difference));
    return out;
}

TEST(Stale, a_block_of_the_plan_that_changed_is_named) {
    Snapshot snapshot = host("dimm-host.json");
    const Plan plan = plan_of(snapshot, {"offline", "block80-81"});
    EXPECT_TRUE(differences(plan, snapshot).empty());
    block(snapshot, 81).state = "offline";
    block(snapshot, 81).valid_zones = "Normal Movable";
    EXPECT_EQ(differences(plan, snapshot),
              std::vector<std::string>{"block memory81: was online, zones Movable, is offline"});
}

TEST(Stale, what_the_plan_does_not_look_at_may_change) {
    Snapshot snapshot = host("dimm-host.json");
    const Plan plan = plan_of(snapshot, {"offline", "block80-81"});
    block(snapshot, 40).state = "offline";
    block(snapshot, 40).valid_zones = "Normal Movable";
    snapshot.auto_online_blocks = "online";
    snapshot.available_memory = 5 * kGiB;
    EXPECT_TRUE(differences(plan, snapshot).empty());
}

// daxctl's --force only passes over its question whether the kernel onlines by itself (daxctl/device.c: reconfig_mode_system_ram);
// what the kernel does then is another matter, and must be what was asked for.
TEST(DaxToRam, ends_in_the_wanted_state_whatever_the_policy_and_force) {
    struct Wanted {
        std::string option;
        std::string block;   // memory33, the only whole one
    };
    for (const char* policy : {"offline", "online", "online_kernel", "online_movable"}) {
        for (const auto& [option, block] : {Wanted{"--no-online", "offline, node0"},
                                            {"--zone=kernel", "online, node0, zones Normal"},
                                            {"--zone=movable", "online, node0, zones Movable"},
                                            {"--no-movable", "online, node0, zones Normal"}}) {
            for (const bool force : {false, true}) {
                Snapshot snapshot = host("nvdimm-host.json");
                snapshot.auto_online_blocks = policy;
                std::vector<std::string> words{"dax", "reconfigure", "dax0.0", "--mode=system-ram", option};
                if (force) words.emplace_back("--force");
                const auto plan = make_plan(snapshot, *parse_wish(words));
                ASSERT_TRUE(plan.ok() && !plan->refused()) << to_text(*plan);
                auto now = *SimulatedHost::from_snapshot(snapshot);
                for (const auto& step : plan->steps)
                    EXPECT_NE(now.carry_out(step.action).outcome.kind, Outcome::Kind::refused) << to_text(*plan);
                EXPECT_EQ(now.value(Fact::Kind::block, "memory33"), block) << policy << "\n" << to_text(*plan);
                EXPECT_EQ(now.value(Fact::Kind::attribute, "auto_online_blocks"), policy);
            }
        }
    }
}

TEST(Stale, the_policy_matters_where_the_kernel_chooses_the_zone) {
    Snapshot snapshot = host("dimm-host.json");
    const Plan automatic = plan_of(snapshot, {"online", "memory84"});
    const Plan movable = plan_of(snapshot, {"online", "memory84", "--zone=movable"});
    snapshot.parameters["online_policy"] = "auto-movable";
    EXPECT_EQ(differences(automatic, snapshot),
              std::vector<std::string>{"attribute online_policy: was contig-zones, is auto-movable"});
    EXPECT_TRUE(differences(movable, snapshot).empty());
}

TEST(Stale, lines_of_iomem_and_the_kernel) {
    Snapshot snapshot = host("dimm-host.json");
    const Plan plan = plan_of(snapshot, {"probe", "0x300000000"});
    *snapshot.iomem += "300000000-30fffffff : Persistent Memory\n";
    ASSERT_EQ(differences(plan, snapshot).size(), 1U);
    EXPECT_EQ(differences(plan, snapshot).front(),
              "iomem 300000000-307ffffff: was absent, is 300000000-30fffffff : Persistent Memory");
    snapshot = host("dimm-host.json");
    snapshot.release = "6.12.96+deb13-amd64";
    EXPECT_EQ(differences(plan, snapshot).size(), 1U);
    snapshot = host("dimm-host.json");
    snapshot.hostname = "another";
    EXPECT_EQ(differences(plan, snapshot), std::vector<std::string>{"host hostname: was dimm-host, is another"});
}

TEST(Stale, a_namespace_that_got_another_uuid) {
    Snapshot snapshot = host("nvdimm-host.json");
    const Plan plan = plan_of(snapshot, {"namespace", "destroy", "namespace0.4"});
    for (auto& ns : snapshot.nvdimm->namespaces) {
        if (ns.name == "namespace0.4") ns.uuid = "00000000-0000-0000-0000-000000000001";
    }
    EXPECT_EQ(
        differences(plan, snapshot),
        std::vector<std::string>{"device namespaces/namespace0.4: was uuid 007161e3-6460-40eb-9061-96a7180c264b, is "
                                 "uuid 00000000-0000-0000-0000-000000000001"});
}

TEST(Order, what_destroys_comes_behind_all_that_can_be_refused_and_saved) {
    const Plan plan = plan_of(host("nvdimm-host.json"), {"namespace", "reconfigure", "namespace0.0", "--mode=fsdax"});
    ASSERT_EQ(plan.steps.size(), 4U);
    EXPECT_EQ(std::get<SaveAction>(plan.steps[0].action), (SaveAction{SaveAction::What::labels, "nmem0"}));
    EXPECT_EQ(to_string(plan.steps[1].action), "ndctl disable-namespace namespace0.0");
    EXPECT_EQ(to_string(plan.steps[1].undo.at(0)), "ndctl enable-namespace namespace0.0");
    EXPECT_EQ(std::get<SaveAction>(plan.steps[2].action), (SaveAction{SaveAction::What::info_block, "namespace0.0"}));
    for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(plan.steps[i].destroys.empty()) << i;
    EXPECT_EQ(plan.steps[3].destroys.at(0).bytes, 256 * kMiB);
    EXPECT_TRUE(plan.steps[3].undo.empty());
    EXPECT_FALSE(plan.steps[3].no_undo.empty());
}

TEST(Undo, offlined_blocks_go_back_into_their_zone) {
    const Plan movable = plan_of(host("dimm-host.json"), {"offline", "memory80"});
    EXPECT_EQ(to_string(movable.steps.at(0).undo.at(0)),
              "echo online_movable > /sys/devices/system/memory/memory80/state");
    const Plan kernel = plan_of(host("dimm-host.json"), {"offline", "memory79"});
    EXPECT_EQ(to_string(kernel.steps.at(0).undo.at(0)),
              "echo online_kernel > /sys/devices/system/memory/memory79/state");
}

TEST(PlanText, has_two_tenses) {
    const Plan plan = plan_of(host("dimm-host.json"), {"online", "memory84", "--zone=movable"});
    EXPECT_EQ(plan.steps.at(0).text(Tense::would), "would online memory84 (2a0000000-2a7ffffff) in zone Movable");
    EXPECT_EQ(plan.steps.at(0).text(Tense::done), "onlined memory84 (2a0000000-2a7ffffff) in zone Movable");
    EXPECT_NE(to_text(plan, Tense::done).find("onlined memory84"), std::string::npos);
}

TEST(PlanJson, says_all_of_it) {
    const Plan plan = plan_of(host("nvdimm-host.json"), {"dax", "reconfigure", "dax0.0", "--mode=system-ram"});
    const auto json = nlohmann::json::parse(to_json(plan));
    EXPECT_EQ(json["format"], "memhot-plan/1");
    EXPECT_EQ(json["wish"]["verb"], "dax reconfigure");
    EXPECT_EQ(json["steps"][0]["action"]["program"], "daxctl");
    EXPECT_EQ(json["steps"][0]["verdict"]["format"], "memhot-verdict/1");
    EXPECT_EQ(json["steps"][0]["destroys"][0]["device"], "dax0.0");
    // One block of 128 MiB lies wholly in 100600000-10fffffff: 32768 pages of 64 bytes.
    EXPECT_EQ(json["cost"]["memory_gained"], 128 * kMiB);
    EXPECT_EQ(json["cost"]["memmap"], 2 * kMiB);
    EXPECT_EQ(json["facts"].size(), plan.facts.size());
    EXPECT_FALSE(json["refused"]);
}

TEST(PlanExit, is_that_of_the_worst) {
    EXPECT_EQ(exit_status(plan_of(host("dimm-host.json"), {"online", "memory84"})), 0);
    EXPECT_EQ(exit_status(plan_of(host("dimm-host.json"), {"offline", "memory0"})), 1);
    EXPECT_EQ(exit_status(plan_of(host("dimm-host.json"), {"offline", "memory80"})), 8);
    EXPECT_EQ(exit_status(plan_of(host("dimm-host.json"), {"probe", "0x80000000"})), 9);
}

TEST(Wish, words_that_mean_nothing_are_named) {
    EXPECT_EQ(parse_wish({"online", "--zone=dma"}).error().message(), "--zone=dma: expected auto, kernel or movable");
    EXPECT_EQ(parse_wish({"offline", "4G", "--force"}).error().message(),
              "offline: unknown option `force'; expected --zone=ZONE or --ratio=PERCENT");
    EXPECT_EQ(parse_wish({"offline", "0x100000000", "--zone=movable"}).error().message(),
              "--zone=movable: expected only where memory is onlined (online, probe, dax online, dax reconfigure)");
    EXPECT_EQ(parse_wish({"probe", "0x100000000", "--zone=movable"})->zone, WantedZone::movable);
    EXPECT_FALSE(parse_wish({"namespace", "format"}).ok());
    EXPECT_FALSE(parse_wish({}).ok());
    EXPECT_FALSE(make_plan(host("dimm-host.json"), *parse_wish({"offline"})).ok());
}

std::string error_of(const char* name, const std::vector<std::string>& words) {
    const auto plan = make_plan(host(name), *parse_wish(words));
    if (plan.ok()) return "no error";
    EXPECT_EQ(plan.error().kind(), ErrorKind::bad_input);   // exit status 2
    return plan.error().message();
}

// Whatever way the option is written: what counts is what ndctl makes of it.
TEST(Wish, options_that_name_another_target_are_not_taken) {
    const std::string reconfig =
        "namespace create: --reconfig is not carried out: it destroys what a namespace that is "
        "there holds; use namespace reconfigure NAMESPACE";
    EXPECT_EQ(error_of("nvdimm-host.json", {"namespace", "create", "-enamespace0.4", "-m", "raw", "-f"}), reconfig);
    EXPECT_EQ(error_of("nvdimm-host.json", {"namespace", "create", "--reconf", "namespace0.4"}), reconfig);
    Wish wish;   // as a plan in a file may have it
    wish.verb = PlanVerb::namespace_create;
    wish.options = {"-fe", "namespace0.4"};
    EXPECT_EQ(make_plan(host("nvdimm-host.json"), wish).error().message(), reconfig);
    wish.verb = PlanVerb::namespace_reconfigure;
    wish.things = {"namespace0.4"};
    EXPECT_FALSE(make_plan(host("nvdimm-host.json"), wish).ok());
    wish.verb = PlanVerb::namespace_destroy;
    wish.options = {"--force", "namespace0.0"};   // one more name
    EXPECT_FALSE(make_plan(host("nvdimm-host.json"), wish).ok());
    wish.options = {"--force"};
    EXPECT_TRUE(make_plan(host("nvdimm-host.json"), wish).ok());
    wish.verb = PlanVerb::namespace_create;
    wish.things = {"region0"};
    wish.options = {"-r", "region1", "--mode=raw"};
    EXPECT_FALSE(make_plan(host("nvdimm-host.json"), wish).ok());
    wish.things = {};
    EXPECT_TRUE(make_plan(host("nvdimm-host.json"), wish).ok());   // the region has no other name here
}

TEST(Wish, options_that_are_not_carried_out_are_not_taken) {
    const std::vector<std::vector<std::string>> wishes{
        {"namespace", "create", "-c"},
        {"namespace", "reconfigure", "namespace0.4", "--continue", "--mode=raw"},
        {"dax", "create", "-r0", "1"},
        {"dax", "create", "--no-online"},
        {"dax", "create", "--mode=system-ram"},
        {"dax", "create", "--input", "x"},
        {"dax", "reconfigure", "dax0.0", "--mode=system-ram", "--input=x"},
        {"dax", "reconfigure", "dax0.0", "--mode=system-ram", "-C"},
        {"dax", "reconfigure", "dax0.1", "--mode=devdax", "--zone=movable"},
        {"dax", "online", "dax0.1", "--region=7"},
        {"dax", "offline", "dax0.1", "--region=7"},
        {"dax", "destroy", "dax0.1", "--region=7"},
    };
    for (const auto& words : wishes)
        EXPECT_NE(error_of("nvdimm-host.json", words), "no error")
            << words[0] << " " << words[1] << " " << words.back();
    // "--no-" takes an option back
    EXPECT_EQ(error_of("nvdimm-host.json", {"namespace", "create", "region0", "--no-continue", "--mode=raw"}),
              "no error");
    EXPECT_EQ(error_of("cxl-host.json", {"dax", "create", "--mode=devdax", "--size=512M"}), "no error");
}

// A device that was created but is not driven yet: with a size daxctl resizes it, and the mode is not what was asked.
TEST(Wish, a_size_that_would_be_taken_instead_of_the_mode_is_not_taken) {
    Snapshot snapshot = host("cxl-host.json");
    auto machine = *SimulatedHost::from_snapshot(snapshot);
    machine.carry_out(CommandLine{"daxctl", "create-device", {"--size=512M"}});
    machine.carry_out(CommandLine{"daxctl", "disable-device", {"dax0.1"}});
    const auto plan =
        make_plan(machine.snapshot(), *parse_wish({"dax", "reconfigure", "dax0.1", "-m", "devdax", "-s", "256M"}));
    ASSERT_FALSE(plan.ok()) << to_text(*plan);
    EXPECT_EQ(
        plan.error().message(),
        "dax reconfigure dax0.1: with --size or --align daxctl does not look at --mode; change the size by itself "
        "(daxctl reconfigure-device --size=SIZE dax0.1), then the mode");
}

// daxctl onlines what is offline of a device that is System RAM already (dev_online_memory()).
TEST(DaxReconfigure, of_memory_that_is_offline_onlines_it) {
    Snapshot snapshot = host("cxl-host.json");
    std::size_t blocks = 0;
    for (auto& block : *snapshot.blocks) {
        if (block.node != 2) continue;
        block.state = "offline";
        block.valid_zones = "Normal Movable";
        ++blocks;
    }
    const Plan plan = plan_of(snapshot, {"dax", "reconfigure", "dax0.0", "--mode=system-ram"});
    EXPECT_EQ(plan.steps.size(), blocks);
    for (const auto& step : plan.steps) EXPECT_EQ(std::get<WriteAction>(step.action).text, "online_movable");
    const Plan kernel = plan_of(snapshot, {"dax", "reconfigure", "dax0.0", "--mode=system-ram", "--no-movable"});
    ASSERT_EQ(kernel.steps.size(), blocks);
    EXPECT_EQ(std::get<WriteAction>(kernel.steps.front().action).text, "online_kernel");
    EXPECT_TRUE(plan_of(snapshot, {"dax", "reconfigure", "dax0.0", "--mode=system-ram", "--no-online"}).steps.empty());
    EXPECT_TRUE(plan_of(host("cxl-host.json"), {"dax", "reconfigure", "dax0.0", "--mode=system-ram"}).steps.empty());
}

TEST(Size, picks_movable_blocks_from_the_top) {
    const Plan plan = plan_of(host("dimm-host.json"), {"offline", "256M"});
    ASSERT_EQ(plan.steps.size(), 2U);
    EXPECT_EQ(plan.steps[0].block, 83U);
    EXPECT_EQ(plan.steps[1].block, 82U);
}

}   // namespace
}   // namespace memhot
