// SPDX-License-Identifier: GPL-2.0-or-later
//
// Each rule about dax devices and kmem: the answer to a write, and the nearest one that is taken. Rows D and K and the
// vectors B.5 are those of the kernel's decision table; most were measured on 5.10, 6.1, 6.12 and 7.2.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

#include "model/state.hpp"
#include "nvdimm/dax_region.hpp"
#include "unit/nvdimm/bus.hpp"

namespace memhot {
namespace {

using test::done;
using test::expect_answer;
using test::expect_write;
using test::refused;

constexpr std::uint64_t kStart = 0x140000000;
constexpr std::string_view kSize = "/sys/bus/dax/devices/dax0.0/size";
constexpr std::string_view kAlign = "/sys/bus/dax/devices/dax0.0/align";
constexpr std::string_view kMapping = "/sys/bus/dax/devices/dax0.0/mapping";
constexpr std::string_view kCreate = "/sys/devices/platform/hmem.0/dax_region/create";
constexpr std::string_view kDelete = "/sys/devices/platform/hmem.0/dax_region/delete";
constexpr std::string_view kBindDevdax = "/sys/bus/dax/drivers/device_dax/bind";
constexpr std::string_view kBindKmem = "/sys/bus/dax/drivers/kmem/bind";

// The region of the measurements: 1 GiB whose only device, dax0.0, was emptied.
NdBus region(std::string kernel = "6.12.95") {
    NdBus bus = test::one_dax_region(kStart, kGiB, std::move(kernel));
    expect_write(bus, kSize, "0", RuleId::nd_accepted);
    return bus;
}

TEST(Rule, nd_dax_busy) {
    NdBus bus = test::one_dax_region(kStart, kGiB);   // D2, D5
    expect_write(bus, kBindDevdax, "dax0.0", RuleId::nd_accepted);
    expect_write(bus, kSize, "536870912", RuleId::nd_dax_busy);
    expect_write(bus, kSize, "1048576", RuleId::nd_dax_size_unaligned);   // looked at before the driver
    expect_write(bus, kAlign, "4096", RuleId::nd_dax_busy);
    expect_write(bus, "/sys/bus/dax/drivers/device_dax/unbind", "dax0.0", RuleId::nd_accepted);
    expect_write(bus, kSize, "536870912", RuleId::nd_accepted);
    expect_write(bus, kAlign, "4096", RuleId::nd_accepted);
}

TEST(Rule, nd_dax_static) {
    NdBus bus = test::one_region(4 * kGiB);   // D4: the files have mode 0444
    done(bus, "ndctl create-namespace -r region0 -m devdax -s 1G");
    expect_write(bus, kSize, "0", RuleId::nd_dax_static);
    expect_write(bus, kSize, "x", RuleId::nd_dax_static);
    expect_write(bus, kAlign, "4096", RuleId::nd_dax_static);
    EXPECT_EQ(write_attribute(bus, kMapping, "140000000-1401fffff").kernel_error, ENOENT);   // hidden
    refused(bus, "daxctl reconfigure-device -s 0 dax0.0", "error reconfiguring devices: No such device or address",
            RuleId::nd_dax_static, 250);
    NdBus dynamic = test::one_dax_region(kStart, kGiB);
    expect_write(dynamic, kSize, "0", RuleId::nd_accepted);
    NdBus older = test::one_dax_region(kStart, kGiB, "5.9.16");   // no region could be divided
    EXPECT_EQ(write_attribute(older, kSize, "0").kernel_error, EACCES);   // it can be read
    EXPECT_EQ(write_attribute(older, kCreate, "1").kernel_error, ENOENT);
}

// Before 5.10 nothing divides a dax region: the files came with "device-dax: add an allocation interface".
TEST(Rule, nd_dax_undivided) {
    NdBus bus = test::one_dax_region(kStart, kGiB, "5.9.16");
    expect_write(bus, kCreate, "1", RuleId::nd_dax_undivided);
    expect_write(bus, kAlign, "4096", RuleId::nd_dax_undivided);
    const auto created = refused(bus, "daxctl create-device -r 0 -s 512M",
                                 "error creating devices: No space left on device", RuleId::nd_dax_undivided, 228);
    EXPECT_EQ(created.kernel_error, ENOENT);
    refused(bus, "daxctl reconfigure-device -s 512M dax0.0", "error reconfiguring devices: No such device or address",
            RuleId::nd_dax_undivided, 250);
    refused(bus, "daxctl destroy-device dax0.0", "error destroying devices: No such device or address",
            RuleId::nd_dax_undivided, 250);
    EXPECT_EQ(bus.find_dax("dax0.0")->size(), kGiB);
    NdBus newer = test::one_dax_region(kStart, kGiB, "5.10.1");
    done(newer, "daxctl reconfigure-device -s 512M dax0.0");
    done(newer, "daxctl create-device -r 0 -s 512M");
}

TEST(Rule, nd_dax_size_unaligned) {
    NdBus bus = region();   // D1, vectors 80 and 81
    expect_write(bus, kSize, "1048576", RuleId::nd_dax_size_unaligned);
    expect_write(bus, kSize, "2097152", RuleId::nd_accepted);
    expect_write(bus, kSize, "0", RuleId::nd_accepted);
    expect_write(bus, kAlign, "4096", RuleId::nd_accepted);
    expect_write(bus, kSize, "4096", RuleId::nd_dax_size_unaligned);   // 2 MiB all the same
    expect_write(bus, kAlign, "1073741824", RuleId::nd_accepted);
    expect_write(bus, kSize, "536870912", RuleId::nd_dax_size_unaligned);
    expect_write(bus, kSize, "1073741824", RuleId::nd_accepted);
}

TEST(Rule, nd_dax_no_space) {
    NdBus bus = region();   // D3, vector 85
    expect_write(bus, kSize, "1075838976", RuleId::nd_dax_no_space);   // 1 GiB and 2 MiB
    expect_write(bus, kSize, "2147483648", RuleId::nd_dax_no_space);
    expect_write(bus, kSize, "1073741824", RuleId::nd_accepted);
}

TEST(Rule, nd_dax_align_text) {
    NdBus bus = region();   // D5: ENXIO, unlike a number that does not fit
    for (const std::string text : {"x", "2M", ""}) expect_write(bus, kAlign, text, RuleId::nd_dax_align_text);
    expect_write(bus, kAlign, "0x200000", RuleId::nd_accepted);
}

TEST(Rule, nd_dax_align_invalid) {
    NdBus bus = region();   // D5
    for (const std::string value : {"0", "65536", "16777216"})
        expect_write(bus, kAlign, value, RuleId::nd_dax_align_invalid);
    for (const std::string value : {"4096", "2097152", "1073741824"})
        expect_write(bus, kAlign, value, RuleId::nd_accepted);
}

TEST(Rule, nd_dax_align_ranges) {
    NdBus bus = region();   // D5: only lengths count
    expect_write(bus, kSize, "536870912", RuleId::nd_accepted);
    expect_write(bus, kAlign, "1073741824", RuleId::nd_dax_align_ranges);
    EXPECT_EQ(bus.find_dax("dax0.0")->align, 2 * kMiB);
    expect_write(bus, kSize, "1073741824", RuleId::nd_accepted);
    expect_write(bus, kAlign, "1073741824", RuleId::nd_accepted);
}

TEST(Rule, nd_dax_mapping_text) {
    NdBus bus = region();   // reference 6.2
    for (const std::string text : {"140000000", "140000000-x", "-1401fffff", "140000000+200000"}) {
        expect_write(bus, kMapping, text, RuleId::nd_dax_mapping_text);
    }
    expect_write(bus, kMapping, "0x140000000-0x1401fffff", RuleId::nd_accepted);
    expect_write(bus, kMapping, "140200000-1403fffff\n", RuleId::nd_accepted);
    EXPECT_EQ(bus.find_dax("dax0.0")->size(), 4 * kMiB);
}

TEST(Rule, nd_dax_mapping_conflict) {
    NdBus bus = region();   // D6
    expect_write(bus, kMapping, "140000000-1401fffff", RuleId::nd_accepted);
    expect_write(bus, kMapping, "140000000-1401fffff", RuleId::nd_dax_mapping_conflict);
    expect_write(bus, kMapping, "13fe00000-13fffffff", RuleId::nd_dax_mapping_conflict);   // outside
    expect_write(bus, kMapping, "17fe00000-1801fffff", RuleId::nd_dax_mapping_conflict);
    expect_write(bus, kMapping, "17fe00000-17fffffff", RuleId::nd_accepted);
}

TEST(Rule, nd_dax_mapping_unaligned) {
    for (const std::string kernel : {"5.10.223", "6.1.190", "6.7.12"}) {   // D7, vector 86
        NdBus bus = region(kernel);
        expect_write(bus, kMapping, "150000000-1500fffff", RuleId::nd_dax_mapping_unaligned);
        EXPECT_EQ(bus.find_dax("dax0.0")->size(), 0U);
        expect_write(bus, kMapping, "150000000-1501fffff", RuleId::nd_accepted);
    }
}

TEST(Rule, nd_dax_mapping_ignored) {
    for (const std::string kernel : {"6.8", "6.12.95", "7.2.12"}) {   // D7, vector 86: success, and nothing happens
        NdBus bus = region(kernel);
        expect_write(bus, kMapping, "150000000-1500fffff", RuleId::nd_dax_mapping_ignored);
        EXPECT_EQ(bus.find_dax("dax0.0")->size(), 0U);
        expect_write(bus, kMapping, "150000000-1501fffff", RuleId::nd_accepted);
        EXPECT_EQ(bus.find_dax("dax0.0")->size(), 2 * kMiB);
    }
}

TEST(Rule, nd_dax_create_text) {
    NdBus bus = region();   // D10
    for (const std::string text : {"0", "2", "dax0.1", ""})
        expect_write(bus, kCreate, text, RuleId::nd_dax_create_text);
    expect_write(bus, kCreate, "1\n", RuleId::nd_accepted);
    EXPECT_NE(bus.find_dax("dax0.1"), nullptr);
}

TEST(Rule, nd_dax_create_full) {
    NdBus bus = test::one_dax_region(kStart, kGiB);   // D10
    expect_write(bus, kCreate, "1", RuleId::nd_dax_create_full);
    expect_write(bus, kSize, "1071644672", RuleId::nd_accepted);   // all but 2 MiB
    expect_write(bus, kCreate, "1", RuleId::nd_accepted);
    EXPECT_EQ(bus.find_dax("dax0.1")->size(), 0U);
}

TEST(Rule, nd_dax_delete_unknown) {
    NdBus bus = region();   // D11
    expect_write(bus, kDelete, "dax0.1", RuleId::nd_dax_delete_unknown);
    expect_write(bus, kCreate, "1", RuleId::nd_accepted);
    expect_write(bus, kDelete, "dax0.1", RuleId::nd_accepted);
    expect_write(bus, kDelete, "dax0.1", RuleId::nd_dax_delete_unknown);
}

TEST(Rule, nd_dax_delete_busy) {
    NdBus bus = region();   // D11
    expect_write(bus, kDelete, "dax0.0", RuleId::nd_dax_delete_busy);   // the one with id 0 stays
    expect_write(bus, kCreate, "1", RuleId::nd_accepted);
    expect_write(bus, "/sys/bus/dax/devices/dax0.1/size", "2097152", RuleId::nd_accepted);
    expect_write(bus, kDelete, "dax0.1", RuleId::nd_dax_delete_busy);
    expect_write(bus, "/sys/bus/dax/devices/dax0.1/size", "0", RuleId::nd_accepted);
    expect_write(bus, kDelete, "dax0.1", RuleId::nd_accepted);
}

TEST(Rule, nd_dax_empty) {
    for (const auto driver : {kBindDevdax, kBindKmem}) {   // reference 6.3
        NdBus bus = region();
        expect_write(bus, driver, "dax0.0", RuleId::nd_dax_empty);
        expect_write(bus, kSize, "1073741824", RuleId::nd_accepted);
        expect_write(bus, driver, "dax0.0", RuleId::nd_accepted);
    }
}

TEST(Rule, nd_dax_prepopulated) {
    for (const std::string kernel : {"5.10.223", "6.1.190", "6.12.95"}) {   // D8, D9, vector 87
        NdBus bus = region(kernel);
        expect_write(bus, kMapping, "150100000-1502fffff", RuleId::nd_accepted);
        EXPECT_EQ(write_attribute(bus, kBindDevdax, "dax0.0").rule, RuleId::map_misaligned);
        const auto second = write_attribute(bus, kBindDevdax, "dax0.0");
        EXPECT_EQ(second.kernel_error, kernel == "5.10.223" ? ENODEV : EINVAL) << kernel;   // 0.5: as bind tells it
        EXPECT_EQ(second.rule, kernel == "5.10.223" ? RuleId::map_misaligned : RuleId::nd_dax_prepopulated) << kernel;
    }
}

TEST(Rule, nd_kmem_no_node) {
    NdBus bus = test::one_dax_region(kStart, kGiB);   // K1
    bus.find_dax("dax0.0")->target_node = -1;
    expect_write(bus, kBindKmem, "dax0.0", RuleId::nd_kmem_no_node);
    refused(bus, "daxctl reconfigure-device -m system-ram -f dax0.0", "error reconfiguring devices: Invalid argument",
            RuleId::nd_kmem_no_node, 234);
    bus.find_dax("dax0.0")->target_node = 0;
    expect_write(bus, kBindKmem, "dax0.0", RuleId::nd_accepted);
    for (const std::string kernel : {"5.13.19", "5.14"}) {   // 0.5: the driver's errno is told since then
        NdBus older = test::one_dax_region(kStart, kGiB, kernel);
        older.find_dax("dax0.0")->target_node = -1;
        const int error = kernel == "5.14" ? EINVAL : ENODEV;
        EXPECT_EQ(write_attribute(older, kBindKmem, "dax0.0").kernel_error, error);
        refused(older, "daxctl reconfigure-device -m system-ram -f dax0.0",   // as in ndctl issue 260
                fmt::format("error reconfiguring devices: {}", errno_text(error)), RuleId::nd_kmem_no_node);
    }
}

TEST(Rule, nd_kmem_no_block) {
    for (const std::string kernel : {"5.10.223", "5.16", "5.17", "6.1.190", "6.12.95"}) {   // K2, vector 90
        NdBus bus = region(kernel);
        expect_write(bus, kMapping, "160000000-163ffffff", RuleId::nd_accepted);
        const bool refuses = kernel != "5.10.223" && kernel != "5.16";
        expect_write(bus, kBindKmem, "dax0.0", refuses ? RuleId::nd_kmem_no_block : RuleId::nd_accepted);
        EXPECT_TRUE(bus.find_dax("dax0.0")->added.empty());
    }
    NdBus bus = region();   // vector 89: one block of 256 MiB
    expect_write(bus, kMapping, "164000000-173ffffff", RuleId::nd_accepted);
    expect_write(bus, kBindKmem, "dax0.0", RuleId::nd_accepted);
    EXPECT_EQ(bus.find_dax("dax0.0")->added, (std::vector<Range>{{0x168000000, 0x16fffffff}}));
}

// --- `state` of a device that kmem drives, 7.3 and later: drivers/dax/kmem.c state_store ---------------------------------

constexpr std::string_view kState = "/sys/bus/dax/devices/dax0.0/state";

// One region as memory; policy: of auto_online_blocks when kmem took it.
NdBus as_memory(std::string_view policy, std::string kernel = "7.3") {
    NdBus bus = test::one_dax_region(kStart, kGiB, std::move(kernel));
    bus.model.apply(op::SetAutoOnline{std::string(policy)}, Outcome::accept(RuleId::auto_online_accepted));
    bind_kmem(bus, bus.dax[0]);
    return bus;
}

std::size_t online_in(const NdBus& bus) {
    const auto blocks = blocks_in(bus.model, bus.dax[0].added);
    return static_cast<std::size_t>(std::ranges::count(blocks, true, &BlockInfo::online));
}

TEST(Rule, nd_kmem_state_text) {
    NdBus bus = as_memory("online_movable");
    expect_write(bus, kState, "offline", RuleId::nd_kmem_state_text);
    expect_write(bus, kState, "plugged", RuleId::nd_kmem_state_text);
    EXPECT_EQ(online_in(bus), 8U);
    NdBus older = as_memory("online_movable", "7.2.12");   // no such file
    EXPECT_EQ(write_attribute(older, kState, "unplugged").kernel_error, ENOENT);
    NdBus devdax = test::one_dax_region(kStart, kGiB, "7.3");   // an attribute of kmem
    bind_device_dax(devdax, devdax.dax[0]);
    EXPECT_EQ(write_attribute(devdax, kState, "unplugged").kernel_error, ENOENT);
}

TEST(Rule, nd_kmem_state_busy) {
    NdBus bus = as_memory("offline");   // K8; offline is no way out, either
    expect_write(bus, kState, "online_movable", RuleId::nd_kmem_state_busy);
    expect_write(bus, kState, "unplugged", RuleId::nd_accepted);
    expect_write(bus, kState, "online_movable", RuleId::nd_accepted);
    EXPECT_EQ(online_in(bus), 8U);
    EXPECT_EQ(bus.model.block(40)->valid_zones, "Movable");
    expect_write(bus, kState, "online_movable", RuleId::nd_accepted);   // it is that already
    expect_write(bus, kState, "online_kernel", RuleId::nd_kmem_state_busy);
    // the policy of the host is what it was
    EXPECT_EQ(bus.model.state().policy.default_online, OnlineType::offline);
}

// All of its memory at once: certain while it is offline, open while pages must move, and then everything or nothing.
TEST(KmemState, unplugs_all_of_a_device) {
    NdBus offline = as_memory("offline");
    const auto certain = write_attribute(offline, kState, "unplugged");
    EXPECT_EQ(certain.exit, 0);
    EXPECT_FALSE(certain.uncertain);
    EXPECT_FALSE(offline.model.block(40));
    EXPECT_EQ(offline.dax[0].driver, DaxDriver::kmem);
    NdBus online = as_memory("online_movable");
    EXPECT_TRUE(write_attribute(online, kState, "unplugged").uncertain);
    // after that nothing leaks when the driver goes
    const CommandLine unbind = split_command("write /sys/bus/dax/drivers/kmem/unbind dax0.0");
    EXPECT_TRUE(hazards_of(online, unbind).empty());
    done(online, "write /sys/bus/dax/drivers/kmem/unbind dax0.0");
    expect_write(online, "/sys/bus/dax/drivers/device_dax/bind", "dax0.0", RuleId::nd_accepted);
    EXPECT_EQ(write_attribute(online, kState, "unplugged").kernel_error, ENOENT);
}

}   // namespace
}   // namespace memhot
