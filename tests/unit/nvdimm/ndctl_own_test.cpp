// SPDX-License-Identifier: GPL-2.0-or-later
//
// What ndctl's own tests expect of a machine, asked of the mirrored bus: align.sh (alignment of starts and ends, forged
// info blocks with inner padding) and sub-section.sh (ten 16 MiB namespaces in a row).
#include <gtest/gtest.h>

#include <cerrno>

#include "unit/nvdimm/bus.hpp"

namespace memhot {
namespace {

constexpr std::uint64_t kOddSize = kGiB + 8 * kKiB;   // starts on 1 GiB, ends off 2 MiB
constexpr std::string_view kAlign = "/sys/bus/nd/devices/region0/align";

NdBus align_sh() {
    NdBus bus = test::one_region(8 * kGiB);
    EXPECT_EQ(write_attribute(bus, kAlign, "4096").exit, 0);
    test::done(bus, fmt::format("ndctl create-namespace -r region0 -s {} -m fsdax -a 4K", kOddSize));
    return bus;
}

// ndctl write-infoblock: the namespace must not be active.
void write_infoblock(NdBus& bus, std::string_view name, std::uint64_t align, std::uint64_t offset) {
    const NdNamespace& ns = test::namespace_of(bus, name);
    ASSERT_FALSE(ns.active);
    InfoBlock info{.mode = NsMode::fsdax,
                   .map = PageMap::device,
                   .align = align,
                   .parent = ns.identity,
                   .page_size = 4096,
                   .struct_page_size = 64};
    info.geometry = forged_geometry(ns.size(), align, PageMap::device, offset, 4096);
    bus.media[ns.space.start] = info;
}

TEST(AlignSh, an_end_off_2_mib_is_fine) {
    NdBus bus = align_sh();
    test::done(bus, "ndctl disable-namespace namespace0.0");
    test::done(bus, "ndctl enable-namespace namespace0.0");
    EXPECT_EQ(test::namespace_of(bus, "namespace0.0").active->mode, NsMode::fsdax);
}

TEST(AlignSh, a_start_off_2_mib_cannot_be_created) {
    NdBus bus = align_sh();
    const auto answer =
        test::refused(bus, fmt::format("ndctl create-namespace -r region0 -s {} -m fsdax -a 4K -f", kOddSize),
                      "failed to create namespace: No such device or address", RuleId::nd_pfn_start_misaligned);
    EXPECT_EQ(answer.kernel_error, EINVAL);   // what ndctl does not tell
}

TEST(AlignSh, a_start_off_2_mib_cannot_be_enabled_with_a_forged_block) {
    NdBus bus = align_sh();
    test::done(bus, fmt::format("ndctl create-namespace -r region0 -s {} -m raw", kOddSize));
    test::done(bus, "ndctl disable-namespace namespace0.1");
    write_infoblock(bus, "namespace0.1", 4 * kKiB, 0);
    const auto answer =
        test::refused(bus, "ndctl enable-namespace namespace0.1",
                      "error enabling namespaces: No such device or address", RuleId::nd_info_start_misaligned);
    EXPECT_EQ(answer.kernel_error, EOPNOTSUPP);
}

TEST(AlignSh, inner_padding_makes_it_right) {
    NdBus bus = align_sh();
    test::done(bus, fmt::format("ndctl create-namespace -r region0 -s {} -m raw", kOddSize));
    test::done(bus, "ndctl disable-namespace namespace0.1");
    write_infoblock(bus, "namespace0.1", 4 * kKiB, 8 * kKiB);
    test::done(bus, "ndctl enable-namespace namespace0.1");
    const Personality& active = *test::namespace_of(bus, "namespace0.1").active;
    EXPECT_EQ(active.mode, NsMode::fsdax);
    EXPECT_EQ(active.data_start % (4 * kKiB), 0U);   // more than the align of 4K is not asked
    test::done(bus, "ndctl destroy-namespace namespace0.1 -f");
}

TEST(AlignSh, every_align_is_fine_with_a_compatible_region) {
    NdBus bus = align_sh();
    EXPECT_EQ(write_attribute(bus, kAlign, "16777216").exit, 0);
    for (const std::uint64_t align : {kGiB, 2 * kMiB, 4 * kKiB}) {
        const std::string name = fmt::format("namespace0.{}", bus.regions[0].seed);
        const auto answer =
            test::done(bus, fmt::format("ndctl create-namespace -r region0 -s {} -m fsdax -a {}", 2 * kGiB, align));
        EXPECT_EQ(answer.align, align);
        test::done(bus, "ndctl disable-namespace " + name);
        test::done(bus, "ndctl enable-namespace " + name);
        test::done(bus, "ndctl destroy-namespace " + name + " -f");
    }
}

TEST(SubSectionSh, ten_namespaces_of_16_mib_lie_side_by_side) {
    NdBus bus = test::one_region(512 * kMiB);
    for (int i = 0; i < 10; ++i) {
        const auto answer =
            test::done(bus, "ndctl create-namespace -s 16777216 --no-autorecover -r region0 -n subsection-test");
        EXPECT_EQ(answer.mode, "fsdax");
        EXPECT_EQ(answer.size, 14680064U);
        EXPECT_EQ(test::namespace_of(bus, fmt::format("namespace0.{}", i)).space.start,
                  test::kBase + static_cast<std::uint64_t>(i) * 16 * kMiB);
    }
    for (int i = 0; i < 10; ++i) {
        const std::string name = fmt::format("namespace0.{}", i);
        for (const std::string verb : {"disable", "enable", "destroy"}) {
            test::done(bus, fmt::format("ndctl {}-namespace {}{}", verb, name, verb == "destroy" ? " -f" : ""));
        }
    }
    EXPECT_EQ(max_available_extent(bus.regions[0]), 512 * kMiB);
}

// multi-dax.sh and max_available_extent_ns.sh
TEST(NdctlOwnTests, two_small_devdax_share_a_section) {
    NdBus bus = test::one_region(512 * kMiB);
    for (int i = 0; i < 2; ++i) {
        const auto answer = test::done(bus, "ndctl create-namespace -r region0 -m devdax -a 4096 -s 16M");
        EXPECT_EQ(answer.size, 14680064U);
    }
    EXPECT_EQ(bus.dax.size(), 2U);
    for (const auto& device : bus.dax) EXPECT_EQ(device.driver, DaxDriver::device_dax);
}

TEST(NdctlOwnTests, a_namespace_without_a_size_takes_the_largest_extent) {
    NdBus bus = test::one_region(kGiB);
    for (int i = 0; i < 3; ++i) test::done(bus, "ndctl create-namespace -r region0 -s 256M");
    test::done(bus, "ndctl destroy-namespace namespace0.1 -f");
    EXPECT_EQ(available_size(bus.regions[0]), 512 * kMiB);
    test::done(bus, "ndctl create-namespace -r region0");
    EXPECT_EQ(test::namespace_of(bus, "namespace0.3").space.size(), 256 * kMiB);
}

// Two buses: NFIT with labels as ndbus0, e820 as ndbus1.
NdBus two_buses() {
    constexpr std::uint64_t kLegacy = 0x50000000;
    NdBus bus = test::bus_on(test::nd_host(test::pmem_line(kLegacy, 256 * kMiB, "Persistent Memory (legacy)") +
                                           test::pmem_line(test::kBase, 4 * kGiB)));
    bus.regions.push_back(test::labelled_region(0, test::kBase, 4 * kGiB));
    bus.regions.push_back(test::label_less_region(1, kLegacy, 256 * kMiB));
    bus.regions[0].provider = "ACPI.NFIT";
    bus.regions[1].provider = "e820";
    bus.regions[1].bus = 1;
    enable_namespace(bus, bus.regions[1], bus.regions[1].namespaces.at(0));
    test::done(bus, "ndctl create-namespace -r region0 -s 512M");
    return bus;
}

// util_bus_filter() (util/filter.c): a number, the name, the provider, "all".
TEST(BusOption, leaves_out_what_is_on_another_bus) {
    for (const std::string other : {"1", "ndbus1", "e820"}) {
        NdBus bus = two_buses();
        test::refused(bus, "ndctl destroy-namespace -f namespace0.0 -b " + other,
                      "error destroying namespaces: No such device or address", RuleId::ndctl_no_such, 250);
        test::refused(bus, "ndctl create-namespace -r region0 -b " + other,
                      "failed to create namespace: No such device or address", RuleId::ndctl_no_such);
        test::done(bus, "ndctl disable-namespace all --bus=" + other);
        EXPECT_TRUE(test::namespace_of(bus, "namespace0.0").active);
        EXPECT_FALSE(test::namespace_of(bus, "namespace1.0").active);
        test::done(bus, "ndctl enable-namespace namespace1.0 -b" + other);
        EXPECT_TRUE(hazards_of(bus, split_command("ndctl destroy-namespace -f all -b " + other)).empty());
    }
}

TEST(BusOption, takes_what_is_on_it) {
    for (const std::string own : {"0", "ndbus0", "ACPI.NFIT", "all"}) {
        NdBus bus = two_buses();
        test::done(bus, "ndctl create-namespace -s 256M -b " + own);
        EXPECT_TRUE(test::namespace_of(bus, "namespace0.1").active) << own;
        test::done(bus, "ndctl destroy-namespace -f namespace0.0 -b " + own);
        EXPECT_FALSE(test::namespace_of(bus, "namespace0.0").allocated) << own;
    }
}

}   // namespace
}   // namespace memhot
