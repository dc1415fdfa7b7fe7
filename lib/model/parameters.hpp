// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the kernel command line and the parameters of memory_hotplug say.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "memhot/snapshot.hpp"
#include "model/state.hpp"

namespace memhot {

// The value of the last `name=value` on a kernel command line; "" for a bare `name`.
std::optional<std::string> command_line_value(std::string_view cmdline, std::string_view name);

// memory_hotplug.* as the host shows them, else as the command line sets them, else the kernel's defaults.
HotplugPolicy read_policy(const Snapshot& snapshot, const KernelProfile& profile);

// mem= of x86 (arch/x86/kernel/e820.c parse_memopt): bytes, all where it says no size.
std::uint64_t read_mem_limit(std::string_view cmdline);

// kernelcore= and movablecore= (mm/page_alloc.c cmdline_parse_core): pages, or percent of all.
struct CoreSize {
    std::uint64_t pages = 0;
    std::uint64_t percent = 0;
    [[nodiscard]] std::uint64_t of(std::uint64_t total) const { return percent != 0 ? total * percent / 100 : pages; }
};
CoreSize read_core_size(std::string_view cmdline, std::string_view name, std::uint64_t page_size);

}   // namespace memhot
