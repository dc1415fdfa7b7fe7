// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan/blocks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "units/device_name.hpp"
#include "units/quote.hpp"

namespace memhot::plan {

namespace {

constexpr std::string_view kExpected = "expected START-END, START+SIZE, memoryN, blockN-M, nodeN, daxN.M, "
                                       "namespaceN.M, regionN or a size (4G)";

const NdNamespace* find_namespace(const NdBus& bus, const std::string& name, const NdRegion*& region) {
    for (const auto& each : bus.regions) {
        for (const auto& [_, ns] : each.namespaces) {
            if (name_of(each, ns) != name) continue;
            region = &each;
            return &ns;
        }
    }
    return nullptr;
}

// The dax devices that a name means: daxN.M itself; namespaceN.M the one over it; regionN, of nvdimm or of CXL, all of the
// dax region, which has its number (drivers/dax/pmem.c, drivers/dax/cxl.c). Nothing where it is no name of a device.
std::optional<std::vector<const DaxDevice*>> devices_of(const Builder& builder, const std::string& thing) {
    std::vector<const DaxDevice*> out;
    const auto add = [&](const DaxDevice* device) {
        if (device != nullptr) out.push_back(device);
    };
    if (units::parse_device_name(thing, "dax")) {
        add(builder.bus().find_dax(thing));
        return out;
    }
    if (units::parse_device_name(thing, "namespace")) {
        const NdRegion* region = nullptr;
        const NdNamespace* ns = find_namespace(builder.bus(), thing, region);
        if (ns != nullptr) add(device_over(builder.bus(), *region, *ns));
        return out;
    }
    const auto region = units::parse_device_name(thing, "region");
    if (!region || region->second) return std::nullopt;
    for (const auto& device : builder.bus().dax) {
        if (device.region == region->first) add(&device);
    }
    return out;
}

Result<std::vector<Range>> ranges_of_devices(const std::string& thing, const std::vector<const DaxDevice*>& devices) {
    std::vector<Range> out;
    std::string others;
    for (const auto* device : devices) {
        out.insert(out.end(), device->added.begin(), device->added.end());
        if (device->driver != DaxDriver::kmem) others += (others.empty() ? "" : ", ") + device->name();
    }
    if (!out.empty()) return out;
    if (devices.empty())
        return Error(ErrorKind::not_found, fmt::format("{}: there is no such dax device{}", thing,
                                                       thing.starts_with("dax") ? "" : ", nor one on it"));
    if (others.empty()) {   // kmem drives it, and has nothing
        const std::string name = devices.front()->name();
        const bool unplugged = devices.front()->kmem_state == "unplugged";
        return Error(ErrorKind::not_found,
                     fmt::format("{}: no System RAM, so there are no memory blocks: kmem has no memory of {}{}", thing,
                                 name, unplugged ? "; `memhotctl dax online " + name + "` brings it back" : ""));
    }
    return Error(ErrorKind::not_found,
                 fmt::format("{}: no System RAM, so there are no memory blocks: {} {} in mode devdax; `memhotctl dax "
                             "reconfigure {} --mode=system-ram` makes RAM of it",
                             thing, others, devices.size() == 1 ? "is" : "are", devices.front()->name()));
}

Result<std::vector<Range>> ranges_of_thing(const Builder& builder, const std::string& thing) {
    const std::uint64_t size = builder.block_size();
    if (const auto node = units::parse_device_name(thing, "node"); node && !node->second) {
        std::vector<Range> out;
        for (const auto& block : builder.model().blocks()) {
            if (block.node == node->first) out.push_back({block.number * size, block.number * size + (size - 1)});
        }
        if (out.empty()) return Error(ErrorKind::not_found, fmt::format("{}: no memory block is on this node", thing));
        return out;
    }
    if (const auto devices = devices_of(builder, thing)) return ranges_of_devices(thing, *devices);
    auto range = parse_range(thing, builder.model().units());
    if (range) return std::vector<Range>{*range};
    if (range.error().kind() != ErrorKind::not_found && range.error().kind() != ErrorKind::bad_input)
        return std::move(range).error();
    if (range.error().kind() == ErrorKind::bad_input)
        return bad_input(fmt::format("{}: {}", units::quoted(thing), kExpected));
    return Error(ErrorKind::not_found,
                 fmt::format("{}: nothing of this name has memory blocks, {}", units::quoted(thing), kExpected));
}

// all: the blocks of the host, ascending; a node may have as many ranges as blocks.
Status take_blocks(Builder& builder, const std::vector<BlockInfo>& all, const Range& range,
                   std::vector<BlockInfo>& out) {
    const std::uint64_t size = builder.block_size();
    if (!is_aligned(range.start, size) || !is_aligned(range.last + 1, size)) return not_whole(builder, range);
    const auto first = std::ranges::lower_bound(all, range.start / size, {}, &BlockInfo::number);
    const auto end = std::ranges::upper_bound(first, all.end(), range.last / size, {}, &BlockInfo::number);
    out.insert(out.end(), first, end);
    const auto there = static_cast<std::uint64_t>(end - first);
    const std::uint64_t asked = (range.last / size) - (range.start / size) + 1;
    if (there != 0 && there != asked)
        builder.note(fmt::format("{}: {} of {} memory blocks are there", to_string(range), there, asked));
    if (there != 0) return Done{};
    return Error(ErrorKind::not_found, fmt::format("{}: there is no memory block", to_string(range)));
}

std::string_view word_for(WantedZone zone) {
    switch (zone) {
        case WantedZone::kernel: return "online_kernel";
        case WantedZone::movable: return "online_movable";
        case WantedZone::automatic: break;
    }
    return "online";
}

std::string zone_of(const Model& model, std::uint64_t number) {
    const auto block = model.block(number);
    return block ? block->valid_zones : std::string("?");
}

}   // namespace

Error not_whole(const Builder& builder, const Range& range) {
    const std::uint64_t size = builder.block_size();
    const std::uint64_t start = align_down(range.start, size);
    const Range whole{start, align_down(range.last, size) + (size - 1)};
    return bad_input(fmt::format("{} is not of whole memory blocks of {}; the blocks that it touches are {}",
                                 to_string(range), exact_size(size), to_string(whole)));
}

bool in_movable(const BlockInfo& block) { return block.online && block.valid_zones == "Movable"; }

bool in_kernel_zone(const BlockInfo& block) { return block.online && block.valid_zones != "Movable"; }

Result<std::vector<BlockInfo>> blocks_of_things(Builder& builder) {
    if (builder.block_size() == 0) {
        return Error(ErrorKind::unsupported, "this host has no memory blocks: its kernel is without memory hotplug");
    }
    const std::vector<BlockInfo> all = builder.model().blocks();
    std::vector<BlockInfo> out;
    for (const auto& thing : builder.wish().things) {
        const auto ranges = ranges_of_thing(builder, thing);
        if (!ranges) return ranges.error();
        for (const auto& range : *ranges) {
            if (auto taken = take_blocks(builder, all, range, out); !taken) return taken.error();
        }
    }
    std::ranges::sort(out, {}, &BlockInfo::number);
    const auto twice = std::ranges::unique(out, {}, &BlockInfo::number);
    out.erase(twice.begin(), twice.end());
    return out;
}

Result<std::optional<std::uint64_t>> blocks_of_size(const Builder& builder) {
    const auto& things = builder.wish().things;
    // A number without a unit would be a range by its first address.
    const bool has_unit = things.size() == 1 && !things.front().empty() &&
                          std::string_view("KMGTPkmgtp").find(things.front().back()) != std::string_view::npos;
    if (!has_unit) return std::optional<std::uint64_t>();
    const auto bytes = parse_size(things.front());
    if (!bytes || things.front().find_first_of("+-") != std::string::npos) return std::optional<std::uint64_t>();
    const std::uint64_t size = builder.block_size();
    if (size == 0) return Error(ErrorKind::unsupported, "this host has no memory blocks");
    if (*bytes != 0 && *bytes % size == 0) return std::optional<std::uint64_t>(*bytes / size);
    return bad_input(fmt::format("{}: expected a multiple of the memory block size, which is {} here", things.front(),
                                 exact_size(size)));
}

void most_removable_first(std::vector<BlockInfo>& blocks) {
    std::ranges::sort(blocks, [](const BlockInfo& a, const BlockInfo& b) {
        if (in_movable(a) != in_movable(b)) return in_movable(a);
        return a.number > b.number;
    });
}

std::string name_of_block(const Builder& builder, std::uint64_t number) {
    const std::uint64_t start = number * builder.block_size();
    return fmt::format("memory{} ({})", number, to_string(Range{start, start + (builder.block_size() - 1)}));
}

std::string list_of(std::vector<std::uint64_t> numbers) {
    std::ranges::sort(numbers);
    std::string out;
    for (std::size_t i = 0; i < numbers.size();) {
        std::size_t last = i;
        while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
        out += fmt::format("{}memory{}", out.empty() ? "" : ", ", numbers[i]);
        if (last != i) out += fmt::format("-{}", numbers[last]);
        i = last + 1;
    }
    return out;
}

WriteAction state_write(std::uint64_t number, std::string_view word) {
    return {fmt::format("/sys/devices/system/memory/memory{}/state", number), std::string(word)};
}

std::optional<std::uint64_t> block_written(const WriteAction& write) {
    constexpr std::string_view kBlock = "/sys/devices/system/memory/memory";
    constexpr std::string_view kState = "/state";
    std::string_view path = write.path;
    if (!path.starts_with(kBlock) || !path.ends_with(kState)) return std::nullopt;
    path.remove_prefix(kBlock.size());
    path.remove_suffix(kState.size());
    const auto number = parse_number(path);
    return number ? std::optional(*number) : std::nullopt;
}

PlanStep& online_block(Builder& builder, const BlockInfo& block, WantedZone zone) {
    builder.rely_on_block(block.number);
    const op::SetState operation{block.number, std::string(word_for(zone))};
    PlanStep& step = builder.write(state_write(block.number, operation.state), operation, {"online", "onlined", ""});
    const std::string rest =
        step.verdict.outcome.accepted()
            ? fmt::format("{} in zone {}", name_of_block(builder, block.number), zone_of(builder.model(), block.number))
            : name_of_block(builder, block.number);
    step.block = block.number;
    step.would += rest;
    step.did += rest;
    step.undo = {state_write(block.number, "offline")};
    return step;
}

namespace {

// The kernel shrinks a zone whose last block goes, and a block comes back into the zone that spans it then
// (mm/memory_hotplug.c: remove_pfn_range_from_zone, default_kernel_zone_for_pfn).
std::string zone_of_return(const Builder& builder, const BlockInfo& block) {
    Model back = builder.model();
    const op::SetState online{block.number, "online_kernel"};
    if (const Outcome outcome = back.outcome(online); outcome.accepted()) back.apply(online, outcome);
    const auto now = back.block(block.number);
    if (!now || !now->online || now->valid_zones == block.valid_zones) return {};
    return fmt::format("it comes back in zone {}: zone {} no longer reaches to it", now->valid_zones,
                       block.valid_zones);
}

}   // namespace

PlanStep& offline_block(Builder& builder, const BlockInfo& block) {
    builder.rely_on_block(block.number);
    const op::SetState operation{block.number, "offline"};
    PlanStep& step =
        builder.write(state_write(block.number, "offline"), operation,
                      {"offline", "offlined",
                       fmt::format("{} from zone {}", name_of_block(builder, block.number), block.valid_zones)});
    step.block = block.number;
    step.undo = {state_write(block.number, in_movable(block) ? "online_movable" : "online_kernel")};
    if (!in_movable(block)) step.undo_differs = zone_of_return(builder, block);
    return step;
}

}   // namespace memhot::plan
