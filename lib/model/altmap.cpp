// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/altmap.hpp"

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

bool take_all(AltmapAllocator& altmap, std::uint64_t bytes, std::uint64_t unit) {
    for (std::uint64_t done = 0; done < bytes; done += unit) {
        if (!altmap.take(unit)) return false;
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

bool populate_memmap(const KernelProfile& profile, std::uint64_t pages, bool whole, AltmapAllocator* altmap) {
    const MemmapStyle style = style_of(profile);
    if (altmap == nullptr || !profile.has(Feature::altmap_honoured) || (style.partial_from_ram && !whole)) return true;
    const std::uint64_t bytes = pages * profile.struct_page_size;
    const bool huge =
        style.huge_pages && (whole || (profile.arch == Arch::arm64 && !profile.has(Feature::arm64_partial_base_pages)));
    if (huge && bytes >= profile.pmd_size && take_all(*altmap, bytes, profile.pmd_size)) return true;
    if (huge && style.when_full == WhenFull::fail) return false;
    return take_all(*altmap, bytes, profile.page_size) || style.when_full == WhenFull::use_ram;
}

}   // namespace memhot
