// SPDX-License-Identifier: GPL-2.0-or-later
//
// A plan that onlines 65,536 memory blocks (8 TiB of 128 MiB each): made, written for the journal, and read back. It is
// linear in the blocks; 16,384 of them beside it show when it is no longer.
#include <benchmark/benchmark.h>

#include <stdexcept>

#include "memhot/plan.hpp"

namespace {

using namespace memhot;

constexpr std::uint64_t kBlock = 128 * kMiB;
constexpr std::uint64_t kFirst = 256;   // the first block that is offline

// 32 GiB that are online, and behind them the offline blocks of one node.
Snapshot host(std::uint64_t blocks) {
    Snapshot snapshot;
    snapshot.hostname = "bench";
    snapshot.release = "6.12.95+deb13-amd64";
    snapshot.version = *parse_version("6.12.95");
    snapshot.arch = "x86_64";
    snapshot.page_size = 4096;
    snapshot.memory_block_size = kBlock;
    snapshot.iomem = "100000000-7ffffffff : System RAM\n" +
                     to_string(Range{kFirst * kBlock, (kFirst + blocks) * kBlock - 1}) + " : System RAM\n";
    snapshot.blocks.emplace();
    for (std::uint64_t number = 32; number < kFirst + blocks; ++number) {
        BlockRecord record;
        record.number = number;
        record.state = number < kFirst ? "online" : "offline";
        record.valid_zones = number < kFirst ? "Normal" : "Normal Movable";
        snapshot.blocks->push_back(std::move(record));
    }
    return snapshot;
}

Plan plan_of(const Snapshot& snapshot) {
    auto plan = make_plan(snapshot, *parse_wish({"online", "node0", "--zone=movable", "--ratio=0"}));
    if (!plan || plan->refused()) throw std::runtime_error(plan ? to_text(*plan) : plan.error().message());
    return *std::move(plan);
}

void report(benchmark::State& state) {
    state.SetItemsProcessed(state.iterations() * state.range(0));   // blocks
}

void make(benchmark::State& state) {
    const Snapshot snapshot = host(static_cast<std::uint64_t>(state.range(0)));
    for (auto _ : state) benchmark::DoNotOptimize(plan_of(snapshot));
    report(state);
}
BENCHMARK(make)->Name("plan/make")->Arg(16'384)->Arg(65'536)->Unit(benchmark::kMillisecond);

void write(benchmark::State& state) {
    const Plan plan = plan_of(host(static_cast<std::uint64_t>(state.range(0))));
    for (auto _ : state) benchmark::DoNotOptimize(to_compact_json(plan));
    report(state);
}
BENCHMARK(write)->Name("plan/write")->Arg(65'536)->Unit(benchmark::kMillisecond);

void read(benchmark::State& state) {
    const std::string document = to_compact_json(plan_of(host(static_cast<std::uint64_t>(state.range(0)))));
    for (auto _ : state) benchmark::DoNotOptimize(plan_from_json(document));
    report(state);
}
BENCHMARK(read)->Name("plan/read")->Arg(65'536)->Unit(benchmark::kMillisecond);

}   // namespace
