// SPDX-License-Identifier: GPL-2.0-or-later
//
// A simulated host that is looked at again shows the devices that its steps have made, changed and destroyed: what is read
// from its snapshot answers as the host itself does.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "memhot/simulated.hpp"
#include "memhot/snapshot.hpp"
#include "nvdimm/dax_region.hpp"
#include "nvdimm/from_snapshot.hpp"
#include "nvdimm/to_snapshot.hpp"
#include "unit/nvdimm/bus.hpp"

namespace memhot {
namespace {

Snapshot host(const char* name) { return *load_snapshot(std::string(MEMHOT_TEST_DATA) + "/" + name); }

// All that decides the next answers, but for numbers that only tell one thing from another.
std::string described(const NdBus& bus) {
    std::string out;
    for (const auto& region : bus.regions) {
        out += fmt::format("{} align {:#x} labelled {} enabled {} seed {} available {} extent {} seeds {} {} {}\n",
                           name_of(region), region.align, region.labelled, region.enabled, region.seed,
                           available_size(region), max_available_extent(region), region.seeds.pfn, region.seeds.dax,
                           region.seeds.btt);
        for (const auto& [_, ns] : region.namespaces) {
            out += fmt::format("  {} {} at {:#x} has uuid {}", name_of(region, ns), ns.size(), ns.space.start,
                               ns.identity != 0);
            if (ns.active) {
                out += fmt::format(" {} map {} align {:#x} size {} data {:#x} instance {}", to_string(ns.active->mode),
                                   static_cast<int>(ns.active->map), ns.active->align, ns.active->size,
                                   ns.active->data_start, ns.instance);
            }
            if (ns.claimed) out += fmt::format(" claimed {}", to_string(*ns.claimed));
            if (const auto* info = info_block_of(bus, ns)) {
                out += info->mode == NsMode::sector
                           ? fmt::format(" info of sectors of {}", info->sector_size)
                           : fmt::format(" info {} align {:#x} offset {:#x}", to_string(info->mode), info->align,
                                         info->geometry.data_offset + info->geometry.start_pad);
            }
            out += "\n";
        }
    }
    for (const auto& device : bus.dax) {
        out += fmt::format("{} {} align {:#x} node {} state '{}'", device.name(), to_string(device.driver),
                           device.align, device.target_node, device.kmem_state);
        for (const auto& range : device.ranges) out += " " + to_string(range);
        for (const auto& range : device.added) out += " added " + to_string(range);
        out += "\n";
    }
    for (const auto& region : bus.dax_regions)
        out += fmt::format("dax region {} available {}\n", region.id, available_size(bus, region));
    return out + bus.model.resources().print();
}

struct Case {
    const char* host;
    std::vector<std::string> commands;
};

class SimulatedDevices : public testing::TestWithParam<Case> {};

TEST_P(SimulatedDevices, are_shown_as_they_are) {
    Snapshot snapshot = host(GetParam().host);
    auto bus = bus_from_snapshot(snapshot);
    ASSERT_TRUE(bus) << bus.error().message();
    for (const auto& command : GetParam().commands) {
        const auto answer = run_command(*bus, split_command(command));
        ASSERT_FALSE(answer.crash) << command;
        Snapshot shown = snapshot;
        shown.iomem = bus->model.resources().print();
        shown.blocks.emplace();
        for (const auto& block : bus->model.blocks())
            shown.blocks->push_back(
                {block.number, block.online ? "online" : "offline", block.valid_zones, true, block.node});
        show_devices(*bus, *shown.nvdimm);
        const auto again = bus_from_snapshot(shown);
        ASSERT_TRUE(again) << command << ": " << again.error().message();
        EXPECT_EQ(described(*again), described(*bus)) << "behind " << command << ", which exits " << answer.exit;
    }
}

INSTANTIATE_TEST_SUITE_P(
    Hosts, SimulatedDevices,
    testing::Values(
        Case{"nvdimm-host.json",
             {"ndctl create-namespace -r region1 --force", "ndctl create-namespace -r region0 -m sector -s 32M",
              "ndctl destroy-namespace -f namespace1.0", "ndctl disable-namespace namespace0.2",
              "ndctl enable-namespace namespace0.2", "ndctl destroy-namespace -f namespace0.0",
              "ndctl create-namespace -r region0 -m raw -s 64M", "ndctl disable-namespace namespace0.3",
              "ndctl create-namespace -f -e namespace2.0 -m devdax",
              "ndctl create-namespace -f -e namespace0.4 -m fsdax", "daxctl reconfigure-device -f -m devdax dax0.1",
              "daxctl reconfigure-device -m system-ram -N dax0.1",
              "ndctl create-namespace -r region1 -m devdax -s 100M", "ndctl destroy-namespace -f all"}},
        Case{"hmem-host.json",
             {"daxctl reconfigure-device -m system-ram -N dax0.0", "daxctl reconfigure-device -m devdax -f dax0.0",
              "daxctl disable-device dax0.0", "daxctl reconfigure-device -s 128M dax0.0", "daxctl create-device -s 64M",
              "daxctl create-device", "daxctl destroy-device -f dax0.1"}},
        Case{"cxl-host.json",
             {"daxctl reconfigure-device -m devdax -f dax0.0", "daxctl disable-device dax0.0",
              "daxctl reconfigure-device -s 0 dax0.0", "daxctl create-device -s 256M"}},
        Case{"labels-host.json",
             {"ndctl create-namespace -f -e namespace0.0 -m fsdax", "ndctl destroy-namespace -f namespace0.0",
              "ndctl create-namespace -r region0 -m devdax -s 128M"}}),
    [](const auto& one) {
        std::string name = one.param.host;
        return name.substr(0, name.find('-'));
    });

// A block that is written "online" goes by online_policy and the ratio (auto_movable_can_online_movable()): that
// host has 8 GiB of kernel memory and 512 MiB that is movable, so at 1 % nothing more is.
TEST(SimulatedParameters, CountAsSoonAsTheyAreWritten) {
    const auto snapshot = host("dimm-host.json");
    const std::string parameters = "/sys/module/memory_hotplug/parameters/";
    const auto zone_with = [&](const char* ratio) {
        auto simulated = SimulatedHost::from_snapshot(snapshot);
        EXPECT_TRUE(simulated->carry_out(WriteAction{parameters + "auto_movable_ratio", ratio}).outcome.accepted());
        EXPECT_TRUE(simulated->carry_out(WriteAction{parameters + "online_policy", "auto-movable"}).outcome.accepted());
        EXPECT_EQ(simulated->snapshot().parameters.at("auto_movable_ratio"), ratio);
        EXPECT_TRUE(simulated->carry_out(WriteAction{"/sys/devices/system/memory/memory87/state", "online"})
                        .outcome.accepted());
        return simulated->snapshot().blocks->back().valid_zones;
    };
    EXPECT_EQ(zone_with("301"), "Movable");
    EXPECT_EQ(zone_with("1"), "Normal");
    auto simulated = SimulatedHost::from_snapshot(snapshot);
    EXPECT_FALSE(simulated->carry_out(WriteAction{parameters + "online_policy", "any"}).outcome.accepted());
    EXPECT_FALSE(simulated->carry_out(WriteAction{parameters + "none", "1"}).outcome.accepted());
}

}   // namespace
}   // namespace memhot
