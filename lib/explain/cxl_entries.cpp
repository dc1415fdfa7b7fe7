// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Messages of drivers/cxl and of cxl-cli.
#include "explain/works.hpp"

namespace memhot::explaining {

namespace {

constexpr auto kSymptom = Strength::symptom;
constexpr std::string_view kCreate = "cxl/region.c: create_region";

constexpr Entry kEntries[] = {
    {.id = "cxl.target-not-under-decoder",
     .patterns = {"{device:dev}: failed to set target{target:dec} to {memdev:dev}",
                  "no active memdevs found: decoder: {decoder:dev} filter: {memdevs:rest}", "no active memdevs found"},
     .cause = "The memory device is not reachable from the chosen root decoder: it sits under a host bridge that is "
              "not among the decoder's targets, is of the other kind (ram, pmem), or is disabled.",
     .remedy = "Choose the decoder whose targets hold the device's bridge: cxl list -T -D and cxl list -M -d DECODER "
               "show them.",
     .releases = "all",
     .source = "cxl/region.c: create_region, collect_memdevs",
     .needs = {Need::cxl_topology}},
    {.id = "cxl.type-unsupported",
     .patterns = {"region type '{type:word}' not supported yet"},
     .cause = "cxl-cli up to 76 makes pmem regions only.",
     .remedy = "Use cxl-cli 77 or later, or write to decoder0.N/create_ram_region.",
     .releases = "cxl-cli up to 76.1",
     .source = kCreate},
    {.id = "cxl.cpu-cache",
     .patterns = {"Failed to synchronize CPU cache state"},
     .cause = "The kernel must flush CPU caches before it hands out a region, and cannot on this machine (virtual "
              "machines mostly): ENXIO.",
     .remedy = "In a test VM use a kernel with CONFIG_CXL_REGION_INVALIDATION_TEST; on hardware a kernel that knows "
               "the platform's flush.",
     .releases = "6.2+",
     .source = "drivers/cxl/core/region.c: cxl_region_invalidate_memregion; drivers/nvdimm/region.c: nd_region_probe",
     .needs = {Need::kernel_config}},
    {.id = "cxl.endpoint-add",
     .patterns = {"{device:dev}: add_dev() failed"},
     .cause = "libcxl could not read the endpoint; with kernel 6.8 a known error that 6.9 no longer has.",
     .remedy = "Use 6.9 or later, then cxl list again.",
     .releases = "6.8",
     .source = "cxl/lib/libcxl.c: add_cxl_endpoint"},
    {.id = "cxl.attach-decoder",
     .patterns = {"failed to attach {decoder:dev} to {region:dev}: {error:errno}"},
     .cause = "The decoder does not fit the region: ways or granularity differ, or it covers another range.",
     .remedy = "Compare interleave_ways and interleave_granularity along the path; an auto-assembled region that was "
               "torn down must be rebuilt with the very values that firmware used.",
     .releases = "6.3+",
     .source = "drivers/cxl/core/region.c: cxl_region_attach",
     .needs = {Need::cxl_topology}},
    {.id = "cxl.granularity-mismatch",
     .patterns = {"cxl_port_setup_targets got iw: {ways:dec} ig: {granularity:bytes}",
                  "cxl_port_setup_targets expected iw: {ways:dec} ig: {granularity:bytes}"},
     .cause = "A switch or bridge decoder is programmed with ways {ways} and granularity {granularity}, and the "
              "region needs others.",
     .remedy = "Rebuild the region with the values of the decoders.",
     .releases = "6.3+",
     .source = "drivers/cxl/core/region.c: cxl_port_setup_targets",
     .needs = {Need::cxl_topology},
     .yields_to = "cxl.attach-decoder"},
    {.id = "cxl.no-window",
     .patterns = {"no CXL window for range {range:range}", "no CXL window for range {start:hex}:{end:hex}"},
     .cause = "A decoder that firmware programmed covers addresses that no CXL window (CFMWS) has.",
     .remedy = "Firmware must list the range in CEDT.",
     .releases = "6.3+",
     .source = "drivers/cxl/core/region.c: cxl_add_to_region",
     .needs = {Need::firmware_tables}},
    {.id = "cxl.region-not-of-ndctl",
     .patterns = {"missing from `ndctl list -R", "missing from ndctl list -R"},
     .cause =
         "ndctl lists regions of the nvdimm bus; a CXL region of RAM is on the cxl bus only, and one of pmem appears "
         "there when its driver bound.",
     .remedy = "Look with cxl list -R -i; for one of pmem see that it is committed and enabled, and that cxl_pmem is "
               "loaded.",
     .releases = "all",
     .source = "drivers/cxl/core/region.c: cxl_region_probe",
     .needs = {Need::cxl_topology}},
    {.id = "cxl.disabled-again",
     .patterns = {"cmd_disable_region: disabled {count:dec} region", "second disable still says"},
     .cause = "cxl disable-region counts a region that was disabled already as done, so the count does not say that "
              "something changed.",
     .remedy = "Look at the state (cxl list -R -i), not at the count.",
     .releases = "all",
     .source = "cxl/region.c: cmd_disable_region",
     .strength = Strength::consequence},
    {.id = "cxl.created-none",
     .patterns = {"cmd_create_region: created 0 regions", "created 0 regions"},
     .cause = "No region was made; the line before says why.",
     .remedy = "Read the line before, or repeat with --debug.",
     .releases = "all",
     .source = "cxl/region.c: cmd_create_region",
     .needs = {Need::cxl_topology, Need::kernel_log},
     .strength = Strength::consequence},

    // --- windows -----------------------------------------------------------------------------------------------------
    {.id = "cxl.window-covered",
     .patterns = {"{window:range} : CXL Window {number:dec}{*}with child{*}Reserved"},
     .cause = "The window is wholly covered by another resource, so no region fits into it (ERANGE). It is {window}, "
              "{range_size}. In the way is {in_the_way}.",
     .remedy = "Have firmware (QEMU: its e820 table) leave the window out of Reserved memory; nothing in this window "
               "can be used on this boot.",
     .releases = "6.0+",
     .source = "kernel/resource.c: get_free_mem_region (alloc_free_mem_region)",
     .needs = {Need::iomem},
     .work = works::window_covered},
    {.id = "cxl.soft-reserved-outlives",
     .patterns = {"Soft Reserved still there", "Soft Reserved {*}outlives"},
     .cause = "Firmware's Soft Reserved range stays in the resource tree when the region above it is torn down, so no "
              "new region fits there.",
     .remedy = "Reboot, or use a kernel that drops Soft Reserved memory with its region.",
     .releases = "up to 6.18",
     .source = "drivers/cxl/core/region.c; drivers/dax/hmem/device.c",
     .needs = {Need::iomem},
     .strength = kSymptom},
    {.id = "hmem.owns-region",
     .patterns = {"dax devices belong to hmem"},
     .cause = "hmem registered the Soft Reserved memory before the CXL driver made its region, so the dax device "
              "belongs to hmem; disabling the region does not remove it. Here {dax} lies in Soft Reserved memory "
              "inside {region}.",
     .remedy = "Offline and destroy the dax device itself. From 7.1 on hmem waits for CXL; before, build CXL and hmem "
               "alike (both as modules).",
     .releases = "6.3-7.0",
     .source = "drivers/dax/hmem/hmem.c: hmem_register_device",
     .needs = {Need::iomem, Need::kernel_config},
     .strength = kSymptom},
    {.id = "cxl.firmware-mapped-ram",
     .patterns = {"CXL RAM is plain System RAM", "\"max_available_extent\": -", "\"max_available_extent\":-"},
     .cause = "Firmware gave the memory to the operating system as ordinary RAM (e820 usable, no EFI_MEMORY_SP), so "
              "there is no dax device to it.",
     .remedy = "Boot by UEFI with the specific purpose attribute on (BIOS update or option), with "
               "CONFIG_EFI_SOFT_RESERVE, and memhp_default_state=offline if it shall not be onlined at once.",
     .releases = "all",
     .source = "arch/x86/platform/efi/efi.c: do_add_efi_memmap; drivers/cxl/core/region.c: cxl_region_probe",
     .needs = {Need::firmware_tables, Need::iomem},
     .strength = kSymptom},
    {.id = "cxl.chain-broken",
     .patterns = {"memdev there, no dax", "no dax / no node"},
     .cause = "Between the memory device and the node one link is missing: memdev, region, dax device, kmem, node.",
     .remedy = "Look at them in this order and stop at the first that is missing: cxl list -M, cxl list -R, daxctl "
               "list, daxctl list's mode, /sys/devices/system/node.",
     .releases = "6.3+",
     .source = "drivers/cxl/core/region.c: cxl_region_probe; drivers/dax/cxl.c",
     .needs = {Need::cxl_topology, Need::kernel_config, Need::iomem},
     .strength = kSymptom},

    // --- tearing down ------------------------------------------------------------------------------------------------
    {.id = "cxl.destroy-online",
     .patterns = {"destroy-region with memory in use"},
     .cause = "cxl destroy-region (before ndctl 79) does not offline memory: pages in use lose their memory, and the "
              "kernel panics.",
     .remedy = "Offline every block of the region's dax device first; use cxl-cli 79 or later, which does it.",
     .releases = "cxl-cli up to 78",
     .source = "cxl/region.c: destroy_region",
     .needs = {Need::valid_zones, Need::cxl_topology},
     .strength = kSymptom},
    {.id = "cxl.disable-memdev-force",
     .patterns = {"disable-memdev{*} -f", "force, then touching memory"},
     .cause = "Disabling the device by force is the same as pulling the card: pages in use on it become inaccessible.",
     .remedy = "Offline the node's memory blocks and destroy the region first.",
     .releases = "all",
     .source = "cxl/memdev.c: action_disable",
     .needs = {Need::valid_zones, Need::cxl_topology},
     .strength = kSymptom},
    {.id = "cxl.region-not-persistent",
     .patterns = {"saves region config"},
     .cause = "A region of RAM lives in the decoders only: when the device is removed, its set-up is gone.",
     .remedy = "Save cxl list -R -T -D before, and create the region again with the same decoder, ways, granularity "
               "and order of targets.",
     .releases = "6.3+",
     .source = "drivers/cxl/core/region.c: cxl_region_detach",
     .needs = {Need::cxl_topology},
     .strength = kSymptom},
    {.id = "cxl.list-hangs",
     .patterns = {"cxl list{*}never ends"},
     .cause = "libcxl flushes the bus and polls the udev queue until the topology is whole, without a limit.",
     .remedy = "Correct the topology that dmesg complains about; run cxl list under timeout(1).",
     .releases = "cxl-cli up to 80",
     .source = "cxl/lib/libcxl.c: cxl_wait_probe",
     .needs = {Need::kernel_log, Need::cxl_topology},
     .strength = kSymptom},
    {.id = "cxl.monitor-silent",
     .patterns = {"monitor did not work at all"},
     .cause = "cxl monitor of 77 does not log events.",
     .remedy = "Use 78 or later, and test the service with an injected event.",
     .releases = "cxl-cli 77",
     .source = "cxl/monitor.c",
     .strength = kSymptom},
};

}   // namespace

std::span<const Entry> cxl_entries() { return kEntries; }

}   // namespace memhot::explaining
