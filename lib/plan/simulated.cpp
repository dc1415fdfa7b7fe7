// SPDX-License-Identifier: LGPL-2.1-or-later
#include "memhot/simulated.hpp"

#include <algorithm>
#include <optional>

#include "nvdimm/from_snapshot.hpp"
#include "nvdimm/to_snapshot.hpp"
#include "plan/carry_out.hpp"
#include "plan/facts.hpp"

namespace memhot {

struct SimulatedHost::State {
    Snapshot snapshot;
    NdBus bus;
};

namespace {

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

// A parameter of memory_hotplug that the host has and that takes the text (mm/memory_hotplug.c, set_online_policy() and
// param_set_uint()); absent: none of these.
std::optional<std::string> parameter_written(const Snapshot& snapshot, const Action& action) {
    const auto* write = std::get_if<WriteAction>(&action);
    constexpr std::string_view kParameters = "/sys/module/memory_hotplug/parameters/";
    if (write == nullptr || !write->path.starts_with(kParameters)) return std::nullopt;
    auto name = write->path.substr(kParameters.size());
    if (!snapshot.parameters.contains(name)) return std::nullopt;
    const std::string& text = write->text;
    const bool number = !text.empty() && text.size() < 10 && text.find_first_not_of("0123456789") == std::string::npos;
    const bool policy = text == "contig-zones" || text == "auto-movable";
    const bool good = (name == "online_policy" && policy) || (name == "auto_movable_ratio" && number);
    return good ? std::optional(std::move(name)) : std::nullopt;
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
    if (const auto name = parameter_written(state_->snapshot, action)) {
        auto now = snapshot();
        now.parameters[*name] = std::get<WriteAction>(action).text;
        auto reading = read_bus(now);
        Verdict verdict;
        verdict.outcome = Outcome::accept(RuleId::plan_accepted);
        if (reading) *state_ = State{std::move(now), std::move(reading->bus)};
        return verdict;
    }
    Verdict verdict = plan::carry_out(state_->bus, action);
    const auto* write = std::get_if<WriteAction>(&action);
    if (write != nullptr && write->path.ends_with("/auto_online_blocks") && verdict.outcome.accepted())
        state_->snapshot.auto_online_blocks = write->text;
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
    if (out.nvdimm) show_devices(state_->bus, *out.nvdimm);
    return out;
}

}   // namespace memhot
