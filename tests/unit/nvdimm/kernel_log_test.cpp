// SPDX-License-Identifier: GPL-2.0-or-later
//
// What the kernel logs while ndctl and daxctl run, line by line. Each case names the place in the kernel that prints it;
// "recorded" ones are lines of the sessions that the replay tests hold.
#include "nvdimm/kernel_log.hpp"

#include <gmock/gmock.h>

#include <cerrno>

#include "nvdimm/from_snapshot.hpp"
#include "predict/nd_parts.hpp"
#include "unit/nvdimm/bus.hpp"

namespace memhot {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Log = std::vector<std::string>;

Log texts(const std::vector<KernelMessage>& log) {
    Log lines;
    for (const auto& message : log) lines.push_back(message.text);
    return lines;
}

// What a command logs, whether or not it succeeds.
Log log_of(NdBus& bus, std::string_view command) { return texts(test::run(bus, command).log); }

Log drained(NdBus& bus) { return texts(std::exchange(bus.log, {})); }

// --- which instance it is (drivers/nvdimm: ida_alloc in nd_btt_alloc, nd_pfn_alloc, nd_dax_alloc; nd_region_advance_seeds) --

TEST(KernelLog, names_the_seed_that_ndctl_takes_and_gives_ids_back) {
    NdBus bus = test::one_region(4 * kGiB);
    const std::string create = "ndctl create-namespace -r region0 -m sector -s 64M";
    // drivers/nvdimm/btt.c discover_arenas(); recorded: btt1.0 and btt1.1 of one region
    EXPECT_THAT(log_of(bus, create), ElementsAre("nd_pmem btt0.0: No existing arenas"));
    EXPECT_THAT(log_of(bus, create), ElementsAre("nd_pmem btt0.1: No existing arenas"));
    // recorded: after destroying the only one the next is btt2.1, for the seed was made before
    EXPECT_THAT(log_of(bus, "ndctl destroy-namespace -f namespace0.0"), IsEmpty());
    EXPECT_THAT(log_of(bus, create), ElementsAre("nd_pmem btt0.2: No existing arenas"));
    EXPECT_THAT(log_of(bus, create), ElementsAre("nd_pmem btt0.0: No existing arenas"));
}

TEST(KernelLog, says_nothing_of_arenas_that_are_there) {
    NdBus bus = test::one_region(kGiB);
    test::done(bus, "ndctl create-namespace -r region0 -m sector -s 64M");
    test::done(bus, "ndctl disable-namespace namespace0.0");
    EXPECT_THAT(log_of(bus, "ndctl enable-namespace namespace0.0"), IsEmpty());
}

TEST(KernelLog, says_nothing_of_what_a_region_with_dimms_does_well) {
    NdBus bus = test::one_region(4 * kGiB);   // recorded
    EXPECT_THAT(log_of(bus, "ndctl create-namespace -r region0 -m fsdax -s 64M"), IsEmpty());
    EXPECT_THAT(log_of(bus, "ndctl create-namespace -r region0 -m devdax -s 64M"), IsEmpty());
    EXPECT_THAT(log_of(bus, "ndctl create-namespace -r region0 -m raw -s 64M"), IsEmpty());
    EXPECT_THAT(log_of(bus, "ndctl destroy-namespace -f namespace0.1"), IsEmpty());
}

// --- pmem_attach_disk() (drivers/nvdimm/pmem.c) ------------------------------------------------------------------------

TEST(KernelLog, a_region_without_dimms_may_not_flush) {
    // nvdimm_has_flush() is -ENXIO there; recorded: raw while ndctl zeroes, but not for a btt
    NdBus bus = test::one_legacy(0x50000000, 256 * kMiB);
    EXPECT_THAT(log_of(bus, "ndctl create-namespace -f -e namespace0.0 -m sector"),
                ElementsAre("nd_pmem namespace0.0: unable to guarantee persistence of writes",
                            "nd_pmem btt0.0: No existing arenas"));
    EXPECT_THAT(log_of(bus, "ndctl destroy-namespace -f namespace0.0"),
                ElementsAre("nd_pmem namespace0.0: unable to guarantee persistence of writes"));
    // the pfn's disk is attached in the same function
    EXPECT_THAT(log_of(bus, "ndctl create-namespace -f -e namespace0.0 -m fsdax -M dev"),
                ElementsAre("nd_pmem namespace0.0: unable to guarantee persistence of writes",
                            "nd_pmem pfn0.0: unable to guarantee persistence of writes"));
    // a devdax namespace has no disk
    EXPECT_THAT(log_of(bus, "ndctl create-namespace -f -e namespace0.0 -m devdax"),
                ElementsAre("nd_pmem namespace0.0: unable to guarantee persistence of writes"));
}

TEST(KernelLog, zeroing_in_raw_mode_asks_for_no_alignment) {
    // pmem_should_map_pages() is false for force_raw, so nvdimm_namespace_common_probe() has nothing to say
    NdBus bus = test::one_legacy(0x50000000, 0x4100000);
    EXPECT_THAT(log_of(bus, "ndctl destroy-namespace -f namespace0.0"),
                ElementsAre("nd_pmem namespace0.0: unable to guarantee persistence of writes"));
}

TEST(KernelLog, a_legacy_range_that_is_not_aligned) {
    // nvdimm_namespace_common_probe(); recorded of 6.1 and 6.12 with [mem 0x10000000-0x140fffff flags 0x200]
    const std::string misaligned =
        "nd_pmem namespace0.0: [mem 0x50000000-0x540fffff flags 0x200] misaligned, unable to map";
    NdBus old = test::one_legacy(0x50000000, 0x4100000, "6.1.190");
    EXPECT_THAT(log_of(old, "ndctl enable-namespace namespace0.0"),
                ElementsAre(misaligned, "nd_pmem: probe of namespace0.0 failed with error -95"));
    NdBus bus = test::one_legacy(0x50000000, 0x4100000);
    EXPECT_THAT(log_of(bus, "ndctl enable-namespace namespace0.0"),
                ElementsAre(misaligned, "nd_pmem namespace0.0: probe with driver nd_pmem failed with error -95"));
}

TEST(KernelLog, a_range_that_somebody_else_has) {
    NdBus bus = test::one_region(kGiB);
    test::done(bus, "ndctl create-namespace -r region0 -m raw -s 64M");
    test::done(bus, "ndctl disable-namespace namespace0.0");
    // behind the first 8 KiB: pmem_attach_disk() notices
    bus.model.apply(op::Claim{test::kBase + kMiB, 4096, "other"}, Outcome::accept(RuleId::claim_accepted));
    EXPECT_THAT(log_of(bus, "ndctl enable-namespace namespace0.0"),
                ElementsAre("nd_pmem namespace0.0: could not reserve region [mem 0x100000000-0x103ffffff]",
                            "nd_pmem namespace0.0: probe with driver nd_pmem failed with error -16"));
}

TEST(KernelLog, a_region_that_is_read_only_marks_its_disks) {
    // nvdimm_check_and_set_ro() (drivers/nvdimm/bus.c), nvdimm_namespace_disk_name()
    NdBus bus = test::one_region(kGiB);
    test::done(bus, "ndctl create-namespace -r region0 -m raw -s 64M");
    test::done(bus, "ndctl create-namespace -r region0 -m fsdax -s 64M");
    test::done(bus, "ndctl disable-namespace all");
    bus.regions[0].read_only = true;
    EXPECT_THAT(log_of(bus, "ndctl enable-namespace namespace0.0"),
                ElementsAre("nd_pmem namespace0.0: region0 read-only, marking pmem0 read-only"));
    EXPECT_THAT(log_of(bus, "ndctl enable-namespace namespace0.1"),
                ElementsAre("nd_pmem pfn0.0: region0 read-only, marking pmem0.1 read-only"));
}

// --- info blocks (drivers/nvdimm/pfn_devs.c nd_pfn_validate) -----------------------------------------------------------

struct Refused {
    const char* what;
    void (*change)(NdBus&, NdNamespace&, InfoBlock&);
    NsMode mode;
    const char* line;
};

const Refused kRefused[] = {
    {"written with larger pages", [](NdBus&, NdNamespace&, InfoBlock& info) { info.page_size = 65536; }, NsMode::fsdax,
     " pfn0.0: init failed, page size mismatch 65536"},
    {"written with a smaller struct page", [](NdBus&, NdNamespace&, InfoBlock& info) { info.struct_page_size = 56; },
     NsMode::fsdax, " pfn0.0: init failed, struct page size mismatch 56"},
    {"an align that nobody can map", [](NdBus&, NdNamespace&, InfoBlock& info) { info.align = 16 * kMiB; },
     NsMode::devdax, " dax0.0: init failed, alignment mismatch: 2097152:16777216"},
    {"shrunk below its align",
     [](NdBus&, NdNamespace& ns, InfoBlock& info) {
         info.align = kGiB;
         ns.space.last = ns.space.start + 512 * kMiB - 1;
     },
     NsMode::fsdax, " pfn0.0: alignment: 40000000 exceeds capacity 20000000"},
    {"shrunk below its data",
     [](NdBus&, NdNamespace& ns, InfoBlock&) { ns.space.last = ns.space.start + 16 * kMiB - 1; }, NsMode::fsdax,
     " pfn0.0: pfn array size exceeds capacity of namespace0.0"},
    // measured of 5.10 and 6.12: `bad offset: 0x600000 dax disabled align: 0x200000` after a shift of 1 MiB
    {"moved by 1 MiB",
     [](NdBus&, NdNamespace& ns, InfoBlock&) { ns.space = {ns.space.start + kMiB, ns.space.last + kMiB}; },
     NsMode::fsdax, " pfn0.0: bad offset: 0x1200000 dax disabled align: 0x200000"},
    {"of an align of a page, moved by 1 MiB",
     [](NdBus&, NdNamespace& ns, InfoBlock& info) {
         info.align = 4096;
         ns.space = {ns.space.start + kMiB, ns.space.last + kMiB};
     },
     NsMode::fsdax, " pfn0.0: resource start misaligned"},
    {"an end that is not aligned", [](NdBus&, NdNamespace&, InfoBlock& info) { info.geometry.end_trunc = kMiB; },
     NsMode::fsdax, " pfn0.0: resource end misaligned"},
    {"nothing left",
     [](NdBus&, NdNamespace& ns, InfoBlock& info) { info.geometry.end_trunc = ns.size() - info.geometry.data_offset; },
     NsMode::fsdax, " pfn0.0: bad offset with small namespace"},
};

TEST(KernelLog, an_info_block_that_is_refused) {
    for (const auto& row : kRefused) {
        NdBus bus = test::one_region(4 * kGiB);
        const std::string_view mode = row.mode == NsMode::devdax ? "devdax" : "fsdax";
        test::done(bus, fmt::format("ndctl create-namespace -r region0 -s 1G -m {}", mode));
        test::done(bus, "ndctl disable-namespace namespace0.0");
        NdNamespace& ns = test::namespace_of(bus, "namespace0.0");
        InfoBlock info = bus.media.at(ns.space.start);
        row.change(bus, ns, info);
        bus.media[ns.space.start] = info;
        EXPECT_THAT(log_of(bus, "ndctl enable-namespace namespace0.0"),
                    ElementsAre(row.line, "nd_pmem namespace0.0: probe with driver nd_pmem failed with error -95"))
            << row.what;
    }
}

TEST(KernelLog, an_older_kernel_says_why_and_goes_on_as_raw) {
    NdBus bus = test::one_region(4 * kGiB, test::kBase, "5.6");   // nd_pfn_validate() before 6acd7d5ef264
    test::done(bus, "ndctl create-namespace -r region0 -s 1G -m fsdax");
    test::done(bus, "ndctl disable-namespace namespace0.0");
    NdNamespace& ns = test::namespace_of(bus, "namespace0.0");
    const InfoBlock info = bus.media.at(ns.space.start);
    ns.space = {ns.space.start + kMiB, ns.space.last + kMiB};
    bus.media[ns.space.start] = info;
    EXPECT_THAT(log_of(bus, "ndctl enable-namespace namespace0.0"),
                ElementsAre(" pfn0.0: bad offset: 0x1200000 dax disabled align: 0x200000"));
    EXPECT_EQ(ns.active->mode, NsMode::raw);
}

TEST(KernelLog, pages_that_a_shrunk_namespace_no_longer_has) {
    // __nvdimm_setup_pfn(); measured of 5.10 and 6.12: from 128512 to 62976
    NdBus bus = test::one_region(4 * kGiB);
    test::done(bus, "ndctl create-namespace -r region0 -s 512M -m fsdax");
    test::done(bus, "ndctl disable-namespace namespace0.0");
    ASSERT_TRUE(set_size(bus.regions[0], test::namespace_of(bus, "namespace0.0"), 256 * kMiB).ok());
    EXPECT_THAT(log_of(bus, "ndctl enable-namespace namespace0.0"),
                ElementsAre("nd_pmem pfn0.0: number of pfns truncated from 128512 to 62976"));
}

// --- nd_pfn_init() -----------------------------------------------------------------------------------------------------

Log created(NdBus& bus, std::uint64_t size, std::uint64_t align, NsMode mode = NsMode::fsdax) {
    NdRegion& region = bus.regions[0];
    NdNamespace& ns = *region.find(0);
    ns.space = {region.space.start, region.space.start + size - 1};
    ns.allocated = true;
    ns.identity = 1;
    create_instance(bus, region, ns, {.mode = mode, .align = align, .page_size = 4096, .struct_page_size = 64});
    return drained(bus);
}

TEST(KernelLog, an_instance_that_cannot_be_made) {
    NdBus odd = test::one_region(kGiB, test::kBase + kMiB);   // %pa: 16 digits
    EXPECT_THAT(created(odd, 64 * kMiB, 2 * kMiB),
                ElementsAre("nd_pmem pfn0.0: namespace0.0: start 0x0000000100100000 misaligned to 0x200000",
                            "nd_pmem pfn0.0: probe with driver nd_pmem failed with error -22"));
    NdBus full = test::one_region(kGiB);   // -ENXIO: the driver core is silent
    EXPECT_THAT(created(full, kGiB, kGiB, NsMode::devdax),
                ElementsAre("dax_pmem dax0.0: namespace0.0 unable to satisfy requested alignment"));
    NdBus locked = test::one_region(kGiB);
    locked.regions[0].read_only = true;
    EXPECT_THAT(created(locked, 64 * kMiB, 2 * kMiB),
                ElementsAre("nd_pmem pfn0.0: region0 is read-only, unable to init metadata"));
    NdBus small = test::one_region(kGiB);   // nd_namespace_store() has only a debug message
    EXPECT_THAT(created(small, 8 * kMiB, 2 * kMiB), IsEmpty());
}

TEST(KernelLog, metadata_that_somebody_else_has) {
    NdBus bus = test::one_region(kGiB);   // __dax_pmem_probe() (drivers/dax/pmem.c)
    bus.model.apply(op::Claim{test::kBase + kMiB, 4096, "other"}, Outcome::accept(RuleId::claim_accepted));
    EXPECT_THAT(created(bus, 64 * kMiB, 2 * kMiB, NsMode::devdax),
                ElementsAre("dax_pmem dax0.0: could not reserve metadata",
                            "dax_pmem dax0.0: probe with driver dax_pmem failed with error -16"));
}

// --- labels (drivers/nvdimm/namespace_devs.c grow_dpa_allocation, in size_store) --------------------------------------------------------

TEST(KernelLog, a_grow_that_finds_no_room_warns_once) {
    NdBus bus = test::one_region(4 * kGiB);
    for (int i = 0; i < 3; ++i) test::done(bus, "ndctl create-namespace -r region0 -m raw -s 512M");
    test::done(bus, "ndctl disable-namespace namespace0.0");
    // measured of 5.10 and 6.12: "allocation underrun: 0x0 of 0x<n> bytes", with a stack trace, once a boot
    const std::string path = "/sys/bus/nd/devices/namespace0.0/size";
    const CommandLine grow{"write", path, {"1073741824"}};
    const CommandAnswer first = run_command(bus, grow);
    EXPECT_EQ(first.kernel_error, ENXIO);
    EXPECT_THAT(texts(first.log), ElementsAre("nd_region region0: allocation underrun: 0x0 of 0x20000000 bytes",
                                              "WARNING in drivers/nvdimm/namespace_devs.c size_store"));
    EXPECT_THAT(texts(run_command(bus, grow).log), IsEmpty());
}

// --- device_dax (drivers/dax/device.c dev_dax_probe) -------------------------------------------------------------------

TEST(KernelLog, a_range_that_device_dax_cannot_have) {
    const Log since_5_10{"device_dax dax0.0: mapping0: 0x140000000-0x17fffffff could not reserve range"};
    const Log before{"device_dax dax0.0: could not reserve region [mem 0x140000000-0x17fffffff]"};
    for (const auto& [kernel, expected] : {std::pair("6.1.190", since_5_10), std::pair("5.9", before)}) {
        NdBus bus = test::one_dax_region(0x140000000, kGiB, kernel);
        bus.model.apply(op::Claim{0x150000000, 4096, "other"}, Outcome::accept(RuleId::claim_accepted));
        EXPECT_EQ(bind_device_dax(bus, bus.dax[0]).error, EBUSY);
        Log all = expected;
        all.emplace_back("device_dax: probe of dax0.0 failed with error -16");
        EXPECT_EQ(drained(bus), all) << kernel;
    }
}

TEST(KernelLog, a_page_map_that_a_failed_bind_left) {
    // mapping_store() takes a start off 2 MiB; measured: the first bind warns, the second finds its page map
    NdBus bus = test::one_dax_region(0x140000000, kGiB);
    bus.dax[0].ranges = bus.dax[0].pages = {{0x150100000, 0x1502fffff}};
    EXPECT_EQ(bind_device_dax(bus, bus.dax[0]).error, EINVAL);
    EXPECT_THAT(drained(bus),
                ElementsAre("Misaligned __add_pages start: 0x150100 end: 0x1502ff",
                            "WARNING in mm/memory_hotplug.c __add_pages", "WARNING in arch/x86/mm/init_64.c add_pages",
                            "device_dax dax0.0: probe with driver device_dax failed with error -22"));
    EXPECT_EQ(bind_device_dax(bus, bus.dax[0]).error, EINVAL);
    EXPECT_THAT(drained(bus), ElementsAre("device_dax dax0.0: dynamic-dax with pre-populated page map",
                                          "device_dax dax0.0: probe with driver device_dax failed with error -22"));
}

// --- kmem (drivers/dax/kmem.c dev_dax_kmem_probe) ------------------------------------------------------------------------

NdBus of_62_mib(const std::string& kernel) { return test::one_dax_region(0x120000000, 0x3e00000, kernel); }

TEST(KernelLog, a_device_without_a_whole_block_is_rejected_twice) {
    // recorded: new_id binds, and then bind does
    const std::string too_small = "kmem dax0.0: mapping0: 0x120000000-0x123dfffff too small after alignment";
    const std::string rejected = "kmem dax0.0: rejecting DAX region without any memory after alignment";
    const std::string command = "daxctl reconfigure-device --mode=system-ram --no-online dax0.0 -f";
    NdBus old = of_62_mib("6.1.190");
    const std::string of_old = "kmem: probe of dax0.0 failed with error -22";
    EXPECT_THAT(log_of(old, command), ElementsAre(too_small, rejected, of_old, too_small, rejected, of_old));
    NdBus bus = of_62_mib("7.2.12");
    const std::string of_new = "kmem dax0.0: probe with driver kmem failed with error -22";
    EXPECT_THAT(log_of(bus, command), ElementsAre(too_small, rejected, of_new, too_small, rejected, of_new));
    NdBus lax = of_62_mib("5.10.223");   // binds with nothing
    EXPECT_THAT(log_of(lax, command), ElementsAre(too_small));
}

TEST(KernelLog, what_alignment_takes_from_kmem) {
    for (const auto& [kernel, lines] : {std::pair("6.12.95", 0U), std::pair("7.2.12", 1U)}) {
        NdBus bus = test::one_dax_region(0x140000000, kGiB + 62 * kMiB, kernel);
        const Log log = log_of(bus, "daxctl reconfigure-device --mode=system-ram --no-online dax0.0");
        ASSERT_EQ(log.size(), lines) << kernel;
        // as a public run of ndctl's daxctl-devices.sh has it
        if (lines == 0) continue;
        EXPECT_EQ(log[0], "kmem dax0.0: DAX region truncated by 62.0 MiB due to alignment");
    }
}

TEST(KernelLog, sizes_have_three_digits) {
    // string_get_size() (lib/string_helpers.c): rounded half up, 1024 of a unit are one of the next
    const std::pair<std::uint64_t, const char*> table[] = {
        {114 * kMiB, "114 MiB"},   // recorded
        {62 * kMiB, "62.0 MiB"},   // public run
        {2 * kMiB, "2.00 MiB"},    {kGiB + 256 * kMiB, "1.25 GiB"},
        {1023 * kMiB, "1023 MiB"}, {4096, "4.00 KiB"},
        {130 * kMiB, "130 MiB"},   {1026 * kMiB, "1.00 GiB"},
        {1300 * kMiB, "1.27 GiB"}, {99 * kGiB + 1000 * kMiB, "100.0 GiB"},
    };
    for (const auto& [bytes, text] : table) EXPECT_EQ(kernel_size(bytes), text) << bytes;
}

TEST(KernelLog, memory_that_kmem_cannot_have) {
    NdBus claimed = test::one_dax_region(0x140000000, kGiB);
    claimed.model.apply(op::Claim{0x150000000, 4096, "other"}, Outcome::accept(RuleId::claim_accepted));
    EXPECT_EQ(bind_kmem(claimed, claimed.dax[0]).error, EBUSY);
    EXPECT_THAT(drained(claimed), ElementsAre("kmem dax0.0: mapping0: 0x140000000-0x17fffffff could not reserve region",
                                              "kmem dax0.0: probe with driver kmem failed with error -16"));
    NdBus impossible = test::one_dax_region(0x140000000, kGiB);
    impossible.dax[0].target_node = 7;   // __add_memory_resource()
    EXPECT_EQ(bind_kmem(impossible, impossible.dax[0]).error, EINVAL);
    EXPECT_THAT(drained(impossible), ElementsAre("node 7 was absent from the node_possible_map",
                                                 "WARNING in mm/memory_hotplug.c add_memory_resource",
                                                 "kmem dax0.0: mapping0: 0x140000000-0x17fffffff memory add failed",
                                                 "kmem dax0.0: probe with driver kmem failed with error -22"));
    NdBus nowhere = test::one_dax_region(0x140000000, kGiB);
    nowhere.dax[0].target_node = -1;
    EXPECT_EQ(bind_kmem(nowhere, nowhere.dax[0]).error, EINVAL);
    EXPECT_THAT(drained(nowhere), ElementsAre("kmem dax0.0: rejecting DAX region with invalid node: -1",
                                              "kmem dax0.0: probe with driver kmem failed with error -22"));
}

TEST(KernelLog, memory_that_kmem_leaves_behind) {
    // dev_dax_kmem_remove() until 7.2, dax_kmem_remove_ranges() since; try_remove_memory()
    const std::string online =
        "removing memory fails, because memory [0x0000000140000000-0x0000000147ffffff] is onlined";
    const Log until{online,
                    "kmem dax0.0: mapping0: 0x140000000-0x17fffffff cannot be hotremoved until the next reboot"};
    const Log since{online, "kmem dax0.0: mapping0: 0x140000000-0x17fffffff stuck online until reboot",
                    "kmem dax0.0: Hotplug regions stuck online until reboot"};
    for (const auto& [kernel, expected] : {std::pair("7.2.12", until), std::pair("7.3.4", since)}) {
        NdBus bus = test::one_dax_region(0x140000000, kGiB, kernel);
        test::done(bus, "daxctl reconfigure-device --mode=system-ram dax0.0");
        EXPECT_FALSE(unbind_kmem(bus, bus.dax[0]));
        EXPECT_EQ(drained(bus), expected) << kernel;
    }
}

// --- zones (mm/page_alloc.c build_all_zonelists) -------------------------------------------------------------------------

TEST(KernelLog, the_first_and_last_block_of_a_zone_rebuild_the_zonelists) {
    NdBus bus = test::one_dax_region(0x140000000, kGiB);
    // recorded; the total is nowhere to be seen but in the log of the real kernel
    const CommandAnswer on = test::done(bus, "daxctl reconfigure-device --mode=system-ram dax0.0");
    EXPECT_THAT(texts(on.log),
                ElementsAre("Fallback order for Node 0: 0 ", "Built 1 zonelists, mobility grouping on.  Total pages: ?",
                            "Policy zone: DMA32"));
    EXPECT_TRUE(on.log[1].unseen);
    bus.model.learn_total_pages(504152);
    // ... and from then on it is: a block of 32768 pages less, but for the 32 that empty Movable keeps (6.12: 32736)
    const CommandAnswer off = test::done(bus, "daxctl offline-memory dax0.0");
    EXPECT_THAT(texts(off.log),
                ElementsAre("Fallback order for Node 0: 0 ",
                            "Built 1 zonelists, mobility grouping on.  Total pages: 471416", "Policy zone: DMA32"));
    EXPECT_TRUE(off.uncertain);
    EXPECT_EQ(off.certain_log, 0U);
    // kernel memory is above 4 GiB: recorded as Normal
    EXPECT_EQ(log_of(bus, "daxctl online-memory --no-movable dax0.0").back(), "Policy zone: Normal");
}

TEST(KernelLog, memory_that_goes_online_by_itself_says_the_same) {
    test::Host host = test::nd_host(test::pmem_line(0x140000000, kGiB, "Soft Reserved"));
    host.cmdline = "memhp_default_state=online";
    NdBus bus = test::bus_on(host);
    bus.dax.push_back({.region = 0, .id = 0, .ranges = {{0x140000000, 0x17fffffff}}, .align = 2 * kMiB});
    ASSERT_TRUE(bind_kmem(bus, bus.dax[0]).ok());
    EXPECT_THAT(drained(bus),
                ElementsAre("Fallback order for Node 0: 0 ", "Built 1 zonelists, mobility grouping on.  Total pages: ?",
                            "Policy zone: Normal"));
}

// --- verdicts -------------------------------------------------------------------------------------------------------------

TEST(KernelLog, a_verdict_tells_what_is_certain) {
    NdBus bus = of_62_mib("6.12.95");
    const Verdict refused = predict_and_run(bus, split_command("daxctl reconfigure-device -m system-ram dax0.0"));
    ASSERT_EQ(refused.messages.size(), 6U);
    EXPECT_EQ(refused.messages.back(), "kmem dax0.0: probe with driver kmem failed with error -22");
    EXPECT_EQ(refused.prints.front(), "error reconfiguring devices: Invalid argument");
    NdBus ram = test::one_dax_region(0x140000000, kGiB);
    test::done(ram, "daxctl reconfigure-device --mode=system-ram dax0.0");
    EXPECT_THAT(predict_and_run(ram, split_command("daxctl offline-memory dax0.0")).messages, IsEmpty());
}

}   // namespace
}   // namespace memhot
