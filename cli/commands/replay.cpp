// SPDX-License-Identifier: GPL-2.0-or-later
//
// replay: recordings of real kernels against the model.
#include "memhot/replay.hpp"

#include <fmt/format.h>

#include "context.hpp"
#include "output/table.hpp"
#include "output/text.hpp"

namespace memhotctl {

using memhot::ReplayReport;
using memhot::Result;

namespace {

constexpr std::size_t kShownDisagreements = 5;

std::string of(std::uint64_t part, std::uint64_t all) { return fmt::format("{}/{}", part, all); }

void add_row(Table& table, const std::string& name, const ReplayReport& report) {
    table.add({name, report.kernel, of(report.agreed, report.operations), std::to_string(report.uncertain),
               of(report.observations_agreed, report.observations), of(report.messages_agreed, report.messages)});
}

ReplayReport total_of(const std::vector<ReplayReport>& reports) {
    ReplayReport total;
    for (const auto& report : reports) {
        total.operations += report.operations;
        total.agreed += report.agreed;
        total.uncertain += report.uncertain;
        total.observations += report.observations;
        total.observations_agreed += report.observations_agreed;
        total.messages += report.messages;
        total.messages_agreed += report.messages_agreed;
    }
    return total;
}

std::string disagreements(const std::vector<ReplayReport>& reports, bool everything) {
    std::string out;
    std::size_t seen = 0;
    for (const auto& report : reports) {
        for (const auto& one : report.disagreements) {
            if (++seen > kShownDisagreements && !everything) continue;
            out += fmt::format("\n{}: step {}, {}: {}\n  predicted {}\n  recorded  {}\n", printable(report.file),
                               one.step, one.op, printable(one.why), printable(one.predicted), printable(one.recorded));
        }
    }
    if (seen > kShownDisagreements && !everything) {
        out +=
            fmt::format("\n... {} (--verbose or --json)\n", counted(seen - kShownDisagreements, "more disagreement"));
    }
    return out;
}

std::string text_of(const Context& context, const std::vector<ReplayReport>& reports) {
    Table table(
        {{"FILE"}, {"KERNEL"}, {"OPERATIONS", true}, {"UNCERTAIN", true}, {"OBSERVATIONS", true}, {"MESSAGES", true}});
    std::size_t replayed = 0;
    for (const auto& report : reports) {
        if (report.error) continue;
        add_row(table, printable(report.file), report);
        ++replayed;
    }
    if (replayed > 1 && context.legend()) add_row(table, "total", total_of(reports));
    return table.text(context.terminal(), context.legend()) + disagreements(reports, context.verbose());
}

Result<int> run(Context& context) {
    std::vector<ReplayReport> reports;
    for (const auto& file : context.arguments().operands) reports.push_back(memhot::replay_file(file));
    for (const auto& report : reports) {
        // The library's error may begin with the path already.
        if (report.error) {
            const bool named = report.error->find(report.file) != std::string::npos;
            context.note("replay: " + (named ? "" : report.file + ": ") + *report.error);
        }
    }
    context.print(context.json() ? to_json(reports) : text_of(context, reports));
    return exit_status(reports);
}

}   // namespace

const Command kReplay{.name = "replay",
                      .operands = "FILE...",
                      .least = 1,
                      .most = kAny,
                      .summary = "replay recordings of real kernels (.json, .json.xz) against the model",
                      .options = {},
                      .notes = "",
                      .foreign = {},
                      .run = run};

}   // namespace memhotctl
