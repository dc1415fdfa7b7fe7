// SPDX-License-Identifier: GPL-2.0-or-later
//
// Events: memhotd follows a host below a directory whose events come from umockdev, or from the test itself where some
// have to be lost. What it knows afterwards is what a fresh look finds.
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <tuple>

#include "dbus/harness.hpp"
#include "udev/mock_host.hpp"
#include "udev/piped_daemon.hpp"

namespace {

using namespace memhot::test;   // NOLINT(google-build-using-namespace): a test's own vocabulary
namespace fs = std::filesystem;

// umockdev's library has to be loaded before all others, here (it sends events of devices below its own /sys) and in
// memhotd; with AddressSanitizer that is an order which it has to put up with.
const bool preloaded = [] {
    constexpr const char* kLibrary = "libumockdev-preload.so.0";
    const char* loaded = std::getenv("LD_PRELOAD");
    if (loaded != nullptr && std::string_view(loaded).find(kLibrary) != std::string_view::npos) return true;
    ::setenv("LD_PRELOAD", kLibrary, 1);
    const char* given = std::getenv("ASAN_OPTIONS");
    ::setenv("ASAN_OPTIONS", (std::string(given == nullptr ? "" : given) + ":verify_asan_link_order=0").c_str(), 1);
    std::string line = read_text("/proc/self/cmdline");
    std::vector<char*> argv;
    for (std::size_t at = 0; at < line.size(); at = line.find('\0', at) + 1) argv.push_back(line.data() + at);
    argv.push_back(nullptr);
    ::execv("/proc/self/exe", argv.data());
    return false;
}();

TEST(Events, EightThousandBlocksComeAndGoWithoutReadingThemAllAgain) {
    constexpr unsigned kBlocks = 8192;
    PrivateBus bus;
    const Testbed testbed;
    const Host host(testbed.root());
    Daemon daemon(bus, {.snapshot = "",
                        .more = {"--root=" + testbed.root(), "--events", "--state-dir=" + bus.dir().path("state")},
                        .environment = {{"UMOCKDEV_DIR", testbed.root()}}});
    Client root(bus, As::root);
    ASSERT_EQ(root.number("BlocksOnline"), kBoot);
    const auto first_reads = root.number("FullReads");
    std::uint64_t sent = 0;
    const auto phase = [&](const char* action, const std::function<void(unsigned)>& change) {
        for (unsigned i = kBoot; i < kBoot + kBlocks; ++i) {
            change(i);
            testbed.event(i, action);
            // umockdev ends the process where the socket is full, which holds ten (net.unix.max_dgram_qlen)
            if (++sent % 8 != 0) continue;
            EXPECT_TRUE(eventually([&] { return root.number("EventsReceived") == sent; }, 20'000)) << sent;
        }
    };
    const auto settled = [&] { return eventually([&] { return known_blocks(root) == host.lines(); }, 60'000); };
    phase("add", [&](unsigned i) { host.add(i, "offline", "Normal Movable"); });
    ASSERT_TRUE(settled()) << root.number("BlocksOffline");
    EXPECT_EQ(root.number("BlocksOffline"), kBlocks);
    phase("online", [&](unsigned i) { host.set(i, "online", "Movable"); });
    ASSERT_TRUE(settled());
    EXPECT_EQ(root.number("BlocksOnline"), kBoot + kBlocks);
    phase("offline", [&](unsigned i) { host.set(i, "offline", "Normal Movable"); });
    ASSERT_TRUE(settled());
    phase("remove", [&](unsigned i) { host.begin_removing(i); });
    for (unsigned i = kBoot; i < kBoot + kBlocks; ++i) host.remove(i);
    ASSERT_TRUE(settled());
    EXPECT_EQ(root.number("BlocksOnline"), kBoot);
    EXPECT_EQ(root.number("BlocksOffline"), 0U);
    EXPECT_EQ(root.number("LostEvents"), 0U);
    EXPECT_LE(root.number("FullReads") - first_reads, 3U);
    EXPECT_EQ(daemon.status("Threads"), 1U);
}

// An event of one block changes what its offline neighbours could be, and says nothing of them.
TEST(Events, ZonesOfOfflineNeighboursAreLookedAtToo) {
    PrivateBus bus;
    const Testbed testbed;
    const Host host(testbed.root());
    for (unsigned i = 10; i < 14; ++i) host.add(i, "offline", "Normal Movable");
    Daemon daemon(bus, {.snapshot = "",
                        .more = {"--root=" + testbed.root(), "--events", "--state-dir=" + bus.dir().path("state")},
                        .environment = {{"UMOCKDEV_DIR", testbed.root()}}});
    Client root(bus, As::root);
    ASSERT_EQ(known_blocks(root), host.lines());
    host.set(12, "online", "Movable");
    for (const unsigned i : {10U, 11U}) host.set(i, "offline", "Normal");
    host.set(13, "offline", "Movable");
    testbed.event(12, "online");
    EXPECT_TRUE(eventually([&] { return known_blocks(root) == host.lines(); })) << known_blocks(root);
}

// --- events that are lost ------------------------------------------------------------------------------------------

TEST(Events, WhatIsLostIsReadAgainOnceAndAtOnce) {
    PrivateBus bus;
    PipedDaemon daemon(bus);
    auto& root = *daemon.client;
    const auto reads = root.number("FullReads");
    for (unsigned i = 20; i < 40; ++i) daemon.host.add(i, i % 2 == 0 ? "offline" : "online", "Normal");
    daemon.host.remove(3);
    daemon.say("add memory20");
    daemon.say("lost");
    EXPECT_TRUE(eventually([&] { return known_blocks(root) == daemon.host.lines(); }, 1'000)) << known_blocks(root);
    EXPECT_EQ(root.number("LostEvents"), 1U);
    EXPECT_EQ(root.number("FullReads"), reads + 1);
    ::usleep(1'500'000);   // no second reading follows, nor does the daemon spin
    EXPECT_EQ(root.number("FullReads"), reads + 1);
    const std::string log = read_text(daemon.dir.path("log"));
    const auto first = log.find("events were lost");
    ASSERT_NE(first, std::string::npos) << log;
    EXPECT_EQ(log.find("events were lost", first + 1), std::string::npos) << "more than one line";
    // it still listens
    daemon.host.set(20, "online", "Normal");
    daemon.say("online memory20");
    EXPECT_TRUE(eventually([&] { return known_blocks(root) == daemon.host.lines(); }));
}

// Whose event never came has come all the same.
TEST(Events, PoliciesAreAskedAboutWhatWasLost) {
    PrivateBus bus;
    PipedDaemon daemon(bus);
    auto& root = *daemon.client;
    daemon.dir.file("host/etc/memhot/policy.d/10-a.policy", "[Match]\nDevice=*\nNode=0\n[Online]\nZone=movable\n");
    ASSERT_TRUE(root.manager("Reload", [](sd_bus_message* message) { append_no_options(message); }).ok());
    for (unsigned i = 20; i < 24; ++i) daemon.host.add(i, "offline", "Normal Movable");
    daemon.say("lost");
    EXPECT_TRUE(eventually([&] {
        return read_text(daemon.dir.path("log")).find("memory20-23: online in zone movable") != std::string::npos;
    })) << read_text(daemon.dir.path("log"));
}

// A reading finds a block before its event is there: that is one arrival, and one start of its unit. What goes and comes
// back is another.
TEST(Events, ABlockThatARescanFoundDoesNotComeAgainWithItsEvent) {
    PrivateBus bus;
    PipedDaemon daemon(bus);
    auto& root = *daemon.client;
    daemon.dir.file("host/etc/memhot/policy.d/10-a.policy",
                    "[Match]\nDevice=*\nNode=0\n[Online]\nZone=kernel\nPostOnlineUnit=x.service\n");
    const auto call = [&](const char* member) {
        return root.manager(member, [](sd_bus_message* message) { append_no_options(message); }).ok();
    };
    ASSERT_TRUE(call("Reload"));
    const auto starts = [&] {
        const std::string log = read_text(daemon.dir.path("log"));
        std::size_t count = 0;
        for (auto at = log.find("would start x"); at != std::string::npos; at = log.find("would start x", at + 1))
            ++count;
        return count;
    };
    daemon.host.add(20, "online", "Normal");
    ASSERT_TRUE(call("Rescan"));
    EXPECT_EQ(starts(), 1U) << read_text(daemon.dir.path("log"));
    daemon.say("add memory20");
    daemon.say("online memory20");
    ::usleep(700'000);
    EXPECT_EQ(starts(), 1U) << read_text(daemon.dir.path("log"));
    daemon.say("remove memory20");
    daemon.say("add memory20");
    EXPECT_TRUE(eventually([&] { return starts() == 2; })) << read_text(daemon.dir.path("log"));
}

// To questions about the host as a whole.
std::vector<Answer> answers(Client& client) {
    std::vector<Answer> out;
    for (const char* member : {"Examine", "GetMap", "GetSnapshot", "DumpSnapshot"})
        out.push_back(client.manager(member, append_no_options));
    for (const char* member : {"Check", "Plan"}) {
        out.push_back(client.manager(member, [](sd_bus_message* message) {
            append_words(message, {"online", "memory20"});
            append_no_options(message);
        }));
    }
    return out;
}

// What cannot be read is read again until it can, and meanwhile nobody is told that all is well.
TEST(Events, AReadingThatFailsIsTriedAgain) {
    PrivateBus bus;
    PipedDaemon daemon(bus);
    auto& root = *daemon.client;
    const auto stale = [&] {
        const auto answer = root.property("/org/memhot1", "org.memhot1.Manager", "Stale");
        int value = -1;
        EXPECT_TRUE(answer.ok() && ::sd_bus_message_read(answer.reply.get(), "v", "b", &value) >= 0) << answer.error;
        return value == 1;
    };
    daemon.dir.file("host/etc/memhot/policy.d/10-a.policy", "[Match]\nDevice=*\nNode=0\n[Online]\nZone=movable\n");
    ASSERT_TRUE(root.manager("Reload", [](sd_bus_message* message) { append_no_options(message); }).ok());
    EXPECT_FALSE(stale());
    daemon.host.add(20, "offline", "Normal Movable");
    daemon.host.add(21, "offline", "Normal Movable");
    const std::string file = daemon.host.root() + Host::path(21) + "/state";
    fs::remove(file);
    fs::create_directory(file);   // EISDIR, for root may read all files
    for (const char* line : {"add memory20", "add memory21"}) daemon.say(line);
    EXPECT_TRUE(eventually([&] { return stale(); })) << read_text(daemon.dir.path("log"));
    EXPECT_TRUE(eventually([&] { return root.number("FailedReads") >= 3; })) << "it gave up";
    const auto log = [&] { return read_text(daemon.dir.path("log")); };
    const auto first = log().find("the host cannot be read: ");
    ASSERT_NE(first, std::string::npos) << log();
    EXPECT_EQ(log().find("the host cannot be read: ", first + 1), std::string::npos) << "said once";
    EXPECT_EQ(log().find("memory20-21"), std::string::npos) << log();
    for (const auto& answer : answers(root)) {
        EXPECT_EQ(answer.memhot_error(), "Io") << answer.text;
        EXPECT_NE(answer.text.find(Host::path(21) + "/state"), std::string::npos) << answer.text;
    }
    fs::remove(file);
    daemon.host.set(21, "offline", "Normal Movable");
    EXPECT_TRUE(eventually([&] { return !stale(); }, 20'000)) << log();
    EXPECT_EQ(known_blocks(root), daemon.host.lines());
    for (const auto& answer : answers(root)) EXPECT_TRUE(answer.ok()) << answer.error << ": " << answer.text;
    EXPECT_NE(log().find("memory20-21: online in zone movable"), std::string::npos) << log();
    const auto reads = root.number("FailedReads");
    ::usleep(1'500'000);
    EXPECT_EQ(root.number("FailedReads"), reads) << "it goes on";
}

// A device of which the policy had its way, or failed, is not begun again with each of the events that this makes.
TEST(Events, AJobOfADeviceThatFailsIsNotBegunWithEachEvent) {
    PrivateBus bus;
    PipedDaemon daemon(bus);
    auto& root = *daemon.client;
    std::ignore =
        daemon.host.dax_device("device_dax", "0", "1073741824", "0x33fffffff", "  300000000-33fffffff : dax0.0\n");
    daemon.dir.file("host/etc/memhot/memhotd.conf", "[Daemon]\nAct=yes\n");
    daemon.dir.file("host/etc/memhot/policy.d/10-a.policy",
                    "[Match]\nDevice=dax0.0\n[Namespace]\nReconfigure=system-ram\nDestroyData=yes\n");
    ASSERT_TRUE(root.manager("Reload", [](sd_bus_message* message) { append_no_options(message); }).ok());
    const auto log = [&] { return read_text(daemon.dir.path("log")); };
    daemon.say("add dax0.0");
    // commands of daxctl are not carried out below a root directory
    EXPECT_TRUE(eventually([&] { return log().find("job 1 failed") != std::string::npos; })) << log();
    for (int i = 0; i < 3; ++i) {
        daemon.say("bind dax0.0");
        ::usleep(400'000);
    }
    EXPECT_EQ(log().find("job 2"), std::string::npos) << log();
}

TEST(Events, NothingWakesItWithoutEvents) {
    PrivateBus bus;
    PipedDaemon daemon(bus);
    ::usleep(6'500'000);   // what was kept for questions is forgotten after five seconds
    const auto switches = [&] {
        std::uint64_t sum = 0;
        std::istringstream in(read_text("/proc/" + std::to_string(daemon.process.pid()) + "/status"));
        for (std::string line; std::getline(in, line);) {
            if (line.find("ctxt_switches") != std::string::npos) sum += std::stoull(line.substr(line.find(':') + 1));
        }
        return sum;
    };
    const auto before = switches();
    ::usleep(3'000'000);
    EXPECT_EQ(switches(), before);
}

TEST(Events, GarbageIsNoBlock) {
    PrivateBus bus;
    PipedDaemon daemon(bus);
    auto& root = *daemon.client;
    for (const char* line : {"add memory", "add memoryx", "add memory99999999999999999999", "add probe", "add memory7x",
                             "change memory4294967296", "", "x"})
        daemon.say(line);
    daemon.host.add(5, "online", "Normal");
    daemon.say("add memory5");
    EXPECT_TRUE(eventually([&] { return known_blocks(root) == daemon.host.lines(); })) << known_blocks(root);
    EXPECT_TRUE(daemon.process.alive());
}

}   // namespace
