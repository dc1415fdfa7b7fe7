// SPDX-License-Identifier: LGPL-2.1-or-later
//
// dax reconfigure, online, offline, create, destroy.
#include <fmt/format.h>

#include <algorithm>

#include "nvdimm/command.hpp"
#include "plan/devices.hpp"
#include "plan/interlocks.hpp"
#include "plan/planners.hpp"

namespace memhot::plan {

namespace {

std::string_view mode_of(const DaxDevice& device) { return device.driver == DaxDriver::kmem ? "system-ram" : "devdax"; }

std::string wanted_mode(const Builder& builder) {
    for (const auto& option : builder.wish().options) {
        if (option.starts_with("--mode=")) return option.substr(7);
    }
    return {};
}

std::string ranges_text(const DaxDevice& device) {
    std::string out;
    for (const auto& range : device.ranges) out += (out.empty() ? "" : ", ") + to_string(range);
    return out;
}

std::string device_text(const DaxDevice& device) { return fmt::format("{} ({})", device.name(), ranges_text(device)); }

// What its blocks were online as: daxctl onlines in zone Movable unless told otherwise.
CommandLine online_again(const Builder& builder, const DaxDevice& device) {
    CommandLine command{"daxctl", "online-memory", {}};
    const auto numbers = blocks_of(builder.start(), device);
    const bool kernel = std::ranges::any_of(numbers, [&](std::uint64_t number) {
        const auto block = builder.start().model.block(number);
        return block && block->online && block->valid_zones != "Movable";
    });
    if (kernel) command.arguments.emplace_back("--no-movable");
    command.arguments.push_back(device.name());
    return command;
}

void take_offline(Builder& builder, const DaxDevice& device) {
    const std::size_t online = online_blocks(builder.bus(), device);
    if (online == 0) return;
    PlanStep& step = builder.command(
        {"daxctl", "offline-memory", {device.name()}},
        {"offline", "offlined",
         fmt::format("{} of {}", online == 1 ? "the memory block" : fmt::format("all {} memory blocks", online),
                     device_text(device))});
    step.undo = {online_again(builder, device)};
}

DataLoss overwritten(const DaxDevice& device) {
    return {device.name(), device.size(),
            fmt::format("all data of {} ({}, devdax): System RAM writes over them", device.name(),
                        exact_size(device.size()))};
}

Status to_system_ram(Builder& builder, const DaxDevice& device, const std::string& rest) {
    PlanStep& step = builder.command(with_options("daxctl", "reconfigure-device", builder, {device.name()}),
                                     {"reconfigure", "reconfigured", rest});
    step.destroys = {overwritten(device)};
    step.undo = {CommandLine{"daxctl", "offline-memory", {device.name()}},
                 CommandLine{"daxctl", "reconfigure-device", {"--mode=devdax", device.name()}}};
    guard_memmap_memory(builder);
    guard_movable_ratio(builder);
    return Done{};
}

}   // namespace

Status plan_dax_reconfigure(Builder& builder) {
    const auto named = named_dax(builder);
    if (!named) return named.error();
    const DaxDevice& device = **named;
    const std::string mode = wanted_mode(builder);
    if (mode != "devdax" && mode != "system-ram") {
        return bad_input(fmt::format("dax reconfigure {}: expected --mode=devdax or --mode=system-ram", device.name()));
    }
    rely_on_dax(builder, device);
    if (device.driver != DaxDriver::none && mode == mode_of(device)) {
        builder.note(fmt::format("{} is in mode {} already", device.name(), mode));
        return Done{};
    }
    const std::string rest = fmt::format("{} from {} to {}", device_text(device), mode_of(device), mode);
    if (mode == "system-ram") return to_system_ram(builder, device, rest);
    take_offline(builder, device);
    PlanStep& step = builder.command(with_options("daxctl", "reconfigure-device", builder, {device.name()}),
                                     {"reconfigure", "reconfigured", rest});
    step.undo = {CommandLine{"daxctl", "reconfigure-device", {"--mode=system-ram", "--no-online", device.name()}}};
    guard_what_stays(builder);
    guard_shared_sections(builder);
    return Done{};
}

Status plan_dax_online(Builder& builder) {
    const auto named = named_dax(builder);
    if (!named) return named.error();
    const DaxDevice& device = **named;
    rely_on_dax(builder, device);
    std::vector<std::string> arguments;
    if (builder.wish().zone == WantedZone::kernel) arguments.emplace_back("--no-movable");
    arguments.push_back(device.name());
    PlanStep& step = builder.command(with_options("daxctl", "online-memory", builder, std::move(arguments)),
                                     {"online", "onlined", "the memory of " + device_text(device)});
    step.undo = {CommandLine{"daxctl", "offline-memory", {device.name()}}};
    guard_movable_ratio(builder);
    return Done{};
}

Status plan_dax_offline(Builder& builder) {
    const auto named = named_dax(builder);
    if (!named) return named.error();
    const DaxDevice& device = **named;
    rely_on_dax(builder, device);
    if (device.driver == DaxDriver::kmem && online_blocks(builder.bus(), device) == 0) {
        builder.note(fmt::format("all memory of {} is offline already", device.name()));
        return Done{};
    }
    PlanStep& step = builder.command(with_options("daxctl", "offline-memory", builder, {device.name()}),
                                     {"offline", "offlined", "the memory of " + device_text(device)});
    step.undo = {online_again(builder, device)};
    guard_what_stays(builder);
    return Done{};
}

Status plan_dax_create(Builder& builder) {
    CommandLine command = with_options("daxctl", "create-device", builder, {});
    if (!builder.wish().things.empty()) {
        const auto region = only_thing(builder, "dax region");
        if (!region) return region.error();
        command.arguments.insert(command.arguments.begin(), "--region=" + *region);
    }
    if (builder.snapshot().nvdimm) {
        for (const auto& region : builder.snapshot().nvdimm->dax_regions) {
            builder.rely(Fact::Kind::device, "dax_regions/" + region.parent);
        }
    }
    PlanStep& step = builder.command(command, {"create", "created", "a dax device"});
    for (const auto& device : builder.bus().dax) {
        if (!step.verdict.outcome.accepted()) break;
        if (builder.start().find_dax(device.name()) != nullptr) continue;
        step.would = fmt::format("would create {}", device_text(device));
        step.did = fmt::format("created {}", device_text(device));
        step.undo = {CommandLine{"daxctl", "destroy-device", {"--force", device.name()}}};
    }
    guard_memmap_memory(builder);
    guard_movable_ratio(builder);
    return Done{};
}

Status plan_dax_destroy(Builder& builder) {
    const auto named = named_dax(builder);
    if (!named) return named.error();
    const DaxDevice& device = **named;
    rely_on_dax(builder, device);
    guard_kmem_online(builder, device);
    if (device.driver != DaxDriver::none && device.driver != DaxDriver::kmem) {
        PlanStep& step = builder.command({"daxctl", "disable-device", {device.name()}},
                                         {"disable", "disabled", device_text(device)});
        step.undo = {CommandLine{"daxctl", "enable-device", {device.name()}}};
    }
    std::vector<std::string> arguments;
    if (device.driver == DaxDriver::kmem) arguments.emplace_back("--force");
    arguments.push_back(device.name());
    PlanStep& step = builder.command(with_options("daxctl", "destroy-device", builder, std::move(arguments)),
                                     {"destroy", "destroyed", device_text(device)});
    step.destroys = {
        {device.name(), device.size(), fmt::format("all data of {} ({})", device.name(), exact_size(device.size()))}};
    step.no_undo = "a device that is created again may lie elsewhere, and its data are gone";
    guard_shared_sections(builder);
    return Done{};
}

}   // namespace memhot::plan
