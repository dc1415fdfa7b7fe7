// SPDX-License-Identifier: GPL-2.0-or-later
//
// The published vectors about namespaces: where one may start, and what its struct pages cost.
#include <cerrno>
#include <gtest/gtest.h>

#include "model/altmap.hpp"
#include "nvdimm/geometry.hpp"
#include "predict/explain.hpp"
#include "unit/model/host.hpp"

namespace memhot {
namespace {

constexpr std::uint64_t kStart = 0x10000000000;   // 1 TiB, so that the namespace is aligned to all that is asked here
const std::string kPmem = "100000000-13fffffff : System RAM\n10000000000-1ffffffffff : Persistent Memory\n";

std::shared_ptr<const KernelProfile> kernel(const std::string& version) {
    return test::profile_of({.iomem = {}, .kernel = version});
}

TEST(Vector, Vector54_hash_mmu_wants_16_MiB) {
    const auto on = [](bool hash, std::uint64_t start) {
        const auto profile = test::profile_of({.iomem = {},
                                               .kernel = "5.10.223",
                                               .arch = Arch::ppc64,
                                               .page_size = 64 * kKiB,
                                               .features = {{Feature::hash_mmu, hash}}});
        return pfn_geometry(*profile, *Range::from_size(start, kGiB), profile->page_size, PageMap::ram);
    };
    EXPECT_EQ(compat_align(*test::profile_of(
                  {.iomem = {}, .arch = Arch::ppc64, .page_size = 64 * kKiB, .features = {{Feature::hash_mmu, true}}})),
              0x1000000U);   // "misaligned to 0x1000000"
    const auto refused = on(true, kStart + 2 * kMiB);
    ASSERT_TRUE(refused.refusal);
    EXPECT_EQ(rule(rule_of(*refused.refusal)).id, rule(RuleId::nd_pfn_start_misaligned).id);
    EXPECT_EQ(rule(RuleId::nd_pfn_start_misaligned).error, EINVAL);
    EXPECT_FALSE(on(true, kStart + 16 * kMiB).refusal);
    EXPECT_FALSE(on(false, kStart + 2 * kMiB).refusal);   // radix
}

TEST(Vector, Vector56_a_tebibyte_with_its_memmap_on_the_device) {
    for (const std::string version : {"5.3", "5.10.223", "6.12.95", "7.3"}) {
        const auto profile = kernel(version);
        const auto answer = pfn_geometry(*profile, *Range::from_size(kStart, kTiB), 2 * kMiB, PageMap::device);
        ASSERT_FALSE(answer.refusal) << version;
        EXPECT_EQ(answer.geometry.data_offset, 16 * kGiB + 2 * kMiB) << version;
        EXPECT_EQ(answer.geometry.end_trunc, 0U) << version;
        const auto altmap = answer.geometry.altmap(PageMap::device, profile->page_size);
        ASSERT_TRUE(altmap) << version;
        EXPECT_EQ(altmap->free_pages, 8192U * 512 + 510) << version;   // "fits to the page"
        const Model model = test::boot({.iomem = kPmem, .kernel = version});
        const Operation map = test::map_of(kStart, kTiB, altmap);
        EXPECT_TRUE(model.outcome(map).accepted()) << version;
        EXPECT_EQ(memmap_cost(model.state(), map).from_ram, 0U) << version;
        EXPECT_EQ(memmap_cost(model.state(), map).from_altmap, 16 * kGiB) << version;
    }
}

// RAM for the struct pages of 1 TiB of device dax, map=mem.
std::uint64_t devdax_cost(const std::string& version, std::uint64_t align, std::optional<Altmap> altmap = {}) {
    const Model model = test::boot({.iomem = kPmem, .kernel = version});
    const op::Map map{.type = MapType::generic,
                      .start = kStart,
                      .size = kTiB,
                      .claim = false,
                      .owner = "dax0.0",
                      .altmap = altmap,
                      .compound = align};
    return memmap_cost(model.state(), map).from_ram;
}

TEST(Vector, Vector57_tails_of_compound_pages_share_their_memmap) {
    for (const std::string version : {"5.18", "6.1.190", "6.12.95", "7.3"}) {
        EXPECT_EQ(devdax_cost(version, 2 * kMiB), 4 * kGiB) << version;   // 2 of 8 pages for each 2 MiB
        EXPECT_EQ(devdax_cost(version, kGiB), 8 * kMiB) << version;   // 2 pages for each GiB
        EXPECT_EQ(devdax_cost(version, 4 * kKiB), 16 * kGiB) << version;
        EXPECT_EQ(devdax_cost(version, 0), 16 * kGiB) << version;   // fsdax: base pages
    }
    for (const std::uint64_t align : {2 * kMiB, kGiB}) EXPECT_EQ(devdax_cost("5.17", align), 16 * kGiB);
    // map=dev disables it
    EXPECT_EQ(devdax_cost("6.12.95", kGiB, Altmap{.reserve_pages = 2, .free_pages = 8192 * 512 + 510}), 0U);
}

// What decides it besides the release: a struct page that is no power of two, and less than three pages of memmap.
TEST(Vector57, WhereTailsAreNotShared) {
    KernelProfile odd = *kernel("6.12.95");
    odd.struct_page_size = 56;
    EXPECT_EQ(memmap_in_ram(odd, 0, kSubsectionSize, kSubsectionSize), 512U * 56);
    const auto on = [](Arch arch, std::uint64_t page_size) {
        return test::profile_of({.iomem = {}, .kernel = "6.12.95", .arch = arch, .page_size = page_size});
    };
    const auto radix = on(Arch::ppc64, 64 * kKiB);
    EXPECT_EQ(memmap_in_ram(*radix, 0, 2 * kMiB, 2 * kMiB), 2 * kKiB);   // less than a page
    EXPECT_EQ(memmap_in_ram(*radix, 0, 16 * kMiB, kGiB), 2 * 64 * kKiB);   // the first section of a GiB: 2 of 16 pages
    EXPECT_EQ(memmap_in_ram(*radix, 16 * kMiB, 16 * kMiB, kGiB), 0U);
    EXPECT_EQ(memmap_in_ram(*on(Arch::arm64, 4 * kKiB), 0, kSubsectionSize, kSubsectionSize), 32 * kKiB);
    EXPECT_EQ(memmap_in_ram(*on(Arch::s390x, 4 * kKiB), 0, kSubsectionSize, kSubsectionSize), 32 * kKiB);
}

}   // namespace
}   // namespace memhot
