// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Who owns what of physical memory: shared sections and sub-sections, and what failed or forced operations left.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "doctor/checks.hpp"

namespace memhot::doctor {

namespace {

constexpr std::string_view kKmemName = "System RAM (kmem)";

bool is_device_memory(const Resource& resource) {
    return resource.name.starts_with("Persistent Memory") || resource.name.starts_with("CXL Window") ||
           resource.name == "Soft Reserved";
}

struct Owners {
    std::vector<std::string> names{};
    bool device = false;   // RAM beside RAM is nothing: firmware cuts it everywhere
};

// Owners of the first and the last unit of each top-level range of memory.
std::map<std::uint64_t, Owners> owners_of_ends(const Model& model, std::uint64_t unit) {
    std::map<std::uint64_t, Owners> owners;
    for (const auto& resource : model.resources().roots()) {
        const bool device = is_device_memory(resource);
        if ((!resource.system_ram && !device) || resource.range.last < kMiB) continue;
        const auto add = [&](std::uint64_t number) {
            Owners& here = owners[number];
            here.names.push_back(fmt::format("{} {}", to_string(resource.range), resource.name));
            here.device = here.device || device;
        };
        const std::uint64_t first = resource.range.start / unit;
        const std::uint64_t last = resource.range.last / unit;
        add(first);
        if (last != first) add(last);
    }
    std::erase_if(owners, [](const auto& one) { return !one.second.device || one.second.names.size() < 2; });
    return owners;
}

// All ranges of one kind, at any depth.
template <class Wanted>
void collect(const std::vector<Resource>& resources, const Wanted& wanted, std::vector<Range>& out) {
    for (const auto& resource : resources) {
        if (wanted(resource)) out.push_back(resource.range);
        collect(resource.children, wanted, out);
    }
}

bool is_ram(const Resource& resource) {
    // arm64 and riscv print memory without a linear map as "reserved" (no-map regions, arch/arm64/kernel/setup.c), with small letters
    return resource.system_ram || resource.name == "reserved";
}

bool driven_by_kmem(const NvdimmRecord& nd, const Range& range) {
    return std::ranges::any_of(nd.dax_devices, [&](const DaxDeviceRecord& device) {
        const auto ranges = ranges_of(device);
        return device.driver == "kmem" &&
               std::ranges::any_of(ranges, [&](const Range& one) { return one.overlaps(range); });
    });
}

// Runs of neighbours: "memory40", "memory40 to memory43".
std::vector<std::string> runs_of(const std::vector<std::uint64_t>& numbers) {
    std::vector<std::string> runs;
    for (std::size_t i = 0; i < numbers.size();) {
        std::size_t end = i + 1;
        while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1) ++end;
        runs.push_back(end - i == 1 ? fmt::format("memory{}", numbers[i])
                                    : fmt::format("memory{} to memory{}", numbers[i], numbers[end - 1]));
        i = end;
    }
    return runs;
}

std::size_t online_in(const Snapshot& snapshot, const Range& range) {
    if (!snapshot.blocks || snapshot.memory_block_size.value_or(0) == 0) return 0;
    const std::uint64_t size = *snapshot.memory_block_size;
    return static_cast<std::size_t>(std::ranges::count_if(*snapshot.blocks, [&](const BlockRecord& block) {
        return block.state == "online" && block.number >= range.start / size && block.number <= range.last / size;
    }));
}

}   // namespace

// Up to 7.2 (and forced later) unbinding kmem succeeds while blocks are online.
void kmem_leaked(const Facts& facts, Findings& out) {
    if (!facts.model || !facts.snapshot.nvdimm) return;
    std::vector<Range> ranges;
    collect(facts.model->resources().roots(), [](const Resource& one) { return one.name == kKmemName; }, ranges);
    const Rule& reason = rule(RuleId::nd_kmem_unbind_online);
    for (const auto& range : ranges) {
        if (driven_by_kmem(facts.nd, range)) continue;
        out.add("kmem.leaked", to_string(range),
                fmt::format("{} of \"{}\" that no dax device drives any more, {} memory blocks of it online: nothing "
                            "can be bound to it (EBUSY)",
                            human_size(range.size()), kKmemName, online_in(facts.snapshot, range)),
                fmt::format("{} ({})", reason.checks, reason.source), "reboot; next time daxctl offline-memory first");
    }
}

// Since 5.3 sections are shared at 2 MiB; before, and where a sub-section itself is shared, one of the two does not work.
void shared_sections(const Facts& facts, Findings& out) {
    if (!facts.model) return;
    const std::uint64_t section = facts.model->profile().section_size();
    for (const auto& [number, owners] : owners_of_ends(*facts.model, section)) {
        out.add("section.shared", fmt::format("section {:#x}", number),
                fmt::format("{} share the {} from {:#x}: {}", owners.names.size(), human_size(section),
                            number * section, joined(owners.names, "; ")),
                "kernels before 5.3 give a section to one owner only; before 5.12 soft-offlining a page there "
                "hits the wrong owner",
                "before going back to such a kernel, align the owners to sections");
    }
    for (const auto& [number, owners] : owners_of_ends(*facts.model, kSubsectionSize)) {
        out.add("subsection.shared", hex(number * kSubsectionSize),
                fmt::format("{} meet inside of the 2M from {:#x}: {}", owners.names.size(), number * kSubsectionSize,
                            joined(owners.names, "; ")),
                fmt::format("{} ({})", rule(RuleId::map_subsection_active).checks,
                            rule(RuleId::map_subsection_active).source),
                "end or start one of them on 2 MiB (memmap=, the firmware's map)");
    }
}

void blocks_without_ram(const Facts& facts, Findings& out) {
    if (!facts.model || !facts.snapshot.blocks || facts.snapshot.memory_block_size.value_or(0) == 0) return;
    std::vector<Range> ram;
    collect(facts.model->resources().roots(), is_ram, ram);
    std::ranges::sort(ram);
    const std::uint64_t size = *facts.snapshot.memory_block_size;
    std::vector<std::uint64_t> without;
    for (const auto& block : *facts.snapshot.blocks) {
        const auto range = Range::from_size(block.number * size, size);
        if (!range) continue;
        const auto behind = std::ranges::upper_bound(ram, range->last, {}, &Range::start);
        const bool has = std::any_of(ram.begin(), behind, [&](const Range& one) { return one.overlaps(*range); });
        if (!has) without.push_back(block.number);
    }
    for (const auto& run : runs_of(without)) {
        out.add("block.without-ram", run, "sysfs has it, but no System RAM of /proc/iomem lies in it",
                "what adding or removing left when it failed half-way: its sections stay, and adding there fails with "
                "EEXIST",
                "reboot; do not online it");
    }
}

}   // namespace memhot::doctor
