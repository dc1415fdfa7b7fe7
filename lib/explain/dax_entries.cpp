// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Messages of drivers/dax: device_dax, kmem (device memory as System RAM) and hmem (Soft Reserved memory).
#include "explain/works.hpp"

namespace memhot::explaining {

namespace {

constexpr std::string_view kKmemProbe = "drivers/dax/kmem.c: dev_dax_kmem_probe";
constexpr std::string_view kKmemRemove = "drivers/dax/kmem.c: dev_dax_kmem_remove";
constexpr std::string_view kDaxProbe = "drivers/dax/device.c: dev_dax_probe";

constexpr Entry kEntries[] = {
    // --- kmem: becoming RAM ------------------------------------------------------------------------------------------
    {.id = "kmem.too-small",
     .patterns = {"mapping{mapping:dec}: {range:range} too small after alignment",
                  "DAX region {*}{range:range}{*} too small after alignment", "too small after alignment"},
     .cause = "kmem adds whole memory blocks only, and none is left after both ends are aligned inwards. Of {range} "
              "({range_size}) that is so for blocks of {block_size_at_least} and more.",
     .remedy = "Make the device span a whole block, from a multiple of the block size to the next one; two blocks of "
               "size always do. Where it begins now, {size_for_one_block} would do.",
     .releases = "5.1+",
     .source = kKmemProbe,
     .rules = "nd.kmem-no-block",
     .needs = {Need::block_size},
     .work = works::kmem_too_small},
    {.id = "nd.kmem-no-block",
     .patterns = {"rejecting DAX region without any memory after alignment",
                  "rejecting DAX region{*}without any memory"},
     .cause = "The device does not span a single whole memory block, so kmem has nothing to add (EINVAL). On bare "
              "metal with 64G and more blocks are 2G.",
     .remedy = "Use a namespace or device of at least two blocks, or one that begins and ends at multiples of the "
               "block size. Two blocks are {size_for_blocks}.",
     .releases = "6.1+ (5.10 binds without any memory)",
     .needs = {Need::block_size, Need::target_node},
     .yields_to = "kmem.too-small",
     .work = works::kmem_nothing_left},
    {.id = "kmem.truncated",
     .patterns = {"DAX region truncated by {lost:size} due to alignment"},
     .cause = "kmem adds whole memory blocks only: {lost} at the two ends of the device stay unused. These are "
              "{lost_in_front} in front and {lost_behind} behind.",
     .remedy = "Begin and end the device at multiples of the block size to lose nothing.",
     .releases = "6.16+; the loss itself since 5.1",
     .source = kKmemProbe,
     .needs = {Need::block_size, Need::start},
     .work = works::kmem_truncated},
    {.id = "nd.kmem-no-node",
     .patterns = {"rejecting DAX region with invalid node: {node:word}", "rejecting DAX region {*} with invalid node",
                  "rejecting DAX region{*}invalid node"},
     .cause = "The device has no NUMA node to become (target_node is missing or -1): firmware gives no proximity "
              "domain for the range.",
     .remedy = "Firmware must describe the range in SRAT (and NFIT or CEDT); QEMU: give the device a node=. numa=fake "
               "does not help.",
     .releases = "5.1+",
     .needs = {Need::target_node, Need::firmware_tables}},
    {.id = "kmem.region-busy",
     .patterns = {"mapping{mapping:dec}: {range:range} could not reserve region",
                  "mapping{mapping:dec}: {*} could not reserve region"},
     .cause = "Something already holds the range or part of it: another dax device on the same range (hmem and CXL "
              "both register Soft Reserved memory), RAM that is online, or what an earlier unbind left. The range is "
              "{range}, {range_size}.",
     .remedy = "Find the owner in /proc/iomem and unbind it. \"System RAM (kmem)\" of a device that is gone stays "
               "until the next boot.",
     .releases = "5.1+",
     .source = kKmemProbe,
     .rules = "claim.conflict",
     .needs = {Need::iomem},
     .yields_to = "hazard.nd-kmem-unbind-online remove.block-online",
     .work = works::busy_range},
    {.id = "kmem.add-failed",
     .patterns = {"mapping{mapping:dec}: {range:range} memory add failed", "memory add failed"},
     .cause = "add_memory refused the blocks; the message before says why. Where there is none, a block or "
              "sub-section of the range is already there (EEXIST).",
     .remedy = "Read the lines before it; a range that an earlier attempt touched is free again after a reboot.",
     .releases = "5.1+",
     .source = kKmemProbe,
     .rules = "add.resource-conflict add.subsection-active add.block-exists",
     .needs = {Need::kernel_log, Need::iomem},
     .work = works::busy_range},

    // --- kmem: being RAM no longer -----------------------------------------------------------------------------------
    {.id = "hazard.nd-kmem-unbind-online",
     .patterns = {"mapping{mapping:dec}: {range:range} cannot be hotremoved until the next reboot",
                  "DAX region [mem {range:range}{*}cannot be hotremoved until the next reboot",
                  "mapping{mapping:dec}: {range:range} stuck online until reboot",
                  "cannot be hotremoved until the next reboot", "stuck online until reboot"},
     .cause = "kmem was unbound while blocks were online: the memory stays, and nothing owns it any more. Until the "
              "next boot nobody can claim {range} (EBUSY).",
     .remedy = "Reboot. Next time offline every block first (daxctl offline-memory), check that all are offline, then "
               "unbind.",
     .releases = "5.3+",
     .rules = "remove.block-online",
     .work = works::stuck_range},
    {.id = "kmem.rmmod-online",
     .patterns = {"rmmod kmem", "modprobe -r kmem"},
     .cause = "kmem was unloaded while its memory was online: the range stays busy under a name that is gone, so "
              "later claims fail and the name in /proc/iomem may be garbage (up to 5.7).",
     .remedy = "Reboot to get the range back. Offline the memory before unloading the driver.",
     .releases = "5.1+; the name is kept since 5.8",
     .source = kKmemRemove,
     .needs = {Need::iomem},
     .yields_to = "hazard.nd-kmem-unbind-online"},
    {.id = "kmem.unplug-failed",
     .patterns = {"hotremove failed, device left online: {error:errno}"},
     .cause = "A block of the device could not be offlined, so the whole device was put back online: nothing changed.",
     .remedy = "Find the block in zone Normal or with pinned pages, then write unplugged to state again.",
     .releases = "7.3+",
     .source = "drivers/dax/kmem.c: dax_kmem_do_hotremove",
     .rules = "offline-remove.unmovable",
     .needs = {Need::valid_zones, Need::page_users}},

    // --- device_dax --------------------------------------------------------------------------------------------------
    {.id = "dax.range-busy",
     .patterns = {"mapping{mapping:dec}: {dax_range:range} could not reserve range", "could not reserve range"},
     .cause = "Something already holds the range or part of it; often RAM that kmem left behind. The range is "
              "{dax_range}.",
     .remedy = "Find the owner in /proc/iomem. \"System RAM (kmem)\" of a device that is gone stays until the next "
               "boot.",
     .releases = "5.1+",
     .source = kDaxProbe,
     .rules = "map.claim-busy",
     .needs = {Need::iomem},
     .yields_to = "hazard.nd-kmem-unbind-online kmem.region-busy remove.block-online map.claim-busy",
     .work = works::busy_range},
    {.id = "nd.dax-prepopulated",
     .patterns = {"dynamic-dax with pre-populated page map"},
     .cause = "An earlier bind of the device failed half-way and left its page map.",
     .remedy = "Delete the device and create it again, with ranges at multiples of 2M.",
     .releases = "6.1+"},
    {.id = "dax.static-multi-range",
     .patterns = {"static pgmap / multi-range device conflict"},
     .cause = "A devdax namespace has exactly one range; this device was given several.",
     .remedy = "Destroy and recreate the device.",
     .releases = "5.10+",
     .source = kDaxProbe},
    {.id = "dax.align-page-size",
     .patterns = {"alignment must be PAGE_SIZE", "not support 'align' for dax mode",
                  "not support {*}align{*} for dax mode"},
     .cause = "This kernel only knows the page size as an alignment of dax instances.",
     .remedy = "Leave --align out (or 4096), or use a later kernel; supported_alignments lists what is taken.",
     .releases = "4.7-4.20",
     .source = "drivers/dax/pmem.c: dax_pmem_probe",
     .needs = {Need::supported_alignments, Need::kernel_version},
     .work = works::page_align},
    {.id = "dax.unaligned-vma",
     .patterns = {"fail, unaligned vma ({start:hex} - {end:hex}, {mask:hexsize})", "fail, unaligned vma"},
     .cause = "A program mapped the device at an address or with a length that is no multiple of its alignment.",
     .remedy = "Map multiples of the device's align (daxctl list).",
     .releases = "4.7+",
     .source = "drivers/dax/device.c: check_vma",
     .work = works::unaligned_vma},
    {.id = "dax.private-mapping",
     .patterns = {"fail, attempted private mapping"},
     .cause = "A program mapped the device with MAP_PRIVATE.",
     .remedy = "Use MAP_SHARED.",
     .releases = "4.7+",
     .source = "drivers/dax/device.c: check_vma"},
    {.id = "dax.many-devices",
     .patterns = {"{range:range} legacy pmem cut into {piece:units}"},
     .cause = "A legacy range may hold as many dax devices as fit. With {range_size} and {piece} each that is up to "
              "{devices}.",
     .remedy = "Nothing is wrong; tools that read every memory block for every device become slow.",
     .releases = "all",
     .source = "daxctl/lib/libdaxctl.c: daxctl_memory_op",
     .strength = Strength::symptom,
     .work = works::devices_of_range},

    // --- hmem --------------------------------------------------------------------------------------------------------
    {.id = "hmem.left-to-cxl",
     .patterns = {"deferring range to CXL: [mem {range:range}", "dropping CXL range: [mem {range:range}",
                  "deferring range to CXL", "dropping CXL range"},
     .cause = "hmem leaves Soft Reserved memory inside a CXL window to the CXL driver. Up to 6.18 it does so even "
              "where that makes no region of it, and then the memory is invisible.",
     .remedy = "Look whether cxl list -R shows a region for it; where none comes, correct the CXL side or build "
               "without CONFIG_CXL_REGION.",
     .releases = "6.3+",
     .source = "drivers/dax/hmem/hmem.c: hmem_register_device",
     .needs = {Need::cxl_topology},
     .work = works::range_size},
    {.id = "hmem.registered",
     .patterns = {"CXL did not claim resource, registering{*}{range:range}", "CXL did not claim resource, registering"},
     .cause = "The CXL driver made no region of Soft Reserved memory, so hmem registers it.",
     .remedy = "Nothing is wrong; the memory is a dax device of hmem.",
     .releases = "7.1+",
     .source = "drivers/dax/hmem/hmem.c: hmem_register_device"},
    {.id = "hmem.probe-failed",
     .patterns = {"hmem {device:dev}: probe with driver hmem failed with error -12",
                  "hmem: probe of {device:dev} failed with error -12"},
     .cause = "The Soft Reserved range does not begin and end at multiples of 2M, so no dax region is made of it.",
     .remedy = "Firmware must give a range of whole 2M.",
     .releases = "5.5+",
     .source = "drivers/dax/bus.c: alloc_dax_region",
     .needs = {Need::iomem, Need::firmware_tables}},

    // --- what only follows -------------------------------------------------------------------------------------------
    {.id = "driver.probe-failed",
     .patterns = {"{device:dev}: probe with driver {driver:word} failed with error {error:errno}",
                  "probe with driver {driver:word} failed with error {error:errno}",
                  "probe of {device:dev} failed with error {error:errno}",
                  "probe of {device:dev} returned {error:errno}"},
     .cause = "The driver refused the device ({error}); the message before says why. Refusals with ENODEV or ENXIO "
              "print nothing.",
     .remedy = "Read the lines before it.",
     .releases = "all",
     .source = "drivers/base/dd.c: call_driver_probe",
     .needs = {Need::kernel_log},
     .strength = Strength::consequence},
};

}   // namespace

std::span<const Entry> dax_entries() { return kEntries; }

}   // namespace memhot::explaining
