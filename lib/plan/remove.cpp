// SPDX-License-Identifier: LGPL-2.1-or-later
//
// remove: memory goes the way it came. What kmem added goes with the driver; what the firmware added, the firmware takes.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

#include "plan/blocks.hpp"
#include "plan/devices.hpp"
#include "plan/interlocks.hpp"
#include "plan/kmem_state.hpp"
#include "plan/planners.hpp"
#include "plan/policy.hpp"

namespace memhot::plan {

namespace {

bool holds(const Builder& builder, const DaxDevice& device, std::uint64_t number) {
    const std::uint64_t start = number * builder.block_size();
    const Range block{start, start + (builder.block_size() - 1)};
    return device.driver == DaxDriver::kmem &&
           std::ranges::any_of(device.added, [&](const Range& range) { return range.contains(block); });
}

std::vector<std::uint64_t> blocks_held(const Builder& builder, const DaxDevice& device) {
    std::vector<std::uint64_t> out;
    for (const auto& block : builder.model().blocks()) {
        if (holds(builder, device, block.number)) out.push_back(block.number);
    }
    return out;
}

// Takes out of `numbers` what the device holds; refuses where some of it would stay.
bool take_device(Builder& builder, const DaxDevice& device, std::set<std::uint64_t>& numbers) {
    const auto held = blocks_held(builder, device);
    std::vector<std::uint64_t> rest;
    for (const auto number : held) {
        if (!numbers.contains(number)) rest.push_back(number);
    }
    if (rest.size() == held.size()) return false;
    for (const auto number : held) numbers.erase(number);
    if (rest.empty()) return true;
    builder.refuse(RuleId::plan_no_remover, fmt::format("{} gives back all of {} or nothing: {} would go, too",
                                                        device.name(), list_of(held), list_of(rest)));
    return false;
}

void give_back(Builder& builder, const std::string& device) {
    builder.rely(Fact::Kind::device, "dax_devices/" + device);
    PlanStep& step = builder.command({"daxctl", "reconfigure-device", {"--mode=devdax", device}},
                                     {"remove", "removed", fmt::format("the memory of {} by way of daxctl", device)});
    step.reason = "kmem removes its memory when it lets go of the device";
    if (const DaxDevice* found = builder.start().find_dax(device)) undo_release(*found, step);
}

// Whole devices of kmem that have so many blocks together, the highest address first: nothing less can be given back.
std::vector<BlockInfo> blocks_of_devices(Builder& builder, std::uint64_t count) {
    struct Held {
        std::string name;
        std::vector<std::uint64_t> blocks;
    };
    std::vector<Held> devices;
    for (const auto& device : builder.start().dax) {
        if (auto held = blocks_held(builder, device); !held.empty())
            devices.push_back({device.name(), std::move(held)});
    }
    std::ranges::sort(devices, std::greater(), [](const Held& held) { return held.blocks.back(); });
    std::set<std::uint64_t> chosen;
    std::string choice;
    std::string offer;
    for (const auto& device : devices) {
        const std::string text =
            fmt::format("{} ({})", device.name, human_size(device.blocks.size() * builder.block_size()));
        offer += (offer.empty() ? "" : ", ") + text;
        if (chosen.size() + device.blocks.size() > count) continue;
        chosen.insert(device.blocks.begin(), device.blocks.end());
        choice += (choice.empty() ? "" : ", ") + text;
    }
    if (chosen.size() != count) {
        builder.refuse(RuleId::plan_not_enough,
                       fmt::format("{} are wanted; a device gives back all of its memory or nothing, and there {}",
                                   human_size(count * builder.block_size()),
                                   offer.empty() ? "is none that kmem drives" : "are " + offer));
    } else {
        builder.note(fmt::format("chosen: {}, of what kmem drives; highest address first", choice));
    }
    std::vector<BlockInfo> out = builder.model().blocks();
    std::erase_if(out, [&](const BlockInfo& block) { return !chosen.contains(block.number); });
    return out;
}

Result<std::vector<BlockInfo>> blocks_to_remove(Builder& builder) {
    const auto count = blocks_of_size(builder);
    if (!count) return count.error();
    if (*count) return blocks_of_devices(builder, **count);
    return blocks_of_things(builder);
}

}   // namespace

Status plan_remove(Builder& builder) {
    auto blocks = blocks_to_remove(builder);
    if (!blocks) return std::move(blocks).error();
    most_removable_first(*blocks);
    std::set<std::uint64_t> numbers;
    for (const auto& block : *blocks) numbers.insert(block.number);
    std::vector<std::string> devices;
    for (const auto& device : builder.start().dax) {
        if (take_device(builder, device, numbers)) devices.push_back(device.name());
    }
    if (!numbers.empty()) {
        builder.refuse(RuleId::plan_no_remover,
                       fmt::format("{} {} added by the firmware, the hypervisor or at boot",
                                   list_of({numbers.begin(), numbers.end()}), numbers.size() == 1 ? "was" : "were"));
    }
    // Kernels from 7.3 on take all of a device at once.
    const auto at_once = std::ranges::stable_partition(
        devices, [&](const std::string& name) { return !goes_at_once(builder, *builder.bus().find_dax(name)); });
    const std::vector<std::string> whole(at_once.begin(), at_once.end());
    devices.erase(at_once.begin(), at_once.end());
    std::erase_if(*blocks, [&](const BlockInfo& block) {
        return std::ranges::any_of(whole, [&](const std::string& name) {
            return holds(builder, *builder.start().find_dax(name), block.number);
        });
    });
    for (const auto& name : whole) {
        builder.rely(Fact::Kind::device, "dax_devices/" + name);
        unplug(builder, DaxDevice(*builder.bus().find_dax(name)));
    }
    std::optional<HeldPolicy> policy;
    if (!devices.empty()) policy.emplace(builder, "if this is undone the memory is to come back as it was");
    for (const auto& block : *blocks) {
        if (builder.ended()) break;
        if (block.online) offline_block(builder, block);
    }
    for (const auto& device : devices) give_back(builder, device);
    if (policy) policy->release();
    guard_what_stays(builder);
    return Done{};
}

}   // namespace memhot::plan
