// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fmt/format.h>

#include <algorithm>

#include "doctor/checks.hpp"

namespace memhot::doctor {

namespace {

bool is_kmem(const DaxDeviceRecord& device) { return device.driver == "kmem"; }

std::uint64_t total(const std::vector<Range>& ranges) {
    std::uint64_t bytes = 0;
    for (const auto& range : ranges) bytes += range.size();
    return bytes;
}

}   // namespace

void kmem_partly_online(const Facts& facts, Findings& out) {
    if (!facts.snapshot.nvdimm) return;
    for (const auto& device : facts.snapshot.nvdimm->dax_devices) {
        if (!is_kmem(device)) continue;
        const auto blocks = dax_blocks(facts.snapshot, device);
        const auto online = static_cast<std::size_t>(std::ranges::count_if(blocks, &DaxBlock::online));
        const auto present = static_cast<std::size_t>(std::ranges::count_if(blocks, &DaxBlock::present));
        if (blocks.empty() || (online == blocks.size() && present == blocks.size()) ||
            (online == 0 && present == blocks.size())) {
            continue;
        }
        out.push_back(
            {"kmem.partly-online", Severity::problem, device.name,
             fmt::format("{} of its {} memory blocks are online, {} are there at all", online, blocks.size(), present),
             "drivers/dax/kmem.c: unbinding it while a block is online leaks the memory until reboot",
             fmt::format("daxctl online-memory {0}, or daxctl offline-memory {0}; never unbind it as it is",
                         device.name)});
    }
}

void kmem_loses_bytes(const Facts& facts, Findings& out) {
    if (!facts.snapshot.nvdimm || !facts.snapshot.memory_block_size) return;
    for (const auto& device : facts.snapshot.nvdimm->dax_devices) {
        const auto ranges = ranges_of(device);
        const std::uint64_t whole = total(ranges);
        const std::uint64_t used = dax_blocks(facts.snapshot, device).size() * *facts.snapshot.memory_block_size;
        if (ranges.empty() || used >= whole) continue;
        out.push_back({"kmem.stranded", is_kmem(device) ? Severity::warning : Severity::note, device.name,
                       fmt::format("{} of {} are outside of whole memory blocks of {}: as system RAM they {} lost",
                                   human_size(whole - used), human_size(whole),
                                   human_size(*facts.snapshot.memory_block_size), is_kmem(device) ? "are" : "would be"),
                       "drivers/dax/kmem.c: dax_kmem_range trims each range to memory blocks",
                       "choose start and size of the namespace so that its data lies on memory block boundaries"});
    }
}

}   // namespace memhot::doctor
