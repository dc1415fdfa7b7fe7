// SPDX-License-Identifier: GPL-2.0-or-later
//
// CXL.
#include "unit/explain/peers_case.hpp"

namespace memhot::test {

std::span<const PeersCase> peers_cxl() {
    static const std::vector<PeersCase> kCases{
        {.name = "E1",   // pmem/ndctl#279
         .text = "CXL RAM is plain System RAM, no dax",
         .says = "e820 'usable', not 'soft reserved': firmware gave it to the OS as ordinary RAM",
         .id = "cxl.firmware-mapped-ram",
         .needed = {"firmware's tables", "/proc/iomem"}},
        {.name = "E2",   // pmem/ndctl#246, #248, #272
         .text = "memdev there, no dax / no node",
         .says = "memdev -> region -> dax -> kmem -> node: stop at the first missing link",
         .id = "cxl.chain-broken",
         .needed = {"the CXL topology", "configuration"}},
        {.name = "E3",   // pmem/ndctl#276
         .text = "`create_region: region1: failed to set target0 to mem1`; `no active memdevs found: decoder: "
                 "decoder0.0 filter: "
                 "mem1,mem3`",
         .says = "decoder0.1 targets bridges X,Y; mem3 sits under Z",
         .id = "cxl.target-not-under-decoder",
         .device = "region1",
         .found = {{"target", "0"}, {"memdev", "mem1"}},
         .needed = {"the CXL topology"},
         .also = "cxl.target-not-under-decoder",
         .also_found = {{"decoder", "decoder0.0"}, {"memdevs", "mem1,mem3"}}},
        {.name = "E4",   // pmem/ndctl#226
         .text = "create-region always fails; `590000000-68fffffff : CXL Window 0` with child `Reserved`",
         .says = "window 0 is fully covered by 'Reserved'",
         .id = "cxl.window-covered",
         .found = {{"window", "0x590000000-0x68fffffff"}, {"range_size", "4G"}},
         .needed = {"/proc/iomem"}},
        {.name = "E5",   // pmem/ndctl#250, #282, #236
         .text = "`Failed to synchronize CPU cache state` / `endpoint1: add_dev() failed` / region missing from `ndctl "
                 "list -R`",
         .says = "hints by version",
         .id = "cxl.cpu-cache",
         .needed = {"configuration"},
         .also = "cxl.endpoint-add"},
        {.name = "E6",   // nvdimm 2023
         .text = "destroy-region with memory in use -> kernel panic (init killed)",
         .says = "refuse unless all blocks are offline",
         .id = "cxl.destroy-online",
         .needed = {"valid_zones"}},
        {.name = "E7",   // nvdimm 2023
         .text = "force, then touching memory -> panic; djbw: same as pulling the card",
         .says = "node 2 will become inaccessible: data loss and panic",
         .id = "cxl.disable-memdev-force",
         .needed = {"valid_zones"}},
        {.name = "E8",   // nvdimm 2023
         .text = "second disable still says \"disabled 1 region\"",
         .says = "tell changed from already in that state",
         .id = "cxl.disabled-again"},
        {.name = "E9",   // nvdimm 2023
         .text = "AMD posts a script that saves region config before hot-remove and restores after re-insert",
         .says = "a feature request",
         .id = "cxl.region-not-persistent",
         .needed = {"the CXL topology"}},
        {.name = "E10",   // nvdimm 2025
         .text = "region torn down, cannot be rebuilt: Soft Reserved still there; three alignment cases with "
                 "before/after trees",
         .says = "Soft Reserved 1050000000-304fffffff outlives region0: not reusable on this kernel",
         .id = "cxl.soft-reserved-outlives",
         .needed = {"/proc/iomem"}},
        {.name = "E11",   // nvdimm 2025
         .text = "`kmem dax4.0: mapping0: 0x180000000-0x1ffffffff could not reserve region`, -16",
         .says = "hmem registered the same range twice",
         .id = "kmem.region-busy",
         .device = "dax4.0",
         .found = {{"range", "0x180000000-0x1ffffffff"}, {"range_size", "2G"}},
         .rules = {"claim.conflict"},
         .needed = {"/proc/iomem"}},
        {.name = "E12",   // nvdimm 2025
         .text = R"(region shown, but dax devices belong to hmem; disable-region does not remove them
850000000-284fffffff : CXL Window 0
  850000000-284fffffff : region3
    850000000-284fffffff : Soft Reserved
      850000000-284fffffff : dax0.0
        850000000-284fffffff : System RAM (kmem))",
         .says = "dax0.0 owner=hmem, not region3",
         .id = "hmem.owns-region",
         .needed = {"/proc/iomem"}},
        {.name = "E13",   // nvdimm 2025
         .text = "resource: Unaddressable device  [mem 0x24080000000-0x4407fffffff] conflicts with [mem "
                 "0x24080000000-0x4407fffffff]",
         .says = "show both claimants",
         .id = "add.device-private-conflict",
         .found = {{"range", "0x24080000000-0x4407fffffff"},
                   {"in_the_way", "0x24080000000-0x4407fffffff"},
                   {"range_size", "2T"}},
         .rules = {"add.device-private-conflict"},
         .needed = {"/proc/iomem"}},
        {.name = "E14",   // nvdimm 2024
         .text = "`cxl list` never ends (flush + udev queue poll) on bad topology",
         .says = "every wait has a timeout and a reason",
         .id = "cxl.list-hangs",
         .needed = {"the CXL topology"}},
        {.name = "E15",   // linux-mm 2025; 176 GiB
         .text = "440000000-303fffffff legacy pmem cut into 1 GiB dax1..daxN",
         .says = "the range is 176 GiB: up to 176 dax devices",
         .id = "dax.many-devices",
         .found = {{"range", "0x440000000-0x303fffffff"}, {"range_size", "176G"}, {"devices", "176"}}},
    };
    return kCases;
}

}   // namespace memhot::test
