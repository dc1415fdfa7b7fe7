// SPDX-License-Identifier: GPL-2.0-or-later
//
// memhotd on a private bus: what it takes at rest, how many questions it answers, and how soon it lists 524,288 blocks
// from what it keeps. As root, for such a bus has several users.
#include <benchmark/benchmark.h>

#include <unistd.h>

#include <chrono>
#include <optional>
#include <sstream>

#include "bench/tree.hpp"
#include "dbus/harness.hpp"
#include "memhot/snapshot.hpp"

namespace {

using namespace memhot::test;   // NOLINT(google-build-using-namespace): a test's own vocabulary
using memhot::bench::kBlocks;

constexpr unsigned kManyBlocks = 524'288;   // 64 TiB in blocks of 128 MiB
constexpr double kBytesOfABlock = 32;   // what the budget grants for each

bool is_root(benchmark::State& state) {
    if (::geteuid() == 0) return true;
    state.SkipWithError("not root: a bus of type system has several users");
    return false;
}

// Voluntary and other switches of all of its threads so far.
std::uint64_t switches(const Daemon& daemon) {
    return daemon.status("voluntary_ctxt_switches") + daemon.status("nonvoluntary_ctxt_switches");
}

// Beyond the 32 bytes for each block; once what was read for questions is forgotten (five seconds).
void daemon_at_rest(benchmark::State& state) {
    if (!is_root(state)) return;
    const memhot::bench::Tree tree(true);
    const PrivateBus bus;
    const Daemon daemon(bus, {.snapshot = "", .more = {"--root=" + tree.root(), "--events"}, .environment = {}});
    for (auto _ : state) {
        ::usleep(7'000'000);
        const auto before = switches(daemon);
        ::usleep(10'000'000);
        state.counters["wake_ups"] = static_cast<double>(switches(daemon) - before);
        const auto rss = static_cast<double>(daemon.status("RssAnon")) * 1024;
        state.counters["rss_anon"] = rss;
        state.counters["rss_beyond_blocks"] = rss - kBytesOfABlock * kBlocks;
    }
}
BENCHMARK(daemon_at_rest)->Iterations(1)->Repetitions(1)->Unit(benchmark::kSecond);

// Seconds of CPU that it took so far (proc(5), stat: utime and stime are the fields 14 and 15).
double cpu_of(Daemon& daemon) {
    std::istringstream in(read_text("/proc/" + std::to_string(daemon.process().pid()) + "/stat"));
    std::string field;
    double ticks = 0;
    for (int i = 1; i <= 15 && in >> field; ++i) {
        if (i >= 14) ticks += std::stod(field);
    }
    return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

sd_bus_message* question(Client& client) {
    sd_bus_message* message = nullptr;
    ::sd_bus_message_new_method_call(client.bus(), &message, "org.memhot1", "/org/memhot1", "org.memhot1.Manager",
                                     "Check");
    append_words(message, {"map", "240000000-24fffffff"});
    append_options(message, {{"type", "fsdax"}});
    return message;
}

// One caller with so many questions open at a time: 1 waits for each answer.
void daemon_check(benchmark::State& state) {
    if (!is_root(state)) return;
    const PrivateBus bus;
    Daemon daemon(bus);
    Client root(bus, As::root);
    const auto open_at_once = static_cast<int>(state.range(0));
    struct Seen {
        int answers = 0;
        int errors = 0;
    } seen;
    const auto answered = [](sd_bus_message* message, void* data, sd_bus_error*) {
        auto& both = *static_cast<Seen*>(data);
        ++(::sd_bus_message_is_method_error(message, nullptr) > 0 ? both.errors : both.answers);
        return 0;
    };
    const auto ask = [&] {
        const int before = seen.answers + seen.errors;
        for (int i = 0; i < open_at_once; ++i) {
            sd_bus_message* message = question(root);
            ::sd_bus_call_async(root.bus(), nullptr, message, answered, &seen, 0);
            ::sd_bus_message_unref(message);
        }
        while (seen.answers + seen.errors < before + open_at_once) {
            if (::sd_bus_process(root.bus(), nullptr) == 0) ::sd_bus_wait(root.bus(), UINT64_MAX);
        }
    };
    for (int i = 0; i < 2'000; ++i) ask();
    const auto before = daemon.status("RssAnon");
    const double cpu = cpu_of(daemon);
    for (auto _ : state) ask();
    const auto calls = static_cast<double>(state.iterations()) * open_at_once;
    state.SetItemsProcessed(static_cast<std::int64_t>(calls));
    state.counters["per_cpu_second"] = calls / (cpu_of(daemon) - cpu);
    state.counters["growth_kb"] = static_cast<double>(daemon.status("RssAnon")) - static_cast<double>(before);
    if (seen.errors != 0) state.SkipWithError("a question was refused");
}
BENCHMARK(daemon_check)->ArgNames({"open"})->Arg(1)->Iterations(30'000)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(daemon_check)->ArgNames({"open"})->Arg(16)->Iterations(3'000)->UseRealTime()->Unit(benchmark::kMicrosecond);

// A host of 64 TiB, every 97th block offline: over 10,000 runs of blocks that are alike.
std::string many_blocks(const HostTree& dir) {
    auto snapshot = memhot::load_snapshot(MEMHOT_TEST_DATA "/dimm-host.json");
    if (!snapshot) throw std::runtime_error(snapshot.error().message());
    snapshot->blocks.emplace();
    for (unsigned i = 0; i < kManyBlocks; ++i) {
        const bool online = i % 97 != 0;
        snapshot->blocks->push_back({i, online ? "online" : "offline", online ? "Normal" : "Normal Movable", true,
                                     static_cast<int>(i / (kManyBlocks / 16))});
    }
    snapshot->iomem.reset();
    snapshot->iomem_hidden = "none of this size was recorded";
    snapshot->zones.clear();
    const std::string file = dir.path("host.json");
    if (const auto saved = save_snapshot(*snapshot, file); !saved) throw std::runtime_error(saved.error().message());
    return file;
}

void daemon_list(benchmark::State& state) {
    if (!is_root(state)) return;
    const HostTree dir;
    const PrivateBus bus;
    const Daemon daemon(bus, {.snapshot = "", .more = {"--simulate=" + many_blocks(dir)}, .environment = {}});
    Client root(bus, As::root);
    const bool dump = state.range(0) != 0;
    for (auto _ : state) {
        const auto answer = root.manager(dump ? "DumpBlocks" : "ListBlocks", {});
        if (!answer.ok()) state.SkipWithError(answer.text.c_str());
    }
}
BENCHMARK(daemon_list)
    ->ArgNames({"dump"})
    ->Arg(0)
    ->Arg(1)
    ->Iterations(20)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}   // namespace
