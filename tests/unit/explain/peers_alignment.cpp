// SPDX-License-Identifier: GPL-2.0-or-later
//
// Sections, sub-sections, alignment.
#include "unit/explain/peers_case.hpp"

namespace memhot::test {

std::span<const PeersCase> peers_alignment() {
    static const std::vector<PeersCase> kCases{
        {.name = "A1",   // pmem/ndctl#76
         .text = R"(libndctl: ndctl_pfn_enable: pfn1.0: failed to enable
  Error: namespace1.0: failed to enable

failed to create namespace: No such device or address
[  283.340139] nd_pmem pfn1.0: namespace1.0 alignment collision, truncate 67108864 bytes
[  283.340867] nd_pmem pfn1.0: Conflicting mapping in same section
[  283.340877] WARNING: CPU: 25 PID: 2966 at kernel/memremap.c:188 devm_memremap_pages+0xa4/0x440)",
         .says = "starts 64 MiB into a section that another namespace owns; --align=1G or kernel 5.3",
         .id = "pfn.alignment-collision",
         .device = "namespace1.0",
         .found = {{"truncated", "64M"}, {"section_size", "128M"}, {"into_section", "64M"}},
         .next = {{"align", "1G"}, {"size_multiple_of", "128M"}},
         .needed = {"where the namespace starts", "/proc/iomem"}},
        {.name = "A2",   // pmem/ndctl#28, kernel 3.10
         .text = "64 MiB namespaces, every second one: `pfn0.1: failed to enable`; destroy can crash",
         .says = "64 MiB < section (128 MiB) on this kernel; the next namespace would share a section",
         .id = "pfn.section-shared",
         .device = "pfn0.1",
         .found = {{"size", "64M"}, {"section_size", "128M"}},
         .next = {{"size_above", "128M"}},
         .rules = {"map.conflict-start", "map.ram-mixed"},
         .needed = {"kernel's version", "where the namespace starts"}},
        {.name = "A3",   // pmem/ndctl#91
         .text = "create/destroy loop of 16 MiB namespaces: `nd_pmem pfn6.1: Conflicting mapping in same section`, "
                 "later bad "
                 "labels",
         .says = "as A2, and the labels are to be looked at",
         .id = "map.conflict-start",
         .device = "pfn6.1",
         .found = {{"size", "16M"}, {"section_size", "128M"}},
         .next = {{"size_above", "128M"}},
         .rules = {"map.conflict-start", "map.conflict-end"},
         .needed = {"labels of the DIMMs"}},
        {.name = "A4",   // pmem/ndctl#107
         .text = "two `create-namespace -m devdax -s 100M -a 4k`: 2nd freezes; after reboot every ndctl call hangs",
         .says = "100 MiB is not a multiple of 16 MiB: the next namespace will start misaligned. Use 96 or 112 MiB.",
         .id = "ndctl.size-not-16m",
         .found = {{"size", "100M"}},
         .next = {{"size_below", "96M"}, {"size_above", "112M"}}},
        {.name = "A5",   // intel/pmem-csi#133
         .text = "`nd_pmem pfn1.3: namespace1.7 alignment collision, truncate 218103808 bytes` then `unable to satisfy "
                 "requested "
                 "alignment`",
         .says = "requested align 1 GiB, base mod 1 GiB = ...; usable 0",
         .id = "nd.pfn-no-room",
         .device = "namespace1.7",
         .found = {{"truncated", "208M"}, {"align", "1G"}},
         .next = {{"align", "2M"}, {"size_at_aligned_start", "2G"}, {"size_anywhere", "3G"}},
         .needed = {"where the namespace starts", "the command"}},
        {.name = "A6",   // intel/pmem-csi#964
         .text = "`Failed to set namespace size: Invalid argument` for 119537664",
         .says = "119537664 -> 134217728 (region align 0x1000000)",
         .id = "nd.size-unaligned",
         .found = {{"size", "114M"}, {"unit", "16M"}},
         .next = {{"size_below", "112M"}, {"size_above", "128M"}},
         .needed = {"the region's align"}},
        {.name = "A7",   // intel/pmem-csi#9
         .text = "2nd namespace in region1: `memory add fail, invalid altmap`",
         .says = "the altmap for [range] does not cover the section being added",
         .id = "map.altmap-invalid",
         .device = "region1",
         .rules = {"map.altmap-invalid"},
         .needed = {"where the namespace starts", "info block"}},
        {.name = "A8",   // pmem/ndctl#125
         .text = R"(# sudo ndctl create-namespace -m devdax -e namespace1.0 -s 4295000000 -f
  Error: '--size=' must align to interleave-width: 6 and alignment: 2097152
did you intend --size=4303355904?

failed to reconfigure namespace: Invalid argument)",
         .says = "rule, value and next valid value",
         .id = "ndctl.size-interleave",
         .found = {{"ways", "6"}, {"align", "2M"}, {"unit", "12M"}, {"size", "4295000000"}},
         .next = {{"size_below", "4092M"}, {"size_above", "4104M"}}},
        {.name = "A9",   // linux-nvdimm 2019, 5.3-rc1
         .text = "`-m devdax -a 1g -s 12G` -> `dax1.0: failed to enable` from 5.3-rc1",
         .says = "the 12 GiB request yields 11 GiB; ask for 13 GiB to get 12",
         .id = "pfn.align-loss",
         .device = "dax1.0",
         .found = {{"size", "12G"}, {"align", "1G"}, {"usable", "11G"}},
         .next = {{"size_for_usable", "13G"}},
         .needed = {"where the namespace starts"}},
        {.name = "A10",   // linux-nvdimm 2020
         .text =
             "before `failed to create namespace: Invalid argument`; after `region2: align setting is 0x1000000 size "
             "0x40002000 is misaligned`",
         .says = "the same, plus the nearest sizes below and above",
         .id = "ndctl.size-unaligned",
         .device = "region2",
         .found = {{"region_align", "16M"}, {"size", "1048584K"}},
         .next = {{"size_below", "1G"}, {"size_above", "1040M"}}},
        {.name = "A11",   // linux-nvdimm 2020
         .text = R"(1860000000-d55fffffff : Persistent Memory
  1860000000-24e0003fff : namespace0.0
  24e0004000-3160007fff : namespace0.1
  3162000000-3a61ffffff : namespace0.2)",
         .says = "legacy misaligned namespace: usable, but 31.97 MiB gap 3160008000-3161ffffff is wasted by alignment",
         .id = "pmem.misaligned-range",
         .device = "namespace0.0",
         .found = {{"end_beyond_multiple", "16K"}, {"range", "0x1860000000-0x24e0003fff"}},
         .next = {{"inside", "0x1860000000-0x24dfffffff"}},
         .also = "pmem.misaligned-range",
         .also_found = {{"gap", "0x3160008000-0x3161ffffff"}, {"gap_size", "32736K"}}},
        {.name = "A12",   // linux-nvdimm 2023, ppc64
         .text = "ppc64: region align forced to 2 MiB, `-s 18M --align 64K` succeeds with `\"size\":0`",
         .says = "18 MiB at this base contains no full 16 MiB unit: usable 0",
         .id = "pfn.zero-size",
         .found = {{"size", "18M"}, {"unit", "16M"}, {"usable", "0"}},
         .next = {{"size_above", "32M"}}},
        {.name = "A13",   // pmem/ndctl#292: no cause is known
         .text = "sub-section.sh: 4th 16 MiB namespace fails on 6.17 (open)",
         .says = "show the section's bitmap; a 16 MiB namespace has 8 sub-sections and 14680064 usable bytes",
         .id = "ndctl.enable-failed",
         .found = {{"size", "16M"}, {"subsections", "8"}, {"usable_if_made", "14M"}},
         .needed = {"the kernel's own lines", "/proc/iomem"}},
        {.name = "A14",   // pmem/ndctl#25, #34, #274, #18
         .text = "`alignment must be PAGE_SIZE` / `set_align failed: Invalid argument` / `not support 'align' for dax "
                 "mode`",
         .says = "supported alignments = 4096; 2097152 not available",
         .id = "dax.align-page-size",
         .next = {{"align_page", "4K"}},
         .needed = {"supported_alignments"}},
        {.name = "A15",   // pmem/ndctl#42
         .text = "`-a 16G` -> `unsupported align: 16G`; man page promises fallback",
         .says = "list the legal values",
         .id = "ndctl.align-unsupported",
         .found = {{"align", "16G"}},
         .next = {{"align_page", "4K"}, {"align_pmd", "2M"}, {"align_pud", "1G"}}},
        {.name = "A16",   // linux-nvdimm 2021
         .text = "100000000-1fbffffff RAM + 1fc000000-2fbffffff PMEM in one section; `echo 0x1fc000000 > "
                 "soft_offline_page` "
                 "succeeds when it must fail",
         .says = "section 0x1f8000000-0x1ffffffff is shared by System RAM and namespace0.0: do not soft-offline",
         .id = "section.shared",
         .found = {{"section", "0x1f8000000-0x1ffffffff"},
                   {"ram", "0x100000000-0x1fbffffff"},
                   {"device_memory", "0x1fc000000-0x2fbffffff"},
                   {"boundary", "0x1fc000000"}},
         .next = {{"whole_sections", "0x200000000-0x2f7ffffff"}}},
        {.name = "A17",   // linux-nvdimm 2019
         .text =
             "200000000-303ffffff legacy pmem, RAM from 304000000: WARNING add_pages; older text `devm_memremap_pages "
             "attempted on mixed region [mem 0x200000000-0x2fbffffff flags 0x200]`",
         .says = "end 0x303ffffff shares section 0x300000000 with RAM",
         .id = "map.ram-mixed",
         .found = {{"range", "0x200000000-0x2fbffffff"}, {"last_section", "0x2f8000000-0x2ffffffff"}},
         .next = {{"whole_sections", "0x200000000-0x2f7ffffff"}},
         .rules = {"map.ram-mixed"},
         .also = "section.shared",
         .also_found = {{"section", "0x300000000-0x307ffffff"},
                        {"ram", "from 0x304000000"},
                        {"device_memory", "0x200000000-0x303ffffff"}}},
        {.name = "A18",   // linux-nvdimm 2019, KASAN
         .text = "`memmap=4G!4G`: pmem split 100000000-155dfffff / 15982c000-1ffffffff around the kernel image",
         .says = "the carve-out overlaps the kernel image; the 2nd piece starts at 0x15982c000 (not 2 MiB aligned)",
         .id = "memmap.split-by-kernel",
         .found = {{"carved", "0x100000000-0x1ffffffff"},
                   {"piece", "0x15982c000-0x1ffffffff"},
                   {"start_beyond_multiple", "176K"}},
         .next = {{"inside", "0x159a00000-0x1ffffffff"}},
         .needed = {"/proc/iomem"}},
    };
    return kCases;
}

}   // namespace memhot::test
