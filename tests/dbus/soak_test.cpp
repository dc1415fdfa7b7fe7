// SPDX-License-Identifier: GPL-2.0-or-later
//
// All that happens to a daemon, again and again: callers that come and go, questions, refused and stale plans, jobs, other
// hardware, configurations good and bad. MEMHOT_SOAK_SECONDS for another time than a few seconds; what it takes behind
// half of the time is what it takes at the end.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "dbus/harness.hpp"
#include "memhot/snapshot.hpp"

namespace {

using namespace memhot::test;   // NOLINT(google-build-using-namespace): a test's own vocabulary
using std::chrono::steady_clock;

const Client::Fill kNoOptions = [](sd_bus_message* message) { append_no_options(message); };

struct Soak {
    PrivateBus bus;
    FakePolkit polkit{bus};
    HostTree dir;
    memhot::Snapshot host = *memhot::load_snapshot(MEMHOT_TEST_DATA "/dimm-host.json");
    std::unique_ptr<Daemon> daemon;
    std::unique_ptr<Client> root;
    int rounds = 0;
    int jobs = 0;

    Soak() {
        polkit.say(FakePolkit::Say::yes);
        save();
        daemon = std::make_unique<Daemon>(
            bus, Daemon::Options{.snapshot = "", .more = {"--simulate=" + dir.path("host.json")}, .environment = {}});
        root = std::make_unique<Client>(bus, As::root);
    }
    void save() const { EXPECT_TRUE(save_snapshot(host, dir.path("host.json")).ok()); }

    void callers() {
        for (int i = 0; i < 5; ++i) {
            Client nobody(bus, As::nobody);
            EXPECT_TRUE(nobody.manager("ListBlocks", {}).ok());
            EXPECT_EQ(plan(nobody, {"online", "memory84"}).size(), 32U);
        }
        polkit.take_questions();
    }
    void questions() const {
        for (int i = 0; i < 20; ++i) {
            EXPECT_TRUE(root->manager("GetMap", kNoOptions).ok());
            EXPECT_TRUE(root->call("/org/memhot1", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects").ok());
            root->manager("Check", [](sd_bus_message* message) {
                append_words(message, {"map", "240000000-24fffffff"});
                append_no_options(message);
            });
            EXPECT_FALSE(root->manager("Nonsense", kNoOptions).ok());
        }
    }
    void job(const char* verb) {
        const auto name = plan(*root, {verb, "block84-87"});
        const auto path = text_of(root->manager("Apply", [&](sd_bus_message* message) {
            ASSERT_GE(::sd_bus_message_append(message, "s", name.c_str()), 0);
            append_no_options(message);
        }));
        ASSERT_TRUE(path.starts_with("/org/memhot1/job/")) << path;
        const std::uint64_t online = std::string(verb) == "online" ? 72 : 68;
        EXPECT_TRUE(eventually([&] { return root->number("BlocksOnline") == online; })) << daemon->log();
        ++jobs;
    }
    void configuration() {
        daemon->dir().file("config/etc/memhot/memhotd.conf", "[Daemon]\nAct=perhaps\n");
        EXPECT_FALSE(root->manager("Reload", kNoOptions).ok());
        daemon->dir().file("config/etc/memhot/memhotd.conf", "[Jobs]\nHistory=20\n");
        EXPECT_TRUE(root->manager("Reload", kNoOptions).ok());
    }
    void hardware() {
        const auto before = daemon->log().size();
        save();
        EXPECT_TRUE(eventually([&] {
            const auto log = daemon->log();
            return log.find("the simulated host has changed", std::min(before, log.size())) != std::string::npos;
        })) << daemon->log();
    }
    void round() {
        callers();
        questions();
        job("online");
        job("offline");
        configuration();
        hardware();
        ++rounds;
    }
};

TEST(Soak, NothingGrowsWithTime) {
    const char* wanted = std::getenv("MEMHOT_SOAK_SECONDS");
    const std::chrono::seconds time(wanted != nullptr ? std::atoi(wanted) : 6);
    Soak soak;
    const auto begin = steady_clock::now();
    while (steady_clock::now() < begin + time / 2 && !HasFailure()) soak.round();
    const auto rss = soak.daemon->status("RssAnon");
    const auto fds = soak.daemon->descriptors();
    const int half = soak.rounds;
    while ((steady_clock::now() < begin + time || soak.rounds < half * 2) && !HasFailure()) soak.round();
    const auto now = soak.daemon->status("RssAnon");
    std::printf("%d rounds, %d jobs: RssAnon %llu kB in the middle, %llu kB at the end; %zu and %zu descriptors\n",
                soak.rounds, soak.jobs, static_cast<unsigned long long>(rss), static_cast<unsigned long long>(now), fds,
                soak.daemon->descriptors());
    // the last job may not have closed its journal yet
    EXPECT_TRUE(eventually([&] { return soak.daemon->descriptors() <= fds; })) << soak.daemon->descriptors();
    EXPECT_LE(soak.daemon->status("Threads"), 3U + kSanitizerThreads);
    EXPECT_LT(now, rss + 1024 + kSanitizerMemory) << "kB";
}

}   // namespace
