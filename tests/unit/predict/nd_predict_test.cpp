// SPDX-License-Identifier: GPL-2.0-or-later
//
// Verdicts on commands of ndctl and daxctl: where everything lies afterwards, what would be accepted instead, and the
// numbers that a refusal names. Sizes and offsets are those that kernels gave to such namespaces.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "memhot/snapshot.hpp"
#include "predict/nd_parts.hpp"
#include "unit/nvdimm/bus.hpp"

namespace memhot {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// The values of a device after a command that must succeed.
std::vector<Value> after(NdBus& bus, std::string_view command, std::string_view device) {
    const NdBus before = bus;
    test::done(bus, command);
    for (const auto& change : nd_changes(before, bus)) {
        if (change.device == device) return change.values;
    }
    ADD_FAILURE() << device << " did not change";
    return {};
}

std::string told(const std::vector<Value>& values, std::string_view name) {
    const auto found = std::ranges::find(values, name, &Value::name);
    return found == values.end() ? "nothing" : brief(*found);
}

std::vector<std::string> instead(const NdBus& bus, std::string_view text) {
    const CommandLine command = split_command(text);
    NdBus trial = bus;
    const CommandAnswer answer = run_command(trial, command);
    EXPECT_NE(answer.exit, 0) << text;
    return nd_instead(bus, command, subject_of(bus, command), answer.rule);
}

std::vector<std::pair<std::string, std::string>> numbers(NdBus bus, std::string_view text) {
    const CommandLine command = split_command(text);
    const NdSubject subject = subject_of(bus, command);
    NdBus trial = bus;
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& value : nd_operands(bus, subject, run_command(trial, command).rule)) {
        out.emplace_back(value.name, brief(value));
    }
    return out;
}

// 7.3 and later: the memory goes, and kmem stays.
TEST(NdChanges, tell_the_memory_that_an_unplug_takes) {
    NdBus bus = test::one_dax_region(0x140000000, kGiB, "7.3");
    bus.model.apply(op::SetAutoOnline{"online_movable"}, Outcome::accept(RuleId::auto_online_accepted));
    bind_kmem(bus, bus.dax[0]);
    const auto values = after(bus, "write /sys/bus/dax/devices/dax0.0/state unplugged", "dax0.0");
    EXPECT_EQ(told(values, "kmem_state"), "unplugged");
    EXPECT_EQ(told(values, "lost_at_end"), "nothing");   // it is not at the end that it is lost
    EXPECT_EQ(told(values, "memory_gone"), "0x140000000-0x17fffffff");
    EXPECT_EQ(told(values, "blocks_gone"), "memory40-memory47");
}

TEST(NdChanges, tell_the_place_of_a_new_namespace) {
    NdBus bus = test::one_region(2 * kGiB);
    const auto values = after(bus, "ndctl create-namespace -r region0 -s 1G", "namespace0.0");
    EXPECT_EQ(told(values, "resource"), "0x100000000");
    EXPECT_EQ(told(values, "size"), "1G");
    EXPECT_EQ(told(values, "usable_size"), "1006M");       // 1054867456
    EXPECT_EQ(told(values, "data_offset"), "18M");         // 0x1200000
    EXPECT_EQ(told(values, "altmap_reserve"), "18424K");   // 18866176
    EXPECT_EQ(told(values, "map"), "dev");
    EXPECT_EQ(told(values, "ram_cost"), "0");
    EXPECT_EQ(told(values, "altmap_cost"), "16M");         // eight sections of 2 MiB of struct pages
    EXPECT_EQ(told(values, "lost_at_end"), "0");
}

TEST(NdChanges, tell_what_struct_pages_cost_in_ram) {
    NdBus bus = test::one_region(2 * kGiB);
    const auto values = after(bus, "ndctl create-namespace -r region0 -s 1G -M mem", "namespace0.0");
    EXPECT_EQ(told(values, "usable_size"), "1022M");   // 1071644672
    EXPECT_EQ(told(values, "altmap_reserve"), "nothing");
    EXPECT_EQ(told(values, "ram_cost"), "16M");
}

TEST(NdChanges, tell_what_the_region_has_left) {
    NdBus bus = test::one_region(2 * kGiB);
    const auto values = after(bus, "ndctl create-namespace -r region0 -s 1G", "region0");
    EXPECT_EQ(told(values, "available_size"), "1G");
    EXPECT_EQ(told(values, "max_available_extent"), "1G");
}

TEST(NdChanges, tell_what_an_align_of_a_gigabyte_loses_at_the_end) {
    NdBus bus = test::one_region(2 * kGiB, 0x104000000);
    const auto values = after(bus, "ndctl create-namespace -r region0 -m devdax -a 1G -M mem -f", "namespace0.0");
    EXPECT_EQ(told(values, "data_offset"), "960M");   // 0x3c000000
    EXPECT_EQ(told(values, "lost_at_end"), "64M");    // 0x4000000
    EXPECT_EQ(told(values, "usable_size"), "1G");
}

// The usable part is 0x101200000 + 0x3ee00000; blocks of 128 MiB.
TEST(NdChanges, tell_the_memory_blocks_of_kmem_and_what_lies_in_none) {
    NdBus bus = test::one_region(2 * kGiB);
    bus.model.apply(op::SetAutoOnline{"offline"}, Outcome::accept(RuleId::auto_online_accepted));
    test::done(bus, "ndctl create-namespace -r region0 -s 1G -m devdax");
    const auto values = after(bus, "daxctl reconfigure-device -N -m system-ram dax0.0", "dax0.0");
    EXPECT_EQ(told(values, "mode"), "system-ram");
    EXPECT_EQ(told(values, "memory"), "0x108000000-0x13fffffff");
    EXPECT_EQ(told(values, "memory_blocks"), "memory33-memory39");
    EXPECT_EQ(told(values, "blocks"), "7");
    EXPECT_EQ(told(values, "blocks_online"), "0");
    EXPECT_EQ(told(values, "lost_at_start"), "110M");
    EXPECT_EQ(told(values, "lost_at_end"), "0");
    EXPECT_EQ(told(values, "ram_cost"), "14M");   // 896 MiB / 64
}

// tests/vm: daxctl list of a real 6.1 counts the blocks as online or offline after each of these.
TEST(NdChanges, tell_which_blocks_went_online_or_offline) {
    NdBus bus = test::one_region(2 * kGiB);
    test::done(bus, "ndctl create-namespace -r region0 -s 384M -m devdax");
    test::done(bus, "daxctl reconfigure-device --mode=system-ram --no-online dax0.0");
    const auto online = after(bus, "daxctl online-memory dax0.0", "dax0.0");
    EXPECT_EQ(told(online, "blocks_online"), "2");
    EXPECT_EQ(told(online, "zones"), "Movable");
    const auto offline = after(bus, "daxctl offline-memory dax0.0", "dax0.0");
    EXPECT_EQ(told(offline, "blocks_online"), "0");
    EXPECT_EQ(told(offline, "zones"), "nothing");
}

TEST(NdChanges, tell_what_becomes_of_the_data) {
    NdBus bus = test::one_region(4 * kGiB);
    for (int i = 0; i < 3; ++i) test::done(bus, "ndctl create-namespace -r region0 -s 512M");
    NdBus trial = bus;
    EXPECT_EQ(told(after(trial, "ndctl disable-namespace namespace0.1", "namespace0.1"), "data"), "kept");
    EXPECT_EQ(told(after(trial, "ndctl enable-namespace namespace0.1", "namespace0.1"), "data"), "kept");
    EXPECT_EQ(told(after(trial, "ndctl create-namespace -e namespace0.1 -f -m devdax", "namespace0.1"), "data"),
              "lost");
    EXPECT_EQ(told(after(trial, "ndctl destroy-namespace -f namespace0.0", "namespace0.0"), "data"), "lost");
    // namespace0.1 grows into the hole below it
    test::done(trial, "ndctl disable-namespace namespace0.1");
    EXPECT_EQ(told(after(trial, "write /sys/bus/nd/devices/namespace0.1/size 1073741824", "namespace0.1"), "data"),
              "shifted");
}

// What a memory block holds once it is online is the page allocator's.
TEST(NdChanges, lose_the_data_of_a_dax_device_once_kmem_has_it_online) {
    NdBus bus = test::one_dax_region(5 * kGiB, kGiB);
    bus.model.apply(op::SetAutoOnline{"offline"}, Outcome::accept(RuleId::auto_online_accepted));
    EXPECT_EQ(told(after(bus, "daxctl enable-device dax0.0", "dax0.0"), "data"), "kept");
    NdBus offline = bus;
    EXPECT_EQ(told(after(offline, "daxctl reconfigure-device -N -m system-ram dax0.0", "dax0.0"), "data"),
              "lost as soon as one of its memory blocks is online");
    EXPECT_EQ(told(after(offline, "daxctl online-memory dax0.0", "dax0.0"), "data"), "lost");
    EXPECT_EQ(told(after(bus, "daxctl reconfigure-device -m system-ram dax0.0", "dax0.0"), "data"), "lost");
    EXPECT_EQ(told(after(bus, "daxctl offline-memory dax0.0", "dax0.0"), "data"), "nothing");
    EXPECT_EQ(told(after(bus, "daxctl reconfigure-device -m devdax dax0.0", "dax0.0"), "earlier_data"),
              "lost if it was ever online");
}

TEST(NdChanges, tell_the_memory_that_goes_with_kmem) {
    NdBus bus = test::one_dax_region(5 * kGiB, kGiB);   // blocks of 128 MiB
    bus.model.apply(op::SetAutoOnline{"offline"}, Outcome::accept(RuleId::auto_online_accepted));
    test::done(bus, "daxctl reconfigure-device -m system-ram dax0.0");
    const auto values = after(bus, "daxctl reconfigure-device -f -m devdax dax0.0", "dax0.0");
    EXPECT_EQ(told(values, "memory_gone"), "0x140000000-0x17fffffff");
    EXPECT_EQ(told(values, "blocks_gone"), "memory40-memory47");
    EXPECT_EQ(told(values, "earlier_data"), "lost");
}

// dev_dax_shrink() takes from the end; what is destroyed is free for others.
TEST(NdChanges, tell_the_fate_of_what_a_divided_dax_region_holds) {
    NdBus bus = test::one_dax_region(5 * kGiB, kGiB);
    EXPECT_EQ(told(after(bus, "daxctl reconfigure-device -s 256M dax0.0", "dax0.0"), "data"), "cut");
    EXPECT_EQ(told(after(bus, "daxctl create-device -s 256M", "dax0.1"), "data"), "nothing");
    test::done(bus, "daxctl disable-device dax0.0");   // create-device binds every idle device
    EXPECT_EQ(told(after(bus, "daxctl reconfigure-device -s 512M dax0.0", "dax0.0"), "data"), "kept");
    EXPECT_EQ(told(after(bus, "daxctl destroy-device -f dax0.1", "dax0.1"), "data"), "lost");
}

// A namespace that is disabled takes its device along; that says what of the data is left.
TEST(NdChanges, leave_the_data_of_a_namespace_to_it) {
    NdBus bus = test::one_region(2 * kGiB);
    test::done(bus, "ndctl create-namespace -r region0 -s 512M -m devdax");
    NdBus trial = bus;
    EXPECT_EQ(told(after(trial, "ndctl disable-namespace namespace0.0", "dax0.0"), "data"), "nothing");
    NdBus moved = bus;   // another map, another offset
    EXPECT_EQ(told(after(moved, "ndctl create-namespace -e namespace0.0 -f -M mem", "dax0.0"), "data"), "nothing");
    NdBus memory = bus;
    memory.model.apply(op::SetAutoOnline{"offline"}, Outcome::accept(RuleId::auto_online_accepted));
    test::done(memory, "daxctl reconfigure-device -N -m system-ram dax0.0");
    EXPECT_EQ(told(after(memory, "ndctl disable-namespace namespace0.0", "dax0.0"), "earlier_data"),
              "lost if it was ever online");
    EXPECT_EQ(told(after(bus, "ndctl disable-namespace namespace0.0", "namespace0.0"), "data"), "kept");
}

// create_arenas() lays a BTT out anew, with an empty map: whatever sector size it had.
TEST(NdChanges, lose_the_data_of_a_sector_namespace_that_is_made_again) {
    NdBus bus = test::one_region(4 * kGiB);
    test::done(bus, "ndctl create-namespace -r region0 -s 512M -m sector");
    NdBus trial = bus;
    EXPECT_EQ(told(after(trial, "ndctl create-namespace -e namespace0.0 -f -m sector", "namespace0.0"), "data"),
              "lost");
    // as a host shows one whose sector size was not told
    bus.media.at(test::kBase).sector_size = 0;
    EXPECT_EQ(told(after(bus, "ndctl create-namespace -e namespace0.0 -f", "namespace0.0"), "data"), "lost");
    EXPECT_EQ(told(after(bus, "ndctl disable-namespace namespace0.0", "namespace0.0"), "data"), "kept");
}

// The same align, map and place give the same offset (nd_pfn_init), also where the host did not tell a sector size.
TEST(NdChanges, keep_the_data_of_fsdax_that_is_made_again_at_the_same_offset) {
    NdBus bus = test::one_region(4 * kGiB);
    test::done(bus, "ndctl create-namespace -r region0 -s 512M");
    bus.media.at(test::kBase).sector_size = 0;
    EXPECT_EQ(told(after(bus, "ndctl create-namespace -e namespace0.0 -f", "namespace0.0"), "data"), "kept");
}

// zero_info_block() zeroes the first 8 KiB, which in a raw namespace are data.
TEST(NdChanges, tell_that_a_raw_namespace_loses_its_first_8K) {
    constexpr std::string_view kHead = "kept but for the first 8K";
    NdBus bus = test::one_region(4 * kGiB);
    test::done(bus, "ndctl create-namespace -r region0 -s 512M -m raw");
    EXPECT_EQ(told(after(bus, "ndctl create-namespace -e namespace0.0 -f -m raw", "namespace0.0"), "data"), kHead);
    NdBus legacy = test::one_legacy(kGiB + 256 * kMiB, 256 * kMiB);
    const auto values = after(legacy, "ndctl create-namespace -e namespace0.0 -f -m raw", "namespace0.0");
    EXPECT_EQ(told(values, "data"), kHead);
    EXPECT_EQ(told(values, "usable_size"), "256M");
}

TEST(NdChanges, name_what_is_gone) {
    NdBus bus = test::one_region(2 * kGiB);
    test::done(bus, "ndctl create-namespace -r region0 -s 512M -m devdax");
    EXPECT_EQ(told(after(bus, "ndctl destroy-namespace namespace0.0 -f", "dax0.0"), "state"), "gone");
}

// tests/vm: three were destroyed although the answer was the refusal of the last.
TEST(NdChanges, tell_what_a_refused_command_has_done) {
    auto host = load_snapshot(MEMHOT_TEST_DATA "/nvdimm-host.json");
    ASSERT_TRUE(host);
    // namespace0.1, whose blocks are online, is the last one of the region without these two
    std::erase_if(host->nvdimm->namespaces,
                  [](const auto& ns) { return ns.name == "namespace0.0" || ns.name == "namespace0.3"; });
    const auto verdicts = predict(*host, std::make_shared<const KernelProfile>(*host->profile()),
                                  {split_command("ndctl destroy-namespace -f all")});
    ASSERT_TRUE(verdicts);
    EXPECT_EQ(verdicts->front().summary, "refused: error destroying namespaces: Device or resource busy");
    const auto& changes = verdicts->front().changes;
    const auto gone = std::ranges::find(changes, "namespace0.2", &DeviceChange::device);
    ASSERT_NE(gone, changes.end());
    EXPECT_EQ(told(gone->values, "state"), "gone");
    EXPECT_EQ(std::ranges::find(changes, "namespace0.1", &DeviceChange::device),
              changes.end());   // its blocks are online
}

TEST(NdChanges, are_none_where_nothing_differs) {
    const NdBus bus = test::one_region(2 * kGiB);
    EXPECT_THAT(nd_changes(bus, bus), IsEmpty());
}

TEST(NdInstead, rounds_a_size_to_the_align_of_the_region) {
    EXPECT_THAT(instead(test::one_region(2 * kGiB), "ndctl create-namespace -r region0 -s 1000M"),
                ElementsAre("ndctl create-namespace -r region0 -s 992M   # or -s 1008M"));
    EXPECT_THAT(instead(test::one_region(2 * kGiB), "ndctl create-namespace -r region0 -s 1001M"),
                ElementsAre("ndctl create-namespace -r region0 -s 1008M   # or -s 992M"));
}

// Three namespaces of 256 MiB, the second destroyed: the first may grow by what is free behind it without moving.
TEST(NdInstead, grows_into_the_free_piece_behind) {
    NdBus bus = test::one_region(2 * kGiB);
    for (int i = 0; i < 3; ++i) test::done(bus, "ndctl create-namespace -r region0 -s 256M -m raw");
    test::done(bus, "ndctl destroy-namespace namespace0.1 -f");
    EXPECT_THAT(instead(bus, "ndctl create-namespace -e namespace0.0 -f -m raw -s 4G"),
                ElementsAre("ndctl create-namespace -e namespace0.0 -f -m raw -s 512M"
                            "   # data of namespace0.0 kept but for the first 8K"));
}

// arm64 maps struct pages on the device by whole sections of 128 MiB: 1086M is refused (ENOMEM, vector 71), 1G taken.
TEST(NdInstead, ends_map_dev_on_a_section_of_arm64) {
    test::Host host = test::nd_host(test::pmem_line(test::kBase, 2 * kGiB));
    host.arch = Arch::arm64;
    NdBus bus = test::bus_on(host);
    bus.regions.push_back(test::labelled_region(0, test::kBase, 2 * kGiB));
    bus.regions[0].align = 2 * kMiB;
    EXPECT_THAT(instead(bus, "ndctl create-namespace -r region0 -m fsdax -s 1086M"),
                ElementsAre("ndctl create-namespace -r region0 -m fsdax -s 1G   # or -s 1152M"));
}

TEST(NdInstead, takes_the_largest_extent_where_there_is_less) {
    NdBus bus = test::one_region(2 * kGiB);
    for (int i = 0; i < 3; ++i) test::done(bus, "ndctl create-namespace -r region0 -s 512M");
    EXPECT_THAT(instead(bus, "ndctl create-namespace -r region0 -s 1G -m devdax"),
                ElementsAre("ndctl create-namespace -r region0 -m devdax -s 512M"));
}

TEST(NdInstead, leaves_the_size_out_where_a_region_cannot_be_divided) {
    EXPECT_THAT(
        instead(test::one_legacy(kGiB + 256 * kMiB, 256 * kMiB), "ndctl create-namespace -e namespace0.0 -f -s 16M"),
        ElementsAre("ndctl create-namespace -e namespace0.0 -f   # data of namespace0.0 lost"));
}

TEST(NdInstead, forces_what_is_active) {
    NdBus bus = test::one_region(2 * kGiB);
    test::done(bus, "ndctl create-namespace -r region0 -s 512M");
    EXPECT_THAT(instead(bus, "ndctl destroy-namespace namespace0.0"),
                ElementsAre("ndctl destroy-namespace namespace0.0 -f   # data of namespace0.0 lost"));
}

TEST(NdInstead, takes_memory_out_of_use_first) {
    NdBus bus = test::one_region(2 * kGiB);
    bus.model.apply(op::SetAutoOnline{"offline"}, Outcome::accept(RuleId::auto_online_accepted));
    test::done(bus, "ndctl create-namespace -r region0 -s 1G -m devdax");
    test::done(bus, "daxctl reconfigure-device -m system-ram dax0.0");
    // whether online memory can be moved nobody knows: nothing is promised
    EXPECT_THAT(instead(bus, "ndctl destroy-namespace namespace0.0 -f"), IsEmpty());
}

TEST(NdInstead, changes_two_things_where_one_does_not_help) {
    // the region starts off 16 MiB, and the size is no multiple either
    EXPECT_THAT(instead(test::one_region(2 * kGiB, 0x100e00000), "ndctl create-namespace -r region0 -s 1000M"),
                ElementsAre("ndctl create-namespace -r region0 -s 992M -f   # or -s 1008M"));
}

TEST(NdInstead, promises_nothing_where_nothing_helps) {
    NdBus bus = test::one_region(2 * kGiB);
    test::done(bus, "ndctl create-namespace -r region0");
    EXPECT_THAT(instead(bus, "ndctl create-namespace -r region0 -s 16M"), IsEmpty());
}

using testing::Contains;
using testing::Pair;

TEST(NdOperands, are_the_numbers_that_the_rule_compared) {
    const auto size = numbers(test::one_region(2 * kGiB), "ndctl create-namespace -r region0 -s 1000M");
    EXPECT_THAT(size, Contains(Pair("region_align", "16M")));
    EXPECT_THAT(size, Contains(Pair("size_beyond_a_multiple", "8M")));
    const auto room = numbers(test::one_region(2 * kGiB), "ndctl create-namespace -r region0 -s 4G");
    EXPECT_THAT(room, Contains(Pair("max_available_extent", "2G")));
    const auto start = numbers(test::one_region(2 * kGiB, 0x100e00000), "ndctl create-namespace -r region0 -s 1G");
    EXPECT_THAT(start, Contains(Pair("start", "0x100e00000")));
    EXPECT_THAT(start, Contains(Pair("beyond_16_mib", "14M")));
}

// Row 5 of the vectors: a gigabyte with an align of a gigabyte holds its own info block only.
TEST(NdOperands, show_the_geometry_that_leaves_no_room) {
    const auto values = numbers(test::one_region(2 * kGiB), "ndctl create-namespace -r region0 -s 1G -m devdax -a 1G");
    EXPECT_THAT(values, Contains(Pair("data_offset", "1G")));
}

}   // namespace
}   // namespace memhot
