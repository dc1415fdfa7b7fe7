// SPDX-License-Identifier: GPL-2.0-or-later
//
// When what is known of the host is as it is: at once behind a job of memhotd's own, and hazards once blocks have come to
// rest, but never kept back by a device whose events do not end.
#include <gtest/gtest.h>

#include <csignal>

#include "dbus/harness.hpp"
#include "support/command.hpp"
#include "udev/mock_host.hpp"
#include "udev/piped_daemon.hpp"

namespace {

using namespace memhot::test;   // NOLINT(google-build-using-namespace): a test's own vocabulary

CommandOutput memhotctl(const PrivateBus& bus, const std::string& words) {
    return run(MEMHOTCTL " -H " + bus.address() + " " + words + " 2>&1");
}

TEST(Settling, WhoHeardOfAJobsEndIsAnsweredByWhatItDid) {
    const PrivateBus bus;
    PipedDaemon daemon(bus);
    for (unsigned i = 20; i < 24; ++i) daemon.host.add(i, "offline", "Normal Movable");
    for (unsigned i = 20; i < 24; ++i) daemon.say("add memory" + std::to_string(i));
    ASSERT_TRUE(eventually([&] { return known_blocks(*daemon.client) == daemon.host.lines(); }));
    const auto done = memhotctl(bus, "online block20-21 -y");
    EXPECT_EQ(done.status, 0) << done.text;
    EXPECT_EQ(known_blocks(*daemon.client), daemon.host.lines());   // its events have not come
    EXPECT_EQ(memhotctl(bus, "online block20-21 --dry-run").text.find("would online"), std::string::npos);
}

TEST(Settling, MemoryWhoseEventsAreOnTheirWayIsNoMistake) {
    const PrivateBus bus;
    PipedDaemon daemon(bus);
    daemon.host.add(20, "offline", "Normal Movable");
    daemon.say("add memory20");
    ASSERT_TRUE(eventually([&] { return known_blocks(*daemon.client) == daemon.host.lines(); }));
    // 1 GiB at 12 GiB: memory blocks 96 to 103 of 128 MiB
    std::ignore =
        daemon.host.dax_device("kmem", "0", "1073741824", "0x33fffffff",
                               "  300000000-33fffffff : dax0.0\n    300000000-33fffffff : System RAM (kmem)\n");
    for (unsigned i = 96; i < 104; ++i) daemon.host.add(i, "online", "Normal");
    const auto done = memhotctl(bus, "online block20 -y");
    EXPECT_EQ(done.status, 0) << done.text;
    for (unsigned i = 96; i < 104; ++i) daemon.say("add memory" + std::to_string(i));
    ASSERT_TRUE(eventually([&] { return known_blocks(*daemon.client) == daemon.host.lines(); }));
    ::usleep(700'000);
    const std::string log = read_text(daemon.dir.path("log"));
    EXPECT_EQ(log.find("hazard: dax0.0: 0 of"), std::string::npos) << log;
}

TEST(Settling, AReloadThatIsAskedForDuringTheStartIsDoneBehindIt) {
    const PrivateBus bus;
    PipedDaemon daemon(bus, [] { ::raise(SIGHUP); });
    EXPECT_TRUE(eventually([&] {
        return read_text(daemon.dir.path("log")).find("configuration and policies were read again") !=
               std::string::npos;
    })) << read_text(daemon.dir.path("log"));
}

TEST(Settling, ADeviceWhoseEventsNeverEndKeepsNothingBack) {
    const PrivateBus bus;
    PipedDaemon daemon(bus);
    std::ignore = daemon.host.dax_device("", "0", "1073741824", "0x33fffffff", "  300000000-33fffffff : dax0.0\n");
    int told = 0;
    for (int i = 0; i < 200 && told == 0; ++i) {   // the longest batch ends behind a second
        daemon.say("change dax0.0");
        ::usleep(50'000);
        if (read_text(daemon.dir.path("log")).find("hazard: dax0.0") != std::string::npos) told = i;
    }
    EXPECT_GT(told, 0) << "10 seconds of events, and no hazard: " << read_text(daemon.dir.path("log"));
}

}   // namespace
