// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "doctor/checks.hpp"

namespace memhot {

namespace {

constexpr std::array kChecks{
    doctor::hidden,
    doctor::not_mirrored,
    doctor::no_memory_hotplug,
    doctor::no_memory_hotremove,
    doctor::no_pfn,
    doctor::locked_dimms,
    doctor::unbound_dimms,
    doctor::full_labels,
    doctor::disabled_regions,
    doctor::region_align_too_large,
    doctor::dead_seeds,
    doctor::fragmented_regions,
    doctor::namespaces_not_attached,
    doctor::map_dev_of_no_use,
    doctor::namespaces_stranded,
    doctor::namespaces_on_other_kernels,
    doctor::namespaces_after_shift,
    doctor::after_reboot,
    doctor::dax_without_driver,
    doctor::dax_that_kmem_refuses,
    doctor::kmem_partly_online,
    doctor::kmem_loses_bytes,
    doctor::kmem_leaked,
    doctor::windows_for_memory,
    doctor::shared_sections,
    doctor::blocks_without_ram,
    doctor::owners_of_onlining,
    doctor::broken_daxctl_rule,
};

template <class T>
std::optional<T> take(Result<T> result, std::string& missing) {
    if (result) return *std::move(result);
    if (missing.empty()) missing = result.error().message();
    return std::nullopt;
}

doctor::Facts facts_of(const Snapshot& snapshot) {
    static const NvdimmRecord kNone;
    doctor::Facts facts{.snapshot = snapshot, .nd = snapshot.nvdimm ? *snapshot.nvdimm : kNone};
    facts.profile = take(snapshot.profile(), facts.missing);
    if (!snapshot.iomem) return facts;   // host.hidden says why
    if (facts.profile) facts.model = take(Model::from_snapshot(snapshot), facts.missing);
    if (facts.model) facts.bus = take(bus_from_snapshot(snapshot), facts.missing);
    return facts;
}

}   // namespace

std::vector<Finding> examine(const Snapshot& snapshot) {
    const doctor::Facts facts = facts_of(snapshot);
    doctor::Findings findings;
    for (const doctor::Check check : kChecks) check(facts, findings);
    std::ranges::stable_sort(findings.all, std::ranges::greater{}, &Finding::severity);
    return std::move(findings.all);
}

std::string to_json(const std::vector<Finding>& findings) {
    using Json = nlohmann::ordered_json;
    Json json{{"format", "memhot-doctor/1"}, {"findings", Json::array()}};
    for (const auto& finding : findings) {
        json["findings"].push_back({{"id", finding.id},
                                    {"severity", to_string(finding.severity)},
                                    {"where", finding.where},
                                    {"what", finding.what},
                                    {"why", finding.why},
                                    {"remedy", finding.remedy}});
    }
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}   // namespace memhot
