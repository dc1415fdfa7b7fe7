// SPDX-License-Identifier: GPL-2.0-or-later
//
// The architecture table: its invariants and the constants of the kernels that were recorded or documented.
#include <bit>
#include <gtest/gtest.h>

#include "kernel/tables.hpp"
#include "memhot/units.hpp"

namespace memhot::kernel {
namespace {

TEST(ArchTable, RowsAreConsistent) {
    for (const auto& row : arch_rows()) {
        const auto name = to_string(row.arch);
        EXPECT_TRUE(std::has_single_bit(row.page_size)) << name;
        EXPECT_TRUE(std::has_single_bit(row.pmd_size)) << name;
        EXPECT_TRUE(std::has_single_bit(row.pageblock_size)) << name;
        EXPECT_TRUE(std::has_single_bit(row.max_order_size)) << name;
        EXPECT_GE(row.section_size_bits, kSubsectionShift) << name;
        EXPECT_GT(row.max_physmem_bits, row.section_size_bits) << name;
        // MAX_PAGE_ORDER + PAGE_SHIFT <= SECTION_SIZE_BITS (include/linux/mmzone.h)
        EXPECT_LE(row.max_order_size, 1ULL << row.section_size_bits) << name;
        EXPECT_LE(row.pageblock_size, row.max_order_size) << name;
        EXPECT_FALSE(row.source.empty()) << name;
        EXPECT_GE(row.since, kOldest) << name;
    }
}

TEST(ArchTable, RowsOfOneKindStandTogetherOldestFirst) {
    const auto rows = arch_rows();
    for (std::size_t i = 1; i < rows.size(); ++i) {
        const auto before = std::tuple(rows[i - 1].arch, rows[i - 1].page_size, rows[i - 1].since);
        EXPECT_LT(before, std::tuple(rows[i].arch, rows[i].page_size, rows[i].since)) << to_string(rows[i].arch);
    }
}

TEST(ArchTable, EveryArchitectureHasItsDefaultPageSize) {
    for (const auto arch : {Arch::x86_64, Arch::arm64, Arch::ppc64, Arch::s390x, Arch::riscv64, Arch::loongarch64})
        EXPECT_NE(find_arch(arch, default_page_size(arch), kNewest), nullptr) << to_string(arch);
    EXPECT_TRUE(only_page_size(Arch::x86_64));
    EXPECT_TRUE(only_page_size(Arch::s390x));
    EXPECT_FALSE(only_page_size(Arch::arm64));
    EXPECT_FALSE(only_page_size(Arch::ppc64));
}

TEST(ArchTable, SectionsShrankOnArmAndS390) {
    const auto bits = [](Arch arch, std::uint64_t page, Version version) {
        const auto* row = find_arch(arch, page, version);
        return row == nullptr ? 0U : row->section_size_bits;
    };
    for (const std::uint64_t page : {4 * kKiB, 16 * kKiB, 64 * kKiB})
        EXPECT_EQ(bits(Arch::arm64, page, {5, 11, 22}), 30U) << page;
    EXPECT_EQ(bits(Arch::arm64, 4 * kKiB, {5, 12, 0}), 27U);
    EXPECT_EQ(bits(Arch::arm64, 16 * kKiB, {5, 12, 0}), 27U);
    EXPECT_EQ(bits(Arch::arm64, 64 * kKiB, {5, 12, 0}), 29U);
    EXPECT_EQ(bits(Arch::s390x, 4 * kKiB, {6, 12, 107}), 28U);
    EXPECT_EQ(bits(Arch::s390x, 4 * kKiB, {6, 13, 0}), 27U);
    EXPECT_EQ(bits(Arch::ppc64, 64 * kKiB, {5, 3, 0}), 24U);
    EXPECT_EQ(bits(Arch::x86_64, 4 * kKiB, {5, 3, 0}), 27U);
}

TEST(ArchTable, KnowsWhereThereAreNoRules) {
    EXPECT_EQ(find_arch(Arch::x86_64, 16 * kKiB, kNewest), nullptr);
    EXPECT_EQ(find_arch(Arch::riscv64, 4 * kKiB, {6, 10, 0}), nullptr);
    EXPECT_NE(find_arch(Arch::riscv64, 4 * kKiB, {6, 11, 0}), nullptr);
    EXPECT_EQ(find_arch(Arch::loongarch64, 16 * kKiB, {6, 1, 0}), nullptr);
    EXPECT_EQ(find_arch(Arch::x86_64, 4 * kKiB, {5, 2, 21}), nullptr);
}

}   // namespace
}   // namespace memhot::kernel
