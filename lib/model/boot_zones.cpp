// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/boot_zones.hpp"

#include <algorithm>
#include <limits>

#include "model/parameters.hpp"

namespace memhot {

namespace {

// Pages [first, end) that a zone may have on an architecture; zones of which first == end do not exist there.
struct ZoneLimits {
    std::array<PfnSpan, kZones> of{};
    [[nodiscard]] const PfnSpan& operator[](Zone zone) const { return of[static_cast<std::size_t>(zone)]; }
};

// arch/x86/mm/init.c zone_sizes_init; arch/arm64/mm/init.c zone_sizes_init (devices of 32 bits, as ACPI and most device
// trees say); arch/powerpc/mm/mem.c paging_init (book3s: Normal only); arch/s390/mm/init.c (DMA below 2 GiB).
ZoneLimits zone_limits(const KernelProfile& profile) {
    std::uint64_t dma_end = 0;
    std::uint64_t dma32_end = 0;
    switch (profile.arch) {
        case Arch::x86_64:
            dma_end = 16 * kMiB;
            dma32_end = 4 * kGiB;
            break;
        case Arch::arm64: dma_end = 4 * kGiB; break;
        case Arch::s390x: dma_end = 2 * kGiB; break;
        case Arch::riscv64:
        case Arch::loongarch64: dma32_end = 4 * kGiB; break;
        case Arch::ppc64: break;
    }
    const std::uint64_t dma = profile.pfn(dma_end);
    const std::uint64_t dma32 = std::max(profile.pfn(dma32_end), dma);
    ZoneLimits limits;
    limits.of[0] = {0, dma};
    limits.of[1] = {dma, dma32};
    limits.of[2] = {dma32, std::numeric_limits<std::uint64_t>::max()};
    return limits;
}

// get_pfn_range_for_nid()
PfnSpan node_span(const std::vector<BootRam>& ram, int node) {
    PfnSpan span{std::numeric_limits<std::uint64_t>::max(), 0};
    for (const auto& part : ram) {
        if (part.node != node) continue;
        span.first = std::min(span.first, part.first);
        span.end = std::max(span.end, part.end);
    }
    return span;
}

std::uint64_t pages_within(const std::vector<BootRam>& ram, int node, PfnSpan span) {
    std::uint64_t pages = 0;
    for (const auto& part : ram) {
        const std::uint64_t first = std::max(part.first, span.first);
        const std::uint64_t end = std::min(part.end, span.end);
        if (part.node == node && first < end) pages += end - first;
    }
    return pages;
}

// find_zone_movable_pfns_for_nodes() for kernelcore= and movablecore= sizes.
class MovableStart {
public:
    MovableStart(const std::vector<BootRam>& ram, std::string_view cmdline, const KernelProfile& profile,
                 const ZoneLimits& limits)
        : ram_(ram), align_(profile.max_order_size / profile.page_size) {
        for (const auto& part : ram) {
            start_[part.node] = 0;
            total_ += part.end - part.first;
        }
        if (command_line_value(cmdline, "movable_node")) return;   // then both options are ignored
        required_ = required_kernelcore(cmdline, profile.page_size);
        if (required_ == 0 || required_ >= total_) return;
        usable_ = lowest_of_highest_zone(limits);
        spread();
        align_starts();
    }
    // First page of ZONE_MOVABLE on a node; 0 where it has none.
    [[nodiscard]] std::uint64_t on(int node) const { return start_.at(node); }

private:
    [[nodiscard]] std::uint64_t required_kernelcore(std::string_view cmdline, std::uint64_t page_size) const {
        const std::uint64_t kernelcore = read_core_size(cmdline, "kernelcore", page_size).of(total_);
        const std::uint64_t movablecore = read_core_size(cmdline, "movablecore", page_size).of(total_);
        if (movablecore == 0) return kernelcore;
        const std::uint64_t rounded = (movablecore + align_ - 1) / align_ * align_;
        return std::max(kernelcore, total_ - std::min(total_, rounded));
    }
    // arch_zone_lowest_possible_pfn[movable_zone]: movable memory comes from the highest zone that has memory.
    [[nodiscard]] std::uint64_t lowest_of_highest_zone(const ZoneLimits& limits) const {
        const std::uint64_t last = ram_.back().end;
        for (const Zone zone : {Zone::normal, Zone::dma32, Zone::dma}) {
            if (limits[zone].first < limits[zone].end && limits[zone].first < last) return limits[zone].first;
        }
        return 0;
    }
    void spread() {
        for (std::uint64_t usable_nodes = start_.size();;) {
            const std::uint64_t left = spread_once(usable_nodes);
            --usable_nodes;
            if (usable_nodes == 0 || left <= usable_nodes) return;
        }
    }
    // One pass over the nodes; returns what of required_ is left.
    std::uint64_t spread_once(std::uint64_t usable_nodes) {
        std::uint64_t per_node = required_ / usable_nodes;
        for (auto& [node, start] : start_) {
            if (required_ < per_node) per_node = required_ / usable_nodes;
            fill_node(node, start, per_node);
        }
        return required_;
    }
    void fill_node(int node, std::uint64_t& start, std::uint64_t remaining) {
        for (const auto& part : ram_) {
            std::uint64_t first = std::max(part.first, start);
            if (part.node != node || first >= part.end) continue;
            if (first < usable_) {
                const std::uint64_t kernel_only = std::min(part.end, usable_) - first;
                remaining -= std::min(kernel_only, remaining);
                required_ -= std::min(kernel_only, required_);
                if (part.end <= usable_) {
                    start = part.end;
                    continue;
                }
                first = usable_;
            }
            const std::uint64_t taken = std::min(part.end - first, remaining);
            start = first + taken;
            required_ -= std::min(required_, taken);
            remaining -= taken;
            if (remaining == 0) return;
        }
    }
    void align_starts() {
        for (auto& [node, start] : start_) {
            start = (start + align_ - 1) / align_ * align_;
            if (start >= node_span(ram_, node).end) start = 0;
        }
    }

    const std::vector<BootRam>& ram_;
    std::uint64_t align_;   // MAX_ORDER_NR_PAGES
    std::uint64_t total_ = 0;
    std::uint64_t required_ = 0;
    std::uint64_t usable_ = 0;
    std::map<int, std::uint64_t> start_;
};

// zone_spanned_pages_in_node() and adjust_zone_range_for_zone_movable()
PfnSpan zone_span(Zone zone, const PfnSpan& limits, PfnSpan node, std::uint64_t movable_start) {
    PfnSpan span{std::clamp(node.first, limits.first, limits.end), std::clamp(node.end, limits.first, limits.end)};
    if (movable_start != 0) {
        if (zone == Zone::movable) {
            span = {movable_start, node.end};
        } else if (span.first < movable_start && span.end > movable_start) {
            span.end = movable_start;
        } else if (span.first >= movable_start) {
            span.end = span.first;
        }
    }
    if (span.end < node.first || span.first > node.end) return {0, 0};
    return {std::max(span.first, node.first), std::min(span.end, node.end)};
}

}   // namespace

Nodes boot_zones(const std::vector<BootRam>& ram, std::string_view cmdline, const KernelProfile& profile) {
    Nodes nodes;
    if (ram.empty()) return nodes;
    const ZoneLimits limits = zone_limits(profile);
    const MovableStart movable(ram, cmdline, profile, limits);
    for (const auto& part : ram) nodes.try_emplace(part.node);
    for (auto& [node, zones] : nodes) {
        const PfnSpan whole = node_span(ram, node);
        for (unsigned i = 0; i < kZones; ++i) {
            const auto zone = static_cast<Zone>(i);
            const PfnSpan span = zone_span(zone, limits[zone], whole, movable.on(node));
            if (span.first >= span.end) continue;
            const std::uint64_t present = pages_within(ram, node, span);
            zones[zone] = {.start = span.first,
                           .spanned = span.end - span.first,
                           .present = present,
                           .present_early = present,
                           .cma = 0};
        }
    }
    return nodes;
}

}   // namespace memhot
