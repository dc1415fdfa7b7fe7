// SPDX-License-Identifier: GPL-2.0-or-later
//
// What is said and not read: a bus that takes nothing, and callers who never read their answers.
#include <gtest/gtest.h>

#include <csignal>

#include "app/app.hpp"
#include "dbus/harness.hpp"
#include "memhot/snapshot.hpp"

namespace {

using namespace memhot::test;   // NOLINT(google-build-using-namespace): a test's own vocabulary

constexpr unsigned kBlocks = 8192;

// No two neighbours are alike: ListBlocks has a run for each, in all some 500 KB.
std::string many_runs(const HostTree& dir) {
    auto snapshot = memhot::load_snapshot(MEMHOT_TEST_DATA "/dimm-host.json");
    if (!snapshot) throw std::runtime_error(snapshot.error().message());
    snapshot->blocks.emplace();
    for (unsigned i = 0; i < kBlocks; ++i)
        snapshot->blocks->push_back({i, i % 2 == 0 ? "online" : "offline", "Normal Movable", true, 0});
    snapshot->iomem.reset();
    snapshot->iomem_hidden = "none of this size was recorded";
    snapshot->zones.clear();
    const std::string file = dir.path("host.json");
    if (const auto saved = save_snapshot(*snapshot, file); !saved) throw std::runtime_error(saved.error().message());
    return file;
}

// Asks and does not look at what comes.
void ask(Client& client, const char* member, const char* interface = "org.memhot1.Manager") {
    sd_bus_message* message = nullptr;
    ASSERT_GE(
        ::sd_bus_message_new_method_call(client.bus(), &message, "org.memhot1", "/org/memhot1", interface, member), 0);
    std::uint64_t cookie = 0;   // who takes none wants no answer
    ASSERT_GE(::sd_bus_send(client.bus(), message, &cookie), 0);
    ::sd_bus_message_unref(message);
}

// Calls for half a gigabyte of answers are on their way to memhotd when its bus takes nothing any more.
class StoppedBus {
public:
    StoppedBus(PrivateBus& bus, const Process& memhotd) : bus_(bus) {
        for (int i = 0; i < 10; ++i) {   // the bus is asked who they are, once
            clients_.push_back(std::make_unique<Client>(bus, As::nobody));
            EXPECT_TRUE(clients_.back()->manager("ListBlocks", {}).ok());
        }
        memhotd.signal(SIGSTOP);
        for (const auto& client : clients_) {
            for (int call = 0; call < 100; ++call) ask(*client, "ListBlocks");   // 128 is all that the bus lets
            const auto id =   // behind its answer all of them are handed on
                client->call("/org/freedesktop/DBus", "org.freedesktop.DBus", "GetId", {}, "org.freedesktop.DBus");
            EXPECT_TRUE(id.ok()) << id.error;
        }
        bus_.signal_daemon(SIGSTOP);
        memhotd.signal(SIGCONT);
    }
    StoppedBus(const StoppedBus&) = delete;
    StoppedBus& operator=(const StoppedBus&) = delete;
    ~StoppedBus() { bus_.signal_daemon(SIGCONT); }   // else its clients wait for it

private:
    PrivateBus& bus_;
    std::vector<std::unique_ptr<Client>> clients_;
};

TEST(SlowReader, ABusThatTakesNothingFillsNoMemoryAndHoldsUpNoEnd) {
    PrivateBus bus;
    const HostTree dir;
    Daemon daemon(bus, {.snapshot = "", .more = {"--simulate=" + many_runs(dir)}, .environment = {}});
    const auto before = daemon.status("RssAnon");
    const StoppedBus stopped(bus, daemon.process());
    std::uint64_t most = 0;
    for (int i = 0; i < 40; ++i) {   // all calls would be answered by then
        most = std::max(most, daemon.status("RssAnon"));
        ::usleep(25'000);
    }
    std::printf("RssAnon %llu kB before, at most %llu kB then\n", static_cast<unsigned long long>(before),
                static_cast<unsigned long long>(most));
    EXPECT_LT(most, before + 8 * 1024 + kSanitizerMemory) << "kB";
    daemon.process().signal(SIGTERM);
    EXPECT_EQ(daemon.process().wait(10'000), 0) << daemon.log();
}

TEST(SlowReader, ABusThatTakesNothingForTooLongIsALostOne) {
    PrivateBus bus;
    const HostTree dir;
    const std::string file = many_runs(dir);
    dir.directory("config/etc");
    auto process = start(
        [&] {
            memhot::app::Options options;
            options.bus = bus.address();
            options.simulate = file;
            options.config_root = dir.path("config");
            memhot::app::AppHooks hooks;
            hooks.bus_patience = 300'000;
            return memhot::app::run(options, hooks);
        },
        dir.path("log"));
    {
        Client root(bus, As::root);
        ASSERT_TRUE(eventually([&] { return root.manager("ListBlocks", {}).ok(); }, 60'000))
            << read_text(dir.path("log"));
    }
    const StoppedBus stopped(bus, process);
    EXPECT_EQ(process.wait(10'000), 1) << read_text(dir.path("log"));
    EXPECT_NE(read_text(dir.path("log")).find("it has taken nothing for too long"), std::string::npos);
}

// One caller asks for half a gigabyte of answers and reads none, without end; others are answered, and the end comes.
TEST(SlowReader, WhoReadsNothingHoldsNobodyUp) {
    PrivateBus bus;
    const HostTree dir;
    Daemon daemon(bus, {.snapshot = "", .more = {"--simulate=" + many_runs(dir)}, .environment = {}});
    Client other(bus, As::another);
    ASSERT_TRUE(other.manager("ListBlocks", {}).ok());
    const auto before = daemon.status("RssAnon");
    Client deaf(bus, As::nobody);
    for (int i = 0; i < 100; ++i) {
        for (int call = 0; call < 10; ++call) ask(deaf, "ListBlocks");
        ::sd_bus_flush(deaf.bus());
        ASSERT_TRUE(other.manager("ListBlocks", {}).ok()) << "behind " << i * 10 << " calls of the other";
    }
    std::printf("RssAnon %llu kB before, %llu kB now\n", static_cast<unsigned long long>(before),
                static_cast<unsigned long long>(daemon.status("RssAnon")));
    EXPECT_LT(daemon.status("RssAnon"), before + 8 * 1024 + kSanitizerMemory) << "kB";
    daemon.process().signal(SIGTERM);
    EXPECT_EQ(daemon.process().wait(10'000), 0) << daemon.log();
}

// Descriptors, too: of those the bus keeps 64 for all callers together.
TEST(SlowReader, WhoTakesNoDescriptorsHoldsNobodyUp) {
    PrivateBus bus;
    const HostTree dir;
    Daemon daemon(bus, {.snapshot = "", .more = {"--simulate=" + many_runs(dir)}, .environment = {}});
    Client other(bus, As::another);
    Client deaf(bus, As::nobody);
    ask(deaf, "ListBlocks");   // fills his socket, so the bus keeps all the rest
    for (int i = 0; i < 30; ++i) {
        for (int call = 0; call < 10; ++call) ask(deaf, "DumpBlocks");
        ::sd_bus_flush(deaf.bus());
        ASSERT_TRUE(other.manager("DumpBlocks", {}).ok()) << "behind " << i * 10 << " calls of the other";
    }
}

// What the bus library answers by itself counts, too.
TEST(SlowReader, WhoReadsNoPropertiesHoldsNobodyUp) {
    PrivateBus bus;
    const HostTree dir;
    auto snapshot = memhot::load_snapshot(MEMHOT_TEST_DATA "/nvdimm-host.json");
    ASSERT_TRUE(snapshot.ok());
    ASSERT_FALSE(snapshot->nvdimm->dax_devices.empty());
    for (int i = 0; i < 500; ++i) {   // GetManagedObjects has some 200 KB
        auto device = snapshot->nvdimm->dax_devices.front();
        device.name = "dax9." + std::to_string(i);
        snapshot->nvdimm->dax_devices.push_back(device);
    }
    ASSERT_TRUE(save_snapshot(*snapshot, dir.path("host.json")).ok());
    Daemon daemon(bus, {.snapshot = "", .more = {"--simulate=" + dir.path("host.json")}, .environment = {}});
    Client other(bus, As::another);
    Client deaf(bus, As::nobody);
    for (int i = 0; i < 100; ++i) {
        for (int call = 0; call < 20; ++call) ask(deaf, "GetManagedObjects", "org.freedesktop.DBus.ObjectManager");
        ::sd_bus_flush(deaf.bus());
        ASSERT_TRUE(other.manager("ListBlocks", {}).ok()) << "behind " << i * 20 << " calls of the other";
    }
}

// Who reads is never refused, however much he asks for; who begins to read is heard again.
TEST(SlowReader, WhoReadsIsHeard) {
    PrivateBus bus;
    const HostTree dir;
    Daemon daemon(bus, {.snapshot = "", .more = {"--simulate=" + many_runs(dir)}, .environment = {}});
    Client reader(bus, As::nobody);
    for (int i = 0; i < 200; ++i) ASSERT_TRUE(reader.manager("ListBlocks", {}).ok()) << i;   // 100 MB
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(reader.manager("DumpBlocks", {}).ok()) << i;
    for (int i = 0; i < 200; ++i) {   // as a tool does that is started again and again
        Client once(bus, As::nobody);
        ASSERT_TRUE(once.manager("ListBlocks", {}).ok()) << i;
    }
    Client late(bus, As::another);
    for (int call = 0; call < 120; ++call) ask(late, "ListBlocks");
    ::sd_bus_flush(late.bus());
    EXPECT_TRUE(eventually(
        [&] {
            while (::sd_bus_process(late.bus(), nullptr) > 0) continue;
            sd_bus_message* message = nullptr;
            ::sd_bus_message_new_method_call(late.bus(), &message, "org.memhot1", "/org/memhot1", "org.memhot1.Manager",
                                             "ListBlocks");
            const bool heard = ::sd_bus_call(late.bus(), message, 2'000'000, nullptr, nullptr) >= 0;
            ::sd_bus_message_unref(message);
            return heard;
        },
        60'000));
}

// The bus lets memhotd wait for 128 answers in all: those that it wants from deaf callers leave room for polkit's.
TEST(SlowReader, WhoAnswersNoPingsTakesNobodysAnswersFromPolkit) {
    PrivateBus bus;
    FakePolkit polkit(bus);
    polkit.say(FakePolkit::Say::yes);
    Daemon daemon(bus);
    Client other(bus, As::another);
    std::vector<std::unique_ptr<Client>> deaf;
    for (int i = 0; i < 140; ++i) deaf.push_back(std::make_unique<Client>(bus, As::nobody));
    for (int round = 0; round < 12; ++round) {   // together more than half of what the user may have: all are asked
        for (const auto& client : deaf) {
            ask(*client, "Introspect", "org.freedesktop.DBus.Introspectable");
            ::sd_bus_flush(client->bus());
        }
        ASSERT_TRUE(other.manager("ListBlocks", {}).ok()) << round;
    }
    const auto answer = other.manager("GetMap", [](sd_bus_message* message) { append_no_options(message); });
    EXPECT_TRUE(answer.ok()) << answer.error << ": " << answer.text;
    EXPECT_FALSE(polkit.take_questions().empty());
}

}   // namespace
