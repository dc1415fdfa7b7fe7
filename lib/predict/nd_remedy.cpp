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

// What wants a device without driver, of one that is memory: disable-device does not take it, and --force of
// destroy-device leaves what is online there until reboot.
std::string out_of_memory_first(const NdBus& bus, const CommandLine& command, const DaxDevice& device) {
    const bool online = std::ranges::any_of(blocks_in(bus.model, device.added), &BlockInfo::online);
    std::string text = fmt::format("daxctl reconfigure-device {}-m devdax {}", online ? "-f " : "", device.name());
    if (command.verb == "enable-device") return text + ", which enables it";
    if (command.verb != "disable-device") text += fmt::format(", daxctl disable-device {}", device.name());
    return text + ", then the command again; never --force it while its memory is online";
}

// dev_dax_delete(): id 0 stays whatever is done.
constexpr std::string_view kFirstStays = "the device with id 0 cannot be deleted; with size 0 its space is free all "
                                         "the same (daxctl reconfigure-device -s 0)";

std::string of_a_driven_device(const NdBus& bus, const CommandLine& command, const DaxDevice& device, RuleId id) {
    const bool destroys = command.verb == "destroy-device";
    const bool first = destroys && device.id == 0 && bus.find_dax_region(device.region) != nullptr;
    std::string text(rule(id).remedy);
    if (device.driver == DaxDriver::kmem) text = out_of_memory_first(bus, command, device);
    if (device.driver != DaxDriver::kmem && first) return std::string(kFirstStays);
    return first ? fmt::format("{}; {}", text, kFirstStays) : text;
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
            const std::string then = command.verb == "destroy-device"
                                         ? fmt::format("ndctl destroy-namespace {} -f", name)
                                         : fmt::format("ndctl create-namespace -e {} -f, with its options", name);
            if (online_blocks(bus, *subject.device) == 0) return then;
            return fmt::format("daxctl reconfigure-device -f -m devdax {}, then {}", subject.device->name(), then);
        }
        case RuleId::ndctl_active: {
            const DaxDevice* device =
                subject.ns == nullptr ? nullptr : device_over(bus, *subject.regions.front(), *subject.ns);
            if (device == nullptr || online_blocks(bus, *device) == 0) break;
            return fmt::format(
                "daxctl reconfigure-device -f -m devdax {} (its pages must be movable), then the command "
                "with --force",
                device->name());
        }
        case RuleId::daxctl_no_space:
            if (!subject.dax_regions.empty()) break;
            return "there is no dax region that can be divided (Soft Reserved memory, a volatile CXL region); the dax "
                   "device of a namespace comes with it: ndctl create-namespace -m devdax";
        case RuleId::nd_kmem_no_block:
            if (subject.device == nullptr) break;
            return fmt::format("{}; daxctl enable-device {} brings it back as devdax", rule(id).remedy,
                               subject.device->name());
        case RuleId::daxctl_active:
        case RuleId::daxctl_not_devdax:
        case RuleId::nd_dax_busy:
        case RuleId::nd_dax_delete_busy:
            if (subject.device == nullptr) break;
            return of_a_driven_device(bus, command, *subject.device, id);
        default: break;
    }
    constexpr std::string_view kDevice = "DEVICE";
    std::string text(rule(id).remedy);
    if (const auto at = text.find(kDevice); at != std::string::npos) {
        text.replace(at, kDevice.size(), device_of(bus, subject));
    }
    if (id == RuleId::ndctl_system_ram) text += " (its pages must be movable), then the command again";
    return text;
}

}   // namespace memhot
