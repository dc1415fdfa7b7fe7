// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <cerrno>
#include <fmt/format.h>

#include "nvdimm/daxctl_common.hpp"
#include "nvdimm/option_tables.hpp"
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

// ndctl passes over regions without room or idle namespace and read-only ones (EAGAIN) and stops at the first other answer: that region it is about.
void find_region(const NdBus& bus, NdSubject& subject) {
    Console unheard;
    subject.regions.clear();
    for (const NdRegion* region : regions_in_order(bus)) {
        if (!matches_region(*region, subject.request->where)) continue;
        subject.regions.push_back(region);
        Wanted wanted;
        const NdAnswer answer = check_region(bus, *subject.request, *region, unheard, wanted);
        if (subject.regions.size() == 1 || answer.error != EAGAIN) subject.wanted = wanted;
        if (answer.error == EAGAIN) continue;
        subject.regions = {region};
        return;
    }
}

void read_request(const NdBus& bus, const CommandLine& command, NdSubject& subject) {
    Console unheard;
    subject.request = read_create_request(bus.model.profile(), command.arguments, unheard);
    if (!subject.request) return;
    if (!subject.request->reconfigure) {
        find_region(bus, subject);
    } else if (subject.ns != nullptr) {
        validate_request(bus, *subject.request, *subject.regions.front(), subject.ns, unheard, subject.wanted);
    }
}

// Of daxctl: the device by any name that it takes, and the dax regions that create-device looks at.
void read_dax(const NdBus& bus, const CommandLine& command, NdSubject& subject) {
    const ParsedOptions options = parse_options(kReconfigureDeviceOptions, command.arguments);
    if (!options.words.empty()) subject.device = find_meant(bus, options.words.front());
    if (const auto size = options.value("size") ? parse_tool_size(*options.value("size")) : std::nullopt) {
        subject.wanted.size = size->value;
    }
    if (const auto align = options.value("align") ? parse_tool_size(*options.value("align")) : std::nullopt) {
        subject.wanted.align = align->value;
    }
    for (const auto& region : bus.dax_regions) {
        const bool asked = command.verb == "create-device" && matches_dax_region(region.id, options.value("region"));
        const bool above = subject.device != nullptr && subject.device->region == region.id;
        if (asked || above) subject.dax_regions.push_back(&region);
    }
}

// A size that is written.
void read_write(const CommandLine& command, NdSubject& subject) {
    if (!command.verb.ends_with("/size") || command.arguments.empty()) return;
    if (const auto number = parse_number(command.arguments.front())) subject.wanted.size = *number;
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
    if (command.program == "daxctl") read_dax(bus, command, subject);
    if (command.program == "ndctl" && command.verb == "create-namespace") read_request(bus, command, subject);
    if (command.program == "write") read_write(command, subject);
    return subject;
}

}   // namespace memhot
