// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The remedy of a rule in the words of this host: which device, which region is in the way and why.
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "predict/nd_parts.hpp"

namespace memhot {

namespace {

constexpr std::size_t kMostRegions = 3;

std::string dead_seed_remedy(const NdRegion& region, const NdNamespace& seed) {
    const std::uint64_t beyond = seed.space.start % kNdctlStartAlign;
    return fmt::format("{0} is blocked by its seed {1}, which holds {2} at {3:#x}{4} and was never driven: ndctl "
                       "destroy-namespace {1}, then the command again",
                       name_of(region), name_of(region, seed), human_size(seed.size()), seed.space.start,
                       beyond == 0 ? ""
                                   : fmt::format(" ({} beyond a multiple of 16 MiB: \"misaligned to 16M, adjust region "
                                                 "alignment and retry\" was said of it)",
                                                 human_size(beyond)));
}

// Why ndctl passes a region over that is enabled.
std::string why_no_room(const NdBus& bus, const NdRegion& region) {
    const std::string name = name_of(region);
    if (region.read_only) return fmt::format("{} is read-only (echo 0 > /sys/bus/nd/devices/{}/read_only)", name, name);
    if (const NdNamespace* seed = left_over_seed(region)) return dead_seed_remedy(region, *seed);
    if (!region.labelled) {
        return fmt::format("{} is label-less and its one namespace is in use: reconfigure namespace{}.0", name,
                           region.id);
    }
    const std::uint64_t most = max_available_extent(region, bus.model.profile().has(Feature::nd_full_dimm_ignored));
    if (most == 0) return fmt::format("{} has no free extent: destroy or shrink a namespace of it", name);
    return fmt::format("{} has {} in one piece: ask for at most that", name, exact_size(most));
}

std::string no_capacity(const NdBus& bus, const NdSubject& subject) {
    std::vector<std::string> parts;
    for (const NdRegion* region : subject.regions) {
        if (region->enabled && parts.size() < kMostRegions) parts.push_back(why_no_room(bus, *region));
    }
    if (parts.empty()) return "there is no region that is enabled";
    return fmt::format("{}", fmt::join(parts, "; "));
}

// The one that the remedy calls DEVICE.
std::string device_of(const NdBus& bus, const NdSubject& subject) {
    if (subject.device != nullptr) return subject.device->name();
    if (subject.ns != nullptr && !subject.regions.empty()) {
        if (const DaxDevice* device = device_over(bus, *subject.regions.front(), *subject.ns)) return device->name();
    }
    const auto online =
        std::ranges::find_if(bus.dax, [&](const DaxDevice& one) { return online_blocks(bus, one) != 0; });
    return online == bus.dax.end() ? "DEVICE" : online->name();
}

}   // namespace

std::uint64_t dax_size_unit(const NdBus& bus, const DaxRegion& region, const NdSubject& subject) {
    std::uint64_t align = subject.device != nullptr ? subject.device->align : region.align;
    if (supports_align(bus.model.profile(), subject.wanted.align)) align = subject.wanted.align;
    return std::max(align, compat_align(bus.model.profile()));
}

std::string nd_remedy(const NdBus& bus, const CommandLine& command, const NdSubject& subject, RuleId id) {
    switch (id) {
        case RuleId::ndctl_no_capacity: return no_capacity(bus, subject);
        case RuleId::ndctl_usage:
        case RuleId::daxctl_usage: return fmt::format("see {} {} --help", command.program, command.verb);
        case RuleId::nd_dax_static: {
            if (subject.device == nullptr) break;
            const std::string name = fmt::format("namespace{}.{}", subject.device->region, subject.device->id);
            return command.verb == "destroy-device"
                       ? fmt::format("ndctl destroy-namespace {} -f", name)
                       : fmt::format("ndctl create-namespace -e {} -f, with its options", name);
        }
        default: break;
    }
    constexpr std::string_view kDevice = "DEVICE";
    std::string text(rule(id).remedy);
    if (const auto at = text.find(kDevice); at != std::string::npos) {
        text.replace(at, kDevice.size(), device_of(bus, subject));
    }
    return text;
}

}   // namespace memhot
