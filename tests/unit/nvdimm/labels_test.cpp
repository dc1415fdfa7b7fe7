// SPDX-License-Identifier: GPL-2.0-or-later
//
// What a host shows of the labels of its DIMMs: whether there can be some, and of which version they are. The hosts were
// captured in VMs: labels-host has two DIMMs with label areas that hold nothing and one without; nvdimm-host has labels of
// version 1.1, as ndctl init-labels writes them.
#include <gtest/gtest.h>

#include <algorithm>

#include "memhot/snapshot.hpp"
#include "nvdimm/from_snapshot.hpp"
#include "unit/nvdimm/bus.hpp"

namespace memhot {
namespace {

Snapshot host(const char* name) { return *load_snapshot(std::string(MEMHOT_TEST_DATA) + "/" + name); }

NdBus bus_of(const Snapshot& snapshot) {
    auto bus = bus_from_snapshot(snapshot);
    EXPECT_TRUE(bus) << bus.error().message();
    return *std::move(bus);
}

DimmRecord& dimm(Snapshot& snapshot, std::string_view name) {
    return *std::ranges::find(snapshot.nvdimm->dimms, name, &DimmRecord::name);
}

TEST(Labels, can_come_where_each_dimm_has_an_area) {
    const NdBus bus = bus_of(host("labels-host.json"));
    EXPECT_TRUE(bus.find_region(0)->can_label);
    EXPECT_TRUE(bus.find_region(1)->can_label);
    EXPECT_FALSE(bus.find_region(2)->can_label);   // nmem1 takes no command but cmd_call
    EXPECT_FALSE(bus_of(host("nvdimm-host.json")).find_region(0)->can_label);   // it has labels
    EXPECT_FALSE(bus_of(host("nvdimm-host.json")).find_region(2)->can_label);   // e820 has no DIMMs
}

TEST(Labels, cannot_come_where_the_firmware_does_not_write_them) {
    Snapshot snapshot = host("labels-host.json");
    dimm(snapshot, "nmem0").commands = "get_size get_data";
    EXPECT_FALSE(bus_of(snapshot).find_region(0)->can_label);
    dimm(snapshot, "nmem0").commands.clear();   // captured before they were: the slots say that there is an area
    EXPECT_TRUE(bus_of(snapshot).find_region(0)->can_label);
    dimm(snapshot, "nmem0").available_slots.reset();
    EXPECT_FALSE(bus_of(snapshot).find_region(0)->can_label);
}

// The class of a BTT is 2.0 over labels 1.2 and over an area that holds nothing, 1.1 elsewhere: btt_claim_class().
TEST(Labels, decide_the_version_of_a_btt) {
    const NdBus blank = bus_of(host("labels-host.json"));
    EXPECT_TRUE(blank.find_region(0)->btt2);
    EXPECT_FALSE(blank.find_region(2)->btt2);
    EXPECT_FALSE(bus_of(host("nvdimm-host.json")).find_region(0)->btt2);
}

// 128 KiB hold 510 labels of 256 bytes behind two indices, or 1020 of 128; one stays free for updates.
TEST(Labels, tell_their_version_by_the_number_of_slots) {
    Snapshot snapshot = host("labels-host.json");
    auto& region = snapshot.nvdimm->regions.front();
    ASSERT_EQ(region.name, "region0");
    region.nstype = 5;
    for (const auto& [slots, version_1_2] : {std::pair{508U, true}, {1018U, false}, {777U, false}}) {
        dimm(snapshot, "nmem0").available_slots = slots;   // namespace0.0 has one
        EXPECT_EQ(bus_of(snapshot).find_region(0)->btt2, version_1_2) << slots;
    }
}

}   // namespace
}   // namespace memhot
