// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan/carry_out.hpp"

#include <optional>

#include "plan/blocks.hpp"
#include "predict/nd_parts.hpp"

namespace memhot::plan {

namespace {

constexpr std::string_view kMemory = "/sys/devices/system/memory/";

// What a write to a file of the memory blocks asks; nothing for the files of the other buses.
std::optional<Operation> operation_of(const WriteAction& write) {
    std::string_view path = write.path;
    if (!path.starts_with(kMemory)) return std::nullopt;
    path.remove_prefix(kMemory.size());
    if (path == "auto_online_blocks") return op::SetAutoOnline{write.text};
    if (path == "probe") {
        const auto address = parse_hex(write.text);
        return address ? std::optional<Operation>(op::Probe{*address}) : std::nullopt;
    }
    const auto number = block_written(write);
    return number ? std::optional<Operation>(op::SetState{*number, write.text}) : std::nullopt;
}

Verdict write(NdBus& bus, const WriteAction& action) {
    const auto operation = operation_of(action);
    if (!operation) return predict_and_run(bus, {"write", action.path, {action.text}});
    Verdict verdict = predict(bus.model, *operation);
    bus.model.apply(*operation, taken(verdict.outcome));
    return verdict;
}

}   // namespace

Outcome taken(Outcome outcome) {
    return outcome.kind == Outcome::Kind::uncertain ? Outcome::accept(outcome.rule) : outcome;
}

Verdict carry_out(NdBus& bus, const Action& action) {
    if (const auto* one = std::get_if<WriteAction>(&action)) return write(bus, *one);
    if (const auto* one = std::get_if<CommandLine>(&action)) return predict_and_run(bus, *one);
    Verdict verdict;
    verdict.outcome = Outcome::accept(RuleId::plan_accepted);
    return verdict;
}

}   // namespace memhot::plan
