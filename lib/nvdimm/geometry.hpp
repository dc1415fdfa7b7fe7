// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where things lie inside a namespace: pfn and dax instances (drivers/nvdimm/pfn_devs.c nd_pfn_init), block translation
// tables (drivers/nvdimm/btt.c) and the memory blocks that kmem gets (drivers/dax/kmem.c). Pure arithmetic; bytes.
#pragma once

#include <cstdint>
#include <optional>

#include "memhot/operation.hpp"
#include "memhot/profile.hpp"
#include "memhot/rules.hpp"
#include "memhot/units.hpp"

namespace memhot {

inline constexpr std::uint64_t kInfoBlockReserve = 8 * kKiB;   // info block at offset 4 KiB, 4 KiB long
inline constexpr std::uint64_t kSmallestClaim = 16 * kMiB;   // drivers/nvdimm/claim.c nd_namespace_store
inline constexpr std::uint64_t kNdctlStartAlign = 16 * kMiB;   // ndctl/namespace.c check_dax_align

enum class PageMap : std::uint8_t { ram, device };   // where the struct pages lie: ndctl's map "mem" and "dev"

// memremap_compat_align(): 2 MiB, but for the hash MMU of powerpc (9ffc1d19fc4a).
std::uint64_t compat_align(const KernelProfile& profile);

struct PfnGeometry {
    std::uint64_t data_offset = 0;   // from the namespace start (and start_pad)
    std::uint64_t end_trunc = 0;   // lost at its end
    std::uint64_t usable = 0;
    std::uint64_t start_pad = 0;   // before 5.3, or forged by ndctl write-infoblock

    // What memremap_pages() is asked for besides the range (__nvdimm_setup_pfn); nothing for PageMap::ram.
    [[nodiscard]] std::optional<Altmap> altmap(PageMap map, std::uint64_t page_size) const;
    // Bytes that hold struct pages.
    [[nodiscard]] std::uint64_t memmap_reserve(PageMap map) const;
};

enum class PfnRefusal : std::uint8_t {
    start_misaligned,   // EINVAL, "start %pa misaligned to %#lx"
    no_room,   // ENXIO, "unable to satisfy requested alignment"
    struct_page,   // EINVAL, "Memory debug options prevent using pmem for the page map"
};
RuleId rule_of(PfnRefusal refusal);

// A new fsdax or devdax instance over a namespace.
struct PfnAnswer {
    std::optional<PfnRefusal> refusal;
    PfnGeometry geometry;
};
PfnAnswer pfn_geometry(const KernelProfile& profile, const Range& space, std::uint64_t align, PageMap map);
// What ndctl write-infoblock forges: as nd_pfn_init() of 5.5 did, with padding for a start of `offset` (its -O).
PfnGeometry forged_geometry(std::uint64_t size, std::uint64_t align, PageMap map, std::uint64_t offset,
                            std::uint64_t page_size);

// supported_alignments of an instance: a page, a PMD, and a PUD where it can be mapped (nd_pfn_supported_alignments).
bool supports_align(const KernelProfile& profile, std::uint64_t align);

// The size of the disk that a BTT of one or more arenas makes; nothing where the namespace is too small for an arena.
// btt2: version 2.0, which begins at the start of the namespace; 1.1 leaves 4 KiB (nd_btt_version).
std::optional<std::uint64_t> btt_size(std::uint64_t namespace_size, std::uint64_t sector_size, bool btt2 = false);

// What kmem adds of a range: whole memory blocks; nothing where none fits.
std::optional<Range> kmem_blocks(const Range& range, std::uint64_t block_size);

}   // namespace memhot
