// SPDX-License-Identifier: LGPL-2.1-or-later
//
// ndctl destroy-namespace, enable-namespace and disable-namespace (ndctl/namespace.c, ndctl/lib/libndctl.c).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <functional>
#include <utility>

#include "nvdimm/command.hpp"
#include "nvdimm/option_tables.hpp"

namespace memhot {

namespace {

struct Action {
    std::string_view verb;      // "destroy"
    std::string_view doing;     // "destroying"
    std::string_view did;       // "destroyed"
    std::span<const OptionSpec> options;
    // What is done to one; `counts` says whether it is one more. Only the last answer decides.
    NdAnswer (*apply)(NdBus&, NdRegion&, int id, bool force, Console&, bool& counts);
};

// namespace_destroy(): a seed without space counts, too; of label-less ones only what was zeroed.
NdAnswer destroy(NdBus& bus, NdRegion& region, int id, bool force, Console& console, bool& counts) {
    NdNamespace& ns = *region.find(id);
    bool zeroed = false;
    if (auto refused = prepare_reconfigure(bus, region, ns, force, console, &zeroed); !refused.ok()) return refused;
    counts = region.labelled || zeroed;
    if (!region.labelled) return {0, RuleId::nd_accepted};
    const NdAnswer answer = set_size(region, ns, 0);
    if (answer.rule == RuleId::nd_size_no_uuid) return {0, RuleId::nd_accepted};   // was deleted already
    drop_if_idle(region, id);
    return answer;
}

NdAnswer enable(NdBus& bus, NdRegion& region, int id, bool /*force*/, Console&, bool& counts) {
    NdAnswer answer = enable_namespace(bus, region, *region.find(id));
    counts = answer.ok();
    return answer;
}

NdAnswer disable(NdBus& bus, NdRegion& region, int id, bool /*force*/, Console&, bool& counts) {
    NdAnswer answer = disable_safe(bus, region, *region.find(id));
    counts = answer.ok();
    return answer;
}

bool is_number(std::string_view text, int wanted) {
    int id = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, id);
    return error == std::errc{} && rest == end && id == wanted;
}

constexpr std::array kActions{
    Action{"destroy", "destroying", "destroyed", kDestroyNamespaceOptions, destroy},
    Action{"enable", "enabling", "enabled", kNamespaceOptions, enable},
    Action{"disable", "disabling", "disabled", kNamespaceOptions, disable},
};

// In the order of ndctl, whose answer is that of the last one: libndctl puts each that readdir() finds in front.
std::vector<int> ids_of(const NdRegion& region, std::string_view name) {
    std::vector<int> ids;
    for (const auto& [id, ns] : region.namespaces) {
        if (name == "all" ? ns.allocated || ns.identity != 0 : name_of(region, ns) == name) ids.push_back(id);
    }
    std::ranges::sort(ids, std::greater(), [&](int id) { return sysfs_order(name_of(region, *region.find(id))); });
    return ids;
}

// do_xaction_namespace()
CommandAnswer for_each(NdBus& bus, const Action& action, const ParsedOptions& options, Console& console) {
    const std::string& name = options.words.front();
    NdAnswer last = name == "all" ? NdAnswer{0, RuleId::nd_accepted} : nd_refuse(RuleId::ndctl_no_such);
    int count = 0;
    for (NdRegion* region : regions_in_order(bus)) {
        if (!matches_region(*region, filter_of(options))) continue;
        for (const int id : ids_of(*region, name)) {
            bool counts = false;
            last = action.apply(bus, *region, id, options.is_set("force"), console, counts);
            if (last.crash) return console.finish(-EIO, last);
            count += counts ? 1 : 0;
        }
    }
    const bool hidden = action.verb == "enable";   // libndctl makes ENXIO of everything
    const int shown = last.ok() ? 0 : hidden ? ENXIO : last.error;
    if (shown != 0 && console.errors() == 0) {
        console.say(fmt::format("error {} namespaces: {}", action.doing, errno_text(shown)));
    }
    console.say(fmt::format("{} {} namespace{}", action.did, count, count == 1 ? "" : "s"));
    return console.finish(-shown, last);
}

CommandAnswer run(NdBus& bus, std::string_view verb, const std::vector<std::string>& arguments) {
    const Action& action = *std::ranges::find(kActions, verb, &Action::verb);
    Console console(fmt::format("{} namespace", verb));
    ParsedOptions options = parse_options(action.options, arguments);
    if (!options.error.empty()) {
        console.say(std::move(options.error));
        return console.usage(RuleId::ndctl_usage);
    }
    if (options.words.empty()) console.error(fmt::format("specify a namespace to {}, or \"all\"", verb));
    for (std::size_t i = 1; i < options.words.size(); ++i) {
        console.error(fmt::format("unknown extra parameter \"{}\"", options.words[i]));
    }
    if (options.words.size() != 1) return console.usage(RuleId::ndctl_usage);
    return for_each(bus, action, options, console);
}

}   // namespace

FoundNamespace find_namespace(NdBus& bus, std::string_view name) {
    for (auto& region : bus.regions) {
        for (auto& [_, ns] : region.namespaces) {
            if (name_of(region, ns) == name) return {&region, &ns};
        }
    }
    return {};
}

// By bus (/sys/class/nd/ndctlN), each level in the reversed order of its directory.
std::vector<const NdRegion*> regions_in_order(const NdBus& bus) {
    std::vector<const NdRegion*> regions;
    for (const auto& region : bus.regions) regions.push_back(&region);
    std::ranges::sort(regions, std::greater(), [](const NdRegion* region) {
        return std::pair(sysfs_order(fmt::format("ndctl{}", region->bus)), sysfs_order(name_of(*region)));
    });
    return regions;
}

std::vector<NdRegion*> regions_in_order(NdBus& bus) {
    std::vector<NdRegion*> regions;
    for (const NdRegion* region : regions_in_order(std::as_const(bus))) regions.push_back(bus.find_region(region->id));
    return regions;
}

RegionFilter filter_of(const ParsedOptions& options) { return {options.value("bus"), options.value("region")}; }

bool matches_region(const NdRegion& region, const RegionFilter& filter) {
    const auto is_of_bus = [&](const std::string& text) {
        if (text == "all" || is_number(text, region.bus) || text == fmt::format("ndbus{}", region.bus)) return true;
        return !region.provider.empty() && text == region.provider;
    };
    const auto is_it = [&](const std::string& text) {
        return text == "all" || is_number(text, region.id) || text == name_of(region);
    };
    return (!filter.bus || is_of_bus(*filter.bus)) && (!filter.region || is_it(*filter.region));
}

std::size_t online_blocks(const NdBus& bus, const DaxDevice& device) {
    const auto numbers = blocks_of(bus, device);
    return static_cast<std::size_t>(
        std::ranges::count_if(numbers, [&](std::uint64_t number) { return bus.model.block(number)->online; }));
}

NdAnswer disable_safe(NdBus& bus, NdRegion& region, NdNamespace& ns) {
    const DaxDevice* device = device_over(bus, region, ns);
    if (ns.active && device != nullptr && online_blocks(bus, *device) != 0) return nd_refuse(RuleId::ndctl_system_ram);
    disable_namespace(bus, region, ns);
    return {0, RuleId::nd_accepted};
}

bool zero_info_block(NdBus& bus, NdRegion& region, NdNamespace& ns, Console& console) {
    const bool lay_there = ns.info_hidden || bus.media.contains(ns.space.start);
    if (!enable_raw_and_disable(bus, region, ns)) {   // ndctl 77 and later pass over what has no space
        console.err(fmt::format("{} failed to enable for zeroing, continuing", name_of(region, ns)));
        return false;
    }
    ++ns.zeroed;
    ns.info_hidden = false;
    bus.media.erase(ns.space.start);
    return lay_there;
}

NdAnswer prepare_reconfigure(NdBus& bus, NdRegion& region, NdNamespace& ns, bool force, Console& console,
                             bool* zeroed) {
    const std::string name = name_of(region, ns);
    if (region.read_only) {
        console.error(fmt::format("{}: read-only, re-configuration disabled", name));
        return nd_refuse(RuleId::ndctl_read_only);
    }
    if (ns.active && !force) {
        console.error(fmt::format("{} is active, specify --force for re-configuration", name));
        return nd_refuse(RuleId::ndctl_active);
    }
    if (auto refused = disable_safe(bus, region, ns); !refused.ok()) return refused;
    // holder_class is emptied, and each label follows: nd_pmem_namespace_label_update() looks at the driver of its DIMM
    const bool has_labels = region.labelled && ns.identity != 0;
    if (has_labels && !dimms_enabled(region)) {
        return {.error = 0, .rule = RuleId::nd_unbind_active_dimm, .crash = true};
    }
    const bool was_zeroed = zero_info_block(bus, region, ns, console);
    if (zeroed != nullptr) *zeroed = was_zeroed;
    return {0, RuleId::nd_accepted};
}

CommandAnswer destroy_namespace(NdBus& bus, const std::vector<std::string>& arguments) {
    return run(bus, "destroy", arguments);
}
CommandAnswer enable_namespace(NdBus& bus, const std::vector<std::string>& arguments) {
    return run(bus, "enable", arguments);
}
CommandAnswer disable_namespace(NdBus& bus, const std::vector<std::string>& arguments) {
    return run(bus, "disable", arguments);
}

}   // namespace memhot
