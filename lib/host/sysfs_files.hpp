// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The small files of /sys beside the memory blocks: policy knobs, module parameters, nodes, the firmware's memory map.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/root.hpp"

namespace memhot::host {

// What may be there beside the blocks in /sys/devices/system/memory.
struct MemoryKnobs {
    std::optional<std::string> auto_online_blocks;
    std::optional<bool> probe;   // absent where the directory is
};
Result<MemoryKnobs> read_memory_knobs(const Root& root);

// /sys/module/memory_hotplug/parameters; absent where the directory is.
Result<std::optional<std::map<std::string, std::string>>> read_hotplug_parameters(const Root& root);

// /sys/devices/system/node/possible, a cpulist.
Result<std::optional<std::string>> read_possible_nodes(const Root& root);
// "0", "0-3,8".
bool is_cpulist(std::string_view text);

// "START-END" of the entries of /sys/firmware/memmap with type System RAM, in the order of their numbers.
Result<std::vector<std::string>> read_firmware_ram(const Root& root);

}   // namespace memhot::host
