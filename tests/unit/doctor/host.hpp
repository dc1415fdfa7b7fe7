// SPDX-License-Identifier: GPL-2.0-or-later
//
// A host with nothing to find, for tests of doctor to break: RAM to 2 GiB; a labelled region of 4 GiB at 4 GiB whose first
// GiB is fsdax with map=dev (vector 1 of the reference: data at 0x1200000, 1054867456 bytes usable); 1 GiB of Soft Reserved
// memory at 12 GiB that kmem has, all of it online in blocks of 128 MiB.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "memhot/doctor.hpp"

namespace memhot::test {

inline constexpr std::uint64_t kBlock = 128 * kMiB;
inline constexpr std::uint64_t kPmem = 0x100000000;
inline constexpr std::uint64_t kSoft = 0x300000000;

inline constexpr std::string_view kIomem = "00001000-7fffffff : System RAM\n"
                                           "100000000-1ffffffff : Persistent Memory\n"
                                           "  100000000-13fffffff : namespace0.0\n"
                                           "300000000-33fffffff : Soft Reserved\n"
                                           "  300000000-33fffffff : dax1.0\n"
                                           "    300000000-33fffffff : System RAM (kmem)\n";

inline void replace_in(std::string& text, std::string_view old, std::string_view fresh) {
    const auto at = text.find(old);
    ASSERT_NE(at, std::string::npos) << old;
    text.replace(at, old.size(), fresh);
}

inline std::vector<BlockRecord> blocks(std::uint64_t first, std::uint64_t count, std::string_view zones) {
    std::vector<BlockRecord> all;
    for (std::uint64_t i = 0; i < count; ++i) all.push_back({first + i, "online", std::string(zones), true, 0});
    return all;
}

// An fsdax (pfn) or devdax info block as the kernel of minor 4 writes it; map: 1 mem, 2 dev.
inline InfoBlockRecord info_block(std::string_view name, InstanceKind kind, std::uint64_t data_offset,
                                  std::uint32_t end_trunc, std::uint64_t align, std::uint32_t map,
                                  std::string_view parent = {}) {
    InfoBlockRecord info;
    info.namespace_name = name;
    info.kind = kind;
    info.offset = 4096;
    info.parent_uuid = parent.empty() ? "00000000-0000-0000-0000-000000000000" : std::string(parent);
    info.version_major = 1;
    info.version_minor = 4;
    info.data_offset = data_offset;
    info.mode = map;
    info.start_pad = 0;
    info.end_trunc = end_trunc;
    info.align = align;
    info.page_size = 4096;
    info.page_struct_size = 64;
    return info;
}

inline constexpr std::string_view kUuid = "8d5b1b6e-2f0a-4a3c-9a55-0d2f4ad1f001";

inline NvdimmRecord healthy_devices() {
    NvdimmRecord nd;
    nd.buses.push_back({.name = "ndbus0", .provider = "ACPI.NFIT"});
    DimmRecord dimm;
    dimm.name = "nmem0";
    dimm.bus = "ndbus0";
    dimm.driver = "nvdimm";
    dimm.state = "active";
    dimm.flags = "label";
    dimm.security = "unlocked";
    dimm.available_slots = 1016;
    nd.dimms.push_back(dimm);
    NdRegionRecord region;
    region.name = "region0";
    region.bus = "ndbus0";
    region.type = "pmem";
    region.driver = "nd_region";
    region.resource = kPmem;
    region.size = 4 * kGiB;
    region.align = 16 * kMiB;
    region.ways = 1;
    region.mappings.push_back({"nmem0", 0, 4 * kGiB, 0U});
    region.nstype = 5;
    region.available_size = 3 * kGiB;
    region.max_available_extent = 3 * kGiB;
    region.target_node = 0;
    region.namespace_seed = "namespace0.1";
    region.btt_seed = "btt0.0";
    region.pfn_seed = "pfn0.1";
    region.dax_seed = "dax0.0";
    nd.regions.push_back(region);
    NamespaceRecord fsdax;
    fsdax.name = "namespace0.0";
    fsdax.region = "region0";
    fsdax.size = kGiB;
    fsdax.resource = kPmem;
    fsdax.uuid = kUuid;
    fsdax.mode = "memory";
    fsdax.holder = "pfn0.0";
    fsdax.nstype = 5;
    nd.namespaces.push_back(fsdax);
    NamespaceRecord seed;
    seed.name = "namespace0.1";
    seed.region = "region0";
    seed.size = 0;
    seed.nstype = 5;
    nd.namespaces.push_back(seed);
    NdInstanceRecord pfn;
    pfn.kind = InstanceKind::pfn;
    pfn.name = "pfn0.0";
    pfn.region = "region0";
    pfn.driver = "nd_pmem";
    pfn.namespace_name = "namespace0.0";
    pfn.mode = "pmem";
    pfn.align = 2 * kMiB;
    pfn.resource = kPmem + 0x1200000;
    pfn.size = 1054867456;
    nd.instances.push_back(pfn);
    nd.info_blocks.push_back(info_block("namespace0.0", InstanceKind::pfn, 0x1200000, 0, 2 * kMiB, 2, kUuid));
    DaxRegionRecord soft;
    soft.parent = "hmem.1";
    soft.kind = "hmem";
    soft.id = 1;
    soft.size = kGiB;
    nd.dax_regions.push_back(soft);
    DaxDeviceRecord dax;
    dax.name = "dax1.0";
    dax.parent = "hmem.1";
    dax.driver = "kmem";
    dax.size = kGiB;
    dax.align = 2 * kMiB;
    dax.resource = kSoft;
    dax.target_node = 0;
    dax.mappings.push_back({{kSoft, kSoft + kGiB - 1}, 0});
    nd.dax_devices.push_back(dax);
    return nd;
}

inline Snapshot healthy_host() {
    Snapshot host;
    host.release = "6.12.95";
    host.version = Version{6, 12, 95};
    host.arch = "x86_64";
    host.page_size = 4096;
    host.cmdline = "memhp_default_state=offline";
    host.memory_block_size = kBlock;
    host.iomem = std::string(kIomem);
    host.blocks = blocks(0, 16, "DMA32");
    const auto added = blocks(kSoft / kBlock, 8, "Movable");
    host.blocks->insert(host.blocks->end(), added.begin(), added.end());
    host.possible_nodes = "0";
    host.auto_online_blocks = "offline";
    host.features = {{Feature::cpu_gigabyte_pages, true}};
    host.nvdimm = healthy_devices();
    return host;
}

inline NamespaceRecord& first_namespace(Snapshot& host) { return host.nvdimm->namespaces.front(); }
inline NdRegionRecord& first_region(Snapshot& host) { return host.nvdimm->regions.front(); }
inline DaxDeviceRecord& first_dax(Snapshot& host) { return host.nvdimm->dax_devices.front(); }

// The fsdax namespace without its driver.
inline void disable(Snapshot& host) {
    host.nvdimm->instances.clear();
    first_namespace(host).holder.clear();
    replace_in(*host.iomem, "  100000000-13fffffff : namespace0.0\n", "");
}

inline const Finding* find(const std::vector<Finding>& findings, std::string_view id) {
    const auto found = std::ranges::find(findings, id, &Finding::id);
    return found == findings.end() ? nullptr : &*found;
}

}   // namespace memhot::test
