// SPDX-License-Identifier: GPL-2.0-or-later
//
// Each rule that ndctl applies before the kernel is asked: the line it says, its final text and exit status, and the
// nearest command that works. Rows T and section 9.6 of the kernel reference; texts and statuses as recorded of ndctl
// 76.1 where a recording shows them (exit 237 is -ENODEV, 234 -EINVAL, 250 -ENXIO, 240 -EBUSY, 129 usage).
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

#include "unit/nvdimm/bus.hpp"

namespace memhot {
namespace {

using test::done;
using test::expect_write;
using test::kBase;
using test::refused;

constexpr std::string_view kAlign = "/sys/bus/nd/devices/region0/align";
constexpr std::string_view kCreateInvalid = "failed to create namespace: Invalid argument";
constexpr std::string_view kReconfigureInvalid = "failed to reconfigure namespace: Invalid argument";

void expect_line(const CommandAnswer& answer, std::string_view line) {
    EXPECT_NE(std::ranges::find(answer.lines, line), answer.lines.end()) << line;
}

// One namespace of 512 MiB, idle.
NdBus with_idle(std::string_view options = "-m fsdax") {
    NdBus bus = test::one_region(4 * kGiB);
    done(bus, fmt::format("ndctl create-namespace -r region0 -s 512M {}", options));
    done(bus, "ndctl disable-namespace namespace0.0");
    return bus;
}

TEST(Rule, ndctl_usage) {
    NdBus bus = test::one_region(4 * kGiB);   // recorded
    refused(bus, "ndctl create-namespace -f -e -m devdax -a 4K", R"(Error: unknown extra parameter "devdax")",
            RuleId::ndctl_usage, 129);
    refused(bus, "ndctl create-namespace -r region0 -m raw -s 768M -M mem",
            "Error: --map only valid for an devdax mode pmem namespace", RuleId::ndctl_usage, 129);
    refused(bus, "ndctl enable-namespace", R"(Error: specify a namespace to enable, or "all")", RuleId::ndctl_usage,
            129);
    refused(bus, "ndctl create-namespaces", "Unknown command: 'create-namespaces'", RuleId::ndctl_usage, 1);
    done(bus, "ndctl create-namespace -f -r region0 -m devdax -a 4K");
}

TEST(Rule, ndctl_no_such) {
    NdBus bus = test::one_region(4 * kGiB);   // recorded
    refused(bus, "ndctl create-namespace -f -e namespace0.2 -m fsdax",
            "failed to reconfigure namespace: No such device or address", RuleId::ndctl_no_such, 250);
    refused(bus, "ndctl destroy-namespace -f namespace0.2", "error destroying namespaces: No such device or address",
            RuleId::ndctl_no_such, 250);
    refused(bus, "ndctl disable-namespace namespace1.0", "error disabling namespaces: No such device or address",
            RuleId::ndctl_no_such, 250);
    done(bus, "ndctl disable-namespace namespace0.0");   // that is there, though it has no space
}

TEST(Rule, ndctl_no_capacity) {
    NdBus bus = test::one_region(kGiB);   // T7; 81 recorded refusals of this kind said ENOSPC
    refused(bus, "ndctl create-namespace -r region0 -s 1040M", "failed to create namespace: No space left on device",
            RuleId::ndctl_no_capacity, 237);
    done(bus, "ndctl create-namespace -r region0 -s 1G");
    refused(bus, "ndctl create-namespace -r region0", "failed to create namespace: No space left on device",
            RuleId::ndctl_no_capacity, 237);
    NdBus disabled = test::one_region(kGiB);   // passed over, like a read-only one
    disabled.regions[0].enabled = false;
    EXPECT_EQ(test::run(disabled, "ndctl create-namespace").rule, RuleId::ndctl_no_capacity);
    disabled.regions[0].enabled = true;
    disabled.regions[0].read_only = true;
    EXPECT_EQ(test::run(disabled, "ndctl create-namespace").rule, RuleId::ndctl_no_capacity);
}

TEST(Rule, ndctl_label_less_size) {
    NdBus bus = test::one_legacy(0x50000000, 256 * kMiB);   // T1, recorded
    const auto created = refused(bus, "ndctl create-namespace -r region0 -m raw -s 208M", kCreateInvalid,
                                 RuleId::ndctl_label_less_size, 237);
    expect_line(created, "Error: Legacy / label-less namespaces do not support sub-dividing a region");
    expect_line(created, "Error: Retry without -s/--size=");
    refused(bus, "ndctl create-namespace -f -e namespace0.0 -m fsdax -s 208M", kReconfigureInvalid,
            RuleId::ndctl_label_less_size, 234);
    EXPECT_EQ(done(bus, "ndctl create-namespace -f -e namespace0.0 -m fsdax -s 256M").size, 262144000U);   // vector 11
}

TEST(Rule, ndctl_align_mode) {
    NdBus bus = test::one_region(4 * kGiB);   // 9.6 A 4
    for (const std::string mode : {"raw", "sector"}) {
        const auto answer =
            refused(bus, fmt::format("ndctl create-namespace -r region0 -m {} -a 4K", mode),
                    "failed to create namespace: No such device or address", RuleId::ndctl_align_mode, 237);
        expect_line(answer, fmt::format("Error: {} mode does not support setting an alignment", mode));
    }
    done(bus, "ndctl create-namespace -r region0 -m fsdax -s 1G -a 4K");
    done(bus, "ndctl create-namespace -r region0 -m raw");
}

TEST(Rule, ndctl_align_unsupported) {
    NdBus bus = test::one_region(4 * kGiB);   // recorded
    for (const std::string align : {"16M", "64K"}) {
        const auto answer =
            refused(bus, fmt::format("ndctl create-namespace -r region0 -s 128M -a {}", align),
                    "failed to create namespace: No such device or address", RuleId::ndctl_align_unsupported, 237);
        expect_line(answer, fmt::format("Error: unsupported align: {}", align));
    }
    done(bus, "ndctl create-namespace -r region0 -s 128M -a 2M");
}

TEST(Rule, ndctl_size_unaligned) {
    NdBus bus = test::one_region(4 * kGiB);   // T2, recorded; vector 46
    refused(bus, "ndctl create-namespace -r region0 -m raw -s 17825792",
            "Error: create namespace: region0: align setting is 0x1000000 size 0x1100000 is misaligned",
            RuleId::ndctl_size_unaligned, 234);
    done(bus, "ndctl create-namespace -r region0 -m raw -s 16777216");
    NdBus legacy = test::one_legacy(0x72200000, 232648704);   // a region that is no multiple of its own align
    refused(legacy, "ndctl create-namespace -f -e namespace0.0 -m fsdax",
            "Error: create namespace: region0: align setting is 0x1000000 size 0xdddf000 is misaligned",
            RuleId::ndctl_size_unaligned, 234);
    expect_write(legacy, kAlign, "4096", RuleId::nd_accepted);
    EXPECT_EQ(done(legacy, "ndctl create-namespace -f -e namespace0.0 -m fsdax").size, 226492416U);   // vector 13
}

TEST(Rule, ndctl_size_interleave) {
    NdBus bus = test::one_region(4 * kGiB);   // T3, recorded
    const auto answer = refused(bus, "ndctl create-namespace -r region0 -m fsdax -s 64M -a 1G",
                                "did you intend --size=1024M?", RuleId::ndctl_size_interleave, 234);
    expect_line(answer,
                "Error: create namespace: '--size=' must align to interleave-width: 1 and alignment: 1073741824");
    done(bus, "ndctl create-namespace -r region0 -m raw -s 64M");
    NdBus six = test::one_region(24 * kGiB);   // ndctl issue 125: 6 ways and 2 MiB
    six.regions[0] = test::labelled_region(0, kBase, 24 * kGiB, 6);
    expect_write(six, kAlign, "24576", RuleId::nd_accepted);   // else the region's align comes first
    refused(six, "ndctl create-namespace -r region0 -s 4303331328", "did you intend --size=4303355904?",
            RuleId::ndctl_size_interleave, 234);
    done(six, "ndctl create-namespace -r region0 -s 4303355904");
}

TEST(Rule, ndctl_size_small) {
    NdBus bus = test::one_region(4 * kGiB);   // 9.6 A 7, recorded with -e
    expect_write(bus, kAlign, "4096", RuleId::nd_accepted);
    const auto answer = refused(bus, "ndctl create-namespace -r region0 -m sector -s 16773120", kCreateInvalid,
                                RuleId::ndctl_size_small, 237);
    expect_line(answer, "Error: '--size=' must be >= 16MiB for 'sector' mode");
    done(bus, "ndctl create-namespace -r region0 -m raw -s 8M");
    refused(bus, "ndctl create-namespace -f -e namespace0.0 -m devdax -a 2M", kReconfigureInvalid,
            RuleId::ndctl_size_small, 234);
    done(bus, "ndctl create-namespace -r region0 -m devdax -s 16M -f");   // it starts off 16 MiB
}

TEST(Rule, ndctl_sector_size) {
    NdBus bus = test::one_region(4 * kGiB);   // 9.6 A 8
    refused(bus, "ndctl create-namespace -r region0 -s 64M -m sector -l 1024",
            "Error: create namespace: region0: does not support btt sector_size 1024", RuleId::ndctl_sector_size, 234);
    refused(bus, "ndctl create-namespace -r region0 -s 64M -m fsdax -l 520",
            "Error: create namespace: region0: does not support namespace sector_size 520", RuleId::ndctl_sector_size,
            234);
    done(bus, "ndctl create-namespace -r region0 -s 64M -m sector -l 520");   // 5.4: a btt has it
    done(bus, "ndctl create-namespace -r region0 -s 64M -m fsdax -l 512");
}

TEST(Rule, ndctl_map_mode) {
    NdBus bus = with_idle();   // 9.6 A 8
    refused(bus, "ndctl create-namespace -e namespace0.0 -m raw -M mem",
            "Error: create namespace: namespace0.0: --map= only valid for fsdax mode namespace", RuleId::ndctl_map_mode,
            234);
    EXPECT_EQ(done(bus, "ndctl create-namespace -e namespace0.0 -m devdax -M mem").map, "mem");
}

TEST(Rule, ndctl_name_long) {
    NdBus bus = test::one_region(4 * kGiB);   // 2.1: alt_name has up to 63 characters
    refused(bus, fmt::format("ndctl create-namespace -r region0 -s 64M -n {}", std::string(64, 'x')),
            "Error: create namespace: validate_namespace_options: alt name overflow", RuleId::ndctl_name_long, 234);
    done(bus, fmt::format("ndctl create-namespace -r region0 -s 64M -n {}", std::string(63, 'x')));
}

TEST(Rule, ndctl_read_only) {
    NdBus bus = with_idle();   // 9.6 B 1
    bus.regions[0].read_only = true;
    const auto answer =
        refused(bus, "ndctl create-namespace -e namespace0.0 -m raw",
                "failed to reconfigure namespace: No such device or address", RuleId::ndctl_read_only, 250);
    expect_line(answer, "Error: namespace0.0: read-only, re-configuration disabled");
    refused(bus, "ndctl destroy-namespace namespace0.0", "error destroying namespaces: No such device or address",
            RuleId::ndctl_read_only, 250);
    EXPECT_EQ(bus.media.size(), 1U);   // nothing was zeroed
    bus.regions[0].read_only = false;
    done(bus, "ndctl create-namespace -e namespace0.0 -m raw");
}

TEST(Rule, ndctl_active) {
    NdBus bus = with_idle();   // T6
    done(bus, "ndctl enable-namespace namespace0.0");
    const auto answer = refused(bus, "ndctl create-namespace -e namespace0.0 -m raw",
                                "failed to reconfigure namespace: Device or resource busy", RuleId::ndctl_active, 240);
    expect_line(answer, "Error: namespace0.0 is active, specify --force for re-configuration");
    refused(bus, "ndctl destroy-namespace namespace0.0", "error destroying namespaces: Device or resource busy",
            RuleId::ndctl_active, 240);
    done(bus, "ndctl create-namespace -f -e namespace0.0 -m raw");
    done(bus, "ndctl disable-namespace namespace0.0");
    done(bus, "ndctl destroy-namespace namespace0.0");
}

// tests/vm: without any argument ndctl 76.1 tries regions of type blk after those of pmem, and tells of that only.
TEST(NdctlCreate, without_arguments_loses_the_reason) {
    NdBus bus = test::one_region(4 * kGiB, kBase + 2 * kMiB);
    refused(bus, "ndctl create-namespace -m fsdax", kCreateInvalid, RuleId::ndctl_start_16m, 237);
    const auto answer = refused(bus, "ndctl create-namespace", "failed to create namespace: No such device or address",
                                RuleId::ndctl_start_16m, 237);
    expect_line(answer, "Error: namespace0.0 misaligned to 16M, adjust region alignment and retry");
    NdBus free = test::one_region(4 * kGiB);
    done(free, "ndctl create-namespace");
    // the last region is full: not "No space left on device"
    refused(free, "ndctl create-namespace", "failed to create namespace: No such device or address",
            RuleId::ndctl_no_capacity, 237);
}

// tests/vm: with region0 to region2 on the bus of NFIT and region3 on that of e820, ndctl lists 3, 1, 0, 2.
TEST(NdctlAll, regions_come_as_sysfs_lists_them) {
    NdBus bus = test::one_region(kGiB);
    for (int id = 1; id < 4; ++id)
        bus.regions.push_back(test::labelled_region(id, kBase + 4 * kGiB * static_cast<unsigned>(id), kGiB));
    bus.regions[3].bus = 1;
    std::vector<int> ids;
    for (const auto* region : regions_in_order(bus)) ids.push_back(region->id);
    EXPECT_EQ(ids, (std::vector{3, 1, 0, 2}));
}

// Recorded by tests/vm: namespace0.0 comes last of these, so that its refusal is the answer, though three were destroyed.
// That readdir() gives them in this order is in every ndctl list of a recording.
TEST(NdctlAll, goes_through_namespaces_as_sysfs_lists_them) {
    NdBus bus = test::one_region(4 * kGiB);
    done(bus, "ndctl create-namespace -r region0 -s 256M -m devdax");
    for (int i = 0; i < 5; ++i) done(bus, "ndctl create-namespace -r region0 -s 64M -m raw");
    done(bus, "ndctl destroy-namespace -f namespace0.1");
    done(bus, "ndctl destroy-namespace -f namespace0.3");
    done(bus, "daxctl reconfigure-device --mode=system-ram dax0.0");
    const auto answer = refused(bus, "ndctl destroy-namespace -f all",
                                "error destroying namespaces: Device or resource busy", RuleId::ndctl_system_ram, 240);
    expect_line(answer, "destroyed 3 namespaces");
    // namespace0.2 comes first: what is refused there is no longer told
    NdBus other = test::one_region(4 * kGiB);
    done(other, "ndctl create-namespace -r region0 -s 64M -m raw");
    done(other, "ndctl create-namespace -r region0 -s 64M -m raw");
    done(other, "ndctl create-namespace -r region0 -s 256M -m devdax");
    done(other, "daxctl reconfigure-device --mode=system-ram dax0.2");
    expect_line(done(other, "ndctl destroy-namespace -f all"), "destroyed 2 namespaces");
}

TEST(Rule, ndctl_system_ram) {
    NdBus bus = test::one_region(4 * kGiB);   // 9.2, recorded
    done(bus, "ndctl create-namespace -r region0 -m devdax -s 1G");
    done(bus, "daxctl reconfigure-device -m system-ram dax0.0");
    refused(bus, "ndctl disable-namespace namespace0.0", "error disabling namespaces: Device or resource busy",
            RuleId::ndctl_system_ram, 240);
    refused(bus, "ndctl destroy-namespace -f namespace0.0", "error destroying namespaces: Device or resource busy",
            RuleId::ndctl_system_ram, 240);
    EXPECT_EQ(bus.media.size(), 1U);
    for (const auto number : bus.dax[0].added.empty() ? std::vector<std::uint64_t>() : blocks_of(bus, bus.dax[0])) {
        bus.model.apply(op::SetState{number, "offline"}, Outcome::accept(RuleId::none));
    }
    done(bus, "ndctl disable-namespace namespace0.0");
}

TEST(Rule, ndctl_start_16m) {
    NdBus bus = test::one_region(4 * kGiB);   // T4, recorded
    expect_write(bus, kAlign, "2097152", RuleId::nd_accepted);
    done(bus, "ndctl create-namespace -r region0 -m raw -s 2M");
    const auto answer = refused(bus, "ndctl create-namespace -r region0 -m devdax -s 640M", kCreateInvalid,
                                RuleId::ndctl_start_16m, 237);
    expect_line(answer, "Error: namespace0.1 misaligned to 16M, adjust region alignment and retry");
    EXPECT_EQ(available_size(bus.regions[0]), 4 * kGiB - 2 * kMiB);   // given back
    done(bus, "ndctl create-namespace -r region0 -m devdax -s 640M -f");
    NdBus advised = test::one_region(4 * kGiB);
    expect_write(advised, kAlign, "2097152", RuleId::nd_accepted);
    done(advised, "ndctl create-namespace -r region0 -m raw -s 2M");
    expect_write(advised, kAlign, "16777216", RuleId::nd_accepted);
    done(advised, "ndctl create-namespace -r region0 -m devdax -s 640M");
    EXPECT_EQ(test::namespace_of(advised, "namespace0.1").space.start, kBase + 16 * kMiB);
}

TEST(Rule, ndctl_size_zero) {
    NdBus bus = with_idle("-m raw");   // 9.2: ndctl_namespace_set_size(ns, 0)
    refused(bus, "ndctl create-namespace -e namespace0.0 -m raw -s 0",
            "Error: create namespace: namespace0.0: set_size failed: Invalid argument", RuleId::ndctl_size_zero, 234);
    done(bus, "ndctl create-namespace -e namespace0.0 -m raw -s 16M");
    NdBus fresh = test::one_region(kGiB);   // of a new one, 0 is all there is
    EXPECT_EQ(done(fresh, "ndctl create-namespace -r region0 -m raw -s 0").size, kGiB);
}

// --- labels that ndctl initialises by itself: enable_labels() of ndctl/namespace.c ---------------------------------------

// NFIT without labels: each DIMM has a label area, and nothing in it.
NdBus blank_labels() {
    NdBus bus = test::bus_on(test::nd_host(test::pmem_line(kBase, kGiB)));
    bus.regions.push_back(test::label_less_region(0, kBase, kGiB, false));
    bus.regions[0].can_label = true;
    bus.regions[0].mappings = {{.dimm = "nmem0", .start = 0, .size = kGiB}};
    enable_namespace(bus, bus.regions[0], bus.regions[0].namespaces.at(0));
    return bus;
}

TEST(Autolabel, comes_with_a_reconfiguration) {
    NdBus bus = blank_labels();
    const auto answer = done(bus, "ndctl create-namespace -f -e namespace0.0 -m fsdax");
    EXPECT_EQ(answer.size, kGiB - 18 * kMiB);   // 16 MiB of struct pages and the info block, up to 2 MiB
    EXPECT_TRUE(bus.regions[0].labelled);
    EXPECT_EQ(bus.regions[0].seed, 1);
    EXPECT_EQ(test::namespace_of(bus, "namespace0.0").space.start, kBase);
    done(bus, "ndctl destroy-namespace -f namespace0.0");
    EXPECT_EQ(done(bus, "ndctl create-namespace -m raw -s 512M").size, 512 * kMiB);   // it can be divided now
}

TEST(Autolabel, does_not_come_unasked) {
    for (const std::string_view command : {"ndctl create-namespace -f -e namespace0.0 -m fsdax --no-autolabel",
                                           "ndctl destroy-namespace -f namespace0.0"}) {
        NdBus bus = blank_labels();
        done(bus, command);
        EXPECT_FALSE(bus.regions[0].labelled) << command;
    }
    NdBus idle = blank_labels();   // namespace_create() has no enable_labels()
    done(idle, "ndctl disable-namespace namespace0.0");
    done(idle, "ndctl create-namespace -m fsdax");
    EXPECT_FALSE(idle.regions[0].labelled);
    NdBus without = blank_labels();   // its DIMMs have no label area
    without.regions[0].can_label = false;
    done(without, "ndctl create-namespace -f -e namespace0.0 -m fsdax");
    EXPECT_FALSE(without.regions[0].labelled);
}

TEST(Autolabel, still_divides_nothing_in_the_same_command) {
    NdBus bus = blank_labels();   // the size is looked at first
    refused(bus, "ndctl create-namespace -f -e namespace0.0 -m fsdax -s 512M", kReconfigureInvalid,
            RuleId::ndctl_label_less_size, 234);
    EXPECT_FALSE(bus.regions[0].labelled);
}

// A DIMM that another region uses stays as it is: the region comes up again, and its namespace is active.
TEST(Rule, ndctl_autolabel_busy) {
    NdBus bus = blank_labels();
    bus.regions.push_back(test::label_less_region(1, kBase + 4 * kGiB, kGiB, false));
    bus.regions[1].mappings = {{.dimm = "nmem0", .start = kGiB, .size = kGiB}};
    const auto answer = refused(bus, "ndctl create-namespace -f -e namespace0.0 -m fsdax",
                                "failed to reconfigure namespace: No such device", RuleId::ndctl_autolabel_busy, 237);
    expect_line(answer, "Warning: nmem0 is active in region0, failing autolabel");
    EXPECT_EQ(test::namespace_of(bus, "namespace0.0").active->mode, NsMode::raw);
    bus.regions[1].enabled = false;
    done(bus, "ndctl create-namespace -f -e namespace0.0 -m fsdax");
}

}   // namespace
}   // namespace memhot
