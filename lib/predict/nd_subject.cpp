// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <fmt/format.h>

#include "predict/nd_parts.hpp"

namespace memhot {

namespace {

// A name as a word of its own, or as a part of a path in sysfs.
bool names(const CommandLine& command, const std::string& name) {
    if (std::ranges::find(command.arguments, name) != command.arguments.end()) return true;
    if (std::ranges::any_of(command.arguments, [&](const auto& word) { return word.ends_with("=" + name); }))
        return true;
    return (command.verb + "/").find("/" + name + "/") != std::string::npos;
}

void read_request(const NdBus& bus, const CommandLine& command, NdSubject& subject) {
    Console unheard;
    subject.request = read_create_request(bus.model.profile(), command.arguments, unheard);
    if (!subject.request) return;
    if (!subject.request->reconfigure) {
        subject.regions.clear();
        for (const auto& region : bus.regions) {
            if (matches_region(region, subject.request->region)) subject.regions.push_back(&region);
        }
    }
    if (subject.regions.empty() || (subject.request->reconfigure && subject.ns == nullptr)) return;
    validate_request(bus, *subject.request, *subject.regions.front(), subject.ns, unheard, subject.wanted);
}

}   // namespace

NdSubject subject_of(const NdBus& bus, const CommandLine& command) {
    NdSubject subject;
    for (const auto& region : bus.regions) {
        const bool named = names(command, name_of(region)) || names(command, fmt::format("-r{}", region.id));
        if (named) subject.regions.push_back(&region);
        for (const auto& [_, ns] : region.namespaces) {
            if (subject.ns != nullptr || !names(command, name_of(region, ns))) continue;
            subject.ns = &ns;
            subject.regions = {&region};
        }
    }
    for (const auto& device : bus.dax) {
        if (subject.device == nullptr && names(command, device.name())) subject.device = &device;
    }
    if (command.program == "ndctl" && command.verb == "create-namespace") read_request(bus, command, subject);
    return subject;
}

}   // namespace memhot
