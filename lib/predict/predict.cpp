// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fmt/format.h>

#include "predict/explain.hpp"

namespace memhot {

namespace {

std::string summarise(const Outcome& outcome) {
    const std::string stage = outcome.stage == Stage::none ? "" : fmt::format(" at stage {}", to_string(outcome.stage));
    switch (outcome.kind) {
        case Outcome::Kind::accepted: return "accepted";
        case Outcome::Kind::crash: return "the kernel crashes";
        case Outcome::Kind::uncertain:
            return fmt::format("accepted, or refused with {} ({})", errno_name(outcome.error),
                               errno_text(outcome.error));
        case Outcome::Kind::refused: break;
    }
    return fmt::format("refused with {} ({}){}", errno_name(outcome.error), errno_text(outcome.error), stage);
}

std::vector<std::string> texts(const std::vector<KernelMessage>& messages) {
    std::vector<std::string> out;
    out.reserve(messages.size());
    for (const auto& message : messages) out.push_back(message.text);
    return out;
}

}   // namespace

Verdict predict(const Model& model, const Operation& operation) {
    const State& state = model.state();
    const Outcome outcome = model.outcome(operation);
    Verdict verdict;
    verdict.operation = describe(operation);
    verdict.kernel = state.profile->name;
    verdict.outcome = outcome;
    verdict.summary = summarise(outcome);
    verdict.operands = operands_for(state, operation, outcome);
    verdict.evidence = evidence_for(state, operation, outcome);
    verdict.messages = texts(model.messages(operation, outcome));
    verdict.hazards = hazards_for(state, operation, outcome);
    verdict.assumptions = assumptions_for(state, operation, outcome);
    verdict.nearest = nearest_accepted(state, operation, outcome);
    verdict.remedy = rule(outcome.rule).remedy;
    return verdict;
}

int exit_status(const Verdict& verdict) {
    if (verdict.dangerous()) return 9;
    switch (verdict.outcome.kind) {
        case Outcome::Kind::refused: return 1;
        case Outcome::Kind::uncertain: return 8;
        default: return 0;
    }
}

}   // namespace memhot
