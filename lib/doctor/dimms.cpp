// SPDX-License-Identifier: LGPL-2.1-or-later
//
// DIMMs below nvdimm regions: locked, unbound, without room for labels.
#include <fmt/format.h>

#include <algorithm>

#include "doctor/checks.hpp"

namespace memhot::doctor {

namespace {

// `flags` of libnvdimm are words with blanks between them.
bool has_word(std::string_view words, std::string_view wanted) {
    while (!words.empty()) {
        const auto end = std::min(words.find(' '), words.size());
        if (words.substr(0, end) == wanted) return true;
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    return false;
}

std::vector<std::string> regions_on(const NvdimmRecord& nd, const DimmRecord& dimm, bool active_only) {
    std::vector<std::string> names;
    for (const auto& region : nd.regions) {
        const bool maps =
            std::ranges::find(region.mappings, dimm.name, &NdMappingRecord::dimm) != region.mappings.end();
        if (maps && (!active_only || !region.driver.empty())) names.push_back(region.name);
    }
    return names;
}

}   // namespace

void locked_dimms(const Facts& facts, Findings& out) {
    for (const auto& dimm : facts.nd.dimms) {
        if (dimm.security != "locked" && !has_word(dimm.flags, "lock")) continue;
        const auto regions = regions_on(facts.nd, dimm, false);
        out.add(
            "dimm.locked", dimm.name,
            regions.empty() ? "the DIMM is locked: its regions do not come up"
                            : fmt::format("the DIMM is locked: {} cannot come up", joined(regions, ", ")),
            fmt::format("drivers/nvdimm/region.c: nd_region_probe: \"{} is locked, failing probe\" (ENXIO)", dimm.name),
            fmt::format("unlock it with its passphrase, then ndctl enable-dimm {} and ndctl enable-region", dimm.name));
    }
}

void unbound_dimms(const Facts& facts, Findings& out) {
    const Rule& reason = rule(RuleId::nd_unbind_active_dimm);
    for (const auto& dimm : facts.nd.dimms) {
        const auto regions = regions_on(facts.nd, dimm, true);
        if (!dimm.driver.empty() || regions.empty()) continue;
        out.add("dimm.unbound-active", dimm.name,
                fmt::format("{} is active and {} has no driver: the next label that is written crashes the kernel",
                            joined(regions, ", "), dimm.name),
                fmt::format("{} ({})", reason.checks, reason.source),
                fmt::format("ndctl enable-dimm {} before anything else", dimm.name));
    }
}

// Each change of a label needs a free slot on each DIMM, besides the one that available_slots leaves out.
void full_labels(const Facts& facts, Findings& out) {
    for (const auto& dimm : facts.nd.dimms) {
        if (dimm.available_slots != 0U || !has_word(dimm.flags, "label")) continue;
        out.add("dimm.no-label-slots", dimm.name,
                "no label slot is free: no namespace on it can be created, resized or renamed (ENXIO)",
                "drivers/nvdimm/label.c: nd_pmem_namespace_label_update", "destroy a namespace that is not needed");
    }
}

}   // namespace memhot::doctor
