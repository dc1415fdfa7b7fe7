// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where labelled namespaces land in a region (drivers/nvdimm/namespace_devs.c, dimm_devs.c, region_devs.c). With
// interleaving each DIMM of the set holds a part of the same place, and the kernel allocates on each by itself, in device
// addresses and in granules of align / ways.
#include <algorithm>
#include <bit>
#include <cerrno>

#include "nvdimm/bus.hpp"

namespace memhot {

namespace {

constexpr int kReserve = -1;   // "pmem-reserve": stands for all that is free while the largest extent is looked for

// Device addresses, end exclusive.
struct Extent {
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    int owner = 0;   // id of a namespace, kReserve

    [[nodiscard]] std::uint64_t size() const { return end - start; }
};
using Extents = std::vector<Extent>;   // ascending, disjoint

unsigned ways_of(const NdRegion& region) { return std::max(1U, region.ways); }
std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) { return (value + unit - 1) / unit * unit; }
std::uint64_t round_down(std::uint64_t value, std::uint64_t unit) { return value / unit * unit; }

// One DIMM of a region with what lies on it.
struct Dimm {
    std::uint64_t start;
    std::uint64_t end;
    std::uint64_t granule;   // dpa_align()
    bool enabled;
    Extents used;

    [[nodiscard]] std::uint64_t size() const { return end - start; }
};

std::vector<Range> extents_of(const NdNamespace& ns) {
    if (!ns.allocated) return {};
    return ns.extents.empty() ? std::vector{ns.space} : ns.extents;
}

Dimm dimm_of(const NdRegion& region, const NdMapping& mapping) {
    const unsigned ways = ways_of(region);
    const std::uint64_t granule = std::max<std::uint64_t>(1, region.align / ways);
    Dimm dimm{mapping.start, mapping.start + mapping.size, granule, mapping.enabled, {}};
    for (const auto& [id, ns] : region.namespaces) {
        for (const Range& part : extents_of(ns)) {
            const std::uint64_t start = mapping.start + (part.start - region.space.start) / ways;
            dimm.used.push_back({start, start + part.size() / ways, id});
        }
    }
    std::ranges::sort(dimm.used, {}, &Extent::start);
    return dimm;
}

std::vector<Dimm> dimms_of(const NdRegion& region) {
    std::vector<Dimm> dimms;
    for (const auto& mapping : region.mappings) dimms.push_back(dimm_of(region, mapping));
    if (!dimms.empty()) return dimms;
    const NdMapping whole{.dimm = {}, .start = 0, .size = region.space.size() / ways_of(region)};
    dimms.assign(ways_of(region), dimm_of(region, whole));
    return dimms;
}

// Device addresses of the first DIMM as addresses of the region.
std::vector<Range> addresses_of(const NdRegion& region, const Dimm& first, const Extents& extents, int owner) {
    std::vector<Range> ranges;
    for (const auto& extent : extents) {
        if (extent.owner != owner) continue;
        const std::uint64_t start = region.space.start + (extent.start - first.start) * ways_of(region);
        ranges.push_back({start, start + extent.size() * ways_of(region) - 1});
    }
    return ranges;
}

// nd_pmem_available_dpa(): every extent is expanded to granules; one that then leaves the DIMM's part spoils all.
std::uint64_t available_on(const Dimm& dimm) {
    if (!dimm.enabled) return 0;
    std::uint64_t busy = 0;
    for (const auto& extent : dimm.used) {
        const std::uint64_t start = round_down(extent.start, dimm.granule);
        const std::uint64_t end = round_up(extent.end, dimm.granule);
        if (start >= dimm.start && end > dimm.end) return 0;   // "misaligned to iset"
        busy += end - start;
    }
    return busy < dimm.size() ? round_down(dimm.size() - busy, dimm.granule) : 0;
}

// A free piece between two extents, trimmed to granules (space_valid).
struct Hole {
    std::uint64_t start;
    std::uint64_t end;
    std::size_t next;   // index of the extent behind it
};

std::vector<Hole> holes_of(const Dimm& dimm, const Extents& used) {
    std::vector<Hole> holes;
    std::uint64_t at = dimm.start;
    for (std::size_t i = 0; i <= used.size(); ++i) {
        const std::uint64_t end = i < used.size() ? used[i].start : dimm.end;
        const std::uint64_t first = round_up(at, dimm.granule);
        const std::uint64_t last = round_down(end, dimm.granule);
        if (last > first) holes.push_back({first, last, i});
        if (i < used.size()) at = used[i].end;
    }
    return holes;
}

// Puts up to n bytes into a hole: what lies beside it with the same owner grows, the one behind first.
std::uint64_t fill(Extents& used, const Hole& hole, int owner, std::uint64_t n) {
    const std::uint64_t amount = std::min(hole.end - hole.start, n);
    const auto next = used.begin() + static_cast<std::ptrdiff_t>(hole.next);
    if (next != used.end() && next->owner == owner) {
        next->start -= amount;
    } else if (next != used.begin() && std::prev(next)->owner == owner) {
        std::prev(next)->end += amount;
    } else {
        used.insert(next, {hole.start, hole.start + amount, owner});
    }
    return amount;
}

// scan_allocate(): n more bytes for an owner, in the order of device addresses; nothing where they do not fit. Only the
// reserve may be scattered. Where nothing was found at all, the start of the DIMM's part is tried as it is.
std::optional<Extents> allocate(const Dimm& dimm, int owner, std::uint64_t n) {
    Extents used = dimm.used;
    std::optional<Extent> exist;
    for (const auto& extent : used) {
        if (extent.owner == owner) exist = extent;
    }
    const auto fits = [&](const Hole& hole) {
        if (owner == kReserve) return true;
        if (hole.end - hole.start < n) return false;
        return !exist || hole.start == exist->end || hole.end == exist->start;
    };
    std::uint64_t left = n;
    while (left != 0 && !used.empty()) {
        const auto holes = holes_of(dimm, used);
        const auto hole = std::ranges::find_if(holes, fits);
        if (hole == holes.end()) break;
        left -= fill(used, *hole, owner, left);
    }
    if (left == 0) return used;
    if (left != n) return std::nullopt;
    const Extent at_start{dimm.start, dimm.start + n, owner};   // init_dpa_allocation()
    if (at_start.end > dimm.end || (!used.empty() && used.front().start < at_start.end)) return std::nullopt;
    used.insert(used.begin(), at_start);
    return used;
}

// nd_pmem_max_contiguous_dpa(): all that is free is reserved for a moment, and its largest piece counts.
std::uint64_t largest_on(const Dimm& dimm) {
    const std::uint64_t free = available_on(dimm);
    if (free == 0) return 0;
    const auto reserved = allocate(dimm, kReserve, free);
    if (!reserved) return 0;   // "pmem reserve underrun"
    std::uint64_t largest = 0;
    for (const auto& extent : *reserved) {
        if (extent.owner != kReserve) continue;
        const std::uint64_t start = round_up(extent.start, dimm.granule);
        const std::uint64_t end = round_down(extent.end, dimm.granule);
        if (end > start) largest = std::max(largest, end - start);
    }
    return largest;
}

// The same on every DIMM; the namespace's addresses come from the first one.
std::optional<std::vector<Range>> allocate_on_all(const NdRegion& region, int owner, std::uint64_t bytes) {
    const auto dimms = dimms_of(region);
    std::optional<std::vector<Range>> ranges;
    for (const auto& dimm : dimms) {
        const auto extents = allocate(dimm, owner, bytes / ways_of(region));
        if (!extents) return std::nullopt;
        if (!ranges) ranges = addresses_of(region, dimm, *extents, owner);
    }
    return ranges;
}

// nd_namespace_pmem_set_resource(): the first extent says where it starts, the sum how large it is.
void place(NdNamespace& ns, std::vector<Range> extents, std::uint64_t size) {
    ns.space = {extents.front().start, extents.front().start + size - 1};
    ns.allocated = true;
    ns.extents = extents.size() > 1 ? std::move(extents) : std::vector<Range>();
}

// scan_free(): from the tail.
void shrink(NdNamespace& ns, std::uint64_t size) {
    auto extents = extents_of(ns);
    std::uint64_t left = ns.size() - size;
    while (left != 0) {
        Range& last = extents.back();
        const std::uint64_t part = std::min(left, last.size());
        left -= part;
        if (part == last.size()) {
            extents.pop_back();
        } else {
            last.last -= part;
        }
    }
    place(ns, std::move(extents), size);
}

// nd_pmem_namespace_label_update(): a label is written beside the old one, which takes a free slot on each DIMM. The space
// stays taken where there is none.
NdAnswer write_labels(NdRegion& region, const NdNamespace& ns, bool is_new) {
    if (!ns.allocated) return {0, RuleId::nd_accepted};   // labels are only taken out
    if (std::ranges::any_of(region.mappings, [](const NdMapping& one) { return one.slots == 0U; })) {
        return nd_refuse(RuleId::nd_label_slots);
    }
    for (auto& mapping : region.mappings) {
        if (is_new && mapping.slots) --*mapping.slots;
    }
    return {0, RuleId::nd_accepted};
}

// nd_mapping.labels has one for each of the DIMM's that is in use, of whatever region, and is freed with the last one.
bool has_labels(const NdBus& bus, const NdRegion& region, std::string_view dimm) {
    const auto is_there = [&](const NdRegion& one) {
        const bool shares = std::ranges::find(one.mappings, dimm, &NdMapping::dimm) != one.mappings.end();
        return one.labelled && (shares || one.id == region.id) &&
               std::ranges::any_of(one.namespaces, [](const auto& entry) { return entry.second.allocated; });
    };
    return std::ranges::any_of(bus.regions, is_there);
}

bool has_labels(const NdBus& bus, const NdRegion& region) {
    if (region.mappings.empty()) return has_labels(bus, region, "");
    return std::ranges::all_of(region.mappings,
                               [&](const NdMapping& one) { return has_labels(bus, region, one.dimm); });
}

}   // namespace

std::uint64_t available_size(const NdRegion& region) {
    std::uint64_t sum = 0;
    for (const auto& dimm : dimms_of(region)) {
        if (!dimm.enabled) return 0;
        sum += available_on(dimm);
    }
    return sum;
}

std::uint64_t max_available_extent(const NdRegion& region, bool min_not_zero) {
    std::optional<std::uint64_t> smallest;
    for (const auto& dimm : dimms_of(region)) {
        const std::uint64_t largest = largest_on(dimm);
        if (largest == 0 && min_not_zero) continue;
        smallest = std::min(smallest.value_or(largest), largest);
    }
    return smallest.value_or(0) * ways_of(region);
}

std::optional<Range> find_space(const NdRegion& region, std::uint64_t size) {
    constexpr int kNew = -3;
    const auto ranges = allocate_on_all(region, kNew, size);
    return ranges ? std::optional(ranges->front()) : std::nullopt;
}

std::optional<std::vector<Range>> grown(const NdRegion& region, const NdNamespace& ns, std::uint64_t more) {
    return allocate_on_all(region, ns.id, more);
}

NdAnswer set_uuid(NdBus& bus, NdRegion& region, NdNamespace& ns, std::string_view uuid) {
    if (ns.active || ns.claimed) return nd_refuse(RuleId::nd_uuid_busy);
    if (!uuid.empty() && has_uuid(bus, region.bus, uuid)) return nd_refuse(RuleId::nd_uuid_duplicate);
    if (ns.identity != 0 && !has_labels(bus, region)) return nd_refuse(RuleId::nd_uuid_kept);
    if (!dimms_enabled(region)) return {.error = 0, .rule = RuleId::nd_unbind_active_dimm, .crash = true};
    ns.identity = ++bus.last_identity;
    ns.uuid = uuid;
    return {0, RuleId::nd_accepted};
}

NdAnswer set_size(NdRegion& region, NdNamespace& ns, std::uint64_t size, bool min_not_zero) {
    if (!region.labelled) return nd_refuse(RuleId::nd_size_label_less);
    if (ns.active || ns.claimed) return nd_refuse(RuleId::nd_size_busy);
    if (ns.identity == 0) return nd_refuse(RuleId::nd_size_no_uuid);
    const auto divisor = static_cast<std::uint32_t>(region.align);   // div_u64_rem()
    if (divisor == 0) return {.error = 0, .rule = RuleId::nd_region_align_4g, .crash = true};
    if (size % divisor != 0) return nd_refuse(RuleId::nd_size_unaligned);
    if (!dimms_enabled(region)) return nd_refuse(RuleId::nd_size_dimm_disabled);
    const std::uint64_t have = ns.size();
    if (size > max_available_extent(region, min_not_zero) + have) return nd_refuse(RuleId::nd_size_no_space);
    if (size == 0) {
        ns = {.id = ns.id, .space = {}, .allocated = false, .identity = 0, .active = {}, .claimed = {}, .extents = {}};
    } else if (size < have) {
        shrink(ns, size);
    } else if (size > have) {
        auto extents = allocate_on_all(region, ns.id, size - have);
        if (!extents) return nd_refuse(RuleId::nd_size_no_room);
        place(ns, *std::move(extents), size);
    }
    return write_labels(region, ns, have == 0 && size != 0);
}

NdAnswer set_region_align(const KernelProfile& profile, NdRegion& region, std::uint64_t value) {
    if (region.ways == 0 && !profile.has(Feature::nd_align_label_less)) return nd_refuse(RuleId::nd_align_no_dimms);
    const std::uint64_t each = value / ways_of(region);
    const bool fits = value % ways_of(region) == 0 && std::has_single_bit(each) && each >= profile.page_size &&
                      value <= region.space.size();
    if (!fits) return nd_refuse(RuleId::nd_align_invalid);
    region.align = value;
    return {0, RuleId::nd_accepted};
}

// default_align() (drivers/nvdimm/region_devs.c)
std::uint64_t default_region_align(std::uint64_t size, unsigned ways, std::uint64_t page_size) {
    constexpr std::uint64_t kUsual = 16 * kMiB;   // MEMREMAP_COMPAT_ALIGN_MAX
    const std::uint64_t base = size < kUsual ? page_size : kUsual;
    const unsigned parts = std::max(1U, ways);
    return base % parts == 0 ? base : base * parts;
}

std::uint64_t default_region_align(const KernelProfile& profile, std::uint64_t size, unsigned ways) {
    if (!profile.has(Feature::nd_compat_align)) return profile.page_size * std::max(1U, ways);
    return default_region_align(size, ways, profile.page_size);
}

NdAnswer nd_refuse(RuleId id) { return {rule(id).error, id}; }

}   // namespace memhot
