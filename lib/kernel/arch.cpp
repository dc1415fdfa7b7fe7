// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Architectures: their names, and what differs between page sizes and releases.
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "kernel/tables.hpp"
#include "memhot/units.hpp"
#include "units/quote.hpp"

namespace memhot {
namespace {

struct ArchName {
    std::string_view text;
    Arch arch;
};

// The first of an architecture is the one that is printed.
constexpr std::array kArchNames{
    ArchName{"x86_64", Arch::x86_64},       ArchName{"amd64", Arch::x86_64},
    ArchName{"arm64", Arch::arm64},         ArchName{"aarch64", Arch::arm64},
    ArchName{"ppc64", Arch::ppc64},         ArchName{"ppc64le", Arch::ppc64},
    ArchName{"ppc64el", Arch::ppc64},       ArchName{"powerpc64", Arch::ppc64},
    ArchName{"powerpc64le", Arch::ppc64},   ArchName{"s390x", Arch::s390x},
    ArchName{"riscv64", Arch::riscv64},     ArchName{"loongarch64", Arch::loongarch64},
    ArchName{"loong64", Arch::loongarch64},
};

}   // namespace

Result<Arch> parse_arch(std::string_view text) {
    for (const auto& name : kArchNames)
        if (name.text == text) return name.arch;
    return bad_input(fmt::format("{} is not an architecture with rules here: expected x86_64, arm64, ppc64, s390x, "
                                 "riscv64 or loongarch64",
                                 units::quoted(text)));
}

std::string_view to_string(Arch arch) {
    for (const auto& name : kArchNames)
        if (name.arch == arch) return name.text;
    return "unknown";
}

namespace kernel {
namespace {

constexpr std::uint64_t k4K = 4 * kKiB;
constexpr std::uint64_t k16K = 16 * kKiB;
constexpr std::uint64_t k64K = 64 * kKiB;

constexpr std::string_view kX86 = "arch/x86/include/asm/sparsemem.h: 46, or 52 where five-level paging is on";
constexpr std::string_view kArm = "arch/arm64/include/asm/sparsemem.h: CONFIG_ARM64_PA_BITS";
constexpr std::string_view kArmSmall = "arch/arm64/include/asm/sparsemem.h (f0b791a34cb3)";
constexpr std::string_view kPpc = "arch/powerpc/include/asm/book3s/64/mmu.h; radix";
constexpr std::string_view kS390 = "arch/s390/include/asm/sparsemem.h: CONFIG_MAX_PHYSMEM_BITS";
constexpr std::string_view kRiscv = "arch/riscv/include/asm/sparsemem.h; memory hotplug since 6.11 (c75a74f4ba19)";
constexpr std::string_view kLoong = "arch/loongarch/include/asm/sparsemem.h; sub-sections need its vmemmap, since 6.2 "
                                    "(7b09f5af0185)";

// Page size, since, section bits, physical bits, PMD, pageblock, largest buddy block.
// clang-format off
constexpr std::array kArchRows{
    ArchRow{Arch::x86_64, k4K, {5, 3, 0}, 27, 46, 2 * kMiB, 2 * kMiB, 4 * kMiB, kX86},
    ArchRow{Arch::arm64, k4K, {5, 3, 0}, 30, 48, 2 * kMiB, 2 * kMiB, 4 * kMiB, kArm},
    ArchRow{Arch::arm64, k4K, {5, 12, 0}, 27, 48, 2 * kMiB, 2 * kMiB, 4 * kMiB, kArmSmall},
    ArchRow{Arch::arm64, k16K, {5, 3, 0}, 30, 48, 32 * kMiB, 32 * kMiB, 32 * kMiB, kArm},
    ArchRow{Arch::arm64, k16K, {5, 12, 0}, 27, 48, 32 * kMiB, 32 * kMiB, 32 * kMiB, kArmSmall},
    ArchRow{Arch::arm64, k64K, {5, 3, 0}, 30, 48, 512 * kMiB, 512 * kMiB, 512 * kMiB, kArm},
    ArchRow{Arch::arm64, k64K, {5, 12, 0}, 29, 48, 512 * kMiB, 512 * kMiB, 512 * kMiB, kArmSmall},
    ArchRow{Arch::ppc64, k4K, {5, 3, 0}, 24, 51, 2 * kMiB, 2 * kMiB, 16 * kMiB, kPpc},
    ArchRow{Arch::ppc64, k64K, {5, 3, 0}, 24, 51, 2 * kMiB, 2 * kMiB, 16 * kMiB, kPpc},
    ArchRow{Arch::s390x, k4K, {5, 3, 0}, 28, 46, 1 * kMiB, 1 * kMiB, 1 * kMiB, kS390},
    ArchRow{Arch::s390x, k4K, {6, 13, 0}, 27, 46, 1 * kMiB, 1 * kMiB, 1 * kMiB, kS390},
    ArchRow{Arch::riscv64, k4K, {6, 11, 0}, 27, 56, 2 * kMiB, 2 * kMiB, 4 * kMiB, kRiscv},
    ArchRow{Arch::loongarch64, k4K, {6, 2, 0}, 29, 48, 2 * kMiB, 2 * kMiB, 4 * kMiB, kLoong},
    ArchRow{Arch::loongarch64, k16K, {6, 2, 0}, 29, 48, 32 * kMiB, 32 * kMiB, 32 * kMiB, kLoong},
    ArchRow{Arch::loongarch64, k64K, {6, 2, 0}, 29, 48, 512 * kMiB, 512 * kMiB, 512 * kMiB, kLoong},
};
// clang-format on

}   // namespace

std::span<const ArchRow> arch_rows() { return kArchRows; }

const ArchRow* find_arch(Arch arch, std::uint64_t page_size, const Version& version) {
    const ArchRow* found = nullptr;
    for (const auto& row : kArchRows)
        if (row.arch == arch && row.page_size == page_size && row.since <= version) found = &row;
    return found;
}

std::uint64_t default_page_size(Arch arch) {
    switch (arch) {
        case Arch::ppc64: return k64K;
        case Arch::loongarch64: return k16K;
        default: return k4K;
    }
}

bool only_page_size(Arch arch) {
    return std::ranges::all_of(
        kArchRows, [&](const ArchRow& row) { return row.arch != arch || row.page_size == default_page_size(arch); });
}

}   // namespace kernel
}   // namespace memhot
