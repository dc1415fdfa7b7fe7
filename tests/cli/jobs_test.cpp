// SPDX-License-Identifier: GPL-2.0-or-later
//
// Verbs that change a host, on the simulated host and on a root directory: what is done, asked, refused, written down and
// undone.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include "cli/memhotctl.hpp"
#include "memhot/simulated.hpp"
#include "memhot/snapshot.hpp"

namespace memhot::test {
namespace {

namespace fs = std::filesystem;

class Jobs : public testing::Test {
protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "memhot-jobs-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        top = name;
    }
    void TearDown() override { fs::remove_all(top); }

    [[nodiscard]] Said on(const std::string& host, const std::string& words) const {
        Words all = split("--snapshot " + data(host) + " " + words);
        return memhotctl(all);
    }
    // With the journal of this test.
    [[nodiscard]] Said kept(const std::string& host, const std::string& words) const {
        return on(host, words + " --state-dir " + top);
    }
    // A host of tests/data behind such writes, as another snapshot file.
    [[nodiscard]] std::string behind(const std::string& host, const std::string& word, unsigned first,
                                     unsigned last) const {
        auto now = *SimulatedHost::from_snapshot(*load_snapshot(host));
        for (unsigned block = first; block <= last; ++block)
            now.carry_out(WriteAction{"/sys/devices/system/memory/memory" + std::to_string(block) + "/state", word});
        const std::string path = top + "/" + word + std::to_string(first) + ".json";
        EXPECT_TRUE(save_snapshot(now.snapshot(), path).ok());
        return path;
    }
    [[nodiscard]] std::string root() const { return top + "/tree"; }
    [[nodiscard]] std::string state_file(unsigned block) const {
        return root() + "/sys/devices/system/memory/memory" + std::to_string(block) + "/state";
    }

    std::string top;
};

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_F(Jobs, online_carries_out_what_plan_shows) {
    const Said plan = on("dimm-host.json", "plan online 512M --zone movable");
    EXPECT_EQ(plan.status, 0);
    EXPECT_TRUE(plan.has("1-4 would online memory84-87 (2a0000000-2bfffffff) in zone Movable")) << plan.out;
    const Said said = on("dimm-host.json", "online 512M --zone movable -y");
    EXPECT_EQ(said.status, 0) << said.err;
    EXPECT_EQ(said.out, "onlined memory84-87 (2a0000000-2bfffffff) in zone Movable\n"
                        "job 1: done (simulated; nothing was changed)\n");
    EXPECT_EQ(said.err, "");
    EXPECT_EQ(on("dimm-host.json", "online 512M --zone movable -y --json").json()["job"]["simulated"], true);
}

TEST_F(Jobs, nothing_is_done_without_a_yes) {
    const Said said = kept("dimm-host.json", "online 512M");
    EXPECT_EQ(said.status, 2);
    EXPECT_TRUE(contains(said.err, "expected -y to carry it out, or --dry-run")) << said.err;
    EXPECT_EQ(kept("dimm-host.json", "jobs").out, "");
    const Said dry = kept("dimm-host.json", "online 512M --dry-run");
    EXPECT_EQ(dry.status, 0);
    EXPECT_TRUE(dry.has("would online memory84-87")) << dry.out;
    EXPECT_EQ(kept("dimm-host.json", "jobs").out, "");
}

TEST_F(Jobs, destroyed_data_are_named_by_their_device) {
    const std::string words = "namespace reconfigure namespace0.0 -m fsdax -y";
    const Said said = on("nvdimm-host.json", words);
    EXPECT_EQ(said.status, 1);
    EXPECT_TRUE(contains(said.err, "all data of namespace0.0")) << said.err;
    EXPECT_TRUE(contains(said.err, "--accept namespace0.0")) << said.err;
    EXPECT_EQ(on("nvdimm-host.json", words + " --accept namespace0.1").status, 1);
    const Said named = on("nvdimm-host.json", words + " --accept namespace0.0");
    EXPECT_EQ(named.status, 0) << named.err;
    EXPECT_EQ(named.headline(), "saved the labels of nmem0");
    EXPECT_TRUE(named.has("reconfigured namespace0.0 --mode=fsdax")) << named.out;
}

TEST_F(Jobs, refused_plans_say_why_and_do_nothing) {
    const Said said = kept("dimm-host.json", "offline memory0 -y");
    EXPECT_EQ(said.status, 1);
    EXPECT_TRUE(said.has("refused: ")) << said.out;
    EXPECT_EQ(kept("dimm-host.json", "jobs").out, "");
}

// Whether a block goes offline nobody knows before: a rollback says so as the verb does.
TEST_F(Jobs, a_rollback_is_as_uncertain_as_a_plan) {
    const std::string kept_at = " --state-dir " + top;
    const std::string off = behind(data("cxl-host.json"), "offline", 544, 551);
    const std::string on = behind(off, "online_movable", 544, 551);
    ASSERT_EQ(memhotctl(split("--snapshot " + off + " online node2 --zone=movable -y" + kept_at)).status, 0);
    const std::string back = "--snapshot " + on + " rollback 1 --dry-run" + kept_at;
    const Said said = memhotctl(split(back));
    EXPECT_EQ(said.status, 8) << said.out;
    EXPECT_TRUE(contains(said.out, "or refused with EBUSY")) << said.out;
    const auto steps = memhotctl(split(back + " --json")).json()["steps"];
    ASSERT_EQ(steps.size(), 8U);
    for (const auto& step : steps) EXPECT_EQ(step["verdict"]["outcome"]["kind"], "uncertain");
}

// Memory that the job onlined is in use now: the rollback is refused, and says what to do as a plan does.
TEST_F(Jobs, a_refused_rollback_says_what_instead) {
    const std::string kept_at = " --state-dir " + top;
    ASSERT_EQ(kept("dimm-host.json", "online block84-85 --zone=movable -y").status, 0);
    auto busy = *load_snapshot(behind(data("dimm-host.json"), "online_movable", 84, 85));
    busy.available_memory = 255 * kMiB;   // and 256 would go
    ASSERT_TRUE(save_snapshot(busy, top + "/busy.json").ok());
    const Said said = memhotctl(split("--snapshot " + top + "/busy.json rollback 1 -y" + kept_at));
    EXPECT_EQ(said.status, 1);
    EXPECT_TRUE(said.has("refused: 256M would go")) << said.out;
    EXPECT_TRUE(said.has("  instead: ask for less, or free memory first")) << said.out;
}

// A node whose memory came offline may be without kernel memory again.
TEST_F(Jobs, a_node_that_was_onlined_to_a_kernel_zone_is_rolled_back) {
    const std::string kept_at = " --state-dir " + top;
    const std::string off = behind(data("cxl-host.json"), "offline", 544, 551);
    const std::string on = behind(off, "online_kernel", 544, 551);
    ASSERT_EQ(memhotctl(split("--snapshot " + off + " online node2 --zone=kernel -y" + kept_at)).status, 0);
    const Said said = memhotctl(split("--snapshot " + on + " rollback 1 -y" + kept_at));
    EXPECT_EQ(said.status, 0) << said.out << said.err;
}

// Exit statuses of design: 5 failed and nothing changed, 6 part-way, 7 timed out.
TEST_F(Jobs, exit_statuses_say_what_is_left) {
    struct Row {
        std::string words;
        int status;
    };
    for (const auto& row : {
             Row{"offline 128M -y --fault EIO:memory83", 5},
             Row{"offline 256M -y --fault EIO:memory83,EIO:memory82", 5},
             Row{"offline 512M -y --fault EIO:memory83", 6},
             Row{"offline 512M -y --fault EIO:memory81 --all-or-nothing", 5},
             Row{"offline 512M -y --fault EBUSY:memory83:100 --timeout 0", 6},
             Row{"offline 128M -y --fault EBUSY:memory83:100 --timeout 0", 5},
             Row{"offline 512M -y --fault EBUSY:memory83:100 --timeout 1", 7},
             Row{"offline 512M -y --fault EBUSY:memory83:2", 0},
             Row{"offline 512M -y --fault vanish:memory80", 6},
             Row{"offline block80-83 -y --kernel 5.10", 2},
             Row{"offline 512M -y --fault panic:memory80", 2},
             Row{"offline 512M -y --fault EIO:memroy80", 2},
             Row{"offline 512M -y --timeout soon", 2},
         }) {
        EXPECT_EQ(on("dimm-host.json", row.words).status, row.status) << row.words;
    }
}

TEST_F(Jobs, what_failed_can_be_read_and_rolled_back) {
    const Said failed = kept("dimm-host.json", "offline 512M -y --fault EIO:memory81");
    EXPECT_EQ(failed.status, 6);
    EXPECT_TRUE(failed.has("offlined memory82-83")) << failed.out;
    EXPECT_TRUE(failed.has("failed: would offline memory81")) << failed.out;
    EXPECT_TRUE(failed.has("offlined memory80")) << failed.out;
    const std::string hint = "--snapshot " + data("dimm-host.json") + " rollback 1 --state-dir " + top;
    EXPECT_TRUE(failed.has("undo it with `memhotctl " + hint + "`")) << failed.out;
    EXPECT_EQ(memhotctl(split(hint + " --dry-run")).status, 0);
    const auto jobs = kept("dimm-host.json", "jobs --json").json();
    ASSERT_EQ(jobs["format"], "memhot-jobs/1");
    ASSERT_EQ(jobs["jobs"].size(), 1U);
    EXPECT_EQ(jobs["jobs"][0]["state"], "failed");
    EXPECT_EQ(jobs["jobs"][0]["wish"], "offline 512M");
    EXPECT_EQ(jobs["jobs"][0]["steps"][2]["errno"], 5);
    const auto history = kept("dimm-host.json", "history --json").json();
    std::vector<std::string> whats;
    for (const auto& event : history["events"]) whats.push_back(event["what"]);
    EXPECT_EQ(whats, (Words{"job-begun", "step-intended", "step-done", "step-intended", "step-done", "step-intended",
                            "step-failed", "step-intended", "step-done", "job-ended"}));
    // The simulated host begins anew with each run: the blocks are online again, and nothing is written for that.
    const Said back = kept("dimm-host.json", "rollback 1 -y");
    EXPECT_EQ(back.status, 0) << back.err;
    EXPECT_TRUE(contains(back.err, "is as it was before: offlined memory83")) << back.err;
    EXPECT_EQ(kept("dimm-host.json", "rollback 7 -y").status, 2);
}

TEST_F(Jobs, without_a_journal_no_rollback_is_advised) {
    const Said said = on("dimm-host.json", "offline 512M -y --fault EIO:memory81");
    EXPECT_EQ(said.status, 6);
    EXPECT_FALSE(said.has("rollback")) << said.out;
    EXPECT_TRUE(said.has("the host was simulated: there is no journal")) << said.out;
}

// A rollback is advised where it would do something: a copy is no change, what has no way back stays, and what another
// one keeps would be kept again.
TEST_F(Jobs, a_rollback_is_advised_where_it_can_do_something) {
    const Said saved =
        kept("nvdimm-host.json", "namespace reconfigure namespace0.0 -m fsdax -y --accept namespace0.0 --fault "
                                 "EIO:namespace0.0");
    EXPECT_EQ(saved.status, 5) << saved.out;
    EXPECT_TRUE(saved.has("saved the labels")) << saved.out;
    EXPECT_FALSE(saved.has("rollback")) << saved.out;
    EXPECT_FALSE(saved.has("stays")) << saved.out;
    EXPECT_FALSE(kept("nvdimm-host.json", "history 1").has("rollback"));

    const Said probed =
        kept("dimm-host.json", "probe 0x2c0000000+256M --zone=movable -y --all-or-nothing --fault EIO:memory89");
    EXPECT_EQ(probed.status, 6) << probed.out;
    EXPECT_FALSE(probed.has("rollback")) << probed.out;
    EXPECT_TRUE(probed.has("there is no way back from it")) << probed.out;

    EXPECT_TRUE(kept("dimm-host.json", "offline 256M -y --fault EIO:memory82").has("undo it with")) << "memory83 stays";
}

// Somebody onlined memory83 elsewhere meanwhile: the rollback leaves it, and so would the next.
TEST_F(Jobs, behind_a_rollback_that_left_what_others_changed_no_other_is_advised) {
    EXPECT_EQ(kept("dimm-host.json", "offline 256M -y").status, 0);
    auto there = *load_snapshot(data("dimm-host.json"));
    for (auto& block : *there.blocks) {
        if (block.number == 83) block.valid_zones = "Normal";
        if (block.number == 82) block.state = "offline";
        if (block.number == 82) block.valid_zones = "Normal Movable";
    }
    const std::string file = top + "/there.json";
    ASSERT_TRUE(save_snapshot(there, file).ok());
    const Said back = memhotctl(split("--snapshot " + file + " rollback 1 -y --state-dir " + top));
    EXPECT_EQ(back.status, 6) << back.out << back.err;
    EXPECT_TRUE(back.has("somebody else changed it")) << back.out;
    EXPECT_FALSE(back.has("undo it with")) << back.out;
    const Said history = memhotctl(split("--snapshot " + file + " history 1 --state-dir " + top));
    EXPECT_FALSE(history.has("undo it with")) << history.out;
    EXPECT_EQ(memhotctl(split("--snapshot " + file + " rollback 1 -y --state-dir " + top)).status, 1);
}

// A name that a shell would take apart.
TEST_F(Jobs, a_hint_can_be_pasted_into_a_shell) {
    const std::string odd = top + "/a b's";
    const Said failed = memhotctl(
        {"--snapshot", data("dimm-host.json"), "offline", "512M", "-y", "--fault", "EIO:memory81", "--state-dir", odd});
    const auto at = failed.out.find("`memhotctl ");
    ASSERT_NE(at, std::string::npos) << failed.out;
    const std::string words = failed.out.substr(at + 10, failed.out.rfind('`') - at - 10);
    EXPECT_EQ(std::system((path_of_memhotctl() + words + " --dry-run >/dev/null").c_str()), 0) << words;
}

// chmem_test.cpp writes below a root directory that is a host.
TEST_F(Jobs, below_a_root_directory_without_a_host_nothing_is_written) {
    fs::create_directories(fs::path(state_file(84)).parent_path());
    std::ofstream(state_file(84)) << "offline\n";
    const Said said = memhotctl(split("--root " + root() + " online memory84 -y"));
    EXPECT_EQ(said.status, 2) << said.out << said.err;
    EXPECT_EQ(contents_of(state_file(84)), "offline\n");
}

TEST_F(Jobs, a_saved_plan_is_applied_to_the_host_it_was_made_on) {
    const std::string file = top + "/plan.json";
    std::ofstream(file) << on("dimm-host.json", "plan offline 256M --json").out;
    const Said said = on("dimm-host.json", "apply " + file + " -y");
    EXPECT_EQ(said.status, 0) << said.err;
    EXPECT_EQ(said.out, "offlined memory82-83 (290000000-29fffffff) from zone Movable, downward\n"
                        "job 1: done (simulated; nothing was changed)\n");
    const Said other = on("nvdimm-host.json", "apply " + file + " -y");
    EXPECT_EQ(other.status, 1);
    EXPECT_TRUE(other.has("refused: the plan is stale")) << other.out;
    EXPECT_TRUE(other.has("block memory83: was online, node1, zones Movable, is absent")) << other.out;
}

// A lower block went offline since: its facts hold, and the wish takes that block now.
TEST_F(Jobs, a_saved_plan_that_takes_other_steps_now_is_stale) {
    const std::string file = top + "/plan.json";
    std::ofstream(file) << on("dimm-host.json", "plan online 128M --json").out;
    auto there = *load_snapshot(data("dimm-host.json"));
    for (auto& block : *there.blocks) {
        if (block.number != 80) continue;
        block.state = "offline";
        block.valid_zones = "Normal Movable";
    }
    const std::string now = top + "/now.json";
    ASSERT_TRUE(save_snapshot(there, now).ok());
    const Words words = split("--snapshot " + now + " apply " + file + " -y --state-dir " + top);
    const Said said = memhotctl(words);
    EXPECT_EQ(said.status, 1) << said.out << said.err;
    EXPECT_TRUE(said.has("refused: the plan is stale")) << said.out;
    EXPECT_TRUE(said.has("memory84/state, is echo online")) << said.out;
    EXPECT_TRUE(said.has("memory80/state\n")) << said.out;
    Words json = words;
    json.push_back("--json");
    const auto document = memhotctl(json).json();
    EXPECT_EQ(document["format"], "memhot-stale/1");
    ASSERT_EQ(document["changes"].size(), 1U);
    EXPECT_EQ(document["changes"][0]["kind"], "step");
    EXPECT_EQ(document["changes"][0]["name"], "1");
    EXPECT_EQ(document["changes"][0]["now"].get<std::string>().find("memory80/state") != std::string::npos, true);
}

// What another kernel would answer is asked with check: a plan is for the host as it is.
TEST_F(Jobs, a_plan_is_not_made_for_another_kernel) {
    for (const char* words : {"plan offline memory83 --kernel 5.3", "--kernel 5.3 --json plan offline memory83"}) {
        const Said said = on("dimm-host.json", words);
        EXPECT_EQ(said.status, 2) << said.out;
        EXPECT_TRUE(contains(said.err, "expected check with it")) << said.err;
    }
    EXPECT_EQ(on("dimm-host.json", "plan offline memory83 --arch arm64").status, 2);
}

// It is said before anything is done that not all can be undone.
TEST_F(Jobs, all_or_nothing_says_which_steps_have_no_way_back) {
    const std::string words = "probe 0x2c0000000+256M --zone=movable --all-or-nothing";
    const Said dry = on("dimm-host.json", words + " --dry-run");
    const std::string why = "what was probed stays until reboot";
    EXPECT_TRUE(dry.has("--all-or-nothing: what has no way back stays where a later step fails: step")) << dry.out;
    EXPECT_TRUE(dry.has(why)) << dry.out;
    const auto notes = on("dimm-host.json", words + " --dry-run --json").json()["notes"];
    EXPECT_TRUE(contains(notes.dump(), "no way back stays")) << notes.dump();
    EXPECT_TRUE(contains(on("dimm-host.json", words + " -y").err, why));
    EXPECT_FALSE(on("dimm-host.json", "probe 0x2c0000000+256M --zone=movable --dry-run").has("no way back stays"));
    EXPECT_FALSE(on("dimm-host.json", "offline 256M --all-or-nothing --dry-run").has("no way back stays"));
    // Where the last step alone has none, nothing can fail behind it.
    EXPECT_FALSE(
        on("nvdimm-host.json", "namespace destroy namespace0.0 --all-or-nothing --dry-run").has("no way back stays"));
}

TEST_F(Jobs, an_option_in_front_of_its_verb_is_told_where_it_belongs) {
    for (const char* option : {"--state-dir=/x", "--accept=dax0.1"}) {
        const Said said = on("dimm-host.json", std::string(option) + " offline 256M -y");
        EXPECT_EQ(said.status, 2);
        EXPECT_TRUE(contains(said.err, "is an option of offline and belongs behind it")) << said.err;
    }
    EXPECT_TRUE(contains(on("dimm-host.json", "--acept=x offline 256M").err, "unknown option --acept"));
}

TEST_F(Jobs, a_journal_that_lost_all_is_not_one_without_jobs) {
    EXPECT_TRUE(contains(kept("dimm-host.json", "jobs").err, "no jobs yet"));
    std::ofstream(top + "/journal") << "";
    for (const char* verb : {"jobs", "history"}) {
        const Said said = kept("dimm-host.json", verb);
        EXPECT_EQ(said.status, 0);
        EXPECT_TRUE(contains(said.err, top + "/journal: the file is empty")) << said.err;
        EXPECT_FALSE(contains(said.err, "no jobs yet")) << said.err;
    }
}

// A file only says what is wanted: steps that somebody wrote into it are not taken.
TEST_F(Jobs, steps_of_a_file_that_are_not_those_of_its_wish_are_refused) {
    const std::string file = top + "/plan.json";
    auto plan = on("dimm-host.json", "plan offline 256M --json").json();
    plan["steps"][0]["action"]["path"] = "/sys/devices/system/memory/memory1/state";
    std::ofstream(file) << plan.dump();
    const Said said = on("dimm-host.json", "apply " + file + " -y");
    EXPECT_EQ(said.status, 1);
    EXPECT_TRUE(said.has("make the plan anew")) << said.out;
    EXPECT_TRUE(said.has("  step 1: was echo offline > /sys/devices/system/memory/memory1/state, is echo offline > "
                         "/sys/devices/system/memory/memory83/state\n"))
        << said.out;
    EXPECT_FALSE(said.has("step 2:")) << said.out;
    plan["steps"][0].erase("action");
    std::ofstream(file) << plan.dump();
    const Said torn = on("dimm-host.json", "apply " + file + " -y");
    EXPECT_EQ(torn.status, 2);
    EXPECT_TRUE(contains(torn.err, "steps[0].action")) << torn.err;
}

// A job that stands still at memory82.
pid_t start_slow_job(const std::string& top) {
    const std::string program = path_of_memhotctl();
    const Words words = split("--snapshot " + data("dimm-host.json") +
                              " offline 512M -y --fault slow:memory82:60000 --state-dir " + top);
    const pid_t child = ::fork();
    if (child != 0) return child;
    std::vector<char*> argv{const_cast<char*>(program.c_str())};
    for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    ::execv(program.c_str(), argv.data());
    ::_exit(126);
}

// kill -9 in the middle: the journal says so, a second writer is not kept out, and the job can be finished.
TEST_F(Jobs, a_killed_job_is_interrupted_and_can_be_resumed) {
    const pid_t child = start_slow_job(top);
    while (!contains(kept("dimm-host.json", "history").out, "would offline memory82")) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    const Said second = kept("dimm-host.json", "offline 256M -y");
    EXPECT_TRUE(contains(second.err, "pid " + std::to_string(child) + " (memhotctl, job 1) is changing this host"))
        << second.err;
    EXPECT_EQ(kept("dimm-host.json", "cancel 1").status, 0);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    EXPECT_EQ(second.status, 5);
    const Said report = kept("dimm-host.json", "history 1");
    EXPECT_TRUE(report.has("nobody knows whether this was done: offlined memory82")) << report.out;
    EXPECT_TRUE(report.has("job 1: interrupted")) << report.out;
    EXPECT_EQ(kept("dimm-host.json", "cancel 1").status, 2);
    // The simulated host is new: what is written as done is not done again.
    const Said resumed = kept("dimm-host.json", "resume 1 -y");
    EXPECT_EQ(resumed.status, 0) << resumed.out << resumed.err;
    EXPECT_TRUE(resumed.has("job 1: done")) << resumed.out;
    EXPECT_EQ(kept("dimm-host.json", "resume 1 -y").status, 1);
}

TEST_F(Jobs, cancel_stops_between_two_blocks) {
    const std::string program = path_of_memhotctl();
    const Words words = split("--snapshot " + data("dimm-host.json") +
                              " offline 512M -y --fault slow:memory83:1500 --state-dir " + top);
    Said said;
    std::thread running([&] { said = memhotctl(words); });
    while (!contains(kept("dimm-host.json", "history").out, "would offline memory83")) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    EXPECT_EQ(kept("dimm-host.json", "cancel 1").status, 0);
    running.join();
    EXPECT_EQ(said.status, 7) << said.out;
    EXPECT_TRUE(said.has("offlined memory83")) << said.out;
    EXPECT_TRUE(said.has("not tried: 3 steps")) << said.out;
    EXPECT_TRUE(said.has("job 1: cancelled: before step 2")) << said.out;
}

TEST_F(Jobs, one_that_runs_is_told_apart_from_one_that_was_interrupted) {
    const pid_t child = start_slow_job(top);
    while (!contains(kept("dimm-host.json", "history").out, "would offline memory82")) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    auto job = kept("dimm-host.json", "jobs --json").json()["jobs"][0];
    EXPECT_EQ(job["state"], "running");
    EXPECT_FALSE(job.contains("exit_status"));
    EXPECT_EQ(kept("dimm-host.json", "resume 1 -y").status, 5) << "somebody else is at it";
    EXPECT_EQ(kept("dimm-host.json", "rollback 1 --dry-run").status, 0) << "looking needs no lock";
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    job = kept("dimm-host.json", "jobs --json").json()["jobs"][0];
    EXPECT_EQ(job["state"], "interrupted");
    EXPECT_FALSE(job.contains("exit_status"));
    const Said next = kept("dimm-host.json", "online 128M -y");
    EXPECT_EQ(next.status, 0);
    EXPECT_TRUE(contains(next.err, "job 1 was interrupted and is neither finished nor undone")) << next.err;
    EXPECT_TRUE(contains(next.err, " resume 1 --state-dir " + top + "`")) << next.err;
}

// Each state directory has its own numbers, and the lock is the host's.
TEST_F(Jobs, one_of_that_number_in_another_state_directory_does_not_run_here) {
    const pid_t child = start_slow_job(top);
    while (!contains(kept("dimm-host.json", "history").out, "would offline memory82")) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const int lock = ::open((top + "/lock").c_str(), O_RDWR | O_CLOEXEC);
    ASSERT_EQ(::flock(lock, LOCK_EX), 0);
    for (const auto& [directory, state] :
         {std::pair<std::string, const char*>{"/elsewhere", "interrupted"}, {top, "running"}}) {
        std::ofstream(top + "/lock", std::ios::trunc) << ::getpid() << " memhotctl 1 " << directory << "\n";
        EXPECT_EQ(kept("dimm-host.json", "jobs --json").json()["jobs"][0]["state"], state);
    }
    ::close(lock);
}

TEST_F(Jobs, the_journal_says_with_which_exit_status_a_job_ended) {
    const std::vector<int> expected{0, 6, 5, 5, 6, 5, 7};
    const Words words{"offline 256M -y",
                      "offline 512M -y --fault EIO:memory81",
                      "offline 128M -y --fault EIO:memory83",
                      "offline 512M -y --fault EIO:memory81 --all-or-nothing",
                      "offline 512M -y --fault EBUSY:memory83:9 --timeout 0",
                      "offline 128M -y --fault EBUSY:memory83:9 --timeout 0",
                      "offline 256M -y --fault EBUSY:memory83:90 --timeout 1"};
    for (std::size_t i = 0; i < words.size(); ++i)
        EXPECT_EQ(kept("dimm-host.json", words[i]).status, expected[i]) << words[i];
    std::vector<int> statuses;
    const auto jobs = kept("dimm-host.json", "jobs --json").json();
    for (const auto& job : jobs["jobs"]) statuses.push_back(job["exit_status"]);
    EXPECT_EQ(statuses, expected);
}

// What an older journal saved is not written into.
TEST_F(Jobs, a_new_journal_gives_no_id_whose_directory_is_there) {
    fs::create_directories(top + "/job-1");
    EXPECT_TRUE(kept("dimm-host.json", "offline 256M -y").has("job 2: done"));
}

TEST_F(Jobs, nothing_is_made_below_a_root_directory_that_is_none) {
    const std::string missing = top + "/mistyped";
    const Said said = memhotctl(split("--root " + missing + " online memory84 -y"));
    EXPECT_EQ(said.status, 2);
    EXPECT_TRUE(contains(said.err, "expected a host, with sys/devices/system in it")) << said.err;
    EXPECT_FALSE(fs::exists(missing));
}

// One lock for one host, wherever its journals lie.
TEST_F(Jobs, the_lock_is_that_of_the_host) {
    fs::create_directories(root() + "/sys/devices/system");
    memhotctl(split("--root " + root() + " online memory84 -y --state-dir " + top + "/elsewhere"));
    EXPECT_TRUE(fs::exists(root() + "/run/memhot/lock"));
    EXPECT_TRUE(fs::exists(top + "/elsewhere/journal"));
    EXPECT_FALSE(fs::exists(top + "/elsewhere/lock"));
    EXPECT_EQ(fs::status(top + "/elsewhere").permissions(), fs::perms::owner_all);
}

// ulimit -f: the write that does not fit fails the job, the signal does not end it.
TEST_F(Jobs, a_limit_on_file_sizes_is_told_and_changes_nothing) {
    EXPECT_EQ(kept("dimm-host.json", "offline 256M -y").status, 0);
    const std::string command = "ulimit -f 1; " + path_of_memhotctl() + " --snapshot " + data("dimm-host.json") +
                                " offline 256M -y --state-dir " + top + " 2>&1";
    FILE* pipe = ::popen(command.c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    std::array<char, 4096> buffer{};
    const std::string text(buffer.data(), std::fread(buffer.data(), 1, buffer.size(), pipe));
    const int status = ::pclose(pipe);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 5) << status << ": " << text;
    EXPECT_TRUE(contains(text, "RLIMIT_FSIZE")) << text;
}

// More blocks than an entry of the journal can hold a plan of.
TEST_F(Jobs, a_plan_that_is_too_long_ends_with_5_and_says_how_much_can_be_asked) {
    auto snapshot = *load_snapshot(data("dimm-host.json"));
    for (std::uint64_t number = 256; number < 256 + 80'000; ++number) {
        BlockRecord block;
        block.number = number;
        block.state = "offline";
        block.valid_zones = "Normal Movable";
        block.node = 1;
        snapshot.blocks->push_back(block);
    }
    const std::uint64_t size = *snapshot.memory_block_size;
    *snapshot.iomem += to_string(Range{256 * size, (256 + 80'000) * size - 1}) + " : System RAM\n";
    const std::string file = top + "/large.json";
    ASSERT_TRUE(save_snapshot(snapshot, file).ok());
    const Said said =
        memhotctl(split("--snapshot " + file + " online 10000G --zone movable --ratio 0 -y --state-dir " + top));
    EXPECT_EQ(said.status, 5) << said.err;
    EXPECT_EQ(said.out, "");
    EXPECT_TRUE(contains(said.err, "of the 80000 steps of this plan about 7")) << said.err;
    EXPECT_TRUE(contains(said.err, "take fewer at a time: `memhotctl online 8T`")) << said.err;
    struct stat journal{};
    ASSERT_EQ(::stat((top + "/journal").c_str(), &journal), 0);
    EXPECT_LE(journal.st_blocks * 512, 8192) << "nothing stays reserved";
}

TEST_F(Jobs, a_fault_meets_what_makes_a_device) {
    const Said said = on("nvdimm-host.json", "namespace create region0 --size 64M -y --fault EIO:region0");
    EXPECT_EQ(said.status, 5) << said.err;
    EXPECT_TRUE(contains(said.out, "EIO")) << said.out;
    const Said other = on("cxl-host.json", "dax create --size 256M -y --fault EIO:memory1");
    EXPECT_EQ(other.status, 2);
    EXPECT_TRUE(contains(other.err, "the first one is about create-device")) << other.err;
}

TEST_F(Jobs, a_simulated_host_has_no_journal_of_its_own) {
    const Said said = on("dimm-host.json", "jobs");
    EXPECT_EQ(said.status, 2);
    EXPECT_TRUE(contains(said.err, "expected --state-dir DIR")) << said.err;
}

TEST_F(Jobs, a_state_directory_that_is_missing_is_not_one_without_jobs) {
    EXPECT_EQ(kept("dimm-host.json", "jobs").status, 0);
    std::ofstream(top + "/file") << "";
    for (const std::string verb : {"jobs", "history", "history 1", "cancel 1", "rollback 1 --dry-run"}) {
        for (const std::string& missing : {top + "/mistyped", top + "/file"}) {
            const Said said = on("dimm-host.json", verb + " --state-dir " + missing);
            EXPECT_EQ(said.status, 2) << verb << ": " << said.err;
            EXPECT_TRUE(contains(said.err, missing + "\": no such directory")) << verb << ": " << said.err;
        }
    }
    EXPECT_FALSE(fs::exists(top + "/mistyped"));
}

TEST_F(Jobs, a_damaged_journal_is_said_and_not_written) {
    EXPECT_EQ(kept("dimm-host.json", "offline 256M -y").status, 0);
    std::string bytes = contents_of(top + "/journal");
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x20);
    std::ofstream(top + "/journal", std::ios::binary) << bytes;
    const Said said = kept("dimm-host.json", "offline 256M -y");
    EXPECT_EQ(said.status, 5) << said.out << said.err;
    EXPECT_EQ(contents_of(top + "/journal"), bytes);
    EXPECT_TRUE(contains(kept("dimm-host.json", "jobs").err, "damaged")) << kept("dimm-host.json", "jobs").err;
}

}   // namespace
}   // namespace memhot::test
