// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/nd_stranded.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace memhotctl {

using memhot::DaxDeviceRecord;
using memhot::human_size;
using memhot::InfoBlockRecord;
using memhot::InstanceKind;
using memhot::NamespaceRecord;
using memhot::NdInstanceRecord;
using memhot::NdRegionRecord;
using memhot::NvdimmRecord;
using memhot::Range;

namespace {

// Smaller ones ndctl does not create, and nothing but a raw namespace fits (drivers/nvdimm/claim.c nd_namespace_store).
constexpr std::uint64_t kSmallestNamespace = 16 * memhot::kMiB;

void add(std::vector<Stranded>& parts, std::uint64_t bytes, std::string why) {
    if (bytes != 0) parts.push_back({bytes, std::move(why)});
}

// A free piece of a region: all of it, and what space_valid() (drivers/nvdimm/namespace_devs.c) leaves of it, which starts
// and ends on the region's align in the addresses of its DIMMs.
struct Hole {
    std::uint64_t bytes = 0;
    std::uint64_t trimmed = 0;
};

class Holes {
public:
    Holes(const NvdimmRecord& nd, const NdRegionRecord& region, std::uint64_t unit) : unit_(unit) {
        const auto whole =
            region.resource && region.size ? Range::from_size(*region.resource, *region.size) : std::nullopt;
        if (!whole) return;
        std::vector<Range> taken;
        for (const auto& ns : nd.namespaces) {
            if (ns.region != region.name || ns.size.value_or(0) == 0) continue;
            const auto range = ns.resource ? Range::from_size(*ns.resource, *ns.size) : std::nullopt;
            if (!range) return;
            taken.push_back(*range);
        }
        std::ranges::sort(taken, {}, &Range::start);
        const std::uint64_t in_dimms = region.mappings.empty() ? 0 : region.mappings.front().start;
        base_ = in_dimms * std::max(1U, region.ways.value_or(1)) - whole->start;
        std::uint64_t next = whole->start;
        for (const auto& range : taken) {
            add(next, range.start);
            next = std::max(next, range.last + 1);
        }
        add(next, whole->last + 1);
        std::uint64_t sum = 0;
        for (const auto& hole : all_) sum += hole.trimmed;
        if (sum != region.available_size.value_or(0)) all_.clear();   // extents that no namespace shows
    }
    [[nodiscard]] const std::vector<Hole>& all() const { return all_; }

private:
    void add(std::uint64_t start, std::uint64_t end) {
        if (end <= start) return;
        const std::uint64_t first = memhot::align_up(start + base_, unit_);
        const std::uint64_t last = memhot::align_down(end + base_, unit_);
        all_.push_back({end - start, last > first ? last - first : 0});
    }

    std::uint64_t unit_;
    std::uint64_t base_ = 0;   // what makes an address one of the DIMMs, times the ways; modulo 2^64
    std::vector<Hole> all_;   // ascending; none where an address is hidden
};

// The parts in front of and behind the data of an fsdax or devdax instance.
std::vector<Stranded> around_data(const NamespaceRecord& ns, const InfoBlockRecord& block) {
    std::vector<Stranded> parts;
    const std::uint64_t align = block.align.value_or(0);
    // nd_pfn_init() (drivers/nvdimm/pfn_devs.c) starts data on a sub-section where the align is smaller
    const std::string start = human_size(std::max(align, memhot::kSubsectionSize));
    add(parts, block.start_pad.value_or(0), "padding in front of the info block");
    add(parts, block.data_offset.value_or(0),
        fmt::format("{}, rounded up to {}",
                    block.mode == 2U ? "info block and struct pages (map=dev)" : "info block (map=mem)", start));
    // of attributes: what is missing at the end
    add(parts, std::min(std::uint64_t{block.end_trunc.value_or(0)}, *ns.size),
        fmt::format("cut off at the end, for the align of {}", human_size(align)));
    return parts;
}

}   // namespace

std::uint64_t total(const std::vector<Stranded>& parts) {
    std::uint64_t bytes = 0;
    for (const auto& part : parts) bytes += part.bytes;
    return bytes;
}

std::vector<Stranded> stranded_in(const NvdimmRecord& nd, const NdRegionRecord& region) {
    std::vector<Stranded> parts;
    if (!region.available_size) return parts;   // label-less: its namespace has all of it
    const std::uint64_t unit = region.align.value_or(kSmallestNamespace);
    if (!std::has_single_bit(unit)) return parts;   // of three or six ways: pieces are what the kernel makes of them
    std::uint64_t small = 0;
    std::uint64_t rest = 0;
    const Holes holes(nd, region, unit);
    for (const auto& hole : holes.all()) {
        (hole.trimmed < kSmallestNamespace ? small : rest) +=
            hole.trimmed < kSmallestNamespace ? hole.bytes : hole.bytes - hole.trimmed;
    }
    add(parts, small,
        fmt::format("free, in pieces smaller than {} on the region's align", human_size(kSmallestNamespace)));
    add(parts, rest, fmt::format("free, outside of multiples of the region's align of {}", human_size(unit)));
    return parts;
}

std::vector<Stranded> stranded_in(const NvdimmRecord& nd, const NamespaceRecord& ns, const NdInstanceRecord* instance) {
    const std::uint64_t whole = ns.size.value_or(0);
    const bool known = instance != nullptr && !instance->driver.empty() && instance->size && *instance->size < whole;
    if (!known) return {};
    const std::uint64_t lost = whole - *instance->size;
    if (instance->kind == InstanceKind::btt) {
        return {{lost, fmt::format("info blocks, map, log and spare blocks of the BTT (sectors of {})",
                                   instance->sector_size.value_or(512))}};
    }
    if (const InfoBlockRecord* block = nd.info_block(ns.name)) {
        auto parts = around_data(ns, *block);
        if (total(parts) == lost) return parts;
    }
    return {{lost, "info block, struct pages and alignment"}};
}

std::vector<Stranded> stranded_in(const memhot::Snapshot& snapshot, const DaxDeviceRecord& device) {
    std::vector<Stranded> parts;
    const std::uint64_t size = snapshot.memory_block_size.value_or(0);
    const auto ranges = memhot::ranges_of(device);
    if (size == 0 || ranges.empty()) return parts;
    std::uint64_t front = 0;
    std::uint64_t behind = 0;
    for (const auto& range : ranges) {
        const std::uint64_t first = range.start / size + (range.start % size != 0 ? 1 : 0);
        const std::uint64_t end = (range.last + 1) / size;
        if (first >= end) {
            add(parts, range.size(),
                fmt::format("{} holds no whole memory block of {}", to_string(range), human_size(size)));
            continue;
        }
        front += first * size - range.start;
        behind += range.last + 1 - end * size;
    }
    add(parts, front, fmt::format("in front of the first whole memory block of {}", human_size(size)));
    add(parts, behind, fmt::format("behind the last whole memory block of {}", human_size(size)));
    const auto blocks = memhot::dax_blocks(snapshot, device);
    const auto missing = static_cast<std::uint64_t>(std::ranges::count(blocks, false, &memhot::DaxBlock::present));
    add(parts, missing * size, "memory blocks that the kernel did not get");
    return parts;
}

}   // namespace memhotctl
