// SPDX-License-Identifier: GPL-2.0-or-later
//
// Plans of 65,536 memory blocks (8 TiB of 128 MiB each). Nothing here looks at a clock: what takes the square of that many
// steps makes these tests take minutes instead of seconds; tests/bench/plan_bench.cpp has the figures.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "memhot/plan.hpp"
#include "memhot/simulated.hpp"

namespace memhot {
namespace {

constexpr std::uint64_t kBlocks = 65'536;
constexpr std::uint64_t kFirst = 256;
constexpr std::uint64_t kBlockSize = 128 * kMiB;

// So many offline blocks more on node 1, from 32 GiB on.
Snapshot large_host(std::uint64_t blocks = kBlocks) {
    Snapshot snapshot = *load_snapshot(MEMHOT_TEST_DATA "/dimm-host.json");
    for (std::uint64_t i = 0; i < blocks; ++i) {
        BlockRecord record;
        record.number = kFirst + i;
        record.state = "offline";
        record.valid_zones = "Normal Movable";
        record.removable = true;
        record.node = 1;
        snapshot.blocks->push_back(record);
    }
    const std::uint64_t start = kFirst * kBlockSize;
    *snapshot.iomem += to_string(Range{start, start + blocks * kBlockSize - 1}) + " : System RAM\n";
    return snapshot;
}

Plan plan_of(const Snapshot& snapshot, const std::vector<std::string>& words) {
    return *make_plan(snapshot, *parse_wish(words));
}

std::size_t different_facts(const Plan& plan) {
    std::set<std::pair<Fact::Kind, std::string>> out;
    for (const auto& fact : plan.facts) out.emplace(fact.kind, fact.name);
    return out.size();
}

TEST(LargePlan, relies_on_each_block_once) {
    const Snapshot snapshot = large_host();
    // By their addresses; by their node, which has some more of its own.
    const std::string range = to_string(Range{kFirst * kBlockSize, (kFirst + kBlocks) * kBlockSize - 1});
    for (const auto& things : {std::vector<std::string>{range}, {"node1"}}) {
        std::vector<std::string> words{"online", "--zone=movable", "--ratio=0"};
        words.insert(words.end(), things.begin(), things.end());
        const Plan plan = plan_of(snapshot, words);
        ASSERT_FALSE(plan.refused()) << things.front();
        std::set<std::uint64_t> written;
        for (const auto& step : plan.steps) written.insert(*step.block);
        EXPECT_EQ(written.size(), plan.steps.size()) << "none twice";
        EXPECT_GE(plan.steps.size(), kBlocks);
        EXPECT_EQ(different_facts(plan), plan.facts.size());
        EXPECT_GE(plan.facts.size(), 2 * kBlocks) << "the block and its lines of /proc/iomem";
        // All in one line, however many they are.
        EXPECT_LE(step_lines(plan, 0, plan.steps.size(), Tense::would).size(), 2U);
    }
}

TEST(LargePlan, of_many_words_finds_each_block) {
    const Snapshot snapshot = large_host(16'384);
    std::vector<std::string> words{"online", "--zone=movable", "--ratio=0"};
    for (std::uint64_t i = 0; i < 16'384; ++i) words.push_back("memory" + std::to_string(kFirst + i));
    EXPECT_EQ(plan_of(snapshot, words).steps.size(), 16'384U);
}

// A line for each where they are asked for one by one, as of a job whose steps ended in different ways.
TEST(LargePlan, tells_a_step_without_looking_at_all_behind_it) {
    const Plan plan = plan_of(large_host(), {"online", "8T", "--zone=movable", "--ratio=0"});
    ASSERT_EQ(plan.steps.size(), kBlocks);
    std::size_t lines = 0;
    for (std::size_t i = 0; i < plan.steps.size(); ++i) lines += step_lines(plan, i, i + 1, Tense::done).size();
    EXPECT_EQ(lines, kBlocks);
}

// Half of it is done: what of the rest the plan relies on is held against what those steps have changed.
TEST(LargePlan, that_was_interrupted_is_gone_on_with_and_undone) {
    const Snapshot snapshot = large_host();
    const Plan plan = plan_of(snapshot, {"online", "8T", "--zone=movable", "--ratio=0"});
    auto host = SimulatedHost::from_snapshot(snapshot);
    std::vector<StepBehind> behind;
    for (std::size_t i = 0; i < kBlocks / 2; ++i) {
        host->carry_out(plan.steps[i].action);
        behind.push_back({i, StepBehind::How::done, ""});
    }
    const Snapshot half = host->snapshot();
    const auto rest = make_rest(half, plan, kBlocks / 2, false);
    ASSERT_TRUE(rest.ok()) << rest.error().message();
    EXPECT_FALSE(rest->refused()) << (rest->refusals.empty() ? "" : rest->refusals.front().text);
    EXPECT_EQ(rest->steps.size(), kBlocks / 2);
    Snapshot roomy = half;
    roomy.available_memory = 16 * kTiB;
    const auto undo = make_undo(roomy, plan, behind);
    ASSERT_TRUE(undo.ok()) << undo.error().message();
    EXPECT_FALSE(undo->refused()) << (undo->refusals.empty() ? "" : undo->refusals.front().text);
    EXPECT_EQ(undo->steps.size(), kBlocks / 2);
}

// A job of that many steps has to fit into one entry of the journal (64 MiB), in which a quote is two bytes.
TEST(LargePlan, has_a_document_of_about_900_bytes_a_step_for_the_journal) {
    const Plan plan = plan_of(large_host(1024), {"online", "128G", "--zone=movable", "--ratio=0"});
    ASSERT_EQ(plan.steps.size(), 1024U);
    const std::string document = to_compact_json(plan);
    const auto quotes = static_cast<std::size_t>(std::ranges::count(document, '"'));
    EXPECT_LT((document.size() + quotes) / plan.steps.size(), 1024U);
    EXPECT_GT(to_json(plan).size() / plan.steps.size(), 2048U)
        << "the whole document has over two and a half times that";
}

}   // namespace
}   // namespace memhot
