// SPDX-License-Identifier: LGPL-2.1-or-later
//
// /sys/devices/system/memory (drivers/base/memory.c): the size of a memory block and every block with its attributes.
// This is the path that half a million blocks go through; it uses few system calls and allocates nothing per block.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "host/root.hpp"
#include "memhot/snapshot.hpp"

namespace memhot::host {

// Snapshots hold at most so many blocks: 256 TiB in blocks of 128 MiB.
inline constexpr std::size_t kMaxBlocks = std::size_t{1} << 21U;

// A state that the kernel shows (state_show): online, offline, going-offline, or ERROR-UNKNOWN-N.
bool is_block_state(std::string_view text);
// What valid_zones shows (valid_zones_show): names of zones with blanks between them.
bool is_zone_list(std::string_view text);
// N of "memoryN"; nothing for other names, and for numbers that the kernel would not print so.
std::optional<std::uint64_t> numbered_name(std::string_view name, std::string_view prefix);

struct MemoryBlocks {
    std::uint64_t block_size = 0;
    std::vector<BlockRecord> blocks;   // ascending
    std::string unrest;                // what changed while they were read; empty: nothing did
};

// Absent: a kernel without memory hotplug.
Result<std::optional<MemoryBlocks>> read_memory_blocks(const Root& root, bool with_removable = true);

// Bytes of a block alone; absent as above.
Result<std::optional<std::uint64_t>> read_memory_block_size(const Root& root);
// Those of the blocks that are there, each looked at by itself.
Result<std::vector<BlockRecord>> read_some_blocks(const Root& root, const std::vector<std::uint64_t>& numbers,
                                                  bool with_removable);

}   // namespace memhot::host
