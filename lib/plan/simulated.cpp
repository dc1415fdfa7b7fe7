// SPDX-License-Identifier: LGPL-2.1-or-later
#include "memhot/simulated.hpp"

#include <algorithm>
#include <optional>

#include "nvdimm/from_snapshot.hpp"
#include "plan/facts.hpp"
#include "predict/nd_parts.hpp"

namespace memhot {

struct SimulatedHost::State {
    Snapshot snapshot;
    NdBus bus;
};

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
    if (!path.starts_with("memory") || !path.ends_with("/state")) return std::nullopt;
    const auto number = parse_number(path.substr(6, path.size() - 12));
    return number ? std::optional<Operation>(op::SetState{*number, write.text}) : std::nullopt;
}

Verdict write(Snapshot& snapshot, NdBus& bus, const WriteAction& action) {
    const auto operation = operation_of(action);
    if (!operation) return predict_and_run(bus, {"write", action.path, {action.text}});
    Verdict verdict = predict(bus.model, *operation);
    if (verdict.outcome.kind == Outcome::Kind::uncertain) verdict.outcome = Outcome::accept(verdict.outcome.rule);
    bus.model.apply(*operation, verdict.outcome);
    const auto* policy = std::get_if<op::SetAutoOnline>(&*operation);
    if (policy != nullptr && verdict.outcome.accepted()) snapshot.auto_online_blocks = action.text;
    return verdict;
}

std::vector<BlockRecord> blocks_of(const Model& model) {
    std::vector<BlockRecord> out;
    for (const auto& block : model.blocks()) {
        BlockRecord record;
        record.number = block.number;
        record.state = block.online ? "online" : "offline";
        record.valid_zones = block.valid_zones;
        record.removable = true;   // a constant since Linux 5.7
        record.node = block.node;
        out.push_back(std::move(record));
    }
    return out;
}

// What the model does not count (managed pages, watermarks) moves as the present pages do.
std::vector<ZoneRecord> zones_of(const Model& model, const std::vector<ZoneRecord>& before) {
    std::vector<ZoneRecord> out;
    for (const auto& zone : model.zones()) {
        ZoneRecord record;
        for (const auto& old : before) {
            if (old.node == zone.node && old.name == zone.name) record = old;
        }
        const std::uint64_t was = record.present;
        record.node = zone.node;
        record.name = zone.name;
        record.start_pfn = zone.start_pfn;
        record.spanned = zone.spanned_pages;
        record.present = zone.present_pages;
        record.managed = zone.present_pages >= was
                             ? record.managed + (zone.present_pages - was)
                             : record.managed - std::min(record.managed, was - zone.present_pages);
        out.push_back(std::move(record));
    }
    return out;
}

}   // namespace

SimulatedHost::SimulatedHost(std::unique_ptr<State> state) : state_(std::move(state)) {}
SimulatedHost::SimulatedHost(SimulatedHost&&) noexcept = default;
SimulatedHost& SimulatedHost::operator=(SimulatedHost&&) noexcept = default;
SimulatedHost::~SimulatedHost() = default;

Result<SimulatedHost> SimulatedHost::from_snapshot(const Snapshot& snapshot) {
    auto reading = read_bus(snapshot);
    if (!reading) return std::move(reading).error();
    return SimulatedHost(std::make_unique<State>(State{snapshot, std::move(reading->bus)}));
}

Verdict SimulatedHost::carry_out(const Action& action) {
    if (const auto* one = std::get_if<WriteAction>(&action)) return write(state_->snapshot, state_->bus, *one);
    if (const auto* one = std::get_if<CommandLine>(&action)) {
        Verdict verdict = predict_and_run(state_->bus, *one);
        if (verdict.outcome.kind == Outcome::Kind::uncertain) verdict.outcome = Outcome::accept(verdict.outcome.rule);
        return verdict;
    }
    Verdict verdict;
    verdict.outcome = Outcome::accept(RuleId::plan_accepted);
    return verdict;
}

std::string SimulatedHost::value(Fact::Kind kind, const std::string& name) const {
    return plan::FactReader(state_->snapshot, state_->bus).value(kind, name);
}

Snapshot SimulatedHost::snapshot() const {
    Snapshot out = state_->snapshot;
    const Model& model = state_->bus.model;
    out.iomem = model.resources().print();
    if (out.memory_block_size) out.blocks = blocks_of(model);
    if (!out.zones.empty()) out.zones = zones_of(model, out.zones);
    return out;
}

}   // namespace memhot
