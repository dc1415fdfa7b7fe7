// SPDX-License-Identifier: GPL-2.0-or-later
//
// Regions, namespaces, dax devices and the memory blocks below them, joined from what the host shows of each.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/host.hpp"
#include "client/nd_stranded.hpp"
#include "memhot/nvdimm.hpp"

namespace memhotctl {

// A section in which a namespace or device meets somebody else.
struct MeetingSection {
    std::uint64_t number = 0;
    std::vector<std::string> others;   // names in /proc/iomem
};

// Memory blocks behind each other that are alike.
struct BlockRun {
    std::vector<std::uint64_t> numbers;
    memhot::Range range;
    std::string state;          // "online", "offline", "going-offline"
    std::string zones;          // of valid_zones; empty unless online
    std::optional<int> node;
    std::string owner;          // who onlined them, as far as the policy of today tells
};

// The memory blocks of a dax device: those inside its ranges (kmem), by number.
struct DaxBlocks {
    std::vector<std::uint64_t> present;
    std::vector<std::uint64_t> online;
    std::vector<std::string> zones;    // of the online ones, each once
    std::vector<int> nodes;            // each once
    std::vector<BlockRun> runs;
};

struct DaxNode {
    memhot::DaxDeviceRecord record;
    std::string mode;              // "devdax", "system-ram", "famfs", "" without a driver
    std::string owner;             // its driver, or "none"
    std::uint64_t size = 0;
    DaxBlocks blocks;
    std::vector<Stranded> stranded;    // system-ram: bytes that lie in no memory block of it
    std::vector<MeetingSection> shared;
};

// Soft Reserved memory, a CXL region, or a devdax namespace: what dax devices are cut from.
struct DaxRegionNode {
    memhot::DaxRegionRecord record;
    std::string owner;             // the module that made it: "dax_pmem", "dax_hmem", "dax_cxl"
    std::vector<DaxNode> devices;
};

struct NamespaceNode {
    memhot::NamespaceRecord record;
    const memhot::NdInstanceRecord* instance = nullptr;
    std::string mode;              // ndctl's words: "raw", "fsdax", "devdax", "sector"
    std::string owner;             // the driver of the namespace or of the instance over it, or "none"
    std::string map;               // "dev", "mem", ""
    bool enabled = false;
    std::uint64_t usable = 0;
    std::vector<Stranded> stranded;    // bytes of the namespace that hold no data
    std::string block_device;
    std::vector<MeetingSection> shared;
    std::optional<DaxRegionNode> dax_region;   // devdax that is enabled
};

struct RegionNode {
    memhot::NdRegionRecord record;
    std::string owner;                       // "nd_region", or "none"
    std::vector<NamespaceNode> namespaces;   // by default without idle seeds
    std::vector<Stranded> stranded;          // free bytes that no namespace can use
};

struct NdTree {
    std::vector<RegionNode> regions;
    std::vector<DaxRegionNode> dax_regions;   // of Soft Reserved memory and CXL
    std::vector<DaxNode> devices;             // whose region the host does not show
};

// Shared sections only where the model is there; the host must outlive the tree.
enum class Seeds { left_out, too };   // namespaces that have no space yet
NdTree nd_tree(const Host& host, Seeds seeds = Seeds::left_out);
// The dax bus alone: regions of namespaces, too.
NdTree dax_tree(const Host& host);

}   // namespace memhotctl
