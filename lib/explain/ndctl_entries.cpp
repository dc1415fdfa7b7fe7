// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Messages of ndctl. Much of what users meet is decided there, before the kernel is asked.
#include "explain/works.hpp"

namespace memhot::explaining {

namespace {

constexpr auto kConsequence = Strength::consequence;
constexpr std::string_view kValidate = "ndctl/namespace.c: validate_namespace_options";
constexpr std::string_view kSetup = "ndctl/namespace.c: setup_namespace";

constexpr Entry kEntries[] = {
    // --- sizes and alignments ----------------------------------------------------------------------------------------
    {.id = "ndctl.size-interleave",
     .patterns = {"'--size=' must align to interleave-width: {ways:dec} and alignment: {align:bytes}{*}did you intend "
                  "--size={suggested:size}",
                  "'--size=' must align to interleave-width: {ways:dec} and alignment: {align:bytes}",
                  "did you intend --size={suggested:size}"},
     .cause = "ndctl takes only sizes that are multiples of alignment times interleaved DIMMs. That is {align} x "
              "{ways} = {unit}.",
     .remedy = "Ask for such a multiple, or choose a smaller --align. The next smaller one is "
               "--size={size_below}. The next larger one is --size={size_above}.",
     .releases = "all",
     .work = works::interleave_width},
    {.id = "ndctl.size-unaligned",
     .patterns = {"{device:dev}: align setting is {region_align:hexsize} size {size:hexsize} is misaligned",
                  "align setting is {region_align:hexsize} size {size:hexsize} is misaligned"},
     .cause = "The size {size} is no multiple of the region's align {region_align}. This also meets regions without "
              "labels (memmap=) whose own size is none.",
     .remedy = "The next sizes are {size_below} and {size_above}. Where the region's size itself is the matter, lower "
               "its align (5.13 and later) or correct memmap=.",
     .releases = "ndctl 68+ with kernel 5.7+",
     .work = works::region_align},
    {.id = "ndctl.start-16m",
     .patterns = {"{device:dev} misaligned to 16M, adjust region alignment and retry", "misaligned to 16M"},
     .cause = "The free place that the kernel chose does not start at a multiple of 16M, which ndctl asks for in "
              "fsdax and devdax mode. A namespace of odd size lies in front, or a seed that an earlier failure left "
              "misaligned.",
     .remedy = "Write 0x1000000 to the region's align and retry; delete what an earlier attempt left (its size back "
               "to 0). The next start would be {start_above}. On a reconfigured namespace the old info block is "
               "already zeroed.",
     .releases = "ndctl 68+",
     .rules = "ndctl.start-16m hazard.ndctl-zeroes-first",
     .needs = {Need::start, Need::region},
     .work = works::start_misaligned},
    {.id = "ndctl.size-small",
     .patterns = {"'--size=' must be >= 16MiB for '{mode:word}' mode", "'--size=' must be >= 16MiB"},
     .cause = "Anything but a raw namespace needs at least 16M.",
     .remedy = "Ask for 16M or more.",
     .releases = "all",
     .work = works::at_least_16m},
    {.id = "ndctl.align-unsupported",
     .patterns = {"unsupported align: {align:size}", "unsupported align: {wanted:word}"},
     .cause = "The kernel lists no such alignment: a page (4K), 2M, and 1G where the CPU can map it. There is no "
              "fallback to a smaller one.",
     .remedy = "Ask for --align=4K, 2M or 1G; supported_alignments of the seed lists what is taken.",
     .releases = "all",
     .needs = {Need::supported_alignments},
     .work = works::unsupported_align},
    {.id = "ndctl.align-mode",
     .patterns = {"{mode:word} mode does not support setting an alignment"},
     .cause = "Raw and sector namespaces have no alignment.",
     .remedy = "Leave --align out.",
     .releases = "all"},
    {.id = "ndctl.map-mode",
     .patterns = {"--map only valid for an devdax mode pmem namespace", "--map only valid for",
                  "--map= only valid for"},
     .cause = "Only fsdax and devdax namespaces have a memmap to place.",
     .remedy = "Leave --map out.",
     .releases = "all"},
    {.id = "ndctl.label-less-size",
     .patterns = {"Legacy / label-less namespaces do not support sub-dividing a region", "Retry without -s/--size"},
     .cause = "The region has no labels (e820, memmap=, virtio-pmem), so its one namespace has the size of the "
              "region. {size} was asked for.",
     .remedy = "Leave --size out. Namespaces of several sizes need DIMMs with labels (ndctl init-labels), or several "
               "memmap= arguments.",
     .releases = "ndctl 71+; earlier ones took the region's size silently",
     .needs = {Need::region, Need::command},
     .work = works::label_less_size},
    {.id = "ndctl.set-align",
     .patterns = {"set_align failed: Invalid argument"},
     .cause = "The kernel does not offer that alignment, or (with old ndctl) the size does not go with it.",
     .remedy = "Take an alignment of supported_alignments (before 5.0 devdax takes 4096 only), or leave --align out.",
     .releases = "all",
     .source = kSetup,
     .needs = {Need::supported_alignments, Need::kernel_version},
     .yields_to = "ndctl.size-interleave dax.align-page-size ndctl.size-unaligned"},
    {.id = "ndctl.set-size-no-space",
     .patterns = {"{device:dev}: set_size failed: No space left on device", "set_size failed: No space left on device"},
     .cause = "The kernel found no free extent of that size, although the namespace itself was given back first.",
     .remedy = "Look at max_available_extent; where nothing is there and available_size is 0, labels claim the space: "
               "disable and enable the region.",
     .releases = "all",
     .source = kSetup,
     .rules = "nd.size-no-space",
     .needs = {Need::labels, Need::capacity},
     .yields_to = "nd.size-no-space",
     .work = works::no_capacity},

    // --- regions -----------------------------------------------------------------------------------------------------
    {.id = "ndctl.insufficient-capacity",
     .patterns = {"{device:dev}: insufficient capacity size: {size:hexsize} avail: {available:hexsize}",
                  "insufficient capacity size: {size:hexsize} avail: {available:hexsize}"},
     .cause = "The region has {available} free in one piece; {size} are wanted (0 stands for all there is).",
     .remedy = "Ask for at most {available}, use another region, or delete a namespace.",
     .releases = "all",
     .source = kValidate,
     .rules = "ndctl.no-capacity",
     .work = works::no_capacity},
    {.id = "ndctl.region-disabled",
     .patterns = {"{device:dev}: disabled, skipping"},
     .cause = "{device} is disabled: its driver refused it, or somebody disabled it.",
     .remedy = "ndctl enable-region; if that fails, the kernel's own line says why (a locked or disabled DIMM, for "
               "instance).",
     .releases = "all",
     .source = "ndctl/namespace.c: do_xaction_namespace",
     .needs = {Need::kernel_log, Need::dimm_security}},
    {.id = "ndctl.mode-unsupported",
     .patterns = {"{device:dev} cannot support requested mode", "cannot support requested mode"},
     .cause = "The kernel has no instance of that kind for the region: it was built without CONFIG_NVDIMM_PFN "
              "(fsdax), CONFIG_NVDIMM_DAX (devdax) or CONFIG_BTT (sector).",
     .remedy = "Use a kernel with that option; Debian 12's arm64 kernel, for one, lacks CONFIG_ZONE_DEVICE.",
     .releases = "all",
     .source = kValidate,
     .needs = {Need::kernel_config}},
    {.id = "ndctl.enotty",
     .patterns = {"Inappropriate ioctl for device"},
     .cause = "The DIMM's label area cannot be written by this ndctl: one of 1K (NVDIMM-N) was not handled.",
     .remedy = "Use a current ndctl; a label area must have at least 128K to be divided.",
     .releases = "old ndctl",
     .source = "ndctl/lib/dimm.c: ndctl_dimm_init_labels",
     .needs = {Need::labels}},
    {.id = "nd.uuid-duplicate",
     .patterns = {"{device:dev}: set_uuid failed: Invalid argument", "set_uuid failed: Invalid argument"},
     .cause = "A namespace, or a pfn or btt instance, of the same bus has the uuid that -u gives; the namespace itself "
              "counts, too.",
     .remedy = "Leave -u out for a fresh one. Where a namespace was reconfigured, its info block is zeroed by now: "
               "reconfigure it again, or write the saved first 8K back.",
     .needs = {Need::command}},
    {.id = "nd.uuid-busy",
     .patterns = {"{device:dev}: set_uuid failed: Device or resource busy", "set_uuid failed: Device or resource busy"},
     .cause = "An instance holds the namespace, or it has no size and yet a uuid while none of its DIMMs has a label: "
              "either is what an earlier failed command left.",
     .remedy = "Disable the namespace, which detaches the instance; destroy it where it has no size, which takes the "
               "uuid back; then repeat the command.",
     .needs = {Need::kernel_log}},
    {.id = "ndctl.autolabel-busy",
     .patterns = {"{dimm:dev} is active in {region:dev}, failing autolabel", "failing autolabel"},
     .cause = "A region without labels was to get them, but another region uses one of its DIMMs. ndctl then finds no "
              "idle namespace and ends with \"No such device\".",
     .remedy =
         "Give --no-autolabel to keep the region as it is, or disable the other regions of the DIMM first. Labels "
         "that are initialised lose all namespaces on it.",
     .releases = "all",
     .needs = {Need::labels}},
    {.id = "ndctl.active",
     .patterns = {"{device:dev} is active, specify --force for re-configuration",
                  "is active, specify --force for re-configuration"},
     .cause = "The namespace is in use.",
     .remedy = "Unmount it, or close the device, then disable it; --force does that without asking who uses it.",
     .releases = "all",
     .needs = {Need::holders}},
    {.id = "ndctl.sector-size",
     .patterns = {"{device:dev}: does not support namespace sector_size {sector_size:bytes}",
                  "does not support namespace sector_size"},
     .needs = {Need::command}},
    {.id = "ndctl.name-long", .patterns = {"alt name overflow"}},
    {.id = "ndctl.read-only", .patterns = {"read-only, re-configuration disabled"}, .needs = {Need::dimm_security}},
    {.id = "ndctl.zeroing",
     .patterns = {"{device:dev} failed to enable for zeroing, continuing"},
     .cause = "The namespace could not be enabled in raw mode to zero its info block; a raw namespace of a region "
              "that gets struct pages needs 2M at both ends.",
     .remedy = "Nothing failed yet; if the next step fails, read the kernel's lines.",
     .releases = "all",
     .source = "ndctl/namespace.c: zero_info_block",
     .needs = {Need::start},
     .strength = kConsequence,
     .yields_to = "ndctl.enable-failed daxctl.enable-failed ndctl.create-failed ndctl.reconfigure-failed"},
    {.id = "ndctl.usage",
     .patterns = {"specify a {object:word} to {verb:word}", "unknown extra parameter"},
     .cause = "The command line was not understood: a device is missing, or an option took the word behind it as its "
              "value.",
     .remedy = "Name the device (or \"all\"), and write values as --option=VALUE.",
     .releases = "all"},
    {.id = "ndctl.no-dimms",
     .patterns = {"no dimms to monitor, exiting", "monitor exits silently"},
     .cause = "ndctl monitor ends (status 250, ENXIO) when there is no DIMM at its start, so it misses those that "
              "come later.",
     .remedy = "Start it when a DIMM is there (a udev rule on nd), or let a service restart it.",
     .releases = "all up to 76.1",
     .source = "ndctl/monitor.c: cmd_monitor",
     .work = works::exit_status},
    {.id = "ndctl.all-once",
     .patterns = {"--region=all"},
     .cause = "create-namespace --region=all stops at the first namespace that it made.",
     .remedy = "Add --continue (-c): one namespace for each region that has room.",
     .releases = "all",
     .source = "ndctl/namespace.c: do_xaction_namespace",
     .strength = Strength::symptom},
    {.id = "ndctl.nothing-destroyed",
     .patterns = {"destroyed 0 namespaces", "destroy, then create fails", "label-less{*}destroy"},
     .cause = "A namespace of a region without labels cannot be destroyed: it has the size of the region and comes "
              "back (as raw), at the latest after the next boot.",
     .remedy = "Reconfigure it instead: ndctl create-namespace -e NAMESPACE --mode=MODE --force.",
     .releases = "all",
     .source = "ndctl/namespace.c: namespace_destroy",
     .needs = {Need::region},
     .strength = Strength::symptom},

    // --- what only follows -------------------------------------------------------------------------------------------
    {.id = "ndctl.enable-failed",
     .patterns = {"_enable: {device:dev}: failed to enable", "{device:dev}: failed to enable",
                  "{size:units} namespace fails"},
     .cause = "The kernel refused to enable the namespace or instance; the library prints ENXIO whatever the reason "
              "was.",
     .remedy = "The kernel's own line says why: repeat the command and read dmesg. memhotctl map shows which "
               "sub-sections of the range are taken.",
     .releases = "all",
     .source = "ndctl/lib/libndctl.c: ndctl_bind",
     .needs = {Need::kernel_log, Need::start, Need::iomem},
     .strength = kConsequence,
     .work = works::enable_failed},
    {.id = "ndctl.reconfigure-failed",
     .patterns = {"failed to reconfigure namespace: {error:errno}", "--mode=fsdax --map=mem{*}{error:errno}"},
     .cause = "Reconfiguring failed ({error}). By then the old info block may be zeroed, and the namespace raw or "
              "gone; its data is still there.",
     .remedy = "Save the first 8K of the namespace and its labels before reconfiguring, and prove that the new shape "
               "fits first. The reason stands in the line before or in the kernel's debug lines.",
     .releases = "all",
     .source = "ndctl/namespace.c: namespace_reconfig",
     .needs = {Need::kernel_log, Need::region, Need::command},
     .strength = kConsequence,
     .work = works::reconfigure_refused},
    {.id = "ndctl.no-capacity",
     .patterns = {"failed to create namespace: Resource temporarily unavailable",
                  // the words alone are any file system's
                  "failed to create namespace: No space left", "error creating devices: No space left",
                  "create-namespace{*}No space left", "pmem{*}-s {*}No space left"},
     .cause = "No region that was looked at has a free extent of that size; a namespace is one extent and cannot span "
              "regions (sockets). ENOSPC and, before ndctl 66, EAGAIN mean the same.",
     .remedy = "Ask for less, or make a namespace in each region; a region without labels is never free. The largest "
               "extent is {largest_extent}.",
     .releases = "all; EAGAIN up to ndctl 65",
     .needs = {Need::capacity, Need::labels},
     .strength = kConsequence,
     .work = works::no_capacity},
    {.id = "ndctl.create-failed",
     .patterns = {"failed to create namespace: {error:errno}", "error {verb:word} namespaces: {error:errno}"},
     .cause = "The command failed ({error}); the line before, or the kernel's, says why.",
     .remedy = "Repeat it with --verbose and read dmesg.",
     .releases = "all",
     .source = "ndctl/namespace.c: do_xaction_namespace",
     .needs = {Need::kernel_log, Need::region, Need::command},
     .strength = kConsequence,
     .work = works::reconfigure_refused},
};

}   // namespace

std::span<const Entry> ndctl_entries() { return kEntries; }

}   // namespace memhot::explaining
