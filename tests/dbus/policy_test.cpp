// SPDX-License-Identifier: GPL-2.0-or-later
//
// Policies at work: several runs of blocks, blocks that a full re-read finds, units that are started when blocks are
// online.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <unistd.h>

#include "dbus/harness.hpp"
#include "unit/doctor/host.hpp"

namespace {

using namespace memhot::test;   // NOLINT(google-build-using-namespace): a test's own vocabulary
using memhot::Snapshot;

// systemd, as far as it starts units: what it says of the end of each job.
class FakeSystemd {
public:
    FakeSystemd(const PrivateBus& bus, std::string result) : result_(std::move(result)), client_(bus, As::root) {
        static const sd_bus_vtable table[] = {SD_BUS_VTABLE_START(0),
                                              SD_BUS_METHOD("StartUnit", "ss", "o", start, SD_BUS_VTABLE_UNPRIVILEGED),
                                              SD_BUS_SIGNAL("JobRemoved", "uoss", 0), SD_BUS_VTABLE_END};
        if (::sd_bus_add_object_vtable(client_.bus(), nullptr, kPath, kInterface, table, this) < 0 ||
            ::sd_bus_request_name(client_.bus(), "org.freedesktop.systemd1", 0) < 0)
            throw std::runtime_error("no systemd on the bus");
    }
    // Answers whoever calls until it holds.
    bool serve(const std::function<bool()>& holds) {
        return eventually([&] {
            while (::sd_bus_process(client_.bus(), nullptr) > 0) continue;
            return holds();
        });
    }
    std::vector<std::string> started;

private:
    static constexpr const char* kPath = "/org/freedesktop/systemd1";
    static constexpr const char* kInterface = "org.freedesktop.systemd1.Manager";
    // The reply first, then the end: bus_unit_queue_job(), job_uninstall().
    static int start(sd_bus_message* message, void* data, sd_bus_error*) {
        auto& self = *static_cast<FakeSystemd*>(data);
        const char* unit = nullptr;
        const char* mode = nullptr;
        if (::sd_bus_message_read(message, "ss", &unit, &mode) < 0) return -EINVAL;
        self.started.emplace_back(unit);
        const std::string job = "/org/freedesktop/systemd1/job/" + std::to_string(self.started.size());
        ::sd_bus_reply_method_return(message, "o", job.c_str());
        ::sd_bus_emit_signal(self.client_.bus(), kPath, kInterface, "JobRemoved", "uoss", 7, "/other/job",
                             "other.service", "failed");
        ::sd_bus_emit_signal(self.client_.bus(), kPath, kInterface, "JobRemoved", "uoss",
                             static_cast<std::uint32_t>(self.started.size()), job.c_str(), unit, self.result_.c_str());
        return 1;
    }
    std::string result_;
    Client client_;
};

class Policies : public testing::Test {
protected:
    PrivateBus bus;

    static void policy(const HostTree& config, const std::string& file, const std::string& text) {
        config.file("etc/memhot/policy.d/" + file + ".policy", text);
    }
    static void act(const HostTree& config) { config.file("etc/memhot/memhotd.conf", "[Daemon]\nAct=yes\n"); }
    static Daemon::Options options(const HostTree& config, std::vector<std::string> more,
                                   const std::string& snapshot = "") {
        more.push_back("--config-root=" + config.root());
        return {.snapshot = snapshot, .more = std::move(more), .environment = {}};
    }
    static bool says(const Daemon& daemon, const std::string& text) {
        return eventually([&] { return daemon.log().find(text) != std::string::npos; });
    }
    static std::size_t times(const std::string& log, const std::string& text) {
        std::size_t count = 0;
        for (auto at = log.find(text); at != std::string::npos; at = log.find(text, at + 1)) ++count;
        return count;
    }
};

// memory84-87 of dimm-host.json are offline. Each job changes the zones that the next one's plan relies on.
TEST_F(Policies, EveryRunOfBlocksGoesOnline) {
    HostTree config;
    act(config);
    policy(config, "10-a", "[Match]\nDevice=memory84 memory85\n[Online]\nZone=movable\n");
    policy(config, "20-b", "[Match]\nDevice=memory86 memory87\n[Online]\nZone=movable\n");
    Daemon daemon(bus, options(config, {}, "dimm-host.json"));
    Client root(bus, As::root);
    EXPECT_TRUE(eventually([&] { return root.number("BlocksOffline") == 0; })) << daemon.log();
    EXPECT_EQ(daemon.log().find("not carried out"), std::string::npos) << daemon.log();
}

// A job of a policy brings blocks, and the policies are asked about those, too. dax0.0 becomes memory33.
TEST_F(Policies, BlocksOfADeviceThatBecameMemoryGoOnline) {
    HostTree config;
    act(config);
    policy(config, "10-a",
           "[Match]\nDevice=dax0.0\n[Namespace]\nReconfigure=system-ram\nDestroyData=yes\n[Online]\nZone=movable\n");
    Daemon daemon(bus, options(config, {}, "nvdimm-host.json"));
    Client root(bus, As::root);
    const auto before = root.number("BlocksOnline");
    EXPECT_TRUE(says(daemon, "job 1 done")) << daemon.log();
    EXPECT_TRUE(says(daemon, "job 2 done")) << daemon.log();
    EXPECT_GT(root.number("BlocksOnline"), before) << daemon.log();
    ::usleep(300'000);
    EXPECT_EQ(daemon.log().find("job 3 begun"), std::string::npos) << daemon.log();
}

// What was made is not made again: not by Reload, and not by a daemon that finds the host so when it starts.
TEST_F(Policies, ANamespaceIsMadeIntoSomethingOnlyOnce) {
    for (const std::string mode : {"fsdax", "devdax", "sector"}) {
        HostTree config;
        act(config);
        policy(config, "10-a",
               "[Match]\nDevice=namespace0.4\n[Namespace]\nReconfigure=" + mode + "\nDestroyData=yes\n");
        const std::string file = config.path("host.json");
        PrivateBus own;
        {
            Daemon daemon(own, options(config, {}, "nvdimm-host.json"));
            Client root(own, As::root);
            ASSERT_TRUE(says(daemon, "job 1 done")) << daemon.log();
            ASSERT_TRUE(root.manager("Reload", [](auto* message) { append_no_options(message); }).ok());
            ::usleep(300'000);
            EXPECT_EQ(daemon.log().find("job 2 begun"), std::string::npos) << daemon.log();
            config.file("host.json", text_of(root.manager("GetSnapshot", [](auto* to) { append_no_options(to); })));
        }
        Daemon again(own, options(config, {"--simulate=" + file}));
        Client root(own, As::root);
        ASSERT_GT(root.number("BlocksOnline"), 0U) << again.log();
        ASSERT_TRUE(root.manager("Reload", [](auto* message) { append_no_options(message); }).ok());
        ::usleep(500'000);
        EXPECT_EQ(again.log().find("job 1 begun"), std::string::npos) << mode << again.log();
    }
}

// `memhotctl` of another process changes the host for a while; what a policy wants comes behind it.
TEST_F(Policies, WaitForWhoeverHasTheHost) {
    HostTree config;
    act(config);
    policy(config, "10-a", "[Match]\nDevice=memory84 memory85\n[Online]\nZone=movable\n");
    policy(config, "20-b", "[Match]\nDevice=memory86 memory87\n[Online]\nZone=movable\n");
    config.file("run/lock", std::to_string(::getpid()) + " memhotctl\n");
    const int lock = ::open(config.path("run/lock").c_str(), O_RDWR | O_CLOEXEC);
    ASSERT_EQ(::flock(lock, LOCK_EX | LOCK_NB), 0);
    Daemon daemon(bus, options(config, {"--state-dir=" + config.path("state"), "--run-dir=" + config.path("run")},
                               "dimm-host.json"));
    Client root(bus, As::root);
    EXPECT_TRUE(says(daemon, "waits: ")) << daemon.log();
    ::usleep(5'000'000);   // it is tried more than once meanwhile
    EXPECT_EQ(daemon.log().find("not carried out"), std::string::npos) << daemon.log();
    EXPECT_EQ(times(daemon.log(), "memory84-85 waits: "), 1U) << daemon.log();
    EXPECT_EQ(root.number("BlocksOffline"), 4U);
    ::close(lock);
    EXPECT_TRUE(eventually([&] { return root.number("BlocksOffline") == 0; })) << daemon.log();
}

// A state directory that cannot be used (a full disk): what a policy wants is done once it can be, however late.
TEST_F(Policies, WaitUntilTheJournalCanBeWritten) {
    HostTree config;
    act(config);
    policy(config, "10-a", "[Match]\nDevice=*\n[Online]\nZone=movable\n");
    config.file("state", "no directory\n");
    Daemon daemon(bus, options(config, {"--state-dir=" + config.path("state"), "--run-dir=" + config.path("run")},
                               "dimm-host.json"));
    Client root(bus, As::root);
    EXPECT_TRUE(says(daemon, "memory84-87 waits: ")) << daemon.log();
    ::usleep(7'000'000);   // tried again after 2 and 6 seconds
    EXPECT_EQ(daemon.log().find("not carried out"), std::string::npos) << daemon.log();
    EXPECT_EQ(times(daemon.log(), "memory84-87 waits: "), 1U) << daemon.log();
    EXPECT_EQ(times(daemon.log(), "auto_online_blocks waits: "), 1U) << daemon.log();
    config.remove("state");
    EXPECT_TRUE(eventually([&] { return root.number("BlocksOffline") == 0; }, 15'000)) << daemon.log();   // after 14
    EXPECT_TRUE(says(daemon, "auto_online_blocks is online_movable now")) << daemon.log();
}

// The last two examples of memhot.policy(5), on namespace0.0, which lies where they say, once
// it is fsdax: it becomes devdax, that memory, and
// its block goes online.
TEST_F(Policies, TheManualsNamespaceBecomesMemory) {
    auto page = read_text(MEMHOT_SOURCE_DIR "/man/memhot.policy.5");
    std::vector<std::string> examples;
    for (auto at = page.find(".nf\n"); at != std::string::npos; at = page.find(".nf\n", at + 1)) {
        auto text = page.substr(at + 4, page.find(".fi\n", at) - at - 4);
        std::erase(text, '\\');
        examples.push_back(text);
    }
    ASSERT_GE(examples.size(), 4U);
    HostTree config;
    act(config);
    policy(config, "10-a", "[Match]\nDevice=namespace0.0\n[Namespace]\nReconfigure=fsdax\nDestroyData=yes\n");
    Daemon daemon(bus, options(config, {}, "nvdimm-host.json"));
    Client root(bus, As::root);
    ASSERT_TRUE(says(daemon, "job 1 done")) << daemon.log();
    const auto before = root.number("BlocksOnline");
    policy(config, "10-a", "");
    policy(config, "30-memory", examples[examples.size() - 2]);
    policy(config, "31-devdax", examples.back());
    ASSERT_TRUE(root.manager("Reload", [](auto* message) { append_no_options(message); }).ok());
    EXPECT_TRUE(says(daemon, "begun: namespace reconfigure namespace0.0 --mode=devdax")) << daemon.log();
    EXPECT_TRUE(says(daemon, "--mode=system-ram --no-online")) << daemon.log();
    EXPECT_TRUE(eventually([&] { return root.number("BlocksOnline") > before; })) << daemon.log();
}

// A misspelt criterion must not widen a policy that destroys data: what was read before stays.
TEST_F(Policies, AMisspeltCriterionIsAnError) {
    HostTree config;
    act(config);
    Daemon daemon(bus, options(config, {}, "nvdimm-host.json"));
    Client root(bus, As::root);
    policy(config, "10-a", "[Match]\nDevice=namespace*\nUUID=8c6c*\n[Namespace]\nReconfigure=fsdax\nDestroyData=yes\n");
    const auto answer = root.manager("Reload", [](auto* message) { append_no_options(message); });
    EXPECT_EQ(answer.memhot_error(), "BadInput");
    EXPECT_NE(answer.text.find("10-a.policy:3: unknown key \"UUID\" in [Match]"), std::string::npos) << answer.text;
    const auto errors = root.property("/org/memhot1", "org.memhot1.Manager", "ConfigurationErrors");
    ASSERT_TRUE(errors.ok()) << errors.text;
    ASSERT_GT(::sd_bus_message_enter_container(errors.reply.get(), 'v', "as"), 0);
    ASSERT_GT(::sd_bus_message_enter_container(errors.reply.get(), 'a', "s"), 0);
    const char* first = nullptr;
    ASSERT_GT(::sd_bus_message_read(errors.reply.get(), "s", &first), 0);
    EXPECT_NE(std::string(first).find("UUID"), std::string::npos);
    ::usleep(300'000);
    EXPECT_EQ(daemon.log().find("begun"), std::string::npos) << daemon.log();
    auto check =
        memhot::test::start({MEMHOTD, "--check-config", "--config-root=" + config.root()}, config.path("said"));
    EXPECT_EQ(check.wait(10'000), 2);
    EXPECT_NE(read_text(config.path("said")).find("UUID"), std::string::npos);
}

// Each changes what the next one's plan relies on: the region's free space, its seeds.
TEST_F(Policies, SeveralNamespacesOfOneRegionAreMadeOneAfterTheOther) {
    HostTree config;
    act(config);
    policy(config, "10-a",
           "[Match]\nDevice=namespace0.2 namespace0.3 namespace0.4\n[Namespace]\nReconfigure=fsdax\n"
           "DestroyData=yes\n");
    Daemon daemon(bus, options(config, {}, "nvdimm-host.json"));
    Client root(bus, As::root);
    for (const char* job : {"job 1 done", "job 2 done", "job 3 done"}) EXPECT_TRUE(says(daemon, job)) << daemon.log();
    for (const char* name : {"namespace0.2", "namespace0.3", "namespace0.4"})
        EXPECT_EQ(times(daemon.log(), std::string("begun: namespace reconfigure ") + name), 1U) << daemon.log();
    ::usleep(300'000);
    EXPECT_EQ(daemon.log().find("job 4 begun"), std::string::npos) << daemon.log();
    EXPECT_EQ(daemon.log().find("stale"), std::string::npos) << daemon.log();
}

// A client's job has the worker, so the policy's waits; then the policy goes.
TEST_F(Policies, WhatWaitsForItsTurnIsNotDoneOnceNoPolicyWantsIt) {
    HostTree config;
    Daemon daemon(bus, options(config, {"--fault=slow:memory84:1500"}, "dimm-host.json"));
    Client root(bus, As::root);
    const auto reload = [&] {
        return root.manager("Reload", [](sd_bus_message* message) { append_no_options(message); }).ok();
    };
    const auto name = plan(root, {"online", "block84"});
    ASSERT_TRUE(root.manager("Apply",
                             [&](sd_bus_message* message) {
                                 ASSERT_GE(::sd_bus_message_append(message, "s", name.c_str()), 0);
                                 append_no_options(message);
                             })
                    .ok());
    act(config);
    policy(config, "10-a", "[Match]\nDevice=memory86\n[Online]\nZone=movable\n");
    ASSERT_TRUE(reload());
    EXPECT_TRUE(says(daemon, "memory86: online in zone movable")) << daemon.log();
    std::filesystem::remove(config.path("etc/memhot/policy.d/10-a.policy"));
    ASSERT_TRUE(reload());
    ASSERT_TRUE(says(daemon, "job 1 done")) << daemon.log();
    ::usleep(500'000);
    EXPECT_EQ(daemon.log().find("job 2"), std::string::npos) << daemon.log();
    EXPECT_EQ(root.number("BlocksOffline"), 3U);
}

// Without events, as after lost ones, a full re-read is how blocks come.
TEST_F(Policies, AreAskedAboutWhatARescanFinds) {
    HostTree dir;
    dir.file("proc/sys/kernel/osrelease", "6.1.0-54-amd64\n");
    dir.file("proc/sys/kernel/version", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.190-1 (2026-09-30)\n");
    dir.file("proc/cmdline", "quiet\n");
    dir.file("proc/iomem", "00001000-1fffffff : System RAM\n100000000-107ffffff : System RAM\n");
    dir.file("sys/devices/system/memory/auto_online_blocks", "offline\n");
    dir.block_size("8000000");
    for (unsigned i = 0; i < 4; ++i) dir.block(i, "online", "DMA32", 0);
    policy(dir, "10-a", "[Match]\nDevice=*\nNode=0\n[Online]\nZone=movable\n");
    Daemon daemon(bus, options(dir, {"--root=" + dir.root(), "--state-dir=" + dir.path("state"),
                                     "--run-dir=" + dir.path("run")}));
    Client root(bus, As::root);
    dir.block(32, "offline", "Normal Movable", 0);
    const auto rescan = [&] { return root.manager("Rescan", [](auto* message) { append_no_options(message); }).ok(); };
    ASSERT_TRUE(rescan());
    EXPECT_TRUE(says(daemon, "memory32: online in zone movable")) << daemon.log();
    ASSERT_TRUE(rescan());
    EXPECT_EQ(times(daemon.log(), "memory32: online in zone movable"), 1U) << "it is not new a second time";
}

// auto_online_blocks does the work where a policy for everything says so: the blocks come online.
TEST_F(Policies, AUnitIsStartedOnceForBlocksThatTheKernelTookOnline) {
    HostTree dir;
    act(dir);
    policy(dir, "10-a", "[Match]\nDevice=*\n[Online]\nZone=movable\nPostOnlineUnit=kdump-reload.service\n");
    const std::string file = dir.path("host.json");
    Snapshot host = memhot::test::healthy_host();
    host.auto_online_blocks = "online_movable";
    ASSERT_TRUE(save_snapshot(host, file).ok());
    Daemon daemon(bus, options(dir, {"--simulate=" + file}));
    Client root(bus, As::root);
    EXPECT_EQ(daemon.log().find("starting"), std::string::npos) << "nothing came, and nothing is new at a start";
    // two runs: between them is a block in another zone than the policy wants
    for (unsigned i = 112; i < 117; ++i)
        host.blocks->push_back({i, "online", i == 114 ? "Normal" : "Movable", true, 0});
    *host.iomem += "380000000-3a7ffffff : System RAM\n";
    ASSERT_TRUE(save_snapshot(host, file).ok());
    EXPECT_TRUE(says(daemon, "starting kdump-reload.service")) << daemon.log();
    // nobody has the name of systemd on this bus
    EXPECT_TRUE(says(daemon, "kdump-reload.service cannot be started: ")) << daemon.log();
    EXPECT_EQ(times(daemon.log(), "starting kdump-reload.service"), 1U) << daemon.log();
}

// What the daemon would do, which is what it has read; what the files say by now is said beside that.
TEST_F(Policies, AreTestedAsTheDaemonHoldsThem) {
    HostTree dir;
    policy(dir, "10-a", "[Match]\nDevice=*\n[Online]\nZone=movable\n");
    Daemon daemon(bus, options(dir, {"--simulate=" MEMHOT_TEST_DATA "/dimm-host.json"}));
    Client root(bus, As::root);
    const auto test = [&] {
        return text_of(root.manager("TestPolicy", [](auto* message) {
            ASSERT_GE(::sd_bus_message_append(message, "s", "memory84"), 0);
            append_no_options(message);
        }));
    };
    const auto before = test();
    EXPECT_NE(before.find("zone movable"), std::string::npos) << before;
    EXPECT_EQ(before.find("on the disk"), std::string::npos) << before;
    policy(dir, "10-a", "[Match]\nDevice=*\n[Online]\nZone=kernel\n");
    const auto changed = test();
    EXPECT_NE(changed.find("zone movable"), std::string::npos) << changed;
    EXPECT_NE(changed.find("is another one on the disk now"), std::string::npos) << changed;
    policy(dir, "10-a", "[Match]\nDevice=*\n[Online]\nZone=nowhere\n");
    const auto wrong = test();
    EXPECT_NE(wrong.find("zone movable"), std::string::npos) << "a bad file stops nothing: " << wrong;
    EXPECT_NE(wrong.find("nowhere"), std::string::npos) << wrong;
    policy(dir, "10-a", "[Match]\nDevice=*\n[Online]\nZone=kernel\n");
    ASSERT_TRUE(root.manager("Reload", [](auto* message) { append_no_options(message); }).ok());
    const auto now = test();
    EXPECT_NE(now.find("zone kernel"), std::string::npos) << now;
    EXPECT_EQ(now.find("on the disk"), std::string::npos) << now;
}

// A start that systemd accepts can fail all the same.
TEST_F(Policies, AUnitThatFailsAfterItWasAcceptedIsSaid) {
    for (const std::string result : {"failed", "timeout", "done"}) {
        HostTree dir;
        act(dir);
        policy(dir, "10-a", "[Match]\nDevice=*\n[Online]\nZone=movable\nPostOnlineUnit=kdump-reload.service\n");
        PrivateBus own;
        FakeSystemd systemd(own, result);
        Daemon daemon(own, options(dir, {}, "dimm-host.json"));
        const std::string said = result == "done" ? "kdump-reload.service was started: done"
                                                  : "kdump-reload.service did not start: systemd says \"" + result +
                                                        "\"; look at it with `systemctl status kdump-reload.service`";
        EXPECT_TRUE(systemd.serve([&] { return daemon.log().find(said) != std::string::npos; })) << daemon.log();
        EXPECT_EQ(systemd.started, std::vector<std::string>{"kdump-reload.service"});
        EXPECT_EQ(daemon.log().find("other.service"), std::string::npos) << daemon.log();
    }
}

// Of memory84-87 one stays busy: the kernel of a crash has to know the other three.
TEST_F(Policies, AUnitIsStartedForWhatAJobDidInPart) {
    HostTree dir;
    dir.file("etc/memhot/memhotd.conf", "[Daemon]\nAct=yes\n[Jobs]\nBusyTimeoutSec=1s\n");
    const auto text = [](const std::string& blocks) {
        return "[Match]\nDevice=" + blocks + "\n[Online]\nZone=movable\nPostOnlineUnit=kdump-reload.service\n";
    };
    policy(dir, "10-a", text("memory8?"));
    Daemon daemon(bus, options(dir, {"--fault=EBUSY:memory87:1000000"}, "dimm-host.json"));
    EXPECT_TRUE(says(daemon, "job 1 timed out")) << daemon.log();
    EXPECT_TRUE(says(daemon, "3 blocks online, starting kdump-reload.service")) << daemon.log();
    // and not where none went online
    policy(dir, "10-a", text("memory87"));
    PrivateBus own;
    Daemon other(own, options(dir, {"--fault=EBUSY:memory87:1000000"}, "dimm-host.json"));
    EXPECT_TRUE(says(other, "job 1 timed out")) << other.log();
    ::usleep(200'000);
    EXPECT_EQ(other.log().find("starting"), std::string::npos) << other.log();
}

// The kernel's knobs are the host's, too: who has it is waited for, and so is a kernel that is busy.
TEST_F(Policies, AKnobWaitsForWhoeverHasTheHost) {
    HostTree config;
    act(config);
    policy(config, "10-a", "[Match]\nDevice=*\n[Online]\nZone=movable\n");
    config.file("run/lock", std::to_string(::getpid()) + " memhotctl\n");
    const int lock = ::open(config.path("run/lock").c_str(), O_RDWR | O_CLOEXEC);
    ASSERT_EQ(::flock(lock, LOCK_EX | LOCK_NB), 0);
    Daemon daemon(bus, options(config,
                               {"--state-dir=" + config.path("state"), "--run-dir=" + config.path("run"),
                                "--fault=EBUSY:memory:1"},
                               "dimm-host.json"));
    EXPECT_TRUE(says(daemon, "auto_online_blocks waits: ")) << daemon.log();
    ::close(lock);
    EXPECT_TRUE(says(daemon, "auto_online_blocks is online_movable now")) << daemon.log();
    EXPECT_EQ(times(daemon.log(), "auto_online_blocks waits: "), 1U) << daemon.log();
    EXPECT_EQ(times(daemon.log(), "auto_online_blocks: online_movable instead of"), 1U) << daemon.log();
}

// Whoever has the lock may keep it for hours; what somebody else set meanwhile stays.
TEST_F(Policies, AKnobThatSomebodyElseSetMeanwhileStays) {
    HostTree dir;
    dir.file("proc/sys/kernel/osrelease", "6.1.0-54-amd64\n");
    dir.file("proc/sys/kernel/version", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.190-1 (2026-09-30)\n");
    dir.file("proc/cmdline", "quiet\n");
    dir.file("proc/iomem", "00001000-1fffffff : System RAM\n");
    const std::string knob = "sys/devices/system/memory/auto_online_blocks";
    dir.file(knob, "offline\n");
    dir.block_size("8000000");
    for (unsigned i = 0; i < 4; ++i) dir.block(i, "online", "DMA32", 0);
    act(dir);
    policy(dir, "10-a", "[Match]\nDevice=*\n[Online]\nZone=movable\n");
    dir.file("run/lock", std::to_string(::getpid()) + " memhotctl\n");
    const int lock = ::open(dir.path("run/lock").c_str(), O_RDWR | O_CLOEXEC);
    ASSERT_EQ(::flock(lock, LOCK_EX | LOCK_NB), 0);
    Daemon daemon(bus, options(dir, {"--root=" + dir.root(), "--state-dir=" + dir.path("state"),
                                     "--run-dir=" + dir.path("run")}));
    EXPECT_TRUE(says(daemon, "auto_online_blocks waits: ")) << daemon.log();
    dir.file(knob, "online\n");
    ::close(lock);
    EXPECT_TRUE(says(daemon, "auto_online_blocks stays online: somebody else set it since")) << daemon.log();
    ::usleep(300'000);
    EXPECT_EQ(read_text(dir.path(knob)), "online\n") << daemon.log();
}

// --- what memhotd set itself ---------------------------------------------------------------------------------------

class OwnKnobs : public Policies {
protected:
    static constexpr const char* kKnob = "auto_online_blocks";
    HostTree config;

    void SetUp() override { act(config); }
    void want(const std::string& online) const { policy(config, "10-a", "[Match]\nDevice=*\n[Online]\n" + online); }
    [[nodiscard]] Daemon::Options here(const std::string& host) const {
        return options(
            config, {"--simulate=" + host, "--state-dir=" + config.path("state"), "--run-dir=" + config.path("run")});
    }
    static std::string snapshot(Client& client) {
        return text_of(client.manager("GetSnapshot", [](auto* message) { append_no_options(message); }));
    }
    static bool becomes(Client& client, const std::string& value) {
        return eventually([&] { return knob_of(snapshot(client)) == value; });
    }
    static std::string knob_of(const std::string& text) {
        const auto host = memhot::snapshot_from_json(text);
        return host.ok() ? host->auto_online_blocks.value_or("none") : host.error().message();
    }
    static bool reload(Client& client) {
        return client.manager("Reload", [](auto* message) { append_no_options(message); }).ok();
    }
    // Leaves the state directory and host.json as a daemon left them that set the knob.
    std::string set_by_an_earlier_one() {
        want("Zone=movable\n");
        Daemon daemon(bus, here(MEMHOT_TEST_DATA "/dimm-host.json"));
        Client root(bus, As::root);
        EXPECT_TRUE(becomes(root, "online_movable")) << daemon.log();
        config.file("host.json", snapshot(root));
        return config.path("host.json");
    }
};

TEST_F(OwnKnobs, AreChangedAndPutBackAsThePoliciesChange) {
    want("Zone=movable\n");
    Daemon daemon(bus, here(MEMHOT_TEST_DATA "/dimm-host.json"));
    Client root(bus, As::root);
    EXPECT_TRUE(becomes(root, "online_movable")) << daemon.log();
    EXPECT_NE(read_text(config.path("state/knobs")).find("/auto_online_blocks offline online_movable\n"),
              std::string::npos);
    want("Zone=kernel\n");
    ASSERT_TRUE(reload(root));
    EXPECT_TRUE(becomes(root, "online_kernel")) << daemon.log();
    want("LeaveAlone=yes\n");
    ASSERT_TRUE(reload(root));
    EXPECT_TRUE(becomes(root, "offline")) << daemon.log();
    want("Zone=movable\n");
    ASSERT_TRUE(reload(root));
    EXPECT_TRUE(becomes(root, "online_movable")) << daemon.log();
    policy(config, "10-a", "");   // gone
    ASSERT_TRUE(reload(root));
    EXPECT_TRUE(becomes(root, "offline")) << daemon.log();
    EXPECT_TRUE(
        says(daemon, "auto_online_blocks: offline instead of online_movable, which memhotd had set and no policy"))
        << daemon.log();
    EXPECT_EQ(daemon.log().find("stands down"), std::string::npos) << daemon.log();
    EXPECT_EQ(read_text(config.path("state/knobs")).find(kKnob), std::string::npos);
}

TEST_F(OwnKnobs, AreRememberedOverARestart) {
    const auto host = set_by_an_earlier_one();
    {   // wanted still: nothing is to be done
        Daemon daemon(bus, here(host));
        Client root(bus, As::root);
        ASSERT_TRUE(reload(root));
        ::usleep(300'000);
        EXPECT_EQ(knob_of(snapshot(root)), "online_movable");
        EXPECT_EQ(daemon.log().find(kKnob), std::string::npos) << daemon.log();
    }
    config.file("etc/memhot/memhotd.conf", "");   // Act=no
    Daemon daemon(bus, here(host));
    Client root(bus, As::root);
    EXPECT_TRUE(becomes(root, "offline")) << daemon.log();
    EXPECT_TRUE(says(daemon, "offline instead of online_movable, which memhotd had set (Act=no)")) << daemon.log();
}

TEST_F(OwnKnobs, AreLeftToWhoeverChangedThemSince) {
    const auto file = set_by_an_earlier_one();
    auto host = *memhot::load_snapshot(file);
    host.auto_online_blocks = "online";
    ASSERT_TRUE(save_snapshot(host, file).ok());
    Daemon daemon(bus, here(file));
    Client root(bus, As::root);
    const std::string down = "stands down from /sys/devices/system/memory/auto_online_blocks, which would be";
    EXPECT_TRUE(says(daemon, down + " online_movable: the kernel (auto_online_blocks is online)")) << daemon.log();
    ASSERT_TRUE(root.manager("Rescan", [](auto* message) { append_no_options(message); }).ok());
    EXPECT_EQ(times(daemon.log(), down), 1U) << daemon.log();
    policy(config, "10-a", "");
    ASSERT_TRUE(reload(root));
    ::usleep(300'000);
    EXPECT_EQ(knob_of(snapshot(root)), "online") << daemon.log();
}

// A kernel that refuses leaves the knob as it was, and so says the file.
TEST_F(OwnKnobs, WhatWasNotSetIsNotOurs) {
    want("Zone=movable\n");
    auto refusing = here(MEMHOT_TEST_DATA "/dimm-host.json");
    refusing.more.emplace_back("--fault=EIO:memory");
    Daemon daemon(bus, refusing);
    EXPECT_TRUE(says(daemon, "writing online_movable: Input/output error")) << daemon.log();
    EXPECT_TRUE(eventually([&] { return !read_text(config.path("state/knobs")).empty(); }));
    EXPECT_EQ(read_text(config.path("state/knobs")).find(kKnob), std::string::npos);
}

// Ratio= is of two more knobs.
TEST_F(OwnKnobs, ARatioIsSetAndPutBack) {
    policy(config, "10-a", "[Match]\nNode=7\n[Online]\nZone=auto\nRatio=250\n");
    Daemon daemon(bus, here(MEMHOT_TEST_DATA "/cxl-host.json"));
    Client root(bus, As::root);
    const auto ratio = [&] {
        const auto host = memhot::snapshot_from_json(snapshot(root));
        return host.ok() ? host->parameters.at("online_policy") + " " + host->parameters.at("auto_movable_ratio") : "";
    };
    EXPECT_TRUE(eventually([&] { return ratio() == "auto-movable 250"; })) << ratio() << daemon.log();
    policy(config, "10-a", "");
    ASSERT_TRUE(reload(root));
    EXPECT_TRUE(eventually([&] { return ratio() == "contig-zones 301"; })) << ratio() << daemon.log();
}

// What the kernel will not have is said once, and not tried for ever.
TEST_F(Policies, AKnobThatIsRefusedIsNotTriedAgain) {
    HostTree config;
    act(config);
    policy(config, "10-a", "[Match]\nDevice=*\n[Online]\nZone=movable\n");
    Daemon daemon(bus, options(config, {"--fault=EIO:memory"}, "dimm-host.json"));
    Client root(bus, As::root);
    EXPECT_TRUE(says(daemon, "writing online_movable: Input/output error")) << daemon.log();
    EXPECT_TRUE(eventually([&] { return root.number("BlocksOffline") == 0; })) << "blocks are written all the same";
    ::usleep(2'500'000);
    EXPECT_EQ(times(daemon.log(), "writing online_movable: Input/output error"), 1U) << daemon.log();
}

// kmem adds the ranges of a device one after the other (dev_dax_kmem_probe), and others can come between: the blocks that
// waited go online with those that they waited for, though these are no neighbours.
TEST_F(Policies, BlocksThatWaitedForTheirDeviceGoOnlineWithItsLast) {
    HostTree dir;
    act(dir);
    policy(dir, "10-a", "[Match]\nDevice=dax2.0\n[Online]\nZone=movable\nWaitForWholeDevice=yes\n");
    constexpr std::uint64_t kFirst = 0x400000000;
    constexpr std::uint64_t kSecond = 0x480000000;
    Snapshot host = memhot::test::healthy_host();
    auto region = host.nvdimm->dax_regions.front();
    region.parent = "hmem.2";
    region.id = 2;
    region.resource = kFirst;
    region.size = 4 * memhot::kGiB;
    host.nvdimm->dax_regions.push_back(region);
    auto device = first_dax(host);
    device.name = "dax2.0";
    device.parent = region.parent;
    device.size = 4 * kBlock;
    device.resource = kFirst;
    device.mappings = {{{kFirst, kFirst + 2 * kBlock - 1}, 0},
                       {{kSecond, kSecond + 2 * kBlock - 1}, 2 * kBlock / 4096}};
    host.nvdimm->dax_devices.push_back(device);
    *host.iomem += "400000000-4ffffffff : Soft Reserved\n"
                   "  400000000-40fffffff : dax2.0\n  480000000-48fffffff : dax2.0\n";
    const std::string file = dir.path("host.json");
    ASSERT_TRUE(save_snapshot(host, file).ok());
    Daemon daemon(bus, options(dir, {"--simulate=" + file}));
    Client root(bus, As::root);
    const auto comes = [&](std::uint64_t start) {
        for (const auto block : {start / kBlock, start / kBlock + 1})
            host.blocks->push_back({block, "offline", "Normal Movable", true, 0});
        const std::string range = start == kFirst ? "400000000-40fffffff" : "480000000-48fffffff";
        replace_in(*host.iomem, "  " + range + " : dax2.0\n",
                   "  " + range + " : dax2.0\n    " + range + " : System RAM (kmem)\n");
        ASSERT_TRUE(save_snapshot(host, file).ok());
    };
    comes(kFirst);
    EXPECT_TRUE(says(daemon, "waits for the whole device: 2 of 4 blocks of dax2.0 are there")) << daemon.log();
    ::usleep(300'000);
    EXPECT_EQ(root.number("BlocksOffline"), 2U) << daemon.log();
    comes(kSecond);
    EXPECT_TRUE(eventually([&] { return root.number("BlocksOffline") == 0; })) << daemon.log();
}

}   // namespace
