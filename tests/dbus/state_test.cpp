// SPDX-License-Identifier: GPL-2.0-or-later
//
// What the daemon keeps, without a bus: the table of blocks against a plain map, hazards and their numbers, plans.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "app/event_loop.hpp"
#include "app/worker.hpp"
#include "service/arrivals.hpp"
#include "service/asker.hpp"
#include "service/hazards.hpp"
#include "service/plans.hpp"
#include "state/block_table.hpp"

namespace memhot {
namespace {

BlockRecord any_block(std::mt19937_64& random, std::uint64_t number) {
    static const char* const kStates[] = {"online", "offline", "going-offline"};
    static const char* const kZones[] = {"", "Normal", "Movable", "Normal Movable", "none"};
    BlockRecord block;
    block.number = number;
    block.state = kStates[random() % 3];
    block.valid_zones = kZones[random() % 5];
    if (random() % 4 != 0) block.node = static_cast<int>(random() % 3);
    if (random() % 2 == 0) block.removable = random() % 2 == 0;
    return block;
}

TEST(BlockTable, IsAMapOfBlocks) {
    std::mt19937_64 random(42);
    state::BlockTable table;
    std::map<std::uint64_t, BlockRecord> reference;
    for (int i = 0; i < 20'000; ++i) {
        const std::uint64_t number = random() % 300;
        if (random() % 3 == 0) {
            EXPECT_EQ(table.erase(number), reference.erase(number) == 1);
        } else {
            const auto block = any_block(random, number);
            const auto before = reference.find(number);
            EXPECT_EQ(table.set(block), before == reference.end() || !(before->second == block));
            reference[number] = block;
        }
    }
    std::vector<BlockRecord> records;
    std::size_t online = 0;
    for (const auto& [number, block] : reference) {
        records.push_back(block);
        online += block.state == "online" ? 1U : 0U;
        EXPECT_EQ(table.find(number), block);
    }
    EXPECT_EQ(table.records(), records);
    EXPECT_EQ(table.online(), online);
    EXPECT_EQ(table.size(), records.size());
    EXPECT_TRUE(table == state::BlockTable(records));
    // runs tell every block once, and no two that touch are alike
    std::size_t told = 0;
    const state::BlockRun* last = nullptr;
    const auto runs = table.runs();
    for (const auto& run : runs) {
        for (auto number = run.first; number <= run.last; ++number, ++told) {
            const auto& block = reference.at(number);
            EXPECT_EQ(run.state, block.state);
            EXPECT_EQ(run.zones, block.valid_zones);
            EXPECT_EQ(run.node, block.node);
            EXPECT_EQ(run.removable, block.removable);
        }
        if (last != nullptr && last->last + 1 == run.first) {
            EXPECT_FALSE(last->state == run.state && last->zones == run.zones && last->node == run.node &&
                         last->removable == run.removable);
        }
        last = &run;
    }
    EXPECT_EQ(told, records.size());
    EXPECT_FALSE(table.set(any_block(random, 1ULL << 32U))) << "more than the table can hold";
}

TEST(Hazards, KeepTheirNumberAsLongAsTheyStand) {
    service::Hazards hazards;
    const Finding one{"a.rule", Severity::problem, "region0", "first", "why", "do this"};
    const Finding two{"b.rule", Severity::warning, "region1", "second", "why", "do that"};
    const Finding note{"c.rule", Severity::note, "region1", "third", "why", ""};
    auto change = hazards.update({one, note}, 1);
    ASSERT_EQ(change.raised.size(), 1U);
    EXPECT_EQ(change.raised[0].id, 1U);
    EXPECT_TRUE(hazards.update({one, note}, 2).raised.empty());
    change = hazards.update({two, one}, 3);
    ASSERT_EQ(change.raised.size(), 1U);
    EXPECT_EQ(change.raised[0].id, 2U);
    EXPECT_EQ(hazards.all().size(), 2U);
    EXPECT_EQ(hazards.all()[1].since, 1U);
    change = hazards.update({two}, 4);
    ASSERT_EQ(change.cleared.size(), 1U);
    EXPECT_EQ(change.cleared[0].id, 1U);
    change = hazards.update({one, two}, 5);
    EXPECT_EQ(change.raised[0].id, 3U) << "a number is never used again";
}

TEST(Plans, AreTheirOwnersAlone) {
    service::Plans plans;
    const service::Plans::Owner owner{":1.1", 1000};
    const service::Plans::Limits two{.of_owner = 2};
    const auto name = plans.keep(owner, {"{}", {}}, two);
    ASSERT_TRUE(name.has_value());
    EXPECT_EQ(name->size(), 32U);
    EXPECT_TRUE(plans.find(":1.1", *name).has_value());
    EXPECT_FALSE(plans.find(":1.2", *name).has_value());
    EXPECT_NE(*plans.keep(owner, {"{}", {}}, two), *name);
    const auto many = plans.keep(owner, {"{}", {}}, two);
    ASSERT_FALSE(many.has_value());
    EXPECT_EQ(many.error().name, service::error_name::kLimitExceeded);
    plans.release(":1.1");
    EXPECT_FALSE(plans.find(":1.1", *name).has_value());
}

TEST(Plans, AreCountedAndWeighedForTheUserBehindAllConnections) {
    service::Plans plans;
    const service::Plans::Limits limits{.of_owner = 2, .of_user = 3, .bytes_of_user = 100, .bytes = 150};
    const auto keep = [&](const std::string& name, std::uint32_t user, std::size_t bytes) {
        const auto kept = plans.keep({name, user}, {std::string(bytes, 'x'), {}}, limits);
        return kept ? "" : kept.error().text;
    };
    EXPECT_EQ(keep(":1.1", 1000, 40), "");
    EXPECT_EQ(keep(":1.2", 1000, 60), "");
    EXPECT_NE(keep(":1.3", 1000, 1).find("of this user have"), std::string::npos);
    EXPECT_EQ(keep(":1.4", 1001, 50), "");
    EXPECT_NE(keep(":1.5", 1002, 1).find("all plans have"), std::string::npos);
    plans.release(":1.2");
    EXPECT_EQ(keep(":1.3", 1000, 1), "");
    EXPECT_EQ(keep(":1.6", 1000, 1), "");
    EXPECT_NE(keep(":1.7", 1000, 1).find("3 plans of this user"), std::string::npos);
}

BlockRecord block(std::uint64_t number) {
    BlockRecord out;
    out.number = number;
    out.state = "offline";
    return out;
}

TEST(Arrivals, AReadingThatFindsABlockBeforeItsEventCountsItOnce) {
    const state::BlockTable none;
    const state::BlockTable one({block(7)});
    service::Arrivals arrivals;
    events::Batch removed;
    removed.removed = {7};
    events::Batch added;
    added.added = {7};
    arrivals.heard(removed, one);
    EXPECT_TRUE(arrivals.take().empty());
    arrivals.found(none, one);
    EXPECT_EQ(arrivals.take(), std::set<std::uint64_t>{7});
    arrivals.heard(added, one);
    EXPECT_TRUE(arrivals.take().empty()) << "the same block again";
    // it goes and comes once more
    arrivals.heard(removed, one);
    arrivals.heard(added, one);
    EXPECT_EQ(arrivals.take(), std::set<std::uint64_t>{7});
}

TEST(Asker, WhoAsksOneThatEndsIsRefused) {
    auto loop = app::EventLoop::make();
    ASSERT_TRUE(loop.ok());
    auto host =
        state::HostState::open({.root = "/", .simulate = MEMHOT_TEST_DATA "/dimm-host.json"}, [] { return 0U; });
    ASSERT_TRUE(host.ok());
    app::Worker thinker(*loop);
    service::Asker asker(thinker, *host);
    int answered = 0;
    int refused = 0;
    const service::Asker::Question question{.about_host = false,
                                            .think = [](const auto&, const auto&) {},
                                            .then = [&] { ++answered; },
                                            .refused = [&] { ++refused; }};
    for (int i = 0; i < 3; ++i) asker.put("1000", question);
    EXPECT_EQ(refused, 0);
    asker.stop();
    EXPECT_EQ(refused, 2) << "those that waited";
    asker.put("1000", question);
    EXPECT_EQ(refused, 3);
    thinker.end();
    asker.abandon();
    EXPECT_EQ(refused, 4) << "the one whose answer has not come through";
    EXPECT_EQ(answered, 0);
}

}   // namespace
}   // namespace memhot
