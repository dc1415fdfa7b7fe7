// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What "all" leaves as it is: ndctl goes on behind a namespace that objects, and its exit status is that of the last one
// (ndctl/namespace.c do_xaction_namespace), so an accepted "all" says nothing about the others.
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "nvdimm/option_tables.hpp"
#include "predict/nd_parts.hpp"

namespace memhot {

namespace {

bool is_about_all(const CommandLine& command) {
    constexpr std::array<std::string_view, 3> kVerbs{"destroy-namespace", "disable-namespace", "enable-namespace"};
    const bool ours = command.program == "ndctl" && std::ranges::find(kVerbs, command.verb) != kVerbs.end();
    return ours && std::ranges::find(command.arguments, "all") != command.arguments.end();
}

// Whether the command left it alone: it is there with its space, in use, or idle, as it was not to be.
bool stayed(const CommandLine& command, const NdNamespace* ns) {
    if (command.verb == "destroy-namespace") return ns != nullptr && ns->allocated;
    if (ns == nullptr || !ns->allocated) return false;
    return command.verb == "disable-namespace" ? ns->active.has_value() : !ns->active;
}

// ndctl is asked about this one alone.
std::string why(const NdBus& before, const CommandLine& command, const std::string& name) {
    CommandLine alone = command;
    std::ranges::replace(alone.arguments, std::string("all"), name);
    NdBus trial = before;
    const CommandAnswer answer = run_command(trial, alone);
    if (answer.crash) return "the kernel crashes";
    const Rule& reason = rule(answer.rule);
    if (answer.exit == 0) return "its region is label-less: only what an info block says of it goes";
    return fmt::format("{}{} [{}]", reason.checks, reason.remedy.empty() ? "" : fmt::format("; {}", reason.remedy),
                       reason.id);
}

}   // namespace

std::vector<Evidence> nd_staying(const NdBus& before, const NdBus& after, const CommandLine& command) {
    if (!is_about_all(command)) return {};
    std::vector<std::pair<std::string, std::vector<std::string>>> staying;   // reason, names
    const RegionFilter asked = filter_of(parse_options(kDestroyNamespaceOptions, command.arguments));
    for (const auto& region : before.regions) {
        const NdRegion* now = after.find_region(region.id);
        if (!matches_region(region, asked) || now == nullptr) continue;
        for (const auto& [id, ns] : region.namespaces) {
            if (!ns.allocated || !stayed(command, now->find(id))) continue;
            const std::string name = name_of(region, ns);
            const std::string reason = why(before, command, name);
            auto found = std::ranges::find(staying, reason, [](const auto& one) { return one.first; });
            if (found == staying.end()) found = staying.insert(found, {reason, {}});
            found->second.push_back(name);
        }
    }
    std::vector<Evidence> out;
    for (const auto& [reason, names] : staying) {
        out.push_back({Evidence::Kind::device,
                       fmt::format("{} {}: {}", fmt::join(names, ", "), names.size() == 1 ? "stays" : "stay", reason)});
    }
    return out;
}

}   // namespace memhot
