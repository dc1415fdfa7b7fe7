// SPDX-License-Identifier: GPL-2.0-or-later
//
// A block that cannot be changed does not keep the others, as with chmem (util-linux, sys-utils/chmem.c:
// chmem_onoff_size() and chmem_onoff_range() go on, and the end says whether all, some or none were changed).
#include <algorithm>

#include "execute/begun_job.hpp"
#include "execution.hpp"

namespace memhot::execute {
namespace {

class BestEffort : public Execution {
protected:
    // As the steps of "offline 512M" go: memory83, 82, 81, 80.
    void expect_states(const JobResult& result, const std::vector<StepState>& expected) const {
        ASSERT_EQ(result.steps.size(), expected.size());
        const journal::Job written = job();
        for (std::size_t i = 0; i < expected.size(); ++i) {
            EXPECT_EQ(result.steps[i].state, expected[i]) << "step " << i + 1 << ": " << result.steps[i].text;
            const StepState noted = i < written.steps.size() ? written.steps[i].state : StepState::untouched;
            EXPECT_EQ(noted, expected[i]) << "step " << i + 1;
        }
    }
};

constexpr auto kDone = StepState::done;
constexpr auto kFailed = StepState::failed;
constexpr auto kUntouched = StepState::untouched;

TEST_F(BestEffort, the_other_blocks_are_tried) {
    use("dimm-host.json", {"offline", "512M"});
    auto where = target({"EIO:memory83", "vanish:memory81"});
    const JobResult result = run(where);
    expect_states(result, {kFailed, kDone, kFailed, kDone});
    expect_agreement(where, result);
    EXPECT_EQ(result.end, JobEnd::failed);
    EXPECT_EQ(result.exit_status(), 6) << "some";
    EXPECT_EQ(result.text, "step 1: Input/output error (EIO): injected; and 1 step more");
}

TEST_F(BestEffort, where_none_goes_nothing_has_changed) {
    use("dimm-host.json", {"offline", "512M"});
    auto where = target({"EIO:memory83", "EIO:memory82", "EIO:memory81", "EIO:memory80"});
    const JobResult result = run(where);
    expect_states(result, {kFailed, kFailed, kFailed, kFailed});
    EXPECT_EQ(result.exit_status(), 5);
}

// The first busy block may use up the time, the others are asked once: 1 s in all, not 4.
TEST_F(BestEffort, one_block_uses_up_the_time_and_the_others_are_tried_once_each) {
    use("dimm-host.json", {"offline", "512M"});
    options.timeout = 1'000'000;
    auto where = target({"EBUSY:memory83:1000", "EBUSY:memory82:1000", "EBUSY:memory81:1000"});
    const JobResult result = run(where);
    expect_states(result, {kFailed, kFailed, kFailed, kDone});
    expect_agreement(where, result);
    EXPECT_GT(result.steps[0].attempts, 1U);
    EXPECT_EQ(result.steps[1].attempts, 1U);
    EXPECT_EQ(result.steps[2].attempts, 1U);
    EXPECT_EQ(clock.now, 1'000'000U);
    EXPECT_EQ(result.end, JobEnd::timed_out);
    EXPECT_EQ(result.exit_status(), 7);
}

// 5 and 6 are chmem's 1 and 64: nobody asked to wait, so nothing was given up.
TEST_F(BestEffort, a_busy_block_that_is_not_waited_for_has_failed) {
    use("dimm-host.json", {"offline", "256M"});
    options.timeout = 0;
    auto one = target({"EBUSY:memory83:9"});
    const JobResult some = run(one);
    EXPECT_EQ(some.end, JobEnd::failed);
    EXPECT_EQ(some.exit_status(), 6);
    expect_states(some, {kFailed, kDone});
    fs::remove_all(top + "/state");
    auto both = target({"EBUSY:memory83:9", "EBUSY:memory82:9"});
    const JobResult none = run(both);
    EXPECT_EQ(none.exit_status(), 5);
    EXPECT_EQ(none.steps[0].attempts, 1U);
    EXPECT_TRUE(clock.waits.empty());
}

TEST_F(BestEffort, all_or_nothing_stops_at_the_first) {
    use("dimm-host.json", {"offline", "512M"});
    options.undo_on_failure = true;
    auto where = target({"EIO:memory82"});
    const JobResult result = run(where);
    EXPECT_EQ(where.taken().size(), 2U) << "memory83 offline, and online again";
    EXPECT_EQ(result.steps[2].state, kUntouched);
    EXPECT_EQ(result.exit_status(), 5);
}

TEST_F(BestEffort, nothing_is_tried_behind_a_cancel) {
    use("dimm-host.json", {"offline", "512M"});
    auto where = target({"EIO:memory83"});
    int asked = 0;
    options.cancelled = [&] { return ++asked > 2; };
    const JobResult result = run(where);
    EXPECT_EQ(result.end, JobEnd::cancelled);
    EXPECT_EQ(result.exit_status(), 7);
    expect_states(result, {kFailed, kDone, kUntouched, kUntouched});
}

// A removal wants all blocks of its device: with one that stays online the others would be offline for nothing.
TEST_F(BestEffort, what_a_command_needs_is_not_tried_without_the_rest) {
    use("nvdimm-host.json", {"remove", "dax0.1"});
    ASSERT_TRUE(std::holds_alternative<CommandLine>(plan.steps.back().action));
    auto where = target({"EIO:memory36"});
    const JobResult result = run(where);
    EXPECT_TRUE(where.taken().empty());
    EXPECT_EQ(result.exit_status(), 5);
    expect_states(result, {kFailed, kUntouched, kUntouched});
    EXPECT_EQ(where.host().value(Fact::Kind::block, "memory35").substr(0, 6), "online");
}

// The policy that was held is put back behind the last block, and no block is onlined by it.
TEST_F(BestEffort, what_was_held_is_put_back_behind_the_others) {
    use("cxl-host.json", {"dax", "reconfigure", "dax0.0", "--mode=devdax"});
    auto made = target();
    run(made);
    fs::remove_all(top + "/state");
    snapshot = made.host().snapshot();
    snapshot.auto_online_blocks = "online";
    plan = *make_plan(snapshot, *parse_wish({"dax", "reconfigure", "dax0.0", "--mode=system-ram"}));
    ASSERT_FALSE(plan.refused()) << to_text(plan);
    ASSERT_GE(plan.steps.size(), 5U) << to_text(plan);
    ASSERT_TRUE(plan.steps.back().takes_back);
    auto where = target({"EIO:memory" + std::to_string(*plan.steps[2].block)});
    const JobResult result = run(where);
    EXPECT_EQ(result.exit_status(), 6) << result.text;
    EXPECT_EQ(result.steps[2].state, kFailed);
    for (std::size_t i = 3; i + 1 < plan.steps.size(); ++i) EXPECT_EQ(result.steps[i].state, kDone) << i + 1;
    EXPECT_EQ(where.host().value(Fact::Kind::attribute, "auto_online_blocks"), "online");
    EXPECT_EQ(where.taken().back(), "echo online > /sys/devices/system/memory/auto_online_blocks");
}

// memory83 failed, memory82 went, memory81 was intended: what failed is tried again behind what is done.
TEST_F(BestEffort, an_interrupted_job_is_gone_on_with_behind_a_block_that_failed) {
    for (const bool happened : {false, true}) {
        fs::remove_all(top + "/state");
        use("dimm-host.json", {"offline", "512M"});
        {
            auto where = target({"EIO:memory83"});
            run(where);
        }
        const auto entries = journal::read_journal(top + "/state")->entries;
        fs::remove_all(top + "/state");
        const auto lock = journal::HostLock::take(top + "/run", "test");
        {
            auto book = journal::Journal::open(top + "/state", *lock);
            for (std::size_t i = 0; i < 6; ++i) ASSERT_TRUE(book->append(entries.at(i)).ok());
        }
        const journal::Job before = job();
        ASSERT_EQ(before.steps.size(), 3U);
        ASSERT_EQ(before.steps[0].state, kFailed);
        ASSERT_EQ(before.steps[2].state, StepState::unknown);
        auto where = target();
        for (std::size_t i = 1; i < (happened ? 3U : 2U); ++i) where.host().carry_out(plan.steps[i].action);
        const auto way = missed_later(plan, before);
        ASSERT_TRUE(way);
        EXPECT_EQ(way->order, (std::vector<std::size_t>{1, 2, 0, 3}));
        const auto far = how_far(way->job);
        const auto rest = make_rest(where.host().snapshot(), way->plan, far.done, far.doubtful, far.identity);
        ASSERT_TRUE(rest.ok());
        EXPECT_FALSE(rest->refused()) << to_text(*rest);
        EXPECT_EQ(rest->steps.size(), happened ? 2U : 3U);
        std::vector<std::string> wanted;
        for (const auto& step : rest->steps) wanted.push_back(to_string(step.action));

        auto book = journal::Journal::open(top + "/state", *lock);
        const auto result = Executor(where, *book, clock).finish(plan, before, options);
        ASSERT_TRUE(result.ok()) << result.error().message();
        EXPECT_EQ(result->end, JobEnd::done) << result->text;
        EXPECT_EQ(where.taken(), wanted) << "as the plan of the rest says, and nothing twice";
        expect_states(*result, {kDone, kDone, kDone, kDone});
        expect_agreement(where, *result);
    }
}

// Killed once more, while the one that was missed is tried: all others are done, and it comes last all the same.
TEST_F(BestEffort, a_job_that_is_interrupted_a_second_time_is_gone_on_with) {
    use("dimm-host.json", {"offline", "512M"});
    journal::Job job;
    job.id = "1";
    job.steps.resize(4);
    for (const std::size_t i : {0U, 2U, 3U}) job.steps[i].state = StepState::done;
    job.steps[1].state = StepState::unknown;
    const auto way = missed_later(plan, job);
    ASSERT_TRUE(way);
    EXPECT_EQ(way->order, (std::vector<std::size_t>{0, 2, 3, 1}));
    const auto far = how_far(way->job);
    EXPECT_EQ(far.done, 3U);
    EXPECT_TRUE(far.doubtful);

    job.steps[3].state = StepState::untouched;   // none was missed
    job.steps[2].state = StepState::untouched;
    EXPECT_FALSE(missed_later(plan, job));
}

TEST_F(BestEffort, a_block_that_fails_again_when_a_job_is_resumed_keeps_its_number) {
    use("dimm-host.json", {"offline", "512M"});
    {
        auto where = target({"EIO:memory83"});
        run(where);
    }
    const auto entries = journal::read_journal(top + "/state")->entries;
    fs::remove_all(top + "/state");
    const auto lock = journal::HostLock::take(top + "/run", "test");
    {
        auto book = journal::Journal::open(top + "/state", *lock);
        for (std::size_t i = 0; i < 5; ++i) ASSERT_TRUE(book->append(entries.at(i)).ok());
    }
    auto where = target({"EIO:memory83"});
    where.host().carry_out(plan.steps[1].action);
    auto book = journal::Journal::open(top + "/state", *lock);
    const auto result = Executor(where, *book, clock).finish(plan, job(), options);
    ASSERT_TRUE(result.ok()) << result.error().message();
    EXPECT_EQ(result->exit_status(), 6);
    EXPECT_TRUE(result->text.starts_with("step 1: ")) << result->text;
    expect_states(*result, {kFailed, kDone, kDone, kDone});
}

TEST_F(BestEffort, a_rollback_takes_back_what_went) {
    use("dimm-host.json", {"offline", "512M"});
    auto where = target({"EIO:memory82"});
    run(where);
    const auto lock = journal::HostLock::take(top + "/run", "test");
    auto book = journal::Journal::open(top + "/state", *lock);
    const auto back = Executor(where, *book, clock).undo(plan, job(), options);
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(back->exit_status(), 0) << back->text;
    for (const char* block : {"memory80", "memory81", "memory82", "memory83"})
        EXPECT_EQ(where.host().value(Fact::Kind::block, block), "online, node1, zones Movable");
}

}   // namespace
}   // namespace memhot::execute
