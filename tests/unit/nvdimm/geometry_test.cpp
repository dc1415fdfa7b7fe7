// SPDX-License-Identifier: GPL-2.0-or-later
//
// Layouts inside namespaces: 40 places with known data offset, truncation and usable size (most of them measured on
// kernels 5.10 to 7.2), sizes that ndctl printed on machines of others, and what kmem keeps of a range.
#include "nvdimm/geometry.hpp"

#include <gtest/gtest.h>

#include <array>

#include "unit/model/host.hpp"

namespace memhot {
namespace {

constexpr std::uint64_t k4K = 4 * kKiB;
constexpr std::uint64_t k2M = 2 * kMiB;
constexpr auto kDev = PageMap::device;
constexpr auto kMem = PageMap::ram;

struct Layout {
    int number;
    std::uint64_t start;
    std::uint64_t size;
    std::uint64_t align;
    PageMap map;
    std::uint64_t offset;
    std::uint64_t trunc;
    std::uint64_t usable;
    std::uint64_t reserve;   // for struct pages
};

KernelProfile kernel(std::string version = "6.12.95") {
    return *test::profile_of({.iomem = {}, .kernel = std::move(version)});
}

KernelProfile kernel_of(Arch arch, std::uint64_t page_size, std::vector<std::pair<Feature, bool>> features = {}) {
    return *test::profile_of({.iomem = {}, .arch = arch, .page_size = page_size, .features = std::move(features)});
}

void expect_layout(const KernelProfile& profile, const Layout& row) {
    const auto answer = pfn_geometry(profile, *Range::from_size(row.start, row.size), row.align, row.map);
    ASSERT_FALSE(answer.refusal) << "row " << row.number;
    EXPECT_EQ(answer.geometry.data_offset, row.offset) << "row " << row.number;
    EXPECT_EQ(answer.geometry.end_trunc, row.trunc) << "row " << row.number;
    EXPECT_EQ(answer.geometry.usable, row.usable) << "row " << row.number;
    EXPECT_EQ(answer.geometry.memmap_reserve(row.map), row.reserve) << "row " << row.number;
}

// clang-format off
constexpr std::array kLayouts{
    Layout{1, 0x100000000, kGiB, k2M, kDev, 0x1200000, 0, 1054867456, 18866176},
    Layout{2, 0x100000000, kGiB, k2M, kMem, 0x200000, 0, 1071644672, 0},
    Layout{3, 0x100000000, kGiB, k4K, kDev, 0x1200000, 0, 1054867456, 18866176},
    Layout{4, 0x100000000, 3 * kGiB, kGiB, kDev, 0x40000000, 0, 2147483648, 1073733632},
    Layout{6, 0x100000000, 16 * kMiB, k2M, kDev, 0x200000, 0, 14680064, 2088960},
    Layout{7, 0x100000000, 18 * kMiB, k2M, kDev, 0x200000, 0, 16777216, 2088960},
    Layout{8, 0x100000000, 18878464, k2M, kDev, 0x200000, 0x1000, 16777216, 2088960},
    Layout{9, 0x138000000, 2 * kGiB, kGiB, kMem, 0x8000000, 0x38000000, 1073741824, 0},
    Layout{10, 0x100000000, 0x43e00000, k2M, kDev, 0x1200000, 0, 1119879168, 18866176},
    Layout{11, 0x50000000, 256 * kMiB, k2M, kDev, 0x600000, 0, 262144000, 6283264},
    Layout{12, 0x61000000, 240 * kMiB, k2M, kDev, 0x400000, 0, 247463936, 4186112},
    Layout{13, 0x72200000, 232648704, k2M, kDev, 0x400000, 0x1df000, 226492416, 4186112},
    Layout{14, 0x72200000, 232648704, k4K, kMem, 0x200000, 0x1df000, 228589568, 0},
    Layout{15, 0x440000000, 126 * kGiB, k2M, kDev, 0x7e200000, 0, 133175443456, 2116018176},
    Layout{16, 0x440000000, 126 * kGiB, kGiB, kDev, 0x80000000, 0, 133143986176, 2147475456},
    Layout{17, 0x440000000, 512 * kMiB, k2M, kDev, 0xa00000, 0, 526385152, 10477568},
    Layout{18, 0x240000000, 4 * kGiB, k2M, kDev, 0x4200000, 0, 4225761280, 69197824},
    Layout{19, 0x240000000, 768 * kGiB, k2M, kDev, 0x300200000, 0, 811746721792, 12886990848},
    Layout{20, 0x240000000, kTiB, k2M, kDev, 0x400200000, 0, 1082329661440, 17181958144},
    Layout{21, 0x240000000, 256 * kMiB, k2M, kDev, 0x600000, 0, 262144000, 6283264},
    Layout{22, 0x240000000, 128 * kMiB, k2M, kDev, 0x400000, 0, 130023424, 4186112},
    Layout{23, 0x240000000, 64 * kMiB, k2M, kMem, 0x200000, 0, 65011712, 0},
    Layout{24, 0x100000000, 32 * kMiB, k2M, kMem, 0x200000, 0, 31457280, 0},
    Layout{25, 0x100000000, 2 * kGiB, kGiB, kDev, 0x40000000, 0, 1073741824, 1073733632},
    Layout{25, 0x100000000, 2 * kGiB, kGiB, kMem, 0x40000000, 0, 1073741824, 0},
    Layout{27, 0x104000000, 2 * kGiB, kGiB, kMem, 0x3c000000, 0x4000000, 1073741824, 0},
    Layout{29, 0x104000000, kGiB, k2M, kDev, 0x1200000, 0, 1054867456, 18866176},
    Layout{33, 0x100000000, kGiB + kMiB, k4K, kMem, 0x200000, 0x100000, 1071644672, 0},
    Layout{34, 0x143e00000, 1071644672, k2M, kDev, 0x1000000, 0, 1054867456, 16769024},
    Layout{36, 0x100000000, 8 * kGiB, k2M, kDev, 0x8200000, 0, 8453619712, 136306688},
};
// clang-format on

TEST(PfnGeometry, gives_the_known_layouts_with_4k_pages) {
    for (const std::string version : {"5.10.223", "6.1.190", "6.12.95", "7.2.12"}) {
        for (const auto& row : kLayouts) expect_layout(kernel(version), row);
    }
}

TEST(PfnGeometry, gives_the_known_layouts_with_larger_pages) {
    expect_layout(kernel_of(Arch::arm64, 64 * kKiB),
                  {37, 0x100000000, kGiB, 64 * kKiB, kDev, 0x200000, 0, 1071644672, 2088960});
    expect_layout(kernel_of(Arch::arm64, 16 * kKiB),
                  {38, 0x100000000, kGiB, k2M, kDev, 0x600000, 0, 1067450368, 6283264});
}

TEST(PfnGeometry, starts_on_16_mib_with_the_hash_mmu_of_powerpc) {
    const auto hash = kernel_of(Arch::ppc64, 64 * kKiB, {{Feature::hash_mmu, true}});
    EXPECT_EQ(compat_align(hash), 16 * kMiB);
    EXPECT_EQ(compat_align(kernel_of(Arch::ppc64, 64 * kKiB)), k2M);
    expect_layout(hash, {39, 0x100000000, kGiB, k2M, kDev, 0x1000000, 0, 1056964608, 16769024});
    EXPECT_EQ(pfn_geometry(hash, {0x100800000, 0x1407fffff}, k2M, kDev).refusal,
              PfnRefusal::start_misaligned);   // row 40
}

TEST(PfnGeometry, refuses_what_leaves_no_room) {
    const auto refusal = [](std::uint64_t start, std::uint64_t size, PageMap map, const std::string& version) {
        return pfn_geometry(kernel(version), *Range::from_size(start, size), kGiB, map).refusal;
    };
    for (const std::string version : {"5.10.223", "6.1.190", "6.12.95", "7.2.12"}) {
        EXPECT_EQ(refusal(0x100000000, kGiB, kDev, version), PfnRefusal::no_room) << "row 5 " << version;
    }
    EXPECT_EQ(refusal(0x104000000, kGiB, kDev, "6.12.95"), PfnRefusal::no_room);          // row 26
    EXPECT_EQ(refusal(0x130000000, 768 * kMiB, kDev, "6.12.95"), PfnRefusal::no_room);    // row 28
    EXPECT_EQ(refusal(0x143e00000, 1071644672, kDev, "6.12.95"), PfnRefusal::no_room);    // row 35
}

TEST(PfnGeometry, made_devices_of_nothing_up_to_6_5) {
    // rows 26 and 28
    const auto first = pfn_geometry(kernel("6.1.190"), *Range::from_size(0x104000000, kGiB), kGiB, kDev);
    ASSERT_FALSE(first.refusal);
    EXPECT_EQ(first.geometry.data_offset, 0x3c000000U);
    EXPECT_EQ(first.geometry.end_trunc, 0x4000000U);
    EXPECT_EQ(first.geometry.usable, 0U);
    const auto second = pfn_geometry(kernel("6.1.190"), *Range::from_size(0x130000000, 768 * kMiB), kGiB, kDev);
    ASSERT_FALSE(second.refusal);
    EXPECT_EQ(second.geometry.usable, 0U);
}

TEST(PfnGeometry, refuses_starts_off_2_mib) {
    for (const std::uint64_t start : {0x100001000ULL, 0x100100000ULL, 0x84100000ULL}) {   // rows 30 to 32
        const auto answer = pfn_geometry(kernel(), *Range::from_size(start, kGiB), k4K, kMem);
        EXPECT_EQ(answer.refusal, PfnRefusal::start_misaligned) << hex(start);
    }
}

TEST(PfnGeometry, reserves_64_bytes_a_page_whatever_struct_page_has) {
    KernelProfile debug = kernel();
    debug.struct_page_size = 80;
    EXPECT_EQ(pfn_geometry(debug, *Range::from_size(0x100000000, kGiB), k2M, kDev).refusal, PfnRefusal::struct_page);
    EXPECT_FALSE(pfn_geometry(debug, *Range::from_size(0x100000000, kGiB), k2M, kMem).refusal);
}

// What ndctl printed for map=dev on machines of others: the whole size, the usable one.
TEST(PfnGeometry, agrees_with_sizes_that_people_published) {
    constexpr std::array kPublished{
        std::pair{252 * kGiB, 266352984064ULL}, std::pair{16 * kGiB, 16909336576ULL}, std::pair{kGiB, 1054867456ULL},
        std::pair{256 * kMiB, 262144000ULL},    std::pair{16 * kMiB, 14680064ULL},
    };
    for (const auto& [size, usable] : kPublished) {
        const auto answer = pfn_geometry(kernel(), *Range::from_size(0x240000000, size), k2M, kDev);
        ASSERT_FALSE(answer.refusal);
        EXPECT_EQ(answer.geometry.usable, usable) << size;
    }
    // 64 -> 62, 144 -> 140, 924 -> 908 MiB, recorded
    for (const auto& [size, usable] : {std::pair{64, 62}, std::pair{144, 140}, std::pair{924, 908}}) {
        const auto bytes = [](int mib) { return static_cast<std::uint64_t>(mib) * kMiB; };
        const auto answer = pfn_geometry(kernel(), *Range::from_size(0x100000000, bytes(size)), k2M, kDev);
        EXPECT_EQ(answer.geometry.usable, bytes(usable)) << size;
    }
}

TEST(PfnGeometry, gives_the_altmap_what_lies_behind_the_info_block) {
    const auto whole = pfn_geometry(kernel(), *Range::from_size(0x100000000, kGiB), k2M, kDev).geometry;
    EXPECT_EQ(whole.altmap(kDev, k4K), (Altmap{2, 4606}));   // 0x1200000 is 4608 pages
    EXPECT_FALSE(whole.altmap(kMem, k4K));
    const auto large_pages =
        pfn_geometry(kernel_of(Arch::arm64, 64 * kKiB), *Range::from_size(0x100000000, kGiB), k2M, kDev);
    EXPECT_EQ(large_pages.geometry.altmap(kDev, 64 * kKiB), (Altmap{1, 31}));
}

TEST(PfnGeometry, knows_which_aligns_an_instance_takes) {
    for (const std::uint64_t align : {k4K, k2M, kGiB}) EXPECT_TRUE(supports_align(kernel(), align)) << align;
    for (const std::uint64_t align : {64 * kKiB, 16 * kMiB}) EXPECT_FALSE(supports_align(kernel(), align)) << align;
    KernelProfile small = kernel();
    small.features.reset(static_cast<std::size_t>(Feature::cpu_gigabyte_pages));
    EXPECT_FALSE(supports_align(small, kGiB));
    KernelProfile older = kernel("6.1.190");
    older.features.reset(static_cast<std::size_t>(Feature::cpu_gigabyte_pages));
    EXPECT_TRUE(supports_align(older, kGiB));   // advertised whatever the CPU can
}

// --- block translation tables ------------------------------------------------------------------------------------------

TEST(BttSize, is_what_the_recordings_show) {
    constexpr std::array kRecorded{
        std::pair{48 * kMiB, 49201152ULL}, std::pair{64 * kMiB, 65961984ULL}, std::pair{512 * kMiB, 535265280ULL},
        std::pair{kGiB, 1071611904ULL},    std::pair{38 * kMiB, 38723584ULL},
    };
    for (const auto& [size, disk] : kRecorded) EXPECT_EQ(btt_size(size, k4K), disk) << size;
}

TEST(BttSize, needs_an_arena_behind_the_first_4_kib) {
    EXPECT_EQ(btt_size(20 * kMiB, 4160), 19546112U);   // tests/vm: 4772 sectors of 4096 bytes
    EXPECT_EQ(btt_size(64 * kMiB, k4K, true), 65966080U);   // tests/vm: labels 1.2, version 2.0
    EXPECT_TRUE(btt_size(16 * kMiB, k4K, true));
    EXPECT_FALSE(btt_size(16 * kMiB, k4K));
    EXPECT_TRUE(btt_size(16 * kMiB + k4K, k4K));
}

// --- kmem ----------------------------------------------------------------------------------------------------------------

struct Kept {
    Range range;
    std::uint64_t block;
    std::optional<Range> blocks;
};

TEST(KmemBlocks, are_the_whole_ones) {
    const std::array kKnown{
        Kept{{0x140000000, 0x14fffffff}, 128 * kMiB, Range{0x140000000, 0x14fffffff}},
        Kept{{0x164000000, 0x173ffffff}, 128 * kMiB, Range{0x168000000, 0x16fffffff}},
        Kept{{0x160000000, 0x163ffffff}, 128 * kMiB, std::nullopt},
        Kept{{0x101200000, 0x13fffffff}, 128 * kMiB, Range{0x108000000, 0x13fffffff}},
        Kept{{0x101200000, 0x13fffffff}, 2 * kGiB, std::nullopt},
        Kept{{0x4be200000, 0x4be200000 + 133175443456 - 1}, 2 * kGiB, Range{0x500000000, 0x237fffffff}},
        Kept{{0x4c0000000, 0x4c0000000 + 133143986176 - 1}, 2 * kGiB, Range{0x500000000, 0x237fffffff}},
        Kept{{0x4be200000, 0x4be200000 + 133175443456 - 1}, 128 * kMiB, Range{0x4c0000000, 0x23bfffffff}},
        Kept{{0x490000000, 0x4afffffff}, 128 * kMiB, Range{0x490000000, 0x4afffffff}},
        Kept{{0x490000000, 0x4afffffff}, 2 * kGiB, std::nullopt},
        Kept{{0x490000000, 0x68fffffff}, 2 * kGiB, Range{0x500000000, 0x67fffffff}},
        Kept{{0x10c000000, 0x28bffffff}, 2 * kGiB, Range{0x180000000, 0x27fffffff}},
        // of kernel logs and listings of others
        Kept{{0x2074200000, 0x216fffffff}, 2 * kGiB, Range{0x2080000000, 0x20ffffffff}},
        Kept{{0x1050000000, 0x304fffffff}, 2 * kGiB, Range{0x1080000000, 0x2fffffffff}},
        Kept{{0x4050000000, 0x604fffffff}, 2 * kGiB, Range{0x4080000000, 0x5fffffffff}},
        Kept{{0x148200000, 0x33fffffff}, 128 * kMiB, Range{0x150000000, 0x33fffffff}},
        Kept{{0x3ff010000000, 0x3ff02fffffff}, 2 * kGiB, std::nullopt},
    };
    for (const auto& known : kKnown)
        EXPECT_EQ(kmem_blocks(known.range, known.block), known.blocks) << to_string(known.range);
}

// total_memblocks that daxctl printed: usable bytes whose end is block-aligned.
TEST(KmemBlocks, count_as_daxctl_printed) {
    using Row = std::array<std::uint64_t, 3>;
    constexpr std::array kPrinted{
        Row{1054867456, 128 * kMiB, 7}, Row{34359738368, 2 * kGiB, 16}, Row{68719476736, 128 * kMiB, 512},
        Row{266352984064, kGiB, 248},   Row{5362417664, kGiB, 4},
    };
    for (const auto& [bytes, block, count] : kPrinted) {
        const std::uint64_t end = 0x10000000000;
        const auto blocks = kmem_blocks({end - bytes, end - 1}, block);
        ASSERT_TRUE(blocks) << bytes;
        EXPECT_EQ(blocks->size() / block, count) << bytes;
    }
}

}   // namespace
}   // namespace memhot
