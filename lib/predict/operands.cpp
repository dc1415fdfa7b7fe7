// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/operations.hpp"
#include "model/zone_rules.hpp"
#include "predict/explain.hpp"

namespace memhot {

namespace {

using Values = std::vector<Value>;

// What lies beyond the last multiple of a unit.
void put_remainders(Values& out, std::uint64_t start, std::uint64_t size, std::uint64_t unit, std::string_view of) {
    out.push_back(Value::of_size(of, unit));
    out.push_back(Value::of_size("start_beyond_a_multiple", start & (unit - 1)));
    out.push_back(Value::of_size("length_beyond_a_multiple", size & (unit - 1)));
}

void put_altmap(const State& state, const op::Map& map, Values& out) {
    if (!map.altmap) return;
    out.push_back(Value::of_count("altmap_pages_reserved", map.altmap->reserve_pages));
    out.push_back(Value::of_count("altmap_pages_free", map.altmap->free_pages));
    out.push_back(Value::of_count("pages_in_the_range", state.pages(map.size)));
    const std::uint64_t bytes = state.pages(map.size) * state.profile->struct_page_size;
    out.push_back(
        Value::of_count("pages_of_memmap", (bytes + state.profile->page_size - 1) / state.profile->page_size));
}

void put_cost(const State& state, const Operation& operation, Values& out) {
    const MemmapCost cost = memmap_cost(state, operation);
    out.push_back(Value::of_size("memmap_from_ram", cost.from_ram));
    if (cost.from_altmap != 0) out.push_back(Value::of_size("memmap_from_the_memory_itself", cost.from_altmap));
    if (cost.reused != 0) out.push_back(Value::of_size("memmap_reused_from_boot", cost.reused));
}

// The resource that forbids a claim, and why: it is busy, or it holds only a part of the range.
void put_conflict(const State& state, std::uint64_t start, std::uint64_t size, Values& out) {
    const Resource* conflict = state.resources->request_conflict(start, size);
    if (conflict == nullptr) return;
    out.push_back(Value::of_range("in_the_way", conflict->range));
    out.push_back(Value::of_text("of", conflict->name));
    out.push_back(Value::of_text("because", conflict->busy ? "it is busy" : "it holds only a part of the range"));
}

// How much of a block is busy System RAM.
void put_ram(const State& state, std::uint64_t number, Values& out) {
    const Range block{number * state.block_size, (number + 1) * state.block_size - 1};
    std::uint64_t bytes = 0;
    state.resources->walk_busy_ram(block, [&](const Range& part) {
        bytes += part.size();
        return true;
    });
    out.push_back(Value::of_size("system_ram_in_the_block", bytes));
    out.push_back(Value::of_size("memory_block", state.block_size));
}

void put_zone(const State& state, std::uint64_t number, OnlineType type, Values& out) {
    const Block& block = state.blocks.at(number);
    const std::uint64_t pfn = state.pfn(number * state.block_size);
    const Zone zone = zone_for(state, type, block.node, block.group, pfn, state.pages(state.block_size));
    out.push_back(Value::of_text("zone", to_string(zone)));
    if (type == OnlineType::online) {
        const RuleId policy = state.policy.auto_movable ? RuleId::zone_auto_movable : RuleId::zone_contig;
        out.push_back(Value::of_text("policy", rule(policy).id));
    }
}

struct OperandsOf {
    const State& state;
    const Operation& operation;
    const Outcome& outcome;
    Values& out;

    void operator()(const op::Map& map) const {
        switch (outcome.rule) {
            case RuleId::map_misaligned: put_remainders(out, map.start, map.size, kSubsectionSize, "subsection"); break;
            case RuleId::map_altmap_invalid:
            case RuleId::map_altmap_exhausted: put_altmap(state, map, out); break;
            case RuleId::map_beyond_pluggable:
            case RuleId::map_beyond_linear_map:
            case RuleId::map_beyond_physmem: out.push_back(Value::of_range("limit", state.limits.mappable)); break;
            case RuleId::map_claim_busy: put_conflict(state, map.start, map.size, out); break;
            case RuleId::map_accepted: put_cost(state, operation, out); break;
            default: break;
        }
    }
    void operator()(const op::Add& add) const {
        switch (outcome.rule) {
            case RuleId::add_block_unaligned:
                put_remainders(out, add.start, add.size, state.block_size, "memory_block");
                break;
            case RuleId::add_beyond_mem_limit:
                out.push_back(Value::of_range("limit", Range{0, state.limits.mem - 1}));
                break;
            case RuleId::add_beyond_pluggable:
            case RuleId::add_beyond_linear_map:
            case RuleId::add_beyond_physmem: out.push_back(Value::of_range("limit", state.limits.mappable)); break;
            case RuleId::add_resource_conflict:
            case RuleId::add_device_private_conflict: put_conflict(state, add.start, add.size, out); break;
            case RuleId::add_node_impossible: out.push_back(Value::of_text("node", std::to_string(add.node))); break;
            case RuleId::add_accepted:
                put_cost(state, operation, out);
                out.push_back(Value::of_count("memory_blocks", add.size / state.block_size));
                break;
            default: break;
        }
    }
    void operator()(const op::Probe& probe) const {
        if (outcome.rule == RuleId::probe_unaligned) {
            put_remainders(out, probe.address, 0, state.block_size, "memory_block");
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

std::vector<Value> operands_for(const State& state, const Operation& operation, const Outcome& outcome) {
    Values out;
    std::visit(OperandsOf{state, operation, outcome, out}, operation);
    return out;
}

}   // namespace memhot
