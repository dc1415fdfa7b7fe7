// SPDX-License-Identifier: GPL-2.0-or-later
//
// Events that the kernel had no room for. Once a listener's buffer is full, netlink drops every message for it, and says
// so only once, until the listener has read all that is there (net/netlink/af_netlink.c: netlink_overrun(),
// netlink_rcv_wake()). So what is read of the host before that may be old, and nobody would ever tell.
#include <gtest/gtest.h>

#include <csignal>

#include "app/app.hpp"
#include "events/watcher.hpp"
#include "udev/mock_host.hpp"
#include "udev/own_udev.hpp"

namespace {

using namespace memhot::test;   // NOLINT(google-build-using-namespace): a test's own vocabulary
using memhot::app::EventLoop;
using memhot::events::Batch;
using memhot::events::Event;
using memhot::events::EventSource;
using memhot::events::Received;
using memhot::events::Watcher;

// --- the kernel's rule ---------------------------------------------------------------------------------------------

unsigned events_until_nothing(EventSource& source, Event& last) {
    unsigned count = 0;
    while (source.receive(last) == Received::event) ++count;
    return count;
}

TEST(Overflow, NetlinkDropsSilentlyUntilAllThatIsThereHasBeenRead) {
    const OwnUdev udev;
    if (!udev.missing().empty()) GTEST_SKIP() << udev.missing();
    const auto source = memhot::events::open_udev();
    ASSERT_TRUE(source) << source.error().message();
    Event event;
    ASSERT_TRUE(udev.say("online", 7));
    ASSERT_EQ((*source)->receive(event), Received::event);
    EXPECT_EQ(event.subsystem + " " + event.action + " " + event.name, "memory online memory7");

    const unsigned had_room = udev.overflow(7);
    EXPECT_GT(had_room, 1'000U);
    EXPECT_EQ((*source)->receive(event), Received::lost);
    for (unsigned i = 0; i < had_room / 2; ++i) ASSERT_EQ((*source)->receive(event), Received::event);
    EXPECT_FALSE(udev.say("online", 8)) << "half of the buffer is free, and it goes in";
    EXPECT_EQ(events_until_nothing(**source, event), had_room - had_room / 2);
    EXPECT_EQ(event.name, "memory7") << "no second ENOBUFS tells of memory8";
    EXPECT_TRUE(udev.say("online", 9));
    ASSERT_EQ((*source)->receive(event), Received::event);
    EXPECT_EQ(event.name, "memory9");
}

// --- what follows from it ------------------------------------------------------------------------------------------

// One loss and many events behind it, as that buffer has them; a pipe wakes the loop.
class FullSource final : public EventSource {
public:
    explicit FullSource(unsigned events) : left_(events) {
        if (::pipe(pipe_) != 0 || ::write(pipe_[1], "x", 1) != 1) throw std::runtime_error("pipe");
    }
    FullSource(const FullSource&) = delete;
    FullSource& operator=(const FullSource&) = delete;
    ~FullSource() override {
        for (const int fd : pipe_) ::close(fd);
    }
    [[nodiscard]] int descriptor() const override { return pipe_[0]; }
    Received receive(Event& event) override {
        if (std::exchange(lost_, false)) return Received::lost;
        if (left_ == 0) return Received::nothing;
        if (--left_ == 0) {
            char byte = 0;
            std::ignore = ::read(pipe_[0], &byte, 1);
        }
        event = {"memory", "change", "memory" + std::to_string(left_)};
        return Received::event;
    }
    [[nodiscard]] unsigned left() const { return left_; }

private:
    int pipe_[2] = {-1, -1};
    bool lost_ = true;
    unsigned left_;
};

// 512 are read at once: none, some, a whole turn, more than one.
TEST(Overflow, AllThatIsThereIsReadBeforeTheHostIs) {
    for (const unsigned events : {0U, 3U, 511U, 512U, 5'000U}) {
        auto loop = EventLoop::make();
        ASSERT_TRUE(loop);
        auto source = std::make_unique<FullSource>(events);
        const auto& full = *source;
        std::vector<unsigned> left;
        const Watcher watcher(*loop, std::move(source), {}, [&](const Batch& batch) {
            if (batch.lost) left.push_back(full.left());
            if (batch.quiet) loop->exit(0);
        });
        auto late = loop->on_timer([&] { loop->exit(1); });
        late.arm_in(20'000'000);
        EXPECT_EQ(loop->run(), 0) << events;
        EXPECT_EQ(left, std::vector<unsigned>{0}) << events;
        EXPECT_EQ(watcher.received(), events);
    }
}

// --- memhotd -------------------------------------------------------------------------------------------------------

struct Listening {
    explicit Listening(const PrivateBus& bus) : host(dir.path("host")) {
        process = start(
            [&] {
                memhot::app::Options options;
                options.bus = bus.address();
                options.root = host.root();
                options.events = true;
                options.state_directory = dir.path("state");
                options.run_directory = dir.path("state");
                return memhot::app::run(options, {});
            },
            dir.path("log"));
        client = std::make_unique<Client>(bus, As::root);
        if (!eventually([&] { return client->manager("ListBlocks", {}).ok(); }, 60'000))
            throw std::runtime_error("memhotd does not start: " + read_text(dir.path("log")));
    }
    HostTree dir;
    Host host;
    Process process;
    std::unique_ptr<Client> client;
};

TEST(Overflow, MemhotdReadsTheHostOnceAndHasItAsItIs) {
    const PrivateBus bus;
    const OwnUdev udev;
    if (!udev.missing().empty()) GTEST_SKIP() << udev.missing();
    Listening daemon(bus);
    Client& root = *daemon.client;
    const auto reads = root.number("FullReads");

    daemon.process.signal(SIGSTOP);
    const unsigned had_room = udev.overflow(1);
    for (unsigned i = 20; i < 60; ++i) {
        daemon.host.add(i, i % 2 == 0 ? "offline" : "online", "Normal");
        EXPECT_FALSE(udev.say("add", i));
    }
    daemon.host.remove(3);
    daemon.process.signal(SIGCONT);
    EXPECT_TRUE(eventually([&] { return known_blocks(root) == daemon.host.lines(); }, 60'000)) << known_blocks(root);
    EXPECT_EQ(root.number("LostEvents"), 1U);
    EXPECT_EQ(root.number("FullReads"), reads + 1);
    EXPECT_EQ(root.number("EventsReceived"), had_room);

    daemon.host.set(20, "online", "Normal");   // it still listens
    EXPECT_TRUE(udev.say("online", 20));
    EXPECT_TRUE(eventually([&] { return known_blocks(root) == daemon.host.lines(); })) << known_blocks(root);
    EXPECT_EQ(root.number("FullReads"), reads + 1);
}

}   // namespace
