// SPDX-License-Identifier: LGPL-2.1-or-later
//
// daxctl reconfigure-device, online-memory and offline-memory (daxctl/device.c, daxctl/lib/libdaxctl.c).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "model/state.hpp"
#include "nvdimm/dax_region.hpp"
#include "nvdimm/daxctl_common.hpp"
#include "nvdimm/kernel_log.hpp"
#include "nvdimm/option_tables.hpp"

namespace memhot {

namespace {

constexpr DeviceCommand kReconfigure{"reconfigure", "reconfiguring devices", "reconfigured", kReconfigureDeviceOptions};
constexpr DeviceCommand kOnline{"online memory for", "onlining memory", "onlined memory for", kOnlineMemoryOptions};
constexpr DeviceCommand kOffline{"offline memory for", "offlining memory", "offlined memory for", kDeviceOptions};

constexpr std::array<std::string_view, 5> kRace{
    "WARNING: detected a race while onlining memory",        "Some memory may not be in the expected zone. It is",
    "recommended to disable any other onlining mechanisms,", "and retry. If onlining is to be left to other agents,",
    "use the --no-online option to suppress this warning",
};

bool policy_onlines(const NdBus& bus) { return bus.model.state().policy.default_online != OnlineType::offline; }

// What one command does; `offline` is filled where blocks are taken down.
class Run {
public:
    Run(NdBus& bus, Console& console, const ParsedOptions& options) : bus_(bus), console_(console), options_(options) {}

    DeviceResult to_system_ram(DaxDevice& device) {
        const bool own_way = options_.is_set("no-online") || !options_.is_set("no-movable");
        if (own_way && !options_.is_set("force") && policy_onlines(bus_)) {
            console_.say(fmt::format("{}: error: kernel policy will auto-online memory, aborting", device.name()));
            return refused(nd_refuse(RuleId::daxctl_auto_online));
        }
        if (device.driver == DaxDriver::kmem) {
            console_.say(fmt::format("{} was already in system-ram mode", device.name()));
        } else {
            daxctl_unbind(bus_, device);
            if (const auto answer = daxctl_bind(bus_, device, DaxDriver::kmem); !answer.ok()) return refused(answer);
        }
        return options_.is_set("no-online") ? DeviceResult{} : online(device);
    }

    DeviceResult to_devdax(DaxDevice& device) {
        if (device.driver == DaxDriver::device_dax) {
            console_.say(fmt::format("{} was already in devdax mode", device.name()));
            return {1, {0, RuleId::nd_accepted}};
        }
        if (device.driver == DaxDriver::kmem) {
            if (options_.is_set("force")) {
                if (const auto result = offline(device); result.rc < 0) return result;
            }
            if (const auto online = online_blocks(bus_, device); online != 0) {
                if (options_.is_set("verbose")) {
                    console_.say(fmt::format("{}: found {} memory sections online", device.name(), online));
                    console_.say(fmt::format("{}: refusing to change modes", device.name()));
                }
                return refused(nd_refuse(RuleId::daxctl_online));
            }
            daxctl_unbind(bus_, device);
        }
        const auto answer = daxctl_bind(bus_, device, DaxDriver::device_dax);
        return answer.ok() ? DeviceResult{} : refused(answer);
    }

    // dev_online_memory(): each block that is not online yet; the zone is looked at only where none was.
    DeviceResult online(DaxDevice& device) {
        const auto numbers = directory_order(blocks_of(bus_, device));
        const std::size_t before = online_blocks(bus_, device);
        if (before != 0) {
            console_.say(device.name() + ":");
            for (const auto line : kRace) console_.say(std::string(line));
        }
        if (before == numbers.size()) {
            console_.say(fmt::format("{}: all memory sections ({}) already online", device.name(), before));
            return {1, {0, RuleId::daxctl_all_online}};
        }
        say_already(device, before, "online");
        for (const auto number : numbers) {
            if (bus_.model.block(number)->online) continue;
            const op::SetState set{number, options_.is_set("no-movable") ? "online_kernel" : "online_movable"};
            const Outcome outcome = carry_out(bus_, set);
            if (!outcome.accepted()) return failed_block(device, "online", outcome);
        }
        say_done(device, numbers.size() - before, "onlined");
        return {};
    }

    // dev_offline_memory(): whether all pages of a block can be moved shows only in the attempt, and the first block that
    // fails ends it; those before it stay offline.
    DeviceResult offline(DaxDevice& device) {
        const auto numbers = directory_order(blocks_of(bus_, device));
        const std::size_t online = online_blocks(bus_, device);
        if (online == 0) {
            console_.say(fmt::format("{}: all memory sections ({}) already offline", device.name(), numbers.size()));
            return {1, {0, RuleId::daxctl_all_offline}};
        }
        say_already(device, numbers.size() - online, "offline");
        for (const auto number : numbers) {
            const op::SetState set{number, "offline"};
            const Outcome outcome = bus_.model.outcome(set);
            if (outcome.rule == RuleId::state_already) continue;
            if (outcome.kind == Outcome::Kind::refused) return failed_block(device, "offline", outcome);
            if (outcome.kind == Outcome::Kind::uncertain && !uncertain_) {
                uncertain_ = true;
                certain_log_ = bus_.log.size();
            }
            offlined_.push_back(number);
            carry_out(bus_, set, Outcome::accept(outcome.rule));
        }
        say_done(device, online, "offlined");
        return {};
    }

    CommandAnswer with_offlining(CommandAnswer answer) const {
        answer.uncertain = uncertain_;
        answer.certain_log = certain_log_;
        if (uncertain_) answer.offline_order = offlined_;
        return answer;
    }

private:
    // A block is a section to daxctl.
    void say_already(const DaxDevice& device, std::size_t count, std::string_view what) {
        if (count == 0) return;
        const std::string_view plural = count == 1 ? "" : "s";
        console_.say(fmt::format("{}: {} memory section{} already {}", device.name(), count, plural, what));
    }
    void say_done(const DaxDevice& device, std::size_t count, std::string_view what) {
        if (!options_.is_set("verbose")) return;
        console_.say(fmt::format("{}: {} memory section{} {}", device.name(), count, count == 1 ? "" : "s", what));
    }
    DeviceResult failed_block(const DaxDevice& device, std::string_view what, const Outcome& outcome) {
        console_.say(fmt::format("{}: failed to {} memory: {}", device.name(), what, errno_text(outcome.error)));
        return refused({outcome.error, outcome.rule});
    }

    NdBus& bus_;
    Console& console_;
    const ParsedOptions& options_;
    bool uncertain_ = false;
    std::size_t certain_log_ = 0;
    std::vector<std::uint64_t> offlined_;
};

DeviceResult unknown_mode(const DaxDevice& device, Console& console) {
    console.say(fmt::format("{}: unknown mode requested: 0", device.name()));
    return refused(nd_refuse(RuleId::daxctl_mode));
}

// do_reconfig() with a size or an align: the mode is looked at only where no size was given, and there is none then.
DeviceResult resize(NdBus& bus, DaxDevice& device, const ParsedOptions& options, Console& console) {
    const auto align = parse_tool_size(options.value("align").value_or("0"));
    if (align && align->value > 0) {
        const auto answer = dax_set_align(bus, device, std::to_string(align->value));
        if (!answer.ok()) return refused(answer, ENXIO);
    }
    const auto text = options.value("size");
    const auto size = text ? parse_tool_size(*text) : std::nullopt;
    if (!size) return unknown_mode(device, console);   // also what __parse_size64() cannot read, which is -1
    const auto answer = dax_set_size(bus, device, size->value);
    return answer.ok() ? DeviceResult{} : refused(answer, ENXIO);
}

// The last one that was changed, as daxctl lists it.
void describe(const DaxDevice* device, CommandAnswer& answer) {
    if (device == nullptr || answer.exit != 0) return;
    answer.mode = device->driver == DaxDriver::kmem ? "system-ram" : "devdax";
    answer.size = device->size();
    answer.align = device->align;
}

std::optional<CommandAnswer> wrong_mode(const ParsedOptions& options, Console& console) {
    const bool resizes = options.value("size") || options.value("align");
    const auto mode = options.value("mode");
    if (!resizes && !mode) {
        console.say("error: a 'align', 'mode' or 'size' option is required");
        return console.usage(RuleId::daxctl_usage);
    }
    if (!resizes && mode == "devdax" && options.is_set("no-online")) {
        console.say("--no-online is incompatible with --mode=devdax");
        return console.usage(RuleId::daxctl_usage);
    }
    return std::nullopt;
}

// do_xline()
CommandAnswer memory_command(NdBus& bus, const DeviceCommand& command, const std::vector<std::string>& arguments,
                             DeviceResult (Run::*act)(DaxDevice&)) {
    Console console;
    const DeviceOptions options = read_device_options(command, arguments, true, console);
    if (options.usage) return *options.usage;
    Run run(bus, console, options.parsed);
    return run.with_offlining(for_each_device(bus, command, options, console, [&](NdBus& on, const std::string& name) {
        DaxDevice& device = *on.find_dax(name);
        if (device.driver == DaxDriver::kmem) return (run.*act)(device);
        console.say(fmt::format("{}: memory operations are not applicable in devdax mode", name));
        return refused(nd_refuse(RuleId::daxctl_not_memory));
    }));
}

}   // namespace

CommandAnswer reconfigure_device(NdBus& bus, const std::vector<std::string>& arguments) {
    Console console;
    const DeviceOptions options = read_device_options(kReconfigure, arguments, true, console);
    if (options.usage) return *options.usage;
    if (auto usage = wrong_mode(options.parsed, console)) return *usage;
    Run run(bus, console, options.parsed);
    const bool resizes = options.parsed.value("size") || options.parsed.value("align");
    const auto mode = options.parsed.value("mode");
    std::string changed;
    CommandAnswer answer =
        for_each_device(bus, kReconfigure, options, console, [&](NdBus& on, const std::string& name) {
            DaxDevice& device = *on.find_dax(name);
            if (resizes) return resize(on, device, options.parsed, console);
            const DeviceResult result = mode == "system-ram" ? run.to_system_ram(device)
                                        : mode == "devdax"   ? run.to_devdax(device)
                                                             : unknown_mode(device, console);
            if (result.rc < 0) return result;
            changed = name;
            return DeviceResult{};   // do_reconfig(): as it was already is fine
        });
    describe(bus.find_dax(changed), answer);
    return run.with_offlining(std::move(answer));
}

CommandAnswer online_memory(NdBus& bus, const std::vector<std::string>& arguments) {
    return memory_command(bus, kOnline, arguments, &Run::online);
}

CommandAnswer offline_memory(NdBus& bus, const std::vector<std::string>& arguments) {
    return memory_command(bus, kOffline, arguments, &Run::offline);
}

}   // namespace memhot
