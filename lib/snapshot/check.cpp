// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Limits and contradictions of a snapshot (check.hpp).
#include "snapshot/check.hpp"

#include <algorithm>
#include <bit>
#include <fmt/format.h>
#include <limits>
#include <set>

#include "host/memory_blocks.hpp"
#include "host/nodes.hpp"
#include "host/proc_files.hpp"
#include "host/sysfs_files.hpp"
#include "memhot/units.hpp"
#include "units/quote.hpp"

namespace memhot::snapshot {
namespace {

bool is_node(int node) { return node >= 0 && node <= host::kMaxNode; }

Error bad_node(std::string_view path, int node) {
    return bad_input(fmt::format("{}: {}, expected a node from 0 to {}", path, node, host::kMaxNode));
}

struct Limit {
    std::string_view path;
    std::optional<unsigned> value;
    unsigned least;
    unsigned most;
};

Status check_kernel(const Snapshot& snapshot) {
    const auto page = snapshot.page_size;
    if (page != 0 && (!std::has_single_bit(page) || page < 4 * kKiB || page > 256 * kKiB)) {
        return bad_input(fmt::format("kernel.page_size: {}, expected a power of two from 4096 to 262144", page));
    }
    // The limits of make_profile().
    const Limit limits[] = {
        {"kernel.section_size_bits", snapshot.section_size_bits, kSubsectionShift, 40},
        {"kernel.max_physmem_bits", snapshot.max_physmem_bits, kSubsectionShift + 1, 63},
        {"kernel.struct_page_size", snapshot.struct_page_size, 32, 512},
    };
    for (const auto& limit : limits) {
        if (!limit.value || (*limit.value >= limit.least && *limit.value <= limit.most)) continue;
        return bad_input(fmt::format("{}: {}, expected {} to {}", limit.path, *limit.value, limit.least, limit.most));
    }
    std::set<Feature> seen;
    for (const auto& [feature, there] : snapshot.features) {
        if (seen.insert(feature).second) continue;
        return bad_input(fmt::format("kernel.features.{}: given twice", to_string(feature)));
    }
    return Done{};
}

Status check_block_size(const Snapshot& snapshot) {
    const auto size = snapshot.memory_block_size;
    if (!size) {
        if (!snapshot.blocks) return Done{};
        return bad_input("blocks: given without memory_block_size");
    }
    if (!std::has_single_bit(*size) || *size < kSubsectionSize) {
        return bad_input(fmt::format("memory_block_size: {}, expected a power of two of at least 2 MiB", *size));
    }
    if (snapshot.section_size_bits && *size >> *snapshot.section_size_bits == 0) {
        return bad_input(
            fmt::format("memory_block_size: {} is less than a section of 2^{}", *size, *snapshot.section_size_bits));
    }
    return Done{};
}

Status check_block(const Snapshot& snapshot, const BlockRecord& block) {
    const std::string path = fmt::format("blocks: memory{}", block.number);
    if (block.number > std::numeric_limits<std::uint64_t>::max() / *snapshot.memory_block_size) {
        return bad_input(
            fmt::format("{}: beyond 64 bit addresses with blocks of {} bytes", path, *snapshot.memory_block_size));
    }
    if (!host::is_block_state(block.state)) {
        return bad_input(
            fmt::format("{}: state {}, expected online, offline or going-offline", path, units::quoted(block.state)));
    }
    if (!block.valid_zones.empty() && !host::is_zone_list(block.valid_zones)) {
        return bad_input(fmt::format("{}: valid_zones {}, expected names of zones, or none", path,
                                     units::quoted(block.valid_zones)));
    }
    if (block.node && !is_node(*block.node)) return bad_node(path + ": node", *block.node);
    const auto known = snapshot.block_nodes.find(block.number);
    if (block.node && known != snapshot.block_nodes.end() && known->second != *block.node) {
        return bad_input(fmt::format("{}: node {}, but block_nodes says {}", path, *block.node, known->second));
    }
    return Done{};
}

Status check_blocks(const Snapshot& snapshot) {
    for (const auto& [number, node] : snapshot.block_nodes) {
        if (!is_node(node)) return bad_node(fmt::format("block_nodes.{}", number), node);
    }
    if (!snapshot.blocks) return Done{};
    const auto& blocks = *snapshot.blocks;
    if (blocks.size() > host::kMaxBlocks) {
        return bad_input(fmt::format("blocks: {} of them, expected at most {}", blocks.size(), host::kMaxBlocks));
    }
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        if (i > 0 && blocks[i].number <= blocks[i - 1].number) {
            return bad_input(
                fmt::format("blocks: memory{} behind memory{}, expected every block once, in ascending order",
                            blocks[i].number, blocks[i - 1].number));
        }
        if (auto good = check_block(snapshot, blocks[i]); !good) return good;
    }
    return Done{};
}

Status check_zones(const Snapshot& snapshot) {
    std::set<std::pair<int, std::string_view>> seen;
    for (const auto& zone : snapshot.zones) {
        const std::string path = fmt::format("zones: node {}, zone {}", zone.node, units::quoted(zone.name));
        if (!is_node(zone.node)) return bad_node(path, zone.node);
        const bool word = !zone.name.empty() && zone.name.size() < 32 &&
                          std::ranges::all_of(zone.name, [](char c) { return c > ' ' && c < 0x7f; });
        if (!word) return bad_input(path + ": expected a name such as Normal");
        if (!seen.emplace(zone.node, zone.name).second) return bad_input(path + ": given twice");
        if (zone.present > zone.spanned) {
            return bad_input(fmt::format("{}: {} pages present of {} spanned", path, zone.present, zone.spanned));
        }
        if (zone.spanned > std::numeric_limits<std::uint64_t>::max() - zone.start_pfn) {
            return bad_input(path + ": ends beyond 64 bit page numbers");
        }
    }
    return Done{};
}

Status check_texts(const Snapshot& snapshot) {
    if (snapshot.possible_nodes && !host::is_cpulist(*snapshot.possible_nodes)) {
        return bad_input(fmt::format("possible_nodes: {}, expected node numbers such as 0-1,3",
                                     units::quoted(*snapshot.possible_nodes)));
    }
    if (snapshot.iomem && !snapshot.iomem_hidden.empty()) return bad_input("iomem: given, and iomem_hidden as well");
    for (const auto& text : snapshot.firmware_ram) {
        if (auto range = parse_range(text, {}); !range) return Error(range.error()).add_context("firmware_ram");
    }
    return Done{};
}

}   // namespace

Status check(const Snapshot& snapshot) {
    for (const auto part : {check_kernel, check_block_size, check_blocks, check_zones, check_texts}) {
        if (auto good = part(snapshot); !good) return good;
    }
    return Done{};
}

}   // namespace memhot::snapshot
