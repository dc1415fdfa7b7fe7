// SPDX-License-Identifier: GPL-2.0-or-later
//
// "There is capacity, but I cannot create".
#include "unit/explain/peers_case.hpp"

namespace memhot::test {

std::span<const PeersCase> peers_capacity() {
    static const std::vector<PeersCase> kCases{
        {.name = "B1",   // pmem/ndctl#67
         .text = "region full -> `failed to create namespace: Resource temporarily unavailable`",
         .says = "region0 full, 0 free",
         .id = "ndctl.no-capacity",
         .needed = {"max_available_extent"}},
        {.name = "B2",   // pmem/ndctl#162
         .text = "1008 GiB pmem, `-s 1000G` -> No space left",
         .says = "largest extent 496 GiB (region1); 1000 GiB would need 2 regions",
         .id = "ndctl.no-capacity",
         .found = {{"size", "1000G"}},
         .needed = {"max_available_extent"}},
        {.name = "B3",   // pmem/ndctl#57
         .text = R"(# ndctl create-namespace -e namespace12.0 -f -m fsdax -s 6G -v
setup_namespace:349: namespace12.0: set_size failed: No space left on device
failed to reconfigure namespace: No space left on device
available_size=0 and size=0
[165031.064842] size_store: nd namespace12.0: size_store: 180000000 fail (-28))",
         .says = "labels on nmem1 claim DPA not owned by any active namespace",
         .id = "nd.size-no-space",
         .device = "namespace12.0",
         .found = {{"size", "6G"}},
         .needed = {"labels of the DIMMs", "max_available_extent"}},
        {.name = "B4",   // pmem/ndctl#150
         .text = "label-less: `-s 32g` \"succeeds\" with 63 GiB; now `Legacy / label-less namespaces do not support "
                 "sub-dividing a region`",
         .says = "region is label-less (e820/memmap): size fixed to the region",
         .id = "ndctl.label-less-size",
         .found = {{"size", "32G"}},
         .needed = {"the region's align, mappings (ways), size"}},
        {.name = "B5",   // pmem/ndctl#35, #21
         .text = "destroy, then create fails / comes back as raw after reboot",
         .says = "nothing to destroy: label-less; use reconfigure",
         .id = "ndctl.nothing-destroyed",
         .needed = {"the region's align"}},
        {.name = "B6",   // pmem/ndctl#181
         .text = "4 regions: 2 with available 0, 2 with 541 GB free",
         .says = "mark regions legacy/fixed against labelled",
         .id = "region.legacy-and-labelled",
         .found = {{"count", "2"}, {"free_count", "2"}, {"available", "541000000000"}},
         .needed = {"max_available_extent"}},
        {.name = "B7",   // pmem/ndctl#106
         .text = "`--region=all` makes one namespace only",
         .says = "1 of 2 regions done; use --continue",
         .id = "ndctl.all-once"},
        {.name = "B8",   // pmem/ndctl#78
         .text = "NVDIMM-N, all free, `Inappropriate ioctl for device`; `labels already initialized`",
         .says = "label area 1024 B: cannot be written by this ndctl",
         .id = "ndctl.enotty",
         .needed = {"labels of the DIMMs"}},
        {.name = "B9",   // pmem/ndctl#297
         .text = "CXL pmem: `No space left on device`, worked before",
         .says = "the LSA of mem0 holds labels for another region",
         .id = "namespace.stale-labels",
         .needed = {"labels of the DIMMs", "max_available_extent"}},
        {.name = "B10",   // pmem/ndctl#251
         .text = "`region0: disabled, skipping...`",
         .says = "region0 disabled: its driver's probe failed with <reason of dmesg>",
         .id = "ndctl.region-disabled",
         .device = "region0",
         .needed = {"the kernel's own lines"}},
        {.name = "B11",   // pmem/ndctl#144
         .text = "`region0 cannot support requested mode`",
         .says = "missing CONFIG_NVDIMM_PFN / _DAX",
         .id = "ndctl.mode-unsupported",
         .device = "region0",
         .needed = {"configuration"}},
        {.name = "B12",   // linux-nvdimm 2021
         .text =
             "`-e ... --mode=fsdax --map=mem` -> EINVAL, then 2nd namespace is gone: \"The DAX user story is just a "
             "trainwreck.\"",
         .says = "never destroy before the new shape is proven possible",
         .id = "ndctl.reconfigure-failed",
         .needed = {"the kernel's own lines", "the region's align", "the command"}},
        {.name = "B13",   // pmem/ndctl#214
         .text = "region half used, devdax in the rest fails (kernel 5.1)",
         .says = "as A1",
         .id = "pfn.section-shared",
         .rules = {"map.conflict-start", "map.ram-mixed"},
         .needed = {"where the namespace starts", "/proc/iomem"}},
    };
    return kCases;
}

}   // namespace memhot::test
