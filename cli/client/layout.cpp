// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/layout.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace memhotctl {

using memhot::Range;
using memhot::Resource;

namespace {

struct Pattern {
    std::string_view prefix;
    OwnerKind kind;
};
// Names of kernel/resource.c users: arch/*/kernel/e820.c and setup.c, drivers/nvdimm, drivers/dax, drivers/cxl.
constexpr std::array<Pattern, 17> kPatterns{{
    {"System RAM", OwnerKind::ram},
    {"Persistent Memory", OwnerKind::device},
    {"Soft Reserved", OwnerKind::device},
    {"namespace", OwnerKind::device},
    {"dax", OwnerKind::device},
    {"region", OwnerKind::device},
    {"CXL Window", OwnerKind::device},
    {"btt", OwnerKind::device},
    {"Reserved", OwnerKind::firmware},
    {"reserved", OwnerKind::firmware},
    {"Unusable", OwnerKind::firmware},
    {"Unknown E820", OwnerKind::firmware},
    {"ACPI", OwnerKind::firmware},
    {"System ROM", OwnerKind::firmware},
    {"Video ROM", OwnerKind::firmware},
    {"Adapter ROM", OwnerKind::firmware},
    {"RAM buffer", OwnerKind::firmware},
}};

void flatten_into(const Resource& resource, std::vector<Extent>& out) {
    const OwnerKind kind = kind_of(resource);
    const auto own = [&](const Range& range) {
        out.push_back({range, resource.name, kind, resource.busy, range != resource.range});
    };
    // What lies inside System RAM (Kernel code, crash kernel) is RAM all the same.
    if (kind == OwnerKind::ram || resource.children.empty()) {
        own(resource.range);
        return;
    }
    std::uint64_t next = resource.range.start;
    for (const auto& child : resource.children) {
        if (child.range.start > next) own({next, child.range.start - 1});
        flatten_into(child, out);
        next = child.range.last + 1;
        if (next == 0) return;   // ends with the address space
    }
    if (next <= resource.range.last) own({next, resource.range.last});
}

// The rest of a region beside its namespaces belongs to nobody yet.
bool is_owner(const Extent& extent) {
    return (extent.kind == OwnerKind::ram || extent.kind == OwnerKind::device) && !extent.rest;
}

// Two lines of System RAM are one owner, two namespaces are two.
std::size_t owners_in(const std::vector<Extent>& extents) {
    std::set<std::string> owners;
    for (const auto& extent : extents) {
        const bool one_of_a_kind = extent.kind == OwnerKind::ram;
        const auto owner = owner_of(extent.name);
        const bool device = owner != extent.name;
        owners.insert(one_of_a_kind ? "System RAM" : device ? owner : owner + "@" + memhot::hex(extent.range.start));
    }
    return owners.size();
}

}   // namespace

std::string owner_of(const std::string& name) {
    // dax_pmem claims the info block as namespaceR.n, device_dax the data as daxR.n (drivers/dax/pmem.c)
    for (const std::string_view prefix : {"namespace", "dax"}) {
        if (name.starts_with(prefix) && name.find('.') != std::string::npos) return "#" + name.substr(prefix.size());
    }
    return name;
}

OwnerKind kind_of(const Resource& resource) {
    if (resource.system_ram) return OwnerKind::ram;
    if (resource.device_private) return OwnerKind::device;
    for (const auto& pattern : kPatterns) {
        if (resource.name.starts_with(pattern.prefix)) return pattern.kind;
    }
    return OwnerKind::window;
}

std::vector<Extent> flatten(const memhot::ResourceTree& tree) {
    std::vector<Extent> out;
    for (const auto& root : tree.roots()) flatten_into(root, out);
    return out;
}

std::vector<Extent> clip(const std::vector<Extent>& extents, const Range& range) {
    std::vector<Extent> out;
    auto first = std::ranges::lower_bound(extents, range.start, {}, [](const Extent& e) { return e.range.last; });
    for (; first != extents.end() && first->range.start <= range.last; ++first) {
        out.push_back(*first);
        out.back().range = *intersection(first->range, range);
    }
    return out;
}

std::vector<SharedSection> shared_sections(const std::vector<Extent>& extents, std::uint64_t section_size) {
    std::vector<SharedSection> out;
    if (section_size == 0) return out;
    std::vector<Extent> memory;
    std::ranges::copy_if(extents, std::back_inserter(memory), is_owner);
    // Only where an extent begins or ends inside a section can two meet.
    std::set<std::uint64_t> candidates;
    for (const auto& extent : memory) {
        candidates.insert(extent.range.start / section_size);
        candidates.insert(extent.range.last / section_size);
    }
    for (const std::uint64_t number : candidates) {
        const Range range{number * section_size, number * section_size + (section_size - 1)};
        auto owners = clip(memory, range);
        if (owners_in(owners) > 1) out.push_back({number, range, std::move(owners)});
    }
    return out;
}

}   // namespace memhotctl
