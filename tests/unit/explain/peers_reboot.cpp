// SPDX-License-Identifier: GPL-2.0-or-later
//
// Lost or changed after a reboot, new firmware or another kernel; and monitoring.
#include "unit/explain/peers_case.hpp"

namespace memhot::test {

std::span<const PeersCase> peers_reboot() {
    static const std::vector<PeersCase> kCases{
        {.name = "D1",   // pmem/ndctl#145; 17179869184 - 16909336576 = 258 MiB = size/64 + 2 MiB
         .text = "devdax 16909336576 -> raw 17179869184 after power loss (battery NVDIMM); data lost by \"recreating\"",
         .says = "the info block of namespace0.0 is missing. Do NOT recreate",
         .id = "infoblock.lost",
         .found = {{"usable", "16126M"}, {"size", "16G"}, {"overhead", "258M"}, {"overhead_of_map_dev", "258M"}},
         .needed = {"info block", "health and security"}},
        {.name = "D2",   // pmem/ndctl#173
         .text = "namespace names rotate after first reboot",
         .says = "always key by UUID",
         .id = "namespace.names-unstable"},
        {.name = "D3",   // pmem/ndctl#288
         .text = "works on 5.4, on 5.15 `pfn0.0: failed to enable`",
         .says = "what changed: kernel 5.4 -> 5.15; DIMM security frozen",
         .id = "pfn.kernel-changed",
         .device = "pfn0.0",
         .found = {{"kernel_before", "5.4"}, {"kernel", "5.15"}},
         .needed = {"the kernel's own lines", "where the namespace starts", "security of the DIMMs"}},
        {.name = "D4",   // ipmctl#156, pmem/ndctl#235, #211
         .text = "regions on wrong NUMA node after BIOS v1.1 -> v1.2; numa_node always 0",
         .says = "numa_node 1 -> 0; SRAT changed with the BIOS",
         .id = "node.firmware-tables",
         .needed = {"SRAT", "target_node"}},
        {.name = "D5",   // linux-nvdimm 2018
         .text = "4080000000-487fffffff: one namespace0.0 on 4.7, two on 4.16",
         .says = "a difference of maps",
         .id = "nfit.parsing-changed",
         .found = {{"range", "0x4080000000-0x487fffffff"},
                   {"range_size", "32G"},
                   {"kernel_before", "4.7"},
                   {"kernel", "4.16"}},
         .needed = {"firmware's tables"}},
        {.name = "D6",   // pmem/ndctl#154
         .text = "disabled regions active again after reboot; persistence_domain unknown",
         .says = "a policy re-applies it",
         .id = "region.disable-not-persistent"},
        {.name = "D7",   // pmem/ndctl#185, #19
         .text = "255 C, badblock_count 21968, ghosts of cleared poison",
         .says = "mark \"not supported / stale\" instead of numbers",
         .id = "health.not-supported",
         .found = {{"sectors", "21968"}, {"bytes", "10984K"}},
         .needed = {"scrub"}},
    };
    return kCases;
}

std::span<const PeersCase> peers_monitoring() {
    static const std::vector<PeersCase> kCases{
        {.name = "F1",   // pmem/ndctl#102
         .text = "monitor exits silently without DIMMs (exit 250 = -ENXIO); still \"no dimms to monitor, exiting\" in "
                 "76.1, so it "
                 "cannot survive *late* hotplug",
         .says = "stay up and wait for devices",
         .id = "ndctl.no-dimms",
         .found = {{"status", "250"}, {"exit_errno", "ENXIO"}}},
        {.name = "F2",   // pmem/ndctl#124
         .text = "no syslog record when create-namespace fails",
         .says = "journal every operation with result and reason",
         .id = "ndctl.no-log"},
        {.name = "F3",   // nvdimm 2023
         .text = "v77 monitor did not work at all",
         .says = "test the service itself",
         .id = "cxl.monitor-silent"},
        {.name = "F4",   // linux-nvdimm 2020, 2021
         .text = "users want actions on events and several configs; not merged / partly",
         .says = "signals and policy hooks",
         .id = "monitor.no-actions"},
        {.name = "F5",   // pmem/ndctl#54
         .text = "injected badblocks not listed until ARS or consumption",
         .says = "show the age of the last scrub",
         .id = "ars.not-scrubbed",
         .needed = {"scrub"}},
        {.name = "F6",   // linux-nvdimm 2021
         .text = "ndctl in D state 600-1200 s in unbind",
         .says = "stuck in the kernel at unbind",
         .id = "task.blocked",
         .found = {{"seconds", "600"}, {"seconds_most", "1200"}},
         .needed = {"who uses the device"}},
    };
    return kCases;
}

}   // namespace memhot::test
