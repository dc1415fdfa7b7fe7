// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where the memmap of a piece comes from: RAM, or the altmap of the mapping (mm/sparse-vmemmap.c, arch/*/mm).
#pragma once

#include <cstdint>

#include "memhot/operation.hpp"
#include "memhot/profile.hpp"

namespace memhot {

// struct vmem_altmap with altmap_alloc_block_buf(), mm/sparse-vmemmap.c (4b94ffdc4163).
class AltmapAllocator {
public:
    AltmapAllocator(std::uint64_t base_pfn, const Altmap& altmap, std::uint64_t page_size)
        : next_pfn_(base_pfn + altmap.reserve_pages), left_(altmap.free_pages), page_size_(page_size) {}

    // Takes bytes (a multiple of the page size) aligned to their lowest set bit; false where they do not fit.
    bool take(std::uint64_t bytes);
    [[nodiscard]] std::uint64_t taken_pages() const { return taken_; }

private:
    std::uint64_t next_pfn_;
    std::uint64_t left_;
    std::uint64_t page_size_;
    std::uint64_t taken_ = 0;
};

// What a piece needs of memmap that no neighbour brought.
struct MemmapNeed {
    std::uint64_t base_pages = 0;
    std::uint64_t pmds = 0;
    bool whole = false;   // a full section
};

// vmemmap_populate() of one piece: false where the altmap cannot hold it and the architecture does not fall back.
// altmap is null where the memmap comes from RAM.
bool populate_memmap(const KernelProfile& profile, const MemmapNeed& need, AltmapAllocator* altmap);

// Bytes of RAM for the struct pages of a piece, `offset` bytes into a mapping in compound pages of `compound` bytes
// (0: base pages), where no altmap holds them. The tails of a compound page share one page of memmap.
std::uint64_t memmap_in_ram(const KernelProfile& profile, std::uint64_t offset, std::uint64_t size,
                            std::uint64_t compound);

}   // namespace memhot
