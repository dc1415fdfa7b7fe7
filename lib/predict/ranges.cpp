// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <array>

#include "model/operations.hpp"
#include "model/sparse.hpp"
#include "predict/explain.hpp"

namespace memhot {

namespace {

struct RangeOf {
    const State& state;

    std::optional<Range> operator()(const op::Unmap& unmap) const {
        const Mapping* mapping = state.pgmaps->find(unmap.handle);
        return mapping == nullptr ? std::nullopt : std::optional(mapping->range);
    }
    std::optional<Range> operator()(const op::Probe& probe) const {
        return Range::from_size(probe.address, state.block_size);
    }
    std::optional<Range> operator()(const op::SetState& set) const {
        return Range::from_size(set.block * state.block_size, state.block_size);
    }
    std::optional<Range> operator()(const op::SetAutoOnline&) const { return std::nullopt; }
    template <class SizedOperation>
    std::optional<Range> operator()(const SizedOperation& sized) const {
        return Range::from_size(sized.start, sized.size);
    }
};

// Where the memmap of an operation comes from, as far as it says.
struct MemmapSource {
    bool altmap = false;
    std::uint64_t start = 0;   // of the range
    std::uint64_t compound = 0;
};

// What fits into the altmap; the rest is from RAM where the architecture falls back to it (ppc64, populate_memmap()).
void limit_to_altmap(const State& state, const op::Map& map, const Range& range, MemmapCost& cost) {
    const AddPagesAnswer added = add_pages(state, range, &*map.altmap);
    if (added.what != AddPagesAnswer::What::added) return;
    const std::uint64_t taken = std::min(cost.from_altmap, added.altmap_pages * state.profile->page_size);
    cost.from_ram += cost.from_altmap - taken;
    cost.from_altmap = taken;
}

void add_cost(const State& state, const Piece& piece, const MemmapSource& source, MemmapCost& cost) {
    const std::uint64_t bytes = state.pages(piece.range.size()) * state.profile->struct_page_size;
    const bool partial_ignores_altmap = state.profile->arch == Arch::x86_64 && !piece.whole;
    if (!piece.whole && state.sections.has(piece.section, SectionTable::kEarly)) {
        cost.reused += bytes;
    } else if (source.altmap && state.has(Feature::altmap_honoured) && !partial_ignores_altmap) {
        cost.from_altmap += bytes;
    } else {
        const std::uint64_t compound = source.altmap ? 0 : source.compound;   // vmemmap_can_optimize(): no altmap
        cost.from_ram += memmap_in_ram(*state.profile, piece.range.start - source.start, piece.range.size(), compound);
    }
}

}   // namespace

std::optional<Range> range_of(const State& state, const Operation& operation) {
    return std::visit(RangeOf{state}, operation);
}

MemmapCost memmap_cost(const State& state, const Operation& operation) {
    MemmapCost cost;
    const auto range = range_of(state, operation);
    if (!range || !is_whole_subsections(*range)) return cost;
    const auto* map = std::get_if<op::Map>(&operation);
    const auto* add = std::get_if<op::Add>(&operation);
    MemmapSource source{.start = range->start};
    if (map != nullptr) {
        source.altmap = map->altmap.has_value();
        source.compound = map->compound;
    } else if (add != nullptr) {
        source.altmap = add->memmap_on_memory && supports_memmap_on_memory(state, add->size);
    }
    for_each_piece(state.sections, *range, [&](const Piece& piece) {
        add_cost(state, piece, source, cost);
        return true;
    });
    if (map != nullptr && map->altmap) limit_to_altmap(state, *map, *range, cost);
    return cost;
}

bool is_device_window(const Resource& resource) {
    constexpr std::array<std::string_view, 11> kPrefixes{"PCI",        "pci",  "pnp", "PNP",       "IOAPIC",    "HPET",
                                                         "Local APIC", "ACPI", "GIC", "Video ROM", "System ROM"};
    for (const auto prefix : kPrefixes) {
        if (resource.name.starts_with(prefix)) return true;
    }
    return resource.name == "Reserved" || resource.name == "reserved" || resource.name == "RAM buffer";
}

}   // namespace memhot
