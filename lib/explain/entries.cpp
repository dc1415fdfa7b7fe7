// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <array>
#include <vector>

#include "explain/entry.hpp"

namespace memhot::explaining {

namespace {

struct NeedRow {
    Need need;
    std::string_view known_by;
    std::string_view text;
};
constexpr std::array kNeeds{
    NeedRow{Need::kernel_log, "", "the kernel's own lines of that moment: dmesg"},
    NeedRow{Need::block_size, "block_size",
            "the memory block size: /sys/devices/system/memory/block_size_bytes (hexadecimal)"},
    NeedRow{Need::start, "start", "where the namespace starts: /sys/bus/nd/devices/NAMESPACE/resource, as root"},
    NeedRow{Need::region, "region_align",
            "the region's align, mappings (ways), size and resource: /sys/bus/nd/devices/REGION"},
    NeedRow{Need::capacity, "largest_extent", "available_size and max_available_extent of each region: ndctl list -R"},
    NeedRow{Need::iomem, "", "/proc/iomem, read as root"},
    NeedRow{Need::info_block, "", "what the info block says (dataoff, align, mode): ndctl read-infoblock NAMESPACE"},
    NeedRow{Need::valid_zones, "", "state and valid_zones of the block: /sys/devices/system/memory/memoryN"},
    NeedRow{Need::target_node, "target_node", "the device's target_node: /sys/bus/dax/devices/DEVICE/target_node"},
    NeedRow{Need::labels, "", "the labels of the DIMMs: ndctl read-labels, ndctl check-labels"},
    NeedRow{Need::auto_online, "", "the kernel's policy: /sys/devices/system/memory/auto_online_blocks"},
    NeedRow{Need::onliners, "",
            "who else onlines memory: udev rules that write memoryN/state, VM agents, daxctl units"},
    NeedRow{Need::memory_available, "", "MemAvailable of /proc/meminfo"},
    NeedRow{Need::supported_alignments, "", "supported_alignments of the region's pfn or dax seed"},
    NeedRow{Need::kernel_config, "", "the kernel's configuration: /boot/config-RELEASE"},
    NeedRow{Need::kernel_version, "kernel", "the kernel's version: uname -rv"},
    NeedRow{Need::cxl_topology, "", "the CXL topology: cxl list -vvv"},
    NeedRow{Need::firmware_tables, "",
            "firmware's tables (SRAT, NFIT, CEDT): acpidump, and the e820 lines of the boot log"},
    NeedRow{Need::dimm_security, "", "health and security of the DIMMs: ndctl list -DH, nmemN/security"},
    NeedRow{Need::command, "size", "the command with its size and alignment"},
    NeedRow{Need::holders, "", "who uses the device: mounts, holders, lsof, fuser"},
    NeedRow{Need::page_users, "", "whose pages lie there: numa_maps of processes on that node"},
    NeedRow{Need::scrub, "", "when the last scrub ended: /sys/bus/nd/devices/ndbusN/nfit/scrub"},
    NeedRow{Need::removable, "", "the block's file removable"},
};

const NeedRow* row_of(Need need) {
    const auto* found = std::ranges::find(kNeeds, need, &NeedRow::need);
    return found == kNeeds.end() ? nullptr : found;
}

}   // namespace

std::string_view text_of(Need need) {
    const NeedRow* row = row_of(need);
    return row == nullptr ? std::string_view() : row->text;
}

std::string_view known_by(Need need) {
    const NeedRow* row = row_of(need);
    return row == nullptr ? std::string_view() : row->known_by;
}

std::span<const Entry* const> entries() {
    static const std::vector<const Entry*> kAll = [] {
        std::vector<const Entry*> all;
        for (const auto part : {core_entries(), nvdimm_entries(), dax_entries(), cxl_entries(), ndctl_entries(),
                                daxctl_entries(), machine_entries(), symptom_entries(), general_entries()}) {
            for (const auto& entry : part) all.push_back(&entry);
        }
        return all;
    }();
    return kAll;
}

const Entry* find_entry(std::string_view id) {
    const auto all = entries();
    const auto found = std::ranges::find_if(all, [id](const Entry* entry) { return entry->id == id; });
    return found == all.end() ? nullptr : *found;
}

}   // namespace memhot::explaining
