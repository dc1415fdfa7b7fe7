// SPDX-License-Identifier: LGPL-2.1-or-later
//
// dax reconfigure, online, offline, create, destroy.
#include <fmt/format.h>

#include "nvdimm/command.hpp"
#include "nvdimm/option_tables.hpp"
#include "plan/blocks.hpp"
#include "plan/devices.hpp"
#include "plan/interlocks.hpp"
#include "plan/kmem_state.hpp"
#include "plan/planners.hpp"
#include "plan/policy.hpp"

namespace memhot::plan {

namespace {

std::string_view mode_of(const DaxDevice& device) { return device.driver == DaxDriver::kmem ? "system-ram" : "devdax"; }

struct Options {
    std::string mode;
    bool no_online = false;
    bool force = false;
    bool resizes = false;
    WantedZone zone = WantedZone::movable;   // daxctl's own choice
};

// The zone of the wish goes before daxctl's word for it.
Options options_of(const Builder& builder) {
    const ParsedOptions parsed = parse_options(kReconfigureDeviceOptions, builder.wish().options);
    Options options;
    options.mode = parsed.value("mode").value_or("");
    options.no_online = parsed.is_set("no-online");
    options.force = parsed.is_set("force");
    options.resizes = parsed.value("size") || parsed.value("align");
    if (parsed.is_set("no-movable")) options.zone = WantedZone::kernel;
    if (builder.wish().zone != WantedZone::automatic) options.zone = builder.wish().zone;
    return options;
}

std::string ranges_text(const DaxDevice& device) {
    std::string out;
    for (const auto& range : device.ranges) out += (out.empty() ? "" : ", ") + to_string(range);
    return out;
}

std::string device_text(const DaxDevice& device) { return fmt::format("{} ({})", device.name(), ranges_text(device)); }

// One write a block, not daxctl's one command: each has its own answer, is tried again by itself, can be cancelled
// behind, and its undo knows the zone. And libdaxctl's idea of which blocks a device has is wrong for devices of several
// ranges (blocks_of()).
void take_offline(Builder& builder, const DaxDevice& device) {
    auto blocks = blocks_in(builder.model(), device.added);
    most_removable_first(blocks);
    for (const auto& block : blocks) {
        if (block.online) offline_block(builder, block);
    }
}

void bring_online(Builder& builder, const std::string& device, WantedZone zone) {
    const DaxDevice* now = builder.bus().find_dax(device);
    if (now == nullptr) return;
    for (const auto& block : blocks_in(builder.model(), now->added)) {
        if (!block.online) online_block(builder, block, zone);
    }
}

DataLoss all_data(const DaxDevice& device) {
    return {device.name(), device.size(), fmt::format("all data of {} ({})", device.name(), exact_size(device.size()))};
}

// What kmem has added goes when it lets go, and only what is offline.
std::vector<Action> undo_system_ram(const Builder& builder, const DaxDevice& device) {
    std::vector<Action> undo;
    const DaxDevice* now = builder.bus().find_dax(device.name());
    const auto blocks = blocks_in(builder.model(), now == nullptr ? std::vector<Range>{} : now->added);
    for (const auto& block : blocks) {
        if (block.online) undo.emplace_back(state_write(block.number, "offline"));
    }
    undo.emplace_back(CommandLine{"daxctl", "reconfigure-device", {"--mode=devdax", device.name()}});
    return undo;
}

void reconfigure_to_ram(Builder& builder, const DaxDevice& device, const std::string& rest, const Options& options,
                        bool by_kernel) {
    std::vector<std::string> arguments{device.name()};
    if (!options.no_online) arguments.emplace_back("--no-online");
    // Else daxctl refuses where the kernel onlines by itself.
    if (by_kernel && !options.force) arguments.emplace_back("--force");
    PlanStep& step = builder.command(with_options("daxctl", "reconfigure-device", builder, std::move(arguments)),
                                     {"reconfigure", "reconfigured", rest});
    step.destroys = {overwritten(device)};
    step.undo = undo_system_ram(builder, device);
    if (device.driver == DaxDriver::none)
        step.undo.emplace_back(CommandLine{"daxctl", "disable-device", {device.name()}});
}

Status to_system_ram(Builder& builder, const DaxDevice& device, const std::string& rest) {
    const Options options = options_of(builder);
    // --force stills daxctl, not the kernel: where that would do something else than is wanted it is held all the same.
    if (!options.no_online && policy_gives(builder, options.zone)) {
        reconfigure_to_ram(builder, device, rest, options, true);
        bring_online(builder, device.name(), options.zone);
    } else {
        HeldPolicy policy(builder, options.no_online
                                       ? "the memory is to stay offline"
                                       : fmt::format("the memory is to be online in {}", zone_text(options.zone)));
        reconfigure_to_ram(builder, device, rest, options, false);
        if (!options.no_online) bring_online(builder, device.name(), options.zone);
        policy.release();
    }
    guard_memmap_memory(builder);
    guard_movable_ratio(builder);
    return Done{};
}

Status to_devdax(Builder& builder, const DaxDevice& device, const std::string& rest) {
    HeldPolicy policy(builder, "if this is undone the memory is to come back as it was");
    if (goes_at_once(builder, device)) {
        unplug(builder, device, true);
    } else {
        take_offline(builder, device);
    }
    PlanStep& step = builder.command(with_options("daxctl", "reconfigure-device", builder, {device.name()}),
                                     {"reconfigure", "reconfigured", rest});
    if (device.driver == DaxDriver::kmem) {
        undo_release(device, step);
    } else {
        step.undo = {CommandLine{"daxctl", "disable-device", {device.name()}}};
    }
    policy.release();
    guard_what_stays(builder);
    return Done{};
}

// What is offline of a device that is System RAM.
void bring_rest_online(Builder& builder, const DaxDevice& device, WantedZone zone) {
    if (is_unplugged(device)) {
        plug(builder, device, zone);
        guard_memmap_memory(builder);
    } else {
        bring_online(builder, device.name(), zone);
    }
    guard_movable_ratio(builder);
}

// daxctl onlines what is offline also of a device that has the mode already (daxctl/device.c reconfig_mode_system_ram).
Status stay_in_mode(Builder& builder, const DaxDevice& device) {
    const Options options = options_of(builder);
    if (device.driver == DaxDriver::kmem && !options.no_online) bring_rest_online(builder, device, options.zone);
    if (builder.steps() == 0) builder.note(fmt::format("{} is in mode {} already", device.name(), mode_of(device)));
    return Done{};
}

// With a size or an align daxctl does not come to the mode (daxctl/device.c do_reconfig).
Status resize(Builder& builder, const DaxDevice& device) {
    const CommandLine command = with_options("daxctl", "reconfigure-device", builder, {device.name()});
    const PlanStep& step = builder.command(command, {"resize", "resized", device_text(device)});
    if (!step.verdict.outcome.accepted()) return Done{};
    return bad_input(fmt::format("dax reconfigure {0}: with --size or --align daxctl does not look at --mode; change "
                                 "the size by itself (daxctl reconfigure-device --size=SIZE {0}), then the mode",
                                 device.name()));
}

// daxctl's own refusal, with its words.
Status refused_by_daxctl(Builder& builder, const DaxDevice& device, const char* verb, const char* what) {
    builder.command({"daxctl", verb, {device.name()}},
                    {what, fmt::format("{}d", what), "the memory of " + device_text(device)});
    return Done{};
}

}   // namespace

Status plan_dax_reconfigure(Builder& builder) {
    const auto named = named_dax(builder);
    if (!named) return named.error();
    const DaxDevice& device = **named;
    const std::string mode = options_of(builder).mode;
    if (mode != "devdax" && mode != "system-ram") {
        return bad_input(fmt::format("dax reconfigure {}: expected --mode=devdax or --mode=system-ram", device.name()));
    }
    if (mode == "devdax" && builder.wish().zone != WantedZone::automatic) {
        return bad_input(fmt::format(
            "dax reconfigure {}: --zone is for memory, and --mode=devdax gives none; leave it out", device.name()));
    }
    rely_on_dax(builder, device);
    if (options_of(builder).resizes) return resize(builder, device);
    if (device.driver != DaxDriver::none && mode == mode_of(device)) return stay_in_mode(builder, device);
    const std::string rest = fmt::format("{} from {} to {}", device_text(device), mode_of(device), mode);
    return mode == "system-ram" ? to_system_ram(builder, device, rest) : to_devdax(builder, device, rest);
}

Status plan_dax_online(Builder& builder) {
    const auto named = named_dax(builder);
    if (!named) return named.error();
    const DaxDevice& device = **named;
    rely_on_dax(builder, device);
    if (device.driver != DaxDriver::kmem) return refused_by_daxctl(builder, device, "online-memory", "online");
    bring_rest_online(builder, device, options_of(builder).zone);
    if (builder.steps() == 0) builder.note(fmt::format("all memory of {} is online already", device.name()));
    return Done{};
}

Status plan_dax_offline(Builder& builder) {
    const auto named = named_dax(builder);
    if (!named) return named.error();
    const DaxDevice& device = **named;
    rely_on_dax(builder, device);
    if (device.driver != DaxDriver::kmem) return refused_by_daxctl(builder, device, "offline-memory", "offline");
    take_offline(builder, device);
    if (is_unplugged(device)) {
        builder.note(fmt::format("{} is unplugged: the kernel has no memory of it", device.name()));
    } else if (builder.steps() == 0) {
        builder.note(fmt::format("all memory of {} is offline already", device.name()));
    }
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
        step.undo_destroys = {all_data(device)};
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
    step.destroys = {all_data(device)};
    step.no_undo = "a device that is created again may lie elsewhere, and its data are gone";
    return Done{};
}

}   // namespace memhot::plan
