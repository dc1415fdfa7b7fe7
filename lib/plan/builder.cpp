// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan/builder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>

#include "model/operations.hpp"
#include "model/state.hpp"
#include "nvdimm/from_snapshot.hpp"
#include "plan/carry_out.hpp"
#include "plan/interlocks.hpp"
#include "predict/nd_parts.hpp"

namespace memhot::plan {

namespace {

struct Amounts {
    std::uint64_t memmap;
    std::uint64_t online;
};

Amounts amounts_of(const NdBus& bus) { return {memmap_in_ram(bus), online_memory(bus.model)}; }

Cost cost_between(const Amounts& before, const Amounts& after) {
    const auto more = [](std::uint64_t a, std::uint64_t b) { return a > b ? a - b : 0; };
    return {.memmap = more(after.memmap, before.memmap),
            .memmap_freed = more(before.memmap, after.memmap),
            .memory_gained = more(after.online, before.online),
            .memory_lost = more(before.online, after.online)};
}

// The one block that a write is about: hosts have many, and a plan may write to all of them.
std::optional<std::uint64_t> block_of(const Operation& operation, std::uint64_t block_size) {
    if (const auto* set = std::get_if<op::SetState>(&operation)) return set->block;
    const auto* probe = std::get_if<op::Probe>(&operation);
    if (probe == nullptr || block_size == 0) return std::nullopt;
    return probe->address / block_size;
}

void put_fact(PlanStep& step, Fact::Kind kind, const std::string& name, std::string before, std::string after) {
    step.before.push_back({kind, name, std::move(before)});
    step.after.push_back({kind, name, std::move(after)});
}

void put_block_fact(const Model& before, const Model& after, std::uint64_t number, PlanStep& step) {
    put_fact(step, Fact::Kind::block, fmt::format("memory{}", number), block_words(before, number),
             block_words(after, number));
}

void put_block(const Model& before, const Model& after, std::uint64_t number, PlanStep& step) {
    const auto old = before.block(number);
    const auto now = after.block(number);
    const bool was_online = old && old->online;
    const bool is_online = now && now->online;
    if (old.has_value() == now.has_value() && was_online == is_online) return;
    put_block_fact(before, after, number, step);
    const std::uint64_t size = after.block_size();
    if (is_online && !was_online) step.cost.memory_gained = size;
    if (was_online && !is_online) step.cost.memory_lost = size;
    const KernelProfile& profile = after.profile();
    if (now && !old) step.cost.memmap = size / profile.page_size * profile.struct_page_size;
}

// Blocks that came, went, or changed between online and offline. What else is written about a block (the zones that it
// may have) changes with its neighbours.
void put_blocks(const Model& before, const Model& after, PlanStep& step) {
    std::map<std::uint64_t, std::optional<bool>> was;
    for (const auto& block : before.blocks()) was[block.number] = block.online;
    std::vector<std::uint64_t> changed;
    for (const auto& block : after.blocks()) {
        const auto found = was.find(block.number);
        if (found == was.end() || found->second != block.online) changed.push_back(block.number);
        if (found != was.end()) was.erase(found);
    }
    for (const auto& [number, _] : was) changed.push_back(number);
    for (const auto number : changed) put_block_fact(before, after, number, step);
}

std::set<std::string> names_of_namespaces(const NdBus& before, const NdBus& after) {
    std::set<std::string> out;
    for (const auto* bus : {&before, &after}) {
        for (const auto& region : bus->regions) {
            for (const auto& [_, ns] : region.namespaces) out.insert(name_of(region, ns));
        }
    }
    return out;
}

std::set<std::string> names_of_dax(const NdBus& before, const NdBus& after) {
    std::set<std::string> out;
    for (const auto* bus : {&before, &after}) {
        for (const auto& device : bus->dax) out.insert(device.name());
    }
    return out;
}

using Words = std::string (*)(const NdBus&, std::string_view);
void put_devices(const NdBus& before, const NdBus& after, Fact::Kind kind, const std::set<std::string>& names,
                 Words words, PlanStep& step) {
    for (const auto& name : names) {
        std::string was = words(before, name);
        std::string is = words(after, name);
        if (was != is) put_fact(step, kind, name, std::move(was), std::move(is));
    }
}

// All that a command changes: what it is known by when nobody wrote down whether it was done.
void put_changes(const NdBus& before, const NdBus& after, PlanStep& step) {
    put_devices(before, after, Fact::Kind::nd_namespace, names_of_namespaces(before, after), namespace_words, step);
    put_devices(before, after, Fact::Kind::dax_device, names_of_dax(before, after), dax_words, step);
    put_blocks(before.model, after.model, step);
}

// The last step is a command. It is answered on what the one before it left, and takes with it blocks that others changed:
// kmem gives back all of its memory at once, or gets it, whichever block was written last.
std::vector<std::size_t> needed_by_last(const std::vector<PlanStep>& steps) {
    std::vector<std::size_t> out;
    if (steps.size() < 2) return out;
    std::set<std::string_view> changed;
    for (const auto& fact : steps.back().before) {
        if (fact.kind == Fact::Kind::block) changed.insert(fact.name);
    }
    const auto is_changed = [&](const Fact& fact) {
        return fact.kind == Fact::Kind::block && changed.contains(fact.name);
    };
    const std::size_t before = steps.size() - 2;
    for (std::size_t i = 0; i < before; ++i) {
        if (std::ranges::any_of(steps[i].after, is_changed)) out.push_back(i);
    }
    out.push_back(before);
    return out;
}

// Bytes of blocks whose memmap lies in themselves, although nobody saw them added (a snapshot does not tell it of a block):
// kmem asks for it where the device says so, and that cannot change while it has memory (drivers/dax/bus.c:
// memmap_on_memory_store), nor can the parameter since boot.
std::uint64_t holding_their_own_memmap(const NdBus& bus) {
    const State& state = bus.model.state();
    const std::uint64_t size = bus.model.block_size();
    std::uint64_t bytes = 0;
    for (const auto& device : bus.dax) {
        if (device.driver != DaxDriver::kmem || !device.memmap_on_memory) continue;
        for (const auto& range : device.added) {
            if (!state.has(Feature::memmap_on_memory) || !supports_memmap_on_memory(state, range.size())) continue;
            for_each_block(state, range, [&](std::uint64_t, const Block& block) {
                if (!block.boot && block.vmemmap_pages == 0) bytes += size;
                return true;
            });
        }
    }
    return bytes;
}

}   // namespace

std::uint64_t memmap_in_ram(const NdBus& bus) {
    const KernelProfile& profile = bus.model.profile();
    std::uint64_t bytes = 0;
    for (const auto& mapping : bus.model.mappings()) {
        if (!mapping.altmap) bytes += mapping.range.size();
    }
    const std::uint64_t size = bus.model.block_size();
    bus.model.state().blocks.for_each([&](std::uint64_t, const Block& block) {
        if (!block.boot && block.vmemmap_pages == 0) bytes += size;
    });
    bytes -= holding_their_own_memmap(bus);
    return bytes / profile.page_size * profile.struct_page_size;
}

std::uint64_t online_memory(const Model& model) {
    std::uint64_t bytes = 0;
    for (const auto& block : model.blocks()) bytes += block.online ? model.block_size() : 0;
    return bytes;
}

Builder::Builder(const Snapshot& snapshot, const Wish& wish, NdBus bus, std::vector<std::string> assumptions)
    : snapshot_(&snapshot), wish_(wish), start_(bus), bus_(std::move(bus)), assumptions_(std::move(assumptions)) {
    plan_.wish = wish;
    plan_.host = snapshot.hostname;
    plan_.kernel = bus_.model.profile().name;
    rely(Fact::Kind::host, "hostname");
    rely(Fact::Kind::kernel, "uname");
    if (block_size() != 0) rely(Fact::Kind::attribute, "memory_block_size");
}

Result<Builder> Builder::open(const Snapshot& snapshot, const Wish& wish) {
    auto reading = read_bus(snapshot);
    if (!reading) return std::move(reading).error();
    return Builder(snapshot, wish, std::move(reading->bus), std::move(reading->assumptions));
}

PlanStep& Builder::add(Action action, Phrase phrase, Verdict verdict) {
    const auto kind = verdict.outcome.kind;
    if (kind == Outcome::Kind::refused || kind == Outcome::Kind::crash) {
        refuse(verdict.outcome.rule, fmt::format("{} {}: {}", phrase.verb, phrase.rest, verdict.summary));
    }
    PlanStep step;
    step.action = std::move(action);
    step.would = fmt::format("would {} {}", phrase.verb, phrase.rest);
    step.did = fmt::format("{} {}", phrase.past, phrase.rest);
    step.verdict = std::move(verdict);
    plan_.steps.push_back(std::move(step));
    return plan_.steps.back();
}

bool Builder::ended() const {
    return plan_.steps.size() > limits_.steps || (limits_.stop != nullptr && limits_.stop->load());
}

PlanStep& Builder::write(WriteAction action, const Operation& operation, Phrase phrase) {
    if (ended()) return nothing();
    Verdict verdict = predict(bus_.model, operation);
    const Model old = bus_.model;
    bus_.model.apply(operation, taken(verdict.outcome));
    PlanStep& step = add(std::move(action), std::move(phrase), std::move(verdict));
    if (const auto number = block_of(operation, block_size())) put_block(old, bus_.model, *number, step);
    return step;
}

PlanStep& Builder::nothing() {
    nothing_ = {};
    return nothing_;
}

PlanStep& Builder::command(CommandLine command, Phrase phrase) {
    const CommandLine asked = command;
    return ask_bus(asked, std::move(command), std::move(phrase));
}

PlanStep& Builder::device_write(WriteAction action, Phrase phrase) {
    const CommandLine asked{"write", action.path, {action.text}};
    return ask_bus(asked, std::move(action), std::move(phrase));
}

PlanStep& Builder::ask_bus(const CommandLine& asked, Action action, Phrase phrase) {
    if (blocked_ || ended()) return nothing();
    const Amounts before = amounts_of(bus_);
    const NdBus old = bus_;
    bus_.unmapped.clear();   // a crash leaves the bus as it is
    Verdict verdict = predict_and_run(bus_, asked);
    verdict.assumptions.insert(verdict.assumptions.begin(), assumptions_.begin(), assumptions_.end());
    blocked_ = verdict.outcome.kind == Outcome::Kind::refused || verdict.outcome.kind == Outcome::Kind::crash;
    PlanStep& step = add(std::move(action), std::move(phrase), std::move(verdict));
    put_changes(old, bus_, step);
    guard_shared_sections(*this, bus_.unmapped);
    step.depends_on = needed_by_last(plan_.steps);
    step.cost = cost_between(before, amounts_of(bus_));
    return step;
}

void Builder::take(const Action& action) {
    bus_.unmapped.clear();
    std::ignore = carry_out(bus_, action);
    guard_shared_sections(*this, bus_.unmapped);
}

PlanStep& Builder::save(SaveAction::What what, const std::string& device) {
    if (blocked_) return nothing();
    Verdict verdict;
    verdict.kernel = bus_.model.profile().name;
    verdict.outcome = Outcome::accept(RuleId::plan_accepted);
    verdict.summary = "accepted";
    const char* thing = what == SaveAction::What::labels ? "labels" : "first 8 KiB (info block)";
    verdict.operation = fmt::format("save the {} of {}", thing, device);
    PlanStep& step = add(SaveAction{what, device}, {"save", "saved", fmt::format("the {} of {}", thing, device)},
                         std::move(verdict));
    step.no_undo = "nothing on the host changes";
    if (plan_.steps.size() > 1) step.depends_on = {plan_.steps.size() - 2};
    return step;
}

void Builder::refuse(RuleId rule, std::string text) { plan_.refusals.push_back({rule, std::move(text)}); }

void Builder::note(std::string text) { plan_.notes.push_back(std::move(text)); }

void Builder::rely(Fact::Kind kind, const std::string& name) {
    if (ended() || !relied_on_.emplace(kind, name).second) return;
    // The words are filled in at the end, all with one reader.
    plan_.facts.push_back({kind, name, {}});
}

void Builder::rely_on_block(std::uint64_t number) {
    rely(Fact::Kind::block, fmt::format("memory{}", number));
    const std::uint64_t start = number * block_size();
    rely(Fact::Kind::iomem, to_string(Range{start, start + block_size() - 1}));
}

void Builder::rely_on_range(const Range& range) {
    rely(Fact::Kind::iomem, to_string(range));
    const std::uint64_t size = bus_.model.profile().section_size();
    // A range of many sections is held by its lines; the sections at its ends may be shared with others.
    rely(Fact::Kind::section, fmt::format("section{}", range.start / size));
    rely(Fact::Kind::section, fmt::format("section{}", range.last / size));
}

Fact Builder::identity_of(const std::string& name) const {
    return {Fact::Kind::identity, name, FactReader(*snapshot_, start_).value(Fact::Kind::identity, name)};
}

Plan Builder::finish() && {
    guard_losses(plan_, start_);
    const FactReader reader(*snapshot_, start_);
    for (auto& fact : plan_.facts) fact.value = reader.value(fact.kind, fact.name);
    return std::move(plan_);
}

}   // namespace memhot::plan
