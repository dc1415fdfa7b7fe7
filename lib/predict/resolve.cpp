// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A command line worked out on a host: which devices, with which numbers. The same mirror that gives the verdict says it.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "nvdimm/create_request.hpp"
#include "nvdimm/daxctl_common.hpp"
#include "nvdimm/from_snapshot.hpp"
#include "nvdimm/option_tables.hpp"
#include "predict/nd_parts.hpp"

namespace memhot {

namespace {

struct NamespaceVerb {
    std::string_view verb;
    NamespaceRequest::What what;
};
constexpr std::array kNamespaceVerbs{
    NamespaceVerb{"destroy-namespace", NamespaceRequest::What::destroy},
    NamespaceVerb{"enable-namespace", NamespaceRequest::What::enable},
    NamespaceVerb{"disable-namespace", NamespaceRequest::What::disable},
};

struct DaxVerb {
    std::string_view verb;
    DaxRequest::What what;
};
constexpr std::array kDaxVerbs{
    DaxVerb{"reconfigure-device", DaxRequest::What::system_ram}, DaxVerb{"online-memory", DaxRequest::What::online},
    DaxVerb{"offline-memory", DaxRequest::What::offline},        DaxVerb{"create-device", DaxRequest::What::create},
    DaxVerb{"destroy-device", DaxRequest::What::destroy},        DaxVerb{"enable-device", DaxRequest::What::enable},
    DaxVerb{"disable-device", DaxRequest::What::disable},
};

Error several(const CommandLine& command) {
    return Error(ErrorKind::unsupported,
                 fmt::format("{}: expected one device by its name; several are several steps", to_string(command)));
}

// A name that the host does not have is for the verdict to say.
Status resolve_namespace(NdBus bus, const CommandLine& command, NamespaceRequest::What what, ResolvedCommand& out) {
    const ParsedOptions options = parse_options(kDestroyNamespaceOptions, command.arguments);
    if (options.words.size() != 1 || options.words.front() == "all") return several(command);
    const FoundNamespace found = find_namespace(bus, options.words.front());
    if (found.ns == nullptr || !matches_region(*found.region, filter_of(options))) return Done{};
    NamespaceRequest request;
    request.what = what;
    request.region = name_of(*found.region);
    request.name = options.words.front();
    request.labelled = found.region->labelled;
    request.force = options.is_set("force");
    out.namespaces.push_back(std::move(request));
    return Done{};
}

// before, after: of the command.
Status resolve_created(const NdBus& before, const NdBus& after, DaxRequest request, ResolvedCommand& out) {
    for (const auto& device : after.dax) {
        const DaxDevice* old = before.find_dax(device.name());
        if (old != nullptr && old->size() == device.size()) continue;
        request.region = device.region;
        request.device = device.name();
        request.size = device.size();
        out.devices.push_back(std::move(request));
        return Done{};
    }
    return Done{};
}

Status resolve_dax(const NdBus& before, const NdBus& after, const CommandLine& command, DaxRequest::What what,
                   ResolvedCommand& out) {
    const ParsedOptions options = parse_options(kReconfigureDeviceOptions, command.arguments);
    DaxRequest request;
    request.what = what;
    request.online = !options.is_set("no-online");
    request.movable = !options.is_set("no-movable");
    request.force = options.is_set("force");
    const auto bytes = [&](std::string_view option) -> std::optional<std::uint64_t> {
        const auto text = options.value(option);
        const auto size = text ? parse_tool_size(*text) : std::nullopt;
        return size ? std::optional(size->value) : std::nullopt;
    };
    request.align = bytes("align");
    if (what == DaxRequest::What::create) return resolve_created(before, after, std::move(request), out);
    if (options.words.size() != 1 || options.words.front() == "all") return several(command);
    const DaxDevice* device = find_meant(before, options.words.front());
    if (device == nullptr) return Done{};
    request.region = device->region;
    request.device = device->name();
    if (what == DaxRequest::What::system_ram) {
        request.size = bytes("size");
        if (options.value("mode") == "devdax") request.what = DaxRequest::What::devdax;
        if (request.size || request.align) request.what = DaxRequest::What::resize;
    }
    out.devices.push_back(std::move(request));
    return Done{};
}

}   // namespace

Result<ResolvedCommand> resolve(const Snapshot& snapshot, const CommandLine& command) {
    auto reading = read_bus(snapshot);
    if (!reading) return std::move(reading).error();
    const NdBus before = std::move(reading->bus);
    NdBus after = before;
    ResolvedCommand out;
    out.verdict = predict_and_run(after, command);
    if (command.program == "ndctl" && command.verb == "create-namespace") {
        NdBus trial = before;
        out.namespaces = creations(trial, command.arguments);
        return out;
    }
    const auto* ns = std::ranges::find(kNamespaceVerbs, command.verb, &NamespaceVerb::verb);
    const auto* dax = std::ranges::find(kDaxVerbs, command.verb, &DaxVerb::verb);
    Status found = Done{};
    if (command.program == "ndctl" && ns != kNamespaceVerbs.end()) {
        found = resolve_namespace(before, command, ns->what, out);
    } else if (command.program == "daxctl" && dax != kDaxVerbs.end()) {
        found = resolve_dax(before, after, command, dax->what, out);
    } else {
        found = Error(ErrorKind::unsupported, fmt::format("{}: expected a command of ndctl or daxctl that changes "
                                                          "namespaces or dax devices",
                                                          to_string(command)));
    }
    if (!found) return found.error();
    return out;
}

}   // namespace memhot
