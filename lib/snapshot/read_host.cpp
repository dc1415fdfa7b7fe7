// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A snapshot of a host: every reader of lib/host once, then a second look at what can change meanwhile. lib/snapshot
// may depend on host/, kernel/ and units/; nothing here knows a model.
#include <algorithm>
#include <fmt/format.h>

#include "host/features.hpp"
#include "host/kernel_identity.hpp"
#include "host/memory_blocks.hpp"
#include "host/proc_files.hpp"
#include "host/sysfs_files.hpp"
#include "memhot/snapshot.hpp"

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
    return Done{};
}

// What an event can change, read until two looks agree. Absent: they did not.
Result<std::optional<std::string>> read_memory(const host::Root& root, Snapshot& snapshot) {
    auto iomem = host::read_iomem(root);
    if (!iomem) return iomem.error();
    auto memory = host::read_memory_blocks(root);
    if (!memory) return memory.error();
    auto zones = host::read_zoneinfo(root);
    if (!zones) return zones.error();
    auto firmware = host::read_firmware_ram(root);
    if (!firmware) return firmware.error();

    std::optional<std::string> unrest;
    if (*memory) {
        const auto numbers = host::list_memory_blocks(root);
        if (!numbers) return numbers.error();
        const bool same = std::ranges::equal(*numbers, (*memory)->blocks, {}, {}, &BlockRecord::number);
        if (!same) unrest = "the set of memory blocks changed while it was read";
        if (const auto gone = (*memory)->vanished) {
            unrest = fmt::format("{} is listed but not there",
                                 root.shown(fmt::format("sys/devices/system/memory/memory{}/state", *gone)));
        }
        snapshot.memory_block_size = (*memory)->block_size;
        snapshot.blocks = std::move((*memory)->blocks);
    }
    const auto again = host::read_iomem(root);
    if (!again) return again.error();
    if (again->text != iomem->text) unrest = fmt::format("{} changed while it was read", root.shown("proc/iomem"));
    snapshot.iomem = std::move(iomem->text);
    snapshot.iomem_hidden = std::move(iomem->hidden);
    snapshot.zones = std::move(*zones);
    snapshot.firmware_ram = std::move(*firmware);
    return unrest;
}

// Contradictions between files that no event explains.
Status check(const host::Root& root, const Snapshot& snapshot) {
    if (snapshot.memory_block_size && snapshot.page_size > *snapshot.memory_block_size) {
        return bad_input(fmt::format("{}: memory blocks of {} bytes are smaller than a page of {}",
                                     root.shown("sys/devices/system/memory/block_size_bytes"),
                                     *snapshot.memory_block_size, snapshot.page_size));
    }
    return Done{};
}

}   // namespace

Result<Snapshot> read_host(const std::string& directory) {
    const auto root = host::Root::open(directory);
    if (!root) return root.error();
    Snapshot snapshot;
    if (auto constants = read_constants(*root, snapshot); !constants) return constants.error();
    std::optional<std::string> unrest;
    for (int i = 0; i < kTries; ++i) {
        auto seen = read_memory(*root, snapshot);
        if (!seen) return seen.error();
        unrest = std::move(*seen);
        if (unrest) continue;
        if (auto good = check(*root, snapshot); !good) return good.error();
        return snapshot;
    }
    return Error(ErrorKind::io,
                 fmt::format("unstable: {}, {} times in a row; try again when memory is no longer added or removed",
                             *unrest, kTries));
}

}   // namespace memhot
