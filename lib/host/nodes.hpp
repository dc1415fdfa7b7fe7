// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which node a memory block belongs to: from the links memoryM in /sys/devices/system/node/nodeN, one directory a node
// instead of one a block; where a copied tree has no such directories, from the link nodeN in the block's own.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "host/root.hpp"
#include "memhot/snapshot.hpp"

namespace memhot::host {

inline constexpr int kMaxNode = 1023;   // MAX_NUMNODES is at most 1024 (CONFIG_NODES_SHIFT)

enum class NodeLinks {
    complete,     // each record has a node, and no node has a block beside them
    incomplete,   // some record has none, or some node has another block: the set of blocks may have changed
    own,          // there are no links in node directories; the blocks' own were asked
};

// Sets the node of each record (ascending by number) that has one. memory is /sys/devices/system/memory. Some blocks
// of boot memory are linked from several nodes (register_mem_block_under_node_early); they get the lowest. A block
// without a link keeps none.
Result<NodeLinks> read_block_nodes(const Root& root, int memory, std::vector<BlockRecord>& blocks);

// The same of one block by its own links alone.
Status read_own_node(const Root& root, int memory, BlockRecord& block);

}   // namespace memhot::host
