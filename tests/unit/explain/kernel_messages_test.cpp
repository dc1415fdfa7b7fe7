// SPDX-License-Identifier: GPL-2.0-or-later
//
// Messages of drivers/nvdimm, drivers/dax and drivers/cxl, as the kernel prints them (6.12 unless said), and what ndctl,
// daxctl and cxl print before the kernel is asked: each is known, and the most telling numbers are found.
#include <gmock/gmock.h>

#include "memhot/explain.hpp"
#include "memhot/value.hpp"

namespace memhot {
namespace {

struct Message {
    std::string_view text;
    std::string_view id;
    std::string_view name{};   // one value of the explanation ("found" or "next")
    std::string_view value{};
};

void PrintTo(const Message& one, std::ostream* out) { *out << one.text; }

const Message kRegions[] = {
    {"nd_region region0: nmem0: is locked, failing probe", "region.dimm-locked", "dimm", "nmem0"},
    {"nd_region region1: nmem3: is disabled, failing probe", "region.dimm-disabled", "dimm", "nmem3"},
    {"nd_region region0: nmem1 missing label for 1f7b6c92-4d3e-4c43-9bd1-2d20b1c6e4aa", "region.label-missing", "dimm",
     "nmem1"},
    {"divide error: 0000 [#1] PREEMPT SMP NOPTI", "hazard.nd-region-align-4g"},
    {"RIP: 0010:nd_pmem_namespace_label_update+0x3c/0x620 [libnvdimm]", "hazard.nd-unbind-active-dimm"},
    {"nd_pmem pmem0: region0 read-only, marking pmem0 read-only", "region.read-only", "disk", "pmem0"},
    {"nvdimm_bus ndbus0: nvdimm_pmem_region_create: nmem0 mapping0 is not 4096 aligned", "region.mapping-unaligned",
     "unit", "4K"},
    {"nd_pmem namespace2.0: unable to guarantee persistence of writes", "pmem.no-persistence"},
    {"nd_region region0: allocation underrun: 0x0 of 0x20000000 bytes", "nd.size-no-room", "wanted", "512M"},
    {"nd_region region0: pmem reserve underrun: 0x0 of 0x1000000 bytes", "namespace.reserve-underrun", "wanted", "16M"},
    {"nd_pmem namespace2.0: [mem 0x10000000-0x140fffff flags 0x200] misaligned, unable to map", "nd.raw-misaligned",
     "inside", "0x10000000-0x13ffffff"},
};

const Message kInstances[] = {
    {"nd_pmem pfn0.1: namespace0.1: start 0x100100000 misaligned to 0x200000", "nd.pfn-start-misaligned", "start_above",
     "0x100200000"},
    {"nd_pmem pfn0.1: namespace0.1 unable to satisfy requested alignment", "nd.pfn-no-room"},
    {"nd_pmem pfn0.1: region0 is read-only, unable to init metadata", "nd.pfn-read-only"},
    {"nd_pmem pfn0.1: Memory debug options prevent using pmem for the page map", "nd.pfn-struct-page"},
    {"nd_pmem pfn0.1: init failed, settings mismatch", "pfn.settings-mismatch"},
    {" dax0.3: bad offset: 0x8000000 dax disabled align: 0x40000000", "nd.info-bad-offset", "start_modulo", "896M"},
    {" pfn0.1: bad offset: 0x600000 dax disabled align: 0x200000", "nd.info-bad-offset", "start_modulo", "0"},
    {" pfn0.1: resource start misaligned", "nd.info-start-misaligned"},
    {" pfn0.1: resource end misaligned", "nd.info-end-misaligned"},
    {" dax0.3: alignment: 40000000 exceeds capacity 1000000", "nd.info-exceeds-capacity", "size_at_least", "1G"},
    {" dax0.3: pfn array size exceeds capacity of namespace0.3", "nd.info-array-exceeds"},
    {" pfn0.1: bad offset with small namespace", "nd.info-empty"},
    {" pfn0.1: init failed, page size mismatch 65536", "nd.info-page-size", "page_size", "64K"},
    {" pfn0.1: init failed, struct page size mismatch 56", "nd.info-struct-page", "struct_page", "56"},
    {" dax0.3: init failed, alignment mismatch: 2097152:1073741824", "nd.info-align-unsupported", "recorded", "1G"},
    {"failed to free all reserved pages", "unmap.reserved-pages"},
    {"nd_pmem pfn0.1: could not reserve region [mem 0x100000000-0x13fffffff flags 0x200]", "map.claim-busy",
     "range_size", "1G"},
    {"nd_pmem pfn1.0: namespace1.0 alignment collision, truncate 67108864 bytes", "pfn.alignment-collision",
     "into_section", "64M"},
    {"nd_pmem pfn1.3: namespace1.7 alignment collision, truncate 218103808 bytes", "pfn.align-truncates", "align",
     "1G"},
    {"devm_memremap_pages attempted on mixed region [mem 0x200000000-0x2fbffffff flags 0x200]", "map.ram-mixed",
     "whole_sections", "0x200000000-0x2f7ffffff"},
    {"nd_pmem pfn0.1: number of pfns truncated from 128512 to 62976", "pfn.truncated-pages", "usable", "246M"},
    {"nd_pmem pfn0.1: error clearing 8 badblocks at 100000", "pfn.badblocks"},
    {"dax_pmem dax0.3: could not reserve metadata", "dax.metadata-busy"},
    {"nd_pmem btt0.0: No existing arenas", "btt.new"},
    {"page: refcount:1 mapcount:0 mapping:0000000000000000 index:0x0 pfn:0x118000", "page.dumped", "page_at",
     "0x118000000"},   // a page of 4K
    {"page:0000000035e0e9c1 refcount:1 mapcount:0 mapping:0000000000000000 index:0xff11000118000600 pfn:0x118003",
     "page.dumped", "page_at", "0x118003000"},   // up to 6.7 with the hashed address of the struct page
    {"libdaxctl: daxctl_dev_disable: dax0.0: failed to disable", "daxctl.disable-failed"},
    {"  Error: Retry without -s/--size=", "ndctl.label-less-size"},
    {"did you intend --size=2G?", "ndctl.size-interleave", "size_above", "2G"},
    {"nd_pmem btt0.0: init: error in arena_discover: -5", "btt.arena"},
    {"nd_pmem btt0.0: init: create_arenas: -12", "btt.arena"},
    {"nd_pmem btt0.0: Found an unknown padding scheme", "btt.arena"},
};

const Message kDax[] = {
    {"device_dax dax6.0: mapping0: 0x101200000-0x13fffffff could not reserve range", "dax.range-busy", "range_size",
     "1006M"},
    {"device_dax dax0.1: dynamic-dax with pre-populated page map", "nd.dax-prepopulated"},
    {"device_dax dax0.1: static pgmap / multi-range device conflict", "dax.static-multi-range"},
    {"fio: dev_dax_mmap: dax0.0: fio: fail, unaligned vma (0x7f0000001000 - 0x7f0000201000, 0x1fffff)",
     "dax.unaligned-vma", "align", "2M"},
    {"dax0.0: fio: fail, attempted private mapping", "dax.private-mapping"},
    {"kmem dax0.0: rejecting DAX region with invalid node: -1", "nd.kmem-no-node"},
    {"kmem dax0.0: rejecting DAX region [mem 0x140000000-0x33fffffff] with invalid node: -1", "nd.kmem-no-node"},
    {"kmem dax0.0: mapping0: 0x120000000-0x123dfffff too small after alignment", "kmem.too-small",
     "block_size_that_fits", "32M"},
    {"kmem dax0.0: rejecting DAX region without any memory after alignment", "nd.kmem-no-block"},
    {"kmem dax1.0: DAX region truncated by 114 MiB due to alignment", "kmem.truncated", "lost", "114M"},
    {"kmem dax1.0: mapping0: 0x2080000000-0x20ffffffff could not reserve region", "kmem.region-busy", "range_size",
     "2G"},
    {"kmem dax1.0: mapping0: 0x2080000000-0x20ffffffff memory add failed", "kmem.add-failed", "range_size", "2G"},
    {"kmem dax1.0: mapping0: 0x2080000000-0x20ffffffff cannot be hotremoved until the next reboot",
     "hazard.nd-kmem-unbind-online"},
    {"kmem dax0.0: DAX region [mem 0x150000000-0x33fffffff] cannot be hotremoved until the next reboot",
     "hazard.nd-kmem-unbind-online", "range", "0x150000000-0x33fffffff"},
    {"kmem dax1.0: mapping0: 0x2080000000-0x20ffffffff stuck online until reboot", "hazard.nd-kmem-unbind-online"},
    {"kmem dax1.0: Hotplug regions stuck online until reboot", "hazard.nd-kmem-unbind-online"},
    {"kmem dax1.0: hotremove failed, device left online: -16", "kmem.unplug-failed"},
    {"hmem_platform hmem_platform.0: deferring range to CXL: [mem 0xa90000000-0xb8fffffff flags 0x80000200]",
     "hmem.left-to-cxl", "range_size", "4G"},
    {"hmem_platform hmem_platform.0: CXL did not claim resource, registering: [mem 0xa90000000-0xb8fffffff]",
     "hmem.registered"},
    {"kmem: probe of dax0.0 failed with error -22", "driver.probe-failed"},
    {"nd_pmem namespace2.0: probe with driver nd_pmem failed with error -95", "driver.probe-failed"},
};

const Message kCxl[] = {
    {"cxl region: create_region: region type 'ram' not supported yet", "cxl.type-unsupported", "type", "ram"},
    {"cxl_region region0: Failed to synchronize CPU cache state", "cxl.cpu-cache"},
    {"cxl_port endpoint10: failed to attach decoder10.0 to region1: -6", "cxl.attach-decoder", "decoder",
     "decoder10.0"},
    {"cxl region1: pci0000:00:port2 cxl_port_setup_targets got iw: 1 ig: 256 state: disabled 0x6070000000:0xa06fffffff",
     "cxl.granularity-mismatch", "granularity", "256"},
    {"cxl_pci 0000:0e:00.0: mem0:decoder2.0 no CXL window for range 0xb90000000:0xc8fffffff", "cxl.no-window"},
};

const Message kNdctl[] = {
    {"  Error: Legacy / label-less namespaces do not support sub-dividing a region", "ndctl.label-less-size"},
    {"Error: create namespace: region2: align setting is 0x1000000 size 0x8200000 is misaligned",
     "ndctl.size-unaligned", "size_above", "144M"},
    {"Error: create namespace: '--size=' must align to interleave-width: 1 and alignment: 1073741824\ndid you intend "
     "--size=1024M?",
     "ndctl.size-interleave", "size_above", "1G"},
    {"Error: namespace0.0 misaligned to 16M, adjust region alignment and retry", "ndctl.start-16m", "start_multiple_of",
     "16M"},
    {"Error: namespace0.0 is active, specify --force for re-configuration", "ndctl.active"},
    {"namespace_create:772: region0: insufficient capacity size: 40000000 avail: 20000000",
     "ndctl.insufficient-capacity", "size_at_most", "512M"},
    {"Error: '--size=' must be >= 16MiB for 'sector' mode", "ndctl.size-small", "size_at_least", "16M"},
    {"Error: raw mode does not support setting an alignment", "ndctl.align-mode", "mode", "raw"},
    {"Error: unsupported align: 64K", "ndctl.align-unsupported", "align", "64K"},
    {"Error: --map only valid for an devdax mode pmem namespace", "ndctl.map-mode"},
    {"failed to create namespace: Resource temporarily unavailable", "ndctl.no-capacity"},
    {"failed to create namespace: No space left on device", "ndctl.no-capacity"},
    {"error creating devices: No space left on device", "ndctl.no-capacity"},
    {"failed to create namespace: No such device or address", "ndctl.create-failed"},
    {"failed to reconfigure namespace: Invalid argument", "ndctl.reconfigure-failed"},
    {"error destroying namespaces: Device or resource busy", "ndctl.create-failed"},
    {"libndctl: ndctl_btt_enable: btt1.1: failed to enable", "ndctl.enable-failed"},
    {"  Error: destroy namespace: namespace1.2 failed to enable for zeroing, continuing", "ndctl.zeroing"},
    {"Error: specify a namespace to enable, or \"all\"", "ndctl.usage"},
    {"Error: unknown extra parameter \"devdax\"", "ndctl.usage"},
    {"destroyed 0 namespaces", "ndctl.nothing-destroyed"},
    {"dax1.0: error: kernel policy will auto-online memory, aborting", "daxctl.auto-online"},
    {"dax1.2: all memory sections (17) already offline", "daxctl.all-online", "blocks", "17"},
    {"dax1.0: memory operations are not applicable in devdax mode", "daxctl.not-memory", "mode", "devdax"},
    {"dax1.0 was already in system-ram mode", "daxctl.already-in-mode"},
    {"libdaxctl: offline_one_memblock: dax1.0: Failed to offline /sys/devices/system/node/node0/memory35/state: Device "
     "or "
     "resource busy",
     "offline.unmovable", "block", "35"},
    {"error onlining memory: No such device or address", "daxctl.reconfigure-failed"},
    {"libdaxctl: daxctl_dev_enable: dax0.0: failed to enable", "daxctl.enable-failed"},
    {"specify a device to reconfigure, or \"all\"", "ndctl.usage"},
    {"Unknown option: -C", "daxctl.unknown-option"},
};

// Plain memory hotplug: what people report of balloons, virtio-mem, hypervisors and the kernel itself.
const Message kHotplug[] = {
    {"Section-unaligned hotplug range: start 0x104000000, size 0x8000000", "add.section-unaligned", "start_above",
     "0x108000000"},
    {"Block size [0x8000000] unaligned hotplug range: start 0x100200000, size 0x40000000", "add.block-unaligned",
     "start_above", "0x108000000"},
    {"Block size [0x8000000] unaligned hotplug range: start 0x100000000, size 0xc000000", "add.block-unaligned",
     "size_below", "128M"},
    {"hv_balloon: hot_add memory failed error is -22", "hv-balloon.add-failed"},
    {"hv_balloon: Memory hot add failed", "hv-balloon.add-failed"},
    {"kworker/u8:1: vmemmap alloc failure: order:9, mode:0x4cc0(GFP_KERNEL|__GFP_RETRY_MAYFAIL)",
     "add.memmap-allocation", "allocation", "2M"},
    {"kworker/u128:2: page allocation failure: order:9, mode:0x14000c0(GFP_KERNEL)", "add.memmap-allocation"},
    {"virtio_mem virtio1: Some device memory is not addressable/pluggable. This can make some memory unusable.",
     "virtio-mem.not-addressable"},
    {"virtio_mem virtio2: start address: 0x0\nvirtio_mem virtio2: could not reserve device region",
     "virtio-mem.region-busy", "device_start", "0x0"},
    {"virtio_mem virtio7: unknown error, marking device broken: -22", "virtio-mem.broken"},
    {"Address space limit 0xfffffffff < 0x127fffffff phys-bits too low (36)", "qemu.phys-bits", "bits_needed", "37"},
    {"backend memory size must be multiple of 0x200000", "qemu.backend-multiple", "unit", "2M"},
    {"Error: not enough space, currently 0x0 in use of total space for memory devices 0x80000000", "qemu.no-space",
     "total", "2G"},
    {"unplug of device was rejected by the guest", "qemu.unplug-rejected"},
    {"memory offlining [mem 0x78000000-0x7fffffff] failed due to memory holes", "offline.holes", "block", "15"},
    {"memory offlining [mem 0x78000000-0x7fffffff] failed due to unmovable page", "offline.unmovable"},
    {"memory offlining [mem 0x78000000-0x7fffffff] failed due to multizone range", "offline.multizone"},
    {"memory offlining [mem 0x78000000-0x7fffffff] failed due to signal backoff", "offline.signal"},
    {"memory offlining [mem 0x78000000-0x7fffffff] failed due to notifier failure", "offline.notifier"},
    {"memory offlining [mem 0x78000000-0x7fffffff] failed due to failure to dissolve huge pages", "offline.huge-pages"},
    {"page dumped because: unmovable page", "offline.unmovable"},
    {"Unable to reserve System RAM region: 0000000440000000->0000000447ffffff", "add.resource-conflict"},
    {"Unable to create linear mapping for 0x440000000..0x447ffffff: -1", "add.linear-mapping"},
    {"section already deactivated (0x240000 + 512)", "section.already-deactivated", "range_4k",
     "0x240000000-0x2401fffff"},
    {"Memory hotplug will waste 28 pages in each memory block", "add.memmap-waste"},
    {"Unknown online node for memory at 0x440000000, assuming node 0", "probe.node-guess"},
    {"nvme 0000:00:03.0: Conflicting mapping in same section", "map.conflict-start"},
    {"pseries-hotplug-mem: Memory hot-add failed, removing any added LMBs", "dlpar.add-failed"},
    {"libnuma: Warning: node argument 0 is out of range", "numa.memoryless-node"},
    {"Kernel does not support page offline interface", "mcelog.no-offline"},
    {"-bash: echo: write error: Device or resource busy", "errno.ebusy"},
    {"-bash: echo: write error: Numerical result out of range", "errno.erange"},
    {"echo: write error: Resource temporarily unavailable", "errno.eagain"},
    {"general protection fault: 0000 [#1] PREEMPT SMP NOPTI", "crash.data-access"},
    {"general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#1] SMP",
     "crash.data-access"},
    {"INFO: task ndctl:2486 blocked for more than 604 seconds.", "task.blocked", "seconds", "604"},
};

class KernelMessages : public testing::TestWithParam<Message> {};

TEST_P(KernelMessages, AreKnown) {
    const Message& wanted = GetParam();
    const auto all = explain(wanted.text);
    const Explanation& first = all.front();
    EXPECT_EQ(first.id, wanted.id);
    if (!wanted.name.empty()) {
        const auto* value = first.find(wanted.name);
        if (value == nullptr) value = first.find_next(wanted.name);
        ASSERT_NE(value, nullptr) << wanted.name;
        EXPECT_EQ(brief(*value), wanted.value);
    }
    EXPECT_FALSE(first.cause.empty());
    EXPECT_FALSE(first.remedy.empty());
    EXPECT_FALSE(first.source.empty());
    EXPECT_FALSE(first.releases.empty());
}

INSTANTIATE_TEST_SUITE_P(Regions, KernelMessages, testing::ValuesIn(kRegions));
INSTANTIATE_TEST_SUITE_P(Instances, KernelMessages, testing::ValuesIn(kInstances));
INSTANTIATE_TEST_SUITE_P(Dax, KernelMessages, testing::ValuesIn(kDax));
INSTANTIATE_TEST_SUITE_P(Cxl, KernelMessages, testing::ValuesIn(kCxl));
INSTANTIATE_TEST_SUITE_P(Tools, KernelMessages, testing::ValuesIn(kNdctl));
INSTANTIATE_TEST_SUITE_P(Hotplug, KernelMessages, testing::ValuesIn(kHotplug));

}   // namespace
}   // namespace memhot
