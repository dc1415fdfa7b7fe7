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

std::uint64_t largest_extent(const NdBus& bus, const NdRegion& region) {
    return max_available_extent(region, bus.model.profile().has(Feature::nd_full_dimm_ignored));
}

// Space that the region's align hides; size: what is asked for, 0 for as much as there is.
std::string hidden_by_align(const NdBus& bus, const NdRegion& region, std::uint64_t size) {
    const auto align = align_that_shows(bus, region, size);
    if (!align) return {};
    NdRegion trial = region;
    set_region_align(bus.model.profile(), trial, *align);
    return fmt::format(
        "; its align of {} hides some: with {} (echo {} > /sys/bus/nd/devices/{}/align) it has {} in one "
        "piece",
        exact_size(region.align), exact_size(*align), *align, name_of(region), exact_size(largest_extent(bus, trial)));
}

// Why ndctl passes a region over that is enabled.
std::string why_no_room(const NdBus& bus, const NdRegion& region, std::uint64_t size) {
    const std::string name = name_of(region);
    if (region.read_only) return fmt::format("{} is read-only (echo 0 > /sys/bus/nd/devices/{}/read_only)", name, name);
    if (const NdNamespace* seed = left_over_seed(region)) return dead_seed_remedy(region, *seed);
    if (!region.labelled) {
        return fmt::format("{} is label-less and its one namespace is in use: reconfigure namespace{}.0", name,
                           region.id);
    }
    const std::uint64_t most = largest_extent(bus, region);
    const std::string hidden = hidden_by_align(bus, region, size);
    if (most == 0) return fmt::format("{} has no free extent: destroy or shrink a namespace of it{}", name, hidden);
    return fmt::format("{} has {} in one piece: ask for at most that{}", name, exact_size(most), hidden);
}

std::string no_capacity(const NdBus& bus, const NdSubject& subject) {
    std::vector<std::string> parts;
    const std::uint64_t asked = subject.request && subject.request->size ? subject.request->size->value : 0;
    for (const NdRegion* region : subject.regions) {
        if (region->enabled && parts.size() < kMostRegions) parts.push_back(why_no_room(bus, *region, asked));
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
std::string first_stays(const DaxDevice& device) {
    return fmt::format("the device with id 0 cannot be deleted; with size 0 its space is free all the same (daxctl "
                       "reconfigure-device -s 0 {})",
                       device.name());
}

std::string of_a_driven_device(const NdBus& bus, const CommandLine& command, const DaxDevice& device, RuleId id) {
    const bool destroys = command.verb == "destroy-device";
    const bool first = destroys && device.id == 0 && bus.find_dax_region(device.region) != nullptr;
    std::string text(rule(id).remedy);
    if (device.driver == DaxDriver::kmem) text = out_of_memory_first(bus, command, device);
    if (device.driver != DaxDriver::kmem && first) return first_stays(device);
    return first ? fmt::format("{}; {}", text, first_stays(device)) : text;
}

// Who has the uuid that a create, a reconfiguration or a write asks for.
std::string duplicate_uuid(const NdBus& bus, const CommandLine& command, const NdSubject& subject) {
    const bool writes = command.program == "write";
    const std::string fresh = writes ? "take a fresh one: uuidgen" : "leave -u out for a fresh one";
    const std::string uuid = writes && !command.arguments.empty() ? command.arguments.front()
                             : subject.request                    ? subject.request->uuid.value_or("")
                                                                  : std::string();
    for (const auto& region : bus.regions) {
        for (const auto& [_, ns] : region.namespaces) {
            if (!has_uuid(ns, uuid)) continue;
            return fmt::format("{} has it{}: {}", name_of(region, ns), &ns == subject.ns ? " already" : "", fresh);
        }
    }
    return fresh;
}

// ns: null where a create takes the seed.
std::string kept_uuid(const NdRegion& region, const NdNamespace* ns) {
    const std::string name =
        ns != nullptr ? name_of(region, *ns) : fmt::format("namespace{}.{}", region.id, region.seed);
    return fmt::format("ndctl destroy-namespace {}, which takes the uuid back, then the command again", name);
}

}   // namespace

std::optional<std::uint64_t> align_that_shows(const NdBus& bus, const NdRegion& region, std::uint64_t size) {
    const KernelProfile& profile = bus.model.profile();
    if (!region.labelled || !profile.has(Feature::nd_compat_align)) return std::nullopt;
    const std::uint64_t now = largest_extent(bus, region);
    if (size != 0 && size <= now) return std::nullopt;
    const std::uint64_t least = compat_align(profile) * std::max(1U, region.ways);
    NdRegion trial = region;
    for (std::uint64_t align = region.align / 2; align >= least; align /= 2) {
        if (!set_region_align(profile, trial, align).ok() || size % align != 0) continue;
        const std::uint64_t most = largest_extent(bus, trial);
        if (size == 0 ? most > now : most >= size) return align;
    }
    return std::nullopt;
}

std::uint64_t dax_size_unit(const NdBus& bus, const DaxRegion& region, const NdSubject& subject) {
    std::uint64_t align = subject.device != nullptr ? subject.device->align : region.align;
    if (supports_align(bus.model.profile(), subject.wanted.align)) align = subject.wanted.align;
    return std::max(align, compat_align(bus.model.profile()));
}

std::string nd_remedy(const NdBus& bus, const CommandLine& command, const NdSubject& subject, RuleId id) {
    switch (id) {
        case RuleId::ndctl_no_capacity: return no_capacity(bus, subject);
        case RuleId::nd_uuid_duplicate: return duplicate_uuid(bus, command, subject);
        case RuleId::nd_uuid_kept:
            if (subject.regions.empty()) break;
            return kept_uuid(*subject.regions.front(), subject.ns);
        case RuleId::nd_not_bound: {
            const auto mode = subject.ns != nullptr && subject.ns->active ? subject.ns->active->mode : NsMode::raw;
            if (mode == NsMode::raw || mode == NsMode::memory || !command.verb.ends_with("/unbind")) break;
            return fmt::format("echo {} > /sys/bus/nd/drivers/{}/unbind: that instance drives {}",
                               instance_name(*subject.regions.front(), mode, subject.ns->instance),
                               mode == NsMode::devdax ? "dax_pmem" : "nd_pmem",
                               name_of(*subject.regions.front(), *subject.ns));
        }
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
