// SPDX-License-Identifier: GPL-2.0-or-later
//
// memhotctl asks memhotd: -H and monitor.
#include <gtest/gtest.h>

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "dbus/harness.hpp"
#include "support/command.hpp"

namespace {

using namespace memhot::test;   // NOLINT(google-build-using-namespace): a test's own vocabulary

CommandOutput memhotctl(const std::string& arguments) { return run(MEMHOTCTL " " + arguments + " 2>&1"); }

TEST(Client, QuestionsAreAboutTheHostOfTheDaemon) {
    PrivateBus bus;
    Daemon daemon(bus);
    const std::string there = "-H " + bus.address() + " ";
    const std::string file = "--snapshot " MEMHOT_TEST_DATA "/dimm-host.json ";
    for (const char* verb : {"list -o +NODE,ZONES", "map", "check offline memory83", "doctor", "plan online memory84",
                             "--json show memory80"}) {
        const auto asked = memhotctl(there + verb);
        const auto read = memhotctl(file + verb);
        EXPECT_EQ(asked.text, read.text) << verb;
        EXPECT_EQ(asked.status, read.status) << verb;
    }
    EXPECT_EQ(memhotctl(there + "policy show").status, 2);
    EXPECT_EQ(memhotctl(there + file + "map").status, 2);
    EXPECT_EQ(memhotctl("-H unix:path=/nonexistent/bus map").status, 3);
}

TEST(Client, WhatIsConfirmedHereIsCarriedOutThere) {
    PrivateBus bus;
    Daemon daemon(bus);
    Client root(bus, As::root);
    const auto before = root.number("BlocksOnline");
    const std::string there = "-H " + bus.address() + " ";
    EXPECT_EQ(memhotctl(there + "online block84-87 --zone=movable --dry-run").status, 0);
    EXPECT_EQ(root.number("BlocksOnline"), before);
    const auto done = memhotctl(there + "online block84-87 --zone=movable -y");
    EXPECT_EQ(done.text, "onlined memory84-87 (2a0000000-2bfffffff) in zone Movable\njob 1: done\n");
    EXPECT_EQ(done.status, 0);
    EXPECT_EQ(root.number("BlocksOnline"), before + 4);
    EXPECT_NE(memhotctl(there + "list -o +ZONES").text.find("Movable"), std::string::npos);
    const auto again = memhotctl(there + "online block84-87 -y");
    EXPECT_EQ(again.text.find("job 2"), std::string::npos) << again.text;
}

TEST(Client, WhoMayNotInspectIsToldSo) {
    PrivateBus bus;
    Daemon daemon(bus);
    const auto denied = run("setpriv --reuid=65534 --clear-groups " MEMHOTCTL " -H " + bus.address() + " map 2>&1");
    EXPECT_EQ(denied.status, 4) << denied.text;
    EXPECT_NE(denied.text.find("org.memhot1.inspect is needed"), std::string::npos) << denied.text;
}

// Blocks are for everybody, and the whole host is not read for them; owners have addresses.
TEST(Client, BlocksAreListedForWhoMayNotInspect) {
    PrivateBus bus;
    FakePolkit polkit(bus);
    Daemon daemon(bus);
    const auto as_nobody = [&](const std::string& words) {
        return run("setpriv --reuid=65534 --clear-groups " MEMHOTCTL " -H " + bus.address() + " " + words + " 2>&1");
    };
    for (const char* words : {"list", "list -a -o +NODE,ZONES", "list --json -S none", "list --summary"}) {
        const auto told = as_nobody(words);
        EXPECT_EQ(told.text, memhotctl(std::string("--snapshot " MEMHOT_TEST_DATA "/dimm-host.json ") + words).text);
        EXPECT_EQ(told.status, 0) << words;
    }
    EXPECT_TRUE(polkit.take_questions().empty());
    const auto denied = as_nobody("list -o RANGE,OWNER,REASON");
    EXPECT_EQ(denied.status, 4) << denied.text;
    EXPECT_NE(denied.text.find("OWNER, REASON cannot be shown"), std::string::npos) << denied.text;
    EXPECT_NE(denied.text.find("org.memhot1.inspect is needed"), std::string::npos) << denied.text;
    EXPECT_EQ(polkit.take_questions().size(), 1U);
}

// The same words as in process, whoever has read the policies.
TEST(Client, PoliciesAreAskedThere) {
    PrivateBus bus;
    Daemon daemon(bus);
    const std::string there = "COLUMNS=1000 " MEMHOTCTL " -H " + bus.address() + " policy test ";
    EXPECT_EQ(run(there + "block84 2>&1").status, 1) << "no policy matches";
    daemon.dir().file("config/etc/memhot/policy.d/10-cxl.policy", "[Match]\nSource=cxl\n[Online]\nZone=movable\n");
    daemon.dir().file("config/etc/memhot/policy.d/20-dimm.policy",
                      "[Match]\nSource=acpi probe\n[Online]\nZone=movable\nOther=1\nPostOnlineUnit=kdump.service\n");
    Client root(bus, As::root);
    ASSERT_TRUE(root.manager("Reload", [](auto* message) { append_no_options(message); }).ok());
    const std::string here = "COLUMNS=1000 " MEMHOTCTL " --snapshot " MEMHOT_TEST_DATA
                             "/dimm-host.json policy test --policy-dir " +
                             daemon.dir().path("config/etc/memhot/policy.d") + " ";
    for (const char* words : {"280000000+1G", "block84", "", "-v", "--json", "block4000"}) {
        const auto told = run(there + words + " 2>&1");
        auto read = run(here + words + " 2>&1");
        const std::string directory = daemon.dir().path("config");
        for (auto at = read.text.find(directory); at != std::string::npos; at = read.text.find(directory))
            read.text.erase(at, directory.size());
        EXPECT_EQ(told.text, read.text) << words;
        EXPECT_EQ(told.status, read.status) << words;
    }
    EXPECT_EQ(run(there + "280000000+1G 2>&1").status, 0);
    EXPECT_EQ(run(there + "--policy-dir /tmp 2>&1").status, 2);
    daemon.dir().file("config/etc/memhot/policy.d/20-dimm.policy", "[Match]\nDevice=*\n[Online]\nZone=nowhere\n");
    // what the daemon would do stays what it has read; the file is told of beside that
    const auto bad = run(there + "block84 2>&1");
    EXPECT_EQ(bad.status, 0);
    EXPECT_NE(bad.text.find("zone movable"), std::string::npos) << bad.text;
    EXPECT_NE(bad.text.find("Zone=nowhere: expected one of"), std::string::npos) << bad.text;
    EXPECT_NE(bad.text.find("20-dimm.policy: is another one on the disk now"), std::string::npos) << bad.text;
}

TEST(Client, MonitorTellsOfJobsAndBlocksUntilTheDaemonGoes) {
    PrivateBus bus;
    auto daemon = std::make_unique<Daemon>(bus);
    const std::string log = bus.dir().path("monitor.log");
    auto monitor = start({MEMHOTCTL, "-H", bus.address(), "--json", "monitor"}, log);
    Client root(bus, As::root);
    // until it listens nothing is told: jobs go on until one is, from its beginning to its end
    int jobs = 0;
    ASSERT_TRUE(eventually([&] {
        const auto name = plan(root, {jobs++ % 2 == 0 ? "online" : "offline", "memory84"});
        const auto job = text_of(root.manager("Apply", [&](sd_bus_message* message) {
            ASSERT_GE(::sd_bus_message_append(message, "s", name.c_str()), 0);
            append_no_options(message);
        }));
        EXPECT_EQ(job.substr(0, 17), "/org/memhot1/job/");
        ::usleep(200'000);
        const auto begun = read_text(log).find("\"job-new\"");
        return begun != std::string::npos && read_text(log).find("\"job-removed\"", begun) != std::string::npos;
    })) << read_text(log);
    EXPECT_TRUE(eventually([&] { return read_text(log).find("\"blocks-changed\"") != std::string::npos; }))
        << read_text(log);
    EXPECT_NE(read_text(log).find(R"({"format": "memhot-event/1","event": "job-new","job": ")"), std::string::npos)
        << read_text(log);
    EXPECT_NE(read_text(log).find(R"("result": "done"})"), std::string::npos) << read_text(log);
    daemon.reset();
    EXPECT_EQ(monitor.wait(5'000), 3) << read_text(log);
}

TEST(Client, MonitorEndsWhenItIsInterrupted) {
    PrivateBus bus;
    Daemon daemon(bus);
    auto monitor = start({MEMHOTCTL, "-H", bus.address(), "monitor"}, bus.dir().path("monitor.log"));
    ::usleep(500'000);
    monitor.signal(SIGINT);
    EXPECT_EQ(monitor.wait(5'000), 0) << read_text(bus.dir().path("monitor.log"));
}

TEST(Client, HowFarTheJobIsComesFromItsSignals) {
    PrivateBus bus;
    Daemon daemon(bus, {.snapshot = "dimm-host.json",
                        .more = {"--fault=slow:memory84:300", "--fault=slow:memory85:300", "--fault=slow:memory86:300"},
                        .environment = {}});
    const auto done = memhotctl("-H " + bus.address() + " -v online block84-87 -y");
    EXPECT_EQ(done.status, 0) << done.text;
    std::size_t last = 0;
    // blocks of 128 MiB
    for (const char* line : {"step 1 of 4, 0B of 512M\n", "step 2 of 4, 128M of 512M, ", " s left\n",
                             "step 3 of 4, 256M of 512M, ", "job 1: done"}) {
        const auto at = done.text.find(line);
        ASSERT_NE(at, std::string::npos) << line << "\n" << done.text;
        EXPECT_GE(at, last);
        last = at;
    }
}

TEST(Client, AJobWhoseDaemonDiesIsNotWaitedForForever) {
    PrivateBus bus;
    Daemon daemon(bus, {.snapshot = "dimm-host.json", .more = {"--fault=slow:memory84:60000"}, .environment = {}});
    const std::string log = bus.dir().path("client.log");
    auto client = start({MEMHOTCTL, "-H", bus.address(), "-v", "online", "memory84", "-y"}, log);
    ASSERT_TRUE(eventually([&] { return read_text(log).find("step 1 of 1") != std::string::npos; })) << read_text(log);
    daemon.process().signal(SIGKILL);
    EXPECT_EQ(client.wait(10'000), 3) << read_text(log);
    EXPECT_NE(read_text(log).find("went away while the job ran"), std::string::npos) << read_text(log);
}

TEST(Client, AnotherMachineIsAskedOverSsh) {
    if (std::system("command -v systemd-stdio-bridge >/dev/null") != 0) GTEST_SKIP() << "needs systemd-stdio-bridge";
    PrivateBus bus;
    Daemon daemon(bus);
    HostTree dir;
    const std::string path = with_program(dir, "ssh",
                                          "echo \"$@\" >" + dir.path("words") +
                                              "\nexec systemd-stdio-bridge --bus-path=" + bus.address() + "\n");
    const auto asked = run(path + MEMHOTCTL " -H admin@server list -o +NODE,ZONES 2>&1");
    EXPECT_EQ(asked.text, memhotctl("--snapshot " MEMHOT_TEST_DATA "/dimm-host.json list -o +NODE,ZONES").text);
    const std::string words = read_text(dir.path("words"));
    EXPECT_NE(words.find("admin@server systemd-stdio-bridge"), std::string::npos) << words;
    const auto on_server = [&](const std::string& verb) {
        return run(path + MEMHOTCTL " -H admin@server " + verb + " 2>&1");
    };
    EXPECT_EQ(on_server("online memory84 -y").status, 0);
    EXPECT_EQ(on_server("policy test memory84").status, 1);
    EXPECT_NE(on_server("jobs").text.find("done  1 of 1 online memory84"), std::string::npos) << on_server("jobs").text;
    const auto back = on_server("rollback 1 -y --timeout 5");
    EXPECT_EQ(back.status, 0) << back.text;
    EXPECT_NE(back.text.find("job 1: undone"), std::string::npos) << back.text;
    for (const auto& [host, shown] : std::map<std::string, std::string>{
             {"server", "-xT -- server systemd-stdio-bridge\n"},
             {"server:22", "-xT -p 22 -- server systemd-stdio-bridge\n"},
             {"admin@[2001:db8::1]:22", "-xT -p 22 -- admin@2001:db8::1 systemd-stdio-bridge\n"},
             {"server/guest", "-xT -- server systemd-stdio-bridge --machine=guest\n"}}) {
        run(path + MEMHOTCTL " -H " + host + " list 2>&1");
        EXPECT_EQ(read_text(dir.path("words")), shown);
    }
    with_program(dir, "ssh", "exit 255\n");
    const auto ended = run(path + MEMHOTCTL " -H admin@server list 2>&1");
    EXPECT_EQ(ended.status, 3);
    EXPECT_EQ(ended.text, "memhotctl: list: --host \"admin@server\": ssh ended; see its message above\n");
}

TEST(Client, WhereNobodyIsItSaysWhereItLookedAndHowToStartIt) {
    PrivateBus bus;
    const auto nobody = run("DBUS_SYSTEM_BUS_ADDRESS=" + bus.address() + " " MEMHOTCTL " -H local list 2>&1");
    EXPECT_EQ(nobody.status, 3);
    EXPECT_NE(nobody.text.find("on the bus at " + bus.address() + "; start it with `systemctl start memhotd`"),
              std::string::npos)
        << nobody.text;
    const auto no_bus = run("DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere " MEMHOTCTL " -H local list 2>&1");
    EXPECT_EQ(no_bus.status, 3);
    EXPECT_NE(no_bus.text.find("no system bus at unix:path=/nowhere: "), std::string::npos) << no_bus.text;
    EXPECT_NE(no_bus.text.find("`systemctl start memhotd`"), std::string::npos) << no_bus.text;
}

// On a terminal, for who is not root, as long as the question lasts.
TEST(Client, OnATerminalPolkitMayAskForAPassword) {
    PrivateBus bus;
    FakePolkit polkit(bus);
    polkit.say(FakePolkit::Say::yes);
    Daemon daemon(bus);
    HostTree dir;
    dir.directory("log");
    std::filesystem::permissions(dir.path("log"), std::filesystem::perms(0777));
    const std::string path =
        with_program(dir, "pkttyagent",
                     "echo \"$@\" >>" + dir.path("log/agent") + "\nexec sleep 60 >&- 2>&- " + "3>&- 4>&- 5>&- 6>&-\n");
    const auto on_terminal = [&](const std::string& options) {
        return run("script -qec 'setpriv --reuid=65534 --clear-groups env " + path + MEMHOTCTL " -H " + bus.address() +
                   " " + options + " map' /dev/null 2>&1");
    };
    EXPECT_EQ(on_terminal("").status, 0);
    auto questions = polkit.take_questions();
    ASSERT_EQ(questions.size(), 1U);
    EXPECT_EQ(questions[0].flags, 1U);
    const std::string words = read_text(dir.path("log/agent"));
    EXPECT_TRUE(words.starts_with("--notify-fd ") && words.ends_with(" --fallback\n")) << words;

    EXPECT_EQ(on_terminal("--no-ask-password").status, 0);
    questions = polkit.take_questions();
    ASSERT_EQ(questions.size(), 1U);
    EXPECT_EQ(questions[0].flags, 0U);
    EXPECT_EQ(read_text(dir.path("log/agent")), words) << "the agent was started again";
}

// What changes this machine goes through the memhotd that runs here; one that simulates does not count as such.
TEST(Client, WhereMemhotdRunsItIsAskedToChangeTheHost) {
    PrivateBus bus;
    HostTree dir;
    const std::string system = "DBUS_SYSTEM_BUS_ADDRESS=" + bus.address() + " " MEMHOTCTL " ";
    const auto through = [&](const std::string& words) {
        return run(system + words + " 2>&1").text.find("memhotd runs here and is asked") != std::string::npos;
    };
    EXPECT_FALSE(through("online memory999999 -y")) << "nobody is there";
    {
        Daemon simulating(bus);
        EXPECT_FALSE(through("online memory999999 -y"));
    }
    dir.file("proc/sys/kernel/osrelease", "6.1.0-54-amd64\n");
    dir.file("proc/sys/kernel/version", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.190-1 (2026-09-30)\n");
    dir.file("proc/cmdline", "quiet\n");
    dir.file("proc/iomem", "00001000-1fffffff : System RAM\n100000000-107ffffff : System RAM\n");
    dir.file("sys/devices/system/memory/auto_online_blocks", "offline\n");
    dir.file("sys/devices/system/memory/block_size_bytes", "8000000\n");
    for (unsigned i = 0; i < 4; ++i) dir.block(i, "online", "DMA32", 0);
    dir.block(32, "offline", "Normal Movable", 0);
    Daemon daemon(bus,
                  {.snapshot = "",
                   .more = {"--root=" + dir.root(), "--state-dir=" + dir.path("state"), "--run-dir=" + dir.path("run")},
                   .environment = {}});
    EXPECT_TRUE(through("online memory999999 -y"));
    EXPECT_FALSE(through("online memory999999 -y --dry-run"));
    EXPECT_FALSE(through("online memory999999 -y --state-dir=" + dir.path("other")));
    EXPECT_FALSE(through("list"));
    const auto done = run(system + "online memory32 --zone=movable -y 2>&1");
    EXPECT_NE(done.text.find("job 1: done"), std::string::npos) << done.text;
    const std::string state = dir.path("sys/devices/system/memory/memory32/state");
    EXPECT_EQ(read_text(state).substr(0, 6), "online") << done.text;
    EXPECT_TRUE(through("rollback 1 --accept none"));
    EXPECT_FALSE(through("rollback 1 --dry-run"));
    EXPECT_TRUE(through("resume 1"));
    EXPECT_TRUE(through("cancel 1"));
    EXPECT_FALSE(through("jobs"));
    // below a root directory nothing else changes with a write: what is in the file is what was written
    const auto back = run(system + "rollback 1 -y 2>&1");
    EXPECT_NE(back.text.find("memhotd runs here and is asked"), std::string::npos) << back.text;
}

}   // namespace
