// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What ndctl, daxctl and writes to sysfs corrupt, leak or crash although the kernel takes them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "nvdimm/create_request.hpp"
#include "nvdimm/option_tables.hpp"

namespace memhot {

namespace {

Hazard hazard(RuleId id, std::string text) { return {id, std::move(text), std::string(rule(id).releases)}; }

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string_view parent_part(std::string_view path) {
    const auto slash = path.rfind('/');
    return slash == std::string_view::npos ? std::string_view() : last_part(path.substr(0, slash));
}

bool holds_online_memory(const NdBus& bus, const NdRegion& region, const NdNamespace& ns) {
    const DaxDevice* device = device_over(bus, region, ns);
    return device != nullptr && online_blocks(bus, *device) != 0;
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

// ndctl, too, sees to it that the namespace is idle and has a uuid before it writes the size.
void grows(const NdBus& bus, const NdRegion& region, const NdNamespace& ns, std::uint64_t size,
           std::vector<Hazard>& out) {
    if (!region.labelled || !ns.allocated || size <= ns.size()) return;
    NdRegion trial = region;
    NdNamespace& grown = *trial.find(ns.id);
    grown.active.reset();
    grown.claimed.reset();
    grown.identity = std::max<std::uint64_t>(1, ns.identity);
    if (!set_size(trial, grown, size, bus.model.profile().has(Feature::nd_full_dimm_ignored)).ok()) return;
    if (grown.extents.size() > 1) {
        out.push_back(hazard(RuleId::nd_grow_splits,
                             fmt::format("{} gets a second extent at {} and then reads as {}", name_of(region, ns),
                                         to_string(grown.extents.front()), to_string(grown.space))));
    } else if (grown.space.start < ns.space.start) {
        out.push_back(
            hazard(RuleId::nd_grow_downward,
                   fmt::format("{} starts at {:#x} instead of {:#x}: all its data shift by {}", name_of(region, ns),
                               grown.space.start, ns.space.start, human_size(ns.space.start - grown.space.start))));
    }
}

// A size that is written while the info block with map=dev stays.
void keeps_info_block(const NdBus& bus, const NdRegion& region, const NdNamespace& ns, std::uint64_t size,
                      std::vector<Hazard>& out) {
    const InfoBlock* info = info_block_of(bus, ns);
    const bool on_device = info != nullptr && info->mode != NsMode::sector && info->map == PageMap::device;
    if (ns.info_hidden && size != 0 && size != ns.size()) {
        out.push_back(
            hazard(RuleId::nd_resize_kept_map_dev,
                   fmt::format("{} keeps an info block that nobody could look at: with map=dev enabling it may fail",
                               name_of(region, ns))));
    }
    if (!on_device || size == 0 || size == ns.size()) return;
    NdBus trial = bus;
    NdRegion& there = *trial.find_region(region.id);
    NdNamespace& resized = *there.find(ns.id);
    if (!set_size(there, resized, size).ok()) return;
    const NdAnswer answer = enable_namespace(trial, there, resized);
    if (answer.ok() && size > ns.size()) return;   // its struct pages fit, and nothing is lost
    const std::string then = answer.ok() ? "it can still be enabled, but what it holds is cut"
                                         : fmt::format("enabling it then fails with {} ({})", errno_name(answer.error),
                                                       rule(answer.rule).id);
    out.push_back(
        hazard(RuleId::nd_resize_kept_map_dev, fmt::format("{} keeps its info block (map=dev, data at {:#x}): {}",
                                                           name_of(region, ns), info->geometry.data_offset, then)));
}

// Which of two dangers it is that the space of a map=dev runs out: it never sufficed, or the namespace was resized since.
RuleId exhausted_by(const NdBus& bus, const NdNamespace& ns, const InfoBlock& info) {
    const KernelProfile& profile = bus.model.profile();
    const Range pages{ns.space.start + info.geometry.start_pad, ns.space.last - info.geometry.end_trunc};
    const Outcome outcome = bus.model.outcome(op::Map{.type = MapType::fsdax,
                                                      .start = pages.start,
                                                      .size = pages.size(),
                                                      .claim = false,
                                                      .owner = {},
                                                      .altmap = info.geometry.altmap(info.map, profile.page_size)});
    if (outcome.rule != RuleId::map_altmap_exhausted) return RuleId::none;
    const auto fresh = pfn_geometry(profile, ns.space, info.align, info.map);
    const bool as_created = !fresh.refusal && fresh.geometry.data_offset == info.geometry.data_offset;
    return as_created ? RuleId::nd_map_dev_unaligned_end : RuleId::nd_resize_kept_map_dev;
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
    if (!request.force && !on_16m) {   // refused before the kernel is asked
        if (ns == nullptr || !ns->allocated) return;
        out.push_back(
            hazard(RuleId::ndctl_zeroes_first,
                   fmt::format("{} starts at {:#x}, no multiple of 16 MiB: ndctl zeroes its first 8 KiB, then refuses",
                               name_of(region, *ns), target.space.start)));
        return;
    }
    const auto geometry = pfn_geometry(trial.model.profile(), target.space, wanted.align, wanted.map);
    if (!geometry.refusal && geometry.geometry.usable == 0) {
        out.push_back(
            hazard(RuleId::nd_empty_device,
                   fmt::format("an align of {} leaves nothing of {}: {} in front, {} at the end",
                               human_size(wanted.align), to_string(target.space),
                               human_size(geometry.geometry.data_offset), human_size(geometry.geometry.end_trunc))));
    }
    if (geometry.refusal || wanted.map != PageMap::device) return;
    const InfoBlock info{.map = wanted.map, .align = wanted.align, .geometry = geometry.geometry};
    if (exhausted_by(trial, target, info) == RuleId::none) return;
    const Range pages{target.space.start, target.space.last - info.geometry.end_trunc};
    out.push_back(hazard(RuleId::nd_map_dev_unaligned_end,
                         fmt::format("{} needs more struct pages than {} hold", to_string(pages),
                                     human_size(info.geometry.memmap_reserve(info.map)))));
}

// false: ndctl passes the region over and goes on to the next one.
bool create_in(const NdBus& bus, const CreateRequest& request, const NdRegion& region, const NdNamespace* ns,
               std::vector<Hazard>& out) {
    Console unheard;
    Wanted wanted;
    const NdAnswer answer = ns == nullptr ? check_region(bus, request, region, unheard, wanted)
                                          : validate_request(bus, request, region, ns, unheard, wanted);
    if (!answer.ok()) return answer.error != EAGAIN;
    if (region.read_only) return true;
    if (ns != nullptr && ((ns->active && !request.force) || holds_online_memory(bus, region, *ns))) return true;
    if (region.labelled) {
        if (ns == nullptr || ns->identity != 0) label_is_written(region, out);
        if (dimms_enabled(region)) size_is_written(region, out);
        if (!out.empty()) return true;
        if (ns != nullptr) grows(bus, region, *ns, wanted.size, out);
    }
    created_at(bus, request, region, ns, wanted, out);
    return true;
}

void of_create(const NdBus& bus, const std::vector<std::string>& arguments, std::vector<Hazard>& out) {
    Console unheard;
    const auto request = read_create_request(bus.model.profile(), arguments, unheard);
    if (!request) return;
    for (const NdRegion* region : regions_in_order(bus)) {
        if (!matches_region(*region, request->where)) continue;
        if (!request->reconfigure) {
            if (create_in(bus, *request, *region, nullptr, out) && !request->greedy) return;
            continue;
        }
        for (const auto& [_, ns] : region->namespaces) {
            if (name_of(*region, ns) == *request->reconfigure) create_in(bus, *request, *region, &ns, out);
        }
    }
}

// Of a name, or of "all"; nothing where ndctl refuses before it writes.
void of_destroy(const NdBus& bus, const std::vector<std::string>& arguments, std::vector<Hazard>& out) {
    const ParsedOptions options = parse_options(kDestroyNamespaceOptions, arguments);
    const auto has = [&](std::string_view word) {
        return std::ranges::find(options.words, word) != options.words.end();
    };
    const bool force = options.is_set("force");
    for (const auto& region : bus.regions) {
        if (!region.labelled || region.read_only || !matches_region(region, filter_of(options))) continue;
        for (const auto& [_, ns] : region.namespaces) {
            const bool meant = has(name_of(region, ns)) || has("all");
            if (!meant || ns.identity == 0 || (ns.active && !force) || holds_online_memory(bus, region, ns)) continue;
            label_is_written(region, out);
            if (dimms_enabled(region)) size_is_written(region, out);
        }
    }
}

// --- enabling ----------------------------------------------------------------------------------------------------

// A map=dev whose space for struct pages does not hold them: the range cannot be mapped again before a reboot.
void of_enable(const NdBus& bus, const NdRegion& region, const NdNamespace& ns, std::vector<Hazard>& out) {
    const InfoBlock* info = info_block_of(bus, ns);
    if (ns.active || info == nullptr || info->mode == NsMode::sector) return;
    if (const NdAnswer refused = validate_info_block(bus.model.profile(), ns, *info); !refused.ok()) {
        if (refused.error != EOPNOTSUPP) {
            out.push_back(hazard(RuleId::nd_raw_fallback,
                                 fmt::format("{} comes up raw, without its {} info block ({})", name_of(region, ns),
                                             to_string(info->mode), rule(refused.rule).id)));
        }
        return;
    }
    const RuleId danger = info->map == PageMap::device ? exhausted_by(bus, ns, *info) : RuleId::none;
    if (danger == RuleId::none) return;
    out.push_back(
        hazard(danger, fmt::format("{} needs more struct pages than {} hold: {} cannot be mapped again until reboot",
                                   name_of(region, ns), human_size(info->geometry.memmap_reserve(info->map)),
                                   to_string(ns.space))));
}

void of_enable(const NdBus& bus, std::string_view name, const RegionFilter& filter, std::vector<Hazard>& out) {
    for (const auto& region : bus.regions) {
        if (!matches_region(region, filter)) continue;
        for (const auto& [_, ns] : region.namespaces) {
            const bool by_instance = ns.claimed && instance_name(region, *ns.claimed, ns.instance) == name;
            if (name == "all" || name == name_of(region, ns) || by_instance) of_enable(bus, region, ns, out);
        }
    }
}

// --- dax devices -------------------------------------------------------------------------------------------------

// kmem lets go of a device by any way: --force of destroy-device, an unbind, and a reconfiguration of a device of several
// ranges, of which libdaxctl sees but the blocks in [resource, resource + size).
void kmem_lets_go(const NdBus& bus, const NdBus& after, std::vector<Hazard>& out) {
    const auto drives = [](const DaxDevice& device) { return device.driver == DaxDriver::kmem; };
    for (const auto& device : bus.dax) {
        const DaxDevice* is = after.find_dax(device.name());
        if (!drives(device) || (is != nullptr && drives(*is))) continue;
        auto online = blocks_in(after.model, device.added);
        std::erase_if(online, [](const BlockInfo& block) { return !block.online; });
        if (online.empty()) continue;
        out.push_back(
            hazard(RuleId::nd_kmem_unbind_online,
                   fmt::format("{} of the memory blocks of {} are online, the first memory{}: they stay until reboot",
                               online.size(), device.name(), online.front().number)));
    }
}

// --- writes to sysfs ---------------------------------------------------------------------------------------------

void of_unbind(const NdBus& bus, std::string_view driver, std::string_view name, std::vector<Hazard>& out) {
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
            const bool taken = region.labelled && !ns.active && !ns.claimed && ns.identity != 0;
            if (name_of(region, ns) != name || !taken) continue;
            size_is_written(region, out);
            if (!out.empty() || !dimms_enabled(region)) return;   // refused before a label is written
            grows(bus, region, ns, size, out);
            keeps_info_block(bus, region, ns, size, out);
        }
    }
}

void of_uuid(const NdBus& bus, std::string_view name, std::vector<Hazard>& out) {
    for (const auto& region : bus.regions) {
        for (const auto& [_, ns] : region.namespaces) {
            if (name_of(region, ns) == name && region.labelled && !ns.active && !ns.claimed)
                label_is_written(region, out);
        }
    }
}

// mapping_store() does not ask for a driver, and dev_dax_kmem_probe() made its table for the ranges that there were.
void of_mapping(const NdBus& bus, std::string_view name, const NdBus& after, std::vector<Hazard>& out) {
    const DaxDevice* was = bus.find_dax(name);
    const DaxDevice* is = after.find_dax(name);
    if (was == nullptr || is == nullptr || was->driver != DaxDriver::kmem) return;
    if (is->ranges.size() == was->ranges.size()) return;
    out.push_back(hazard(
        RuleId::nd_mapping_under_kmem,
        fmt::format("{} is memory, with {} range{}: {} is not added, and kmem reads behind its table of "
                    "ranges when it lets go of the device",
                    name, was->ranges.size(), was->ranges.size() == 1 ? "" : "s", to_string(is->ranges.back()))));
}

bool takes_align(const NdBus& bus, std::string_view name, std::uint64_t align) {
    return std::ranges::any_of(bus.regions, [&](const NdRegion& region) {
        NdRegion trial = region;
        return name_of(region) == name && set_region_align(bus.model.profile(), trial, align).ok();
    });
}

void of_write(const NdBus& bus, const CommandLine& command, const NdBus& after, std::vector<Hazard>& out) {
    const std::string value = command.arguments.empty() ? std::string() : command.arguments.front();
    const std::string_view file = last_part(command.verb);
    const std::string_view parent = parent_part(command.verb);
    const auto number = parse_number(value);
    const bool has_align = bus.model.profile().has(Feature::nd_compat_align);
    if (file == "unbind") {
        of_unbind(bus, parent, value, out);
    } else if (file == "bind") {
        of_enable(bus, value, {}, out);
    } else if (file == "mapping") {
        of_mapping(bus, parent, after, out);
    } else if (file == "uuid") {
        of_uuid(bus, parent, out);
    } else if (file == "size" && number) {
        of_size(bus, parent, *number, out);
    } else if (file == "align" && has_align && number && *number >> 32 != 0 && takes_align(bus, parent, *number)) {
        out.push_back(hazard(RuleId::nd_region_align_4g,
                             fmt::format("an align of {} makes the next size that is written in {} divide by {:#x}",
                                         human_size(*number), parent, *number & 0xffffffff)));
    }
}

// Whatever is mapped there again behind it: the memmap of the neighbours is gone.
void memmap_lost(const NdBus& after, std::vector<Hazard>& out) {
    for (const auto& [mapping, losses] : after.unmapped) {
        const std::string unmapping = fmt::format("unmapping {} at {}", mapping.owner, to_string(mapping.range));
        for (const auto& loss : losses) {
            Hazard found = hazard(loss.rule, to_string(loss, unmapping));
            const bool known = std::ranges::find(out, found.text, &Hazard::text) != out.end();
            if (!known) out.push_back(std::move(found));
        }
    }
}

// A refusal behind the zeroing: the namespace has neither its old nor its new mode.
void zeroes_in_vain(const NdBus& bus, const NdBus& after, std::vector<Hazard>& out) {
    const auto known = [](const Hazard& one) { return one.rule == RuleId::ndctl_zeroes_first; };
    if (std::ranges::any_of(out, known)) return;
    for (const auto& region : bus.regions) {
        for (const auto& [id, ns] : region.namespaces) {
            const NdRegion* there = after.find_region(region.id);
            const NdNamespace* is = there == nullptr ? nullptr : there->find(id);
            const bool had = info_block_of(bus, ns) != nullptr || ns.info_hidden;
            if (!had || is == nullptr || info_block_of(after, *is) != nullptr || is->info_hidden) continue;
            out.push_back(hazard(RuleId::ndctl_zeroes_first,
                                 fmt::format("ndctl zeroes the info block of {}, and only then comes the refusal",
                                             name_of(region, ns))));
        }
    }
}

}   // namespace

std::vector<Hazard> hazards_of(const NdBus& bus, const CommandLine& command, const NdBus& after,
                               const CommandAnswer& answer) {
    std::vector<Hazard> out;
    if (command.program == "write") of_write(bus, command, after, out);
    if (command.verb == "create-namespace") of_create(bus, command.arguments, out);
    if (command.verb == "create-namespace" && answer.exit != 0) zeroes_in_vain(bus, after, out);
    if (command.verb == "destroy-namespace") of_destroy(bus, command.arguments, out);
    if (command.verb == "enable-namespace") {
        const ParsedOptions options = parse_options(kNamespaceOptions, command.arguments);
        for (const auto& word : options.words) of_enable(bus, word, filter_of(options), out);
    }
    kmem_lets_go(bus, after, out);
    memmap_lost(after, out);
    return out;
}

std::vector<Hazard> hazards_of(const NdBus& bus, const CommandLine& command) {
    NdBus after = bus;
    const CommandAnswer answer = run_command(after, command);
    return hazards_of(bus, command, after, answer);
}

}   // namespace memhot
