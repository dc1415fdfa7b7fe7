// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include "nvdimm/command.hpp"

namespace memhot {

namespace {

struct Program {
    std::string_view program;
    std::string_view verb;
    CommandAnswer (*run)(NdBus&, const std::vector<std::string>&);
};
constexpr std::array kPrograms{
    Program{"ndctl", "create-namespace", create_namespace},
    Program{"ndctl", "destroy-namespace", destroy_namespace},
    Program{"ndctl", "enable-namespace", enable_namespace},
    Program{"ndctl", "disable-namespace", disable_namespace},
    Program{"daxctl", "reconfigure-device", reconfigure_device},
    Program{"daxctl", "online-memory", online_memory},
    Program{"daxctl", "offline-memory", offline_memory},
};

// "error VERBing namespaces: TEXT"
CommandAnswer failed(std::string_view doing, int error) {
    return CommandAnswer::fail(fmt::format("error {} namespaces: {}", doing, errno_text(error)));
}

std::optional<std::string> only_name(const std::vector<std::string>& arguments) {
    for (const auto& argument : arguments) {
        if (!argument.starts_with("-")) return argument;
    }
    return std::nullopt;
}

}   // namespace

CommandLine split_command(std::string_view text) {
    CommandLine line;
    std::vector<std::string> words;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        if (end != 0) words.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (!words.empty()) line.program = words[0];
    if (words.size() > 1) line.verb = words[1];
    if (words.size() > 2) line.arguments.assign(words.begin() + 2, words.end());
    return line;
}

CommandAnswer run_command(NdBus& bus, const CommandLine& command) {
    const auto* found = std::ranges::find_if(
        kPrograms, [&](const Program& one) { return one.program == command.program && one.verb == command.verb; });
    if (found == kPrograms.end()) return CommandAnswer::fail(fmt::format("Unknown command: '{}'", command.verb));
    return found->run(bus, command.arguments);
}

FoundNamespace find_namespace(NdBus& bus, std::string_view name) {
    for (auto& region : bus.regions) {
        for (auto& [_, ns] : region.namespaces) {
            if (name_of(region, ns) == name) return {&region, &ns};
        }
    }
    return {};
}

std::size_t online_blocks(const NdBus& bus, const DaxDevice& device) {
    const auto numbers = blocks_of(bus, device);
    return static_cast<std::size_t>(
        std::ranges::count_if(numbers, [&](std::uint64_t number) { return bus.model.block(number)->online; }));
}

int disable_safe(NdBus& bus, NdRegion& region, NdNamespace& ns) {
    if (!ns.active) return 0;
    if (const DaxDevice* device = bus.find_dax(fmt::format("dax{}.{}", region.id, ns.id))) {
        if (device->driver == DaxDriver::kmem && online_blocks(bus, *device) != 0) return EBUSY;
    }
    disable_namespace(bus, region, ns);
    return 0;
}

bool zero_info_block(NdBus& bus, const NdNamespace& ns) { return bus.media.erase(ns.space.start) != 0; }

CommandAnswer destroy_namespace(NdBus& bus, const std::vector<std::string>& arguments) {
    const auto name = only_name(arguments);
    if (!name) return CommandAnswer::fail("Error: specify a namespace to destroy, or \"all\"");
    const auto found = find_namespace(bus, *name);
    if (found.ns == nullptr) return failed("destroying", ENXIO);
    if (const int error = disable_safe(bus, *found.region, *found.ns); error != 0) return failed("destroying", error);
    if (found.ns->allocated) zero_info_block(bus, *found.ns);
    if (!found.region->labelled) {   // the namespace of a label-less region comes back as it was
        enable_namespace(bus, *found.region, *found.ns);
        disable_namespace(bus, *found.region, *found.ns);
        return {};
    }
    set_size(*found.region, *found.ns, 0);
    drop_if_idle(*found.region, found.ns->id);
    return {};
}

CommandAnswer enable_namespace(NdBus& bus, const std::vector<std::string>& arguments) {
    const auto name = only_name(arguments);
    if (!name) return CommandAnswer::fail("Error: specify a namespace to enable, or \"all\"");
    const auto found = find_namespace(bus, *name);
    if (found.ns == nullptr) return failed("enabling", ENXIO);
    if (enable_namespace(bus, *found.region, *found.ns).error != 0) return failed("enabling", ENXIO);
    return {};
}

CommandAnswer disable_namespace(NdBus& bus, const std::vector<std::string>& arguments) {
    const auto name = only_name(arguments);
    if (!name) return CommandAnswer::fail("Error: specify a namespace to disable, or \"all\"");
    const auto found = find_namespace(bus, *name);
    if (found.ns == nullptr) return failed("disabling", ENXIO);
    if (const int error = disable_safe(bus, *found.region, *found.ns); error != 0) return failed("disabling", error);
    return {};
}

}   // namespace memhot
