// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "doctor/checks.hpp"

namespace memhot {

namespace {

using Check = void (*)(const doctor::Facts&, doctor::Findings&);
constexpr std::array<Check, 14> kChecks{
    doctor::hidden,
    doctor::no_memory_hotplug,
    doctor::namespaces_not_attached,
    doctor::locked_dimms,
    doctor::region_align_too_large,
    doctor::dead_seeds,
    doctor::kmem_partly_online,
    doctor::kmem_loses_bytes,
    doctor::map_dev_of_no_use,
    doctor::namespaces_on_other_kernels,
    doctor::namespaces_after_shift,
    doctor::shared_sections,
    doctor::owners_of_onlining,
    doctor::broken_daxctl_rule,
};

template <class T>
std::optional<T> value_of(Result<T> result) {
    if (!result) return std::nullopt;
    return *std::move(result);
}

}   // namespace

std::string_view to_string(Severity severity) {
    constexpr std::array<std::string_view, 3> kNames{"note", "warning", "problem"};
    return kNames[static_cast<std::size_t>(severity)];
}

std::vector<Finding> examine(const Snapshot& snapshot) {
    const doctor::Facts facts{snapshot, value_of(snapshot.profile()), value_of(Model::from_snapshot(snapshot))};
    std::vector<Finding> findings;
    for (const Check check : kChecks) check(facts, findings);
    std::ranges::stable_sort(findings, std::ranges::greater{}, &Finding::severity);
    return findings;
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
