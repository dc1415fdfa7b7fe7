// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where labelled namespaces land in a region. Offsets are those of the region: with interleaving each DIMM holds a part of
// the same place, and the granule on each is align / ways.
#include <algorithm>
#include <cerrno>

#include "nvdimm/bus.hpp"

namespace memhot {

namespace {

// Addresses that are free, ascending.
std::vector<Range> holes(const NdRegion& region) {
    std::vector<Range> used;
    for (const auto& [_, ns] : region.namespaces) {
        if (ns.allocated) used.push_back(ns.space);
    }
    std::ranges::sort(used);
    std::vector<Range> free;
    std::uint64_t next = region.space.start;
    for (const auto& range : used) {
        if (range.start > next) free.push_back({next, range.start - 1});
        next = range.last + 1;
    }
    if (next <= region.space.last) free.push_back({next, region.space.last});
    return free;
}

// space_valid(): a hole is trimmed to the granule, counted from the region start (DPA 0 of the mapping).
std::optional<Range> trimmed(const NdRegion& region, const Range& hole) {
    const std::uint64_t base = region.space.start;
    const std::uint64_t granule = region.align;
    const std::uint64_t first = (hole.start - base + granule - 1) / granule * granule + base;
    const std::uint64_t end = (hole.last + 1 - base) / granule * granule + base;
    if (end <= first) return std::nullopt;
    return Range{first, end - 1};
}

}   // namespace

std::uint64_t available_size(const NdRegion& region) {
    // nd_pmem_available_dpa(): every extent is expanded to the granule; one that leaves the mapping spoils all
    const std::uint64_t base = region.space.start;
    const std::uint64_t granule = region.align;
    std::uint64_t busy = 0;
    for (const auto& [_, ns] : region.namespaces) {
        if (!ns.allocated) continue;
        const std::uint64_t first = (ns.space.start - base) / granule * granule;
        const std::uint64_t end = (ns.space.last - base) / granule * granule + granule;
        if (end > region.space.size()) return 0;
        busy += end - first;
    }
    const std::uint64_t free = region.space.size() - std::min(busy, region.space.size());
    return free / granule * granule;
}

std::uint64_t max_available_extent(const NdRegion& region) {
    std::uint64_t largest = 0;
    for (const auto& hole : holes(region)) {
        if (const auto fits = trimmed(region, hole)) largest = std::max(largest, fits->size());
    }
    return largest;
}

std::optional<Range> find_space(const NdRegion& region, std::uint64_t size) {
    for (const auto& hole : holes(region)) {
        const auto fits = trimmed(region, hole);
        if (fits && fits->size() >= size) return Range{fits->start, fits->start + size - 1};
    }
    return std::nullopt;
}

namespace {

// scan_allocate() of more: the first hole in DPA order that is adjacent and holds the whole increment. One below the
// namespace is met before one above, and then its start moves down.
int grow(NdRegion& region, NdNamespace& ns, std::uint64_t more) {
    for (const auto& hole : holes(region)) {
        const auto fits = trimmed(region, hole);
        if (!fits || fits->size() < more) continue;
        if (fits->last + 1 == ns.space.start) {
            ns.space.start -= more;
            return 0;
        }
        if (fits->start == ns.space.last + 1) {
            ns.space.last += more;
            return 0;
        }
    }
    return ENXIO;   // "allocation underrun"
}

}   // namespace

int set_size(NdRegion& region, NdNamespace& ns, std::uint64_t size) {
    if (ns.active) return EBUSY;
    if (size % region.align != 0) return EINVAL;
    const std::uint64_t have = ns.size();
    if (size > max_available_extent(region) + have) return ENOSPC;
    if (size == have) return 0;
    if (size == 0) {
        ns.allocated = false;
        ns.identity = 0;
        return 0;
    }
    if (have == 0) {
        const auto place = find_space(region, size);
        if (!place) return ENOSPC;
        ns.space = *place;
        ns.allocated = true;
        return 0;
    }
    if (size > have) return grow(region, ns, size - have);
    ns.space.last = ns.space.start + size - 1;   // the tail goes
    return 0;
}

}   // namespace memhot
