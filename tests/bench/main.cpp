// SPDX-License-Identifier: GPL-2.0-or-later
//
// Runs the benchmarks, three times each unless told otherwise, and ends with the project's budgets: what was measured,
// the bar, and whether it is met. None is a test: the exit status is 0 whatever the figures are.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace {

enum class Side { at_least, at_most };

struct Budget {
    std::string_view what;
    std::string_view benchmark;   // how its name begins
    std::string_view counter;   // empty: seconds of CPU time an iteration
    Side side;
    double bar;
    double unit;   // what the figures are printed in
    std::string_view unit_name;
};

constexpr std::array kBudgets{
    Budget{"outcomes on a warm model of a 64 TiB host", "outcomes/mixed", "items_per_second", Side::at_least, 5e6, 1e6,
           "million/s"},
    Budget{"explained verdicts on it", "verdicts/mixed", "items_per_second", Side::at_least, 1e5, 1e3, "thousand/s"},
    // removable is no part of the budget: it is one file more of each block
    Budget{"snapshot of 65,536 blocks / lsmem -a --sysroot", "snapshot_beside_lsmem/node_directories:1/removable:0",
           "ratio", Side::at_most, 0.5, 1, "of its CPU time"},
    Budget{"the same, without directories of nodes", "snapshot_beside_lsmem/node_directories:0/removable:0", "ratio",
           Side::at_most, 0.5, 1, "of its CPU time"},
    Budget{"a copy of that model with one change (map)", "what_if/map", "", Side::at_most, 1e-3, 1e-6, "us"},
    Budget{"the same (add)", "what_if/add", "", Side::at_most, 1e-3, 1e-6, "us"},
    Budget{"the same (offline)", "what_if/offline", "", Side::at_most, 1e-3, 1e-6, "us"},
    Budget{"a plan of 65,536 blocks, made", "plan/make/65536", "", Side::at_most, 1, 1, "s"},
    Budget{"memhotd at rest: RssAnon but 32 bytes a block", "daemon_at_rest", "rss_beyond_blocks", Side::at_most,
           3 << 20, 1 << 20, "MiB"},
    Budget{"its wake-ups in ten seconds", "daemon_at_rest", "wake_ups", Side::at_most, 0, 1, ""},
    Budget{"Check over D-Bus, of the daemon's CPU time", "daemon_check/open:16/", "per_cpu_second", Side::at_least, 1e4,
           1e3, "thousand/s"},
    Budget{"the same, of the clock, bus and caller included", "daemon_check/open:16/", "items_per_second",
           Side::at_least, 1e4, 1e3, "thousand/s"},
    Budget{"the same, one after the other", "daemon_check/open:1/", "items_per_second", Side::at_least, 1e4, 1e3,
           "thousand/s"},
    Budget{"growth of RssAnon meanwhile", "daemon_check/open:16/", "growth_kb", Side::at_most, 256, 1, "KiB"},
    Budget{"524,288 blocks from the cache (ListBlocks)", "daemon_list/dump:0", "", Side::at_most, 0.05, 1e-3, "ms"},
    Budget{"the same as text (DumpBlocks)", "daemon_list/dump:1", "", Side::at_most, 0.05, 1e-3, "ms"},
};

using Run = benchmark::BenchmarkReporter::Run;

double figure_of(const Budget& budget, const Run& run) {
    if (!budget.counter.empty()) return run.counters.at(std::string(budget.counter));
    // Where another process works, the clock counts.
    const bool clock = run.run_name.str().find("real_time") != std::string::npos;
    return (clock ? run.GetAdjustedRealTime() : run.GetAdjustedCPUTime()) /
           benchmark::GetTimeUnitMultiplier(run.time_unit);
}

// Prints as usual, and keeps the medians; of what ran once, that.
class Budgets : public benchmark::ConsoleReporter {
public:
    void ReportRuns(const std::vector<Run>& runs) override {
        for (const auto& run : runs) {
            if (run.error_occurred || (run.run_type == Run::RT_Aggregate && run.aggregate_name != "median")) continue;
            kept_[run.run_name.str()] = run;   // a median comes behind the runs it is made of
        }
        ConsoleReporter::ReportRuns(runs);
    }
    void print() const {
        fmt::print("\n{:50}{:>10}  {:28}{:5}{}\n", "budget", "measured", "bar", "met", "benchmark");
        for (const auto& budget : kBudgets) {
            for (const auto& [name, run] : kept_)
                if (name.starts_with(budget.benchmark)) print(budget, name, run);
        }
    }

private:
    static void print(const Budget& budget, const std::string& name, const Run& run) {
        const double figure = figure_of(budget, run);
        const bool met = budget.side == Side::at_least ? figure >= budget.bar : figure <= budget.bar;
        const auto bar = fmt::format(
            "{} {:g} {}", budget.side == Side::at_least ? ">=" : "<=", budget.bar / budget.unit, budget.unit_name);
        fmt::print("{:50}{:>10.3g}  {:28}{:5}{}\n", budget.what, figure / budget.unit, bar, met ? "yes" : "no", name);
    }

    std::map<std::string, Run> kept_;
};

}   // namespace

int main(int argc, char** argv) {
    std::vector<char*> arguments{argv, argv + argc};
    std::string repetitions = "--benchmark_repetitions=3";
    std::string aggregates = "--benchmark_report_aggregates_only=true";
    // in front: what the caller says wins
    if (argc > 0) arguments.insert(arguments.begin() + 1, {repetitions.data(), aggregates.data()});
    int count = static_cast<int>(arguments.size());
    benchmark::Initialize(&count, arguments.data());
    if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;
    Budgets reporter;
    benchmark::RunSpecifiedBenchmarks(&reporter);
    reporter.print();
    return 0;
}
