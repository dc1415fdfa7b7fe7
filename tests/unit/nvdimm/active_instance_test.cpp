// SPDX-License-Identifier: GPL-2.0-or-later
//
// A namespace that is active through its btt, pfn or dax instance came up through it: what the namespace itself would be
// refused for at its own probe is not asked again (nvdimm_namespace_common_probe() looks at what is probed:
// pmem_should_map_pages() says no to an instance).
#include <gtest/gtest.h>

#include <algorithm>

#include "memhot/snapshot.hpp"
#include "nvdimm/from_snapshot.hpp"
#include "unit/nvdimm/bus.hpp"

namespace memhot {
namespace {

// nvdimm-host, with its legacy range a megabyte later and a btt over it that ndctl has just made: a kernel of 5.7 or
// later refuses such a namespace at its own probe, not the btt. As tests/vm met it on 6.1.192.
Snapshot host_with_btt_off_2m(const std::string& instance) {
    Snapshot snapshot = *load_snapshot(std::string(MEMHOT_TEST_DATA) + "/nvdimm-host.json");
    const std::string line = "30000000-35ffffff : Persistent Memory (legacy)\n  30000000-35ffffff : namespace2.0\n";
    snapshot.iomem->replace(snapshot.iomem->find(line), line.size(),
                            "30100000-35ffffff : Persistent Memory (legacy)\n  30100000-35ffffff : namespace2.0\n");
    auto& nvdimm = *snapshot.nvdimm;
    auto& region = *std::ranges::find(nvdimm.regions, "region2", &NdRegionRecord::name);
    auto& ns = *std::ranges::find(nvdimm.namespaces, "namespace2.0", &NamespaceRecord::name);
    auto& btt = *std::ranges::find(nvdimm.instances, "btt2.0", &NdInstanceRecord::name);
    region.resource = ns.resource = 0x30100000;
    region.size = ns.size = 95 * kMiB;
    ns.driver.clear();
    ns.mode = "safe";
    ns.holder = instance;
    ns.holder_class = "btt";
    NdInstanceRecord seed = btt;
    btt.name = instance;
    btt.driver = "nd_pmem";
    btt.namespace_name = "namespace2.0";
    btt.uuid = "e3902edb-c6a6-4db8-89bb-4ff22bcf609a";
    btt.sector_size = 4096;
    seed.name = instance == "btt2.0" ? "btt2.1" : "btt2.0";
    region.btt_seed = seed.name;
    nvdimm.instances.push_back(seed);
    InfoBlockRecord info;
    info.namespace_name = "namespace2.0";
    info.source = InfoBlockSource::attributes;
    info.kind = InstanceKind::btt;
    info.offset = 4096;
    info.checksum_ok = true;
    info.uuid = btt.uuid;
    nvdimm.info_blocks.push_back(info);
    return snapshot;
}

TEST(ActiveInstance, is_active_also_where_its_namespace_would_be_refused) {
    for (const auto* const instance : {"btt2.0", "btt2.1"}) {
        auto bus = bus_from_snapshot(host_with_btt_off_2m(instance));
        ASSERT_TRUE(bus) << bus.error().message();
        const auto& ns = test::namespace_of(*bus, "namespace2.0");
        ASSERT_TRUE(ns.active) << instance;
        EXPECT_EQ(ns.active->mode, NsMode::sector);
        test::refused(*bus, "ndctl destroy-namespace namespace2.0",
                      "error destroying namespaces: Device or resource busy", RuleId::ndctl_active);
        test::done(*bus, "ndctl disable-namespace namespace2.0");
        test::refused(*bus, "ndctl enable-namespace namespace2.0",
                      "error enabling namespaces: No such device or address",
                      RuleId::nd_raw_misaligned);   // its own probe
    }
}

}   // namespace
}   // namespace memhot
