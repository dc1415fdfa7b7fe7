// SPDX-License-Identifier: LGPL-2.1-or-later
#include "memhot/replay.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "replay/compare.hpp"
#include "replay/message_log.hpp"
#include "replay/session.hpp"
#include "replay/transcript.hpp"
#include "replay/xz.hpp"

namespace memhot {

namespace {

constexpr std::size_t kLargest = 256 * kMiB;

// Walks one transcript: predict, compare, adopt what the kernel did, go on.
class Replay {
public:
    Replay(Model model, ReplayReport& report) : model_(std::move(model)), report_(report) {}

    void run(const std::vector<Step>& steps) {
        for (const auto& step : steps) {
            std::visit([this](const auto& one) { take(one); }, step);
            ++index_;
        }
    }

private:
    void take(const OperationStep& step) {
        const Outcome predicted = model_.outcome(step.operation);
        const std::string why = disagreement(step.operation, predicted, step.answer);
        ++report_.operations;
        if (why.empty()) {
            ++report_.agreed;
            if (predicted.kind == Outcome::Kind::uncertain) ++report_.uncertain;
            report_.rules.set(static_cast<std::size_t>(predicted.rule));
        } else {
            report_.disagreements.push_back(
                {index_, std::string(name_of(step.operation)), outcome_json(predicted), answer_json(step.answer), why});
        }
        const Outcome adopted = adopt(predicted, step.answer, why.empty());
        take_messages(step, adopted);
        model_.apply(step.operation, adopted, step.answer.handle);
    }

    void take(const ObserveStep& step) { observed("observe", compare_host(model_, step.iomem, step.sections)); }
    void take(const ObserveBlocksStep& step) { observed("observe_blocks", compare_blocks(model_, step.blocks)); }

    void observed(const char* name, std::vector<Difference> differences) {
        ++report_.observations;
        if (differences.empty()) ++report_.observations_agreed;
        for (auto& difference : differences) {
            report_.disagreements.push_back({index_, name, std::move(difference.predicted),
                                             std::move(difference.recorded), std::move(difference.why)});
        }
    }

    void take_messages(const OperationStep& step, const Outcome& answer) {
        const auto expected = model_.messages(step.operation, answer);
        log_.take(expected, step.messages);
        model_.said(expected);
    }

    Model model_;
    ReplayReport& report_;
    MessageLog log_{report_};
    std::size_t index_ = 0;
};

bool is_session(std::string_view text) {
    // the format comes first in both kinds; the reader of that kind says what is wrong with the rest
    return text.substr(0, 4096).find("memhot-ndctl-session/") != std::string_view::npos;
}

Status replay(std::string_view text, ReplayReport& report) {
    if (is_session(text)) {
        auto session = parse_session(text);
        if (!session) return std::move(session).error();
        return replay_session(*session, report);
    }
    auto transcript = parse_transcript(text);
    if (!transcript) return std::move(transcript).error();
    auto model = Model::from_snapshot(transcript->start);
    if (!model) return std::move(model).error();
    report.id = transcript->id;
    report.kernel = transcript->start.release;
    report.arch = transcript->start.arch;
    Replay(*std::move(model), report).run(transcript->steps);
    return Done{};
}

}   // namespace

ReplayReport replay_text(std::string_view text, std::string name) {
    ReplayReport report;
    report.file = std::move(name);
    if (auto done = replay(text, report); !done) {
        const std::string file = report.file;
        report = ReplayReport{};
        report.file = file;
        report.error = done.error().message();
    }
    return report;
}

ReplayReport replay_file(const std::string& path) {
    auto text = read_file_or_xz(path, kLargest);
    if (text) return replay_text(*text, path);
    ReplayReport report;
    report.file = path;
    report.error = text.error().message();
    return report;
}

int exit_status(const std::vector<ReplayReport>& reports) {
    const auto failed = [](const ReplayReport& report) { return report.error.has_value(); };
    const auto differs = [](const ReplayReport& report) { return !report.disagreements.empty(); };
    if (std::ranges::any_of(reports, failed)) return 2;
    return std::ranges::any_of(reports, differs) ? 1 : 0;
}

}   // namespace memhot
