// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Messages of drivers/nvdimm: regions, namespaces, and the pfn, dax and btt instances on them.
#include "explain/works.hpp"

namespace memhot::explaining {

namespace {

constexpr auto kConsequence = Strength::consequence;
constexpr std::string_view kValidate = "drivers/nvdimm/pfn_devs.c: nd_pfn_validate";

constexpr Entry kEntries[] = {
    // --- regions and DIMMs -------------------------------------------------------------------------------------------
    {.id = "region.dimm-locked",
     .patterns = {"{dimm:dev}: is locked, failing probe", "{dimm:dev} is locked, failing probe",
                  "is locked, failing probe"},
     .cause = "A DIMM of the region is locked, so the region cannot be used (ENXIO).",
     .remedy = "Unlock the DIMM with its passphrase (ndctl load-keys, ndctl setup-passphrase), then enable the region.",
     .releases = "4.20+",
     .source = "drivers/nvdimm/region_devs.c: nd_region_activate",
     .needs = {Need::dimm_security}},
    {.id = "region.dimm-disabled",
     .patterns = {"{dimm:dev}: is disabled, failing probe", "{dimm:dev} is disabled, failing probe",
                  "is disabled, failing probe"},
     .cause = "A DIMM of the region is disabled, so the region cannot be used (ENXIO).",
     .remedy = "ndctl enable-dimm, then ndctl enable-region.",
     .releases = "all",
     .source = "drivers/nvdimm/region_devs.c: nd_region_activate"},
    {.id = "region.label-missing",
     .patterns = {"{dimm:dev} missing label for {uuid:word}"},
     .cause = "A DIMM of the interleave set has no label for the namespace {uuid}, so the namespace is left out.",
     .remedy = "Restore the DIMM's labels from a backup. Create nothing in this region meanwhile: the space counts as "
               "free although data lies there.",
     .releases = "all",
     .source = "drivers/nvdimm/namespace_devs.c: select_pmem_id",
     .needs = {Need::labels}},
    {.id = "region.mapping-unaligned",
     .patterns = {"mapping{mapping:dec} is not {unit:bytes} aligned"},
     .cause = "Part {mapping} of the region does not begin or end at a page boundary ({unit}), so the region is not "
              "registered at all.",
     .remedy = "Firmware or memmap= must give a range of whole pages.",
     .releases = "all",
     .source = "drivers/nvdimm/region_devs.c: nd_region_create",
     .needs = {Need::firmware_tables}},
    {.id = "region.read-only",
     .patterns = {"{region:dev} read-only, marking {disk:dev} read-only", "read-only, marking {disk:dev} read-only"},
     .cause = "The region is read-only, so its disks are, too.",
     .remedy = "Write 0 to the region's read_only if that is not meant; a DIMM that is not armed makes it read-only "
               "again.",
     .releases = "4.13+",
     .source = "drivers/nvdimm/pmem.c: pmem_revalidate_region",
     .needs = {Need::dimm_security}},
    {.id = "hazard.nd-region-align-4g",
     .patterns = {"divide error"},
     .cause = "The region's align is a multiple of 4G: the namespace size check divides by its lower 32 bits. The bus "
              "stays locked until the next boot.",
     .remedy = "Reboot; never write 4G or more to a region's align.",
     .releases = "5.7+",
     .needs = {Need::region, Need::kernel_log}},
    {.id = "hazard.nd-unbind-active-dimm",
     .patterns = {"nd_pmem_namespace_label_update"},
     .cause = "A DIMM was unbound while its region was active; the next write of a label finds no driver data.",
     .remedy = "Reboot. Never disable a DIMM whose state is active: disable the region first.",
     .releases = "5.7+ (seen on 5.10, 6.12)"},
    {.id = "pmem.no-persistence",
     .patterns = {"unable to guarantee persistence of writes"},
     .cause = "Firmware describes no way to flush writes of this memory (e820 or memmap= ranges always).",
     .remedy = "Nothing fails. Data may be lost at power failure; use an NFIT or CXL region where that matters.",
     .releases = "all",
     .source = "drivers/nvdimm/pmem.c: pmem_attach_disk",
     .strength = kConsequence},

    // --- space and labels --------------------------------------------------------------------------------------------
    {.id = "nd.size-no-room",
     .patterns = {"allocation underrun: {got:hexsize} of {wanted:hexsize} bytes"},
     .cause = "No hole beside the namespace is large enough to grow it by {wanted}: a namespace is one contiguous "
              "extent.",
     .remedy = "Create a second namespace in the free extent, or move the data and create a larger one. The kernel is "
               "tainted (W) by this; the state of the namespace is unchanged.",
     .releases = "all",
     .needs = {Need::capacity},
     .work = works::underrun},
    {.id = "namespace.reserve-underrun",
     .patterns = {"pmem reserve underrun: {got:hexsize} of {wanted:hexsize} bytes"},
     .cause = "Free space could not be set aside while the largest extent was computed.",
     .remedy = "Disable and enable the region; the number of max_available_extent is not to be trusted until then.",
     .releases = "all",
     .source = "drivers/nvdimm/namespace_devs.c: reserve_free_pmem",
     .needs = {Need::labels},
     .work = works::underrun},
    {.id = "nd.size-no-space",
     .patterns = {"size_store: {size:hexsize} fail (-28)"},
     .cause = "The kernel found no extent of {size} (ENOSPC), although the namespace itself is empty.",
     .remedy = "Where available_size is 0 and no namespace is there, labels claim the space: disable and enable the "
               "region, then look at the labels of its DIMMs.",
     .releases = "all",
     .needs = {Need::labels, Need::capacity},
     .work = works::size_hex_no_space},
    {.id = "nd.size-unaligned",
     .patterns = {"Failed to set namespace size: Invalid argument{*} for {size:bytes}",
                  "Failed to set namespace size: Invalid argument", "set_size failed: Invalid argument",
                  "size_store: {size:hexsize} fail (-22)"},
     .cause = "The size must be a multiple of the region's align: 16M unless it was changed, times the interleave "
              "ways where they do not divide it.",
     .remedy = "Multiples of 16M times the ways always fit. The next sizes are {size_below} and {size_above}.",
     .releases = "5.7+ (pages times ways before)",
     .needs = {Need::region, Need::command},
     .work = works::namespace_size},

    // --- making an instance ------------------------------------------------------------------------------------------
    {.id = "nd.pfn-start-misaligned",
     .patterns = {"{device:dev}: start {start:hex} misaligned to {unit:hexsize}",
                  "start {start:hex} misaligned to {unit:hexsize}"},
     .cause = "A namespace that gets struct pages must start at a multiple of {unit}.",
     .remedy = "Recreate it at {start_above}: set the region's align to a multiple of {unit} and delete the odd sized "
               "namespace in front. As a raw or sector namespace it works where it is.",
     .releases = "5.7+",
     .work = works::start_misaligned},
    {.id = "nd.pfn-no-room",
     .patterns = {"{device:dev} unable to satisfy requested alignment", "unable to satisfy requested alignment"},
     .cause = "Nothing is left of the namespace: its data begins at the next multiple of the alignment behind info "
              "block and memmap, and ends at the last one. {truncated} were cut off as it is.",
     .remedy = "Use a smaller --align (2M). With an alignment of 1G take {size_at_aligned_start} where the start is a "
               "multiple of it, {size_anywhere} anywhere else.",
     .releases = "all; counts the truncated end since 6.6",
     .needs = {Need::start, Need::command},
     .work = works::no_room},
    {.id = "pfn.alignment-collision",
     .patterns = {"{device:dev} alignment collision, truncate {truncated:bytes} bytes",
                  "alignment collision, truncate {truncated:bytes} bytes"},
     .cause = "The namespace shares a section (128M) with RAM or with another region, so this kernel cuts off "
              "{truncated}. The range begins {into_section} into a section, or ends inside one.",
     .remedy = "Use 5.3 or later, where 2M are enough. Before, --align=1G or a size and start of whole sections keeps "
               "namespaces apart. Here --align=1G costs {align_cost} in front of the data.",
     .releases = "4.6-5.2",
     .source = "drivers/nvdimm/pfn_devs.c: nd_pfn_init, trim_pfn_device",
     .needs = {Need::start, Need::iomem},
     .yields_to = "nd.pfn-no-room",
     .work = works::collision},
    {.id = "pfn.align-truncates",
     .cause = "More than the one section (128M) that a neighbour costs is cut off: the namespace ends at the last "
              "multiple of its --align. That is {align} here, and {truncated} are lost. The base lies {start_modulo} "
              "beyond a multiple of it.",
     .remedy =
         "Use --align=2M where that is enough. With --align=1G take a size that ends on a multiple of 1G. That is "
         "a multiple of {size_multiple_of} where the start is one, too; {size_anywhere} leave room for data "
         "anywhere.",
     .releases = "4.6-5.2; later kernels cut the end without a word",
     .source = "drivers/nvdimm/pfn_devs.c: trim_pfn_device, phys_pmem_align_down",
     .needs = {Need::start, Need::command},
     .yields_to = "nd.pfn-no-room"},
    {.id = "nd.pfn-read-only",
     .patterns = {"{region:dev} is read-only, unable to init metadata", "is read-only, unable to init metadata"},
     .cause = "The region is read-only, so no info block can be written.",
     .remedy = "Write 0 to the region's read_only, if its DIMMs are armed.",
     .releases = "all"},
    {.id = "nd.pfn-struct-page",
     .patterns = {"Memory debug options prevent using pmem for the page map"},
     .cause = "struct page is larger than 64 bytes in this kernel, so the space that info blocks plan for the memmap "
              "is too small.",
     .remedy = "Use --map=mem, or a kernel without such debug options.",
     .releases = "6.2+ (6.1.y)"},
    {.id = "pfn.invalid-spa",
     .patterns = {"invalid size/SPA"},
     .cause = "Start or size of the namespace do not fit the architecture's mapping unit.",
     .remedy = "Recreate the namespace with a size of whole units (16M on powerpc with hash MMU).",
     .releases = "proposed for 5.6, became \"misaligned, unable to map\" in 5.7",
     .source = "drivers/nvdimm/namespace_devs.c: nvdimm_namespace_common_probe",
     .needs = {Need::start}},
    {.id = "nd.raw-misaligned",
     .patterns = {"[mem {range:range}{*}] misaligned, unable to map"},
     .cause = "A namespace of a region that gets struct pages as it is (e820, memmap=, virtio-pmem) must begin and "
              "end at multiples of 2M; this one does not, and has no disk.",
     .remedy = "Correct the memmap= argument or the firmware's range; a start at a multiple of 2M is enough for fsdax "
               "or devdax. What could be mapped is {inside}.",
     .releases = "5.7+",
     .work = works::range_inside},

    // --- finding an instance that is there ---------------------------------------------------------------------------
    {.id = "nd.info-bad-offset",
     .patterns = {"bad offset: {data_offset:hexsize} dax disabled align: {align:hexsize}"},
     .cause = "The namespace moved: its data ({data_offset} behind its start) was at a multiple of {align} and no "
              "longer is. When it was made, its start was {start_modulo} beyond a multiple of {align}.",
     .remedy = "Nothing is lost: have firmware place the memory so that the start is {start_modulo} beyond a multiple "
               "of {align} again. Do not recreate the namespace; with force_raw the data can be copied from "
               "{data_offset} on.",
     .releases = "all; no disk at all since 5.7, a raw disk before",
     .needs = {Need::start},
     .work = works::bad_offset},
    {.id = "nd.info-empty",
     .patterns = {"bad offset with small namespace"},
     .cause = "Nothing is left between the data offset and the truncated end of the namespace.",
     .remedy = "Recreate it larger or with a smaller alignment; it never held data.",
     .releases = "6.6+",
     .needs = {Need::start, Need::info_block}},
    {.id = "nd.info-start-misaligned",
     .patterns = {"resource start misaligned"},
     .cause = "The start of the instance is not at a multiple of 2M: the namespace moved, or it was made by a kernel "
              "that did not ask for it (before 5.7).",
     .remedy = "Have firmware place the memory at its former alignment; nothing is lost. Do not recreate the "
               "namespace.",
     .needs = {Need::start, Need::info_block}},
    {.id = "nd.info-end-misaligned",
     .patterns = {"resource end misaligned"},
     .cause = "What the info block keeps does not end at a multiple of 2M: the namespace moved, was resized, or was "
              "made by a kernel that did not ask for it (before 5.7).",
     .remedy = "Have firmware place the memory at its former alignment, or give the namespace its size back; nothing "
               "is lost. Do not recreate it.",
     .needs = {Need::start, Need::info_block}},
    {.id = "nd.info-exceeds-capacity",
     .patterns = {"alignment: {align:hexsize} exceeds capacity {capacity:hexsize}"},
     .cause = "The instance's alignment {align} is larger than the namespace ({capacity}): it was shrunk with its "
              "info block kept.",
     .remedy = "Grow the namespace to its former size, or recreate it.",
     .releases = "5.7+ (an error before, too)",
     .work = works::exceeds_capacity},
    {.id = "nd.info-array-exceeds",
     .patterns = {"pfn array size exceeds capacity of {device:dev}"},
     .cause = "The data of the instance begins behind the end of the namespace: it was shrunk with its info block "
              "kept.",
     .remedy = "Grow the namespace to its former size, or recreate it.",
     .releases = "all",
     .needs = {Need::start, Need::info_block}},
    {.id = "pfn.settings-mismatch",
     .patterns = {"init failed, settings mismatch"},
     .cause = "Alignment or mode of the instance differ from the info block on the media, which has the same uuid.",
     .remedy = "Give the instance the settings of the info block (ndctl read-infoblock), or zero the info block first "
               "if the data is disposable.",
     .releases = "all; EINVAL before 5.7, EOPNOTSUPP since",
     .source = kValidate,
     .needs = {Need::info_block}},
    {.id = "nd.info-align-unsupported",
     .patterns = {"init failed, alignment mismatch: {configured:bytes}:{recorded:bytes}"},
     .cause = "The info block asks for alignment {recorded}, which this CPU or kernel cannot map (configured: "
              "{configured}).",
     .remedy = "Use a CPU or hypervisor with 1G pages (pdpe1gb), or recreate the namespace with --align=2M.",
     .releases = "5.4+",
     .needs = {Need::supported_alignments},
     .work = works::alignment_mismatch},
    {.id = "nd.info-page-size",
     .patterns = {"init failed, page size mismatch {page_size:bytes}", "page size mismatch"},
     .cause = "The namespace was made by a kernel with larger pages, and keeps its memmap on itself. Those are "
              "{page_size}.",
     .remedy = "Boot a kernel with such pages, or copy the data and recreate the namespace here.",
     .releases = "5.4+"},
    {.id = "nd.info-struct-page",
     .patterns = {"init failed, struct page size mismatch {struct_page:bytes}"},
     .cause = "The namespace keeps room for {struct_page} bytes a page, which is less than this kernel's struct page.",
     .remedy = "Boot a kernel without such debug options, or recreate the namespace.",
     .releases = "5.4+"},
    {.id = "pfn.truncated-pages",
     .patterns = {"number of pfns truncated from {pages_before:dec} to {pages:dec}"},
     .cause = "The namespace was shrunk below its info block: {usable} of {usable_before} are used. What lay behind "
              "is lost to it.",
     .remedy = "Nothing fails; shrink the file system, or grow the namespace to its former size.",
     .releases = "5.3+",
     .source = "drivers/nvdimm/pfn_devs.c: __nvdimm_setup_pfn",
     .work = works::pfns_truncated},
    {.id = "pfn.badblocks",
     .patterns = {"error clearing {sectors:hex} badblocks at {start:hex}"},
     .cause = "Bad blocks lie where the memmap will be, and could not be cleared.",
     .remedy = "ndctl clear-errors, then retry; or --map=mem.",
     .releases = "4.20+",
     .source = "drivers/nvdimm/pfn_devs.c: nd_pfn_clear_memmap_errors"},
    {.id = "btt.new",
     .patterns = {"No existing arenas"},
     .cause =
         "No layout of a BTT was found on the namespace, so a new one was written: that is what becomes of each new "
         "sector namespace. Where one held data before, its map is gone and the data with it.",
     .remedy =
         "Nothing if the namespace was just created or reconfigured to sector mode; otherwise stop writing to it and "
         "look for its info block with ndctl read-infoblock.",
     .releases = "4.3+",
     .source = "drivers/nvdimm/btt.c: discover_arenas, btt_init"},
    {.id = "btt.arena",
     .patterns = {"init: error in arena_discover: {error:errno}", "init: create_arenas: {error:errno}",
                  "Found an unknown padding scheme", "is read-only, unable to init btt metadata"},
     .cause = "The block translation table (sector mode) could not be read or made.",
     .remedy = "ndctl check-namespace --repair on the disabled namespace; on a read-only region nothing can be made.",
     .releases = "all",
     .source = "drivers/nvdimm/btt.c: btt_init, discover_arenas"},
    {.id = "map.claim-busy",
     .patterns = {"could not reserve region [mem {range:range}", "could not reserve region [{*}{range:range}",
                  "could not reserve region [{start:hex}", "could not reserve region"},
     .cause = "The driver claims its range first, and something holds it or part of it: another driver, RAM of dax "
              "kmem, or what an earlier unbind left. The range is {range}, {range_size}.",
     .remedy = "Disable the owner that /proc/iomem names; where \"System RAM (kmem)\" is left of a device that is "
               "gone, only a reboot frees it.",
     .needs = {Need::iomem},
     .yields_to = "hazard.nd-kmem-unbind-online kmem.rmmod-online remove.block-online",
     .work = works::busy_range},
    {.id = "dax.metadata-busy",
     .patterns = {"could not reserve metadata"},
     .cause = "The space in front of the data of a devdax namespace is claimed by something else.",
     .remedy = "Disable the owner of that range in /proc/iomem.",
     .releases = "all",
     .source = "drivers/dax/pmem.c: __dax_pmem_probe",
     .needs = {Need::iomem}},
};

}   // namespace

std::span<const Entry> nvdimm_entries() { return kEntries; }

}   // namespace memhot::explaining
