// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/nd_stranded.hpp"

#include <fmt/format.h>

#include <algorithm>

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

// Ascending; nothing where an address is hidden or the host says something else of its free space.
std::vector<std::uint64_t> holes_of(const NvdimmRecord& nd, const NdRegionRecord& region) {
    std::vector<Range> taken;
    for (const auto& ns : nd.namespaces) {
        if (ns.region != region.name || ns.size.value_or(0) == 0) continue;
        const auto range = ns.resource ? Range::from_size(*ns.resource, *ns.size) : std::nullopt;
        if (!range) return {};
        taken.push_back(*range);
    }
    const auto whole = region.resource && region.size ? Range::from_size(*region.resource, *region.size) : std::nullopt;
    if (!whole) return {};
    std::ranges::sort(taken, {}, &Range::start);
    std::vector<std::uint64_t> holes;
    std::uint64_t next = whole->start;
    std::uint64_t sum = 0;
    const auto hole_to = [&](std::uint64_t end) {
        if (end <= next) return;
        holes.push_back(end - next);
        sum += end - next;
    };
    for (const auto& range : taken) {
        hole_to(range.start);
        next = std::max(next, range.last + 1);
    }
    hole_to(whole->last + 1);
    return sum == region.available_size.value_or(0) ? holes : std::vector<std::uint64_t>();
}

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
    const std::uint64_t unit = std::max(region.align.value_or(kSmallestNamespace), memhot::kSubsectionSize);
    const std::uint64_t least = std::max(unit, kSmallestNamespace);
    std::uint64_t small = 0;
    std::uint64_t rest = 0;
    for (const std::uint64_t hole : holes_of(nd, region))
        (hole < least ? small : rest) += hole < least ? hole : hole % unit;
    add(parts, small, fmt::format("free, in pieces smaller than {}", human_size(least)));
    add(parts, rest, fmt::format("free, behind the last multiple of the region's align of {}", human_size(unit)));
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
