// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Drivers of dax devices: device_dax (drivers/dax/device.c), kmem (drivers/dax/kmem.c) and how the bus chooses
// (drivers/dax/bus.c). A device may have several ranges; a mapping or memory is then asked for range by range.
#include <algorithm>
#include <cerrno>
#include <fmt/format.h>

#include "model/state.hpp"
#include "nvdimm/kernel_log.hpp"

namespace memhot {

namespace {

constexpr std::string_view kUnplugged = "unplugged";

bool try_apply(NdBus& bus, const Operation& operation, NdAnswer& answer, int handle = -1) {
    const Outcome outcome = carry_out(bus, operation, handle);
    if (!outcome.accepted()) answer = {outcome.error, outcome.rule};
    return outcome.accepted();
}

void force(NdBus& bus, const Operation& operation) { carry_out(bus, operation, Outcome::accept(RuleId::none)); }

void release_first(NdBus& bus, const DaxDevice& device, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) force(bus, op::Release{device.ranges[i].start, device.ranges[i].size()});
}

bool claim_all(NdBus& bus, const DaxDevice& device, NdAnswer& answer) {
    for (std::size_t i = 0; i < device.ranges.size(); ++i) {
        const Range& range = device.ranges[i];
        if (try_apply(bus, op::Claim{range.start, range.size(), device.name()}, answer)) continue;
        log_range_taken(bus, device, i);
        release_first(bus, device, i);
        return false;
    }
    return true;
}

// dev_dax_probe(): vmemmap_shift is that of the align, unless that is a page.
std::uint64_t compound_of(const NdBus& bus, const DaxDevice& device) {
    return device.align > bus.model.profile().page_size ? device.align : 0;
}

// memremap_pages() of every range: one that fails takes the others back.
bool map_all(NdBus& bus, DaxDevice& device, NdAnswer& answer) {
    for (const Range& range : device.pages) {
        const int handle = next_handle(bus.model);
        const op::Map map{.type = MapType::generic,
                          .start = range.start,
                          .size = range.size(),
                          .claim = false,
                          .owner = device.name(),
                          .altmap = device.altmap,
                          .compound = compound_of(bus, device)};
        if (try_apply(bus, map, answer, handle)) {
            device.mappings.push_back(handle);
            continue;
        }
        for (const int mapped : device.mappings) force(bus, op::Unmap{mapped});
        device.mappings.clear();
        return false;
    }
    return true;
}

bool is_dynamic(const NdBus& bus, const DaxDevice& device) { return bus.find_dax_region(device.region) != nullptr; }

// dax_bus_probe(): a device that was bound once is no seed any more.
void bound(NdBus& bus, DaxDevice& device, DaxDriver driver) {
    device.driver = driver;
    DaxRegion* region = bus.find_dax_region(device.region);
    if (region != nullptr && region->seed == device.id) region->seed.reset();
}

// One range of a device: whole blocks are claimed and added. Some memory is enough for success.
// group: all of the device's (eedf634aac3b).
bool add_range(NdBus& bus, DaxDevice& device, const Range& blocks, const std::vector<Range>& group, NdAnswer& answer) {
    if (!try_apply(bus, op::Claim{blocks.start, blocks.size(), device.name(), false}, answer)) {
        log_kmem_range(bus, device, blocks, false);
        return false;
    }
    const op::Add add{.start = blocks.start,
                      .size = blocks.size(),
                      .node = device.target_node,
                      .driver_managed = true,
                      .memmap_on_memory = device.memmap_on_memory,
                      .resource_name = "System RAM (kmem)",
                      .group = group};
    if (try_apply(bus, add, answer)) {
        device.added.push_back(blocks);
        return true;
    }
    log_kmem_range(bus, device, blocks, true);
    force(bus, op::RemoveResource{blocks.start, blocks.size(), device.name()});
    return false;
}

NdAnswer probe_device_dax(NdBus& bus, DaxDevice& device) {
    NdAnswer answer{0, RuleId::nd_accepted};
    if (device.ranges.empty()) return nd_refuse(RuleId::nd_dax_empty);
    if (device.prepopulated && bus.model.profile().has(Feature::dax_prepopulated_check)) {
        log_line(bus, log_device(device, DaxDriver::device_dax), "dynamic-dax with pre-populated page map");
        return nd_refuse(RuleId::nd_dax_prepopulated);
    }
    if (!claim_all(bus, device, answer)) return answer;
    if (!map_all(bus, device, answer)) {
        release_first(bus, device, device.ranges.size());
        device.prepopulated = is_dynamic(bus, device);
        return answer;
    }
    bound(bus, device, DaxDriver::device_dax);
    return answer;
}

// The whole blocks in each of its ranges.
std::vector<Range> wanted_blocks(const NdBus& bus, const DaxDevice& device) {
    std::vector<Range> out;
    for (const Range& range : device.ranges) {
        if (const auto blocks = kmem_blocks(range, bus.model.block_size())) out.push_back(*blocks);
    }
    return out;
}

NdAnswer probe_kmem(NdBus& bus, DaxDevice& device) {
    NdAnswer answer{0, RuleId::nd_accepted};
    if (device.ranges.empty()) return nd_refuse(RuleId::nd_dax_empty);
    if (device.target_node < 0) {
        log_kmem_no_node(bus, device);
        return nd_refuse(RuleId::nd_kmem_no_node);
    }
    log_kmem_trimming(bus, device);
    const std::vector<Range> wanted = wanted_blocks(bus, device);
    if (wanted.empty() && bus.model.profile().has(Feature::kmem_refuses_empty))
        return nd_refuse(RuleId::nd_kmem_no_block);
    for (const Range& blocks : wanted) {
        NdAnswer refused;
        if (add_range(bus, device, blocks, wanted, refused) || !device.added.empty()) continue;
        return refused;   // the first one decides
    }
    bound(bus, device, DaxDriver::kmem);   // before 5.17 also with no memory at all
    device.kmem_state = kmem_state_by_policy(bus.model);
    return answer;
}

// offline_and_remove_memory_ranges(): all of it or nothing.
NdAnswer unplug(NdBus& bus, DaxDevice& device, bool& uncertain) {
    for (const Range& blocks : device.added) {
        const Outcome outcome = bus.model.outcome(op::OfflineAndRemove{blocks.start, blocks.size()});
        uncertain = uncertain || outcome.kind == Outcome::Kind::uncertain;
        if (outcome.kind != Outcome::Kind::refused) continue;
        uncertain = false;
        log_line(bus, log_device(device, DaxDriver::kmem),
                 fmt::format("hotremove failed, device left online: -{}", outcome.error));
        return {outcome.error, outcome.rule};
    }
    for (const Range& blocks : device.added) {
        carry_out(bus, op::OfflineAndRemove{blocks.start, blocks.size()},
                  Outcome::accept(RuleId::offline_remove_accepted));
        force(bus, op::RemoveResource{blocks.start, blocks.size(), device.name()});
    }
    device.added.clear();
    device.kmem_state = kUnplugged;
    return {0, RuleId::nd_accepted};
}

// dax_kmem_do_hotplug(): the word is the policy of this one add.
NdAnswer plug(NdBus& bus, DaxDevice& device, std::string_view word) {
    const auto set_policy = [&bus](OnlineType type) {
        bus.model.apply(op::SetAutoOnline{std::string(to_string(type))}, Outcome::accept(RuleId::auto_online_accepted));
    };
    const OnlineType policy = bus.model.state().policy.default_online;
    set_policy(*parse_online_type(word));
    NdAnswer answer{0, RuleId::nd_accepted};
    const std::vector<Range> wanted = wanted_blocks(bus, device);
    for (const Range& blocks : wanted) {
        NdAnswer refused;
        if (add_range(bus, device, blocks, wanted, refused) || !device.added.empty()) continue;
        answer = refused;   // the first one decides
        break;
    }
    set_policy(policy);
    if (answer.ok()) device.kmem_state = word;
    return answer;
}

}   // namespace

NdAnswer bind_device_dax(NdBus& bus, DaxDevice& device) {
    const NdAnswer answer = probe_device_dax(bus, device);
    log_probe_failed(bus, log_device(device, DaxDriver::device_dax), answer.error);
    return answer;
}

void unbind_device_dax(NdBus& bus, DaxDevice& device) {
    for (const int handle : device.mappings) force(bus, op::Unmap{handle});
    release_first(bus, device, device.ranges.size());
    device.mappings.clear();
    device.driver = DaxDriver::none;
}

NdAnswer bind_kmem(NdBus& bus, DaxDevice& device) {
    const NdAnswer answer = probe_kmem(bus, device);
    log_probe_failed(bus, log_device(device, DaxDriver::kmem), answer.error);
    return answer;
}

bool unbind_kmem(NdBus& bus, DaxDevice& device) {
    bool all_gone = true;
    for (const Range& blocks : device.added) {
        NdAnswer answer;
        if (try_apply(bus, op::Remove{blocks.start, blocks.size()}, answer)) {
            force(bus, op::RemoveResource{blocks.start, blocks.size(), device.name()});
        } else {
            log_kmem_stuck(bus, device, blocks);
            all_gone = false;
        }
    }
    if (!all_gone) log_kmem_all_stuck(bus, device);
    device.added.clear();
    device.kmem_state.clear();
    device.driver = DaxDriver::none;
    return all_gone;
}

std::string kmem_state_by_policy(const Model& model) {
    if (!model.profile().has(Feature::kmem_state)) return {};
    return std::string(to_string(model.state().policy.default_online));
}

NdAnswer write_kmem_state(NdBus& bus, DaxDevice& device, std::string_view word, bool& uncertain) {
    const auto type = parse_online_type(word);
    const bool known = word == kUnplugged || (type && *type != OnlineType::offline);
    if (!known) return nd_refuse(RuleId::nd_kmem_state_text);
    if (word == device.kmem_state) return {0, RuleId::nd_accepted};   // whatever its blocks say
    if (word == kUnplugged) return unplug(bus, device, uncertain);
    return device.kmem_state == kUnplugged ? plug(bus, device, word) : nd_refuse(RuleId::nd_kmem_state_busy);
}

void unbind_dax(NdBus& bus, DaxDevice& device) {
    if (device.driver == DaxDriver::kmem) unbind_kmem(bus, device);
    if (device.driver == DaxDriver::device_dax) unbind_device_dax(bus, device);
}

// device_dax takes every device but those that kmem has by default (6.3 and later); kmem takes those it was told by name.
// Where both want it, device_dax is asked first: it was there when the bus was set up, and daxctl loads kmem later.
void attach_dax(NdBus& bus, DaxDevice& device) {
    const DaxRegion* region = bus.find_dax_region(device.region);
    const bool kmem_first = region != nullptr && region->kmem_by_default && !bus.device_dax_ids.contains(device.name());
    if (kmem_first) {
        bind_kmem(bus, device);
    } else {
        bind_device_dax(bus, device);
    }
}

std::vector<BlockInfo> blocks_in(const Model& model, const std::vector<Range>& ranges) {
    std::vector<BlockInfo> blocks;
    const std::uint64_t size = model.block_size();
    for (const auto& range : ranges) {
        for (std::uint64_t number = range.start / size; number * size < range.last; ++number) {
            if (auto block = model.block(number)) blocks.push_back(*std::move(block));
        }
    }
    return blocks;
}

std::vector<std::uint64_t> blocks_of(const NdBus& bus, const DaxDevice& device) {
    std::vector<std::uint64_t> numbers;
    if (device.driver != DaxDriver::kmem || device.ranges.empty()) return numbers;
    const std::uint64_t size = bus.model.block_size();
    const std::uint64_t end = device.resource() + device.size();
    for (std::uint64_t number = align_up(device.resource(), size) / size; number * size < end; ++number) {
        const auto block = bus.model.block(number);
        if (block && block->node == device.target_node) numbers.push_back(number);
    }
    return numbers;
}

}   // namespace memhot
