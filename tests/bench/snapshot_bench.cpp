// SPDX-License-Identifier: GPL-2.0-or-later
//
// A snapshot of 65,536 memory blocks with state, zones and node of each, beside `lsmem -a --sysroot` on the same tree:
// CPU time of both, taken in turn in the same run.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <functional>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "bench/tree.hpp"
#include "memhot/snapshot.hpp"

namespace {

using memhot::bench::kBlocks;
using memhot::bench::require;
using memhot::bench::Tree;

constexpr int kRounds = 5;

// CPU seconds of run() in a process of its own, children's included.
double cpu_seconds(const std::function<void()>& run) {
    const pid_t child = ::fork();
    require(child >= 0, "fork");
    if (child == 0) {
        run();
        ::_exit(0);
    }
    int status = 0;
    rusage usage{};
    require(::wait4(child, &status, 0, &usage) == child, "wait4");
    if (status != 0) {
        std::fprintf(stderr, "a measured process failed with status %d\n", status);
        std::exit(1);
    }
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

void snapshot_beside_lsmem(benchmark::State& state) {
    if (std::system("lsmem --version >/dev/null 2>&1") != 0) {
        state.SkipWithError("lsmem is not installed");
        return;
    }
    const Tree tree(state.range(0) != 0);
    const memhot::ReadOptions options{.removable = state.range(1) != 0};
    std::vector<double> ours;
    std::vector<double> theirs;
    for (auto _ : state) {
        for (int i = 0; i < kRounds; ++i) {
            ours.push_back(cpu_seconds([&] {
                const auto snapshot = memhot::read_host(tree.root(), options);
                const bool whole = snapshot && snapshot->blocks && snapshot->blocks->size() == kBlocks &&
                                   snapshot->blocks->back().node == 1 && !snapshot->blocks->back().valid_zones.empty();
                if (!whole)
                    std::fprintf(stderr, "%s\n", snapshot ? "blocks are missing" : snapshot.error().message().c_str());
                ::_exit(whole ? 0 : 1);
            }));
            theirs.push_back(cpu_seconds([&] {
                const int null = ::open("/dev/null", O_WRONLY);
                ::dup2(null, 1);
                ::execlp("lsmem", "lsmem", "-a", "--sysroot", tree.root().c_str(), nullptr);
                ::_exit(127);
            }));
        }
    }
    state.counters["snapshot_cpu_s"] = median(ours);
    state.counters["lsmem_cpu_s"] = median(theirs);
    state.counters["ratio"] = median(ours) / median(theirs);
}
BENCHMARK(snapshot_beside_lsmem)
    ->ArgNames({"node_directories", "removable"})
    ->ArgsProduct({{1, 0}, {0, 1}})
    ->Iterations(1)
    ->Repetitions(1)   // a median of kRounds already
    ->Unit(benchmark::kSecond);

}   // namespace
