// SPDX-License-Identifier: GPL-2.0-or-later
//
// A snapshot of 65,536 memory blocks with state, zones and node of each, beside `lsmem -a --sysroot` on the same tree:
// CPU time of both, taken in turn in the same run. The tree is as sysfs has it on a host of two nodes, on tmpfs where
// /dev/shm is one.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "memhot/snapshot.hpp"

namespace {

constexpr unsigned kBlocks = 65536;
constexpr unsigned kHole = 8;   // blocks without memory from number 24 on
constexpr int kRounds = 5;

void require(bool good, const std::string& what) {
    if (good) return;
    std::perror(what.c_str());
    std::exit(1);
}

// A tree that is removed at the end. It takes about 2 GiB.
class Tree {
public:
    explicit Tree(bool node_directories) {
        const bool shm = ::access("/dev/shm", W_OK) == 0;
        root_ = std::string(shm ? "/dev/shm" : "/tmp") + "/memhot-bench-XXXXXX";
        require(::mkdtemp(root_.data()) != nullptr, root_);
        for (const char* part : {"/sys", "/sys/devices", "/sys/devices/system", "/sys/devices/system/memory"})
            make(part);
        write("/sys/devices/system/memory/block_size_bytes", "8000000\n");
        write("/sys/devices/system/memory/auto_online_blocks", "offline\n");
        if (node_directories) {
            for (const char* part :
                 {"/sys/devices/system/node", "/sys/devices/system/node/node0", "/sys/devices/system/node/node1"}) {
                make(part);
            }
            write("/sys/devices/system/node/possible", "0-1\n");
        }
        for (unsigned i = 0; i < kBlocks; ++i)
            add_block(i < 24 ? i : i + kHole, i >= kBlocks / 2 ? 1 : 0, node_directories);
    }
    Tree(const Tree&) = delete;
    Tree& operator=(const Tree&) = delete;
    ~Tree() {
        std::error_code ignored;
        std::filesystem::remove_all(root_, ignored);
    }
    [[nodiscard]] const std::string& root() const { return root_; }

private:
    void make(const std::string& path) { require(::mkdir((root_ + path).c_str(), 0755) == 0, path); }

    void write(const std::string& path, const std::string& text) {
        std::FILE* file = std::fopen((root_ + path).c_str(), "w");
        require(file != nullptr && std::fputs(text.c_str(), file) >= 0 && std::fclose(file) == 0, path);
    }

    void add_block(unsigned number, int node, bool node_directories) {
        const std::string block = "/sys/devices/system/memory/memory" + std::to_string(number);
        make(block);
        const bool movable = number >= kBlocks / 4 * 3;
        const std::array<std::pair<const char*, const char*>, 5> attributes = {{
            {"state", number % 97 == 0 ? "offline\n" : "online\n"},
            {"online", number % 97 == 0 ? "0\n" : "1\n"},
            {"removable", "1\n"},
            {"valid_zones", number % 97 == 0 ? "Normal Movable\n"
                            : movable        ? "Movable\n"
                                             : "Normal\n"},
            {"phys_device", "0\n"},
        }};
        for (const auto& [name, text] : attributes) write(block + "/" + name, text);
        const std::string link = "node" + std::to_string(node);
        require(::symlink(("../../node/" + link).c_str(), (root_ + block + "/" + link).c_str()) == 0, block);
        if (!node_directories) return;
        const std::string name = "memory" + std::to_string(number);
        const std::string back = "/sys/devices/system/node/" + link + "/" + name;
        require(::symlink(("../../memory/" + name).c_str(), (root_ + back).c_str()) == 0, back);
    }

    std::string root_;
};

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
