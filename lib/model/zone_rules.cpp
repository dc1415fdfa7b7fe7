// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/zone_rules.hpp"

#include <algorithm>

namespace memhot {

namespace {

const NodeZones& zones_of(const State& state, int node) {
    static const NodeZones kEmpty{};
    const auto found = state.nodes.find(node);
    return found == state.nodes.end() ? kEmpty : found->second;
}

// default_kernel_zone_for_pfn(): the lowest kernel zone whose span the range meets, else Normal (c6f03e2903c9).
Zone kernel_zone_for(const NodeZones& zones, std::uint64_t pfn, std::uint64_t pages) {
    for (const Zone zone : {Zone::dma, Zone::dma32}) {
        if (zones[zone].intersects(pfn, pages)) return zone;
    }
    return Zone::normal;
}

// default_zone_for_pfn(), policy contig-zones.
Zone contiguous_zone_for(const State& state, const NodeZones& zones, std::uint64_t pfn, std::uint64_t pages) {
    const Zone kernel = kernel_zone_for(zones, pfn, pages);
    const bool in_kernel = zones[kernel].intersects(pfn, pages);
    const bool in_movable = zones[Zone::movable].intersects(pfn, pages);
    if (in_kernel != in_movable) return in_kernel ? kernel : Zone::movable;
    return state.policy.movable_node ? Zone::movable : kernel;
}

struct MovableBudget {
    std::uint64_t kernel_early = 0;
    std::uint64_t movable = 0;

    // auto_movable_stats_account_zone(): CMA counts as movable.
    void account(const NodeZones& zones) {
        for (const Zone zone : {Zone::dma, Zone::dma32, Zone::normal}) {
            kernel_early += zones[zone].present_early - zones[zone].cma;
            movable += zones[zone].cma;
        }
        movable += zones[Zone::movable].present;
    }
    [[nodiscard]] bool allows(std::uint64_t pages, std::uint64_t ratio) const {
        return movable + pages <= ratio * kernel_early / 100;
    }
};

// auto_movable_zone_for_pfn(): system-wide and, if asked for, on the node (e83a437faa62). What is left of a static group goes
// to Movable as a whole or not at all, and not where a part of it is kernel memory (445fcf7c7214).
Zone auto_movable_zone_for(const State& state, int node, std::uint32_t group, std::uint64_t pfn, std::uint64_t pages) {
    const NodeZones& own = zones_of(state, node);
    const Zone kernel = kernel_zone_for(own, pfn, pages);
    const std::uint64_t ratio = state.policy.auto_movable_ratio;
    if (ratio == 0) return kernel;
    if (group != 0) {
        const MemoryGroup& device = (*state.groups)[group - 1];
        if (device.present_kernel != 0) return kernel;
        pages = device.max_pages - device.present_movable;
    }
    MovableBudget everywhere;
    for (const auto& [_, zones] : state.nodes) everywhere.account(zones);
    if (!everywhere.allows(pages, ratio)) return kernel;
    if (state.policy.auto_movable_numa_aware) {
        MovableBudget here;
        here.account(own);
        if (!here.allows(pages, ratio)) return kernel;
    }
    return Zone::movable;
}

bool overlaps(const std::vector<PfnSpan>& spans, std::uint64_t pfn) {
    return std::any_of(spans.begin(), spans.end(),
                       [pfn](const PfnSpan& span) { return span.first <= pfn && pfn < span.end; });
}

bool is_boot_ram(const State& state, std::uint64_t first, std::uint64_t end) {
    return std::any_of(state.boot_ram->begin(), state.boot_ram->end(),
                       [&](const BootRam& ram) { return ram.first < end && first < ram.end; });
}

// The zone that boot gave to a page, holes included.
Zone boot_zone_of(const State& state, int node, std::uint64_t pfn) {
    const auto found = state.boot_nodes->find(node);
    if (found == state.boot_nodes->end()) return Zone::none;
    for (unsigned i = 0; i < kZones; ++i) {
        if (found->second.zones[i].spans(pfn)) return static_cast<Zone>(i);
    }
    return Zone::none;
}

// Zone 0 of an architecture.
Zone lowest_zone(Arch arch) {
    switch (arch) {
        case Arch::ppc64: return Zone::normal;
        case Arch::riscv64:
        case Arch::loongarch64: return Zone::dma32;
        default: return Zone::dma;
    }
}

// page_zone() of a page in an online block; none for device pages and holes that no longer name a zone.
Zone page_zone(const State& state, const Block& block, std::uint64_t pfn) {
    if (block.boot && overlaps(*state.device_touched, pfn)) return Zone::none;
    // init_unavailable_mem() gave holes zone 0 of node 0, and from 73a6e474cb37 to 0740a50b9baa nobody mended it
    if (block.boot && !state.has(Feature::hole_pages_in_zone) && !is_boot_ram(state, pfn, pfn + 1))
        return lowest_zone(state.profile->arch);
    if (block.zone != Zone::none) return block.zone;
    return boot_zone_of(state, block.node, pfn);
}

// pfn_to_online_page() at one sub-section, and whether it is in that zone.
bool online_in_zone(const State& state, int node, Zone zone, std::uint64_t pfn) {
    const std::uint64_t address = pfn * state.profile->page_size;
    const Block& block = state.blocks.at(state.block_of(address));
    if (!block.exists || !block.online || block.node != node) return false;
    if (!state.sections.has(state.sections.number_of(address), SectionTable::kPresent)) return false;
    const std::uint64_t unit = state.profile->pages_per_subsection();
    const std::uint64_t first = align_down(pfn, unit);
    // 1f90a3477df3: before 5.12 the holes of a boot section count as online pages of the zone around them
    if (block.boot && state.has(Feature::online_page_by_subsection) && !is_boot_ram(state, first, first + unit))
        return false;
    return page_zone(state, block, pfn) == zone;
}

// find_smallest_section_pfn(): 0 where there is none.
std::uint64_t smallest_pfn(const State& state, int node, Zone zone, std::uint64_t pfn, std::uint64_t end) {
    for (; pfn < end; pfn += state.profile->pages_per_subsection()) {
        if (online_in_zone(state, node, zone, pfn)) return pfn;
    }
    return 0;
}

// find_biggest_section_pfn()
std::uint64_t biggest_pfn(const State& state, int node, Zone zone, std::uint64_t start, std::uint64_t end) {
    const std::uint64_t unit = state.profile->pages_per_subsection();
    for (std::uint64_t pfn = end - 1; pfn >= start && pfn < end; pfn -= unit) {
        if (online_in_zone(state, node, zone, pfn)) return pfn;
    }
    return 0;
}

// shrink_zone_span()
void shrink(const State& state, ZoneState& span, int node, Zone zone, std::uint64_t pfn, std::uint64_t end) {
    if (span.start == pfn) {
        const std::uint64_t first = smallest_pfn(state, node, zone, end, span.end());
        span.spanned = first != 0 ? span.end() - first : 0;
        span.start = first;
    } else if (span.end() == end) {
        const std::uint64_t last = biggest_pfn(state, node, zone, span.start, pfn);
        span.spanned = last != 0 ? last - span.start + 1 : 0;
        if (last == 0) span.start = 0;
    }
}

// test_pages_in_a_zone() of kernels before 5.18: one page in each MAX_ORDER_NR_PAGES of every present section.
Zone walk_pages(const State& state, std::uint64_t number, const Block& block) {
    const std::uint64_t first = state.pfn(number * state.block_size);
    const std::uint64_t end = first + state.pages(state.block_size);
    const std::uint64_t step = state.pages(state.profile->max_order_size);
    const NodeZones& zones = zones_of(state, block.node);
    Zone zone = Zone::none;
    for (std::uint64_t pfn = first; pfn < end; pfn += step) {
        const std::uint64_t address = pfn * state.profile->page_size;
        if (!state.sections.has(state.sections.number_of(address), SectionTable::kPresent)) continue;
        if (zone != Zone::none && !zones[zone].spans(pfn)) return Zone::none;
        const Zone here = page_zone(state, block, pfn);
        if (here == Zone::none || (zone != Zone::none && here != zone)) return Zone::none;
        zone = here;
    }
    return zone;
}

}   // namespace

Zone zone_for(const State& state, OnlineType type, int node, std::uint32_t group, std::uint64_t pfn,
              std::uint64_t pages) {
    switch (type) {
        case OnlineType::kernel: return kernel_zone_for(zones_of(state, node), pfn, pages);
        case OnlineType::movable: return Zone::movable;
        default: break;
    }
    if (state.policy.auto_movable) return auto_movable_zone_for(state, node, group, pfn, pages);
    return contiguous_zone_for(state, zones_of(state, node), pfn, pages);
}

Zone zone_of_online_block(const State& state, std::uint64_t number, const Block& block) {
    return state.has(Feature::block_remembers_zone) ? block.zone : walk_pages(state, number, block);
}

std::string valid_zones(const State& state, std::uint64_t number, const Block& block) {
    if (block.online) return std::string(to_string(zone_of_online_block(state, number, block)));
    const std::uint64_t pfn = state.pfn(number * state.block_size);
    const std::uint64_t pages = state.pages(state.block_size);
    const Zone by_default = zone_for(state, OnlineType::online, block.node, block.group, pfn, pages);
    std::string text(to_string(by_default));
    for (const OnlineType type : {OnlineType::kernel, OnlineType::movable}) {
        const Zone zone = zone_for(state, type, block.node, block.group, pfn, pages);
        if (zone != by_default) text.append(" ").append(to_string(zone));
    }
    return text;
}

void enter_zone(State& state, int node, Zone zone, std::uint64_t pfn, std::uint64_t pages, bool early) {
    ZoneState& span = state.nodes[node][zone];
    span.grow(pfn, pages);
    span.present += pages;
    if (early) span.present_early += pages;
}

void leave_zone(State& state, int node, Zone zone, std::uint64_t pfn, std::uint64_t pages, bool early) {
    ZoneState& span = state.nodes[node][zone];
    shrink(state, span, node, zone, pfn, pfn + pages);
    span.present -= std::min(span.present, pages);
    if (early) span.present_early -= std::min(span.present_early, pages);
}

Zone boot_block_zone(const NodeZones& zones, std::uint64_t pfn, std::uint64_t pages) {
    Zone only = Zone::none;
    for (unsigned i = 0; i < kZones; ++i) {
        if (zones.zones[i].present == 0 || !zones.zones[i].intersects(pfn, pages)) continue;
        if (only != Zone::none) return Zone::none;
        only = static_cast<Zone>(i);
    }
    return only;
}

}   // namespace memhot
