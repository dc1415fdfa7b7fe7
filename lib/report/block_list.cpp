// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Merging memory blocks into ranges (memhot/list.hpp). The rules are those of is_mergeable() in util-linux 2.38.1,
// sys-utils/lsmem.c, without what is known to be wrong there:
//  - it asks memory0 alone whether there are valid_zones, and the first block alone whether there are nodes;
//  - a zone it has no name for is "Unknown" and never merges, not even with its like;
//  - a missing `removable` is "no", a missing state "?", a block without a node -1.
#include "report/block_list.hpp"

#include <algorithm>
#include <array>
#include <strings.h>

#include "memhot/list.hpp"

namespace memhot {
namespace {

// lsmem's names, of which the kernel writes one in lower case: "none".
constexpr std::array kZoneNames = {"DMA", "DMA32", "Normal", "Highmem", "Movable", "Device", "None"};

std::string shown_zone(std::string_view name) {
    const std::string text(name);
    const auto known =
        std::ranges::find_if(kZoneNames, [&](const char* zone) { return ::strcasecmp(zone, text.c_str()) == 0; });
    return known == kZoneNames.end() ? text : *known;
}

bool same_zones(const BlockRecord& a, const BlockRecord& b) {
    return a.valid_zones == b.valid_zones || report::shown_zones(a.valid_zones) == report::shown_zones(b.valid_zones);
}

// before is the block in front of block; merging compares with the first of a row, whose split columns are the same.
bool merges(const BlockRecord& before, const BlockRecord& block, const ListSplit& split) {
    if (split.every_block || before.number + 1 != block.number) return false;
    // Blocks that are not online show no `removable`, and yet lsmem splits by it.
    return !(split.state && before.state != block.state) && !(split.removable && before.removable != block.removable) &&
           !(split.node && before.node != block.node) && !(split.zones && !same_zones(before, block));
}

ListRow row_of(const BlockRecord& block, std::uint64_t block_size) {
    ListRow row;
    row.range = {block.number * block_size, block.number * block_size + (block_size - 1)};
    row.first_block = block.number;
    row.last_block = block.number;
    row.state = report::shown_state(block.state);
    if (block.state == "online") row.removable = block.removable;
    row.node = block.node;
    row.zones = report::shown_zones(block.valid_zones);
    return row;
}

}   // namespace

namespace report {

std::string shown_state(std::string_view state) { return std::string(state == "going-offline" ? "on->off" : state); }

std::string shown_zones(std::string_view valid_zones) {
    std::string shown;
    while (!valid_zones.empty()) {
        const auto blank = std::min(valid_zones.find(' '), valid_zones.size());
        if (!shown.empty()) shown += '/';
        shown += shown_zone(valid_zones.substr(0, blank));
        valid_zones.remove_prefix(std::min(blank + 1, valid_zones.size()));
    }
    return shown;
}

}   // namespace report

Result<BlockList> list_blocks(const Snapshot& snapshot, const ListSplit& split) {
    if (!snapshot.memory_block_size || !snapshot.blocks) {
        return Error(ErrorKind::unsupported, "no memory blocks: the kernel of this host has no memory hotplug, or the "
                                             "snapshot does not hold /sys/devices/system/memory");
    }
    BlockList list;
    list.block_size = *snapshot.memory_block_size;
    const BlockRecord* before = nullptr;
    for (const auto& block : *snapshot.blocks) {
        (block.state == "online" ? list.online : list.offline) += list.block_size;
        if (before != nullptr && merges(*before, block, split)) {
            list.rows.back().last_block = block.number;
            list.rows.back().range.last += list.block_size;
        } else {
            list.rows.push_back(row_of(block, list.block_size));
        }
        before = &block;
    }
    return list;
}

}   // namespace memhot
