// SPDX-License-Identifier: GPL-2.0-or-later
//
// Plans carried out on the simulated host: whatever step fails and wherever the process dies, journal, host and report
// agree.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>

#include "execution.hpp"

namespace memhot::execute {
namespace {

TEST_F(Execution, does_every_step_once_and_in_order) {
    use("dimm-host.json", {"online", "512M", "--zone=movable"});
    auto where = target();
    const JobResult result = run(where);
    EXPECT_EQ(result.exit_status(), 0) << result.text;
    ASSERT_EQ(where.taken().size(), 4U);
    EXPECT_EQ(where.taken()[0], "echo online_movable > /sys/devices/system/memory/memory84/state");
    EXPECT_EQ(where.taken()[3], "echo online_movable > /sys/devices/system/memory/memory87/state");
    expect_agreement(where, result);
    EXPECT_EQ(job().result, "done");
}

TEST_F(Execution, tries_again_behind_EBUSY_with_growing_waits) {
    use("dimm-host.json", {"offline", "memory83"});
    auto where = target({"EBUSY:memory83:3"});
    const JobResult result = run(where);
    EXPECT_EQ(result.end, JobEnd::done);
    EXPECT_EQ(result.steps[0].attempts, 4U);
    EXPECT_EQ(clock.waits, (std::vector<std::uint64_t>{50'000, 100'000, 200'000}));
}

TEST_F(Execution, gives_up_when_the_time_is_over) {
    use("dimm-host.json", {"offline", "block82-83"});
    options.timeout = 1'000'000;
    auto where = target({"EBUSY:memory83:1000"});
    const JobResult result = run(where);
    EXPECT_EQ(result.end, JobEnd::timed_out);
    EXPECT_EQ(result.exit_status(), 7);
    EXPECT_EQ(clock.now, 1'000'000U) << "not a moment longer than asked for";
    EXPECT_TRUE(where.taken().empty());
    expect_agreement(where, result);
}

// Every step of every plan here fails once, in each way.
TEST_F(Execution, agrees_with_journal_and_host_whatever_step_fails) {
    for (const bool undo : {false, true}) {
        for (const char* kind : {"EIO", "vanish"}) {
            for (int step = 0; step < 4; ++step) {
                use("dimm-host.json", {"offline", "512M"});
                options.undo_on_failure = undo;
                // offline goes downward
                auto where = target({std::string(kind) + ":memory" + std::to_string(83 - step)});
                const JobResult result = run(where);
                const auto at = static_cast<std::size_t>(step);
                EXPECT_EQ(result.steps[at].state, StepState::failed) << kind << step;
                for (std::size_t i = 0; i < at; ++i) {
                    EXPECT_EQ(result.steps[i].state, undo ? StepState::undone : StepState::done);
                }
                EXPECT_EQ(result.exit_status(), undo || step == 0 ? 5 : 6) << kind << step;
                expect_agreement(where, result);
                fs::remove_all(top + "/state");
            }
        }
    }
}

TEST_F(Execution, does_nothing_where_the_host_has_changed) {
    use("dimm-host.json", {"offline", "block82-83"});
    auto where = target();
    where.host().carry_out(WriteAction{"/sys/devices/system/memory/memory83/state", "offline"});
    const JobResult result = run(where);
    EXPECT_EQ(result.end, JobEnd::failed);
    EXPECT_NE(result.text.find("the plan is stale: memory83: expected online"), std::string::npos) << result.text;
    EXPECT_TRUE(where.taken().empty());
    EXPECT_EQ(result.exit_status(), 5);
}

TEST_F(Execution, can_be_cancelled_between_blocks) {
    use("dimm-host.json", {"offline", "512M"});
    int asked = 0;
    options.cancelled = [&] { return ++asked > 2; };
    auto where = target();
    const JobResult result = run(where);
    EXPECT_EQ(result.end, JobEnd::cancelled);
    EXPECT_EQ(result.exit_status(), 7);
    EXPECT_EQ(where.taken().size(), 2U);
    expect_agreement(where, result);
}

TEST_F(Execution, tells_progress_by_bytes) {
    use("dimm-host.json", {"offline", "512M"});
    std::vector<std::uint64_t> bytes;
    std::uint64_t left = 0;
    options.progress = [&](const Progress& progress) {
        bytes.push_back(progress.bytes);
        if (progress.step == 1) left = progress.left();
    };
    auto where = target({"slow:memory83:300", "slow:memory82:300"});
    run(where);
    EXPECT_EQ(bytes, (std::vector<std::uint64_t>{0, 128 * kMiB, 256 * kMiB, 384 * kMiB, 512 * kMiB}));
    EXPECT_EQ(left, 900'000U) << "three more blocks at 300 ms";
}

TEST_F(Execution, refuses_what_the_plan_refuses_and_unconfirmed_danger) {
    snapshot = host("dimm-host.json");
    plan = *make_plan(snapshot, *parse_wish({"offline", "memory0"}));
    auto where = target();
    EXPECT_EQ(run(where).exit_status(), 1);
    plan = *make_plan(snapshot, *parse_wish({"probe", "0x80000000"}));
    EXPECT_EQ(run(where).exit_status(), 1);
    EXPECT_TRUE(where.taken().empty());
    EXPECT_TRUE(journal::read_journal(top + "/state")->entries.empty());
}

TEST_F(Execution, of_a_removal_with_commands) {
    use("nvdimm-host.json", {"remove", "dax0.1"});
    auto where = target();
    const JobResult result = run(where);
    EXPECT_EQ(result.end, JobEnd::done) << result.text;
    EXPECT_EQ(where.host().value(Fact::Kind::block, "memory35"), "absent");
    EXPECT_EQ(where.taken().back(), "daxctl reconfigure-device --mode=devdax dax0.1");
}

class HeldPolicy : public Execution {
protected:
    void SetUp() override {
        Execution::SetUp();
        snapshot = host("nvdimm-host.json");
        snapshot.auto_online_blocks = "online";
        plan = *make_plan(snapshot, *parse_wish({"dax", "reconfigure", "dax0.0", "--mode=system-ram"}));
        ASSERT_EQ(plan.steps.size(), 4U) << to_text(plan);   // hold, reconfigure, online memory33, put back
    }
    static std::string policy(SimulatedTarget& where) {
        return where.host().value(Fact::Kind::attribute, "auto_online_blocks");
    }
};

TEST_F(HeldPolicy, is_put_back_at_the_end) {
    auto where = target();
    EXPECT_EQ(run(where).exit_status(), 0);
    EXPECT_EQ(where.taken().front(), "echo offline > /sys/devices/system/memory/auto_online_blocks");
    EXPECT_EQ(policy(where), "online");
    EXPECT_EQ(where.host().value(Fact::Kind::block, "memory33"), "online, node0, zones Movable");
}

TEST_F(HeldPolicy, is_put_back_whatever_step_fails) {
    for (const bool undo : {false, true}) {
        for (const char* fault : {"EIO:dax0.0", "EIO:memory33"}) {
            options.undo_on_failure = undo;
            auto where = target({fault});
            const JobResult result = run(where);
            EXPECT_EQ(policy(where), "online") << fault;
            EXPECT_EQ(result.steps[0].state, StepState::undone) << fault;
            // The first fault leaves nothing behind; the second, unless it is undone, memory that is offline.
            const bool left = !undo && std::string(fault) == "EIO:memory33";
            EXPECT_EQ(result.exit_status(), left ? 6 : 5) << fault;
            EXPECT_EQ(where.host().value(Fact::Kind::block, "memory33"), left ? "offline, node0" : "absent") << fault;
            const journal::Job written = job();
            for (std::size_t i = 0; i < written.steps.size(); ++i) {
                EXPECT_EQ(written.steps[i].state, result.steps[i].state) << fault << " step " << i;
            }
            fs::remove_all(top + "/state");
        }
    }
}

TEST_F(HeldPolicy, is_put_back_when_the_job_is_cancelled_or_rolled_back) {
    int asked = 0;
    options.cancelled = [&] { return ++asked > 2; };
    auto where = target();
    EXPECT_EQ(run(where).exit_status(), 7);
    EXPECT_EQ(policy(where), "online");
    options.cancelled = {};
    fs::remove_all(top + "/state");
    auto again = target();
    run(again);
    const auto lock = journal::HostLock::take(top + "/run", "test");
    auto book = journal::Journal::open(top + "/state", *lock);
    const auto undone = Executor(again, *book, clock).undo(plan, job(), options);
    ASSERT_TRUE(undone.ok()) << undone.error().message();
    EXPECT_EQ(undone->end, JobEnd::undone);
    EXPECT_EQ(policy(again), "online");
    EXPECT_EQ(again.host().value(Fact::Kind::block, "memory33"), "absent");
}

// A copy in the job's directory is no change: nothing of this job stays.
TEST_F(Execution, what_was_only_saved_has_changed_nothing) {
    use("nvdimm-host.json", {"namespace", "destroy", "namespace0.0"});
    auto where = target({"EIO:namespace0.0"});
    const JobResult result = run(where);
    EXPECT_EQ(result.steps[0].state, StepState::done) << "the labels are saved";
    EXPECT_EQ(result.exit_status(), 5) << result.text;
}

TEST_F(Execution, a_rolled_back_creation_is_undone_although_its_labels_stay_saved) {
    use("nvdimm-host.json", {"namespace", "create", "region0", "--mode=devdax", "--size=64M"});
    auto where = target();
    run(where);
    const auto lock = journal::HostLock::take(top + "/run", "test");
    auto book = journal::Journal::open(top + "/state", *lock);
    const auto undone = Executor(where, *book, clock).undo(plan, job(), options);
    ASSERT_TRUE(undone.ok()) << undone.error().message();
    EXPECT_EQ(undone->end, JobEnd::undone) << undone->text;
    EXPECT_EQ(undone->exit_status(), 0) << "it is what was asked for";
    EXPECT_EQ(where.taken().back(), "ndctl destroy-namespace namespace0.5");
}

// Each block of a device is tried by itself.
TEST_F(Execution, retries_one_block_of_a_dax_device) {
    use("nvdimm-host.json", {"dax", "reconfigure", "dax0.1", "--mode=devdax"});
    auto where = target({"EBUSY:memory36:2"});
    const JobResult result = run(where);
    EXPECT_EQ(result.end, JobEnd::done) << result.text;
    EXPECT_EQ(result.steps[0].attempts, 3U);
    EXPECT_EQ(result.steps[1].attempts, 1U);
    EXPECT_EQ(where.host().value(Fact::Kind::block, "memory35"), "absent");
}

// kill -9 behind each entry: what the journal holds then is a prefix of its entries.
TEST_F(Execution, killed_at_every_entry_is_told_truthfully_and_undone) {
    use("dimm-host.json", {"offline", "512M"});
    {
        auto where = target();
        run(where);
    }
    const auto entries = journal::read_journal(top + "/state")->entries;
    ASSERT_EQ(entries.size(), 10U);
    for (std::size_t kept = 1; kept < entries.size(); ++kept) {
        for (const bool happened : {false, true}) {
            fs::remove_all(top + "/state");
            auto where = target();
            const auto lock = journal::HostLock::take(top + "/run", "test");
            {
                auto book = journal::Journal::open(top + "/state", *lock);
                for (std::size_t i = 0; i < kept; ++i) ASSERT_TRUE(book->append(entries[i]).ok());
            }
            const journal::Job before = job();
            EXPECT_TRUE(before.interrupted());
            for (std::size_t i = 0; i < before.steps.size(); ++i) {
                const StepState state = before.steps[i].state;
                if (state == StepState::done || (state == StepState::unknown && happened)) {
                    where.host().carry_out(plan.steps[i].action);
                }
            }
            auto book = journal::Journal::open(top + "/state", *lock);
            Executor executor(where, *book, clock);
            const auto result = executor.undo(plan, before, options);
            ASSERT_TRUE(result.ok()) << result.error().message();
            EXPECT_EQ(result->end, JobEnd::undone);
            for (std::uint64_t number = 80; number < 84; ++number) {
                EXPECT_EQ(where.host().value(Fact::Kind::block, "memory" + std::to_string(number)),
                          "online, node1, zones Movable")
                    << kept << happened;
            }
            EXPECT_FALSE(job().interrupted());
        }
    }
}

TEST_F(Execution, writes_into_a_root_directory_what_it_would_write_into_sysfs) {
    use("dimm-host.json", {"online", "block84-85", "--zone=movable"});
    const std::string memory = top + "/host/sys/devices/system/memory/";
    for (const char* block : {"memory84", "memory85"}) {
        fs::create_directories(memory + block);
        std::ofstream(memory + block + "/state") << "offline\n";
    }
    FileTarget where(top + "/host", false);
    EXPECT_EQ(run(where).end, JobEnd::done);
    std::string word;
    std::getline(std::ifstream(memory + "memory85/state") >> std::ws, word);
    EXPECT_EQ(word, "online_movable");
    fs::remove_all(top + "/state");
    fs::remove(memory + "memory85/state");
    const JobResult result = run(where);
    EXPECT_EQ(result.exit_status(), 6);
    EXPECT_EQ(result.steps[1].error, ENOENT);
}

// Nobody reads this pipe: who opens it to write waits in the kernel until a signal comes, as who offlines memory whose
// pages cannot be moved (offline_pages).
TEST_F(Execution, a_write_that_hangs_in_the_kernel_ends_with_the_time_or_the_job) {
    use("dimm-host.json", {"online", "block84", "--zone=movable"});
    const std::string memory = top + "/host/sys/devices/system/memory/memory84";
    fs::create_directories(memory);
    ASSERT_EQ(::mkfifo((memory + "/state").c_str(), 0600), 0);
    const auto hang = [&] {
        fs::remove_all(top + "/state");
        FileTarget where(top + "/host", false);
        SystemClock real;
        const auto lock = journal::HostLock::take(top + "/run", "test");
        auto book = journal::Journal::open(top + "/state", *lock);
        return *Executor(where, *book, real).run(plan, "job1", options);
    };
    options.timeout = 100'000;
    const JobResult late = hang();
    EXPECT_EQ(late.end, JobEnd::timed_out);
    EXPECT_EQ(late.exit_status(), 7);
    EXPECT_NE(late.text.find("the kernel was still at it"), std::string::npos) << late.text;
    EXPECT_EQ(job().steps[0].state, StepState::failed);
    options.timeout = 600'000'000;
    std::atomic<int> asked = 0;
    options.cancelled = [&] { return ++asked > 2; };   // not before it begins
    EXPECT_EQ(hang().end, JobEnd::cancelled);
    EXPECT_EQ(job().steps[0].state, StepState::failed);
}

// 500 processes killed at any moment: what is written as done is done, what was not begun is not, and the lock is free.
TEST_F(Execution, killed_at_random_journal_and_files_agree) {
    use("dimm-host.json", {"online", "512M", "--zone=movable"});
    const std::string memory = top + "/host/sys/devices/system/memory/";
    std::mt19937 random(1790);
    std::uniform_int_distribution<int> steps(1, 4);
    std::uniform_int_distribution<int> delay(0, 500);   // microseconds behind the beginning of a step
    int beats[2];
    ASSERT_EQ(::pipe2(beats, O_CLOEXEC), 0);
    options.progress = [&](const Progress&) {
        EXPECT_EQ(::write(beats[1], ".", 1), 1);
        ::usleep(300);   // or the job is over before the other process wakes
    };
    std::size_t interrupted = 0;
    for (int kill = 0; kill < 500; ++kill) {
        fs::remove_all(top + "/state");
        for (const auto& step : plan.steps) {
            const std::string block = memory + "memory" + std::to_string(*step.block);
            fs::create_directories(block);
            std::ofstream(block + "/state") << "offline";
        }
        const pid_t child = ::fork();
        if (child == 0) {
            FileTarget where(top + "/host", false);
            run(where);
            ::_exit(0);
        }
        char beat = 0;
        for (int left = steps(random); left > 0; --left) ASSERT_EQ(::read(beats[0], &beat, 1), 1);
        ::usleep(static_cast<useconds_t>(delay(random)));
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        ASSERT_EQ(::fcntl(beats[0], F_SETFL, O_NONBLOCK), 0);
        while (::read(beats[0], &beat, 1) == 1) {
        }   // those behind the one that was waited for
        ASSERT_EQ(::fcntl(beats[0], F_SETFL, 0), 0);
        ASSERT_TRUE(journal::HostLock::take(top + "/run", "test").ok());
        const auto reading = journal::read_journal(top + "/state");
        ASSERT_TRUE(reading.ok()) << reading.error().message();
        ASSERT_TRUE(reading->damaged.empty());
        const auto jobs = journal::jobs_of(reading->entries);
        ASSERT_EQ(jobs.empty() ? "" : jobs.back().contradiction, "");
        if (!jobs.empty() && jobs.back().interrupted()) ++interrupted;
        for (std::size_t i = 0; i < plan.steps.size(); ++i) {
            const bool known = !jobs.empty() && i < jobs.back().steps.size();
            const StepState state = known ? jobs.back().steps[i].state : StepState::untouched;
            std::string word;
            std::ifstream(memory + "memory" + std::to_string(*plan.steps[i].block) + "/state") >> word;
            if (state == StepState::unknown) continue;
            ASSERT_EQ(word, state == StepState::done ? "online_movable" : "offline") << kill << " step " << i;
        }
    }
    ::close(beats[0]);
    ::close(beats[1]);
    RecordProperty("interrupted", static_cast<int>(interrupted));
    EXPECT_GT(interrupted, 50U) << "the kills came too early or too late to show anything";
}

TEST(Fault, has_a_name) {
    EXPECT_EQ(parse_fault("EBUSY:memory40:3")->times, 3U);
    EXPECT_EQ(parse_fault("slow:dax0.0:250")->delay, 250'000U);
    EXPECT_FALSE(parse_fault("EIO").ok());
    EXPECT_FALSE(parse_fault("EBUSY:memory40").ok());
    EXPECT_FALSE(parse_fault("panic:memory40").ok());
}

}   // namespace
}   // namespace memhot::execute
