// SPDX-License-Identifier: GPL-2.0-or-later
//
// memhotctl and the jobs of memhotd: how long a step may take, Ctrl-C, the journal, rollback, resume, cancel.
#include <gtest/gtest.h>

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <regex>

#include "dbus/harness.hpp"
#include "journal/journal.hpp"
#include "memhot/plan.hpp"
#include "memhot/simulated.hpp"
#include "service/journal_page.hpp"
#include "support/command.hpp"

namespace {

using namespace memhot::test;   // NOLINT(google-build-using-namespace): a test's own vocabulary

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// memhotd with a journal that memhotctl can read in process, too.
struct Site {
    PrivateBus bus;
    HostTree dir;
    std::string snapshot;
    std::unique_ptr<Daemon> daemon;

    explicit Site(std::vector<std::string> faults = {}, std::string host = "dimm-host.json")
        : snapshot(std::move(host)) {
        dir.directory("state");
        start(std::move(faults));
    }
    // Again on the same journal; the simulated host is as it was at first.
    void start(std::vector<std::string> faults = {}) {
        std::vector<std::string> more{"--state-dir=" + dir.path("state"), "--run-dir=" + dir.path("state")};
        for (const auto& fault : faults) more.push_back("--fault=" + fault);
        daemon.reset();
        daemon = std::make_unique<Daemon>(bus, Daemon::Options{snapshot, more, {}});
    }
    [[nodiscard]] CommandOutput there(const std::string& words) const {
        return run(MEMHOTCTL " -H " + bus.address() + " " + words + " 2>&1");
    }
    [[nodiscard]] CommandOutput here(const std::string& words) const {
        return run(MEMHOTCTL " --snapshot " MEMHOT_TEST_DATA "/" + snapshot + " " + words + " --state-dir " +
                   dir.path("state") + " 2>&1");
    }
    [[nodiscard]] std::string log() const { return dir.path("client.log"); }
    [[nodiscard]] std::string said() const { return read_text(log()); }
    [[nodiscard]] Process begin(const std::vector<std::string>& words) const {
        std::vector<std::string> all{MEMHOTCTL, "-H", bus.address(), "-v"};
        all.insert(all.end(), words.begin(), words.end());
        return memhot::test::start(all, log());
    }
    // A step is told of before it is tried.
    [[nodiscard]] bool tries(const std::string& block) const {
        return eventually([&] { return has(here("history").text, "step-intended would online " + block); });
    }
    [[nodiscard]] bool says(const std::string& part) const {
        return eventually([&] { return has(said(), part); });
    }
};

// Without what is said of the run: host and directory of the journal in a hint, and that a snapshot is not changed.
std::string without_place(const std::string& text) {
    static const std::regex kHint("`memhotctl [^`]* (rollback|resume|history) ([0-9]+)[^`]*`");
    static const std::regex kSimulated(R"( \(simulated; nothing was changed\))");
    return std::regex_replace(std::regex_replace(text, kHint, "`memhotctl $1 $2`"), kSimulated, "");
}

std::chrono::milliseconds time_of(const std::function<void()>& what) {
    const auto begun = std::chrono::steady_clock::now();
    what();
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun);
}

// A block that stays busy is tried as long as --timeout says; memhotd's own default is half a minute.
TEST(ClientJobs, TheTimeoutIsThatOfTheCommandLine) {
    Site site({"EBUSY:memory83:1000000", "EBUSY:memory84:1000000"});
    CommandOutput said;
    const auto none = time_of([&] { said = site.there("offline memory83 -y --timeout 0"); });
    EXPECT_EQ(said.status, 5) << said.text;
    EXPECT_TRUE(has(said.text, "failed: step 1: Device or resource busy")) << said.text;
    EXPECT_LT(none.count(), 10'000);
    const auto some = time_of([&] { said = site.there("online memory84 -y --timeout 2"); });
    EXPECT_EQ(said.status, 7) << said.text;
    EXPECT_GE(some.count(), 2'000);
    EXPECT_LT(some.count(), 15'000);
    EXPECT_EQ(site.there("online memory84 -y --timeout soon").status, 2);
}

TEST(ClientJobs, OfAJobThatIsTakenUpAgainItIsTakenToo) {
    Site site({"slow:memory84:400", "slow:memory85:60000"});
    auto client = site.begin({"online", "block84-86", "-y"});
    ASSERT_TRUE(site.says("step 2 of 3")) << site.said();
    site.daemon->process().signal(SIGKILL);
    EXPECT_EQ(client.wait(10'000), 3) << site.said();
    site.start({"EBUSY:memory86:1000000"});
    CommandOutput said;
    const auto time = time_of([&] { said = site.there("resume 1 -y --timeout 0"); });
    EXPECT_EQ(said.status, 6) << said.text;
    EXPECT_LT(time.count(), 10'000);
}

TEST(ClientJobs, TheTimeoutOfTheBusIsANumberOfMicroseconds) {
    Site site;
    Client root(site.bus, As::root);
    const auto asked = [&](const std::string& member, const auto&... arguments) {
        return root
            .manager(member,
                     [&](sd_bus_message* message) { ASSERT_GE(::sd_bus_message_append(message, arguments...), 0); })
            .memhot_error();
    };
    for (const char* member : {"Undo", "Finish"}) {
        EXPECT_EQ(asked(member, "sa{sv}", "1", 1, "timeout", "t", UINT64_MAX), "BadInput") << "more than a week";
        EXPECT_EQ(asked(member, "sa{sv}", "1", 1, "timeout", "s", "1"), "BadInput");
        EXPECT_EQ(asked(member, "sa{sv}", "1", 1, "timeout", "b", 1), "BadInput");
        EXPECT_EQ(asked(member, "sa{sv}", "1", 1, "timeout", "t", UINT64_C(1)), "NotFound") << "there is no job yet";
    }
    EXPECT_EQ(asked("Rescan", "a{sv}", 1, "timeout", "t", UINT64_C(1)), "BadInput") << "it takes none";
}

TEST(ClientJobs, CtrlCStopsTheJobAndWaitsForItsEnd) {
    Site site({"slow:memory84:1500"});
    auto client = site.begin({"online", "block84-87", "-y"});
    ASSERT_TRUE(site.says("step 1 of 4")) << site.said();
    ASSERT_TRUE(site.tries("memory84"));
    client.signal(SIGINT);
    EXPECT_EQ(client.wait(20'000), 7) << site.said();
    EXPECT_TRUE(has(site.said(), "asked to stop")) << site.said();
    // the report of the job as in process: what was done, and what was not
    EXPECT_TRUE(has(site.said(), "onlined memory84 ")) << site.said();
    EXPECT_TRUE(has(site.said(), "not tried: 3 steps")) << site.said();
    EXPECT_TRUE(has(site.said(), "job 1: cancelled")) << site.said();
    EXPECT_TRUE(has(site.there("list").text, "Total offline memory:    384M")) << site.there("list").text;
}

TEST(ClientJobs, ASecondCtrlCLeavesTheJobAlone) {
    Site site({"slow:memory84:15000"});
    auto client = site.begin({"online", "block84-85", "-y"});
    ASSERT_TRUE(site.says("step 1 of 2")) << site.said();
    ASSERT_TRUE(site.tries("memory84"));
    client.signal(SIGINT);
    ASSERT_TRUE(site.says("asked to stop")) << site.said();
    client.signal(SIGINT);
    EXPECT_EQ(client.wait(10'000), 7) << site.said();
    EXPECT_TRUE(has(site.said(), "job 1 goes on")) << site.said();
    EXPECT_TRUE(has(site.said(), "cancel 1")) << site.said();
    EXPECT_TRUE(has(site.there("history 1").text, "job 1: running")) << site.there("history 1").text;
    EXPECT_TRUE(has(site.there("jobs").text, " running ")) << site.there("jobs").text;
    Client root(site.bus, As::root);
    const auto jobs = root.manager("ListJobs", [](sd_bus_message* message) { append_no_options(message); });
    ASSERT_GE(::sd_bus_message_enter_container(jobs.reply.get(), 'a', "(sssstt)"), 0);
    ASSERT_GE(::sd_bus_message_enter_container(jobs.reply.get(), 'r', "sssstt"), 0);
    const char* end = nullptr;
    ASSERT_GE(::sd_bus_message_read(jobs.reply.get(), "ss", nullptr, &end), 0);
    EXPECT_STREQ(end, "running");
}

// A terminal sends Ctrl-C to ssh as well, which has to go on: the job is stopped, and told of, over it.
TEST(ClientJobs, CtrlCLeavesTheSshThatItNeeds) {
    if (std::system("command -v systemd-stdio-bridge >/dev/null") != 0) GTEST_SKIP() << "needs systemd-stdio-bridge";
    Site site({"slow:memory84:1500"});
    with_program(site.dir, "ssh",
                 "echo $$ \"$@\" >" + site.dir.path("ssh.log") +
                     "\nexec systemd-stdio-bridge --bus-path=" + site.bus.address() + "\n");
    const char* path = std::getenv("PATH");
    auto client = start({MEMHOTCTL, "-H", "admin@server:2222", "-v", "online", "block84-87", "-y"}, site.log(),
                        {{"PATH", site.dir.root() + ":" + (path == nullptr ? "" : path)}});
    ASSERT_TRUE(site.says("step 1 of 4")) << site.said();
    ASSERT_TRUE(site.tries("memory84"));
    const std::string words = read_text(site.dir.path("ssh.log"));   // of the last one: each question has its own
    EXPECT_TRUE(has(words, " -xT -p 2222 -- admin@server systemd-stdio-bridge\n")) << words;
    ASSERT_EQ(::kill(std::stoi(words), SIGINT), 0);
    client.signal(SIGINT);
    EXPECT_EQ(client.wait(20'000), 7) << site.said();
    EXPECT_TRUE(has(site.said(), "job 1: cancelled")) << site.said();
}

// A job that waits for another one is stopped as soon as it begins.
TEST(ClientJobs, CtrlCReachesAJobThatHasNotBegun) {
    Site site({"slow:memory84:2500", "slow:memory40:1500", "slow:memory41:1500"});
    auto first = site.begin({"online", "memory84", "-y"});
    ASSERT_TRUE(site.says("step 1 of 1")) << site.said();
    const std::string log = site.dir.path("second.log");
    auto second = start({MEMHOTCTL, "-H", site.bus.address(), "-v", "offline", "block40-41", "-y"}, log);
    ::usleep(1'000'000);
    second.signal(SIGINT);
    EXPECT_EQ(first.wait(20'000), 0);
    EXPECT_EQ(second.wait(20'000), 7) << read_text(log);
    EXPECT_TRUE(has(read_text(log), "asked to stop")) << read_text(log);
    EXPECT_TRUE(has(read_text(log), "job 2: cancelled")) << read_text(log);
}

// The same journal, read by memhotctl itself and told by memhotd.
TEST(ClientJobs, TheJournalIsToldAsItIsInProcess) {
    Site site({"EIO:memory86"});
    EXPECT_EQ(site.there("jobs").text, "memhotctl: no jobs yet\n");
    EXPECT_EQ(site.there("offline block80-81 -y").status, 0);
    EXPECT_EQ(site.there("online block84-87 -y").status, 6);
    EXPECT_EQ(site.there("rollback 1 -y").status, 0);
    for (const char* verb : {"jobs", "jobs --json", "history", "history --json", "history 1", "history 2",
                             "history 2 --json", "history 9"}) {
        const auto told = site.there(verb);
        const auto read = site.here(verb);
        EXPECT_EQ(without_place(told.text), without_place(read.text)) << verb;
        EXPECT_EQ(told.status, read.status) << verb;
    }
    EXPECT_TRUE(has(site.there("history 2").text, "failed: would online memory86")) << site.there("history 2").text;
    EXPECT_TRUE(has(site.there("history 2").text, "`memhotctl -H " + site.bus.address() + " rollback 2`"))
        << site.there("history 2").text;
    EXPECT_EQ(site.there("jobs --state-dir /tmp").status, 2);
}

// What is printed behind a job is what it would be in process.
TEST(ClientJobs, TheReportIsThatOfAJobInProcess) {
    Site site({"EIO:memory86"});
    const auto there = site.there("online block84-87 -y --zone=movable");
    HostTree other;
    const auto here =
        run(MEMHOTCTL " --snapshot " MEMHOT_TEST_DATA "/dimm-host.json online block84-87 -y --zone=movable "
                      "--fault EIO:memory86 --state-dir " +
            other.path("state") + " 2>&1");
    EXPECT_EQ(without_place(there.text), without_place(here.text));
    EXPECT_EQ(there.status, here.status);
    EXPECT_EQ(there.status, 6);
}

TEST(ClientJobs, RollbackUndoesWhatWasShown) {
    Site site;
    EXPECT_EQ(site.there("online block84-87 -y --zone=movable").status, 0);
    const auto dry = site.there("rollback 1 --dry-run");
    EXPECT_EQ(dry.status, 8) << "whether pages can be moved nobody sees before: " << dry.text;
    EXPECT_TRUE(has(dry.text, "undoing job 1")) << dry.text;
    EXPECT_EQ(site.there("rollback 1").status, 2) << "there is no terminal to ask on";
    EXPECT_TRUE(has(site.there("list").text, "Total offline memory:      0B"));
    const auto done = site.there("rollback 1 -y");
    EXPECT_EQ(done.status, 0) << done.text;
    EXPECT_TRUE(has(done.text, "undone: onlined memory84-87")) << done.text;
    EXPECT_TRUE(has(site.there("list").text, "Total offline memory:    512M"));
    const auto again = site.there("rollback 1 -y");
    EXPECT_EQ(again.status, 0) << again.text;
    EXPECT_TRUE(has(again.text, "nothing that can be undone")) << again.text;
    EXPECT_EQ(site.there("rollback 7 -y").status, 2);
    EXPECT_EQ(site.there("resume 1 -y").status, 1);
}

// A job that created namespace0.4 of nvdimm-host.json, as it would stand in the journal: devices of a simulated host are told
// as they were at first (SimulatedHost::snapshot()), so none that is made there could be seen, or seen to be gone.
void write_job(const std::string& directory) {
    using namespace memhot;   // NOLINT(google-build-using-namespace)
    auto snapshot = load_snapshot(MEMHOT_TEST_DATA "/nvdimm-host.json");
    ASSERT_TRUE(snapshot.ok());
    const auto host = SimulatedHost::from_snapshot(*snapshot);
    ASSERT_TRUE(host.ok());
    Plan plan;
    plan.wish = *parse_wish({"namespace", "create", "-r", "region0", "-m", "raw"});
    plan.host = snapshot->hostname;
    plan.kernel = "test";
    PlanStep step;
    step.action = CommandLine{"ndctl", "create-namespace", {"--region=region0", "--mode=raw"}};
    step.would = "would create namespace0.4";
    step.did = "created namespace0.4";
    step.after = {{Fact::Kind::nd_namespace, "namespace0.4", host->value(Fact::Kind::nd_namespace, "namespace0.4")}};
    step.undo = {CommandLine{"ndctl", "destroy-namespace", {"namespace0.4", "--force"}}};
    step.undo_destroys = {{"namespace0.4", 32U << 20U, "all data of namespace0.4"}};
    step.creates = "namespace0.4";
    plan.steps.push_back(step);
    const auto lock = journal::HostLock::take(directory, "test");
    ASSERT_TRUE(lock.ok());
    auto book = journal::Journal::open(directory, *lock);
    ASSERT_TRUE(book.ok());
    const auto note = [&](journal::EntryKind kind, const std::string& text) {
        journal::Entry entry;
        entry.time = 1'700'000'000'000'000;
        entry.job = "1";
        entry.kind = kind;
        entry.text = text;
        if (kind == journal::EntryKind::job_begun) entry.plan = to_compact_json(plan);
        if (kind == journal::EntryKind::step_done) entry.identity = host->value(Fact::Kind::identity, "namespace0.4");
        ASSERT_TRUE(book->append(entry).ok());
    };
    note(journal::EntryKind::job_begun, to_string(plan.wish));
    note(journal::EntryKind::step_intended, step.would);
    note(journal::EntryKind::step_done, step.did);
    note(journal::EntryKind::job_ended, "done");
}

// Data are lost by an undo, too: named here, and by whoever speaks to memhotd without memhotctl.
TEST(ClientJobs, WhatAnUndoDestroysIsNamed) {
    Site site({}, "nvdimm-host.json");
    site.daemon.reset();
    write_job(site.dir.path("state"));
    site.start();
    const auto refused = site.there("rollback 1 -y");
    EXPECT_EQ(refused.status, 1) << refused.text;
    EXPECT_TRUE(has(refused.text, "--accept namespace0.4")) << refused.text;
    Client root(site.bus, As::root);
    const auto undo = [&](const std::map<std::string, std::string>& texts, const std::vector<std::string>& accept) {
        return root.manager("Undo", [&](sd_bus_message* message) {
            ASSERT_GE(::sd_bus_message_append(message, "s", "1"), 0);
            append_options(message, texts, {}, accept);
        });
    };
    EXPECT_EQ(undo({}, {}).memhot_error(), "NotConfirmed");
    EXPECT_EQ(undo({}, {"namespace0.0"}).memhot_error(), "NotConfirmed");
    // steps that nobody was shown are not taken
    const auto other = run(MEMHOTCTL " -H " + site.bus.address() + " --json plan namespace disable namespace0.0").text;
    EXPECT_EQ(undo({{"shown", other}}, {"namespace0.4"}).memhot_error(), "Stale");
    EXPECT_EQ(undo({{"shown", "no plan"}}, {"namespace0.4"}).memhot_error(), "BadInput");
    const auto done = site.there("rollback 1 -y --accept namespace0.4");
    EXPECT_EQ(done.status, 0) << done.text;
    EXPECT_TRUE(has(done.text, "undone: created namespace0.4")) << done.text;
}

TEST(ClientJobs, AnInterruptedJobIsFinishedThere) {
    Site site({"slow:memory84:400", "slow:memory85:60000"});
    auto client = site.begin({"online", "block84-86", "-y"});
    ASSERT_TRUE(site.says("step 2 of 3")) << site.said();
    site.daemon->process().signal(SIGKILL);
    EXPECT_EQ(client.wait(10'000), 3) << site.said();
    site.start();
    EXPECT_TRUE(has(site.there("history 1").text, "job 1: interrupted")) << site.there("history 1").text;
    EXPECT_TRUE(has(site.there("resume 1 --dry-run").text, "finishing job 1"));
    const auto cancel = site.there("cancel 1");
    EXPECT_EQ(cancel.status, 2) << cancel.text;
    EXPECT_TRUE(has(cancel.text, "`memhotctl -H " + site.bus.address() + " resume 1`")) << cancel.text;
    const auto done = site.there("resume 1 -y");
    EXPECT_EQ(done.status, 0) << done.text;
    EXPECT_TRUE(has(done.text, "job 1: done")) << done.text;
    EXPECT_EQ(site.there("resume 1 -y").status, 1);
}

TEST(ClientJobs, CancelStopsOneOfAnotherCaller) {
    Site site({"slow:memory84:1500"});
    auto client = site.begin({"online", "block84-87", "-y"});
    ASSERT_TRUE(site.says("step 1 of 4")) << site.said();
    const auto asked = site.there("cancel 1");
    EXPECT_EQ(asked.status, 0) << asked.text;
    EXPECT_TRUE(has(asked.text, "was asked to stop")) << asked.text;
    EXPECT_EQ(client.wait(20'000), 7) << site.said();
    EXPECT_EQ(site.there("cancel 1").status, 2);
    EXPECT_EQ(site.there("cancel 5").status, 2);
}

// A journal of more than a message is told all the same.
TEST(ClientJobs, ASavedPlanIsAppliedThere) {
    Site site;
    const std::string file = site.dir.path("plan.json");
    site.dir.file("plan.json",
                  run(MEMHOTCTL " -H " + site.bus.address() + " --json plan online 512M --zone=movable").text);
    const auto done = site.there("apply " + file + " -y");
    EXPECT_EQ(done.status, 0) << done.text;
    EXPECT_TRUE(has(done.text, "onlined memory84-87")) << done.text;
    const auto stale = site.there("apply " + file + " -y");
    EXPECT_EQ(stale.status, 1) << stale.text;
    EXPECT_EQ(site.there("apply " + file + " -y --fault EIO:memory84").status, 2);
}

// A journal of more than one message comes in several, each entry once; one that fits in none is named.
TEST(ClientJobs, AJournalIsToldPageByPage) {
    Site site({"EIO:memory86"});
    EXPECT_EQ(site.there("online block84-87 -y").status, 6);
    EXPECT_EQ(site.there("offline block80-81 -y").status, 0);
    memhot::service::JobPlace place;
    place.state = site.dir.path("state");
    place.run = place.state;
    const auto whole = memhot::journal::read_journal(place.state);
    ASSERT_TRUE(whole.ok());
    std::size_t longest = 0;
    std::vector<std::string> all;
    for (const auto& entry : whole->entries) {
        all.push_back(to_json(entry));
        longest = std::max(longest, all.back().size());
    }
    std::vector<std::string> told;
    std::size_t pages = 0;
    for (std::uint64_t next = 0; pages == 0 || next != 0; ++pages) {
        const auto page = memhot::service::journal_page(place, next, "", longest);
        ASSERT_TRUE(page.has_value()) << page.error().text;
        ASSERT_FALSE(page->entries.empty());
        told.insert(told.end(), page->entries.begin(), page->entries.end());
        next = page->next;
    }
    EXPECT_EQ(told, all);
    EXPECT_GT(pages, 1U);
    const auto one = memhot::service::journal_page(place, 0, "2", longest);
    ASSERT_TRUE(one.has_value());
    for (const auto& text : one->entries) EXPECT_TRUE(has(text, R"("job":"2")")) << text;
    EXPECT_EQ(one->entries.size() + memhot::service::journal_page(place, 0, "1", longest * 9)->entries.size(),
              all.size());
    const auto none = memhot::service::journal_page(place, 0, "", longest - 1);
    ASSERT_FALSE(none.has_value());
    EXPECT_EQ(none.error().name, memhot::service::error_name::kLimitExceeded);
}

}   // namespace
