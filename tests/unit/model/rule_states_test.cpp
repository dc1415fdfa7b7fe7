// SPDX-License-Identifier: GPL-2.0-or-later
//
// memoryN/state and auto_online_blocks: each rule that decides.
#include <cerrno>

#include "unit/model/host.hpp"

namespace memhot {
namespace {

using test::add_of;
using test::expect;
using test::Host;
using test::Log;
using test::map_of;

constexpr std::uint64_t kBlock = 128 * kMiB;
constexpr std::uint64_t kFree = 0x200000000;   // block 0x40

const std::string kIomem = "00100000-3fffffff : System RAM\n"
                           "100000000-13fffffff : System RAM\n"
                           "140000000-1bfffffff : Persistent Memory\n";

Model boot(const std::string& kernel = "6.12.95") { return test::boot({.iomem = kIomem, .kernel = kernel}); }

Model with_block(const std::string& kernel = "6.12.95") {
    Model model = boot(kernel);
    test::run(model, add_of(kFree, kBlock));
    return model;
}

TEST(Rule, state_no_block) {
    Model model = boot();
    const std::string before = test::picture(model);
    for (const std::string word : {"online", "offline", "nonsense"}) {   // there is no file to write it to
        EXPECT_EQ(expect(model, op::SetState{0x40, word}, RuleId::state_no_block, ENOENT).log, Log{});
    }
    EXPECT_EQ(test::picture(model), before);
}

TEST(Rule, state_unknown_word) {
    Model model = with_block();
    const std::string before = test::picture(model);
    for (const std::string word : {"", "Online", "on", "online_", "going-offline", "online\n\n"}) {
        EXPECT_EQ(expect(model, op::SetState{0x40, word}, RuleId::state_unknown_word, EINVAL).log, Log{});
    }
    EXPECT_EQ(test::picture(model), before);
}

// device_online() and device_offline() return 1 where nothing is to be done, and state_store() makes EINVAL of it.
TEST(Rule, state_already) {
    Model model = with_block();
    expect(model, op::SetState{0x40, "offline"}, RuleId::state_already, EINVAL);
    test::run(model, op::SetState{0x40, "online_kernel"});
    const std::string before = test::picture(model);
    for (const std::string word : {"online", "online_kernel", "online_movable"}) {
        EXPECT_EQ(expect(model, op::SetState{0x40, word}, RuleId::state_already, EINVAL).log, Log{});
    }
    EXPECT_EQ(test::picture(model), before);
}

// Normal has boot memory, Movable gets its first pages: build_all_zonelists() (recorded of daxctl online-memory).
const Log kRebuilt{"Fallback order for Node 0: 0 ", "Built 1 zonelists, mobility grouping on.  Total pages: ?",
                   "Policy zone: Normal"};

TEST(Rule, online_accepted) {
    for (const auto& [word, zone] : {std::pair{"online", "Normal"}, std::pair{"online_kernel", "Normal"},
                                     std::pair{"online_movable", "Movable"}}) {
        Model model = with_block();
        const Log log = std::string_view(zone) == "Movable" ? kRebuilt : Log{};
        EXPECT_EQ(model.block(0x40)->valid_zones, "Normal Movable");
        EXPECT_EQ(expect(model, op::SetState{0x40, word}, RuleId::online_accepted, 0).log, log);
        EXPECT_TRUE(model.block(0x40)->online);
        EXPECT_EQ(model.block(0x40)->valid_zones, zone);
        EXPECT_TRUE(model.section(0x40).online);
    }
}

TEST(Rule, offline_holes) {
    // block 7 (0x38000000) ends in a hole, block 0x27 is whole
    const Host host{.iomem = "00100000-3bffffff : System RAM\n100000000-13fffffff : System RAM\n"};
    for (const std::string kernel : {"5.7", "5.10", "6.12", "7.2"}) {
        Host other = host;
        other.kernel = kernel;
        Model model = test::boot(other);
        const std::string before = test::picture(model);
        EXPECT_EQ(expect(model, op::SetState{7, "offline"}, RuleId::offline_holes, EINVAL).log, Log{}) << kernel;
        EXPECT_EQ(test::picture(model), before) << kernel;
        EXPECT_EQ(model.outcome(op::SetState{0x27, "offline"}).kind, Outcome::Kind::uncertain) << kernel;
    }
    Host old = host;
    old.kernel = "5.4";
    EXPECT_EQ(test::boot(old).outcome(op::SetState{7, "offline"}).kind, Outcome::Kind::uncertain);   // nobody looks
}

// A device mapping in the hole does not fill it: ZONE_DEVICE is no System RAM.
TEST(Rule, offline_holes_with_a_mapping_in_them) {
    Model model = test::boot({.iomem = "00100000-3bffffff : System RAM\n3c000000-3fffffff : Persistent Memory\n"});
    test::run(model, map_of(0x3c000000, 64 * kMiB));
    EXPECT_EQ(model.outcome(op::SetState{7, "offline"}).rule, RuleId::offline_holes);
}

TEST(Rule, offline_multizone) {
    // one block of 2 GiB over DMA, DMA32 and what is below 2 GiB only
    const Host host{.iomem = "00001000-7fffffff : System RAM\n100000000-17fffffff : System RAM\n",
                    .block_size = 2 * kGiB};
    for (const std::string kernel : {"5.10", "5.18", "6.12"}) {
        Host other = host;
        other.kernel = kernel;
        Model model = test::boot(other);
        const std::string before = test::picture(model);
        EXPECT_EQ(model.block(0)->valid_zones, "none") << kernel;
        const auto answer = test::run(model, op::SetState{0, "offline"});
        EXPECT_EQ(answer.outcome.error, EINVAL) << kernel;
        // since 5.18 asked first; before it, holes come first (the first page is no RAM)
        EXPECT_EQ(answer.outcome.rule, kernel == "5.10" ? RuleId::offline_holes : RuleId::offline_multizone) << kernel;
        EXPECT_EQ(test::picture(model), before) << kernel;
        EXPECT_EQ(model.outcome(op::SetState{2, "offline"}).kind, Outcome::Kind::uncertain) << kernel;
    }
}

TEST(Rule, offline_boot_memory) {
    const std::string kRam = "40000000-7fffffff : System RAM\n";
    Model model = test::boot({.iomem = kRam, .arch = Arch::arm64});
    const std::string before = test::picture(model);
    const auto answer = expect(model, op::SetState{8, "offline"}, RuleId::offline_boot_memory, EPERM);
    EXPECT_EQ(answer.log, Log{"Boot memory [40000000 48000000] offlining attempted"});
    Model silent = test::boot({.iomem = kRam, .kernel = "5.10", .arch = Arch::arm64});   // ecdf06e1ea53 came with 5.11
    EXPECT_EQ(expect(silent, op::SetState{1, "offline"}, RuleId::offline_boot_memory, EPERM).log, Log{});
    EXPECT_EQ(test::picture(model), before);
    // hot-added memory may go, and before 5.7 boot memory, too
    test::run(model, add_of(kFree, kBlock));
    test::run(model, op::SetState{0x40, "online"});
    EXPECT_EQ(model.outcome(op::SetState{0x40, "offline"}).kind, Outcome::Kind::uncertain);
    EXPECT_EQ(
        test::boot({.iomem = kRam, .kernel = "5.6", .arch = Arch::arm64}).outcome(op::SetState{1, "offline"}).kind,
        Outcome::Kind::uncertain);
}

TEST(Rule, offline_unmovable) {
    const Log old{"Offlined Pages 32768", kRebuilt[1], kRebuilt[2]};   // before 5.16 without the fallback order
    for (const auto& [kernel, log] : {std::pair{"5.10", old}, std::pair{"6.12", kRebuilt}}) {
        Model model = with_block(kernel);
        const std::string offline = test::picture(model);
        test::run(model, op::SetState{0x40, "online_movable"});
        const std::string online = test::picture(model);
        const op::SetState set{0x40, "offline"};
        const Outcome outcome = model.outcome(set);
        EXPECT_EQ(outcome, Outcome::unsure(RuleId::offline_unmovable, EBUSY, kFree));
        // either answer can be adopted
        model.apply(set, Outcome::refuse(outcome.rule, EBUSY, outcome.at));
        EXPECT_EQ(test::picture(model), online);
        const Outcome accepted = Outcome::accept(outcome.rule);
        Log said;
        for (const auto& line : model.messages(set, accepted)) said.push_back(line.text);
        EXPECT_EQ(said, log) << kernel;
        model.apply(set, accepted);
        EXPECT_EQ(test::picture(model), offline);
    }
}

TEST(Rule, auto_online_accepted) {
    Model model = boot();
    std::uint64_t start = kFree;
    for (const auto& [word, zones] : {std::pair{"online", "Normal"}, std::pair{"online_movable", "Movable"},
                                      std::pair{"online_kernel", "Normal"}, std::pair{"offline", "Normal Movable"}}) {
        expect(model, op::SetAutoOnline{word}, RuleId::auto_online_accepted, 0);
        test::run(model, add_of(start, kBlock));
        EXPECT_EQ(model.block(start / kBlock)->online, std::string(word) != "offline");
        start += 16 * kBlock;
    }
}

TEST(Rule, auto_online_unknown_word) {
    Model model = boot();
    for (const std::string word : {"", "1", "movable", "ONLINE"}) {
        EXPECT_EQ(expect(model, op::SetAutoOnline{word}, RuleId::auto_online_unknown_word, EINVAL).log, Log{});
    }
    test::run(model, add_of(kFree, kBlock));
    EXPECT_FALSE(model.block(0x40)->online);   // nothing changed
    // 5f47adf762b7: the words of a zone came with 5.7
    for (const std::string word : {"online_kernel", "online_movable"}) {
        EXPECT_EQ(boot("5.6").outcome(op::SetAutoOnline{word}).rule, RuleId::auto_online_unknown_word) << word;
        EXPECT_TRUE(boot("5.7").outcome(op::SetAutoOnline{word}).accepted()) << word;
    }
    EXPECT_TRUE(boot("5.6").outcome(op::SetAutoOnline{"online"}).accepted());
}

}   // namespace
}   // namespace memhot
