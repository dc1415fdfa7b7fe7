// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The memory block size that x86_64 chooses at boot (arch/x86/mm/init_64.c probe_memory_block_size). Where a host shows
// block_size_bytes that counts; this is for what-if questions about a host that does not exist yet.
#include "memhot/profile.hpp"
#include "memhot/units.hpp"

namespace memhot {

namespace {

constexpr std::uint64_t kSmallest = 128 * kMiB;   // MIN_MEMORY_BLOCK_SIZE
constexpr std::uint64_t kLargest = 2 * kGiB;   // MAX_BLOCK_SIZE
constexpr std::uint64_t kLargeHost = 64 * kGiB;   // MEM_SIZE_FOR_LARGE_BLOCK
constexpr Version kBareMetalTakesLargest{5, 9, 0};   // fe124c95df9e

}   // namespace

std::uint64_t boot_block_size(const KernelProfile& profile, std::uint64_t boot_end, bool hypervisor) {
    if (profile.arch != Arch::x86_64) return profile.section_size();
    if (boot_end < kLargeHost) return kSmallest;
    if (!hypervisor && profile.version >= kBareMetalTakesLargest) return kLargest;
    std::uint64_t size = kLargest;
    while (size > kSmallest && !is_aligned(boot_end, size)) size /= 2;
    return size;
}

}   // namespace memhot
