// SPDX-License-Identifier: LGPL-2.1-or-later
//
// ndctl and daxctl command lines (version 76.1), and what they answer on the mirrored bus. Much of what users meet is
// decided by these programs before the kernel is asked (ndctl/namespace.c, daxctl/device.c).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nvdimm/bus.hpp"

namespace memhot {

struct CommandLine {
    std::string program;              // "ndctl", "daxctl"
    std::string verb;                 // "create-namespace", ...
    std::vector<std::string> arguments;
};
// Splits at blanks; options are told apart by parse_options.
CommandLine split_command(std::string_view text);

// What a command printed and left.
struct CommandAnswer {
    int exit = 0;                     // 0 or not is what counts
    std::string error;                // final error text; empty where it succeeded
    // of a namespace or device that was created or changed
    std::optional<std::string> mode;
    std::optional<std::uint64_t> size;
    std::optional<std::uint64_t> align;
    std::optional<std::string> map;
    bool uncertain = false;           // may also fail with EBUSY: pages of online memory may not be movable
    std::vector<std::string> why;     // the rules of the program or the kernel that spoke

    static CommandAnswer fail(std::string text) {
        CommandAnswer answer;
        answer.exit = 1;
        answer.error = std::move(text);
        return answer;
    }
};

// Predicts on a copy and, with commit, changes the bus.
CommandAnswer run_command(NdBus& bus, const CommandLine& command);

// --- the programs ------------------------------------------------------------------------------------------------
CommandAnswer create_namespace(NdBus& bus, const std::vector<std::string>& arguments);      // create.cpp
CommandAnswer destroy_namespace(NdBus& bus, const std::vector<std::string>& arguments);     // ndctl.cpp
CommandAnswer enable_namespace(NdBus& bus, const std::vector<std::string>& arguments);
CommandAnswer disable_namespace(NdBus& bus, const std::vector<std::string>& arguments);
CommandAnswer reconfigure_device(NdBus& bus, const std::vector<std::string>& arguments);    // daxctl.cpp
CommandAnswer online_memory(NdBus& bus, const std::vector<std::string>& arguments);
CommandAnswer offline_memory(NdBus& bus, const std::vector<std::string>& arguments);

// --- shared ------------------------------------------------------------------------------------------------------
// A namespace by name ("namespace0.1"); null where there is none.
struct FoundNamespace {
    NdRegion* region = nullptr;
    NdNamespace* ns = nullptr;
};
FoundNamespace find_namespace(NdBus& bus, std::string_view name);
// ndctl_namespace_disable_safe(): EBUSY where kmem holds online memory of it.
int disable_safe(NdBus& bus, NdRegion& region, NdNamespace& ns);
// zero_info_block() by way of raw mode; whether there was anything to zero.
bool zero_info_block(NdBus& bus, const NdNamespace& ns);
std::size_t online_blocks(const NdBus& bus, const DaxDevice& device);

}   // namespace memhot
