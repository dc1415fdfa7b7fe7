// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What ndctl, daxctl and writes to sysfs would do to the namespaces and dax devices of a host: accepted or refused with
// the program's final words and the kernel's reason behind them, and where everything lies afterwards.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "memhot/profile.hpp"
#include "memhot/snapshot.hpp"
#include "memhot/verdict.hpp"

namespace memhot {

// A command line of ndctl or daxctl (as version 76.1 reads it), or a write to sysfs.
struct CommandLine {
    std::string program;   // "ndctl", "daxctl"; "write": verb is a path below /sys, the argument what is written
    std::string verb;   // "create-namespace", ...
    std::vector<std::string> arguments;
    friend bool operator==(const CommandLine&, const CommandLine&) = default;
};
// Splits at blanks.
CommandLine split_command(std::string_view text);
// As it would be typed.
std::string to_string(const CommandLine& command);

// Answers each command on what those before it left; ends with a crash. profile: the kernel that answers, normally
// snapshot.profile(); what is active on the host is taken as active under it, too.
// not_permitted where the host hides the addresses that are needed.
Result<std::vector<Verdict>> predict(const Snapshot& snapshot, std::shared_ptr<const KernelProfile> profile,
                                     const std::vector<CommandLine>& commands);

// --- what a command asks of which device ---------------------------------------------------------------------------
// The programs work a command line out on the host: which region has room, which namespace is idle, which size, align and
// map hold where nothing was said. Whoever carries it out gets the numbers that the verdict was made with.

enum class NamespaceMode : std::uint8_t { raw, sector, fsdax, devdax };

struct NamespaceRequest {
    enum class What : std::uint8_t { create, reconfigure, destroy, enable, disable };
    // What drives the namespace: nothing (raw), or an instance on top of it.
    enum class Instance : std::uint8_t { none, pfn, dax, btt };
    What what = What::create;
    std::string region;   // "region0"
    std::string name;   // "namespace0.1"; of create the idle one that is taken
    bool labelled = false;   // uuid, name and size can be set
    bool force = false;
    // of create and reconfigure
    bool init_labels = false;   // the DIMMs of its region get labels first
    NamespaceMode mode = NamespaceMode::fsdax;
    Instance instance = Instance::none;
    bool map_in_ram = false;   // struct pages: map "mem", not "dev"
    std::uint64_t size = 0;
    std::uint64_t align = 0;
    std::uint64_t sector_size = 0;   // 0: as it is
    std::optional<std::string> uuid{};   // absent: a new one
    std::optional<std::string> alt_name{};   // absent: as it is
    friend bool operator==(const NamespaceRequest&, const NamespaceRequest&) = default;
};

struct DaxRequest {
    enum class What : std::uint8_t { system_ram, devdax, resize, online, offline, create, destroy, enable, disable };
    What what = What::system_ram;
    int region = 0;
    std::string device;   // "dax0.0"; of create the one that comes
    std::optional<std::uint64_t> size{};   // of resize and create
    std::optional<std::uint64_t> align{};
    bool online = true;   // of system_ram: its blocks, too
    bool movable = true;   // ... in zone Movable
    bool force = false;
    friend bool operator==(const DaxRequest&, const DaxRequest&) = default;
};

struct ResolvedCommand {
    Verdict verdict;   // of this moment
    std::vector<NamespaceRequest> namespaces;   // in their order; empty where the command is refused before anything is
    std::vector<DaxRequest> devices;
};
// not_permitted where addresses are hidden; unsupported for a command of another program and for devices named "all".
Result<ResolvedCommand> resolve(const Snapshot& snapshot, const CommandLine& command);

}   // namespace memhot
