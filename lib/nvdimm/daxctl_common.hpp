// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What daxctl's commands share (daxctl/device.c: parse_device_options, do_xaction_device).
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "nvdimm/command.hpp"
#include "nvdimm/options.hpp"

namespace memhot {

struct DeviceCommand {
    std::string_view usage;    // "reconfigure", of "specify a device to ..."
    std::string_view failed;   // "reconfiguring devices", of "error ...: TEXT"
    std::string_view done;     // "reconfigured", before the count
    std::span<const OptionSpec> options;
};

// Reads the options; usage where they cannot be read. needs_device: one name, or "all".
struct DeviceOptions {
    ParsedOptions parsed;
    std::string device;
    std::optional<CommandAnswer> usage;
};
DeviceOptions read_device_options(const DeviceCommand& command, const std::vector<std::string>& arguments,
                                  bool needs_device, Console& console);

// util_daxctl_region_filter() (daxctl/filter.c): "all", nothing, a number or regionN.
bool matches_dax_region(int id, const std::optional<std::string>& filter);
// util_daxctl_dev_filter(): "all", daxR.D or R.D.
bool matches_dax_device(const DaxDevice& device, std::string_view filter);
// The one that a word of a command line means; null for "all" and for what there is not.
const DaxDevice* find_meant(const NdBus& bus, std::string_view word);

// What is done to one device. rc: as daxctl has it (positive: as it was already).
struct DeviceResult {
    int rc = 0;
    NdAnswer reason{0, RuleId::nd_accepted};
};
using DeviceAction = std::function<DeviceResult(NdBus&, const std::string& name)>;
// Every device that is meant, in libdaxctl's order; the last result decides.
CommandAnswer for_each_device(NdBus& bus, const DeviceCommand& command, const DeviceOptions& options, Console& console,
                              const DeviceAction& action);
CommandAnswer end_of(const DeviceCommand& command, const DeviceResult& last, int count, Console& console);

DeviceResult refused(const NdAnswer& reason, int shown = 0);   // shown: errno that daxctl makes of it; 0: the reason's

}   // namespace memhot
