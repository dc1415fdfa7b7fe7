// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The table of what can be explained: one Entry for each message or family of messages, in files by origin
// (*_entries.cpp). docs/explain.md says how to add one.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "explain/pattern.hpp"

namespace memhot::explaining {

class Workings;

// Order of importance; hint: gives numbers to others and is an explanation only where its arithmetic finds something.
enum class Strength : std::uint8_t { cause, layout, symptom, consequence, hint };

// What would tell more. Asked for only while no number of that name is known (need_name()).
enum class Need : std::uint8_t {
    none,
    kernel_log,        // the kernel's own lines
    block_size,
    start,             // of the namespace
    region,            // align, ways, size
    capacity,          // available_size, max_available_extent
    iomem,
    info_block,        // data offset, align, mode of the namespace
    valid_zones,
    target_node,
    labels,
    auto_online,
    onliners,          // udev rules and agents that write memoryN/state
    memory_available,
    supported_alignments,
    kernel_config,
    kernel_version,
    cxl_topology,
    firmware_tables,
    dimm_security,
    command,           // what was asked
    holders,           // who uses a device
    page_users,        // whose pages lie on the node
    scrub,
    removable,
};
std::string_view text_of(Need need);
// The value that makes the question superfluous; empty where none does.
std::string_view known_by(Need need);

struct Entry {
    std::string_view id;                          // a rule's own id where it is that rule
    std::array<std::string_view, 5> patterns{};   // the most telling first
    std::string_view cause{};      // sentences; one with a {name} that is not known is left out. Empty: the rule's
    std::string_view remedy{};     // the same
    std::string_view releases{};   // empty: the rule's
    std::string_view source{};     // empty: the rule's
    std::string_view rules{};   // ids of rules that speak the message, with blanks between; empty: id, if it is one
    std::array<Need, 4> needs{};
    Strength strength = Strength::cause;
    std::string_view yields_to{};   // ids that, in the same incident, say the same and more
    void (*work)(Workings&) = nullptr;   // puts numbers and next values
};

std::span<const Entry> core_entries();   // mm/, drivers/base/memory.c and who calls them
std::span<const Entry> nvdimm_entries();   // drivers/nvdimm
std::span<const Entry> dax_entries();   // drivers/dax: device_dax, kmem, hmem
std::span<const Entry> cxl_entries();   // drivers/cxl and cxl-cli
std::span<const Entry> ndctl_entries();   // ndctl
std::span<const Entry> daxctl_entries();   // daxctl, udev rules and other agents
std::span<const Entry> machine_entries();   // hypervisors, firmware, crashes
std::span<const Entry> symptom_entries();   // descriptions in words, and what addresses and listings show
std::span<const Entry> general_entries();   // bare errnos, what follows from everything, hints

// All of them, in the order above.
std::span<const Entry* const> entries();
const Entry* find_entry(std::string_view id);

}   // namespace memhot::explaining
