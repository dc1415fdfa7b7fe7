// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A snapshot of a host: every reader of lib/host once, then a second look at what can change meanwhile. lib/snapshot
// may depend on host/, kernel/ and units/; nothing here knows a model.
#include <fmt/format.h>

#include "host/features.hpp"
#include "host/kernel_identity.hpp"
#include "host/memory_blocks.hpp"
#include "host/nvdimm.hpp"
#include "host/proc_files.hpp"
#include "host/sysfs_files.hpp"
#include "host/udev_rules.hpp"
#include "memhot/snapshot.hpp"
#include "snapshot/check.hpp"

namespace memhot {
namespace {

constexpr int kTries = 3;

// What stays as it is while the host runs.
Status read_constants(const host::Root& root, Snapshot& snapshot) {
    auto identity = host::read_kernel_identity(root);
    if (!identity) return identity.error();
    snapshot.hostname = std::move(identity->hostname);
    snapshot.release = std::move(identity->release);
    snapshot.version_text = std::move(identity->version_text);
    snapshot.version = identity->version;
    snapshot.arch = std::move(identity->arch);
    snapshot.page_size = identity->page_size;
    snapshot.max_physmem_bits = identity->max_physmem_bits;
    snapshot.cmdline = std::move(identity->cmdline);

    auto possible = host::read_possible_nodes(root);
    if (!possible) return possible.error();
    snapshot.possible_nodes = std::move(*possible);

    auto parameters = host::read_hotplug_parameters(root);
    if (!parameters) return parameters.error();
    auto knobs = host::read_memory_knobs(root);
    if (!knobs) return knobs.error();
    snapshot.auto_online_blocks = std::move(knobs->auto_online_blocks);
    snapshot.probe = knobs->probe;
    const auto features =
        host::read_features(root, snapshot.release, *parameters, snapshot.probe, snapshot.struct_page_size);
    if (!features) return features.error();
    snapshot.features.assign(features->begin(), features->end());
    if (*parameters) snapshot.parameters = std::move(**parameters);
    auto rules = host::read_udev_rules(root);
    if (!rules) return rules.error();
    snapshot.udev_rules = std::move(*rules);
    return Done{};
}

// The blocks, or only how large one is. What changed while they were read; empty: nothing did.
Result<std::string> read_blocks_of(const host::Root& root, const ReadOptions& options, Snapshot& snapshot) {
    if (!options.blocks) {
        const auto size = host::read_memory_block_size(root);
        if (!size) return size.error();
        snapshot.memory_block_size = *size;
        return std::string();
    }
    auto memory = host::read_memory_blocks(root, options.removable);
    if (!memory) return memory.error();
    if (!*memory) return std::string();
    snapshot.memory_block_size = (*memory)->block_size;
    snapshot.blocks = std::move((*memory)->blocks);
    return std::move((*memory)->unrest);
}

// What an event can change, read until two looks agree. Absent: they did not.
Result<std::optional<std::string>> read_memory(const host::Root& root, const ReadOptions& options, Snapshot& snapshot) {
    auto iomem = host::read_iomem(root);
    if (!iomem) return iomem.error();
    auto blocks = read_blocks_of(root, options, snapshot);
    if (!blocks) return blocks.error();
    auto zones = host::read_zoneinfo(root);
    if (!zones) return zones.error();
    auto available = host::read_available_memory(root);
    if (!available) return available.error();
    auto firmware = host::read_firmware_ram(root);
    if (!firmware) return firmware.error();
    auto nvdimm = host::read_nvdimm(root);
    if (!nvdimm) return nvdimm.error();

    std::optional<std::string> unrest;
    if (!nvdimm->unrest.empty()) unrest = std::move(nvdimm->unrest);
    snapshot.nvdimm = std::move(nvdimm->record);
    if (!blocks->empty()) unrest = *std::move(blocks);
    const auto again = host::read_iomem(root);
    if (!again) return again.error();
    if (again->text != iomem->text) unrest = fmt::format("{} changed while it was read", root.shown("proc/iomem"));
    snapshot.iomem = std::move(iomem->text);
    snapshot.iomem_hidden = std::move(iomem->hidden);
    snapshot.zones = std::move(*zones);
    snapshot.available_memory = *available;
    snapshot.firmware_ram = std::move(*firmware);
    return unrest;
}

}   // namespace

Result<Snapshot> read_host(const std::string& root, const ReadOptions& options) {
    const auto directory = host::Root::open(root);
    if (!directory) return directory.error();
    Snapshot seen;
    if (auto constants = read_constants(*directory, seen); !constants) return constants.error();
    std::optional<std::string> unrest;
    for (int i = 0; i < kTries; ++i) {
        auto change = read_memory(*directory, options, seen);
        if (!change) return change.error();
        unrest = std::move(*change);
        if (unrest) continue;
        if (auto good = snapshot::check(seen); !good) return Error(good.error()).add_context(root);
        return seen;
    }
    return Error(ErrorKind::io,
                 fmt::format("unstable: {}, {} times in a row; try again when memory is no longer added or removed",
                             *unrest, kTries));
}

Result<std::vector<BlockRecord>> read_blocks(const std::string& root, const std::vector<std::uint64_t>& numbers,
                                             const ReadOptions& options) {
    const auto directory = host::Root::open(root);
    if (!directory) return directory.error();
    return host::read_some_blocks(*directory, numbers, options.removable);
}

}   // namespace memhot
