// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fmt/format.h>

#include "model/operations.hpp"
#include "model/zone_rules.hpp"
#include "predict/explain.hpp"

namespace memhot {

namespace {

using Operands = std::vector<std::pair<std::string, std::string>>;

void put(Operands& out, std::string name, std::string value) { out.emplace_back(std::move(name), std::move(value)); }

// What lies beyond the last multiple of a unit.
void put_remainders(Operands& out, std::uint64_t start, std::uint64_t size, std::uint64_t unit, std::string_view of) {
    put(out, std::string(of), hex(unit));
    put(out, "start beyond a multiple", hex(start & (unit - 1)));
    put(out, "length beyond a multiple", hex(size & (unit - 1)));
}

void put_altmap(const State& state, const op::Map& map, Operands& out) {
    if (!map.altmap) return;
    put(out, "altmap pages reserved", std::to_string(map.altmap->reserve_pages));
    put(out, "altmap pages free", std::to_string(map.altmap->free_pages));
    put(out, "pages in the range", std::to_string(state.pages(map.size)));
    const std::uint64_t bytes = state.pages(map.size) * state.profile->struct_page_size;
    put(out, "pages of memmap", std::to_string((bytes + state.profile->page_size - 1) / state.profile->page_size));
}

void put_cost(const State& state, const Operation& operation, Operands& out) {
    const MemmapCost cost = memmap_cost(state, operation);
    put(out, "memmap from RAM", human_size(cost.from_ram));
    if (cost.from_altmap != 0) put(out, "memmap from the memory itself", human_size(cost.from_altmap));
    if (cost.reused != 0) put(out, "memmap reused from boot", human_size(cost.reused));
}

// The resource that forbids a claim, and why: it is busy, or it holds only a part of the range.
void put_conflict(const State& state, std::uint64_t start, std::uint64_t size, Operands& out) {
    const Resource* conflict = state.resources->request_conflict(start, size);
    if (conflict == nullptr) return;
    put(out, "in the way", fmt::format("{} : {}", to_string(conflict->range), conflict->name));
    put(out, "because", conflict->busy ? "it is busy" : "it holds only a part of the range");
}

// How much of a block is busy System RAM.
void put_ram(const State& state, std::uint64_t number, Operands& out) {
    const Range block{number * state.block_size, (number + 1) * state.block_size - 1};
    std::uint64_t bytes = 0;
    state.resources->walk_busy_ram(block, [&](const Range& part) {
        bytes += part.size();
        return true;
    });
    put(out, "System RAM in the block", human_size(bytes));
    put(out, "memory block", human_size(state.block_size));
}

void put_zone(const State& state, std::uint64_t number, OnlineType type, Operands& out) {
    const Block& block = state.blocks.at(number);
    const std::uint64_t pfn = state.pfn(number * state.block_size);
    const Zone zone = zone_for(state, type, block.node, pfn, state.pages(state.block_size));
    put(out, "zone", std::string(to_string(zone)));
    if (type == OnlineType::online) {
        put(out, "policy",
            std::string(rule(state.policy.auto_movable ? RuleId::zone_auto_movable : RuleId::zone_contig).id));
    }
}

struct OperandsOf {
    const State& state;
    const Operation& operation;
    const Outcome& outcome;
    Operands& out;

    void operator()(const op::Map& map) const {
        switch (outcome.rule) {
            case RuleId::map_misaligned:
                put_remainders(out, map.start, map.size, kSubsectionSize, "sub-section");
                break;
            case RuleId::map_altmap_invalid:
            case RuleId::map_altmap_exhausted: put_altmap(state, map, out); break;
            case RuleId::map_beyond_pluggable:
            case RuleId::map_beyond_physmem: put(out, "limit", to_string(state.limits.mappable)); break;
            case RuleId::map_claim_busy: put_conflict(state, map.start, map.size, out); break;
            case RuleId::map_accepted: put_cost(state, operation, out); break;
            default: break;
        }
    }
    void operator()(const op::Add& add) const {
        switch (outcome.rule) {
            case RuleId::add_block_unaligned:
                put_remainders(out, add.start, add.size, state.block_size, "memory block");
                break;
            case RuleId::add_beyond_pluggable:
            case RuleId::add_beyond_linear_map:
            case RuleId::add_beyond_physmem: put(out, "limit", to_string(state.limits.mappable)); break;
            case RuleId::add_resource_conflict:
            case RuleId::add_device_private_conflict: put_conflict(state, add.start, add.size, out); break;
            case RuleId::add_node_impossible: put(out, "node", std::to_string(add.node)); break;
            case RuleId::add_accepted:
                put_cost(state, operation, out);
                put(out, "memory blocks", std::to_string(add.size / state.block_size));
                break;
            default: break;
        }
    }
    void operator()(const op::Probe& probe) const {
        if (outcome.rule == RuleId::probe_unaligned) {
            put_remainders(out, probe.address, 0, state.block_size, "memory block");
            return;
        }
        const op::Add add = add_of_probe(state, probe);
        (*this)(add);
    }
    void operator()(const op::Claim& claim) const {
        if (outcome.rule == RuleId::claim_conflict) put_conflict(state, claim.start, claim.size, out);
    }
    void operator()(const op::SetState& set) const {
        if (outcome.rule == RuleId::offline_holes) put_ram(state, set.block, out);
        const auto type = parse_online_type(set.state);
        if (outcome.rule == RuleId::online_accepted && type) put_zone(state, set.block, *type, out);
    }
    template <class Other>
    void operator()(const Other&) const {}
};

}   // namespace

std::vector<std::pair<std::string, std::string>> operands_for(const State& state, const Operation& operation,
                                                              const Outcome& outcome) {
    Operands out;
    std::visit(OperandsOf{state, operation, outcome, out}, operation);
    return out;
}

}   // namespace memhot
