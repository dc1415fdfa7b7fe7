// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Drivers of dax devices: device_dax (drivers/dax/device.c) and kmem (drivers/dax/kmem.c).
#include <algorithm>
#include <cerrno>

#include "nvdimm/bus.hpp"

namespace memhot {

namespace {

bool try_apply(NdBus& bus, const Operation& operation, EnableAnswer& answer, int handle = -1) {
    const Outcome outcome = bus.model.outcome(operation);
    bus.model.apply(operation, outcome, handle);
    if (!outcome.accepted()) answer = {outcome.error, outcome.rule};
    return outcome.accepted();
}

void force(NdBus& bus, const Operation& operation) { bus.model.apply(operation, Outcome::accept(RuleId::none)); }

}   // namespace

EnableAnswer bind_device_dax(NdBus& bus, DaxDevice& device) {
    EnableAnswer answer;
    const op::Claim claim{device.range.start, device.range.size(), device.name()};
    if (!try_apply(bus, claim, answer)) return answer;
    int handle = 0;
    for (const auto& mapping : bus.model.mappings()) handle = std::max(handle, mapping.handle + 1);
    const op::Map map{.type = MapType::generic,
                      .start = device.pages.start,
                      .size = device.pages.size(),
                      .claim = false,
                      .owner = device.name(),
                      .altmap = device.altmap};
    if (!try_apply(bus, map, answer, handle)) {
        force(bus, op::Release{device.range.start, device.range.size()});
        return answer;
    }
    device.mapping = handle;
    device.driver = DaxDriver::device_dax;
    return answer;
}

void unbind_device_dax(NdBus& bus, DaxDevice& device) {
    if (device.mapping) force(bus, op::Unmap{*device.mapping});
    force(bus, op::Release{device.range.start, device.range.size()});
    device.mapping.reset();
    device.driver = DaxDriver::none;
}

EnableAnswer bind_kmem(NdBus& bus, DaxDevice& device) {
    EnableAnswer answer;
    if (device.target_node < 0) return {EINVAL, RuleId::none};
    const auto blocks = kmem_blocks(device.range, bus.model.block_size());
    if (!blocks) {
        if (bus.model.profile().has(Feature::kmem_refuses_empty)) return {EINVAL, RuleId::none};
        device.driver = DaxDriver::kmem;   // bound, with no memory
        return answer;
    }
    if (!try_apply(bus, op::Claim{blocks->start, blocks->size(), device.name(), false}, answer)) return answer;
    const op::Add add{.start = blocks->start,
                      .size = blocks->size(),
                      .node = device.target_node,
                      .driver_managed = true,
                      .memmap_on_memory = false,
                      .resource_name = "System RAM (kmem)"};
    if (!try_apply(bus, add, answer)) {
        force(bus, op::RemoveResource{blocks->start, blocks->size(), device.name()});
        return answer;
    }
    device.added = blocks;
    device.driver = DaxDriver::kmem;
    return answer;
}

bool unbind_kmem(NdBus& bus, DaxDevice& device) {
    device.driver = DaxDriver::none;
    if (!device.added) return true;
    const Range blocks = *device.added;
    device.added.reset();
    EnableAnswer answer;
    if (!try_apply(bus, op::Remove{blocks.start, blocks.size()}, answer)) return false;
    force(bus, op::RemoveResource{blocks.start, blocks.size(), device.name()});
    return true;
}

std::vector<std::uint64_t> blocks_of(const NdBus& bus, const DaxDevice& device) {
    std::vector<std::uint64_t> numbers;
    if (device.driver != DaxDriver::kmem) return numbers;
    const std::uint64_t size = bus.model.block_size();
    for (std::uint64_t number = align_up(device.range.start, size) / size; device.range.contains(number * size);
         ++number) {
        if (bus.model.block(number)) numbers.push_back(number);
    }
    return numbers;
}

}   // namespace memhot
