// SPDX-License-Identifier: LGPL-2.1-or-later
#include "nvdimm/geometry.hpp"

#include <algorithm>
#include <array>

namespace memhot {

namespace {

constexpr std::uint64_t kStructPageBudget = 64;   // MAX_STRUCT_PAGE_SIZE, whatever sizeof(struct page) is
constexpr std::uint64_t kHashCompatAlign = 16 * kMiB;   // pages of the linear mapping

// drivers/nvdimm/btt.h
constexpr std::uint64_t kBttPage = 4 * kKiB;
constexpr std::uint64_t kArenaMin = 16 * kMiB;
constexpr std::uint64_t kArenaMax = 512 * kGiB;
constexpr std::uint64_t kFreeBlocks = 256;       // BTT_DEFAULT_NFREE
constexpr std::uint64_t kLogGroup = 64;          // LOG_GRP_SIZE
constexpr std::uint64_t kMapEntry = 4;           // MAP_ENT_SIZE
constexpr std::uint64_t kInternalAlign = 64;     // INT_LBASIZE_ALIGNMENT
constexpr std::uint64_t kBttOffset = 4 * kKiB;   // of version 1.1

// alloc_arena(): sectors that one arena offers.
std::uint64_t arena_sectors(std::uint64_t arena, std::uint64_t sector_size) {
    const std::uint64_t internal = (sector_size + kInternalAlign - 1) / kInternalAlign * kInternalAlign;
    const std::uint64_t log = align_up(kFreeBlocks * kLogGroup, kBttPage);
    const std::uint64_t available = align_down(arena, kBttPage) - 2 * kBttPage - log;
    return (available - kBttPage) / (internal + kMapEntry) - kFreeBlocks;
}

}   // namespace

std::uint64_t compat_align(const KernelProfile& profile) {
    return profile.has(Feature::hash_mmu) ? kHashCompatAlign : kSubsectionSize;
}

std::optional<Altmap> PfnGeometry::altmap(PageMap map, std::uint64_t page_size) const {
    if (map == PageMap::ram) return std::nullopt;
    const std::uint64_t reserve = align_up(kInfoBlockReserve, page_size);   // nd_info_block_reserve()
    return Altmap{reserve / page_size, (data_offset - std::min(reserve, data_offset)) / page_size};
}

std::uint64_t PfnGeometry::memmap_reserve(PageMap map) const {
    return map == PageMap::ram ? 0 : data_offset - kInfoBlockReserve;
}

RuleId rule_of(PfnRefusal refusal) {
    constexpr std::array kRules{RuleId::nd_pfn_start_misaligned, RuleId::nd_pfn_no_room, RuleId::nd_pfn_struct_page};
    return kRules[static_cast<std::size_t>(refusal)];
}

PfnAnswer pfn_geometry(const KernelProfile& profile, const Range& space, std::uint64_t align, PageMap map) {
    const bool on_compat = profile.has(Feature::nd_compat_align);
    const std::uint64_t compat = on_compat ? compat_align(profile) : kSubsectionSize;
    if (on_compat && !is_aligned(space.start, compat)) return {PfnRefusal::start_misaligned, {}};
    const bool too_large = profile.has(Feature::pfn_checks_struct_page) && profile.struct_page_size > kStructPageBudget;
    if (map == PageMap::device && too_large) return {PfnRefusal::struct_page, {}};
    const std::uint64_t quantum = std::max(align, compat);
    const std::uint64_t size = space.size();
    PfnGeometry geometry;
    geometry.end_trunc = profile.has(Feature::pfn_truncates_end) ? (space.last + 1) & (quantum - 1) : 0;
    const std::uint64_t pages = (size - kInfoBlockReserve) / profile.page_size;
    const std::uint64_t memmap = map == PageMap::device ? kStructPageBudget * pages : 0;
    geometry.data_offset = align_up(space.start + kInfoBlockReserve + memmap, quantum) - space.start;
    // d0e19e8bb1b2~: since 6.6 the truncated end counts; before, a device of size zero came out
    const std::uint64_t limit = profile.has(Feature::pfn_refuses_empty) ? size - geometry.end_trunc : size;
    if (geometry.data_offset >= limit) return {PfnRefusal::no_room, geometry};
    geometry.usable = size - geometry.data_offset - geometry.end_trunc;
    return {std::nullopt, geometry};
}

PfnGeometry forged_geometry(std::uint64_t size, std::uint64_t align, PageMap map, std::uint64_t offset,
                            std::uint64_t page_size) {
    const std::uint64_t quantum = std::max(align, kSubsectionSize);
    const std::uint64_t memmap =
        map == PageMap::device ? kStructPageBudget * ((size - kInfoBlockReserve) / page_size) : 0;
    PfnGeometry geometry;
    geometry.start_pad = align_up(offset, quantum) - offset;
    geometry.end_trunc = offset + size - align_down(offset + size, quantum);
    geometry.data_offset = align_up(offset + kInfoBlockReserve + memmap, quantum) - offset;
    geometry.usable = size - geometry.data_offset - geometry.end_trunc - geometry.start_pad;
    return geometry;
}

bool supports_align(const KernelProfile& profile, std::uint64_t align) {
    const std::uint64_t pud = profile.pmd_size * (profile.page_size / 8);   // 8 bytes an entry
    const bool has_pud = !profile.has(Feature::pfn_align_by_cpu) || profile.has(Feature::cpu_gigabyte_pages);
    return align == profile.page_size || align == profile.pmd_size || (has_pud && align == pud);
}

std::optional<std::uint64_t> btt_size(std::uint64_t namespace_size, std::uint64_t sector_size, bool btt2) {
    const std::uint64_t offset = btt2 ? 0 : kBttOffset;
    if (namespace_size < offset + kArenaMin) return std::nullopt;
    std::uint64_t left = namespace_size - offset;
    std::uint64_t sectors = 0;
    while (left >= kArenaMin) {   // create_arenas()
        const std::uint64_t arena = std::min(left, kArenaMax);
        sectors += arena_sectors(arena, sector_size);
        left -= arena;
    }
    // btt_init(): what a sector of 520 or 4160 bytes has beyond 512 or 4096 is metadata
    constexpr std::uint64_t kLarge = 4096;
    return sectors * (sector_size >= kLarge ? kLarge : 512);
}

std::optional<Range> kmem_blocks(const Range& range, std::uint64_t block_size) {
    const std::uint64_t start = align_up(range.start, block_size);
    const std::uint64_t end = align_down(range.last + 1, block_size);
    if (end <= start) return std::nullopt;
    return Range{start, end - 1};
}

}   // namespace memhot
