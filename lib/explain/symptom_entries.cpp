// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Descriptions in words: what people report when no message names the cause. A message in the same text always wins over
// these. The same entries serve where layouts.cpp finds the matter in addresses or listings.
#include "explain/works.hpp"

namespace memhot::explaining {

namespace {

constexpr auto kSymptom = Strength::symptom;
constexpr auto kLayout = Strength::layout;

constexpr Entry kEntries[] = {
    // --- namespaces --------------------------------------------------------------------------------------------------
    {.id = "pfn.section-shared",
     .patterns = {"region half used{*}in the rest fails", "half used{*}rest fails"},
     .cause = "Before 5.3 a namespace with struct pages cannot share a section (128M on x86) with RAM or another "
              "namespace: the one that comes second is refused.",
     .remedy = "Use 5.3 or later, where 2M are enough; before, sizes of whole sections. The next one is {size_above}.",
     .releases = "up to 5.2",
     .source = "kernel/memremap.c: devm_memremap_pages",
     .rules = "map.conflict-start map.ram-mixed",
     .needs = {Need::kernel_version, Need::start, Need::iomem},
     .strength = kSymptom},
    {.id = "pfn.align-loss",
     .cause = "With --align={align} the data begins and ends at multiples of {align} of physical memory. Of {size} "
              "that leaves {usable} at best, less where the region itself begins off such a multiple. 5.3-rc kernels, "
              "which did not cut the end, refused it then.",
     .remedy = "Use --align=2M where that is enough. To have {size} usable ask for --size={size_for_usable}.",
     .releases = "all; refused by 5.3-rc",
     .source = "drivers/nvdimm/pfn_devs.c: nd_pfn_init",
     .needs = {Need::start, Need::region, Need::kernel_log},
     .strength = kSymptom},
    {.id = "pfn.zero-size",
     .patterns = {"succeeds with{*}\"size\":0", "\"size\":0 {*}zero-sized"},
     .cause = "Nothing is left of the namespace behind info block and memmap. Kernels up to 6.5 make an instance of "
              "size 0 of it. {size} at this base contain no full unit of {unit}.",
     .remedy = "Ask for more. {size_above} leave at least one unit.",
     .releases = "5.4-6.5; refused since 6.6 (nd.pfn-no-room)",
     .source = "drivers/nvdimm/pfn_devs.c: nd_pfn_init",
     .needs = {Need::start, Need::region},
     .strength = kSymptom,
     .work = works::zero_size},
    {.id = "namespace.stale-labels",
     .patterns = {"CXL pmem{*}No space left"},
     .cause = "The label area of the memory device holds labels for another region or an older set-up, and they claim "
              "the space.",
     .remedy = "Compare cxl read-labels with what should be there; in QEMU recreate the lsa backing file together "
               "with the memory's.",
     .releases = "all",
     .source = "drivers/nvdimm/label.c: nd_label_active",
     .needs = {Need::labels, Need::capacity},
     .strength = kSymptom},
    {.id = "region.legacy-and-labelled",
     .patterns = {"{count:dec} with available 0, {free_count:dec} with {available:units} free",
                  "regions: {count:dec} with available 0"},
     .cause = "Regions without labels (e820, memmap=) have no free space, whatever is on them; the others do. "
              "{device} is such a one, {free_region} has {available} free.",
     .remedy = "Create namespaces in the regions with an interleave set; reconfigure the one namespace of the others. "
               "Here that is {free_region}.",
     .releases = "all",
     .source = "drivers/nvdimm/region_devs.c: available_size_show",
     .needs = {Need::region, Need::capacity},
     .strength = kSymptom},
    {.id = "infoblock.lost",
     .patterns = {"devdax {usable:bytes} {*} raw {size:bytes}", "fsdax {usable:bytes} {*} raw {size:bytes}"},
     .cause = "The namespace is raw and has its full size: its info block is gone or cannot be read. The difference "
              "of {overhead} between {size} and {usable} is what the instance kept for info block and memmap.",
     .remedy = "Do not recreate it, the data is still there: write back the saved first 8K of the namespace, and look "
               "for bad blocks at its offset 4K.",
     .releases = "all",
     .source = "drivers/nvdimm/pfn_devs.c: nd_pfn_validate",
     .needs = {Need::info_block, Need::dimm_security},
     .strength = kSymptom,
     .work = works::info_block_lost},
    {.id = "namespace.names-unstable",
     .patterns = {"namespace names rotate", "names rotate after"},
     .cause = "namespaceN.M and pmemN are numbered in the order of a byte-wise comparison of labels, so they may "
              "change with every enable of the region.",
     .remedy = "Identify namespaces by uuid (/dev/disk/by-uuid, ndctl list -u), or give them a name.",
     .releases = "all",
     .source = "drivers/nvdimm/namespace_devs.c: cmp_dpa",
     .strength = kSymptom},
    {.id = "pfn.kernel-changed",
     .patterns = {"works on {kernel_before:version}, on {kernel:version}"},
     .cause = "The rules changed: since 5.7 an instance whose start or end is no multiple of 2M is refused and leaves "
              "no disk, where older kernels mapped it or fell back to raw. It worked on {kernel_before} and does not "
              "on {kernel}.",
     .remedy = "Compare start, data offset and end of the namespace with 2M, and see that no DIMM is locked or "
               "frozen. Nothing is lost.",
     .releases = "5.7+",
     .source = "drivers/nvdimm/pfn_devs.c: nd_pfn_validate",
     .needs = {Need::kernel_log, Need::start, Need::info_block, Need::dimm_security},
     .strength = kSymptom},
    {.id = "nfit.parsing-changed",
     .patterns = {"{range:range}: one namespace{*}on {kernel_before:version}, two on {kernel:version}",
                  "one namespace{*}on {kernel_before:version}, two on {kernel:version}"},
     .cause = "Kernels read the firmware tables differently, so the same memory is one region or several. It is "
              "{range}, {range_size}.",
     .remedy = "Compare /proc/iomem and ndctl list -R of both boots before creating anything.",
     .releases = "4.7-4.16",
     .source = "drivers/acpi/nfit/core.c: acpi_nfit_register_region",
     .needs = {Need::firmware_tables, Need::iomem},
     .strength = kSymptom,
     .work = works::range_size},
    {.id = "region.disable-not-persistent",
     .patterns = {"disabled regions active again", "active again after reboot"},
     .cause = "Disabling a region or namespace lasts until the next boot or probe only.",
     .remedy = "Repeat it at every boot, or take the region out in firmware.",
     .releases = "all",
     .source = "drivers/nvdimm/bus.c: nvdimm_bus_probe",
     .strength = kSymptom},
    {.id = "health.not-supported",
     .patterns = {"badblock_count {sectors:dec}", "\"badblock_count\":{sectors:dec}"},
     .cause = "Numbers that the platform does not have are reported as if measured: 255 degrees, or bad blocks that "
              "were cleared long ago. The bad blocks are {bytes}.",
     .remedy = "Start a scrub (ndctl start-scrub, wait-scrub), then look again; ndctl clear-errors clears real ones.",
     .releases = "all",
     .source = "drivers/nvdimm/badrange.c; drivers/acpi/nfit/core.c",
     .needs = {Need::scrub},
     .strength = kSymptom,
     .work = works::badblocks},
    {.id = "ars.not-scrubbed",
     .patterns = {"badblocks not listed until", "injected badblocks not listed"},
     .cause = "The kernel learns of bad blocks when a scrub (ARS) finishes or when one is read.",
     .remedy = "ndctl start-scrub, then wait-scrub.",
     .releases = "all",
     .source = "drivers/acpi/nfit/core.c: acpi_nfit_scrub",
     .needs = {Need::scrub},
     .strength = kSymptom},
    {.id = "ndctl.no-log",
     .patterns = {"no syslog record when"},
     .cause = "ndctl logs nothing of what it does, and the kernel says the reason of most refusals only in debug "
              "lines.",
     .remedy = "Switch them on: echo 'module libnvdimm +p' > /sys/kernel/debug/dynamic_debug/control; keep ndctl's "
               "output.",
     .releases = "all",
     .source = "ndctl/namespace.c",
     .strength = kSymptom},
    {.id = "monitor.no-actions",
     .patterns = {"want actions on events"},
     .cause = "ndctl monitor writes DIMM health events to a log and runs nothing.",
     .remedy = "Act on its log, or on udev events and D-Bus signals.",
     .releases = "all",
     .source = "ndctl/monitor.c",
     .strength = kSymptom},

    // --- memory blocks -----------------------------------------------------------------------------------------------
    {.id = "kmem.lost-in-front",
     .patterns = {"{size:units} devdax at {start:hex}{*}only {kept:range}"},
     .cause = "kmem adds whole memory blocks only, so what lies in front of the first one stays unused. Here that is "
              "{lost_in_front} in front of {kept}. Of {size} that were asked for, {gained} were gained.",
     .remedy = "Choose the namespace so that its data begins at a multiple of the block size; --map=mem moves it to "
               "2M behind the start. The addresses fit blocks of {block_size_at_most} and less.",
     .releases = "5.1+",
     .source = "drivers/dax/kmem.c: dev_dax_kmem_probe",
     .rules = "",
     .needs = {Need::block_size},
     .strength = kSymptom,
     .work = works::kmem_in_front},
    {.id = "kmem.stranded",
     .patterns = {"silently stranded", "capacity{*}stranded"},
     .cause = "kmem adds whole memory blocks only, and up to 6.15 says nothing about what stays unused at both ends.",
     .remedy = "Begin and end devices at multiples of the block size.",
     .releases = "5.1+; reported since 6.16",
     .source = "drivers/dax/kmem.c: dev_dax_kmem_probe",
     .needs = {Need::block_size, Need::iomem},
     .strength = kSymptom},
    {.id = "kmem.destroyed-under",
     .patterns = {"destroyed while its dax was system-ram ({blocks:dec} blocks online{*}node {node:dec}{*}node still "
                  "{node_mib:dec} MB",
                  "destroyed while its dax was system-ram ({blocks:dec} blocks online{*}node {node:dec}",
                  "destroyed while{*}system-ram"},
     .cause = "The namespace was destroyed while its memory was online: it is still in use, but nothing owns it, so "
              "the range cannot be claimed again. These are {blocks} blocks of node {node}. The node still has "
              "{node_size}, theirs and others', so a block has {block_size_at_most} at most.",
     .remedy = "Reboot. Next time daxctl offline-memory, then reconfigure to devdax, then destroy.",
     .releases = "ndctl up to 72 did not refuse it",
     .source = "ndctl/lib/libndctl.c: ndctl_namespace_disable_safe",
     .rules = "remove.block-online",
     .needs = {Need::block_size, Need::iomem},
     .strength = kSymptom,
     .work = works::node_blocks},
    {.id = "kmem.kexec",
     .patterns = {"after kexec, {range:range} is plain System RAM", "after kexec"},
     .cause = "Up to 5.7 memory of dax kmem is plain System RAM in /proc/iomem, so a kexec'd kernel boots with it as "
              "ordinary RAM: it has no device any more. Here that is {range}.",
     .remedy = "Reboot properly to get the device back; from 5.8 on the name \"System RAM (kmem)\" prevents it.",
     .releases = "5.1-5.7",
     .source = "drivers/dax/kmem.c; mm/memory_hotplug.c: add_memory_driver_managed (7b7b27214bba)",
     .needs = {Need::iomem},
     .strength = kSymptom,
     .work = works::range_size},
    {.id = "daxctl.movable",
     .patterns = {"onlined movable{*}wanted normal", "onlined movable"},
     .cause = "daxctl onlines as movable, so that the memory can be taken away again; kernel allocations cannot use "
              "it.",
     .remedy = "daxctl online-memory --no-movable (or reconfigure-device --no-movable): the memory is then hardly "
               "removable. More than 3 to 4 times as much movable as kernel memory ends in OOM.",
     .releases = "daxctl 67+ has --no-movable",
     .source = "daxctl/device.c: dev_online_memory",
     .needs = {Need::valid_zones},
     .strength = kSymptom},
    {.id = "daxctl.online-failed",
     .patterns = {"fails at online-memory"},
     .cause = "Onlining blocks of the device failed; without the error text nothing more can be said.",
     .remedy = "Write online_movable to the state of one block and read the answer and dmesg.",
     .releases = "all",
     .source = "daxctl/lib/libdaxctl.c: online_one_memblock",
     .needs = {Need::kernel_log, Need::valid_zones, Need::onliners},
     .strength = kSymptom},
    {.id = "add.memory-for-memmap",
     .patterns = {"OOM-killed before blocks are onlined", "hot-add{*}OOM",
                  "adding {size:units} {*}memory for struct pages"},
     .cause = "Adding memory costs 1/64 of it at once (64 bytes for each 4K page), before any of it is online; "
              "programs that online blocks from outside the kernel then find no memory.",
     .remedy = "Add less at a time, have the kernel online by itself (auto_online_blocks), or use memmap_on_memory.",
     .releases = "all",
     .source = "mm/memory_hotplug.c: add_memory_resource",
     .needs = {Need::command, Need::memory_available, Need::auto_online},
     .strength = kSymptom,
     .work = works::memmap_cost},
    {.id = "policy.nobody-onlines",
     .patterns = {"hot-added {*}invisible", "shell loop over state files"},
     .cause = "New blocks stay offline: the kernel's default is offline and no udev rule or daemon onlines them.",
     .remedy = "Write online_movable or online to auto_online_blocks, or boot with memhp_default_state=.",
     .releases = "all",
     .source = "drivers/base/memory.c: auto_online_blocks_store",
     .needs = {Need::auto_online, Need::onliners},
     .strength = kSymptom},
    {.id = "memory.not-backed",
     .patterns = {"reconfigure{*}succeeds{*}segfaults", "reconfigure{*}succeeds{*}dies"},
     .cause = "The blocks came online and programs then crashed: there is no working memory behind the addresses.",
     .remedy = "Offline the blocks at once; check the device with reads and writes in devdax mode before making it "
               "RAM.",
     .releases = "all",
     .source = "drivers/dax/kmem.c",
     .rules = "hazard.memory-without-ram",
     .needs = {Need::iomem, Need::cxl_topology},
     .strength = kSymptom},
    {.id = "node.not-proximity-domain",
     .patterns = {"proximity domain = node"},
     .cause = "Proximity domains of firmware are not node numbers.",
     .remedy = "Take the link nodeN in memoryN, and phys_index (hexadecimal) times block_size_bytes for the address.",
     .releases = "all",
     .source = "drivers/base/node.c",
     .needs = {Need::block_size},
     .strength = kSymptom},
    {.id = "node.firmware-tables",
     .patterns = {"wrong NUMA node", "numa_node always 0", "node always 0"},
     .cause = "numa_node and target_node are what firmware says in SRAT, SLIT and NFIT; another BIOS may say another "
              "thing.",
     .remedy = "Compare the tables of both versions (acpidump); the memory itself is unchanged.",
     .releases = "all",
     .source = "drivers/acpi/nfit/core.c; drivers/acpi/numa/srat.c",
     .needs = {Need::firmware_tables, Need::target_node},
     .strength = kSymptom},

    // --- found in addresses and sizes (layouts.cpp), without any words ------------------------------------------------
    {.id = "section.shared",
     .cause = "System RAM and device memory share a section: firmware places memory in units of 64M, sections are "
              "larger. It is {section}, with RAM {ram} and device memory {device_memory}.",
     .remedy = "Up to 5.2 the device memory cannot be mapped: use 5.3 and later, or keep to whole sections. Of the "
               "device memory those are {whole_sections}. From 5.3 to 5.11 do not soft-offline pages or hot-remove "
               "memory there: the page's owner is guessed wrongly.",
     .releases = "up to 5.2; wrong owner up to 5.11",
     .source = "mm/memory_hotplug.c: pfn_to_online_page (1f90a3477df3)",
     .rules = "map.ram-mixed effect.early-hole-reuses-memmap",
     .strength = kLayout},
    {.id = "pmem.misaligned-range",
     .cause = "Device memory that does not begin and end at multiples of 2M: old kernels made such namespaces; since "
              "5.7 a start like that takes no struct pages, and the space up to the next aligned start is lost. "
              "{place} is {start_beyond_multiple} beyond one at its start, {end_beyond_multiple} at its end.",
     .remedy = "Leave what works as it is. The next namespace can start at {next_start}. Of the range itself {inside} "
               "can be mapped.",
     .releases = "5.7+",
     .source = "drivers/nvdimm/namespace_devs.c: nvdimm_namespace_common_probe; drivers/nvdimm/pfn_devs.c: nd_pfn_init",
     .strength = kLayout},
    {.id = "ndctl.size-not-16m",
     .cause = "The size is no multiple of 16M: the namespace behind it will start misaligned and be refused (up to "
              "5.6 it may hang). It is {size}.",
     .remedy = "Ask for a multiple of 16M. The next ones are {size_below} and {size_above}.",
     .releases = "enforced since ndctl 68 and 5.7",
     .source = "ndctl/namespace.c: validate_namespace_options (e47f490)",
     .strength = kLayout},
};

}   // namespace

std::span<const Entry> symptom_entries() { return kEntries; }

}   // namespace memhot::explaining
