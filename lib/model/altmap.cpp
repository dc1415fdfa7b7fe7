// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/altmap.hpp"

#include <algorithm>
#include <bit>

#include "memhot/units.hpp"

namespace memhot {

bool AltmapAllocator::take(std::uint64_t bytes) {
    const std::uint64_t pages = bytes / page_size_;
    const std::uint64_t alignment = pages & (~pages + 1);   // 1 << find_first_bit(&nr_pfns)
    const std::uint64_t padding = (alignment - next_pfn_ % alignment) % alignment;
    if (pages + padding > left_) return false;
    next_pfn_ += padding + pages;
    left_ -= padding + pages;
    taken_ += pages;
    return true;
}

namespace {

enum class WhenFull : std::uint8_t { fail, use_ram };

// How an architecture takes memmap from an altmap.
struct MemmapStyle {
    bool huge_pages;         // whole sections in PMD units
    bool partial_from_ram;   // pieces ignore the altmap
    WhenFull when_full;
};

MemmapStyle style_of(const KernelProfile& profile) {
    const bool small_pages = profile.page_size == 4096;
    switch (profile.arch) {
        case Arch::x86_64:   // arch/x86/mm/init_64.c vmemmap_populate (e9c0a3f05477)
            return {.huge_pages = true, .partial_from_ram = true, .when_full = WhenFull::fail};
        case Arch::arm64:   // arch/arm64/mm/mmu.c vmemmap_populate: base pages but for 4K
            return {.huge_pages = small_pages, .partial_from_ram = false, .when_full = WhenFull::fail};
        case Arch::ppc64:   // arch/powerpc/mm/book3s64/radix_pgtable.c: any failure falls back to RAM
            return {.huge_pages = true, .partial_from_ram = false, .when_full = WhenFull::use_ram};
        default: return {.huge_pages = true, .partial_from_ram = false, .when_full = WhenFull::fail};
    }
}

// Whether an architecture maps memmap by PMDs: where a section has as much of it.
bool uses_pmds(const KernelProfile& profile, const MemmapStyle& style, bool whole) {
    const bool fills_one = profile.pages_per_section() * profile.struct_page_size >= profile.pmd_size;
    const bool partial_too = profile.arch == Arch::arm64 && !profile.has(Feature::arm64_partial_base_pages);
    return style.huge_pages && fills_one && (whole || partial_too);
}

bool take_base_pages(AltmapAllocator& altmap, std::uint64_t pages, std::uint64_t page_size) {
    for (std::uint64_t taken = 0; taken < pages; ++taken) {
        if (!altmap.take(page_size)) return false;
    }
    return true;
}

}   // namespace

namespace {

constexpr std::uint64_t kKeptPages = 2;   // VMEMMAP_RESERVE_NR: that of the head, and one for all tails

// vmemmap_can_optimize() (include/linux/mm.h)
bool shares_tails(const KernelProfile& profile, std::uint64_t compound) {
    const std::uint64_t memmap = compound / profile.page_size * profile.struct_page_size;
    return profile.has(Feature::devdax_memmap_dedup) && std::has_single_bit(profile.struct_page_size) &&
           memmap > kKeptPages * profile.page_size;
}

}   // namespace

// vmemmap_populate_compound_pages() and reuse_compound_section() (mm/sparse-vmemmap.c, 4917f55b4ef9)
std::uint64_t memmap_in_ram(const KernelProfile& profile, std::uint64_t offset, std::uint64_t size,
                            std::uint64_t compound) {
    if (!shares_tails(profile, compound)) return size / profile.page_size * profile.struct_page_size;
    if (compound > kSubsectionSize && offset % compound != 0)
        return 0;   // the section before has the page of its tails
    return (size + compound - 1) / compound * kKeptPages * profile.page_size;
}

bool populate_memmap(const KernelProfile& profile, const MemmapNeed& need, AltmapAllocator* altmap) {
    const MemmapStyle style = style_of(profile);
    const bool from_ram = style.partial_from_ram && !need.whole;
    if (altmap == nullptr || !profile.has(Feature::altmap_honoured) || from_ram) return true;
    if (!uses_pmds(profile, style, need.whole)) {
        return take_base_pages(*altmap, need.base_pages, profile.page_size) || style.when_full == WhenFull::use_ram;
    }
    const std::uint64_t pages_of_pmd = profile.pmd_size / profile.page_size;
    for (std::uint64_t pmd = 0; pmd < need.pmds; ++pmd) {
        if (altmap->take(profile.pmd_size)) continue;
        if (!profile.has(Feature::altmap_falls_back)) return false;
        if (!take_base_pages(*altmap, std::min(need.base_pages, pages_of_pmd), profile.page_size)) return false;
    }
    return true;
}

}   // namespace memhot
