// SPDX-License-Identifier: GPL-2.0-or-later
//
// A host that says yes and does something else, or nothing: that is seen behind the step, written down with what is there,
// and taken back like anything else that the job did.
#include "execution.hpp"

namespace memhot::execute {
namespace {

enum class Does : std::uint8_t { nothing, another_zone };

// Says yes to every write to memory85, and does not do it.
class SaysYes : public SimulatedTarget {
public:
    SaysYes(SimulatedTarget&& host, Does does) : SimulatedTarget(std::move(host)), does_(does) {}
    Attempt carry_out(const Action& action) override {
        const auto* write = std::get_if<WriteAction>(&action);
        if (!lies || write == nullptr || !write->path.ends_with("memory85/state"))
            return SimulatedTarget::carry_out(action);
        ++asked;
        if (does_ == Does::nothing) return {};
        return SimulatedTarget::carry_out(WriteAction{write->path, "online_kernel"});
    }
    bool lies = true;
    std::size_t asked = 0;

private:
    Does does_;
};

class Otherwise : public Execution {
protected:
    void SetUp() override {
        Execution::SetUp();
        use("dimm-host.json", {"online", "block84-85", "--zone=movable"});
    }
    JobResult undo(Target& where) {
        const auto lock = journal::HostLock::take(top + "/run", "test");
        auto book = journal::Journal::open(top + "/state", *lock);
        const auto result = Executor(where, *book, clock).undo(plan, job(), options);
        EXPECT_TRUE(result.ok()) << result.error().message();
        return *result;
    }
    static std::string block(SimulatedTarget& where, const char* name) {
        return where.host().value(Fact::Kind::block, name);
    }
    // Of memory85, as make_undo() judges it.
    [[nodiscard]] Plan way_back(SimulatedTarget& where) const {
        const journal::Job written = job();
        std::vector<StepBehind> behind;
        for (std::size_t i = 0; i < written.steps.size(); ++i) {
            const auto& step = written.steps[i];
            const auto how = step.state == StepState::done ? StepBehind::How::done : StepBehind::How::partly;
            if (step.state == StepState::done || step.changed) behind.push_back({i, how, step.identity, step.left});
        }
        return *make_undo(where.host().snapshot(), plan, behind);
    }
};

TEST_F(Otherwise, another_zone_is_a_failure_that_changed_something_and_can_be_taken_back) {
    SaysYes where(target(), Does::another_zone);
    const JobResult result = run(where);
    ASSERT_EQ(block(where, "memory85").substr(0, 6), "online");
    const std::string there = block(where, "memory85");
    ASSERT_NE(there, plan.steps[1].after.front().value) << "the host did something else";
    EXPECT_EQ(result.end, JobEnd::failed);
    EXPECT_EQ(result.exit_status(), 6);
    EXPECT_EQ(result.steps[1].state, StepState::failed);
    EXPECT_TRUE(result.steps[1].partly);
    EXPECT_NE(result.text.find("step 2: accepted, but memory85: expected " + plan.steps[1].after.front().value +
                               ", the host shows " + there),
              std::string::npos)
        << result.text;
    const journal::Job written = job();
    EXPECT_EQ(written.steps[1].state, StepState::failed) << "not in doubt: it was looked at";
    EXPECT_TRUE(written.steps[1].changed);
    EXPECT_EQ(written.steps[1].left, (journal::Left{{"memory85", there}}));
    EXPECT_EQ(what_stays(way_back(where)), 0U) << to_text(way_back(where));
    EXPECT_EQ(way_back(where).steps.size(), 2U);

    where.lies = false;
    const JobResult back = undo(where);
    EXPECT_EQ(back.exit_status(), 0) << back.text << back.steps[1].text;
    EXPECT_EQ(block(where, "memory85"), "offline, node1");
    EXPECT_EQ(block(where, "memory84"), "offline, node1");
    EXPECT_EQ(job().steps[1].state, StepState::undone);
}

// The process died between the write and the look behind it: it may be the job's own, and may not.
TEST_F(Otherwise, another_zone_that_nobody_looked_at_is_said_to_be_in_doubt) {
    {
        SaysYes where(target(), Does::another_zone);
        run(where);
    }
    const auto entries = journal::read_journal(top + "/state")->entries;
    fs::remove_all(top + "/state");
    {
        const auto lock = journal::HostLock::take(top + "/run", "test");
        auto book = journal::Journal::open(top + "/state", *lock);
        for (std::size_t i = 0; i < 4; ++i) ASSERT_TRUE(book->append(entries.at(i)).ok());
    }
    ASSERT_EQ(job().steps[1].state, StepState::unknown);
    auto where = target();
    where.host().carry_out(plan.steps[0].action);
    where.host().carry_out(WriteAction{"/sys/devices/system/memory/memory85/state", "online_kernel"});
    const auto way =
        make_undo(where.host().snapshot(), plan, {{0, StepBehind::How::done, ""}, {1, StepBehind::How::doubtful, ""}});
    EXPECT_NE(to_text(*way).find("nobody knows whether the job left it so, or somebody else"), std::string::npos)
        << to_text(*way);
    const JobResult back = undo(where);
    EXPECT_EQ(back.exit_status(), 6);
    EXPECT_NE(back.steps[1].text.find("nobody knows whether this job left it so, or somebody else"), std::string::npos)
        << back.steps[1].text;
    EXPECT_EQ(block(where, "memory85").substr(0, 6), "online");
}

// What it came to is written down, so that what somebody else made of it since is told from it.
TEST_F(Otherwise, another_zone_that_somebody_else_changed_since_stays) {
    SaysYes where(target(), Does::another_zone);
    run(where);
    where.lies = false;
    where.host().carry_out(WriteAction{"/sys/devices/system/memory/memory85/state", "offline"});
    where.host().carry_out(WriteAction{"/sys/devices/system/memory/memory85/state", "online_movable"});
    const std::string theirs = block(where, "memory85");
    EXPECT_EQ(what_stays(way_back(where)), 1U);
    const JobResult back = undo(where);
    EXPECT_EQ(back.exit_status(), 6);
    EXPECT_NE(back.steps[1].text.find("somebody else changed it"), std::string::npos) << back.steps[1].text;
    EXPECT_EQ(block(where, "memory85"), theirs);
}

TEST_F(Otherwise, nothing_is_a_failure_that_changed_nothing) {
    SaysYes where(target(), Does::nothing);
    const JobResult result = run(where);
    EXPECT_EQ(result.end, JobEnd::failed);
    EXPECT_EQ(result.exit_status(), 6) << "memory84 stays online";
    EXPECT_EQ(result.steps[0].state, StepState::done);
    EXPECT_EQ(result.steps[1].state, StepState::failed);
    EXPECT_FALSE(result.steps[1].partly);
    EXPECT_NE(result.text.find("accepted, but memory85"), std::string::npos) << result.text;
    expect_agreement(where, result);
    EXPECT_EQ(undo(where).exit_status(), 0);
    EXPECT_EQ(block(where, "memory84"), "offline, node1");
    EXPECT_EQ(where.asked, 1U) << "there is nothing to take back of memory85";
}

// The write that lies is the first alone.
class LiesOnce : public SaysYes {
public:
    using SaysYes::SaysYes;
    Attempt carry_out(const Action& action) override {
        const Attempt attempt = SaysYes::carry_out(action);
        lies = asked == 0;
        return attempt;
    }
};

TEST_F(Otherwise, all_or_nothing_leaves_nothing_of_it) {
    options.undo_on_failure = true;
    for (const auto does : {Does::another_zone, Does::nothing}) {
        fs::remove_all(top + "/state");
        LiesOnce where(target(), does);
        const JobResult result = run(where);
        EXPECT_EQ(result.end, JobEnd::undone) << result.text;
        EXPECT_EQ(result.exit_status(), 5);
        EXPECT_EQ(result.steps[1].state, does == Does::nothing ? StepState::failed : StepState::undone);
        EXPECT_EQ(block(where, "memory84"), "offline, node1");
        EXPECT_EQ(block(where, "memory85"), "offline, node1");
    }
}

// The way back is looked at, too.
TEST_F(Otherwise, an_undo_that_does_nothing_is_none) {
    SaysYes where(target(), Does::nothing);
    where.lies = false;
    ASSERT_EQ(run(where).exit_status(), 0);
    where.lies = true;
    const JobResult back = undo(where);
    EXPECT_EQ(back.end, JobEnd::failed);
    EXPECT_EQ(back.exit_status(), 6);
    EXPECT_EQ(back.steps[1].state, StepState::undo_failed);
    EXPECT_NE(back.steps[1].text.find("accepted, but memory85: expected offline, node1, the host shows online"),
              std::string::npos)
        << back.steps[1].text;
    EXPECT_EQ(job().steps[1].state, StepState::undo_failed);
    where.lies = false;
    EXPECT_EQ(undo(where).exit_status(), 0) << "and is tried again";
    EXPECT_EQ(block(where, "memory85"), "offline, node1");
}

}   // namespace
}   // namespace memhot::execute
