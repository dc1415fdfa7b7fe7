// SPDX-License-Identifier: GPL-2.0-or-later
//
// What comes with an event of udev on a host that is read: what is about to go wrong with it is told before anybody tries,
// and memory of each source is decided by the policy for that source.
#include <gtest/gtest.h>

#include <functional>

#include "dbus/harness.hpp"
#include "dbus/hazards.hpp"
#include "udev/mock_host.hpp"

namespace {

using namespace memhot::test;   // NOLINT(google-build-using-namespace): a test's own vocabulary

Daemon::Options options(const Testbed& testbed, const PrivateBus& bus) {
    return {.snapshot = "",
            .more = {"--root=" + testbed.root(), "--config-root=" + testbed.root(), "--events",
                     "--state-dir=" + bus.dir().path("state")},
            .environment = {{"UMOCKDEV_DIR", testbed.root()}}};
}

// --- hazards -------------------------------------------------------------------------------------------------------

const std::string kNdBus = "LNXSYSTM:00/ACPI0012:00/ndbus0";

// 4 GiB at 4 GiB on one DIMM.
std::string nd_region(const Host& host, const std::string& dimm_state, const std::string& driver) {
    host.iomem("100000000-1ffffffff : Persistent Memory\n");
    host.device("nd", kNdBus, {{"provider", "ACPI.NFIT"}}, "nvdimm_bus");
    host.device("nd", kNdBus + "/nmem0",
                {{"state", "active"}, {"flags", "label"}, {"available_slots", "1018"}, {"security", dimm_state}},
                dimm_state == "locked" ? "" : "nvdimm");
    return host.device("nd", kNdBus + "/region0",
                       {{"devtype", "nd_pmem"},
                        {"size", "4294967296"},
                        {"resource", "0x100000000"},
                        {"align", "0x1000000"},
                        {"mappings", "1"},
                        {"mapping0", "nmem0,0,4294967296,0"},
                        {"nstype", "5"},
                        {"available_size", "2147483648"},
                        {"max_available_extent", "2147483648"},
                        {"target_node", "0"},
                        {"namespace_seed", "namespace0.1"},
                        {"btt_seed", "btt0.0"},
                        {"pfn_seed", "pfn0.1"},
                        {"dax_seed", "dax0.0"}},
                       driver);
}

// fsdax of 2 GiB whose data begin at the next multiple of 1 GiB. size: what its label says.
std::string fsdax_at_a_gigabyte(const Host& host, const char* size) {
    nd_region(host, "disabled", "nd_region");
    host.iomem("100000000-1ffffffff : Persistent Memory\n  100000000-17fffffff : namespace0.0\n");
    host.device("nd", kNdBus + "/region0/pfn0.0",
                {{"mode", "pmem"},
                 {"align", "1073741824"},
                 {"uuid", "f0b8a9f1-1f53-4f0a-b6c9-fb0b4a3d6f11"},
                 {"namespace", "namespace0.0"},
                 {"resource", "0x140000000"},
                 {"size", "1073741824"}},
                "nd_pmem");
    return host.device("nd", kNdBus + "/region0/namespace0.0",
                       {{"size", size},
                        {"resource", "0x100000000"},
                        {"uuid", "8c2e5b4a-8f1f-4c55-9d2c-08e45a9e4e3b"},
                        {"mode", "memory"},
                        {"holder", "pfn0.0"},
                        {"holder_class", "pfn"},
                        {"sector_size", "[512] 4096"},
                        {"nstype", "5"}});
}

std::string gigabyte_namespace(const Host& host) { return fsdax_at_a_gigabyte(host, "2147483648"); }

// Of 1 GiB by now (row 76b): its driver does not look again before the next boot, where nd_pfn_validate() refuses it.
std::string shrunk_namespace(const Host& host) { return fsdax_at_a_gigabyte(host, "1073741824"); }

std::string idle_namespace(const Host& host) {
    nd_region(host, "disabled", "nd_region");
    return host.device("nd", kNdBus + "/region0/namespace0.0",
                       {{"size", "1073741824"},
                        {"resource", "0x100000000"},
                        {"uuid", "8c2e5b4a-8f1f-4c55-9d2c-08e45a9e4e3b"},
                        {"mode", "raw"},
                        {"sector_size", "[512] 4096"},
                        {"nstype", "5"}});
}

struct Coming {
    const char* name;
    const char* bus;
    std::string (*comes)(const Host& host);   // the path of what has the event
    const char* rule;
    const char* where;
    const char* text;   // with the numbers of what came
    const char* remedy;
};
void PrintTo(const Coming& one, std::ostream* out) { *out << one.name; }

class ComingHazards : public testing::TestWithParam<Coming> {};

TEST_P(ComingHazards, AreRaisedByTheEventAndClearedWithIt) {
    PrivateBus bus;
    const Testbed testbed;
    const Host host(testbed.root());
    Daemon daemon(bus, options(testbed, bus));
    Client root(bus, As::root);
    Client nobody(bus, As::nobody);
    Heard heard(nobody);
    ASSERT_EQ(hazards(root).size(), 0U) << daemon.log();

    const std::string path = GetParam().comes(host);
    testbed.event(path, "add");
    const auto raised = heard.wait("HazardRaised", GetParam().rule);
    ASSERT_TRUE(raised.has_value()) << daemon.log();
    const auto told = hazards(root);
    ASSERT_TRUE(told.contains(raised->id));
    const auto& hazard = told.at(raised->id);
    EXPECT_EQ(hazard.where, GetParam().where);
    EXPECT_NE(hazard.text.find(GetParam().text), std::string::npos) << hazard.text;
    EXPECT_NE(hazard.remedy.find(GetParam().remedy), std::string::npos) << hazard.remedy;
    EXPECT_NE(daemon.log().find("hazard: " + hazard.where + ": " + hazard.text + "; " + hazard.remedy),
              std::string::npos)
        << daemon.log();

    testbed.event(path, "remove");
    host.leave(GetParam().bus, path);
    EXPECT_TRUE(eventually([&] { return !hazards(root).contains(raised->id); })) << daemon.log();
    EXPECT_TRUE(heard.wait("HazardCleared").has_value());
    EXPECT_EQ(root.number("LostEvents"), 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Sources, ComingHazards,
    testing::Values(
        // nd_region_probe() needs each of its DIMMs (ENXIO)
        Coming{"RegionBelowALockedDimm", "nd", [](const Host& host) { return nd_region(host, "locked", ""); },
               "region.disabled", "region0", "4G without driver", "first the DIMM; then ndctl enable-region region0"},
        // nd_pfn_validate(): 64 MiB further on its data are no multiple of its align
        Coming{"NamespaceThatDoesNotSurviveAMove", "nd", gigabyte_namespace, "namespace.fails-after-shift",
               "namespace0.0", "only at multiples of 1G", "recreate it with align 2M"},
        Coming{"NamespaceThatDoesNotSurviveAReboot", "nd", shrunk_namespace, "namespace.fails-after-reboot",
               "namespace0.0", "works now, and will not come up at the next boot", "save its data before"},
        Coming{"NamespaceWithoutDriver", "nd", idle_namespace, "namespace.disabled", "namespace0.0",
               "1G of space, and no disk", "ndctl enable-namespace namespace0.0"},
        // dev_dax_kmem_probe(): no node, EINVAL
        Coming{"DaxDeviceThatKmemRefuses", "dax", [](const Host& host) { return host.dax_device("", "-1"); },
               "dax.no-driver", "dax0.0", "1G that nothing drives", "daxctl enable-device dax0.0"},
        // dax_kmem_range(): 1 GiB less 2 MiB has seven whole blocks of 128 MiB, and 126 MiB are in none
        Coming{"DaxDeviceThatLosesMemory", "dax",
               [](const Host& host) {
                   return host.dax_device("kmem", "0", "1071644672", "0x33fdfffff", "  300000000-33fdfffff : dax0.0\n");
               },
               "kmem.stranded", "dax0.0", "126M of 1022M", "smaller memory blocks"},
        // kmem has it, and none of its eight blocks came
        Coming{"DaxDeviceOfWhichBlocksAreMissing", "dax",
               [](const Host& host) {
                   return host.dax_device("kmem", "0", "1073741824", "0x33fffffff", "  300000000-33fffffff : dax0.0\n");
               },
               "kmem.partly-online", "dax0.0", "0 of its 8 memory blocks are online, 0 are there at all",
               "never unbind it as it is"},
        // mhp_get_pluggable_range(): 46 bits
        Coming{"CxlWindowBeyondWhatIsAddressable", "cxl",
               [](const Host& host) {
                   return host.device("cxl", "platform/ACPI0017:00/root0/decoder0.0",
                                      {{"start", "0x400000000000"},
                                       {"size", "0x100000000"},
                                       {"interleave_ways", "1"},
                                       {"interleave_granularity", "256"},
                                       {"cap_ram", "1"},
                                       {"cap_pmem", "0"},
                                       {"locked", "1"}});
               },
               "window.refuses-memory", "decoder0.0", "400000000000-4000ffffffff could not be added: E2BIG",
               "use a lower address"}),
    [](const auto& one) { return std::string(one.param.name); });

// --- policies ------------------------------------------------------------------------------------------------------

struct Sort {
    const char* name;
    const char* source;   // words of Source=
    bool firmware_map;
    bool probe;
    const char* iomem;
    bool dax;   // it belongs to one that kmem drives
    const char* other;   // Source= of another policy, which must not win
};
void PrintTo(const Sort& one, std::ostream* out) { *out << one.name; }

class Sources : public testing::TestWithParam<Sort> {};

// memory96-97, which come with events, and a policy before that is for something else.
TEST_P(Sources, MemoryThatComesIsDecidedByThePolicyForItsSource) {
    const Sort& sort = GetParam();
    PrivateBus bus;
    const Testbed testbed;
    const Host host(testbed.root());
    if (sort.firmware_map) host.firmware_map();
    if (sort.probe) host.file("sys/devices/system/memory/probe", "");
    const std::string policies = "etc/memhot/policy.d/";
    host.file(policies + "10-other.policy",
              std::string("[Match]\nSource=") + sort.other + "\n[Online]\nLeaveAlone=yes\n");
    host.file(policies + "20-this.policy",
              std::string("[Match]\nSource=") + sort.source + "\n[Online]\nZone=movable\n");
    Daemon daemon(bus, options(testbed, bus));
    for (const unsigned i : {96U, 97U}) host.add(i, "offline", "Normal Movable");
    if (sort.dax) {
        const std::string path = host.dax_device("kmem", "0", "268435456", "0x30fffffff", sort.iomem);
        testbed.event(path, "add");
    } else {
        host.iomem(sort.iomem);
    }
    for (const unsigned i : {96U, 97U}) testbed.event(i, "add");
    EXPECT_TRUE(eventually([&] {
        return daemon.log().find("20-this.policy:4: memory96-97: online in zone movable") != std::string::npos;
    })) << daemon.log();
}

INSTANTIATE_TEST_SUITE_P(
    All, Sources,
    testing::Values(
        Sort{"Kmem", "kmem", true, false,
             "  300000000-30fffffff : dax0.0\n    300000000-30fffffff : System RAM (kmem)\n", true, "cxl acpi"},
        Sort{"Hmem", "hmem", true, false,
             "  300000000-30fffffff : dax0.0\n    300000000-30fffffff : System RAM (kmem)\n", true, "virtio-mem probe"},
        Sort{"VirtioMem", "virtio-mem", true, false,
             "300000000-33fffffff : virtio0\n  300000000-30fffffff : System RAM (virtio_mem)\n", false,
             "kmem acpi probe"},
        Sort{"Acpi", "acpi", true, false, "300000000-30fffffff : System RAM\n", false, "kmem virtio-mem"},
        // with the file the two look alike
        Sort{"AcpiOrProbe", "acpi probe", true, true, "300000000-30fffffff : System RAM\n", false, "kmem virtio-mem"}),
    [](const auto& one) { return std::string(one.param.name); });

// Which of the two it was cannot be told, so a policy for one of them does nothing, and nor does one behind it.
TEST(Sources, WhatCannotBeToldIsLeftAlone) {
    PrivateBus bus;
    const Testbed testbed;
    const Host host(testbed.root());
    host.firmware_map();
    host.file("sys/devices/system/memory/probe", "");
    host.file("etc/memhot/policy.d/10-a.policy", "[Match]\nSource=acpi\n[Online]\nZone=movable\n");
    host.file("etc/memhot/policy.d/20-b.policy", "[Match]\nDevice=*\n[Online]\nZone=kernel\n");
    Daemon daemon(bus, options(testbed, bus));
    host.add(96, "offline", "Normal Movable");
    host.iomem("300000000-307ffffff : System RAM\n");
    testbed.event(96, "add");
    EXPECT_TRUE(eventually([&] {
        return daemon.log().find("memory96: left alone: it cannot be told whether 10-a.policy matches") !=
               std::string::npos;
    })) << daemon.log();
    EXPECT_EQ(daemon.log().find("memory96: online"), std::string::npos) << daemon.log();
}

}   // namespace
