// SPDX-License-Identifier: GPL-2.0-or-later
//
// memhotctl asks memhotd: -H and monitor.
#include <gtest/gtest.h>

#include <unistd.h>

#include <csignal>

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
    EXPECT_EQ(memhotctl(there + "jobs").status, 2);
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
    EXPECT_EQ(done.text, "job 1 done: online block84-87 --zone=movable\n");
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

}   // namespace
