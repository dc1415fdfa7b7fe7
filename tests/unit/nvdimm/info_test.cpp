// SPDX-License-Identifier: GPL-2.0-or-later
//
// Namespaces whose info block was made at another place, with another size, or by another kernel: what attaches again, and
// with what; and how many struct pages fit into the space that map=dev reserves.
#include <gtest/gtest.h>

#include <array>
#include <cerrno>

#include "unit/nvdimm/bus.hpp"

namespace memhot {
namespace {

constexpr std::uint64_t k2M = 2 * kMiB;

KernelProfile kernel(std::string version = "6.12.95") {
    return *test::profile_of({.iomem = {}, .kernel = std::move(version)});
}

InfoBlock made(const Range& space, std::uint64_t align, PageMap map, NsMode mode = NsMode::fsdax) {
    InfoBlock info{.mode = mode, .map = map, .align = align, .parent = 1, .page_size = 4096, .struct_page_size = 64};
    info.geometry = pfn_geometry(kernel(), space, align, map).geometry;
    return info;
}

NdNamespace at(const Range& space) { return {.id = 0, .space = space, .allocated = true, .identity = 1}; }

RuleId validated(const Range& space, const InfoBlock& info, const KernelProfile& profile = kernel()) {
    return validate_info_block(profile, at(space), info).rule;
}

// --- moved ---------------------------------------------------------------------------------------------------------------

TEST(MovedNamespaces, attach_where_the_shift_is_a_multiple_of_their_align) {
    const Range before = *Range::from_size(0x100000000, kGiB);
    for (const std::uint64_t align : {4 * kKiB, k2M}) {
        for (const auto map : {PageMap::device, PageMap::ram}) {
            const InfoBlock info = made(before, align, map);
            for (const std::uint64_t shift : {k2M, 16 * kMiB, 64 * kMiB, 128 * kMiB, kGiB}) {   // row 68
                EXPECT_EQ(validated(*Range::from_size(before.start + shift, kGiB), info), RuleId::nd_accepted)
                    << align << shift;
            }
        }
    }
}

TEST(MovedNamespaces, fail_where_it_is_not) {
    // row 69
    const InfoBlock large = made(*Range::from_size(0x138000000, 2 * kGiB), kGiB, PageMap::device, NsMode::devdax);
    EXPECT_EQ(large.geometry.data_offset, 0x8000000U);
    EXPECT_EQ(validated(*Range::from_size(0x138000000, 2 * kGiB), large), RuleId::nd_accepted);
    EXPECT_EQ(validated(*Range::from_size(0x13c000000, 2 * kGiB), large), RuleId::nd_info_bad_offset);
    // row 70
    const InfoBlock small = made(*Range::from_size(0x100000000, 256 * kMiB), k2M, PageMap::device);
    EXPECT_EQ(small.geometry.data_offset, 0x600000U);
    EXPECT_EQ(validated(*Range::from_size(0x100100000, 256 * kMiB), small), RuleId::nd_info_bad_offset);
    const InfoBlock page = made(*Range::from_size(0x100000000, 256 * kMiB), 4 * kKiB, PageMap::device);
    EXPECT_EQ(validated(*Range::from_size(0x100100000, 256 * kMiB), page), RuleId::nd_info_start_misaligned);
}

// --- resized, the info block kept --------------------------------------------------------------------------------------

struct Resized {
    std::uint64_t usable = 0;
    NdAnswer answer;
};

// A namespace of `from` bytes is made, disabled, resized, and enabled again.
Resized resize(std::uint64_t from, std::uint64_t to, std::string_view options, const std::string& version) {
    NdBus bus = test::one_region(8 * kGiB, test::kBase, version);
    test::done(bus, fmt::format("ndctl create-namespace -r region0 -s {} {}", from, options));
    test::done(bus, "ndctl disable-namespace namespace0.0");
    NdNamespace& ns = test::namespace_of(bus, "namespace0.0");
    EXPECT_TRUE(set_size(bus.regions[0], ns, to).ok());
    Resized out;
    out.answer = enable_namespace(bus, bus.regions[0], ns);
    if (ns.active) out.usable = ns.active->size;
    return out;
}

TEST(ResizedNamespaces, keep_what_the_reserved_struct_pages_cover) {
    for (const std::string version : {"5.10.223", "6.12.95"}) {
        EXPECT_EQ(resize(512 * kMiB, 624 * kMiB, "-m fsdax", version).usable, 643825664U) << version;   // row 75
        EXPECT_EQ(resize(512 * kMiB, 256 * kMiB, "-m fsdax", version).usable, 257949696U) << version;   // row 76
        EXPECT_EQ(resize(512 * kMiB, 16 * kMiB, "-m fsdax", version).usable, 6291456U) << version;
        EXPECT_EQ(resize(512 * kMiB, kGiB, "-m fsdax -M mem", version).usable, 1071644672U) << version;   // row 76a
    }
}

TEST(ResizedNamespaces, run_out_of_reserved_struct_pages_and_poison_the_range) {
    for (const std::uint64_t size : {640 * kMiB, kGiB}) {   // row 75
        NdBus bus = test::one_region(8 * kGiB);
        test::done(bus, "ndctl create-namespace -r region0 -m fsdax -s 512M");
        test::done(bus, "ndctl disable-namespace namespace0.0");
        NdNamespace& ns = test::namespace_of(bus, "namespace0.0");
        ASSERT_TRUE(set_size(bus.regions[0], ns, size).ok());
        EXPECT_EQ(enable_namespace(bus, bus.regions[0], ns).error, ENOMEM);
        EXPECT_EQ(enable_namespace(bus, bus.regions[0], ns).error, EEXIST);
        ASSERT_TRUE(set_size(bus.regions[0], ns, 512 * kMiB).ok());   // no way back before a reboot
        EXPECT_EQ(enable_namespace(bus, bus.regions[0], ns).error, EEXIST);
    }
}

TEST(ResizedNamespaces, are_refused_where_the_data_no_longer_fits) {
    const InfoBlock large =
        made(*Range::from_size(0x100000000, 3 * kGiB), kGiB, PageMap::device, NsMode::devdax);   // row 76b
    EXPECT_EQ(large.geometry.data_offset, kGiB);
    EXPECT_EQ(validated(*Range::from_size(0x100000000, kGiB), large), RuleId::nd_info_array_exceeds);
    EXPECT_EQ(validated(*Range::from_size(0x100000000, 512 * kMiB), large), RuleId::nd_info_exceeds_capacity);
    const InfoBlock cut =
        made(*Range::from_size(0x138000000, 2 * kGiB), kGiB, PageMap::ram);   // its end lies inside a GiB
    EXPECT_EQ(cut.geometry.end_trunc, 0x38000000U);
    const Range smaller = *Range::from_size(0x138000000, kGiB);
    EXPECT_EQ(validated(smaller, cut, kernel("6.12.95")), RuleId::nd_info_empty);
    EXPECT_EQ(validated(smaller, cut, kernel("6.1.190")), RuleId::nd_accepted);
}

// --- identity ------------------------------------------------------------------------------------------------------------

TEST(InfoBlocks, count_only_for_the_namespace_that_made_them) {
    NdBus bus = test::one_region(2 * kGiB);   // row 78
    test::done(bus, "ndctl create-namespace -r region0 -m fsdax -s 512M");
    test::done(bus, "ndctl disable-namespace namespace0.0");
    NdNamespace& ns = test::namespace_of(bus, "namespace0.0");
    ns.identity = 77;   // a new uuid
    EXPECT_EQ(info_block_of(bus, ns), nullptr);
    ASSERT_TRUE(enable_namespace(bus, bus.regions[0], ns).ok());
    EXPECT_EQ(ns.active->mode, NsMode::raw);
    EXPECT_EQ(ns.active->size, 512 * kMiB);
}

TEST(InfoBlocks, of_other_kernels_are_read_with_care) {
    const Range space = *Range::from_size(0x100000000, kGiB);
    InfoBlock info = made(space, k2M, PageMap::device);
    info.page_size = 64 * kKiB;
    EXPECT_EQ(validated(space, info), RuleId::nd_info_page_size);
    info.map = PageMap::ram;
    EXPECT_EQ(validated(space, info), RuleId::nd_accepted);
    info = made(space, k2M, PageMap::device);
    info.struct_page_size = 32;
    EXPECT_EQ(validated(space, info), RuleId::nd_info_struct_page);
    info.struct_page_size = 0;   // minor 0 to 3 do not say
    EXPECT_EQ(validated(space, info), RuleId::nd_accepted);
    InfoBlock large = made(*Range::from_size(0x100000000, 3 * kGiB), kGiB, PageMap::ram, NsMode::devdax);
    KernelProfile small = kernel();
    small.features.reset(static_cast<std::size_t>(Feature::cpu_gigabyte_pages));
    EXPECT_EQ(validated(*Range::from_size(0x100000000, 3 * kGiB), large, small), RuleId::nd_info_align_unsupported);
}

// --- struct pages in the device ------------------------------------------------------------------------------------------

struct Budget {
    std::uint64_t start;
    std::uint64_t size;
    int error;
};

// Measured on 6.12.117 arm64 with 4K pages (rows 71 to 74 among them).
constexpr std::array kArm64{
    Budget{0x100000000, 0x43e00000, ENOMEM}, Budget{0x180000000, 0x40000000, 0},     Budget{0x104000000, 0x3c000000, 0},
    Budget{0x144000000, 0x43000000, 0},      Budget{0x1a4000000, 0xe000000, ENOMEM}, Budget{0x1c0000000, 0x7000000, 0},
    Budget{0x1d0000000, 0x8200000, ENOMEM},
};

NdAnswer create_on(Arch arch, const std::string& version, const Budget& row, PageMap map, NsMode mode = NsMode::fsdax) {
    test::Host host = test::nd_host(test::pmem_line(row.start, row.size));
    host.arch = arch;
    host.kernel = version;
    NdBus bus = test::bus_on(host);
    bus.regions.push_back(test::label_less_region(0, row.start, row.size, false));
    NdNamespace& ns = bus.regions[0].namespaces.at(0);
    return create_instance(bus, bus.regions[0], ns, {.mode = mode, .map = map, .align = k2M});
}

TEST(StructPagesInTheDevice, do_not_always_fit_on_arm64) {
    for (const auto& row : kArm64) {
        EXPECT_EQ(create_on(Arch::arm64, "6.12.117", row, PageMap::device).error, row.error) << hex(row.start);
        EXPECT_EQ(create_on(Arch::arm64, "6.12.117", row, PageMap::ram).error, 0) << hex(row.start);
    }
}

TEST(StructPagesInTheDevice, fit_on_x86_for_what_is_new) {
    for (const auto& row : kArm64)
        EXPECT_EQ(create_on(Arch::x86_64, "6.12.95", row, PageMap::device).error, 0) << hex(row.start);
}

TEST(StructPagesInTheDevice, leave_a_devdax_without_its_driver) {
    const Budget row{0x1f0000000, 0x8200000, 0};   // dax_pmem binds, device_dax fails
    EXPECT_EQ(create_on(Arch::arm64, "6.12.117", row, PageMap::device, NsMode::devdax).error, 0);
}

TEST(StructPagesInTheDevice, tell_the_sizes_measured_on_arm64) {
    const auto profile = *test::profile_of({.iomem = {}, .kernel = "6.12.117", .arch = Arch::arm64});
    const auto row72 = pfn_geometry(profile, *Range::from_size(0x104000000, 0x3c000000), k2M, PageMap::device).geometry;
    EXPECT_EQ(row72.data_offset, 0x1000000U);
    EXPECT_EQ(row72.usable, 989855744U);
    const auto row73 = pfn_geometry(profile, *Range::from_size(0x144000000, 0x43000000), k2M, PageMap::device).geometry;
    EXPECT_EQ(row73.data_offset, 0x1200000U);
    EXPECT_EQ(row73.usable, 1105199104U);
}

}   // namespace
}   // namespace memhot
