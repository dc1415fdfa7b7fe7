// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fmt/format.h>

#include "model/operations.hpp"
#include "model/sparse.hpp"
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

// 5.3 to 5.8: taking a mapping out of a boot section frees the memmap that the section goes on using.
void memmap_depopulated(const State& state, const Range& range, std::string_view when, std::vector<Hazard>& out) {
    if (state.has(Feature::early_memmap_kept) || !is_whole_subsections(range)) return;
    bool found = false;
    for_each_piece(state.sections, range, [&](const Piece& piece) {
        found = !piece.whole && state.sections.has(piece.section, SectionTable::kEarly);
        if (found) {
            out.push_back(
                hazard(RuleId::memmap_depopulated,
                       fmt::format("{} frees memmap of section {:#x}, which booted with RAM", when, piece.section)));
        }
        return !found;
    });
}

// Sub-sections [from, to) of a section that share the memmap page of its sub-section `index`.
SubsectionSpan memmap_page_of(const KernelProfile& profile, unsigned index) {
    const std::uint64_t unit = profile.pages_per_subsection() * profile.struct_page_size;
    const auto per_page = static_cast<unsigned>(profile.page_size / unit);
    return {index / per_page * per_page, per_page};
}

// Whether somebody outside the piece uses a memmap page that the piece uses too.
bool shares_memmap_page(const State& state, const Piece& piece) {
    const unsigned first = piece.span.first;
    const unsigned last = first + piece.span.count - 1;
    const SubsectionSpan low = memmap_page_of(*state.profile, first);
    const SubsectionSpan high = memmap_page_of(*state.profile, last);
    return state.sections.any(piece.section, {low.first, first - low.first}) ||
           state.sections.any(piece.section, {last + 1, high.first + high.count - last - 1});
}

void memmap_page_shared(const State& state, const Range& range, std::vector<Hazard>& out) {
    const KernelProfile& profile = *state.profile;
    const bool sub_page = profile.pages_per_subsection() * profile.struct_page_size < profile.page_size;
    if (profile.arch != Arch::arm64 || !sub_page || !is_whole_subsections(range)) return;
    for_each_piece(state.sections, range, [&](const Piece& piece) {
        const bool early = state.sections.has(piece.section, SectionTable::kEarly);
        if (piece.whole || early || !shares_memmap_page(state, piece)) return true;
        out.push_back(hazard(RuleId::memmap_page_shared,
                             fmt::format("{} shares a page of memmap with another owner in section {:#x}; whoever is "
                                         "unmapped first takes it away from the other",
                                         to_string(piece.range), piece.section)));
        return false;
    });
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
        memmap_depopulated(state, *range, "unmapping it later", out);
        memmap_page_shared(state, *range, out);
        beyond_direct_map(state, *range, out);
    } else if (std::holds_alternative<op::Unmap>(operation)) {
        memmap_depopulated(state, *range, "it", out);
        memmap_page_shared(state, *range, out);
    } else if (adds_memory(operation)) {
        memory_without_ram(state, *range, out);
        beyond_direct_map(state, *range, out);
    }
    return out;
}

}   // namespace memhot
