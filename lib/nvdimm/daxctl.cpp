// SPDX-License-Identifier: LGPL-2.1-or-later
//
// daxctl reconfigure-device, online-memory and offline-memory (daxctl/device.c, daxctl/lib/libdaxctl.c).
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "model/state.hpp"
#include "nvdimm/command.hpp"

namespace memhot {

namespace {

struct Options {
    std::string mode;
    bool no_online = false;
    bool no_movable = false;
    bool force = false;
    std::optional<std::string> device;
};

Options parse(const std::vector<std::string>& arguments) {
    Options options;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& word = arguments[i];
        if (word.starts_with("--mode=")) {
            options.mode = word.substr(7);
        } else if ((word == "-m" || word == "--mode") && i + 1 < arguments.size()) {
            options.mode = arguments[++i];
        } else if (word == "-N" || word == "--no-online") {
            options.no_online = true;
        } else if (word == "--no-movable") {
            options.no_movable = true;
        } else if (word == "-f" || word == "--force") {
            options.force = true;
        } else if (!word.starts_with("-")) {
            options.device = word;
        }
    }
    return options;
}

CommandAnswer failed(std::string_view doing, int error) {
    return CommandAnswer::fail(fmt::format("error {}: {}", doing, errno_text(error)));
}

bool policy_onlines(const NdBus& bus) { return bus.model.state().policy.default_online != OnlineType::offline; }

enum class Online : std::uint8_t { done, already };

// dev_online_memory(): writes to the state of each block that is not online yet.
Online online_all(NdBus& bus, const DaxDevice& device, bool movable) {
    const auto numbers = blocks_of(bus, device);
    if (online_blocks(bus, device) == numbers.size()) return Online::already;
    for (const auto number : numbers) {
        const op::SetState set{number, movable ? "online_movable" : "online_kernel"};
        bus.model.apply(set, bus.model.outcome(set));
    }
    return Online::done;
}

// daxctl_memory_offline(): whether all its pages can be moved shows only in the attempt.
CommandAnswer offline_all(NdBus& bus, const DaxDevice& device) {
    CommandAnswer answer;
    for (const auto number : blocks_of(bus, device)) {
        const op::SetState set{number, "offline"};
        const Outcome outcome = bus.model.outcome(set);
        if (outcome.kind == Outcome::Kind::uncertain) answer.uncertain = true;
        if (outcome.kind == Outcome::Kind::refused && outcome.rule != RuleId::state_already)
            return failed("offlining memory", outcome.error);
        if (outcome.rule != RuleId::state_already) bus.model.apply(set, Outcome::accept(outcome.rule));
    }
    return answer;
}

CommandAnswer describe(const DaxDevice& device) {
    CommandAnswer answer;
    answer.mode = device.driver == DaxDriver::kmem ? "system-ram" : "devdax";
    answer.size = device.range.size();
    answer.align = device.align;
    return answer;
}

CommandAnswer to_system_ram(NdBus& bus, DaxDevice& device, const Options& options) {
    const bool wants_its_own_way = options.no_online || !options.no_movable;
    if (wants_its_own_way && !options.force && policy_onlines(bus)) return failed("reconfiguring devices", EBUSY);
    if (device.driver != DaxDriver::kmem) {
        if (device.driver == DaxDriver::device_dax) unbind_device_dax(bus, device);
        if (const int error = bind_kmem(bus, device).error; error != 0) return failed("reconfiguring devices", error);
    }
    if (!options.no_online) online_all(bus, device, !options.no_movable);
    return describe(device);
}

CommandAnswer to_devdax(NdBus& bus, DaxDevice& device, const Options& options) {
    CommandAnswer offline;
    if (device.driver == DaxDriver::kmem) {
        if (options.force) offline = offline_all(bus, device);
        if (offline.exit != 0) return failed("reconfiguring devices", EBUSY);
        if (online_blocks(bus, device) != 0) return failed("reconfiguring devices", EBUSY);
        unbind_kmem(bus, device);
    }
    if (device.driver == DaxDriver::none) {
        if (const int error = bind_device_dax(bus, device).error; error != 0)
            return failed("reconfiguring devices", error);
    }
    CommandAnswer answer = describe(device);
    answer.uncertain = offline.uncertain;
    return answer;
}

}   // namespace

CommandAnswer reconfigure_device(NdBus& bus, const std::vector<std::string>& arguments) {
    const Options options = parse(arguments);
    if (!options.device) return CommandAnswer::fail("specify a device to reconfigure, or \"all\"");
    DaxDevice* device = bus.find_dax(*options.device);
    if (device == nullptr) return failed("reconfiguring devices", ENXIO);
    return options.mode == "system-ram" ? to_system_ram(bus, *device, options) : to_devdax(bus, *device, options);
}

CommandAnswer online_memory(NdBus& bus, const std::vector<std::string>& arguments) {
    const Options options = parse(arguments);
    if (!options.device) return CommandAnswer::fail("specify a device to online memory for, or \"all\"");
    DaxDevice* device = bus.find_dax(*options.device);
    if (device == nullptr || device->driver != DaxDriver::kmem) return failed("onlining memory", ENXIO);
    if (online_all(bus, *device, !options.no_movable) == Online::done) return {};
    return CommandAnswer::fail(
        fmt::format("{}: all memory sections ({}) already online", device->name(), blocks_of(bus, *device).size()));
}

CommandAnswer offline_memory(NdBus& bus, const std::vector<std::string>& arguments) {
    const Options options = parse(arguments);
    if (!options.device) return CommandAnswer::fail("specify a device to offline memory for, or \"all\"");
    DaxDevice* device = bus.find_dax(*options.device);
    if (device == nullptr || device->driver != DaxDriver::kmem) return failed("offlining memory", ENXIO);
    if (online_blocks(bus, *device) != 0) return offline_all(bus, *device);
    return CommandAnswer::fail(
        fmt::format("{}: all memory sections ({}) already offline", device->name(), blocks_of(bus, *device).size()));
}

}   // namespace memhot
