// SPDX-License-Identifier: GPL-2.0-or-later
//
// The model of a host with 64 TiB of RAM in 524,288 memory blocks: outcomes a second on it, explained verdicts a second,
// and what a copy with one applied what-if costs in time and memory.
//
// Bars: 5 million outcomes and 100,000 explained verdicts a second on one core; a copy costs microseconds and far less
// than the model itself.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>
#include <random>
#include <stdexcept>
#include <vector>

#include "memhot/verdict.hpp"

namespace {

std::atomic<std::size_t> g_allocated{0};   // bytes asked of operator new so far
std::atomic<std::size_t> g_allocations{0};

}   // namespace

// noinline: or gcc 12 sees malloc() and free() behind them and takes them for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
    g_allocated.fetch_add(size, std::memory_order_relaxed);
    g_allocations.fetch_add(1, std::memory_order_relaxed);
    void* memory = std::malloc(size);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using namespace memhot;

constexpr std::uint64_t kBlock = 128 * kMiB;
constexpr std::uint64_t kRamBlocks = 524'288;
constexpr std::uint64_t kHigh = 4 * kGiB;
constexpr unsigned kNodes = 16;
constexpr std::uint64_t kPmem = 68 * kTiB;   // eight ranges of 512 GiB, every other with a namespace
constexpr std::uint64_t kPmemSize = 512 * kGiB;
constexpr std::uint64_t kFree = 80 * kTiB;

void add_line(std::string& text, unsigned depth, std::uint64_t start, std::uint64_t size, std::string_view name) {
    text += fmt::format("{:{}}{:08x}-{:08x} : {}\n", "", 2 * depth, start, start + size - 1, name);
}

// Below 4 GiB as on a server with two sockets.
std::string low_memory() {
    return "00000000-00000fff : Reserved\n00001000-0009ffff : System RAM\n000a0000-000fffff : Reserved\n"
           "  000a0000-000bffff : PCI Bus 0000:00\n  000f0000-000fffff : System ROM\n00100000-61efefff : System RAM\n"
           "  01000000-01ffffff : Kernel code\n  02000000-02bfffff : Kernel rodata\n  02c00000-02ffffff : Kernel data\n"
           "  03400000-03ffffff : Kernel bss\n  2d000000-5cffffff : Crash kernel\n61eff000-6c5fefff : Reserved\n"
           "6c5ff000-6f7fefff : ACPI Non-volatile Storage\n6f7ff000-6f7fffff : System RAM\n6f800000-8fffffff : "
           "Reserved\n"
           "  80000000-8fffffff : PCI MMCONFIG 0000 [bus 00-ff]\n90000000-9d7fffff : PCI Bus 0000:00\n"
           "  92000000-92ffffff : PCI Bus 0000:02\n    92000000-92ffffff : 0000:02:00.0\n"
           "9d800000-aaffffff : PCI Bus 0000:17\nab000000-b87fffff : PCI Bus 0000:3a\nb8800000-c5ffffff : PCI Bus "
           "0000:5d\n"
           "fd000000-fe7fffff : Reserved\nfec00000-fec00fff : IOAPIC 0\nfed00000-fed003ff : HPET 0\n"
           "fee00000-feefffff : Local APIC\nff000000-ffffffff : Reserved\n";
}

std::string iomem() {
    std::string text = low_memory();
    const std::uint64_t ram = (kRamBlocks - kHigh / kBlock) * kBlock;   // the blocks below 4 GiB exist, too
    const std::uint64_t per_node = ram / kNodes / kBlock * kBlock;
    for (unsigned node = 0; node < kNodes; ++node) {   // the firmware keeps the end of each node
        const std::uint64_t start = kHigh + node * per_node;
        const std::uint64_t size = node + 1 == kNodes ? kHigh + ram - start : per_node;
        add_line(text, 0, start, size - 64 * kMiB, "System RAM");
        add_line(text, 0, start + size - 64 * kMiB, 64 * kMiB, "Reserved");
    }
    for (unsigned i = 0; i < 8; ++i) {
        add_line(text, 0, kPmem + i * kPmemSize, kPmemSize, "Persistent Memory");
        if (i % 2 == 0) add_line(text, 1, kPmem + i * kPmemSize, kPmemSize, fmt::format("namespace{}.0", i));
    }
    add_line(text, 0, 0xfc000000000ULL << 4, 256 * kGiB, "PCI Bus 0000:5d");
    return text;
}

Model build_host() {
    Snapshot snapshot;
    snapshot.iomem = iomem();
    snapshot.memory_block_size = kBlock;
    snapshot.cmdline = "memhp_default_state=offline";
    snapshot.possible_nodes = "0-15";
    for (std::uint64_t block = 0; block < kRamBlocks; ++block) {
        snapshot.block_nodes[block] = static_cast<int>(block * kNodes / kRamBlocks);
    }
    auto profile = make_profile({.release = "",
                                 .version = Version{6, 12, 95},
                                 .arch = Arch::x86_64,
                                 .page_size = 4096,
                                 .section_size_bits = std::nullopt,
                                 .max_physmem_bits = 52,
                                 .struct_page_size = std::nullopt,
                                 .found = {}});
    if (!profile) throw std::runtime_error(profile.error().message());
    auto model = Model::from_snapshot(snapshot, std::make_shared<const KernelProfile>(*std::move(profile)));
    if (!model) throw std::runtime_error(model.error().message());
    return *std::move(model);
}

const Model& host() {
    static const Model kHost = build_host();
    return kHost;
}

enum class Kind { map, add, offline };

Operation one_block(Kind kind, std::mt19937_64& random) {
    // three quarters where memory is, the rest where there is none
    const std::uint64_t block =
        random() % 4 != 0 ? random() % (kPmem / kBlock + 8 * kPmemSize / kBlock) : kFree / kBlock + random() % 65'536;
    switch (kind) {
        case Kind::map:
            return op::Map{.type = MapType::fsdax,
                           .start = block * kBlock,
                           .size = kBlock,
                           .claim = random() % 2 == 0,
                           .owner = "bench",
                           .altmap = std::nullopt};
        case Kind::add:
            return op::Add{.start = block * kBlock,
                           .size = kBlock,
                           .node = 0,
                           .driver_managed = false,
                           .memmap_on_memory = false,
                           .resource_name = "System RAM"};
        case Kind::offline: break;
    }
    return op::SetState{random() % kRamBlocks, "offline"};
}

std::vector<Operation> operations(const std::vector<Kind>& kinds) {
    std::mt19937_64 random(20190718);
    std::vector<Operation> all;
    for (std::size_t i = 0; i < 8192; ++i) all.push_back(one_block(kinds[i % kinds.size()], random));
    return all;
}

void outcomes(benchmark::State& state, const std::vector<Kind>& kinds) {
    const Model& model = host();
    const auto asked = operations(kinds);
    std::size_t next = 0;
    const std::size_t allocations = g_allocations;
    for (auto _ : state) {
        benchmark::DoNotOptimize(model.outcome(asked[next]));
        next = (next + 1) % asked.size();
    }
    state.SetItemsProcessed(state.iterations());
    state.counters["allocations"] =
        benchmark::Counter(static_cast<double>(g_allocations - allocations), benchmark::Counter::kAvgIterations);
}
BENCHMARK_CAPTURE(outcomes, mixed, std::vector{Kind::map, Kind::add, Kind::offline});
BENCHMARK_CAPTURE(outcomes, map, std::vector{Kind::map});
BENCHMARK_CAPTURE(outcomes, add, std::vector{Kind::add});
BENCHMARK_CAPTURE(outcomes, offline, std::vector{Kind::offline});

void verdicts(benchmark::State& state, const std::vector<Kind>& kinds) {
    const Model& model = host();
    const auto asked = operations(kinds);
    std::size_t next = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(predict(model, asked[next]));
        next = (next + 1) % asked.size();
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(verdicts, mixed, std::vector{Kind::map, Kind::add, Kind::offline});
BENCHMARK_CAPTURE(verdicts, map, std::vector{Kind::map});
BENCHMARK_CAPTURE(verdicts, add, std::vector{Kind::add});
BENCHMARK_CAPTURE(verdicts, offline, std::vector{Kind::offline});

void copy_model(benchmark::State& state) {
    const Model& model = host();
    for (auto _ : state) {
        Model copy = model;
        benchmark::DoNotOptimize(&copy);
    }
}
BENCHMARK(copy_model);

// A copy, and one accepted operation applied to it; bytes is what that took from the allocator.
void what_if(benchmark::State& state, Kind kind) {
    const Model& model = host();
    const std::uint64_t block = kFree / kBlock + 7;
    Operation operation = op::SetState{kRamBlocks / 2, "offline"};
    if (kind == Kind::map) {
        operation = op::Map{.type = MapType::fsdax,
                            .start = block * kBlock,
                            .size = kBlock,
                            .claim = true,
                            .owner = "bench",
                            .altmap = std::nullopt};
    } else if (kind == Kind::add) {
        operation = op::Add{.start = block * kBlock,
                            .size = kBlock,
                            .node = 0,
                            .driver_managed = false,
                            .memmap_on_memory = false,
                            .resource_name = "System RAM"};
    }
    const Outcome accepted = Outcome::accept(model.outcome(operation).rule, Stage::map);
    const std::size_t bytes = g_allocated;
    for (auto _ : state) {
        Model copy = model;
        copy.apply(operation, accepted);
        benchmark::DoNotOptimize(&copy);
    }
    state.counters["bytes"] =
        benchmark::Counter(static_cast<double>(g_allocated - bytes), benchmark::Counter::kAvgIterations);
}
BENCHMARK_CAPTURE(what_if, map, Kind::map)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(what_if, add, Kind::add)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(what_if, offline, Kind::offline)->Unit(benchmark::kMicrosecond);

void build_model(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(build_host());
}
BENCHMARK(build_model)->Unit(benchmark::kMillisecond)->Iterations(3)->Repetitions(1);

}   // namespace
