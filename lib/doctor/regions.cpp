// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fmt/format.h>

#include <algorithm>

#include "doctor/checks.hpp"

namespace memhot::doctor {

namespace {

constexpr std::uint64_t kNdctlStart = 16 * kMiB;   // ndctl/namespace.c check_dax_align
constexpr std::uint64_t kDivisor = 4 * kGiB;   // drivers/nvdimm/namespace_devs.c: div_u64_rem truncates to 32 bits

// Where the next namespace would start: behind the last one that is there, or in the first hole, on the region's granule.
std::optional<std::uint64_t> next_start(const NvdimmRecord& nd, const NdRegionRecord& region) {
    if (!region.resource || !region.size || !region.align || *region.align == 0) return std::nullopt;
    std::vector<Range> used;
    for (const auto& ns : nd.namespaces) {
        if (ns.region != region.name || !ns.resource || !ns.size) continue;
        if (const auto range = Range::from_size(*ns.resource, *ns.size)) used.push_back(*range);
    }
    std::ranges::sort(used);
    const auto on_granule = [&](std::uint64_t address) {
        const std::uint64_t offset = address - *region.resource;
        return *region.resource + (offset + *region.align - 1) / *region.align * *region.align;
    };
    std::uint64_t next = on_granule(*region.resource);
    for (const auto& range : used) {
        if (range.start >= next && range.start - next >= *region.align) return next;
        next = std::max(next, on_granule(range.last + 1));
    }
    return next + *region.align - 1 <= *region.resource + *region.size - 1 ? std::optional(next) : std::nullopt;
}

}   // namespace

void locked_dimms(const Facts& facts, Findings& out) {
    if (!facts.snapshot.nvdimm) return;
    for (const auto& dimm : facts.snapshot.nvdimm->dimms) {
        const bool locked = dimm.security == "locked" || dimm.flags.find("lock") != std::string::npos;
        if (!locked) continue;
        out.push_back({"dimm.locked", Severity::problem, dimm.name, "the DIMM is locked: its regions do not come up",
                       "drivers/nvdimm/region_devs.c: \"is locked, failing probe\" (ENXIO)",
                       fmt::format("unlock it with its passphrase, then ndctl enable-dimm {}", dimm.name)});
    }
}

void dead_seeds(const Facts& facts, Findings& out) {
    if (!facts.snapshot.nvdimm) return;
    for (const auto& region : facts.snapshot.nvdimm->regions) {
        const bool labelled = region.available_size.has_value();
        const auto start = next_start(*facts.snapshot.nvdimm, region);
        if (!labelled || region.available_size == 0 || !start || is_aligned(*start, kNdctlStart)) continue;
        out.push_back(
            {"region.dead-seed", Severity::warning, region.name,
             fmt::format("the next namespace would start at {:#x}, {:#x} beyond a multiple of 16 MiB: every ndctl "
                         "create-namespace in fsdax or devdax mode ends with \"misaligned to 16M, adjust region "
                         "alignment and retry\"",
                         *start, *start & (kNdctlStart - 1)),
             "ndctl/namespace.c: check_dax_align; the kernel itself asks for 2 MiB only",
             fmt::format("fill the gap up to {:#x} with a raw namespace, or use --force",
                         align_up(*start, kNdctlStart))});
    }
}

void region_align_too_large(const Facts& facts, Findings& out) {
    if (!facts.snapshot.nvdimm) return;
    for (const auto& region : facts.snapshot.nvdimm->regions) {
        if (!region.align || *region.align < kDivisor) continue;
        out.push_back(
            {"region.align-divides-by-zero", Severity::problem, region.name,
             fmt::format("align is {:#x}: the next write to a namespace's size crashes the kernel", *region.align),
             "drivers/nvdimm/namespace_devs.c: __size_store divides by the low 32 bits of the align (5.7+)",
             fmt::format("echo {:#x} > /sys/bus/nd/devices/{}/align, before anything else", kNdctlStart, region.name)});
    }
}

}   // namespace memhot::doctor
