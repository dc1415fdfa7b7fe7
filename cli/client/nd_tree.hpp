// SPDX-License-Identifier: GPL-2.0-or-later
//
// Regions, namespaces, dax devices and the memory blocks below them, joined from what the host shows of each.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/host.hpp"
#include "memhot/nvdimm.hpp"

namespace memhotctl {

// A section in which a namespace or device meets somebody else.
struct MeetingSection {
    std::uint64_t number = 0;
    std::vector<std::string> others;   // names in /proc/iomem
};

// The memory blocks of a dax device: those inside its ranges (kmem), by number.
struct DaxBlocks {
    std::vector<std::uint64_t> present;
    std::vector<std::uint64_t> online;
    std::uint64_t bytes = 0;           // of those present
    std::vector<std::string> zones;    // of the online ones, each once
    std::vector<int> nodes;            // each once
};

struct DaxNode {
    memhot::DaxDeviceRecord record;
    std::string mode;              // "devdax", "system-ram", "famfs", "" without a driver
    std::uint64_t size = 0;
    DaxBlocks blocks;
    std::uint64_t stranded = 0;    // system-ram: bytes that lie in no memory block of it
    std::vector<MeetingSection> shared;
};

struct NamespaceNode {
    memhot::NamespaceRecord record;
    const memhot::NdInstanceRecord* instance = nullptr;
    const memhot::DaxRegionRecord* dax_region = nullptr;   // devdax that is enabled
    std::string mode;              // ndctl's words: "raw", "fsdax", "devdax", "sector"
    std::string map;               // "dev", "mem", ""
    bool enabled = false;
    std::uint64_t usable = 0;
    std::uint64_t stranded = 0;    // bytes of the namespace that hold no data: info block, struct pages, alignment
    std::string block_device;
    std::vector<MeetingSection> shared;
    std::vector<DaxNode> devices;
};

struct RegionNode {
    memhot::NdRegionRecord record;
    std::vector<NamespaceNode> namespaces;   // without idle seeds
    std::uint64_t stranded = 0;              // free bytes that no single namespace could use
};

struct NdTree {
    std::vector<RegionNode> regions;
    std::vector<DaxNode> devices;   // of Soft Reserved memory and CXL
};

// Shared sections only where the model is there; the host must outlive the tree.
NdTree nd_tree(const Host& host);
// Every dax device, those of namespaces too.
std::vector<DaxNode> dax_nodes(const Host& host);

}   // namespace memhotctl
