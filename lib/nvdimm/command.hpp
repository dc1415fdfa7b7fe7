// SPDX-License-Identifier: LGPL-2.1-or-later
//
// ndctl and daxctl command lines (version 76.1) and writes to sysfs, and what they answer on the mirrored bus. Much of what
// users meet is decided by these programs before the kernel is asked (ndctl/namespace.c, daxctl/device.c).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "memhot/nd_command.hpp"
#include "nvdimm/bus.hpp"
#include "nvdimm/options.hpp"

namespace memhot {

// What a command printed and left.
struct CommandAnswer {
    int exit = 0;   // status, as a shell sees it
    std::string error;   // final error text; empty where it succeeded
    std::vector<std::string> lines;   // what the program says on stderr, without usage texts and its libraries' lines
    std::vector<KernelMessage> log;   // what the kernel logs meanwhile; of an uncertain one, if all goes well
    std::size_t certain_log = 0;   // as many of them come before anything uncertain
    RuleId rule = RuleId::nd_accepted;   // that decided: the program's, or the kernel's behind it
    int kernel_error = 0;   // errno that the kernel answered; programs often show another one
    bool crash = false;   // the kernel oopses
    // of a namespace or device that was created or changed
    std::optional<std::string> mode;
    std::optional<std::uint64_t> size;
    std::optional<std::uint64_t> align;
    std::optional<std::string> map;
    bool uncertain = false;   // may also fail with EBUSY: pages of online memory may not be movable
    std::vector<std::uint64_t>
        offline_order;   // then: the blocks that are offlined, one after the other, until one fails
};

// Carries a command out on the bus; to predict, give a copy.
CommandAnswer run_command(NdBus& bus, const CommandLine& command);
// What is dangerous about a command on this bus; empty where nothing is known (hazards.cpp).
std::vector<Hazard> hazards_of(const NdBus& bus, const CommandLine& command);
// The same where the command was run already: what it answered, and the bus that it left.
std::vector<Hazard> hazards_of(const NdBus& bus, const CommandLine& command, const NdBus& after,
                               const CommandAnswer& answer);

// --- the programs ------------------------------------------------------------------------------------------------
CommandAnswer create_namespace(NdBus& bus, const std::vector<std::string>& arguments);   // create.cpp
CommandAnswer destroy_namespace(NdBus& bus, const std::vector<std::string>& arguments);   // ndctl.cpp
CommandAnswer enable_namespace(NdBus& bus, const std::vector<std::string>& arguments);
CommandAnswer disable_namespace(NdBus& bus, const std::vector<std::string>& arguments);
CommandAnswer reconfigure_device(NdBus& bus, const std::vector<std::string>& arguments);   // daxctl.cpp
CommandAnswer online_memory(NdBus& bus, const std::vector<std::string>& arguments);
CommandAnswer offline_memory(NdBus& bus, const std::vector<std::string>& arguments);
CommandAnswer create_device(NdBus& bus, const std::vector<std::string>& arguments);   // daxctl_devices.cpp
CommandAnswer destroy_device(NdBus& bus, const std::vector<std::string>& arguments);
CommandAnswer enable_device(NdBus& bus, const std::vector<std::string>& arguments);
CommandAnswer disable_device(NdBus& bus, const std::vector<std::string>& arguments);
// Whether a path is one of the files whose answers are known; of others nothing can be said.
bool is_mirrored_file(std::string_view path);
CommandAnswer write_attribute(NdBus& bus, std::string_view path, std::string_view value);   // sysfs.cpp

// --- shared ------------------------------------------------------------------------------------------------------
// What a run of a program says and how it ends.
class Console {
public:
    explicit Console(std::string command = {}) : command_(std::move(command)) {}   // of err(): "create namespace"

    void say(std::string line) { lines_.push_back(std::move(line)); }
    void error(std::string_view text);   // error() of util/usage.c
    void err(std::string_view text);   // err() of ndctl/namespace.c: also counted
    [[nodiscard]] int errors() const { return errors_; }

    // Exit status 129 and a usage text behind the lines.
    CommandAnswer usage(RuleId rule);
    // rc: as the programs have it, 0 or positive for success, -errno.
    CommandAnswer finish(int rc, const NdAnswer& reason);

private:
    std::string command_;
    std::vector<std::string> lines_;
    int errors_ = 0;
};

// A namespace by name ("namespace0.1"); null where there is none.
struct FoundNamespace {
    NdRegion* region = nullptr;
    NdNamespace* ns = nullptr;
};
FoundNamespace find_namespace(NdBus& bus, std::string_view name);
// ndctl_namespace_disable_safe(): refuses where kmem holds online memory of it.
NdAnswer disable_safe(NdBus& bus, NdRegion& region, NdNamespace& ns);
// zero_info_block() by way of raw mode; whether there was anything to zero.
bool zero_info_block(NdBus& bus, NdRegion& region, NdNamespace& ns, Console& console);
// namespace_prep_reconfig(); zeroed: whether an info block was.
NdAnswer prepare_reconfigure(NdBus& bus, NdRegion& region, NdNamespace& ns, bool force, Console& console, bool* zeroed);
// Regions in the order in which libndctl walks them.
std::vector<NdRegion*> regions_in_order(NdBus& bus);
std::vector<const NdRegion*> regions_in_order(const NdBus& bus);
// What -b and -r leave of the regions (util_bus_filter(), util_region_filter()): a name, a number, "all" or nothing; of a
// bus also its provider ("ACPI.NFIT").
struct RegionFilter {
    std::optional<std::string> bus;
    std::optional<std::string> region;
};
RegionFilter filter_of(const ParsedOptions& options);
bool matches_region(const NdRegion& region, const RegionFilter& filter);

std::size_t online_blocks(const NdBus& bus, const DaxDevice& device);
// readdir() of sysfs gives names in the order of their hashes (fs/kernfs/dir.c kernfs_name_hash, 64-bit kernels).
std::uint32_t sysfs_order(std::string_view name);
std::vector<std::uint64_t> directory_order(std::vector<std::uint64_t> blocks);
// Binds by daxctl's way: new_id, which also binds every other idle device that the driver matches, then bind.
NdAnswer daxctl_bind(NdBus& bus, DaxDevice& device, DaxDriver driver);
// remove_id, then unbind; online memory leaks.
void daxctl_unbind(NdBus& bus, DaxDevice& device);

}   // namespace memhot
