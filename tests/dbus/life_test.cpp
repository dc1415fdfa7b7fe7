// SPDX-License-Identifier: GPL-2.0-or-later
//
// The life of the daemon: systemd's protocol, reload, a bus that goes, kill -9, floods.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <set>
#include <sstream>
#include <stdexcept>

#include "app/app.hpp"
#include "dbus/harness.hpp"

namespace {

using namespace memhot::test;   // NOLINT(google-build-using-namespace): a test's own vocabulary

const Client::Fill kNoOptions = [](sd_bus_message* message) { append_no_options(message); };

std::string apply_plan(Client& client, const std::string& name) {
    return text_of(client.manager("Apply", [&](sd_bus_message* message) {
        ASSERT_GE(::sd_bus_message_append(message, "s", name.c_str()), 0);
        append_no_options(message);
    }));
}

// Against growth with every call or caller, of which there were hundreds since `before`. AddressSanitizer's own tables
// and its (small) quarantine need room, too.
void expect_flat_memory(const Daemon& daemon, std::uint64_t before, std::uint64_t allowed) {
    const auto now = daemon.status("RssAnon");
    std::printf("RssAnon %llu kB before, %llu kB now\n", static_cast<unsigned long long>(before),
                static_cast<unsigned long long>(now));
    EXPECT_LT(now, before + allowed + kSanitizerMemory) << "kB";
}

TEST(Life, SystemdIsToldWhatHappens) {
    PrivateBus bus;
    Daemon daemon(bus, {.snapshot = "dimm-host.json", .more = {}, .environment = {{"WATCHDOG_USEC", "400000"}}});
    EXPECT_TRUE(daemon.told("READY=1\nSTATUS=72 blocks, 68 online"));
    EXPECT_TRUE(daemon.told("WATCHDOG=1")) << "the loop does not ping";
    daemon.process().signal(SIGHUP);
    EXPECT_TRUE(daemon.told("RELOADING=1\nMONOTONIC_USEC="));
    daemon.process().signal(SIGTERM);
    EXPECT_EQ(daemon.process().wait(10'000), 0) << daemon.log();
    EXPECT_TRUE(daemon.told("STOPPING=1"));
}

TEST(Life, AReloadWithABadFileChangesNothingAndSaysSo) {
    PrivateBus bus;
    Daemon daemon(bus);
    Client root(bus, As::root);
    const auto acting = [&] {
        int value = 0;
        const auto answer = root.property("/org/memhot1", "org.memhot1.Manager", "Acting");
        EXPECT_GE(::sd_bus_message_read(answer.reply.get(), "v", "b", &value), 0);
        return value == 1;
    };
    const auto reload = [&] { return root.manager("Reload", kNoOptions); };
    EXPECT_FALSE(acting());
    daemon.dir().file("config/etc/memhot/memhotd.conf", "[Daemon]\nAct=yes\n");
    ASSERT_TRUE(reload().ok());
    EXPECT_TRUE(acting());
    daemon.dir().file("config/etc/memhot/memhotd.conf", "[Daemon]\nAct=perhaps\n");
    const auto bad = reload();
    EXPECT_EQ(bad.memhot_error(), "BadInput");
    EXPECT_NE(bad.text.find("memhotd.conf:2"), std::string::npos) << bad.text;
    EXPECT_TRUE(acting()) << "the last good configuration stays";
    const auto errors = root.property("/org/memhot1", "org.memhot1.Manager", "ConfigurationErrors");
    char** list = nullptr;
    ASSERT_GE(::sd_bus_message_enter_container(errors.reply.get(), 'v', "as"), 0);
    ASSERT_GE(::sd_bus_message_read_strv(errors.reply.get(), &list), 0);
    std::vector<std::string> said;
    for (char** line = list; line != nullptr && *line != nullptr; ++line) {
        said.emplace_back(*line);
        std::free(*line);
    }
    std::free(static_cast<void*>(list));
    ASSERT_EQ(said.size(), 1U);
    EXPECT_NE(said[0].find("memhotd.conf:2"), std::string::npos);
    daemon.dir().file("config/etc/memhot/policy.d/10-a.policy", "[Match]\nDevice=*\n[Online]\nZone=nowhere\n");
    daemon.dir().file("config/etc/memhot/memhotd.conf", "[Daemon]\nAct=no\n");
    EXPECT_EQ(reload().memhot_error(), "BadInput");
    EXPECT_TRUE(acting()) << "half of a configuration was taken";
    daemon.process().signal(SIGHUP);
    EXPECT_TRUE(eventually([&] { return daemon.log().find("stays as it was") != std::string::npos; }));
    EXPECT_TRUE(daemon.process().alive());
}

// The default touches nothing: what a policy wants is reported. With Act=yes it is a job, and no danger is accepted by a
// file.
// The journal and the lock are open, and others look for them where they are.
TEST(Life, WhatOnlyAStartChangesIsSaidByAReload) {
    PrivateBus bus;
    Daemon daemon(bus);
    Client root(bus, As::root);
    const auto reload = [&](const std::string& text) {
        daemon.dir().file("config/etc/memhot/memhotd.conf", "[Daemon]\n" + text);
        return root.manager("Reload", kNoOptions).ok();
    };
    const std::string state = "StateDirectory=/srv/memhot takes effect at the next start of memhotd; until then it is "
                              "/var/lib/memhot";
    const std::string run = "RuntimeDirectory=/run/other takes effect at the next start of memhotd; until then it is "
                            "/run/memhot";
    ASSERT_TRUE(reload("StateDirectory=/srv/memhot\nRuntimeDirectory=/run/other\n"));
    EXPECT_NE(daemon.log().find(state), std::string::npos) << daemon.log();
    EXPECT_NE(daemon.log().find(run), std::string::npos) << daemon.log();
    const auto before = daemon.log().size();
    ASSERT_TRUE(reload("Act=no\n"));   // as it is
    EXPECT_EQ(daemon.log().find("takes effect", before), std::string::npos) << daemon.log();
}

// What a killed daemon left of its simulated host goes with the next; what another has stays.
TEST(Life, DirectoriesOfSimulatedHostsDoNotPileUp) {
    PrivateBus bus;
    PrivateBus other_bus;
    HostTree temporary;
    const Daemon::Options options{
        .snapshot = "dimm-host.json", .more = {}, .environment = {{"TMPDIR", temporary.root()}}};
    const auto directories = [&] {
        std::vector<std::string> out;
        for (const auto& entry : std::filesystem::directory_iterator(temporary.root())) out.push_back(entry.path());
        return out;
    };
    temporary.file("memhotd-simulated-file", "");
    temporary.directory("memhotd-other");
    Daemon lives(other_bus, options);
    {
        Daemon killed(bus, options);
        EXPECT_EQ(directories().size(), 4U);
        killed.process().signal(SIGKILL);
        killed.process().wait(10'000);
        EXPECT_EQ(directories().size(), 4U);
    }
    {
        Daemon next(bus, options);
        EXPECT_EQ(directories().size(), 4U) << "its own, that of the one that lives, and what is none";
        next.process().signal(SIGTERM);
        EXPECT_EQ(next.process().wait(10'000), 0);
    }
    EXPECT_EQ(directories().size(), 3U);
    EXPECT_TRUE(lives.process().alive());
    Client root(other_bus, As::root);
    const auto online = plan(root, {"online", "memory84"});
    const auto job = root.manager("Apply", [&](sd_bus_message* message) {
        ::sd_bus_message_append(message, "s", online.c_str());
        append_no_options(message);
    });
    EXPECT_TRUE(job.ok()) << job.text << lives.log();
}

TEST(Life, PoliciesAreReportedAndCarriedOutOnlyWhereTheDaemonMayAct) {
    PrivateBus bus;
    Daemon daemon(bus);   // memory84-87 of dimm-host.json are offline
    Client root(bus, As::root);
    const auto before = root.number("BlocksOnline");
    EXPECT_EQ(daemon.log().find("policy"), std::string::npos) << "without a policy nothing is said";
    daemon.dir().file("config/etc/memhot/policy.d/10-a.policy",
                      "[Match]\nNode=1\n[Online]\nZone=movable\nPostOnlineUnit=kdump-reload.service\n");
    ASSERT_TRUE(root.manager("Reload", kNoOptions).ok());
    EXPECT_TRUE(eventually([&] { return daemon.log().find("only reported") != std::string::npos; })) << daemon.log();
    EXPECT_NE(daemon.log().find("10-a.policy:"), std::string::npos) << daemon.log();
    EXPECT_EQ(root.number("BlocksOnline"), before);

    daemon.dir().file("config/etc/memhot/memhotd.conf", "[Daemon]\nAct=yes\n");
    ASSERT_TRUE(root.manager("Reload", kNoOptions).ok());
    EXPECT_TRUE(eventually([&] { return root.number("BlocksOnline") == before + 4; })) << daemon.log();
    EXPECT_TRUE(eventually([&] { return daemon.log().find("starting kdump-reload.service") != std::string::npos; }))
        << daemon.log();
    // nobody has the name of systemd on this bus
    EXPECT_TRUE(eventually([&] {
        return daemon.log().find("kdump-reload.service cannot be started: ") != std::string::npos;
    })) << daemon.log();
    // what is as it should be is left alone
    ASSERT_TRUE(root.manager("Reload", kNoOptions).ok());
    ::usleep(300'000);
    EXPECT_EQ(daemon.log().find("job 2 begun"), std::string::npos) << daemon.log();
}

TEST(Life, WithoutItsBusItEndsAtOnce) {
    PrivateBus bus;
    Daemon daemon(bus);
    bus.kill_daemon();
    EXPECT_EQ(daemon.process().wait(1'000), 1) << daemon.log();
    EXPECT_NE(daemon.log().find("the bus is gone"), std::string::npos);
    // systemd restarts it (Restart=on-failure); here the test does
    bus.start_daemon();
    Daemon again(bus);
    Client root(bus, As::root);
    EXPECT_TRUE(root.manager("ListBlocks", {}).ok());
}

TEST(Life, ASecondDaemonDoesNotGetTheName) {
    PrivateBus bus;
    Daemon daemon(bus);
    auto second = start({MEMHOTD, "--bus=" + bus.address(), "--config-root=" + daemon.dir().path("config"),
                         "--simulate=" MEMHOT_TEST_DATA "/dimm-host.json"},
                        daemon.dir().path("second.log"));
    EXPECT_EQ(second.wait(30'000), 4) << read_text(daemon.dir().path("second.log"));
    EXPECT_TRUE(daemon.process().alive());
}

TEST(Life, AWrongOptionIsSaidOnceAndIsTwo) {
    const HostTree dir;
    const std::string log = dir.path("log");
    const std::string simulated = "--simulate=" MEMHOT_TEST_DATA "/dimm-host.json";
    const std::vector<std::pair<std::vector<std::string>, std::string>> wrong{
        {{"--nothing"}, "--nothing"},
        {{simulated, "--fault=foo"}, "foo"},
        {{simulated, "--fault=EBUSY:memory40:x"}, "EBUSY:memory40:x"},
        {{"--bus="}, "--bus="},
        {{"--root"}, "--root"},
        {{"--root=" + dir.path("none")}, dir.path("none")},
    };
    for (const auto& [words, said] : wrong) {
        std::vector<std::string> all{MEMHOTD};
        all.insert(all.end(), words.begin(), words.end());
        SCOPED_TRACE(words.back());
        EXPECT_EQ(start(all, log).wait(30'000), 2);
        const std::string text = read_text(log);
        EXPECT_NE(text.find(said), std::string::npos) << text;
        std::set<std::string> lines;
        std::istringstream in(text);
        for (std::string line; std::getline(in, line);) EXPECT_TRUE(lines.insert(line).second) << "twice: " << line;
    }
}

// Nobody but root may have the name, whatever he starts.
TEST(Life, TheNameIsForRoot) {
    PrivateBus bus;
    Client nobody(bus, As::nobody);
    EXPECT_LT(::sd_bus_request_name(nobody.bus(), "org.memhot1", 0), 0);
}

TEST(Life, AfterAKillTheJournalTellsTheTruthAndTheJobCanBeFinished) {
    PrivateBus bus;
    HostTree state;
    const std::vector<std::string> place{"--state-dir=" + state.path("state"), "--run-dir=" + state.path("run")};
    {
        auto more = place;
        more.emplace_back("--fault=slow:memory85:60000");
        Daemon daemon(bus, {.snapshot = "dimm-host.json", .more = more, .environment = {}});
        Client root(bus, As::root);
        EXPECT_EQ(apply_plan(root, plan(root, {"online", "block84-87"})), "/org/memhot1/job/_31");
        ASSERT_TRUE(eventually([&] {   // memory84 is done and memory85 was begun
            const auto text = read_text(state.path("state/journal"));
            return text.find("\"step-done\"") != std::string::npos && text.find("\"step\":1") != std::string::npos;
        })) << read_text(state.path("state/journal"));
        daemon.process().signal(SIGKILL);
        EXPECT_EQ(daemon.process().wait(10'000), 128 + SIGKILL);
    }
    Daemon daemon(bus, {.snapshot = "dimm-host.json", .more = place, .environment = {}});
    EXPECT_NE(daemon.log().find("job 1 (online block84-87) was interrupted"), std::string::npos) << daemon.log();
    Client root(bus, As::root);
    // The simulated host began anew: memory84 is offline, what the journal says of it is not so any more, and the job is
    // not carried on over that.
    const auto jobs = root.manager("ListJobs", kNoOptions);
    ASSERT_TRUE(jobs.ok());
    ASSERT_GE(::sd_bus_message_enter_container(jobs.reply.get(), 'a', "(sssstt)"), 0);
    const char* id = nullptr;
    const char* end = nullptr;
    ASSERT_GE(::sd_bus_message_enter_container(jobs.reply.get(), 'r', "sssstt"), 0);
    ASSERT_GT(::sd_bus_message_read(jobs.reply.get(), "ss", &id, &end), 0);
    EXPECT_STREQ(end, "interrupted");
    const auto finish = root.manager("Finish", [](sd_bus_message* message) {
        ASSERT_GE(::sd_bus_message_append(message, "s", "1"), 0);
        append_no_options(message);
    });
    ASSERT_TRUE(finish.ok()) << finish.error << finish.text;
    EXPECT_TRUE(eventually([&] {
        return read_text(state.path("state/journal")).find("\"job-ended\"") != std::string::npos;
    })) << daemon.log();
}

// A caller who asks for more with every answer, without waiting.
struct Flooder {
    Flooder(const PrivateBus& bus, std::uint64_t& all) : client(bus, As::nobody), answers(all) {}
    void ask() {
        ::sd_bus_call_method_async(client.bus(), nullptr, "org.memhot1", "/org/memhot1", "org.memhot1.Manager",
                                   "ListBlocks", answered, this, "");
    }
    static int answered(sd_bus_message* message, void* data, sd_bus_error*) {
        auto& self = *static_cast<Flooder*>(data);
        // what the bus refuses (LimitsExceeded) the daemon never sees
        if (::sd_bus_message_is_method_error(message, nullptr) > 0) return 0;
        ++self.answers;
        if (self.more) self.ask();
        return 0;
    }
    // At most a few answers, so that everybody gets his turn.
    bool take() {
        int taken = 0;
        while (taken < 16 && ::sd_bus_process(client.bus(), nullptr) > 0) ++taken;
        return taken != 0;
    }
    Client client;
    std::uint64_t& answers;
    bool more = true;
};

// Ten callers ask without waiting for answers, and ask again with each: memory and threads stay as they are, and another
// caller's question is answered behind at most twice what the bus lets each of them have open (128,
// max_replies_per_connection).
TEST(Life, AFloodMovesNothing) {
    constexpr std::uint64_t kOpen = 128;
    constexpr std::uint64_t kClients = 10;
    PrivateBus bus;
    Daemon daemon(bus);
    std::uint64_t answers = 0;
    std::vector<std::unique_ptr<Flooder>> flooders;
    for (std::uint64_t i = 0; i < kClients; ++i) flooders.push_back(std::make_unique<Flooder>(bus, answers));
    const auto take = [&] {
        bool any = false;
        for (auto& one : flooders) any |= one->take();
        return any;
    };
    const auto until_answers = [&](std::uint64_t wanted) {
        return eventually(
            [&] {
                take();
                return answers >= wanted;
            },
            60'000);
    };
    for (auto& one : flooders) {
        for (std::uint64_t i = 0; i < 2 * kOpen; ++i) one->ask();   // half of them more than the bus allows
    }
    ASSERT_TRUE(until_answers(10'000));   // warm
    Client probe(bus, As::root);
    const auto rss = daemon.status("RssAnon");
    const auto threads = daemon.status("Threads");
    const auto fds = daemon.descriptors();
    std::uint64_t most = 0;
    for (int round = 0; round < 50; ++round) {
        int answered = 0;
        const auto before = answers;
        ::sd_bus_call_method_async(
            probe.bus(), nullptr, "org.memhot1", "/org/memhot1", "org.memhot1.Manager", "ListBlocks",
            [](sd_bus_message*, void* data, sd_bus_error*) {
                ++*static_cast<int*>(data);
                return 0;
            },
            &answered, "");
        ::sd_bus_flush(probe.bus());
        ASSERT_TRUE(eventually(
            [&] {
                take();
                while (::sd_bus_process(probe.bus(), nullptr) > 0) continue;
                return answered != 0;
            },
            60'000));
        most = std::max(most, answers - before);
    }
    ASSERT_TRUE(until_answers(answers + 20'000));
    std::printf("at most %llu answers to others came first; %llu in all\n", static_cast<unsigned long long>(most),
                static_cast<unsigned long long>(answers));
    EXPECT_LE(most, 2 * kClients * kOpen);
    EXPECT_EQ(daemon.status("Threads"), threads);
    EXPECT_EQ(daemon.descriptors(), fds);
    expect_flat_memory(daemon, rss, 4096);
    for (auto& one : flooders) one->more = false;
    EXPECT_TRUE(daemon.process().alive());
}

TEST(Life, CallersThatComeAndGoLeaveNothingBehind) {
    PrivateBus bus;
    FakePolkit polkit(bus);
    polkit.say(FakePolkit::Say::yes);
    Daemon daemon(bus);
    const auto visit = [&] {
        Client nobody(bus, As::nobody);
        EXPECT_EQ(plan(nobody, {"online", "memory84"}).size(), 32U);
    };
    for (int i = 0; i < 300; ++i) visit();   // more than users are remembered
    const auto rss = daemon.status("RssAnon");
    const auto fds = daemon.descriptors();
    for (int i = 0; i < 300; ++i) visit();
    EXPECT_EQ(daemon.descriptors(), fds);
    EXPECT_EQ(daemon.status("Threads"), 2U + kSanitizerThreads);   // plans are made in one of their own
    expect_flat_memory(daemon, rss, 512);
}

// Events that end the loop, at SIGUSR1.
class Failing final : public memhot::events::EventSource {
public:
    Failing() {
        sigset_t one;
        sigemptyset(&one);
        sigaddset(&one, SIGUSR1);
        ::pthread_sigmask(SIG_BLOCK, &one, nullptr);
        fd_ = ::signalfd(-1, &one, SFD_CLOEXEC | SFD_NONBLOCK);
    }
    Failing(const Failing&) = delete;
    Failing& operator=(const Failing&) = delete;
    ~Failing() override { ::close(fd_); }
    [[nodiscard]] int descriptor() const override { return fd_; }
    memhot::events::Received receive(memhot::events::Event&) override { throw std::runtime_error("as the test wants"); }

private:
    int fd_ = -1;
};

// A daemon whose metrics are asked for at `path`: systemd passes the socket as descriptor 3.
struct WithMetrics {
    PrivateBus bus;
    HostTree dir;
    std::string path = dir.path("metrics");
    Process process;

    WithMetrics() {
        dir.directory("config/etc");
        const auto name = address();
        process = start(
            [&] {
                const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
                if (::bind(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 || ::listen(fd, 4) != 0)
                    return 126;
                if (fd != 3) ::dup2(fd, 3);
                ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
                ::setenv("LISTEN_FDS", "1", 1);
                ::setenv("LISTEN_FDNAMES", "metrics", 1);
                const std::string bus_option = "--bus=" + bus.address();
                const std::string config = "--config-root=" + dir.path("config");
                ::execl(MEMHOTD, MEMHOTD, bus_option.c_str(), config.c_str(),
                        "--simulate=" MEMHOT_TEST_DATA "/dimm-host.json", nullptr);
                return 127;
            },
            dir.path("log"));
        Client root(bus, As::root);
        EXPECT_TRUE(eventually([&] { return root.manager("ListBlocks", {}).ok(); })) << log();
    }
    [[nodiscard]] sockaddr_un address() const {
        sockaddr_un out{};
        out.sun_family = AF_UNIX;
        std::memcpy(out.sun_path, path.c_str(), path.size() + 1);
        return out;
    }
    [[nodiscard]] std::string log() const { return read_text(dir.path("log")); }
    [[nodiscard]] int connect() const {
        const auto name = address();
        const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
        EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
        return fd;
    }
    static std::string read(int fd) {
        std::string text;
        char buffer[4096];
        for (ssize_t got = 0; (got = ::read(fd, buffer, sizeof buffer)) > 0;)
            text.append(buffer, static_cast<std::size_t>(got));
        ::close(fd);
        return text;
    }
};

TEST(Life, MetricsAreServedOnASocketThatWasPassed) {
    const WithMetrics daemon;
    for (int i = 0; i < 2; ++i) {
        const auto text = WithMetrics::read(daemon.connect());
        EXPECT_NE(text.find("memhot_blocks{state=\"online\"} 68\n"), std::string::npos) << text;
        EXPECT_NE(text.find("memhot_blocks{state=\"offline\"} 4\n"), std::string::npos) << text;
        EXPECT_TRUE(text.ends_with("# EOF\n")) << text;
        EXPECT_EQ(text.find("0x"), std::string::npos) << "an address";
    }
}

// Who waits to be accepted keeps the socket readable, and the loop must not turn for that alone.
TEST(Life, AReaderOfMetricsForWhomThereIsNoDescriptorIsLeftWaiting) {
    const WithMetrics daemon;
    const std::string proc = "/proc/" + std::to_string(daemon.process.pid());
    rlim_t free = 0;
    while (std::filesystem::exists(std::filesystem::symlink_status(proc + "/fd/" + std::to_string(free)))) ++free;
    rlimit before{};
    rlimit none{free, 0};
    ASSERT_EQ(::prlimit(daemon.process.pid(), RLIMIT_NOFILE, nullptr, &before), 0);
    none.rlim_max = before.rlim_max;
    ASSERT_EQ(::prlimit(daemon.process.pid(), RLIMIT_NOFILE, &none, nullptr), 0);
    const auto cpu = [&] {   // proc(5), stat: utime and stime are the fields 14 and 15
        std::istringstream in(read_text(proc + "/stat"));
        std::string field;
        std::uint64_t ticks = 0;
        for (int i = 1; i <= 15 && in >> field; ++i) {
            if (i >= 14) ticks += std::stoull(field);
        }
        return ticks;
    };
    const int waiting = daemon.connect();
    ASSERT_TRUE(eventually([&] { return daemon.log().find("cannot be answered") != std::string::npos; }))
        << daemon.log();
    const auto ticks_before = cpu();
    ::usleep(1'500'000);
    EXPECT_LE(cpu() - ticks_before, 10U) << "hundredths of a second of CPU";
    ASSERT_EQ(::prlimit(daemon.process.pid(), RLIMIT_NOFILE, &before, nullptr), 0);
    EXPECT_TRUE(WithMetrics::read(waiting).ends_with("# EOF\n"));
}

// What fails in the loop ends it while a job runs: the worker is waited for before what it works on goes.
TEST(Life, AnInternalErrorDuringAJobEndsInOrder) {
    PrivateBus bus;
    HostTree dir;
    dir.directory("config/etc");
    auto process = start(
        [&] {
            memhot::app::Options options;
            options.bus = bus.address();
            options.simulate = MEMHOT_TEST_DATA "/dimm-host.json";
            options.config_root = dir.path("config");
            options.faults = {"slow:memory84:700"};
            memhot::app::AppHooks hooks;
            hooks.events = [] { return std::make_unique<Failing>(); };
            return memhot::app::run(options, hooks);
        },
        dir.path("log"));
    Client root(bus, As::root);
    ASSERT_TRUE(eventually([&] { return root.manager("ListBlocks", {}).ok(); }, 60'000)) << read_text(dir.path("log"));
    const auto job = apply_plan(root, plan(root, {"online", "block84-87"}));
    ASSERT_EQ(job, "/org/memhot1/job/_31");
    process.signal(SIGUSR1);
    EXPECT_EQ(process.wait(20'000), 1) << read_text(dir.path("log"));
    EXPECT_NE(read_text(dir.path("log")).find("internal error, ending: as the test wants"), std::string::npos);
}

}   // namespace
