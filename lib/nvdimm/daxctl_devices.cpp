// SPDX-License-Identifier: LGPL-2.1-or-later
//
// daxctl create-device, destroy-device, enable-device and disable-device (daxctl/device.c), and how libdaxctl binds.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "nvdimm/dax_region.hpp"
#include "nvdimm/daxctl_common.hpp"
#include "nvdimm/option_tables.hpp"

namespace memhot {

namespace {

constexpr DeviceCommand kCreate{"<>", "creating devices", "created", kReconfigureDeviceOptions};
constexpr DeviceCommand kDestroy{"destroy", "destroying devices", "destroyed", kDestroyDeviceOptions};
constexpr DeviceCommand kEnable{"disable", "enabling device", "enabled", kDeviceOptions};   // its usage text says so
constexpr DeviceCommand kDisable{"disable", "disabling device", "disabled", kDeviceOptions};

// Ids of the dax regions that there are, static ones too.
std::vector<int> region_ids(const NdBus& bus, const std::optional<std::string>& filter) {
    std::vector<int> ids;
    const auto add = [&](int id) {
        if (matches_dax_region(id, filter) && std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
    };
    for (const auto& device : bus.dax) add(device.region);   // a region shows by its devices
    std::ranges::sort(ids);
    return ids;
}

// do_create(): of several seeds the oldest is taken, not the one just created.
DeviceResult create_in(NdBus& bus, int region_id, const ParsedOptions& options, Console& console,
                       std::string& created) {
    DaxRegion* region = bus.find_dax_region(region_id);
    if (region == nullptr) return refused(nd_refuse(RuleId::daxctl_no_space));
    const NdAnswer asked = dax_create(bus, *region, "1");
    if (asked.rule == RuleId::nd_dax_undivided) return refused(asked, ENOSPC);   // do_create() tells no other reason
    if (!asked.ok() || !region->seed) return refused(nd_refuse(RuleId::daxctl_no_space));
    DaxDevice* const seed = bus.find_dax(fmt::format("dax{}.{}", region_id, *region->seed));
    if (seed == nullptr) return refused(nd_refuse(RuleId::daxctl_no_space));
    DaxDevice& device = *seed;
    const auto size = options.value("size") ? parse_tool_size(*options.value("size")) : std::nullopt;
    // what __parse_size64() cannot read is -1, which also stands for no size at all
    const std::uint64_t bytes = size ? size->value : available_size(bus, *region);
    if (bytes == 0) return refused(nd_refuse(RuleId::daxctl_no_space));
    if (const auto align = parse_tool_size(options.value("align").value_or("0")); align && align->value > 0) {
        if (const auto answer = dax_set_align(bus, device, std::to_string(align->value)); !answer.ok()) {
            return refused(answer, ENXIO);
        }
    }
    if (const auto answer = dax_set_size(bus, device, bytes); !answer.ok()) return refused(answer, ENXIO);
    const auto answer = device.driver == DaxDriver::none ? daxctl_bind(bus, device, DaxDriver::device_dax) : NdAnswer{};
    if (!answer.ok()) {
        console.say(fmt::format("{}: enable failed: {}", device.name(), errno_text(answer.error)));
        return refused(answer);
    }
    created = device.name();
    return {};
}

// dev_destroy(): with --force a driver goes, whatever it holds.
DeviceResult destroy(NdBus& bus, const std::string& name, bool force, Console& console) {
    DaxDevice& device = *bus.find_dax(name);
    if (device.driver != DaxDriver::none && !force) {
        console.say(fmt::format("{} is active, specify --force for deletion", name));
        return refused(nd_refuse(RuleId::daxctl_active));
    }
    daxctl_unbind(bus, device);
    if (const auto answer = dax_set_size(bus, device, 0); !answer.ok()) return refused(answer, ENXIO);
    const auto answer = dax_delete(bus, *bus.find_dax_region(device.region), name);
    return answer.ok() ? DeviceResult{} : refused(answer);
}

// do_xble()
CommandAnswer switch_driver(NdBus& bus, const DeviceCommand& command, const std::vector<std::string>& arguments,
                            bool on) {
    Console console;
    const DeviceOptions options = read_device_options(command, arguments, true, console);
    if (options.usage) return *options.usage;
    return for_each_device(bus, command, options, console, [&](NdBus& here, const std::string& name) {
        DaxDevice& device = *here.find_dax(name);
        if (device.driver == DaxDriver::kmem) {
            console.say(fmt::format("{}: status operations are only applicable in devdax mode", name));
            return refused(nd_refuse(RuleId::daxctl_not_devdax));
        }
        if (!on) {
            daxctl_unbind(here, device);
            return DeviceResult{};
        }
        if (device.driver != DaxDriver::none) return DeviceResult{};
        const auto answer = daxctl_bind(here, device, DaxDriver::device_dax);
        if (answer.ok()) return DeviceResult{};
        console.say(fmt::format("{}: enable failed: {}", name, errno_text(answer.error)));
        return refused(answer);
    });
}

// driver_attach(): every device without a driver that this one matches.
void attach_idle(NdBus& bus, DaxDriver driver) {
    for (auto& device : bus.dax) {
        if (device.driver != DaxDriver::none) continue;
        const DaxRegion* region = bus.find_dax_region(device.region);
        const bool by_default = (region != nullptr && region->kmem_by_default) == (driver == DaxDriver::kmem);
        const auto& ids = driver == DaxDriver::kmem ? bus.kmem_ids : bus.device_dax_ids;
        if (!by_default && !ids.contains(device.name())) continue;
        driver == DaxDriver::kmem ? bind_kmem(bus, device) : bind_device_dax(bus, device);
    }
}

}   // namespace

NdAnswer daxctl_bind(NdBus& bus, DaxDevice& device, DaxDriver driver) {
    (driver == DaxDriver::kmem ? bus.kmem_ids : bus.device_dax_ids).insert(device.name());
    attach_idle(bus, driver);
    if (device.driver != DaxDriver::none) return {0, RuleId::nd_accepted};
    NdAnswer answer = driver == DaxDriver::kmem ? bind_kmem(bus, device) : bind_device_dax(bus, device);
    if (!answer.ok() && !bus.model.profile().has(Feature::bind_tells_errno)) answer.error = ENODEV;
    return answer;
}

void daxctl_unbind(NdBus& bus, DaxDevice& device) {
    if (device.driver == DaxDriver::kmem) bus.kmem_ids.erase(device.name());
    if (device.driver == DaxDriver::device_dax) bus.device_dax_ids.erase(device.name());
    unbind_dax(bus, device);
}

CommandAnswer create_device(NdBus& bus, const std::vector<std::string>& arguments) {
    Console console;
    const DeviceOptions options = read_device_options(kCreate, arguments, false, console);
    if (options.usage) return *options.usage;
    DeviceResult last = refused(nd_refuse(RuleId::daxctl_no_such));
    int count = 0;
    std::string created;
    for (const int id : region_ids(bus, options.parsed.value("region"))) {
        last = create_in(bus, id, options.parsed, console, created);
        if (last.rc == 0) ++count;
    }
    CommandAnswer answer = end_of(kCreate, last, count, console);
    const DaxDevice* device = bus.find_dax(created);
    if (device == nullptr || answer.exit != 0) return answer;
    answer.mode = device->driver == DaxDriver::kmem ? "system-ram" : "devdax";
    answer.size = device->size();
    answer.align = device->align;
    return answer;
}

CommandAnswer destroy_device(NdBus& bus, const std::vector<std::string>& arguments) {
    Console console;
    const DeviceOptions options = read_device_options(kDestroy, arguments, true, console);
    if (options.usage) return *options.usage;
    const bool force = options.parsed.is_set("force");
    return for_each_device(bus, kDestroy, options, console,
                           [&](NdBus& here, const std::string& name) { return destroy(here, name, force, console); });
}

CommandAnswer enable_device(NdBus& bus, const std::vector<std::string>& arguments) {
    return switch_driver(bus, kEnable, arguments, true);
}

CommandAnswer disable_device(NdBus& bus, const std::vector<std::string>& arguments) {
    return switch_driver(bus, kDisable, arguments, false);
}

}   // namespace memhot
