// SPDX-License-Identifier: GPL-2.0-or-later
//
// Each rule that daxctl applies before the kernel is asked: the line it says, its final text and exit status, and the
// nearest command that works. Sections 6, 7 and 9.6 of the kernel reference; texts and statuses as recorded of daxctl
// 76.1 where a recording shows them (exit 250 is -ENXIO, 240 -EBUSY, 234 -EINVAL, 228 -ENOSPC, 129 usage).
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

#include "nvdimm/dax_region.hpp"
#include "unit/nvdimm/bus.hpp"

namespace memhot {
namespace {

using test::done;
using test::refused;

constexpr std::uint64_t kStart = 0x140000000;
constexpr std::string_view kBusy = "error reconfiguring devices: Device or resource busy";

void expect_line(const CommandAnswer& answer, std::string_view line) {
    EXPECT_NE(std::ranges::find(answer.lines, line), answer.lines.end()) << line;
}

NdBus devdax() {
    NdBus bus = test::one_dax_region(kStart, kGiB);   // eight blocks
    done(bus, "daxctl enable-device dax0.0");
    return bus;
}

NdBus system_ram(std::string_view options = "") {
    NdBus bus = devdax();
    done(bus, fmt::format("daxctl reconfigure-device -m system-ram {} dax0.0", options));
    return bus;
}

TEST(Rule, daxctl_usage) {
    NdBus bus = devdax();   // recorded
    refused(bus, "daxctl reconfigure-device --mode=system-ram", R"(specify a device to reconfigure, or "all")",
            RuleId::daxctl_usage, 129);
    refused(bus, "daxctl offline-memory", R"(specify a device to offline memory for, or "all")", RuleId::daxctl_usage,
            129);
    refused(bus, "daxctl reconfigure-device dax0.0", "error: a 'align', 'mode' or 'size' option is required",
            RuleId::daxctl_usage, 129);
    refused(bus, "daxctl -C /dev/dax0.0", "Unknown command: '-C'", RuleId::daxctl_usage, 1);
    done(bus, "daxctl reconfigure-device --mode=system-ram dax0.0");
}

TEST(Rule, daxctl_no_such) {
    NdBus bus = devdax();   // recorded
    refused(bus, "daxctl reconfigure-device --mode=system-ram --no-online dax1.1 -f",
            "error reconfiguring devices: No such device or address", RuleId::daxctl_no_such, 250);
    refused(bus, "daxctl reconfigure-device -m system-ram -r 1 dax0.0",
            "error reconfiguring devices: No such device or address", RuleId::daxctl_no_such, 250);
    done(bus, "daxctl reconfigure-device -m system-ram -r 0 /dev/dax0.0");
}

// util_daxctl_region_filter(), util_daxctl_dev_filter(): sscanf() with "%d", "region%d" and "%d.%d".
TEST(Daxctl, takes_regions_and_devices_by_their_numbers) {
    for (const std::string_view region : {"0", "region0", "all", "+0", " 0x"}) {
        NdBus bus = devdax();
        EXPECT_EQ(run_command(bus, {"daxctl", "disable-device", {"-r", std::string(region), "dax0.0"}}).exit, 0)
            << region;
    }
    for (const std::string_view region : {"1", "region1", "region", "dax0", "", "+-0"}) {
        NdBus bus = devdax();
        EXPECT_EQ(run_command(bus, {"daxctl", "disable-device", {"-r", std::string(region), "dax0.0"}}).exit, 250)
            << region;
    }
    for (const std::string_view device : {"dax0.0", "0.0", "/dev/dax0.0", "0.0x"}) {
        NdBus bus = devdax();
        EXPECT_EQ(run_command(bus, {"daxctl", "disable-device", {std::string(device)}}).exit, 0) << device;
    }
    for (const std::string_view device : {"0.1", "1.0", "0", "0.", "dax0"}) {
        NdBus bus = devdax();
        EXPECT_EQ(run_command(bus, {"daxctl", "disable-device", {std::string(device)}}).exit, 250) << device;
    }
    NdBus bus = devdax();
    done(bus, "daxctl disable-device 0.0");
    done(bus, "daxctl reconfigure-device -s 512M 0.0");
    done(bus, "daxctl create-device -r region0");
}

// daxctl/device.c: __parse_size64() says -1 to what it cannot read, which is the size of nobody who asked.
TEST(Daxctl, creates_with_all_that_is_free_where_it_cannot_read_the_size) {
    NdBus bus = test::one_dax_region(kStart, kGiB);
    done(bus, "daxctl reconfigure-device -s 256M dax0.0");
    const auto unread = refused(bus, "daxctl reconfigure-device -s 1.5G dax0.0",
                                "error reconfiguring devices: Invalid argument", RuleId::daxctl_mode, 234);
    expect_line(unread, "dax0.0: unknown mode requested: 0");
    EXPECT_EQ(done(bus, "daxctl create-device -s 1.5G").size, 768 * kMiB);
}

// dev_online_memory(), dev_offline_memory(): what was as wanted before is counted.
TEST(Daxctl, counts_the_blocks_that_are_as_wanted_already) {
    NdBus bus = system_ram("-N --no-movable");   // eight blocks from memory40 on
    bus.model.apply(op::SetState{40, "online"}, Outcome::accept(RuleId::online_accepted));
    expect_line(done(bus, "daxctl online-memory -v dax0.0"), "dax0.0: 1 memory section already online");
    bus.model.apply(op::SetState{41, "offline"}, Outcome::accept(RuleId::online_accepted));
    bus.model.apply(op::SetState{42, "offline"}, Outcome::accept(RuleId::online_accepted));
    const auto answer = done(bus, "daxctl offline-memory -v dax0.0");
    expect_line(answer, "dax0.0: 2 memory sections already offline");
    expect_line(answer, "dax0.0: 6 memory sections offlined");
}

TEST(Rule, daxctl_auto_online) {
    for (const std::string state : {"online", "online_movable", "offline"}) {   // K10, recorded
        const auto host = [&] {
            test::Host one = test::nd_host(test::pmem_line(kStart, kGiB));
            one.cmdline = "memhp_default_state=" + state;
            return one;
        }();
        NdBus bus = test::bus_on(host);
        bus.regions.push_back(test::labelled_region(0, kStart, kGiB));
        done(bus, "ndctl create-namespace -r region0 -m devdax");
        const std::string command = "daxctl reconfigure-device --mode=system-ram --no-online dax0.0";
        if (state == "offline") {
            done(bus, command);
            continue;
        }
        const auto answer = refused(bus, command, kBusy, RuleId::daxctl_auto_online, 240);
        expect_line(answer, "dax0.0: error: kernel policy will auto-online memory, aborting");
        EXPECT_EQ(bus.dax[0].driver, DaxDriver::device_dax);
        NdBus forced = bus;
        done(forced, command + " -f");
        // --no-movable alone wants what the kernel does; daxctl then finds all of it online, and that is fine
        done(bus, "daxctl reconfigure-device --mode=system-ram --no-movable dax0.0");
    }
}

TEST(Rule, daxctl_online) {
    NdBus bus = system_ram();   // 9.6 E
    const auto quiet = refused(bus, "daxctl reconfigure-device -m devdax dax0.0", kBusy, RuleId::daxctl_online, 240);
    EXPECT_EQ(quiet.lines.front(), kBusy);
    const auto told = refused(bus, "daxctl reconfigure-device -v -m devdax dax0.0", kBusy, RuleId::daxctl_online, 240);
    expect_line(told, "dax0.0: found 8 memory sections online");
    expect_line(told, "dax0.0: refusing to change modes");
    EXPECT_EQ(bus.dax[0].driver, DaxDriver::kmem);
    EXPECT_TRUE(done(bus, "daxctl reconfigure-device -f -m devdax dax0.0").uncertain);   // pages may not be movable
    NdBus offline = system_ram("--no-online");
    done(offline, "daxctl reconfigure-device -m devdax dax0.0");
}

TEST(Rule, daxctl_all_online) {
    NdBus bus = system_ram();   // recorded
    const auto answer = refused(bus, "daxctl online-memory dax0.0", "dax0.0: all memory sections (8) already online",
                                RuleId::daxctl_all_online, 1);
    expect_line(answer, "WARNING: detected a race while onlining memory");
    expect_line(answer, "use the --no-online option to suppress this warning");   // the last of five lines
    expect_line(answer, "onlined memory for 0 devices");
    NdBus offline = system_ram("--no-online");
    done(offline, "daxctl online-memory dax0.0");
}

TEST(Rule, daxctl_all_offline) {
    NdBus bus = system_ram("--no-online");   // recorded
    const auto answer = refused(bus, "daxctl offline-memory dax0.0", "dax0.0: all memory sections (8) already offline",
                                RuleId::daxctl_all_offline, 1);
    expect_line(answer, "offlined memory for 0 devices");
    done(bus, "daxctl online-memory dax0.0");
    EXPECT_TRUE(done(bus, "daxctl offline-memory dax0.0").uncertain);
}

TEST(Rule, daxctl_not_memory) {
    for (const std::string verb : {"online", "offline"}) {   // recorded
        NdBus bus = devdax();
        const auto answer =
            refused(bus, fmt::format("daxctl {}-memory dax0.0", verb),
                    fmt::format("error {}ing memory: No such device or address", verb == "online" ? "onlin" : "offlin"),
                    RuleId::daxctl_not_memory, 250);
        expect_line(answer, "dax0.0: memory operations are not applicable in devdax mode");
    }
    NdBus bus = system_ram("--no-online");
    done(bus, "daxctl online-memory dax0.0");
}

TEST(Rule, daxctl_not_devdax) {
    NdBus bus = system_ram("--no-online");   // daxctl/device.c: do_xble
    const auto answer = refused(bus, "daxctl disable-device dax0.0",
                                "error disabling device: No such device or address", RuleId::daxctl_not_devdax, 250);
    expect_line(answer, "dax0.0: status operations are only applicable in devdax mode");
    refused(bus, "daxctl enable-device dax0.0", "error enabling device: No such device or address",
            RuleId::daxctl_not_devdax, 250);
    NdBus other = devdax();
    done(other, "daxctl disable-device dax0.0");
    done(other, "daxctl enable-device dax0.0");
}

TEST(Rule, daxctl_mode) {
    NdBus bus = devdax();   // daxctl/device.c: do_reconfig
    const auto answer = refused(bus, "daxctl reconfigure-device -m famfs dax0.0",
                                "error reconfiguring devices: Invalid argument", RuleId::daxctl_mode, 234);
    expect_line(answer, "dax0.0: unknown mode requested: 0");
    done(bus, "daxctl reconfigure-device -m devdax dax0.0");   // as it is already
    done(bus, "daxctl disable-device dax0.0");
    const auto aligned = refused(bus, "daxctl reconfigure-device -a 1G dax0.0",
                                 "error reconfiguring devices: Invalid argument", RuleId::daxctl_mode, 234);
    expect_line(aligned, "dax0.0: unknown mode requested: 0");
    EXPECT_EQ(bus.dax[0].align, kGiB);   // set all the same
    done(bus, "daxctl reconfigure-device -a 2M -s 512M dax0.0");
    EXPECT_EQ(bus.dax[0].size(), 512 * kMiB);
}

TEST(Rule, daxctl_active) {
    NdBus bus = test::one_dax_region(kStart, kGiB);   // daxctl/device.c: dev_destroy
    done(bus, "daxctl reconfigure-device -s 512M dax0.0");
    done(bus, "daxctl create-device -r 0");
    const auto answer = refused(bus, "daxctl destroy-device dax0.1",
                                "error destroying devices: No such device or address", RuleId::daxctl_active, 250);
    expect_line(answer, "dax0.1 is active, specify --force for deletion");
    done(bus, "daxctl destroy-device -f dax0.1");
    EXPECT_EQ(bus.find_dax("dax0.1"), nullptr);
}

TEST(Rule, daxctl_no_space) {
    NdBus bus = test::one_dax_region(kStart, kGiB);   // D10
    refused(bus, "daxctl create-device -r 0", "error creating devices: No space left on device",
            RuleId::daxctl_no_space, 228);
    done(bus, "daxctl reconfigure-device -s 512M dax0.0");
    done(bus, "daxctl create-device -r 0 -s 512M");
    NdBus pmem = test::one_region(4 * kGiB);   // that of a namespace cannot be divided
    done(pmem, "ndctl create-namespace -r region0 -m devdax -s 1G");
    refused(pmem, "daxctl create-device -r 0", "error creating devices: No space left on device",
            RuleId::daxctl_no_space, 228);
}

}   // namespace
}   // namespace memhot
