// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Windows of host addresses that firmware declares for CXL memory: what hot-adding into them would meet, before there is
// any memory in them.
#include <fmt/format.h>

#include <algorithm>

#include "doctor/checks.hpp"

namespace memhot::doctor {

namespace {

struct Window {
    std::string name;
    Range range;
};

// Root decoders, or their resources in /proc/iomem where the cxl bus is not there (cxl_acpi inserts them,
// drivers/cxl/acpi.c add_cxl_resources).
std::vector<Window> windows_of(const Facts& facts) {
    std::vector<Window> out;
    for (const auto& decoder : facts.nd.cxl_decoders) {
        if (!decoder.resource || !decoder.size || decoder.volatile_capable == false) continue;
        if (const auto range = Range::from_size(*decoder.resource, *decoder.size))
            out.push_back({decoder.name, *range});
    }
    if (!facts.nd.cxl_decoders.empty()) return out;
    for (const auto& resource : facts.model->resources().roots()) {
        if (resource.name.starts_with("CXL Window")) out.push_back({resource.name, resource.range});
    }
    return out;
}

// What is in use; a region is only a claim on addresses, memory is in what lies below it.
void collect_used(const std::vector<Resource>& resources, const Range& window, std::vector<Range>& used) {
    for (const auto& resource : resources) {
        if (!resource.range.overlaps(window)) continue;
        const bool claim = resource.name.starts_with("CXL Window") || resource.name.starts_with("region");
        if (!claim) {
            used.push_back(resource.range);
        } else {
            collect_used(resource.children, window, used);
        }
    }
}

std::vector<Range> free_parts(const Model& model, const Range& window) {
    std::vector<Range> used;
    collect_used(model.resources().roots(), window, used);
    std::ranges::sort(used);
    std::vector<Range> out;
    std::uint64_t at = window.start;
    for (const auto& one : used) {
        if (one.start > at) out.push_back({at, one.start - 1});
        if (one.last >= window.last) return out;
        at = std::max(at, one.last + 1);
    }
    out.push_back({at, window.last});
    return out;
}

// dax_kmem_range() of drivers/dax/kmem.c trims to whole memory blocks.
std::optional<Range> whole_blocks(const Range& part, std::uint64_t block) {
    const std::uint64_t first = part.start / block + (part.start % block == 0 ? 0 : 1);
    const std::uint64_t end = part.last / block + (part.last % block == block - 1 ? 1 : 0);
    if (first >= end) return std::nullopt;
    return Range::from_size(first * block, (end - first) * block);
}

}   // namespace

void windows_for_memory(const Facts& facts, Findings& out) {
    if (!facts.model || facts.model->block_size() == 0) return;
    for (const auto& window : windows_of(facts)) {
        std::uint64_t lost = 0;
        for (const auto& part : free_parts(*facts.model, window.range)) {
            const auto memory = whole_blocks(part, facts.model->block_size());
            lost += part.size() - (memory ? memory->size() : 0);
            if (!memory) continue;
            const op::Add add{.start = memory->start,
                              .size = memory->size(),
                              .driver_managed = true,
                              .resource_name = "System RAM (kmem)",
                              .group = {*memory}};
            const auto answer = facts.model->outcome(add);
            if (answer.accepted()) continue;
            const Rule& reason = rule(answer.rule);
            out.add("window.refuses-memory", window.name,
                    fmt::format("{} of memory that comes into {} could not be added{}", human_size(memory->size()),
                                to_string(*memory),
                                answer.error == 0 ? "" : fmt::format(": {}", errno_name(answer.error))),
                    fmt::format("{} ({})", reason.checks, reason.source), std::string(reason.remedy));
        }
        if (lost == 0) continue;
        out.add("window.strands", window.name,
                fmt::format("{} of {} lie outside of whole memory blocks of {}: as system RAM they would be lost",
                            human_size(lost), to_string(window.range), human_size(facts.model->block_size())),
                "drivers/dax/kmem.c: dax_kmem_range trims each range to memory blocks",
                "smaller memory blocks, or CXL regions whose start and size are multiples of one");
    }
}

}   // namespace memhot::doctor
