// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What an answer takes for granted: of the host, of the kernel that is asked, and of the memory itself.
#include <fmt/format.h>

#include <algorithm>

#include "predict/explain.hpp"

namespace memhot {

namespace {

bool adds_memory(const Operation& operation) {
    return std::holds_alternative<op::Add>(operation) || std::holds_alternative<op::Probe>(operation);
}

// The first part of a range of which /proc/iomem says nothing.
std::optional<Range> unknown_part(const State& state, const Range& range) {
    std::uint64_t next = range.start;
    std::optional<Range> part;
    state.resources->walk(range, [&](const Resource& resource, unsigned depth) {
        if (depth != 0 || part || next > range.last) return;
        if (resource.range.start > next) part = Range{next, resource.range.start - 1};
        next = std::max(next, resource.range.last + 1);
    });
    if (!part && next <= range.last && next >= range.start) part = Range{next, range.last};
    return part;
}

// What the kernel takes for granted: that there is memory where it is told so.
void suppose_memory(const State& state, const Operation& operation, std::vector<std::string>& out) {
    const auto range = range_of(state, operation);
    if (adds_memory(operation)) out.emplace_back("there is memory at the address: the kernel does not check");
    const auto* map = std::get_if<op::Map>(&operation);
    if (map != nullptr && map->type != MapType::device_private && range) {
        if (const auto part = unknown_part(state, *range)) {
            out.push_back(fmt::format("there is memory at {}: /proc/iomem names nothing there, and the kernel does not "
                                      "check",
                                      to_string(*part)));
        }
    }
    const auto* set = std::get_if<op::SetState>(&operation);
    if (set != nullptr && state.blocks.at(set->block).supposed && !state.blocks.at(set->block).online) {
        out.push_back(
            fmt::format("there is memory at {}: it was only added, and onlining what is not there crashes the "
                        "kernel",
                        to_string(*range)));
    }
}

// What is asked of a kernel that does not have it yet.
void suppose_known(const State& state, const Operation& operation, std::vector<std::string>& out) {
    if (std::holds_alternative<op::OfflineAndRemove>(operation) && !state.has(Feature::offline_and_remove)) {
        out.emplace_back("this kernel had offline_and_remove_memory(), which came with 5.8");
    }
    const auto* add = std::get_if<op::Add>(&operation);
    if (add == nullptr) return;
    if (add->driver_managed && !state.has(Feature::driver_managed_ram)) {
        out.emplace_back("add_memory() stands for add_memory_driver_managed(), which this kernel does not have (5.8)");
    }
    if (add->memmap_on_memory && !state.has(Feature::memmap_on_memory)) {
        out.emplace_back("memmap_on_memory is ignored: this kernel does not have it on this architecture");
    }
}

}   // namespace

std::vector<std::string> assumptions_for(const State& state, const Operation& operation, const Outcome& outcome) {
    std::vector<std::string> out;   // what is about this one operation comes first
    suppose_known(state, operation, out);
    if (outcome.rule == RuleId::probe_absent && !state.probe_known) {
        out.emplace_back("the kernel was built without CONFIG_ARCH_MEMORY_PROBE: the host does not say");
    }
    if (outcome.accepted()) suppose_memory(state, operation, out);
    out.insert(out.end(), state.assumptions->begin(), state.assumptions->end());
    if (outcome.kind == Outcome::Kind::uncertain) {
        out.emplace_back("whether every page of the range can be moved is known only to the kernel");
    }
    if (outcome.rule == RuleId::offline_boot_memory) {
        out.emplace_back("no page of the block is unmovable (else the answer is EBUSY, which is asked first)");
    }
    if (!outcome.accepted()) return out;
    if (outcome.rule == RuleId::online_accepted && state.has(Feature::hwpoison_blocks_online))
        out.emplace_back("no page of the block is poisoned (else the answer is EHWPOISON)");
    const bool takes_memmap = std::holds_alternative<op::Map>(operation) || adds_memory(operation);
    if (takes_memmap) {
        const MemmapCost cost = memmap_cost(state, operation);
        if (cost.from_ram != 0)
            out.push_back(fmt::format("{} of RAM are free for the memmap", human_size(cost.from_ram)));
    }
    return out;
}

}   // namespace memhot
