// SPDX-License-Identifier: GPL-2.0-or-later
//
// What is about to go wrong is said when a region, a namespace, a dax device or a CXL window appears: as a signal that
// tells no address, by Hazards() to who may know, and in the log; and that it is over.
#include <gtest/gtest.h>

#include <filesystem>

#include "dbus/harness.hpp"
#include "dbus/hazards.hpp"
#include "unit/doctor/host.hpp"

namespace {

using namespace memhot::test;   // NOLINT(google-build-using-namespace): a test's own vocabulary
using memhot::Snapshot;

struct Arrival {
    const char* name;
    void (*comes)(Snapshot&);
    const char* rule;
    const char* where;
};
void PrintTo(const Arrival& one, std::ostream* out) { *out << one.name; }

class Hazards : public testing::TestWithParam<Arrival> {};

TEST_P(Hazards, AreToldWhenItAppearsAndWhenItIsGone) {
    PrivateBus bus;
    HostTree dir;
    const std::string file = dir.path("host.json");
    const Snapshot healthy = healthy_host();
    ASSERT_TRUE(save_snapshot(healthy, file).ok());
    Daemon daemon(bus, {.snapshot = "", .more = {"--simulate=" + file}, .environment = {}});
    Client root(bus, As::root);
    Client nobody(bus, As::nobody);
    Heard heard(nobody);
    ASSERT_TRUE(hazards(root).empty()) << hazards(root).begin()->second.text;

    Snapshot host = healthy;
    GetParam().comes(host);
    ASSERT_TRUE(save_snapshot(host, file).ok());
    const auto raised = heard.wait("HazardRaised", GetParam().rule);
    ASSERT_TRUE(raised.has_value()) << daemon.log();
    const auto told = hazards(root);
    ASSERT_TRUE(told.contains(raised->id));
    const auto& hazard = told.at(raised->id);
    EXPECT_EQ(hazard.rule, GetParam().rule);
    EXPECT_EQ(hazard.where, GetParam().where);
    EXPECT_FALSE(hazard.text.empty());
    EXPECT_FALSE(hazard.remedy.empty());
    EXPECT_NE(daemon.log().find("hazard: " + hazard.where + ": " + hazard.text + "; " + hazard.remedy),
              std::string::npos)
        << daemon.log();
    EXPECT_EQ(root.number("HazardCount"), told.size());

    ASSERT_TRUE(save_snapshot(healthy, file).ok());
    ASSERT_TRUE(heard.wait("HazardCleared").has_value()) << daemon.log();
    EXPECT_TRUE(eventually([&] { return hazards(root).empty(); }));
    EXPECT_NE(daemon.log().find("hazard gone: " + hazard.where), std::string::npos);
}

// What comes, and what it meets next: attaching, becoming memory, being added into a window, another boot.
INSTANTIATE_TEST_SUITE_P(
    Arrivals, Hazards,
    testing::Values(
        Arrival{"RegionBelowALockedDimm",
                [](Snapshot& host) {
                    disable(host);
                    host.nvdimm->namespaces.clear();
                    host.nvdimm->info_blocks.clear();
                    first_region(host).driver.clear();
                    host.nvdimm->dimms[0].driver.clear();
                },
                "region.disabled", "region0"},
        Arrival{"NamespaceThatCannotBeAttached",   // its start is no multiple of 2 MiB (nd_pfn_validate)
                [](Snapshot& host) {
                    disable(host);
                    first_namespace(host).resource = kPmem + memhot::kMiB;
                    host.nvdimm->info_blocks[0].align = 4096;
                },
                "namespace.not-attached", "namespace0.0"},
        Arrival{"DaxDeviceThatKmemRefuses",   // no node (dev_dax_kmem_probe)
                [](Snapshot& host) {
                    first_dax(host).driver.clear();
                    first_dax(host).target_node.reset();
                    host.blocks = blocks(0, 16, "DMA32");
                    replace_in(*host.iomem,
                               "  300000000-33fffffff : dax1.0\n    300000000-33fffffff : System RAM (kmem)\n", "");
                },
                "dax.no-driver", "dax1.0"},
        Arrival{"CxlWindowBeyondWhatIsAddressable",   // 46 bits (mhp_get_pluggable_range)
                [](Snapshot& host) {
                    memhot::CxlDecoderRecord decoder;
                    decoder.name = "decoder0.0";
                    decoder.resource = 1ULL << 46U;
                    decoder.size = 4 * memhot::kGiB;
                    decoder.volatile_capable = true;
                    host.nvdimm->cxl_decoders = {decoder};
                },
                "window.refuses-memory", "decoder0.0"},
        Arrival{"NamespaceThatDoesNotSurviveAnotherBoot",   // 64 MiB further on it is not aligned to its 128 MiB
                [](Snapshot& host) {
                    auto& info = host.nvdimm->info_blocks[0];
                    auto& pfn = host.nvdimm->instances.front();
                    first_namespace(host).size = 2 * memhot::kGiB;
                    pfn.align = memhot::kGiB;
                    info.align = memhot::kGiB;
                    info.data_offset = memhot::kGiB;
                    pfn.resource = kPmem + memhot::kGiB;
                    pfn.size = memhot::kGiB;
                    replace_in(*host.iomem, "100000000-13fffffff : namespace0.0", "100000000-17fffffff : namespace0.0");
                },
                "namespace.fails-after-shift", "namespace0.0"}),
    [](const auto& one) { return std::string(one.param.name); });

// The blocks that came with other hardware are those that policies are asked about.
TEST(SimulatedHardware, NewBlocksAreWhatPoliciesAreAskedAbout) {
    PrivateBus bus;
    HostTree dir;
    const std::string file = dir.path("host.json");
    Snapshot host = healthy_host();
    ASSERT_TRUE(save_snapshot(host, file).ok());
    Daemon daemon(bus, {.snapshot = "", .more = {"--simulate=" + file}, .environment = {}});
    Client root(bus, As::root);
    daemon.dir().file("config/etc/memhot/policy.d/10-a.policy", "[Match]\nDevice=*\n[Online]\nZone=movable\n");
    ASSERT_TRUE(root.manager("Reload", [](sd_bus_message* message) { append_no_options(message); }).ok());
    EXPECT_EQ(daemon.log().find("memory112"), std::string::npos);
    for (unsigned i = 112; i < 116; ++i) host.blocks->push_back({i, "offline", "Normal Movable", true, 0});
    *host.iomem += "380000000-39fffffff : System RAM\n";
    ASSERT_TRUE(save_snapshot(host, file).ok());
    EXPECT_TRUE(eventually([&] { return daemon.log().find("memory112-115") != std::string::npos; })) << daemon.log();
    EXPECT_EQ(root.number("BlocksOffline"), 4U);
    // what is no snapshot changes nothing
    dir.file("host.json", "{}");
    EXPECT_TRUE(eventually([&] { return daemon.log().find("stays as it is") != std::string::npos; })) << daemon.log();
    EXPECT_EQ(root.number("BlocksOffline"), 4U);
    EXPECT_TRUE(daemon.process().alive());
}

}   // namespace
