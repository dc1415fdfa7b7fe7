// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Memory blocks merged into ranges as lsmem of util-linux 2.38.1 does. Where lsmem's answer is a known bug, the rows
// here differ; docs/lsmem-differences.md lists all of that.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "memhot/snapshot.hpp"
#include "memhot/units.hpp"

namespace memhot {

// The columns whose change starts a new row. A hole between block numbers always does.
struct ListSplit {
    bool state = true;
    bool removable = true;
    bool node = false;
    bool zones = false;
    bool every_block = false;   // lsmem -a: one row a block
};

// Adjacent blocks; what does not split is that of the first one.
struct ListRow {
    Range range;
    std::uint64_t first_block = 0;
    std::uint64_t last_block = 0;
    std::string state;   // "online", "offline", "on->off"; what the kernel says where it is none of its states
    std::optional<bool> removable;   // absent: not online (lsmem: "-", in JSON false), or the host does not say
    std::optional<int> node;   // absent: lsmem says "-", or -1 where the first block of all has a node
    std::string zones;   // "Normal", "Normal/Movable", "None"; empty: the host does not say (lsmem: "-")
    friend bool operator==(const ListRow&, const ListRow&) = default;
};

struct BlockList {
    std::uint64_t block_size = 0;
    std::uint64_t online = 0;   // bytes
    std::uint64_t offline = 0;   // bytes, blocks going offline included
    std::vector<ListRow> rows;   // ascending
};

// unsupported where the snapshot is of a host without memory blocks.
Result<BlockList> list_blocks(const Snapshot& snapshot, const ListSplit& split = {});

}   // namespace memhot
