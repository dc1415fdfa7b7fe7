// SPDX-License-Identifier: GPL-2.0-or-later
//
// daxctl, kmem, memory blocks, onlining.
#include "unit/explain/peers_case.hpp"

namespace memhot::test {

std::span<const PeersCase> peers_blocks() {
    static const std::vector<PeersCase> kCases{
        {.name = "C1",   // pmem/ndctl#243
         .text =
             "256 MiB devdax (250 MiB usable) -> `daxctl_dev_enable: dax1.0: failed to enable` / `Invalid argument`",
         .says = "block size 2 GiB: 250 MiB contains 0 whole blocks; create >= 4 GiB to be safe",
         .id = "nd.kmem-no-block",
         .device = "dax1.0",
         .found = {{"usable", "250M"}, {"whole_blocks", "0"}, {"block_size_at_least", "128M"}},
         .next = {{"for_block_size", "2G"}, {"size_for_blocks", "4G"}},
         .needed = {"memory block size", "target_node"}},
        {.name = "C2",   // pmem/ndctl#294
         .text =
             R"([  289.561524] removing memory fails, because memory [0x0000002080000000-0x00000020ffffffff] is onlined
[  289.570693] kmem dax1.0: mapping0: 0x2080000000-0x20ffffffff cannot be hotremoved until the next reboot
[  293.483779] nd_pmem namespace1.0: could not reserve region [??? 0x2070000000-0x216fffffff flags 0x0]
[  293.492920] nd_pmem namespace1.0: probe with driver nd_pmem failed with error -16
[  308.703080] kmem dax1.0: DAX region truncated by 1.94 GiB due to alignment
[  308.709978] kmem dax1.0: mapping0: 0x2080000000-0x20ffffffff could not reserve region
[  308.717810] kmem dax1.0: probe with driver kmem failed with error -16
[  308.729743] device_dax dax1.0: mapping0: 0x2074200000-0x216fffffff could not reserve range
[  308.738009] device_dax dax1.0: probe with driver device_dax failed with error -16)",
         .says = "0x2080000000-0x20ffffffff (memory65) is still online from a dead dax1.0: unusable until reboot",
         .id = "hazard.nd-kmem-unbind-online",
         .device = "dax1.0",
         .found = {{"range", "0x2080000000-0x20ffffffff"}, {"block_size", "2G"}, {"block", "65"}, {"blocks", "1"}},
         .rules = {"hazard.nd-kmem-unbind-online", "remove.block-online"},
         .also = "kmem.truncated",
         .also_found =
             {{"lost_in_front", "190M"}, {"lost_behind", "1792M"}, {"lost_in_all", "1982M"}, {"lost", "1.94 GiB"}}},
        {.name = "C3",   // nvdimm 2025
         .text = R"([10965.520762] kmem dax3.0: mapping0: 0x3ff010000000-0x3ff02fffffff
too small after alignment
[10965.529291] kmem dax3.0: rejecting DAX region without any memory
after alignment
[10965.536704] kmem dax3.0: probe with driver kmem failed with error -22)",
         .says = "0 of 512 MiB usable with 2 GiB blocks",
         .id = "kmem.too-small",
         .device = "dax3.0",
         .found = {{"range", "0x3ff010000000-0x3ff02fffffff"}, {"range_size", "512M"}, {"block_size_at_least", "512M"}},
         .next = {{"block_size_that_fits", "256M"}, {"size_for_one_block", "3840M"}, {"for_block_size", "2G"}},
         .needed = {"memory block size"}},
        {.name = "C4",   // nvdimm 2020, arm64
         .text = "2 GiB devdax at 240400000 -> only 280000000-2bfffffff (1 GiB) hot-added",
         .says = "requested 2 GiB, 1020 MiB lost in front: 1 GiB gained",
         .id = "kmem.lost-in-front",
         .found = {{"size", "2G"}, {"lost_in_front", "1020M"}, {"gained", "1G"}, {"block_size_at_most", "1G"}},
         .next = {{"data_start_above", "0x280000000"}},
         .needed = {"memory block size"}},
        {.name = "C5",   // nvdimm 2025
         .text = "capacity silently stranded; warning added 2025, esp. for CXL DCD",
         .says = "compute the stranded bytes of every dax device",
         .id = "kmem.stranded",
         .needed = {"memory block size", "/proc/iomem"}},
        {.name = "C6",   // 2018
         .text = R"((qemu) device_add pc-dimm,id=dimm1,memdev=mem1
Block size [0x80000000] unaligned hotplug range: start 0x1040000000,
							size 0x80000000
acpi PNP0C80:00: add_memory failed
acpi PNP0C80:00: acpi_memory_enable_device() error
acpi PNP0C80:00: Enumeration failure)",
         .says = "the DIMM at 0x1040000000 is not aligned to the 2 GiB block; the kernel will reject it",
         .id = "add.block-unaligned",
         .device = "PNP0C80:00",
         .found = {{"block_size", "2G"}, {"start", "0x1040000000"}, {"size", "2G"}},
         .next = {{"start_below", "0x1000000000"}, {"start_above", "0x1080000000"}},
         .rules = {"add.block-unaligned"}},
        {.name = "C7",   // pmem/ndctl#256
         .text = "504/512 online; back to devdax: `Failed to offline .../memory272/state: Device or resource busy`",
         .says = "memory272: unmovable pages likely; 1 of 512 blocks blocks the device",
         .id = "offline.unmovable",
         .device = "memory272",
         .found = {{"block", "272"}, {"blocks_online", "504"}, {"blocks_total", "512"}, {"blocks_offline", "8"}},
         .rules = {"offline.unmovable"},
         .needed = {"valid_zones", "numa_maps"}},
        {.name = "C8",
         .text = "offline busy: tells users to run `fuser -c /dev/dax0.x` and kill",
         .says = "list the processes with pages on the node (numa_maps)",
         .id = "offline.unmovable",
         .rules = {"offline.unmovable"},
         .needed = {"numa_maps", "valid_zones"}},
        {.name = "C9",   // pmem/ndctl#246
         .text = "`dax0.0: error: kernel policy will auto-online memory, aborting` / `Device or resource busy`",
         .says = "auto_online_blocks=online: set it to offline for this command, restore it after",
         .id = "daxctl.auto-online",
         .device = "dax0.0",
         .needed = {"auto_online_blocks"}},
        {.name = "C10",   // pmem/ndctl#115
         .text = "`all memory sections (744) already online` / `reconfigured 0 devices` although mode changed",
         .says = "report the state reached, not the actions counted",
         .id = "daxctl.all-online",
         .found = {{"blocks", "744"}, {"state", "online"}},
         .needed = {"memory block size"}},
        {.name = "C11",   // pmem/ndctl#171
         .text = "node always 0; `--no-online` but onlined at once",
         .says = "onlined by a udev rule; target_node missing in NFIT/SRAT",
         .id = "node.firmware-tables",   // the thread has two complaints, in this order
         .needed = {"SRAT", "target_node"},
         .also = "udev.onlines"},
        {.name = "C12",   // pmem/ndctl#260
         .text = "no target_node in list; `daxctl_dev_enable failed` / `No such device`",
         .says = "rejecting DAX region with invalid node: -1",
         .id = "nd.kmem-no-node",
         .needed = {"target_node", "SRAT"}},
        {.name = "C13",   // pmem/ndctl#108
         .text = "`a modalias lookup list was not created` / ENXIO with built-in modules",
         .says = "kmem is built in, or not built",
         .id = "daxctl.modalias",
         .needed = {"configuration"}},
        {.name = "C14",   // pmem/ndctl#110
         .text = "onlined movable, user wanted normal",
         .says = "show the zone policy and its cost",
         .id = "daxctl.movable",
         .needed = {"valid_zones"}},
        {.name = "C15",   // linux-nvdimm 2020
         .text = R"(libdaxctl: memblock_in_dev: dax0.0: memory0: Unable to determine phys_index: Success
dax0.0:
  WARNING: detected a race while onlining memory
  Some memory may not be in the expected zone. It is
  recommended to disable any other onlining mechanisms,
  and retry. If onlining is to be left to other agents,
  use the --no-online option to suppress this warning
dax0.0: all memory sections (1) already online)",
         .says = "name the other agent",
         .id = "daxctl.online-race",
         .device = "dax0.0",
         .needed = {"udev rules", "auto_online_blocks"}},
        {.name = "C16",   // pmem/ndctl#210
         .text = "namespace destroyed while its dax was system-ram (248 blocks online, tmpfs on node 2); `ndctl list` "
                 "empty, node "
                 "still 502784 MB; create: `dax0.1: failed to enable`",
         .says = "namespace0.0 backs 248 online blocks (node 2). Offline and unbind first",
         .id = "kmem.destroyed-under",
         .device = "dax0.1",
         // numactl -H: 502784 MiB of the node, which has 491 GiB, of these 248 blocks and others: 2027 MiB a block at most.
         // Its namespace had 248 GiB of data, so blocks were of 1 GiB.
         .found = {{"blocks", "248"}, {"node", "2"}, {"node_size", "491G"}, {"block_size_at_most", "1G"}},
         .rules = {"remove.block-online"},
         .needed = {"memory block size"}},
        {.name = "C17",   // kexec 2020
         .text = "`rmmod kmem` while online: later `could not reserve region [mem 0x140000000-0x33fffffff]dax`, "
                 "garbage name in "
                 "/proc/iomem",
         .says = "the range of a dead kmem stays busy",
         .id = "kmem.rmmod-online",
         .found = {{"range", "0x140000000-0x33fffffff"}},
         .needed = {"/proc/iomem"}},
        {.name = "C18",   // nvdimm 2024
         .text = "`Failed to offline .../memory371/state: Invalid argument` -> v81 `memory371 is unremovable` / "
                 "`Operation not "
                 "supported`",
         .says = "check removable first",
         .id = "daxctl.unremovable",
         .device = "memory371",
         .found = {{"block", "371"}},
         .needed = {"removable", "configuration"}},
        {.name = "C19",   // pmem/ndctl#237
         .text = "not root -> `disable failed: Device or resource busy`",
         .says = "need CAP_SYS_ADMIN (not root)",
         .id = "daxctl.disable-busy",
         .needed = {"who uses the device"}},
        {.name = "C20",   // pmem/ndctl#291: no text of an error
         .text = "daxctl-devices.sh fails at online-memory on 6.17",
         .says = "-",
         .id = "daxctl.online-failed",
         .needed = {"the kernel's own lines", "valid_zones"}},
        {.name = "C21",   // systemd-rhel8#173
         .text = "40-redhat.rules onlines every block although auto_online_blocks=offline",
         .says = "list every rule that writes memoryN/state",
         .id = "udev.onlines",
         .found = {{"rule", "40-redhat"}},
         .needed = {"udev rules"}},
        {.name = "C22",   // intel/nemu#71
         .text = "hot-plugged blocks land in Normal/DMA32 -> `memory memory32: Offline failed.`, removable=0",
         .says = "zone forecast for each block before onlining",
         .id = "offline.unmovable",
         .device = "memory32",
         .found = {{"block", "32"}},
         .rules = {"offline.unmovable"},
         .needed = {"valid_zones", "memory block size"}},
        {.name = "C23",   // kata packaging#343
         .text = "large hot-add: udevd and agent OOM-killed before blocks are onlined",
         .says = "adding memory needs 1/64 of it for struct pages now",
         .id = "add.memory-for-memmap",
         .needed = {"MemAvailable", "size"}},
        {.name = "C24",   // burmilla/os#199
         .text = "hot-added DIMM invisible; shell loop over state files",
         .says = "8 blocks present, 0 online, no onlining agent configured",
         .id = "policy.nobody-onlines",
         .needed = {"auto_online_blocks", "udev rules"}},
        {.name = "C25",   // opencis#193
         .text = "reconfigure \"succeeds\" (8/8), then udevd segfaults, VM dies",
         .says = "a canary of the first block before onlining",
         .id = "memory.not-backed",
         .rules = {"hazard.memory-without-ram"},
         .needed = {"/proc/iomem"}},
        {.name = "C26",   // pmdk#4374
         .text = "apps open /dev/daxX.Y in system-ram mode: size 18446744073709551615 / segfault / ENXIO",
         .says = "the mode, and who uses it",
         .id = "dax.size-unknown",
         .needed = {"who uses the device"}},
        {.name = "C27",   // kexec 2020
         .text = "after kexec, 150000000-33fffffff is plain System RAM, not reconfigurable",
         .says = "System RAM without suffix under Persistent Memory: a kexec took it",
         .id = "kmem.kexec",
         .found = {{"range", "0x150000000-0x33fffffff"}, {"range_size", "7936M"}}},
        {.name = "C28",   // memkind#13
         .text = "tool assumed proximity domain = node",
         .says = "phys_index x block_size_bytes, and the link nodeN",
         .id = "node.not-proximity-domain",
         .needed = {"memory block size"}},
    };
    return kCases;
}

}   // namespace memhot::test
