// SPDX-License-Identifier: GPL-2.0-or-later
//
// Plans carried out on the simulated host: whatever step fails and wherever the process dies, journal, host and report
// agree.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
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
    use("dimm-host.json", {"offline", "block83"});
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
                for (std::size_t i = 0; i < 4; ++i) {
                    if (i == at) continue;
                    const StepState expected = !undo    ? StepState::done
                                               : i < at ? StepState::undone
                                                        : StepState::untouched;
                    EXPECT_EQ(result.steps[i].state, expected);
                }
                EXPECT_EQ(result.exit_status(), undo ? 5 : 6) << kind << step;
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
    options.timeout = 0;
    const JobResult once = hang();
    EXPECT_EQ(once.end, JobEnd::failed) << "nothing was given up: it was not to be waited for";
    EXPECT_EQ(once.exit_status(), 5);
    EXPECT_EQ(once.steps[0].attempts, 1U);
    EXPECT_NE(once.text.find("the kernel was still at it after 1 s"), std::string::npos) << once.text;
    options.timeout = 600'000'000;
    std::atomic<int> asked = 0;
    options.cancelled = [&] { return ++asked > 2; };   // not before it begins
    EXPECT_EQ(hang().end, JobEnd::cancelled);
    EXPECT_EQ(job().steps[0].state, StepState::failed);
}

// What there is below a root directory is read by others, too, and by whoever comes behind a crash.
class RootDirectory : public Execution {
protected:
    void SetUp() override {
        Execution::SetUp();
        fs::create_directories(top + "/sys/devices/system/memory/memory84");
        std::ofstream(file()) << "offline\n";
        ASSERT_EQ(::chmod(file().c_str(), 0640), 0);
    }
    [[nodiscard]] std::string file() const { return top + "/sys/devices/system/memory/memory84/state"; }
    Attempt write() {
        return FileTarget(top, false).carry_out(WriteAction{"/sys/devices/system/memory/memory84/state", "online"});
    }
    void expect_file(const std::string& text, const std::string& what) const {
        std::ifstream in(file());
        EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), text) << what;
        struct stat is{};
        EXPECT_EQ(::stat(file().c_str(), &is), 0);
        EXPECT_EQ(is.st_mode & 07777, 0640U) << what;
    }
    [[nodiscard]] std::size_t files() const {
        const fs::directory_iterator all(fs::path(file()).parent_path());
        return static_cast<std::size_t>(std::distance(begin(all), end(all)));
    }
    // In a process that may write nothing into any file; how it ended.
    int write_with_no_room(bool dies) {
        const pid_t child = ::fork();
        if (child == 0) {
            const rlimit limit{0, 0};
            if (!dies) ::signal(SIGXFSZ, SIG_IGN);
            if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(1);
            ::_exit(write().error);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        return status;
    }
};

TEST_F(RootDirectory, a_file_gets_its_new_text_whole_and_keeps_its_mode) {
    EXPECT_TRUE(write().ok());
    expect_file("online", "no line end, as the kernel takes it");
    EXPECT_EQ(files(), 1U);
}

// The kernel kills who writes beyond the limit: between open and write.
TEST_F(RootDirectory, a_process_killed_at_the_write_leaves_the_old_text) {
    const int status = write_with_no_room(true);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ);
    expect_file("offline\n", "killed");
    EXPECT_TRUE(write().ok()) << "what it left is in nobody's way";
    expect_file("online", "the next one");
    EXPECT_EQ(files(), 1U);
}

TEST_F(RootDirectory, a_write_that_fails_leaves_the_old_text_and_nothing_else) {
    const int status = write_with_no_room(false);
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == EFBIG);
    expect_file("offline\n", "EFBIG");
    EXPECT_EQ(files(), 1U);
}

TEST_F(RootDirectory, on_a_full_disk_keeps_the_old_text) {
    const std::string memory = top + "/sys/devices/system/memory/memory84";
    if (::mount("tmpfs", memory.c_str(), "tmpfs", 0, "size=4k") != 0) GTEST_SKIP() << "mounting needs root";
    std::ofstream(file()) << "offline\n";   // takes the only page
    ASSERT_EQ(::chmod(file().c_str(), 0640), 0);
    EXPECT_EQ(write().error, ENOSPC);
    expect_file("offline\n", "ENOSPC");
    EXPECT_EQ(files(), 1U);
    EXPECT_EQ(::umount(memory.c_str()), 0);
}

TEST_F(RootDirectory, writes_to_nothing_that_is_not_there_and_through_no_link) {
    fs::rename(file(), top + "/elsewhere");
    EXPECT_EQ(write().error, ENOENT);
    fs::create_symlink(top + "/elsewhere", file());
    EXPECT_EQ(write().error, ELOOP);
    EXPECT_EQ(files(), 1U);
}

// 500 processes killed at any moment: what is written as done is done, what was not begun is not, no file is half written,
// and the lock is free. Files do not show whether a step was done, so one in doubt ends what goes on, and stays in what is
// rolled back.
TEST_F(Execution, killed_at_random_journal_and_files_agree) {
    use("dimm-host.json", {"online", "512M", "--zone=movable"});
    const std::string memory = top + "/host/sys/devices/system/memory/";
    std::mt19937 random(1790);
    std::uniform_int_distribution<int> steps(1, 4);
    std::uniform_int_distribution<int> delay(0, 500);   // microseconds behind the beginning of a step
    int beats[2];
    ASSERT_EQ(::pipe2(beats, O_CLOEXEC), 0);
    const auto beat_of_child = [&](const Progress&) {
        EXPECT_EQ(::write(beats[1], ".", 1), 1);
        ::usleep(300);   // or the job is over before the other process wakes
    };
    options.progress = beat_of_child;
    const auto word_of = [&](std::size_t step) {
        std::string word;
        std::ifstream(memory + "memory" + std::to_string(*plan.steps[step].block) + "/state") >> word;
        return word;
    };
    std::map<std::string, int> ended;
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
            const std::string word = word_of(i);
            if (state == StepState::unknown) {
                ASSERT_TRUE(word == "online_movable" || word == "offline") << kill << " step " << i << ": " << word;
                continue;
            }
            ASSERT_EQ(word, state == StepState::done ? "online_movable" : "offline") << kill << " step " << i;
        }
        if (jobs.empty() || !jobs.back().interrupted()) continue;
        const journal::Job before = jobs.back();
        const bool go_on = kill % 2 == 0;
        const bool doubt = before.has(StepState::unknown);
        std::vector<std::string> words;
        for (std::size_t i = 0; i < plan.steps.size(); ++i) words.push_back(word_of(i));
        options.progress = {};
        FileTarget where(top + "/host", false);
        const auto lock = journal::HostLock::take(top + "/run", "test");
        auto book = journal::Journal::open(top + "/state", *lock);
        Executor executor(where, *book, clock);
        const auto result = go_on ? executor.finish(plan, before, options) : executor.undo(plan, before, options);
        options.progress = beat_of_child;
        ASSERT_TRUE(result.ok()) << result.error().message();
        const journal::Job after = job();
        ASSERT_FALSE(after.interrupted()) << kill;
        ASSERT_EQ(result->exit_status(), doubt ? 6 : 0) << kill << ": " << result->text;
        for (std::size_t i = 0; i < plan.steps.size(); ++i) {
            const StepState was = i < before.steps.size() ? before.steps[i].state : StepState::untouched;
            const StepState is = i < after.steps.size() ? after.steps[i].state : StepState::untouched;
            ASSERT_EQ(result->steps[i].state, is) << kill << " step " << i;
            const bool stays = was == StepState::unknown || (go_on && doubt);   // as it is
            const StepState wanted = stays                    ? was
                                     : go_on                  ? StepState::done
                                     : was == StepState::done ? StepState::undone
                                                              : StepState::untouched;
            ASSERT_EQ(is, wanted) << kill << " step " << i;
            ASSERT_EQ(word_of(i), stays ? words[i] : go_on ? "online_movable" : "offline") << kill << " step " << i;
        }
        ++ended[go_on ? "gone on with" : "rolled back"];
        if (doubt) ++ended["in doubt"];
    }
    ::close(beats[0]);
    ::close(beats[1]);
    RecordProperty("interrupted", static_cast<int>(interrupted));
    for (const auto& [how, count] : ended) RecordProperty(how, count);
    // How many are in doubt is up to the machine: a write into a file takes no time; random_kills_test.cpp has hundreds.
    EXPECT_GT(ended["gone on with"], 5);
    EXPECT_GT(ended["rolled back"], 5);
    EXPECT_GT(interrupted, 50U) << "the kills came too early or too late to show anything";
}

// A plan that no entry of the journal can hold: nothing is begun, nothing stays reserved, and it is said what can be asked.
TEST_F(Execution, a_plan_too_long_for_the_journal_changes_nothing_and_says_what_to_do) {
    use("dimm-host.json", {"online", "512M", "--zone=movable"});
    plan.steps[0].reason = std::string(journal::kLongestPayload, 'x');
    auto where = target();
    {
        const auto lock = journal::HostLock::take(top + "/run", "test");
        auto book = journal::Journal::open(top + "/state", *lock);
        const auto result = Executor(where, *book, clock).run(plan, "1", options);
        ASSERT_FALSE(result.ok());
        EXPECT_EQ(result.error().kind(), ErrorKind::io) << "which ends with exit status 5";
        const std::string& text = result.error().message();
        EXPECT_NE(text.find("at most 67108864 are; of the 4 steps of this plan about 3 fit"), std::string::npos)
            << text;
        EXPECT_NE(text.find("take fewer at a time: `memhotctl online 256M`"), std::string::npos) << text;
    }
    EXPECT_TRUE(where.taken().empty());
    struct stat file{};
    ASSERT_EQ(::stat((top + "/state/journal").c_str(), &file), 0);
    EXPECT_EQ(static_cast<std::size_t>(file.st_size), journal::kFileHeader.size());
    EXPECT_LE(file.st_blocks * 512, 4096) << "nothing is reserved";
}

// What the executor asks of the host, and writes down, grows as the plan does, not as its square.
TEST_F(Execution, asks_the_same_of_the_host_for_each_step) {
    class Counting : public SimulatedTarget {
    public:
        using SimulatedTarget::SimulatedTarget;
        Result<std::optional<std::string>> look(const Fact& fact) override {
            ++looks;
            return SimulatedTarget::look(fact);
        }
        std::size_t looks = 0;
    };
    for (const std::size_t blocks : {2U, 4U}) {
        use("dimm-host.json", {"offline", std::to_string(blocks * 128) + "M"});
        fs::remove_all(top + "/state");
        std::size_t told = 0;
        options.progress = [&](const Progress&) { ++told; };
        Counting where(*SimulatedHost::from_snapshot(snapshot), {}, clock);
        ASSERT_EQ(run(where).end, JobEnd::done);
        EXPECT_EQ(where.looks, 2 * blocks) << "once before and once behind";
        EXPECT_EQ(told, blocks + 1);
        EXPECT_EQ(journal::read_journal(top + "/state")->entries.size(), 2 * blocks + 2);
        where.looks = 0;
        const auto lock = journal::HostLock::take(top + "/run", "test");
        auto book = journal::Journal::open(top + "/state", *lock);
        options.progress = {};
        ASSERT_TRUE(Executor(where, *book, clock).undo(plan, job(), options).ok());
        EXPECT_LE(where.looks, 6 * blocks);
    }
}

TEST(Fault, can_reach_every_step_of_a_plan) {
    const auto subject = [](const char* file, const std::vector<std::string>& words) {
        const auto plan = make_plan(host(file), *parse_wish(words));
        for (const auto& step : plan->steps) EXPECT_NE(subject_of(step.action), "") << to_string(step.action);
        return subject_of(plan->steps.back().action);
    };
    EXPECT_EQ(subject("nvdimm-host.json", {"namespace", "create", "region0", "--size=64M"}), "region0");
    EXPECT_EQ(subject("nvdimm-host.json", {"namespace", "create", "-r", "region0", "-s", "64M"}), "region0");
    EXPECT_EQ(subject("nvdimm-host.json", {"namespace", "create", "--size=64M"}), "create-namespace");
    EXPECT_EQ(subject("nvdimm-host.json", {"namespace", "reconfigure", "namespace0.3", "--mode=devdax"}),
              "namespace0.3");
    EXPECT_EQ(subject("cxl-host.json", {"dax", "create"}), "create-device");
    EXPECT_EQ(subject("cxl-host.json", {"dax", "create", "region0", "-s", "256M"}), "region0");
    EXPECT_EQ(subject("cxl-host.json", {"dax", "create", "-r", "region0"}), "region0");
}

TEST_F(Execution, a_fault_meets_the_creation_of_a_device_in_its_region) {
    use("nvdimm-host.json", {"namespace", "create", "region0", "--mode=devdax", "--size=64M"});
    auto where = target({"EIO:region0"});
    const JobResult result = run(where);
    EXPECT_EQ(result.steps.back().state, StepState::failed);
    EXPECT_EQ(result.exit_status(), 5) << result.text;
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
