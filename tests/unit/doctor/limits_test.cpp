// SPDX-License-Identifier: GPL-2.0-or-later
//
// Where a finding begins and ends: hosts that are almost, or otherwise, wrong.
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "unit/doctor/host.hpp"
#include "unit/snapshot/samples.hpp"

namespace memhot::test {
namespace {

using testing::HasSubstr;
using testing::Not;

bool finds(const Snapshot& host, std::string_view id) { return find(examine(host), id) != nullptr; }

std::string what_of(const Snapshot& host, std::string_view id) {
    const auto findings = examine(host);
    const Finding* finding = find(findings, id);
    return finding == nullptr ? std::string("(nothing)") : finding->what + "; " + finding->why;
}

// --- namespaces --------------------------------------------------------------------------------------------------

// Row 68: what has an align of 2 MiB comes up 64 MiB further on; row 70: 1 MiB off, an align of 2 MiB does not.
TEST(NamespaceLimits, AnAlignOf2MSurvivesAShiftBy64M) {
    EXPECT_FALSE(finds(healthy_host(), "namespace.fails-after-shift"));
    Snapshot host = healthy_host();
    disable(host);
    first_namespace(host).resource = kPmem + kMiB;
    EXPECT_THAT(what_of(host, "namespace.not-attached"),
                HasSubstr("bad offset: 0x1200000 dax disabled align: 0x200000"));
    EXPECT_FALSE(finds(host, "namespace.fails-after-shift")) << "it fails as it is";
}

// Row 76b: a devdax of 3 GiB with its data at 1 GiB, cut to 1 GiB.
TEST(NamespaceLimits, OneThatWasShrunkUnderItsDataIsRefused) {
    Snapshot host = healthy_host();
    disable(host);
    host.nvdimm->info_blocks = {info_block("namespace0.0", InstanceKind::dax, kGiB, 0, kGiB, 2, kUuid)};
    EXPECT_THAT(what_of(host, "namespace.not-attached"), HasSubstr("pfn array size exceeds capacity of namespace0.0"));
}

// P20
TEST(NamespaceLimits, OneSmallerThanItsAlignIsRefused) {
    Snapshot host = healthy_host();
    disable(host);
    first_namespace(host).size = 512 * kMiB;
    host.nvdimm->info_blocks = {info_block("namespace0.0", InstanceKind::dax, kGiB, 0, kGiB, 2, kUuid)};
    EXPECT_THAT(what_of(host, "namespace.not-attached"), HasSubstr("alignment: 40000000 exceeds capacity 20000000"));
}

// P23: made with pages of 64 KiB and map=dev.
TEST(NamespaceLimits, OneOfLargerPagesIsRefused) {
    Snapshot host = healthy_host();
    disable(host);
    host.nvdimm->info_blocks[0].page_size = 65536;
    EXPECT_THAT(what_of(host, "namespace.not-attached"), HasSubstr("page size mismatch 65536"));
}

// Vector 43: legacy pmem whose own pages would end inside of 2 MiB.
TEST(NamespaceLimits, LegacyMemoryThatEndsOffIsRefused) {
    Snapshot host = healthy_host();
    host.iomem = "00001000-6fffffff : System RAM\n72200000-7ffdefff : Persistent Memory (legacy)\n";
    host.blocks.reset();
    NvdimmRecord nd;
    nd.buses.push_back({.name = "ndbus0", .provider = "e820"});
    NdRegionRecord region;
    region.name = "region2";
    region.bus = "ndbus0";
    region.type = "pmem";
    region.driver = "nd_region";
    region.resource = 0x72200000;
    region.size = 0xdddf000;
    region.ways = 0;
    region.nstype = 4;
    nd.regions.push_back(region);
    NamespaceRecord ns;
    ns.name = "namespace2.0";
    ns.region = "region2";
    ns.resource = region.resource;
    ns.size = region.size;
    ns.mode = "raw";
    nd.namespaces.push_back(ns);
    host.nvdimm = nd;
    EXPECT_THAT(what_of(host, "namespace.not-attached"),
                HasSubstr("[mem 0x72200000-0x7ffdefff flags 0x200] misaligned, unable to map"));
}

// Vector 75: at 624 MiB the altmap still holds four whole sections and a tail.
TEST(NamespaceLimits, AnAltmapThatSufficesIsNotTooSmall) {
    Snapshot host = healthy_host();
    disable(host);
    first_namespace(host).size = 624 * kMiB;
    host.nvdimm->info_blocks[0].data_offset = 0xa00000;
    EXPECT_FALSE(finds(host, "namespace.map-dev-too-small"));
    EXPECT_TRUE(finds(host, "namespace.disabled"));
}

TEST(NamespaceLimits, WithoutAddressesNobodyKnowsWhyOneIsIdle) {
    Snapshot host = healthy_host();
    disable(host);
    first_region(host).resource.reset();
    first_namespace(host).resource.reset();
    EXPECT_THAT(what_of(host, "namespace.disabled"), HasSubstr("why cannot be told: region0: its address is hidden"));
    EXPECT_TRUE(finds(host, "host.not-mirrored"));
}

TEST(NamespaceLimits, ASeedIsNoNamespace) { EXPECT_FALSE(finds(healthy_host(), "namespace.disabled")); }

// --- other kernels -----------------------------------------------------------------------------------------------

// Row 26: no byte is left; 5.7 to 6.5 made such a device, 6.6 refuses it.
TEST(OtherKernels, NameTheFirstThatRefuses) {
    Snapshot host = healthy_host();
    host.release = "6.1.190";
    host.version = Version{6, 1, 190};
    first_namespace(host).resource = 0x104000000;
    host.nvdimm->info_blocks = {info_block("namespace0.0", InstanceKind::pfn, 0x3c000000, 0x4000000, kGiB, 2, kUuid)};
    NdInstanceRecord& pfn = host.nvdimm->instances.front();
    pfn.align = kGiB;
    pfn.resource = 0x140000000;
    pfn.size = 0;
    replace_in(*host.iomem, "100000000-13fffffff : namespace0.0", "104000000-143ffffff : namespace0.0");
    EXPECT_THAT(what_of(host, "namespace.fails-on-other-kernel"),
                AllOf(HasSubstr("Linux 6.6 and later"), HasSubstr("bad offset with small namespace")));
}

// s390 took no altmap before 6.8 (arch/s390/mm/init.c: arch_add_memory): the way back is closed.
TEST(OtherKernels, CanBeOlderOnes) {
    Snapshot host = healthy_host();
    host.arch = "s390x";
    host.memory_block_size = 256 * kMiB;
    host.blocks.reset();
    EXPECT_THAT(what_of(host, "namespace.fails-on-other-kernel"), HasSubstr("Linux 5.3 to 6.7"));
}

// --- regions and DIMMs -------------------------------------------------------------------------------------------

// The first GiB is 2 MiB longer: the next namespace would start at 0x140200000.
TEST(RegionLimits, AMisalignedHoleIsADeadSeedToo) {
    Snapshot host = healthy_host();
    first_region(host).align = 2 * kMiB;
    EXPECT_FALSE(finds(host, "region.dead-seed"));
    first_namespace(host).size = kGiB + 2 * kMiB;
    replace_in(*host.iomem, "100000000-13fffffff : namespace0.0", "100000000-1401fffff : namespace0.0");
    const auto text = what_of(host, "region.dead-seed");
    EXPECT_THAT(text, AllOf(HasSubstr("ndctl create-namespace -r region0 -m fsdax"),
                            HasSubstr("misaligned to 16M, adjust region alignment and retry")));
    // 0x140200000 is 14 MiB in front of a multiple, and 14 MiB is one of the region's align
    const auto findings = examine(host);
    const Finding* seed = find(findings, "region.dead-seed");
    ASSERT_NE(seed, nullptr);
    EXPECT_THAT(seed->remedy, HasSubstr("ndctl create-namespace -r region0 -m raw -s 14680064"));
}

// Soft Reserved memory and CXL have no namespace whose size could be chosen.
TEST(DaxLimits, TheRemedyForStrandedBytesFitsTheDevice) {
    for (const auto& [kind, word] : {std::pair{"hmem", "firmware placed"}, std::pair{"cxl", "a CXL region (region7)"},
                                     std::pair{"pmem", "size of the namespace"}}) {
        Snapshot host = healthy_host();
        auto& region = host.nvdimm->dax_regions.at(0);
        region.kind = kind;
        region.cxl_region = "region7";
        DaxDeviceRecord& device = host.nvdimm->dax_devices.at(0);
        device.mappings = {{{0x304000000, 0x313ffffff}, 0}};
        const auto findings = examine(host);
        const Finding* stranded = find(findings, "kmem.stranded");
        ASSERT_NE(stranded, nullptr) << kind;
        EXPECT_THAT(stranded->remedy, HasSubstr(word));
    }
}

// As in recordings: a region 62 MiB into a section, on 2 MiB only.
TEST(RegionLimits, ARegionThatItselfStartsOffNeedsForce) {
    Snapshot host = healthy_host();
    NdRegionRecord& region = first_region(host);
    region.resource = 0x163e00000;
    region.size = 2 * kGiB;
    region.mappings[0].size = 2 * kGiB;
    host.nvdimm->namespaces.erase(host.nvdimm->namespaces.begin());
    host.nvdimm->instances.clear();
    host.nvdimm->info_blocks.clear();
    replace_in(*host.iomem, "100000000-1ffffffff : Persistent Memory\n  100000000-13fffffff : namespace0.0\n",
               "163e00000-1e3dfffff : Persistent Memory\n");
    const auto findings = examine(host);
    const Finding* seed = find(findings, "region.dead-seed");
    ASSERT_NE(seed, nullptr);
    EXPECT_THAT(seed->remedy, AllOf(HasSubstr("0x163e00000"), HasSubstr("--force")));
}

TEST(RegionLimits, ARegionThatIsFullHasNoDeadSeed) {
    Snapshot host = healthy_host();
    first_region(host).size = kGiB;
    first_region(host).mappings[0].size = kGiB;
    first_region(host).available_size = 0;
    first_region(host).max_available_extent = 0;
    replace_in(*host.iomem, "100000000-1ffffffff : P", "100000000-13fffffff : P");
    EXPECT_FALSE(finds(host, "region.dead-seed"));
    EXPECT_FALSE(finds(host, "region.fragmented"));
}

// Of three ways: 6 GiB is no multiple of 4 GiB, but the divisor is cut to 2 GiB.
TEST(RegionLimits, AnAlignBeyond4GIsTakenModulo) {
    Snapshot host = healthy_host();
    first_region(host).align = 2 * kGiB;
    EXPECT_FALSE(finds(host, "region.align-divides-by-zero"));
    first_region(host).align = 6 * kGiB;
    EXPECT_THAT(what_of(host, "region.align-divides-by-zero"), HasSubstr("against 0x80000000 instead"));
}

TEST(RegionLimits, ALockedDimmIsAlsoToldByItsFlags) {
    Snapshot host = healthy_host();
    host.nvdimm->dimms[0].flags = "label lock";
    EXPECT_TRUE(finds(host, "dimm.locked"));
    host.nvdimm->dimms[0].flags = "label blocked";
    EXPECT_FALSE(finds(host, "dimm.locked"));
}

TEST(RegionLimits, ADimmWithoutLabelsNeedsNoSlots) {
    Snapshot host = healthy_host();
    host.nvdimm->dimms[0].flags.clear();
    host.nvdimm->dimms[0].available_slots = 0;
    EXPECT_FALSE(finds(host, "dimm.no-label-slots"));
}

// --- dax devices and memory --------------------------------------------------------------------------------------

TEST(KmemLimits, AllOfflineIsNotPartlyOnline) {
    Snapshot host = healthy_host();
    for (auto& block : *host.blocks) {
        if (block.number >= kSoft / kBlock) block.state = "offline";
    }
    EXPECT_FALSE(finds(host, "kmem.partly-online"));
}

// 7.3 and later: by its file `state`, and kmem still drives it.
TEST(KmemLimits, UnpluggedIsNotPartlyOnline) {
    Snapshot host = healthy_host();
    std::erase_if(*host.blocks, [](const BlockRecord& block) { return block.number >= kSoft / kBlock; });
    EXPECT_TRUE(finds(host, "kmem.partly-online"));
    for (auto& device : host.nvdimm->dax_devices) device.state = "unplugged";
    EXPECT_FALSE(finds(host, "kmem.partly-online"));
}

TEST(KmemLimits, ABlockThatIsMissingIsToldApart) {
    Snapshot host = healthy_host();
    host.blocks->pop_back();
    EXPECT_THAT(what_of(host, "kmem.partly-online"), HasSubstr("7 of its 8 memory blocks are online, 7 are there"));
}

TEST(KmemLimits, MemoryOfVirtioMemIsNotLeaked) {
    Snapshot host = healthy_host();
    host.nvdimm->dax_devices.clear();
    replace_in(*host.iomem, "System RAM (kmem)", "System RAM (virtio_mem)");
    EXPECT_FALSE(finds(host, "kmem.leaked"));
}

// 6.1 gives Soft Reserved memory to device_dax: one that was disabled would come up there.
TEST(DaxLimits, OneThatWasDisabledSaysWhoWouldTakeIt) {
    Snapshot host = healthy_host();
    host.release = "6.1.190";
    host.version = Version{6, 1, 190};
    first_dax(host).driver.clear();
    host.blocks = blocks(0, 16, "DMA32");
    replace_in(*host.iomem, "  300000000-33fffffff : dax1.0\n    300000000-33fffffff : System RAM (kmem)\n", "");
    EXPECT_THAT(what_of(host, "dax.no-driver"), HasSubstr("device_dax would take it"));
}

TEST(MemoryLimits, RamBesideRamIsNotShared) {
    Snapshot host = healthy_host();
    replace_in(*host.iomem, "00001000-7fffffff : System RAM\n",
               "00001000-7bfeffff : System RAM\n7bff0000-7bffffff : Reserved\n7c000000-7fffffff : System RAM\n");
    EXPECT_FALSE(finds(host, "section.shared"));
    EXPECT_FALSE(finds(host, "subsection.shared"));
}

// Entry A16 of public threads: RAM to 0x1fbffffff and pmem from 0x1fc000000 meet 64 MiB into a section, on 2 MiB.
TEST(MemoryLimits, SectionsAreSharedAt2MWithoutLoss) {
    Snapshot host;
    host.version = Version{6, 12, 0};
    host.arch = "x86_64";
    host.memory_block_size = kBlock;
    host.iomem = "00001000-7fffffff : System RAM\n100000000-1fbffffff : System RAM\n1fc000000-2fbffffff : Persistent "
                 "Memory\n";
    EXPECT_THAT(what_of(host, "section.shared"), HasSubstr("0x1f8000000"));
    EXPECT_FALSE(finds(host, "subsection.shared"));
}

TEST(MemoryLimits, ABlockWithSomeRamIsNoLeftOver) {
    Snapshot host = healthy_host();
    replace_in(*host.iomem, "00001000-7fffffff : System RAM", "00001000-78000fff : System RAM");
    EXPECT_FALSE(finds(host, "block.without-ram"));
}

// Before 5.7 removable was an estimate for each block.
TEST(MemoryLimits, BlocksThatMayNotBeRemovedDoNotSpeakForTheKernel) {
    Snapshot host = healthy_host();
    for (auto& block : *host.blocks) block.removable = false;
    host.blocks->back().removable = true;
    EXPECT_FALSE(finds(host, "kernel.no-hotremove"));
    host.blocks->back().removable = false;
    host.release = "5.4.0";
    host.version = Version{5, 4, 0};
    EXPECT_FALSE(finds(host, "kernel.no-hotremove"));
}

// --- onlining ----------------------------------------------------------------------------------------------------

TEST(OnliningLimits, OneOwnerIsRight) {
    Snapshot host = healthy_host();
    host.udev_rules.push_back({"/etc/udev/rules.d/40-online.rules", 1, R"(SUBSYSTEM=="memory", ATTR{state}="online")"});
    EXPECT_FALSE(finds(host, "onlining.several-owners"));
    host.udev_rules.push_back(
        {"/usr/lib/udev/rules.d/99-too.rules", 3, R"(ATTR{state}=="offline", ATTR{state}="$env{.state}")"});
    EXPECT_THAT(what_of(host, "onlining.several-owners"), AllOf(HasSubstr("2 agents"), HasSubstr("99-too.rules:3")));
}

TEST(OnliningLimits, ARuleThatOnlyLooksOwnsNothing) {
    Snapshot host = healthy_host();
    host.auto_online_blocks = "online_movable";
    host.udev_rules.push_back({"/etc/udev/rules.d/60-log.rules", 1,
                               R"(SUBSYSTEM=="memory", ATTR{state}=="offline", RUN+="/usr/bin/logger added")"});
    EXPECT_FALSE(finds(host, "onlining.several-owners"));
}

// What upstream ships since 76 (daxctl/90-daxctl-device.rules) starts a unit; it is right, but it owns onlining.
TEST(OnliningLimits, TheUpstreamRuleOfDaxctlIsNotBroken) {
    Snapshot host = healthy_host();
    host.auto_online_blocks = "online";
    host.udev_rules.push_back(
        {"/usr/lib/udev/rules.d/90-daxctl-device.rules", 1,
         R"(ACTION=="add", SUBSYSTEM=="dax", TAG+="systemd", ENV{SYSTEMD_WANTS}="daxdev-reconfigure@$env{DEVNAME}.service")"});
    EXPECT_FALSE(finds(host, "daxctl.broken-rule"));
    EXPECT_TRUE(finds(host, "onlining.several-owners"));
}

// --- any host ----------------------------------------------------------------------------------------------------

TEST(Findings, AreInTheOrderOfTheirSeverity) {
    Snapshot host = healthy_host();
    host.nvdimm->dimms[0].security = "locked";
    host.nvdimm->dimms[0].available_slots = 0;
    first_region(host).max_available_extent = kGiB;
    const auto findings = examine(host);
    ASSERT_EQ(findings.size(), 3U);
    EXPECT_TRUE(std::ranges::is_sorted(findings, std::ranges::greater{}, &Finding::severity));
    EXPECT_EQ(findings[0].id, "dimm.locked");
    EXPECT_EQ(findings[2].id, "region.fragmented");
}

TEST(Findings, AreADocument) {
    Snapshot host = healthy_host();
    host.nvdimm->dimms[0].security = "locked";
    const auto text = to_json(examine(host));
    EXPECT_THAT(text, AllOf(HasSubstr(R"("format": "memhot-doctor/1")"), HasSubstr(R"("id": "dimm.locked")"),
                            HasSubstr(R"("severity": "problem")"), HasSubstr(R"("where": "nmem0")")));
}

RC_GTEST_PROP(Findings, ComeOfAnySnapshot, ()) {
    Snapshot host = arbitrary_snapshot();
    if (*rc::gen::arbitrary<bool>()) {
        host.arch = *rc::gen::element<std::string>("x86_64", "aarch64", "ppc64le", "s390x", "riscv64");
        host.version = Version{6, *rc::gen::inRange(0U, 20U), 0};
        host.page_size = 4096;
    }
    if (*rc::gen::arbitrary<bool>()) host.nvdimm = healthy_devices();
    if (*rc::gen::arbitrary<bool>()) host.iomem = std::string(kIomem);
    for (const auto& finding : examine(host)) {
        const auto kind = std::ranges::find(finding_kinds(), finding.id, &FindingKind::id);
        RC_ASSERT(kind != finding_kinds().end());
        RC_ASSERT(finding.severity == kind->severity);
        RC_ASSERT(!finding.where.empty() && !finding.what.empty() && !finding.why.empty() && !finding.remedy.empty());
    }
}

}   // namespace
}   // namespace memhot::test
