// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fmt/format.h>

#include "model/operations.hpp"
#include "model/shared_memmap.hpp"
#include "predict/explain.hpp"

namespace memhot {

namespace {

Hazard hazard(RuleId id, std::string text) { return {id, std::move(text), std::string(rule(id).releases)}; }

bool failed_after_insertion(const Outcome& outcome) {
    switch (outcome.rule) {
        case RuleId::map_subsection_active:
        case RuleId::map_altmap_exhausted:
        case RuleId::map_altmap_invalid:
        case RuleId::map_misaligned:
        case RuleId::map_beyond_pluggable:
        case RuleId::map_beyond_linear_map:
        case RuleId::map_beyond_physmem: return true;
        default: return false;
    }
}

void lookups_erased(const State& state, const Range& range, const Outcome& outcome, std::vector<Hazard>& out) {
    if (!failed_after_insertion(outcome) || !state.pgmaps->any_lookup_in(state.pfns(range))) return;
    std::string owners;
    for (const auto& mapping : state.pgmaps->live()) {
        if (!range.overlaps(mapping.range)) continue;
        owners += fmt::format("{}{} at {}", owners.empty() ? "" : ", ", mapping.owner, to_string(mapping.range));
    }
    out.push_back(hazard(RuleId::lookups_erased, fmt::format("the failure erases the page lookups of {}", owners)));
}

void pieces_leaked(const Range& range, const Outcome& outcome, std::vector<Hazard>& out) {
    const bool in_pieces = outcome.rule == RuleId::map_subsection_active ||
                           outcome.rule == RuleId::map_altmap_exhausted ||
                           outcome.rule == RuleId::add_subsection_active;
    if (!in_pieces || outcome.at <= range.start) return;
    const Range leaked{range.start, outcome.at - 1};
    out.push_back(hazard(RuleId::pieces_leaked, fmt::format("{} ({}) stays active without an owner until reboot",
                                                            to_string(leaked), human_size(leaked.size()))));
}

// What unmapping takes from others; of a mapping, when it goes.
void memmap_lost(const State& state, const Range& range, std::string_view unmapping, std::vector<Hazard>& out) {
    for (const auto& loss : memmap_losses(state, range)) out.push_back(hazard(loss.rule, to_string(loss, unmapping)));
}

void memory_without_ram(const State& state, const Range& range, std::vector<Hazard>& out) {
    bool found = false;
    state.resources->walk(range, [&](const Resource& resource, unsigned) {
        if (found || !is_device_window(resource)) return;
        found = true;
        out.push_back(hazard(RuleId::memory_without_ram,
                             fmt::format("there is no memory at {}: {} is there; onlining it crashes the kernel",
                                         to_string(*intersection(range, resource.range)), resource.name)));
    });
}

// ea72ce5da228: before it, the limits are those of the architecture, whatever KASLR left.
void beyond_direct_map(const State& state, const Range& range, std::vector<Hazard>& out) {
    const Range& direct_map = state.limits.direct_map;
    if (state.has(Feature::direct_map_limit) || range.last <= direct_map.last) return;
    out.push_back(
        hazard(RuleId::beyond_direct_map,
               fmt::format("{} lies behind the direct map, which KASLR ends at {:#x}: its kernel addresses may "
                           "be those of vmalloc",
                           to_string(range), direct_map.last)));
}

void crashed(const Outcome& outcome, std::vector<Hazard>& out) {
    if (outcome.kind != Outcome::Kind::crash) return;
    out.push_back(hazard(outcome.rule, fmt::format("the kernel crashes: {}", rule(outcome.rule).checks)));
}

bool adds_memory(const Operation& operation) {
    return std::holds_alternative<op::Add>(operation) || std::holds_alternative<op::Probe>(operation);
}

}   // namespace

std::vector<Hazard> hazards_for(const State& state, const Operation& operation, const Outcome& outcome) {
    std::vector<Hazard> out;
    crashed(outcome, out);
    const auto range = range_of(state, operation);
    if (!range) return out;
    lookups_erased(state, *range, outcome, out);
    pieces_leaked(*range, outcome, out);
    if (!outcome.accepted()) return out;
    if (std::holds_alternative<op::Map>(operation)) {
        memmap_lost(state, *range, "unmapping it later", out);
        beyond_direct_map(state, *range, out);
    } else if (std::holds_alternative<op::Unmap>(operation)) {
        memmap_lost(state, *range, "it", out);
    } else if (adds_memory(operation)) {
        memory_without_ram(state, *range, out);
        beyond_direct_map(state, *range, out);
    }
    return out;
}

}   // namespace memhot
