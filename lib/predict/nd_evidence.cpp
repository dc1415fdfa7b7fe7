// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <fmt/format.h>

#include "nvdimm/dax_region.hpp"
#include "predict/command_edit.hpp"
#include "predict/nd_parts.hpp"

namespace memhot {

namespace {

constexpr std::size_t kMostRegions = 4;

std::string seen(const NdBus& bus, const NdRegion& region) {
    std::string text =
        fmt::format("{}: {}, align {}", name_of(region), to_string(region.space), exact_size(region.align));
    if (region.ways > 1) text += fmt::format(", {} DIMMs interleaved", region.ways);
    if (!region.enabled) text += ", disabled";
    if (region.read_only) text += ", read-only";
    if (!region.labelled && region.can_label) {
        return text + ", label-less; its DIMMs take labels, and ndctl initialises them where it reconfigures";
    }
    if (!region.labelled) return text + ", label-less";
    const bool ignore = bus.model.profile().has(Feature::nd_full_dimm_ignored);
    text += fmt::format(", {} available, largest extent {}", human_size(available_size(region)),
                        human_size(max_available_extent(region, ignore)));
    if (const auto align = align_that_shows(bus, region, 0)) {
        NdRegion trial = region;
        set_region_align(bus.model.profile(), trial, *align);
        text += fmt::format(" ({} with an align of {})", human_size(max_available_extent(trial, ignore)),
                            exact_size(*align));
    }
    if (const NdNamespace* seed = left_over_seed(region)) {
        const std::uint64_t beyond = seed->space.start % kNdctlStartAlign;
        const std::string misaligned =
            beyond == 0 ? "" : fmt::format(" (misaligned to 16M, by {})", human_size(beyond));
        text += fmt::format("; its seed {} holds {} at {:#x}{} and was never driven", name_of(region, *seed),
                            human_size(seed->size()), seed->space.start, misaligned);
    }
    return text;
}

std::string seen(const NdBus& bus, const DaxRegion& region) {
    return fmt::format("dax region {}: {}, align {}, {} available", region.id, to_string(region.space),
                       exact_size(region.align), exact_size(available_size(bus, region)));
}

// daxctl/device.c goes on with what __parse_size64() says of a text that it cannot read: -1, no size.
std::string unread_size(const CommandLine& command) {
    const auto text = command.program == "daxctl" ? value_of(command, kSize) : std::nullopt;
    if (!text || parse_tool_size(*text)) return {};
    return fmt::format("daxctl cannot read the size {} and goes on as if none was given", *text);
}

// do_reconfig() (daxctl/device.c): a size or an align ends it before the mode is looked at.
std::string unheard_mode(const CommandLine& command) {
    const bool resizes = has(command, kSize) || has(command, kAlign);
    if (command.verb != "reconfigure-device" || !has(command, kMode) || !resizes) return {};
    return "daxctl does not look at -m where there is a size or an align: the mode stays as it is";
}

std::string seen(const NdBus& bus, const NdRegion& region, const NdNamespace& ns) {
    if (!ns.allocated) return fmt::format("{}: idle, no space", name_of(region, ns));
    std::string text = fmt::format("{}: {}", name_of(region, ns), to_string(ns.space));
    if (ns.active) return text + fmt::format(", active as {}", to_string(ns.active->mode));
    if (const InfoBlock* info = info_block_of(bus, ns)) {
        return text + fmt::format(", disabled, with an info block of {}", to_string(info->mode));
    }
    return text + ", disabled";
}

std::string seen(const NdBus& bus, const DaxDevice& device) {
    std::string text = device.name() + ":";
    for (const auto& range : device.ranges) text += " " + to_string(range);
    if (device.ranges.empty()) text += " no space";
    if (device.driver == DaxDriver::none) return text + ", no driver";
    if (device.driver == DaxDriver::device_dax) return text + ", devdax";
    const auto blocks = blocks_in(bus.model, device.added);
    text += fmt::format(", system-ram, {} of {} memory blocks online, node {}",
                        std::ranges::count(blocks, true, &BlockInfo::online), blocks.size(), device.target_node);
    if (!device.kmem_state.empty()) text += ", state " + device.kmem_state;
    const std::size_t seen = blocks_of(bus, device).size();
    if (seen != blocks.size()) text += fmt::format("; daxctl takes it for {} in one piece", seen);
    return text;
}

}   // namespace

std::vector<Evidence> nd_evidence(const NdBus& bus, const CommandLine& command, const NdSubject& subject) {
    std::vector<Evidence> out;
    const auto put = [&](std::string text) { out.push_back({Evidence::Kind::device, std::move(text)}); };
    for (std::size_t i = 0; i < std::min(subject.regions.size(), kMostRegions); ++i)
        put(seen(bus, *subject.regions[i]));
    if (subject.regions.size() > kMostRegions)
        put(fmt::format("and {} more regions", subject.regions.size() - kMostRegions));
    if (subject.ns != nullptr) put(seen(bus, *subject.regions.front(), *subject.ns));
    if (auto text = unread_size(command); !text.empty()) put(std::move(text));
    if (auto text = unheard_mode(command); !text.empty()) put(std::move(text));
    for (const DaxRegion* region : subject.dax_regions) put(seen(bus, *region));
    if (subject.device != nullptr) put(seen(bus, *subject.device));
    return out;
}

}   // namespace memhot
