// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Dax devices: without driver, partly online, with bytes outside of whole memory blocks.
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

// Only a namespace can be laid out anew; the others are cut from what firmware or a CXL region gives.
std::string on_block_boundaries(const NvdimmRecord& nd, const DaxDeviceRecord& device) {
    const DaxRegionRecord* region = nd.dax_region(device.parent);
    const std::string kind = region != nullptr ? region->kind : std::string();
    if (kind == "pmem")
        return "choose start and size of the namespace so that its data lies on memory block boundaries";
    if (kind == "cxl") {
        return fmt::format("smaller memory blocks, or a CXL region ({}) whose start and size are multiples of one: "
                           "memory of it cannot be placed otherwise",
                           region->cxl_region.empty() ? region->parent : region->cxl_region);
    }
    return "nothing on this boot: firmware placed this memory; smaller memory blocks would lose less";
}

std::string why_without(const Facts& facts, const DaxDeviceRecord& record) {
    if (!facts.bus) return "why cannot be told: its addresses are hidden";
    NdBus trial = *facts.bus;
    DaxDevice* device = trial.find_dax(record.name);
    if (device == nullptr) return "why cannot be told: its range is not shown";
    const NdAnswer answer = bind_as_kernel(trial, *device);
    if (!answer.ok()) return words_of(answer, record.name, {}, nullptr);
    return fmt::format("it was disabled, or the module of its driver is not there; {} would take it",
                       to_string(device->driver));
}

}   // namespace

NdAnswer bind_as_kernel(NdBus& bus, DaxDevice& device) {
    const DaxRegion* region = bus.find_dax_region(device.region);
    const bool kmem = region != nullptr && region->kmem_by_default;
    return kmem ? bind_kmem(bus, device) : bind_device_dax(bus, device);
}

void dax_without_driver(const Facts& facts, Findings& out) {
    for (const auto& device : facts.nd.dax_devices) {
        if (!device.driver.empty() || device.size.value_or(0) == 0) continue;
        out.add(
            "dax.no-driver", device.name,
            fmt::format("{} that nothing drives: neither /dev/{} nor memory", human_size(*device.size), device.name),
            why_without(facts, device),
            fmt::format("daxctl enable-device {0}, or daxctl reconfigure-device -m system-ram {0}", device.name));
    }
}

// What `daxctl reconfigure-device -m system-ram` would meet.
void dax_that_kmem_refuses(const Facts& facts, Findings& out) {
    for (const auto& record : facts.nd.dax_devices) {
        if (record.driver != "device_dax" || record.size.value_or(0) == 0 || !facts.bus) continue;
        NdBus trial = *facts.bus;
        DaxDevice* device = trial.find_dax(record.name);
        if (device == nullptr) continue;   // its range is not shown
        unbind_device_dax(trial, *device);
        const NdAnswer answer = bind_kmem(trial, *device);
        if (answer.ok()) continue;
        out.add("dax.kmem-refuses", record.name,
                fmt::format("{} that cannot become system RAM", human_size(*record.size)),
                words_of(answer, record.name, {}, nullptr), on_block_boundaries(facts.nd, record));
    }
}

void kmem_partly_online(const Facts& facts, Findings& out) {
    const Rule& reason = rule(RuleId::nd_kmem_unbind_online);
    for (const auto& device : facts.nd.dax_devices) {
        // unplugged by its file `state`: there is no memory to be online
        if (!is_kmem(device) || device.state == "unplugged" || !facts.snapshot.blocks) continue;
        const auto blocks = dax_blocks(facts.snapshot, device);
        const auto online = static_cast<std::size_t>(std::ranges::count_if(blocks, &DaxBlock::online));
        const auto present = static_cast<std::size_t>(std::ranges::count_if(blocks, &DaxBlock::present));
        const bool whole = present == blocks.size() && (online == 0 || online == present);
        if (whole) continue;
        const auto odd = std::ranges::find_if(blocks, [](const DaxBlock& block) { return !block.online; });
        out.add("kmem.partly-online", device.name,
                fmt::format("{} of its {} memory blocks are online, {} are there at all; the first that is not online "
                            "is memory{}",
                            online, blocks.size(), present, odd->number),
                fmt::format("{} ({})", reason.checks, reason.source),
                fmt::format("daxctl online-memory {0}, or daxctl offline-memory {0}; never unbind it as it is",
                            device.name));
    }
}

void kmem_loses_bytes(const Facts& facts, Findings& out) {
    if (facts.snapshot.memory_block_size.value_or(0) == 0) return;
    const std::uint64_t block = *facts.snapshot.memory_block_size;
    for (const auto& device : facts.nd.dax_devices) {
        const auto ranges = ranges_of(device);
        const std::uint64_t whole = total(ranges);
        const std::uint64_t used = dax_blocks(facts.snapshot, device).size() * block;
        if (ranges.empty() || used >= whole) continue;
        out.add(is_kmem(device) ? "kmem.stranded" : "dax.would-strand", device.name,
                fmt::format("{} of {} lie outside of whole memory blocks of {}: {} {}", human_size(whole - used),
                            human_size(whole), human_size(block), is_kmem(device) ? "they are" : "as system RAM",
                            is_kmem(device) ? "lost" : "they would be lost"),
                "drivers/dax/kmem.c: dax_kmem_range trims each range to memory blocks",
                on_block_boundaries(facts.nd, device));
    }
}

}   // namespace memhot::doctor
