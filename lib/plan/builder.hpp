// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A plan in the making: each step is asked of the mirrored host as the steps before it left it. lib/plan may depend on
// predict/, nvdimm/, model/, snapshot/ and below; nothing below depends on it.
#pragma once

#include <limits>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "memhot/plan.hpp"
#include "nvdimm/bus.hpp"
#include "plan/facts.hpp"

namespace memhot::plan {

// How a step is told: "would" + verb, "did", and what both have in common.
struct Phrase {
    std::string verb;   // "online"
    std::string past;   // "onlined"
    std::string rest;   // "memory40 ... in zone Movable"
};

class Builder {
public:
    static Result<Builder> open(const Snapshot& snapshot, const Wish& wish);

    void set_limits(const PlanLimits& limits) { limits_ = limits; }
    // Whether nothing more is planned, for a limit was met.
    [[nodiscard]] bool ended() const;
    [[nodiscard]] const Wish& wish() const { return wish_; }
    [[nodiscard]] const Snapshot& snapshot() const { return *snapshot_; }
    // As the steps so far leave it.
    [[nodiscard]] const NdBus& bus() const { return bus_; }
    [[nodiscard]] const Model& model() const { return bus_.model; }
    // Before the first step.
    [[nodiscard]] const NdBus& start() const { return start_; }
    [[nodiscard]] std::uint64_t block_size() const { return bus_.model.block_size(); }

    // A write that the model answers as the operation. What may be accepted is taken as accepted.
    PlanStep& write(WriteAction action, const Operation& operation, Phrase phrase);
    // A command of ndctl or daxctl. Behind one that is refused nothing is planned: what it would meet is not known.
    PlanStep& command(CommandLine command, Phrase phrase);
    // The same of a write to a file of the nvdimm and dax buses.
    PlanStep& device_write(WriteAction action, Phrase phrase);
    // A step of another plan: only what it leaves is wanted.
    void take(const Action& action);
    // Changes nothing on the host.
    PlanStep& save(SaveAction::What what, const std::string& device);

    void refuse(RuleId rule, std::string text);
    void note(std::string text);
    // The plan holds as long as this is as it was in the snapshot.
    void rely(Fact::Kind kind, const std::string& name);
    void rely_on_block(std::uint64_t number);
    void rely_on_range(const Range& range);   // its lines and sections

    // Which namespace it is that has this name before the plan.
    [[nodiscard]] Fact identity_of(const std::string& name) const;

    [[nodiscard]] std::size_t steps() const { return plan_.steps.size(); }
    Plan finish() &&;

private:
    Builder(const Snapshot& snapshot, const Wish& wish, NdBus bus, std::vector<std::string> assumptions);
    [[nodiscard]] PlanStep& nothing();
    PlanStep& add(Action action, Phrase phrase, Verdict verdict);
    PlanStep& ask_bus(const CommandLine& asked, Action action, Phrase phrase);

    const Snapshot* snapshot_;
    Wish wish_;
    NdBus start_;
    NdBus bus_;
    std::vector<std::string> assumptions_;   // of reading the bus
    PlanLimits limits_{std::numeric_limits<std::size_t>::max(), nullptr};
    bool blocked_ = false;   // a command was refused
    PlanStep nothing_;   // what is planned behind it
    Plan plan_;
    std::set<std::pair<Fact::Kind, std::string>> relied_on_;   // what stands in plan_.facts
};

// RAM that struct pages of hot-added memory and device mappings take.
std::uint64_t memmap_in_ram(const NdBus& bus);
// Bytes of online memory.
std::uint64_t online_memory(const Model& model);

}   // namespace memhot::plan
