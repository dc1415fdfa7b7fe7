// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the kernel itself lacks, and what keeps the other checks from looking.
#include <fmt/format.h>

#include <algorithm>

#include "doctor/checks.hpp"

namespace memhot::doctor {

void hidden(const Facts& facts, Findings& out) {
    if (facts.snapshot.iomem) return;
    out.add("host.hidden", "/proc/iomem", "the addresses are hidden: half of the checks cannot be made",
            facts.snapshot.iomem_hidden.empty() ? "the snapshot does not have them" : facts.snapshot.iomem_hidden,
            "run as root, or examine a capture that root made");
}

void not_mirrored(const Facts& facts, Findings& out) {
    if (facts.missing.empty()) return;
    out.add("host.not-mirrored", facts.snapshot.release.empty() ? "this host" : facts.snapshot.release,
            "what the kernel would answer is not predicted", facts.missing,
            "examine a capture that root made, on a kernel that memhotctl rules knows");
}

void no_memory_hotplug(const Facts& facts, Findings& out) {
    if (facts.snapshot.memory_block_size) return;
    out.add("kernel.no-hotplug", "/sys/devices/system/memory",
            "this kernel has no memory hotplug: nothing can be added, onlined or offlined",
            "CONFIG_MEMORY_HOTPLUG is not set: block_size_bytes is missing", "use a kernel with CONFIG_MEMORY_HOTPLUG");
}

// Since 5.7 `removable` only says whether CONFIG_MEMORY_HOTREMOVE is set (drivers/base/memory.c: removable_show);
// before, it was an estimate for each block.
void no_memory_hotremove(const Facts& facts, Findings& out) {
    if (!facts.snapshot.blocks || facts.snapshot.blocks->empty()) return;
    if (!facts.profile || facts.profile->version < Version{5, 7, 0}) return;
    const auto says_no = [](const BlockRecord& block) { return block.removable == false; };
    if (!std::ranges::all_of(*facts.snapshot.blocks, says_no)) return;
    out.add("kernel.no-hotremove", "/sys/devices/system/memory",
            "this kernel cannot offline or remove memory: each write of \"offline\" ends with EINVAL, and unbinding "
            "kmem leaks the memory until reboot",
            "CONFIG_MEMORY_HOTREMOVE is not set: each block says removable 0",
            "use a kernel with CONFIG_MEMORY_HOTREMOVE");
}

// Each enabled region has an idle instance of each kind that was built (drivers/nvdimm/region.c: nd_region_probe).
void no_pfn(const Facts& facts, Findings& out) {
    const auto without = std::ranges::find_if(facts.nd.regions, [](const NdRegionRecord& region) {
        return !region.driver.empty() && !region.btt_seed.empty() && region.pfn_seed.empty() && region.dax_seed.empty();
    });
    if (without == facts.nd.regions.end()) return;
    out.add("kernel.no-pfn", without->name, "this kernel makes no fsdax and no devdax: neither a pfn nor a dax seed",
            "CONFIG_NVDIMM_PFN and CONFIG_NVDIMM_DAX need CONFIG_ZONE_DEVICE; ndctl says \"cannot support requested "
            "mode\"",
            "use a kernel with CONFIG_ZONE_DEVICE (of Debian 12's for arm64, that of the backports)");
}

}   // namespace memhot::doctor
