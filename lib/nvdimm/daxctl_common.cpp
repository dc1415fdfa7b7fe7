// SPDX-License-Identifier: LGPL-2.1-or-later
#include "nvdimm/daxctl_common.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace memhot {

namespace {

// A region by number; "all" or nothing for every one (util_daxctl_region_filter).
bool matches(const DaxDevice& device, const std::optional<std::string>& region) {
    return !region || *region == "all" || *region == std::to_string(device.region);
}

std::vector<std::string> devices_meant(const NdBus& bus, const DeviceOptions& options) {
    std::vector<std::string> names;
    for (const auto& device : bus.dax) {
        const bool meant = options.device == "all" || options.device == device.name();
        if (meant && matches(device, options.parsed.value("region"))) names.push_back(device.name());
    }
    return names;
}

}   // namespace

DeviceOptions read_device_options(const DeviceCommand& command, const std::vector<std::string>& arguments,
                                  bool needs_device, Console& console) {
    DeviceOptions options{.parsed = parse_options(command.options, arguments), .device = {}, .usage = {}};
    const auto& words = options.parsed.words;
    if (!options.parsed.error.empty()) {
        console.say(options.parsed.error);
    } else {
        if (words.empty() && needs_device)
            console.say(fmt::format("specify a device to {}, or \"all\"", command.usage));
        for (std::size_t i = 1; i < words.size(); ++i)
            console.say(fmt::format("unknown extra parameter \"{}\"", words[i]));
    }
    const bool wrong = !options.parsed.error.empty() || words.size() > 1 || (words.empty() && needs_device);
    if (wrong) options.usage = console.usage(RuleId::daxctl_usage);
    if (!words.empty()) options.device = words.front().substr(words.front().rfind('/') + 1);   // basename()
    return options;
}

CommandAnswer for_each_device(NdBus& bus, const DeviceCommand& command, const DeviceOptions& options, Console& console,
                              const DeviceAction& action) {
    DeviceResult last = refused(nd_refuse(RuleId::daxctl_no_such));
    int count = 0;
    for (const auto& name : devices_meant(bus, options)) {
        last = action(bus, name);
        if (last.rc == 0) ++count;
    }
    return end_of(command, last, count, console);
}

CommandAnswer end_of(const DeviceCommand& command, const DeviceResult& last, int count, Console& console) {
    if (last.rc < 0) console.say(fmt::format("error {}: {}", command.failed, errno_text(-last.rc)));
    console.say(fmt::format("{} {} device{}", command.done, count, count == 1 ? "" : "s"));
    return console.finish(last.rc, last.reason);
}

DeviceResult refused(const NdAnswer& reason, int shown) { return {-(shown != 0 ? shown : reason.error), reason}; }

}   // namespace memhot
