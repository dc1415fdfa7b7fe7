// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What ndctl, daxctl and writes to sysfs corrupt, leak or crash although the kernel takes them.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "nvdimm/create_request.hpp"

namespace memhot {

namespace {

Hazard hazard(RuleId id, std::string text) { return {id, std::move(text), std::string(rule(id).releases)}; }

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string_view parent_part(std::string_view path) {
    const auto slash = path.rfind('/');
    return slash == std::string_view::npos ? std::string_view() : last_part(path.substr(0, slash));
}

// --- sizes of namespaces -----------------------------------------------------------------------------------------

// A multiple of 4 GiB divides by zero; other aligns beyond it are taken modulo 4 GiB.
void size_is_written(const NdRegion& region, std::vector<Hazard>& out) {
    if (region.align >> 32 == 0) return;
    out.push_back(
        hazard(RuleId::nd_region_align_4g, fmt::format("the align of {} is {:#x}: the kernel divides by {:#x}",
                                                       name_of(region), region.align, region.align & 0xffffffff)));
}

void label_is_written(const NdRegion& region, std::vector<Hazard>& out) {
    const auto unbound = std::ranges::find(region.mappings, false, &NdMapping::enabled);
    if (unbound == region.mappings.end()) return;
    out.push_back(hazard(RuleId::nd_unbind_active_dimm, fmt::format("{} of {} has no driver: writing its label crashes",
                                                                    unbound->dimm, name_of(region))));
}

void grows(const NdRegion& region, const NdNamespace& ns, std::uint64_t size, std::vector<Hazard>& out) {
    if (!region.labelled || !ns.allocated || size <= ns.size()) return;
    const auto extents = grown(region, ns, size - ns.size());
    if (!extents) return;
    const Range& first = extents->front();
    if (extents->size() > 1) {
        out.push_back(hazard(RuleId::nd_grow_splits,
                             fmt::format("{} gets a second extent at {} and then reads as {}", name_of(region, ns),
                                         to_string(first), to_string(Range{first.start, first.start + size - 1}))));
    } else if (first.start < ns.space.start) {
        out.push_back(
            hazard(RuleId::nd_grow_downward,
                   fmt::format("{} starts at {:#x} instead of {:#x}: all its data shift by {}", name_of(region, ns),
                               first.start, ns.space.start, human_size(ns.space.start - first.start))));
    }
}

// A size that is written while the info block with map=dev stays.
void keeps_info_block(const NdBus& bus, const NdRegion& region, const NdNamespace& ns, std::uint64_t size,
                      std::vector<Hazard>& out) {
    const InfoBlock* info = info_block_of(bus, ns);
    const bool on_device = info != nullptr && info->mode != NsMode::sector && info->map == PageMap::device;
    if (!on_device || size == 0 || size == ns.size()) return;
    NdBus trial = bus;
    NdRegion& there = *trial.find_region(region.id);
    NdNamespace& resized = *there.find(ns.id);
    if (!set_size(there, resized, size).ok()) return;
    const NdAnswer answer = enable_namespace(trial, there, resized);
    const std::string then = answer.ok() ? "it can still be enabled, but what it holds is cut or shifted"
                                         : fmt::format("enabling it then fails with {} ({})", errno_name(answer.error),
                                                       rule(answer.rule).id);
    out.push_back(
        hazard(RuleId::nd_resize_kept_map_dev, fmt::format("{} keeps its info block (map=dev, data at {:#x}): {}",
                                                           name_of(region, ns), info->geometry.data_offset, then)));
}

// --- ndctl create-namespace --------------------------------------------------------------------------------------

// What reconfiguring and creating ask of the place that they get.
void created_at(const NdBus& bus, const CreateRequest& request, const NdRegion& region, const NdNamespace* ns,
                const Wanted& wanted, std::vector<Hazard>& out) {
    NdBus trial = bus;
    NdRegion& there = *trial.find_region(region.id);
    NdNamespace fresh{.id = -2, .space = {}, .allocated = false, .identity = 1, .active = {}};
    NdNamespace& target = ns != nullptr ? *there.find(ns->id) : fresh;
    if (ns != nullptr) disable_namespace(trial, there, target);
    if (!region.labelled) target = *there.find(0);
    if (region.labelled && !set_size(there, target, wanted.size).ok()) return;
    const bool with_pages = wanted.mode == NsMode::fsdax || wanted.mode == NsMode::devdax;
    if (!with_pages) return;
    const bool on_16m = is_aligned(target.space.start, kNdctlStartAlign);
    if (ns != nullptr && ns->allocated && !request.force && !on_16m) {
        out.push_back(
            hazard(RuleId::ndctl_zeroes_first,
                   fmt::format("{} starts at {:#x}, no multiple of 16 MiB: ndctl zeroes its info block, then refuses",
                               name_of(region, *ns), target.space.start)));
        return;
    }
    const auto geometry = pfn_geometry(trial.model.profile(), target.space, wanted.align, wanted.map);
    const auto altmap = geometry.geometry.altmap(wanted.map, trial.model.profile().page_size);
    if (geometry.refusal || !altmap) return;
    const std::uint64_t end = target.space.last - geometry.geometry.end_trunc;
    const Outcome outcome = trial.model.outcome(op::Map{.type = MapType::fsdax,
                                                        .start = target.space.start,
                                                        .size = end - target.space.start + 1,
                                                        .claim = false,
                                                        .owner = name_of(region),
                                                        .altmap = altmap});
    if (outcome.rule != RuleId::map_altmap_exhausted) return;
    out.push_back(
        hazard(RuleId::nd_map_dev_unaligned_end,
               fmt::format("{} needs more struct pages than {} hold", to_string(Range{target.space.start, end}),
                           human_size(geometry.geometry.memmap_reserve(wanted.map)))));
}

void create_in(const NdBus& bus, const CreateRequest& request, const NdRegion& region, const NdNamespace* ns,
               std::vector<Hazard>& out) {
    Console unheard;
    Wanted wanted;
    if (!validate_request(bus, request, region, ns, unheard, wanted).ok()) return;
    if (ns != nullptr && ns->active && !request.force) return;
    if (region.labelled) {
        size_is_written(region, out);
        label_is_written(region, out);
        if (!out.empty()) return;
        if (ns != nullptr) grows(region, *ns, wanted.size, out);
    }
    created_at(bus, request, region, ns, wanted, out);
}

void of_create(const NdBus& bus, const std::vector<std::string>& arguments, std::vector<Hazard>& out) {
    Console unheard;
    const auto request = read_create_request(bus.model.profile(), arguments, unheard);
    if (!request) return;
    for (const auto& region : bus.regions) {
        if (!matches_region(region, request->region)) continue;
        if (!request->reconfigure) {
            create_in(bus, *request, region, nullptr, out);
            continue;
        }
        for (const auto& [_, ns] : region.namespaces) {
            if (name_of(region, ns) == *request->reconfigure) create_in(bus, *request, region, &ns, out);
        }
    }
}

// Of a name, or of "all".
void of_destroy(const NdBus& bus, const std::vector<std::string>& arguments, std::vector<Hazard>& out) {
    for (const auto& region : bus.regions) {
        for (const auto& [_, ns] : region.namespaces) {
            const bool meant = std::ranges::find(arguments, name_of(region, ns)) != arguments.end() ||
                               (ns.allocated && std::ranges::find(arguments, "all") != arguments.end());
            if (!meant || !region.labelled) continue;
            size_is_written(region, out);
            label_is_written(region, out);
        }
    }
}

// --- dax devices -------------------------------------------------------------------------------------------------

void kmem_lets_go(const NdBus& bus, const DaxDevice& device, std::vector<Hazard>& out) {
    std::vector<std::uint64_t> online;
    for (const auto& range : device.added) {
        const std::uint64_t size = bus.model.block_size();
        for (std::uint64_t number = range.start / size; number * size < range.last; ++number) {
            const auto block = bus.model.block(number);
            if (block && block->online) online.push_back(number);
        }
    }
    if (online.empty()) return;
    out.push_back(
        hazard(RuleId::nd_kmem_unbind_online,
               fmt::format("{} of the memory blocks of {} are online, the first memory{}: they stay until reboot",
                           online.size(), device.name(), online.front())));
}

// daxctl destroy-device --force unbinds whatever is there.
void of_destroy_device(const NdBus& bus, const std::vector<std::string>& arguments, std::vector<Hazard>& out) {
    const auto has = [&](std::string_view word) { return std::ranges::find(arguments, word) != arguments.end(); };
    if (!has("-f") && !has("--force")) return;
    for (const auto& device : bus.dax) {
        if (device.driver == DaxDriver::kmem && (has(device.name()) || has("all"))) kmem_lets_go(bus, device, out);
    }
}

// --- writes to sysfs ---------------------------------------------------------------------------------------------

void of_unbind(const NdBus& bus, std::string_view driver, std::string_view name, std::vector<Hazard>& out) {
    if (driver == "kmem") {
        if (const DaxDevice* device = bus.find_dax(name)) kmem_lets_go(bus, *device, out);
        return;
    }
    if (driver != "nvdimm") return;
    for (const auto& region : bus.regions) {
        const bool uses = std::ranges::find(region.mappings, name, &NdMapping::dimm) != region.mappings.end();
        if (!region.enabled || !uses) continue;
        out.push_back(
            hazard(RuleId::nd_unbind_active_dimm, fmt::format("{} is used by {}: the next label that is written there "
                                                              "crashes the kernel",
                                                              name, name_of(region))));
    }
}

void of_size(const NdBus& bus, std::string_view name, std::uint64_t size, std::vector<Hazard>& out) {
    for (const auto& region : bus.regions) {
        for (const auto& [_, ns] : region.namespaces) {
            if (name_of(region, ns) != name || !region.labelled || ns.active || ns.claimed) continue;
            size_is_written(region, out);
            label_is_written(region, out);
            if (!out.empty()) return;
            grows(region, ns, size, out);
            keeps_info_block(bus, region, ns, size, out);
        }
    }
}

void of_write(const NdBus& bus, const CommandLine& command, std::vector<Hazard>& out) {
    const std::string value = command.arguments.empty() ? std::string() : command.arguments.front();
    const std::string_view file = last_part(command.verb);
    const std::string_view parent = parent_part(command.verb);
    const auto number = parse_number(value);
    if (file == "unbind") {
        of_unbind(bus, parent, value, out);
    } else if (file == "size" && number) {
        of_size(bus, parent, *number, out);
    } else if (file == "align" && number && *number >> 32 != 0 && parent.starts_with("region")) {
        out.push_back(hazard(RuleId::nd_region_align_4g,
                             fmt::format("an align of {} makes the next size that is written in {} divide by {:#x}",
                                         human_size(*number), parent, *number & 0xffffffff)));
    }
}

}   // namespace

std::vector<Hazard> hazards_of(const NdBus& bus, const CommandLine& command) {
    std::vector<Hazard> out;
    if (command.program == "write") of_write(bus, command, out);
    if (command.verb == "create-namespace") of_create(bus, command.arguments, out);
    if (command.verb == "destroy-namespace") of_destroy(bus, command.arguments, out);
    if (command.verb == "destroy-device") of_destroy_device(bus, command.arguments, out);
    return out;
}

}   // namespace memhot
