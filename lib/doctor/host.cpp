// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fmt/format.h>

#include <limits>
#include <map>

#include "doctor/checks.hpp"

namespace memhot::doctor {

void hidden(const Facts& facts, Findings& out) {
    if (facts.snapshot.iomem) return;
    out.push_back({"host.hidden", Severity::note, "/proc/iomem",
                   "the addresses are hidden: half of the checks cannot be made", facts.snapshot.iomem_hidden,
                   "run as root, or examine a capture that root made"});
}

void no_memory_hotplug(const Facts& facts, Findings& out) {
    if (facts.snapshot.memory_block_size) return;
    out.push_back({"kernel.no-hotplug", Severity::warning, "/sys/devices/system/memory",
                   "this kernel has no memory hotplug: nothing can be added, onlined or offlined",
                   "CONFIG_MEMORY_HOTPLUG is not set: block_size_bytes is missing",
                   "use a kernel with CONFIG_MEMORY_HOTPLUG"});
}

namespace {

// Owners of a section: top-level resources that hold memory, by name.
using Owners = std::map<std::uint64_t, std::vector<std::string>>;

bool holds_memory(const Resource& resource) {
    return resource.system_ram || resource.name.starts_with("Persistent Memory") ||
           resource.name.starts_with("CXL Window") || resource.name == "Soft Reserved";
}

Owners owners_of_ends(const Model& model) {
    Owners owners;
    const std::uint64_t section = model.profile().section_size();
    for (const auto& resource : model.resources().roots()) {
        if (!holds_memory(resource) || resource.range.last < kMiB) continue;
        const std::uint64_t first = resource.range.start / section;
        const std::uint64_t last = resource.range.last / section;
        const std::string name = fmt::format("{} {}", to_string(resource.range), resource.name);
        owners[first].push_back(name);
        if (last != first) owners[last].push_back(name);
    }
    return owners;
}

}   // namespace

// Since 5.3 sections are shared at 2 MiB; before, and where a sub-section itself is shared, one of the two does not work.
void shared_sections(const Facts& facts, Findings& out) {
    if (!facts.model) return;
    const std::uint64_t section = facts.model->profile().section_size();
    for (const auto& [number, owners] : owners_of_ends(*facts.model)) {
        if (owners.size() < 2) continue;
        std::string names;
        for (const auto& owner : owners) names += (names.empty() ? "" : "; ") + owner;
        out.push_back(
            {"section.shared", Severity::note, fmt::format("section {:#x}", number),
             fmt::format("{} share the {} from {:#x}: {}", owners.size(), human_size(section), number * section, names),
             "kernels before 5.3 give a section to one owner only; 5.3 to 5.8 free its memmap when one leaves",
             "before going back to such a kernel, align the owners to sections"});
    }
}

}   // namespace memhot::doctor
