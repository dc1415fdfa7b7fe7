// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/zonelists.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace memhot {

namespace {

constexpr std::uint64_t kSwapClusterMax = 32;   // SWAP_CLUSTER_MAX (include/linux/swap.h)

std::uint64_t present_on(const NodeZones& zones) {
    std::uint64_t pages = 0;
    for (const ZoneState& zone : zones.zones) pages += zone.present;
    return pages;
}

// N_MEMORY
std::vector<int> nodes_with_memory(const State& state) {
    std::vector<int> nodes;
    for (const auto& [node, zones] : state.nodes) {
        if (present_on(zones) != 0) nodes.push_back(node);
    }
    return nodes;
}

// The high watermark of an empty zone: __setup_per_zone_wmarks() gives Movable no less than SWAP_CLUSTER_MAX.
std::uint64_t empty_watermark(const State& state, Zone zone) {
    return zone == Zone::movable && state.has(Feature::movable_watermark) ? kSwapClusterMax : 0;
}

// build_zonelists(): a node comes first in its own list. Of three and more the distances decide, and where a node
// without memory stands depends on the release, too.
KernelMessage fallback_order(int node, const std::vector<int>& with_memory) {
    const bool own = std::ranges::find(with_memory, node) != with_memory.end();
    if (!own || with_memory.size() > 2) return {fmt::format("Fallback order for Node {}: ?", node), -1, true};
    std::string order = fmt::format("{} ", node);
    for (const int other : with_memory) {
        if (other != node) order += fmt::format("{} ", other);
    }
    return {fmt::format("Fallback order for Node {}: {}", node, order)};
}

std::string number_or_unseen(const std::optional<std::uint64_t>& number) {
    return number ? std::to_string(*number) : std::string("?");
}

void rebuilt(Zonelists& lists, std::vector<std::uint64_t> present, std::uint64_t more) {
    ++lists.rebuilt;
    lists.more = more;
    if (lists.present == present) return;
    lists.present = std::move(present);
    lists.pages.reset();
}

// nr_free_zone_pages(): all zones of all nodes, but for that of device memory.
std::optional<std::uint64_t> pages_above_watermarks(const std::vector<ZoneRecord>& zones) {
    std::uint64_t pages = 0;
    for (const auto& zone : zones) {
        if (zone.name == "Device") continue;
        if (!zone.high) return std::nullopt;
        if (zone.managed > *zone.high) pages += zone.managed - *zone.high;
    }
    return zones.empty() ? std::nullopt : std::optional(pages);
}

}   // namespace

bool is_zone_empty(const State& state, int node, Zone zone) {
    const auto found = state.nodes.find(node);
    return found == state.nodes.end() || found->second[zone].present == 0;
}

std::vector<std::uint64_t> present_pages(const State& state) {
    std::vector<std::uint64_t> pages;
    for (const auto& [node, zones] : state.nodes) {
        if (present_on(zones) == 0) continue;
        pages.push_back(static_cast<std::uint64_t>(node));
        for (const ZoneState& zone : zones.zones) pages.push_back(zone.present);
    }
    return pages;
}

Zonelists zonelists_of(const State& state, const std::vector<ZoneRecord>& zones) {
    Zonelists lists;
    lists.present = present_pages(state);
    lists.pages = pages_above_watermarks(zones);
    // one that was emptied since boot counts, too, but that does not show; and iomem does not tell boot memory from added
    for (const Zone zone : {Zone::dma, Zone::dma32, Zone::normal}) {
        const auto has_pages = [zone](const auto& node) { return node.second[zone].present != 0; };
        if (std::ranges::any_of(state.nodes, has_pages)) lists.policy = zone;
    }
    return lists;
}

void zone_got_pages(State& state, Zone zone, std::vector<std::uint64_t> before, std::uint64_t managed) {
    // init_per_zone_wmark_min() comes later: the zone still has the watermarks of an empty one, and all others theirs
    const std::uint64_t watermark = empty_watermark(state, zone);
    Zonelists& lists = state.zonelists.writable();
    rebuilt(lists, std::move(before), managed > watermark ? managed - watermark : 0);
    if (zone != Zone::movable) lists.policy = std::max(lists.policy, zone);   // check_highest_zone()
}

void zone_lost_pages(State& state) { rebuilt(state.zonelists.writable(), present_pages(state), 0); }

void learn_zonelist_pages(State& state, std::uint64_t printed) {
    Zonelists& lists = state.zonelists.writable();
    if (lists.rebuilt != 0 && printed >= lists.more) lists.pages = printed - lists.more;
}

std::vector<KernelMessage> zonelist_lines(const State& state) {
    const Zonelists& lists = *state.zonelists;
    const auto with_memory = nodes_with_memory(state);
    const auto& possible = *state.possible_nodes;
    std::vector<KernelMessage> lines;
    if (state.has(Feature::fallback_order_message)) {
        const auto& told = state.has(Feature::fallback_order_of_possible) ? possible : with_memory;
        for (const int node : told) lines.push_back(fallback_order(node, with_memory));
    }
    // nr_online_nodes: one without memory is online where it has a CPU
    std::optional<std::uint64_t> online;
    if (with_memory.size() == possible.size()) online = with_memory.size();
    std::optional<std::uint64_t> pages;
    if (lists.pages) pages = *lists.pages + lists.more;
    lines.push_back({fmt::format("Built {} zonelists, mobility grouping on.  Total pages: {}", number_or_unseen(online),
                                 number_or_unseen(pages)),
                     -1, !online || !pages});
    lines.push_back({fmt::format("Policy zone: {}", to_string(lists.policy))});
    return lines;
}

}   // namespace memhot
