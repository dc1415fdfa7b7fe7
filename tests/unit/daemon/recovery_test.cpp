// SPDX-License-Identifier: GPL-2.0-or-later
//
// Between a job and its end, or its undo, the host may change: a reboot takes back what lives in memory, somebody else
// onlines a block or makes a namespace of the same name, the disk of the journal fills. What is then done is what the host
// shows to be left, and nothing of others is undone.
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "execution.hpp"

namespace memhot::execute {
namespace {

class Recovery : public Execution {
protected:
    // What the journal holds when a process dies behind `done` steps, with the next one intended.
    journal::Job killed_behind(std::size_t done) {
        SimulatedTarget where = target();
        const auto lock = journal::HostLock::take(top + "/run", "test");
        auto book = journal::Journal::open(top + "/other", *lock);
        Executor executor(where, *book, clock);
        EXPECT_TRUE(executor.run(plan, "1", options).ok());
        const auto entries = journal::read_journal(top + "/other")->entries;
        auto kept = journal::Journal::open(top + "/state", *lock);
        for (std::size_t i = 0; i < 2 + 2 * done; ++i) EXPECT_TRUE(kept->append(entries.at(i)).ok());
        return job();
    }
    template <class Act>
    JobResult with(Target& where, Act act) {
        const auto lock = journal::HostLock::take(top + "/run", "test");
        auto book = journal::Journal::open(top + "/state", *lock);
        Executor executor(where, *book, clock);
        const auto result = act(executor);
        EXPECT_TRUE(result.ok()) << result.error().message();
        std::ignore = job();   // expects that what was written does not contradict itself
        return *result;
    }
    JobResult finish(Target& where) {
        return with(where, [&](Executor& executor) { return executor.finish(plan, job(), options); });
    }
    JobResult undo(Target& where) {
        return with(where, [&](Executor& executor) { return executor.undo(plan, job(), options); });
    }
    void run_and_say_that_its_undo_failed() {
        auto where = target();
        run(where);
        const auto lock = journal::HostLock::take(top + "/run", "test");
        auto book = journal::Journal::open(top + "/state", *lock);
        journal::Entry entry;
        entry.job = "job1";
        entry.step = plan.steps.size() - 1;
        entry.undo = true;
        for (const auto kind : {journal::EntryKind::step_intended, journal::EntryKind::step_failed}) {
            entry.kind = kind;
            EXPECT_TRUE(book->append(entry).ok());
        }
    }
    void expect_journal_agrees(const JobResult& result) const {
        const journal::Job written = job();
        for (std::size_t i = 0; i < result.steps.size(); ++i) {
            const StepState noted = i < written.steps.size() ? written.steps[i].state : StepState::untouched;
            EXPECT_EQ(result.steps[i].state, noted) << "step " << i;
        }
    }
};

Action write_state(const char* block, const char* word) {
    return WriteAction{std::string("/sys/devices/system/memory/") + block + "/state", word};
}

// hold the policy, reconfigure, online memory33, put the policy back: all of it is in memory only
TEST_F(Recovery, what_a_reboot_took_back_is_done_again) {
    snapshot = host("nvdimm-host.json");
    snapshot.auto_online_blocks = "online";
    plan = *make_plan(snapshot, *parse_wish({"dax", "reconfigure", "dax0.0", "--mode=system-ram"}));
    ASSERT_EQ(plan.steps.size(), 4U);
    for (std::size_t done = 0; done < 4; ++done) {
        killed_behind(done);
        auto rebooted = target();
        const JobResult result = finish(rebooted);
        EXPECT_EQ(result.end, JobEnd::done) << result.text;
        EXPECT_EQ(rebooted.taken().size(), 4U) << done;
        EXPECT_EQ(rebooted.host().value(Fact::Kind::block, "memory33"), "online, node0, zones Movable");
        EXPECT_EQ(rebooted.host().value(Fact::Kind::attribute, "auto_online_blocks"), "online");
        expect_journal_agrees(result);
        fs::remove_all(top + "/state");
        fs::remove_all(top + "/other");
    }
}

TEST_F(Recovery, nothing_is_done_where_the_host_is_as_no_step_leaves_it) {
    use("dimm-host.json", {"offline", "512M"});   // memory83 first
    killed_behind(2);
    auto where = target();
    where.host().carry_out(write_state("memory82", "offline"));   // and 83 is online: somebody brought it back
    const JobResult result = finish(where);
    EXPECT_EQ(result.end, JobEnd::failed);
    EXPECT_NE(result.text.find("block memory83: was offline, is online"), std::string::npos) << result.text;
    EXPECT_TRUE(where.taken().empty());
}

TEST_F(Recovery, the_rest_of_a_plan_is_refused_where_something_else_has_changed) {
    use("dimm-host.json", {"offline", "512M"});
    const auto rest = make_rest(snapshot, plan, 0, false);
    ASSERT_TRUE(rest.ok());
    EXPECT_FALSE(rest->refused());
    EXPECT_EQ(rest->steps.size(), 4U);
    Snapshot other = snapshot;
    other.hostname = "another";
    EXPECT_EQ(make_rest(other, plan, 0, false)->refusals.front().rule, RuleId::plan_stale);
    EXPECT_EQ(make_undo(other, plan, {{0, StepBehind::How::done, ""}})->refusals.front().rule, RuleId::plan_stale);
    other = snapshot;
    other.version_text = "#1 SMP Debian 6.12.99-1";
    EXPECT_EQ(make_rest(other, plan, 0, false)->refusals.front().rule, RuleId::plan_stale) << "another kernel";
}

TEST_F(Recovery, of_a_killed_job_the_host_says_what_was_done) {
    use("dimm-host.json", {"offline", "512M"});
    killed_behind(1);
    for (const bool happened : {false, true}) {
        Snapshot now = snapshot;
        for (auto& block : *now.blocks) {
            if (block.number == 83 || (happened && block.number == 82)) {
                block.state = "offline";
                block.valid_zones = "Normal Movable";
            }
        }
        const auto rest = make_rest(now, plan, 1, true);
        ASSERT_TRUE(rest.ok()) << rest.error().message();
        EXPECT_FALSE(rest->refused()) << to_text(*rest);
        EXPECT_EQ(rest->steps.size(), happened ? 2U : 3U);
    }
}

TEST_F(Recovery, blocks_that_somebody_else_changed_are_not_undone) {
    use("dimm-host.json", {"online", "block84-85", "--zone=movable"});
    auto where = target();
    run(where);
    where.host().carry_out(write_state("memory85", "offline"));
    where.host().carry_out(write_state("memory85", "online_kernel"));
    const std::string theirs = where.host().value(Fact::Kind::block, "memory85");
    ASSERT_NE(theirs, plan.steps[1].after.front().value);
    const JobResult result = undo(where);
    EXPECT_EQ(where.host().value(Fact::Kind::block, "memory85"), theirs);
    EXPECT_EQ(where.host().value(Fact::Kind::block, "memory84"), "offline, node1");
    EXPECT_EQ(result.end, JobEnd::failed);
    EXPECT_EQ(result.exit_status(), 6);
    EXPECT_NE(result.steps[1].text.find("somebody else changed it"), std::string::npos) << result.steps[1].text;
    expect_journal_agrees(result);
}

// Names are given again (after a reboot, or when a region is enabled anew); the model gives none twice, so this host says
// that it did.
class Renewed : public SimulatedTarget {
public:
    using SimulatedTarget::SimulatedTarget;
    Result<std::optional<std::string>> look(const Fact& fact) override {
        if (fact.kind == Fact::Kind::identity && renewed) return std::optional<std::string>("uuid of another");
        return SimulatedTarget::look(fact);
    }
    bool renewed = false;
};

TEST_F(Recovery, a_namespace_of_the_same_name_is_not_the_one_that_was_created) {
    use("nvdimm-host.json", {"namespace", "create", "region0", "--mode=devdax", "--size=64M"});
    Renewed where(*SimulatedHost::from_snapshot(snapshot), {}, clock);
    run(where);
    EXPECT_FALSE(job().steps.back().identity.empty());
    const std::string words = where.host().value(Fact::Kind::nd_namespace, "namespace0.5");
    where.renewed = true;
    const JobResult result = undo(where);
    EXPECT_EQ(where.host().value(Fact::Kind::nd_namespace, "namespace0.5"), words) << "it is somebody else's";
    EXPECT_EQ(result.exit_status(), 6);
    EXPECT_NE(result.steps.back().text.find("is not the one that this job created"), std::string::npos)
        << result.steps.back().text;
}

// The undo of a creation destroys data: it says whose, and saves what it takes.
TEST_F(Recovery, undoing_a_creation_is_a_destruction) {
    use("nvdimm-host.json", {"namespace", "create", "region0", "--mode=devdax", "--size=64M"});
    PlanStep step = plan.steps.back();
    // As if the job had created a namespace that the host has.
    const std::string there = SimulatedHost::from_snapshot(snapshot)->value(Fact::Kind::nd_namespace, "namespace0.0");
    step.before = {{Fact::Kind::nd_namespace, "namespace0.0", "absent"}};
    step.after = {{Fact::Kind::nd_namespace, "namespace0.0", there}};
    step.creates = "namespace0.0";
    step.undo = {CommandLine{"ndctl", "disable-namespace", {"namespace0.0"}},
                 SaveAction{SaveAction::What::info_block, "namespace0.0"},
                 CommandLine{"ndctl", "destroy-namespace", {"namespace0.0"}}};
    step.undo_destroys.front().device = "namespace0.0";
    step.depends_on.clear();
    Plan done = plan;
    done.steps = {step};
    const auto undo = make_undo(snapshot, done, {{0, StepBehind::How::done, ""}});
    ASSERT_TRUE(undo.ok());
    EXPECT_FALSE(undo->refused()) << to_text(*undo);
    ASSERT_EQ(undo->destroys().size(), 1U);
    EXPECT_EQ(undo->destroys().front().device, "namespace0.0");
    const auto other = make_undo(snapshot, done, {{0, StepBehind::How::done, "uuid of another"}});
    EXPECT_TRUE(other->steps.empty());
    EXPECT_EQ(what_stays(*other), 1U);
}

// A command is many writes: it may fail behind the first.
class HalfDone : public SimulatedTarget {
public:
    using SimulatedTarget::SimulatedTarget;
    Attempt carry_out(const Action& action) override {
        const Attempt attempt = SimulatedTarget::carry_out(action);
        const auto* command = std::get_if<CommandLine>(&action);
        if (command == nullptr || command->verb != "create-namespace") return attempt;
        host().carry_out(CommandLine{"ndctl", "disable-namespace", {"namespace0.5"}});
        return {ENXIO, "enabling namespace0.5"};
    }
};

TEST_F(Recovery, a_command_that_failed_half_way_has_changed_something) {
    for (const bool all_or_nothing : {false, true}) {
        use("nvdimm-host.json", {"namespace", "create", "region0", "--mode=devdax", "--size=64M"});
        options.undo_on_failure = all_or_nothing;
        HalfDone where(*SimulatedHost::from_snapshot(snapshot), {}, clock);
        const JobResult result = run(where);
        EXPECT_EQ(result.exit_status(), all_or_nothing ? 5 : 6) << result.text;
        EXPECT_EQ(where.host().value(Fact::Kind::nd_namespace, "namespace0.5") == "absent", all_or_nothing);
        if (!all_or_nothing) {
            EXPECT_TRUE(job().steps.back().changed);
            EXPECT_EQ(undo(where).exit_status(), 0) << "and can be rolled back";
            EXPECT_EQ(where.host().value(Fact::Kind::nd_namespace, "namespace0.5"), "absent");
        }
        fs::remove_all(top + "/state");
    }
}

// The undo of this step is a write for each block, and a command; the process died between two of them.
TEST_F(Recovery, an_undo_that_was_interrupted_is_done_from_its_beginning) {
    snapshot = host("nvdimm-host.json");
    snapshot.auto_online_blocks = "online_movable";
    plan = *make_plan(snapshot, *parse_wish({"dax", "reconfigure", "dax0.0", "--mode=system-ram"}));
    ASSERT_EQ(plan.steps.size(), 1U);
    ASSERT_EQ(plan.steps[0].undo.size(), 2U) << "memory33 offline, devdax";
    auto where = target();
    run(where);
    {
        const auto lock = journal::HostLock::take(top + "/run", "test");
        auto book = journal::Journal::open(top + "/state", *lock);
        journal::Entry intended;
        intended.job = "job1";
        intended.kind = journal::EntryKind::step_intended;
        intended.undo = true;
        ASSERT_TRUE(book->append(intended).ok());
    }
    where.host().carry_out(plan.steps[0].undo[0]);
    const JobResult result = undo(where);
    EXPECT_EQ(result.exit_status(), 0) << result.steps[0].text;
    EXPECT_EQ(where.host().value(Fact::Kind::block, "memory33"), "absent");
}

// Rolling back what ended in doubt: the step was not done.
TEST_F(Recovery, a_doubt_that_the_host_settles_does_not_break_the_journal) {
    use("dimm-host.json", {"offline", "512M"});
    killed_behind(1);
    auto where = target();
    where.host().carry_out(plan.steps[0].action);   // memory83; memory82 was intended and is online
    {
        const auto lock = journal::HostLock::take(top + "/run", "test");
        auto book = journal::Journal::open(top + "/state", *lock);
        journal::Entry ended;
        ended.job = "1";
        ended.kind = journal::EntryKind::job_ended;
        ended.text = "failed: accepted, but nobody knows";
        ASSERT_TRUE(book->append(ended).ok());
    }
    EXPECT_EQ(undo(where).exit_status(), 0);
    EXPECT_EQ(job().steps[1].state, StepState::untouched);
}

// disable, save, save, reconfigure: behind the last step namespace0.3 is enabled as before the first. A reboot enables it,
// too; its uuid tells whether it is the new one.
TEST_F(Recovery, a_plan_that_comes_back_to_its_beginning_is_told_by_what_it_replaced) {
    use("nvdimm-host.json", {"namespace", "reconfigure", "namespace0.3", "--name=again"});
    const std::size_t last = plan.steps.size() - 1;
    ASSERT_TRUE(plan.steps[last].replaces);
    const auto doubtful = [&] {
        fs::remove_all(top + "/state");
        fs::remove_all(top + "/other");
        killed_behind(last);
    };
    doubtful();
    auto rebooted = target();
    EXPECT_EQ(finish(rebooted).end, JobEnd::done);
    EXPECT_EQ(rebooted.taken().size(), last) << "all but the saving of labels again: nothing had been done";
    doubtful();
    auto happened = target();
    for (const auto& step : plan.steps) happened.host().carry_out(step.action);
    EXPECT_EQ(finish(happened).end, JobEnd::done);
    EXPECT_TRUE(happened.taken().empty()) << "it was done";
    // Where nothing tells them apart, nothing is guessed.
    doubtful();
    plan.steps[last].replaces.reset();
    auto unknown = target();
    const JobResult result = finish(unknown);
    EXPECT_EQ(result.end, JobEnd::failed);
    EXPECT_NE(result.text.find("nobody knows whether it was done"), std::string::npos) << result.text;
    EXPECT_TRUE(unknown.taken().empty());
    const auto rest = make_rest(snapshot, plan, last, true);
    ASSERT_TRUE(rest->refused());
    EXPECT_EQ(rest->refusals.front().rule, RuleId::plan_stale);
}

// The policy was held, memory came, and its undo is refused: what was held is put back all the same.
class Kept : public SimulatedTarget {
public:
    using SimulatedTarget::SimulatedTarget;
    Attempt carry_out(const Action& action) override {
        const auto* write = std::get_if<WriteAction>(&action);
        if (write != nullptr && write->path.ends_with("memory33/state") && ++writes > allowed) return {EIO, "injected"};
        return SimulatedTarget::carry_out(action);
    }
    int allowed = 0;
    int writes = 0;
};

TEST_F(Recovery, what_was_held_is_put_back_where_not_all_can_be_undone) {
    snapshot = host("nvdimm-host.json");
    snapshot.auto_online_blocks = "online";
    plan = *make_plan(snapshot, *parse_wish({"dax", "reconfigure", "dax0.0", "--mode=system-ram"}));
    ASSERT_EQ(plan.steps.size(), 4U);   // hold, reconfigure, online memory33, put back
    for (const int allowed : {0, 1}) {   // onlining it fails; undoing that fails
        fs::remove_all(top + "/state");
        options.undo_on_failure = allowed == 0;
        Kept where(*SimulatedHost::from_snapshot(snapshot), {}, clock);
        where.allowed = allowed;
        const JobResult done = run(where);
        const JobResult result = allowed == 0 ? done : undo(where);
        EXPECT_EQ(where.host().value(Fact::Kind::attribute, "auto_online_blocks"), "online") << allowed;
        EXPECT_EQ(result.exit_status(), allowed == 0 ? 5 : 6) << result.text;
        expect_journal_agrees(result);
    }
}

// What was planned with enough memory may be undone, or finished, with too little.
TEST_F(Recovery, the_interlocks_hold_for_the_way_back_and_the_rest) {
    const auto first_rule = [](const Result<Plan>& judged) {
        return judged->refused() ? judged->refusals.front().rule : RuleId::none;
    };
    use("nvdimm-host.json", {"dax", "reconfigure", "dax0.0", "--mode=system-ram"});
    snapshot.available_memory = 1024 * kMiB;
    EXPECT_EQ(first_rule(make_rest(snapshot, plan, 0, false)), RuleId::none);
    snapshot.available_memory = 65 * kMiB;   // 64 MiB are to stay, and 128 MiB of memory need 2 of struct pages
    EXPECT_EQ(first_rule(make_rest(snapshot, plan, 0, false)), RuleId::plan_memmap_memory);

    use("dimm-host.json", {"online", "block84-85", "--zone=movable"});
    auto where = target();
    run(where);
    Snapshot now = where.host().snapshot();
    const std::vector<StepBehind> both{{0, StepBehind::How::done, ""}, {1, StepBehind::How::done, ""}};
    now.available_memory = 1024 * kMiB;
    EXPECT_EQ(first_rule(make_undo(now, plan, both)), RuleId::none);
    now.available_memory = 255 * kMiB;   // and 256 would go
    EXPECT_EQ(first_rule(make_undo(now, plan, both)), RuleId::plan_memory_in_use);
}

// kmem does not get its device back, so none of the blocks that were offlined for that is there to be onlined: nobody else
// changed them.
TEST_F(Recovery, blocks_stay_where_their_device_does_not_come_back) {
    use("nvdimm-host.json", {"remove", "dax0.1"});   // memory36, memory35, then daxctl
    auto done = target();
    run(done);
    SimulatedTarget where(std::move(done.host()), {*parse_fault("EIO:dax0.1")}, clock);
    const JobResult result = undo(where);
    EXPECT_EQ(result.exit_status(), 6);
    EXPECT_EQ(result.steps[2].state, StepState::undo_failed);
    for (const std::size_t block : {0U, 1U}) {
        EXPECT_EQ(result.steps[block].state, StepState::done);
        EXPECT_EQ(result.steps[block].text, "what came behind it and depends on it is not undone");
    }
}

// A rollback failed on a block, and then somebody took it to another zone: it is theirs.
TEST_F(Recovery, a_block_that_changed_behind_a_failed_rollback_is_not_undone) {
    use("dimm-host.json", {"online", "block84", "--zone=movable"});
    auto done = target();
    run(done);
    options.timeout = 1;
    SimulatedTarget busy(std::move(done.host()), {*parse_fault("EBUSY:memory84:100")}, clock);
    const JobResult late = undo(busy);
    EXPECT_EQ(late.end, JobEnd::timed_out);
    EXPECT_EQ(late.exit_status(), 7);
    EXPECT_EQ(late.steps[0].state, StepState::undo_failed);
    SimulatedTarget where(std::move(busy.host()), {}, clock);
    where.host().carry_out(write_state("memory84", "offline"));
    where.host().carry_out(write_state("memory84", "online_kernel"));
    const std::string theirs = where.host().value(Fact::Kind::block, "memory84");
    const JobResult result = undo(where);
    EXPECT_EQ(where.host().value(Fact::Kind::block, "memory84"), theirs);
    EXPECT_EQ(result.exit_status(), 6);
    const auto plan_of_it = make_undo(where.host().snapshot(), plan, {{0, StepBehind::How::partly, ""}});
    EXPECT_TRUE(plan_of_it->steps.empty());
    EXPECT_EQ(what_stays(*plan_of_it), 1U);
}

TEST_F(Recovery, a_dax_device_that_became_RAM_behind_a_failed_rollback_stays) {
    use("hmem-host.json", {"dax", "create", "0", "--size=128M"});
    run_and_say_that_its_undo_failed();
    auto host = *SimulatedHost::from_snapshot(snapshot);
    for (const auto& step : plan.steps) host.carry_out(step.action);
    const std::string device = plan.steps.back().after.front().name;
    host.carry_out(CommandLine{"daxctl", "reconfigure-device", {"--mode=system-ram", device}});
    const std::string theirs = host.value(Fact::Kind::dax_device, device);
    ASSERT_TRUE(theirs.starts_with("system-ram")) << theirs;
    SimulatedTarget where(std::move(host), {}, clock);
    EXPECT_EQ(undo(where).exit_status(), 6);
    EXPECT_EQ(where.host().value(Fact::Kind::dax_device, device), theirs);
}

class Holding : public SimulatedTarget {
public:
    using SimulatedTarget::SimulatedTarget;
    std::optional<bool> holds_saved(const SaveAction& action) override {
        return action.what == SaveAction::What::info_block ? std::optional(saved) : std::nullopt;
    }
    bool saved = true;
};

// disable, save, destroy: killed before the last one, which has no way back and needs none.
TEST_F(Recovery, what_was_not_begun_needs_no_way_back) {
    use("nvdimm-host.json", {"namespace", "destroy", "namespace0.4"});
    const std::size_t last = plan.steps.size() - 1;
    const std::string before = SimulatedHost::from_snapshot(snapshot)->value(Fact::Kind::nd_namespace, "namespace0.4");
    for (const bool zeroed : {false, true}) {
        fs::remove_all(top + "/state");
        fs::remove_all(top + "/other");
        killed_behind(last);
        Holding where(*SimulatedHost::from_snapshot(snapshot), {}, clock);
        for (std::size_t i = 0; i < last; ++i) where.host().carry_out(plan.steps[i].action);
        where.saved = !zeroed;
        const JobResult result = undo(where);
        EXPECT_EQ(result.exit_status(), zeroed ? 6 : 0) << result.text;
        EXPECT_EQ(where.host().value(Fact::Kind::nd_namespace, "namespace0.4") == before, !zeroed);
        EXPECT_EQ(result.steps[last].text.find("not those that were saved") != std::string::npos, zeroed);
        expect_journal_agrees(result);
    }
}

TEST_F(Recovery, what_a_reboot_took_back_needs_no_way_back) {
    use("dimm-host.json", {"probe", "0x2c0000000+512M", "--zone=movable"});
    killed_behind(4);
    auto rebooted = target();
    EXPECT_EQ(undo(rebooted).exit_status(), 0);
    EXPECT_TRUE(rebooted.taken().empty());
}

// Somebody took two of the four back: of these nothing is written, and the journal does not say so.
TEST_F(Recovery, the_journal_tells_what_was_found_undone_from_what_was_undone) {
    use("dimm-host.json", {"offline", "512M"});   // memory83 first
    auto where = target();
    run(where);
    where.host().carry_out(write_state("memory83", "online_movable"));
    where.host().carry_out(write_state("memory82", "online_movable"));
    const auto taken = where.taken().size();
    EXPECT_EQ(undo(where).exit_status(), 0);
    EXPECT_EQ(where.taken().size() - taken, 2U) << "memory80 and memory81";
    std::size_t written = 0;
    std::size_t found = 0;
    const auto journal = journal::read_journal(top + "/state");
    ASSERT_TRUE(journal);
    for (const auto& entry : journal->entries) {
        if (!entry.undo) continue;
        const bool none = entry.text.ends_with("found as it was before, nothing was written");
        const bool theirs = entry.step < 2;
        EXPECT_EQ(none, theirs) << entry.text;
        EXPECT_EQ(entry.text.find("echo") == std::string::npos || !theirs, true) << entry.text;
        ++(none ? found : written);
    }
    EXPECT_EQ(written, 4U);
    EXPECT_EQ(found, 4U);
}

// What an earlier process had done took none of this one's time.
TEST_F(Recovery, the_rate_of_a_resumed_job_is_that_of_what_it_does_itself) {
    use("dimm-host.json", {"offline", "512M"});   // memory83 first
    killed_behind(2);
    auto where = target({"slow:memory81:500", "slow:memory80:500"});
    for (std::size_t i = 0; i < 2; ++i) where.host().carry_out(plan.steps[i].action);
    std::vector<Progress> told;
    options.progress = [&](const Progress& now) { told.push_back(now); };
    EXPECT_EQ(finish(where).end, JobEnd::done);
    ASSERT_EQ(told.size(), 3U) << "before each of the two steps, and at the end";
    EXPECT_EQ(told[0].bytes, 256 * kMiB);
    EXPECT_EQ(told[0].bytes_per_second(), 0U) << "nothing is known yet";
    EXPECT_EQ(told[0].left(), 0U);
    EXPECT_EQ(told[1].bytes, 384 * kMiB);
    EXPECT_EQ(told[1].bytes_per_second(), 256 * kMiB) << "128 MiB in half a second";
    EXPECT_EQ(told[1].left(), 500'000U);
    EXPECT_EQ(told[2].bytes, 512 * kMiB);
}

// The uuid is chosen before: one that somebody else made while nobody wrote is not taken for it.
TEST_F(Recovery, a_namespace_that_somebody_else_made_is_not_adopted) {
    use("nvdimm-host.json", {"namespace", "create", "region1", "--mode=raw", "--size=64M"});
    const std::size_t last = plan.steps.size() - 1;
    const CommandLine& ours = std::get<CommandLine>(plan.steps[last].action);
    for (const bool theirs : {false, true}) {
        fs::remove_all(top + "/state");
        fs::remove_all(top + "/other");
        const journal::Job before = killed_behind(last);
        const std::string identity = before.steps[last].identity;
        ASSERT_TRUE(identity.starts_with("uuid ")) << identity;
        auto where = target();
        CommandLine made = ours;
        made.arguments.push_back("--uuid=" + (theirs ? "11111111-1111-4111-8111-111111111111" : identity.substr(5)));
        where.host().carry_out(made);
        const std::string there = where.host().value(Fact::Kind::nd_namespace, plan.steps[last].creates);
        ASSERT_NE(there, "absent");
        EXPECT_EQ(finish(where).end, theirs ? JobEnd::failed : JobEnd::done);
        EXPECT_EQ(undo(where).exit_status(), theirs ? 6 : 0);
        EXPECT_EQ(where.host().value(Fact::Kind::nd_namespace, plan.steps[last].creates), theirs ? there : "absent");
    }
}

TEST_F(Recovery, a_copy_that_nobody_knows_of_is_made_again_as_the_plan_of_the_rest_says) {
    use("nvdimm-host.json", {"namespace", "destroy", "namespace0.4"});
    ASSERT_TRUE(std::holds_alternative<SaveAction>(plan.steps[0].action));
    const auto rest = make_rest(snapshot, plan, 0, true);
    EXPECT_EQ(rest->steps.size(), plan.steps.size());
}

TEST_F(Recovery, the_ratio_holds_for_the_rest) {
    snapshot = host("dimm-host.json");
    Wish wish = *parse_wish({"online", "block84-87", "--zone=movable"});
    plan = *make_plan(snapshot, wish);
    plan.wish.ratio = 1;
    const auto rest = make_rest(snapshot, plan, 0, false);
    ASSERT_TRUE(rest->refused());
    EXPECT_EQ(rest->refusals.front().rule, RuleId::plan_movable_ratio);
}

class Interrupted : public SimulatedTarget {
public:
    Interrupted(SimulatedTarget&& host, int times) : SimulatedTarget(std::move(host)), left(times) {}
    Attempt carry_out(const Action& action) override {
        return left-- > 0 ? Attempt{EINTR, ""} : SimulatedTarget::carry_out(action);
    }
    int left;
};

TEST_F(Recovery, a_signal_that_is_no_cancel_only_interrupts_a_write) {
    use("dimm-host.json", {"offline", "256M"});
    Interrupted where(target(), 2);
    const JobResult result = run(where);
    EXPECT_EQ(result.end, JobEnd::done) << result.text;
    EXPECT_EQ(result.steps[0].attempts, 3U);
    EXPECT_TRUE(clock.waits.empty());
}

TEST_F(Recovery, a_write_that_a_cancel_interrupts_is_cancelled) {
    use("dimm-host.json", {"offline", "256M"});
    Interrupted where(target(), 1);
    options.cancelled = [&] { return where.left == 0; };
    EXPECT_EQ(run(where).exit_status(), 7);
    EXPECT_TRUE(where.taken().empty());
}

// Once begun, an undo on failure is not cancelled; a rollback can be, between two steps.
TEST_F(Recovery, a_rollback_can_be_cancelled_and_gone_on_with) {
    use("dimm-host.json", {"offline", "512M"});
    auto where = target();
    run(where);
    int asked = 0;
    options.cancelled = [&] { return ++asked > 2; };
    const JobResult half = undo(where);
    EXPECT_EQ(half.exit_status(), 7);
    expect_journal_agrees(half);
    EXPECT_EQ(half.steps[0].state, StepState::done);
    options.cancelled = {};
    EXPECT_EQ(undo(where).exit_status(), 0);
    EXPECT_EQ(where.host().value(Fact::Kind::block, "memory83"), "online, node1, zones Movable");
}

// The disk is full in the middle: nothing more is done, what was held is put back, and the report says what was done.
TEST_F(Recovery, a_journal_that_cannot_be_written_ends_the_job_and_leaves_nothing_held) {
    snapshot = host("nvdimm-host.json");
    snapshot.auto_online_blocks = "online";
    plan = *make_plan(snapshot, *parse_wish({"dax", "reconfigure", "dax0.0", "--mode=system-ram"}));
    const pid_t child = ::fork();
    if (child == 0) {
        ::signal(SIGXFSZ, SIG_IGN);
        options.progress = [&](const Progress& now) {
            if (now.step != 2) return;
            const auto size = fs::file_size(top + "/state/journal");
            const rlimit limit{size + 20, RLIM_INFINITY};
            ::setrlimit(RLIMIT_FSIZE, &limit);
        };
        auto where = target();
        const JobResult result = run(where);
        const bool good = result.exit_status() == 6 && result.text.find("EFBIG") != std::string::npos &&
                          result.steps[1].state == StepState::done && result.steps[2].state == StepState::untouched &&
                          where.host().value(Fact::Kind::attribute, "auto_online_blocks") == "online";
        ::_exit(good ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(job().interrupted());
}

}   // namespace
}   // namespace memhot::execute
