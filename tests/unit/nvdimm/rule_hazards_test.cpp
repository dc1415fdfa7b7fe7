// SPDX-License-Identifier: GPL-2.0-or-later
//
// Each danger of namespaces and dax devices: what is said before the command runs, what the kernel then does, and the
// nearest command that is harmless. Rows R, N, P, K and vectors B of the kernel's decision table, measured on 5.10, 6.12
// and 7.2 unless it says otherwise.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

#include "nvdimm/dax_region.hpp"
#include "unit/nvdimm/bus.hpp"

namespace memhot {
namespace {

using namespace std::string_view_literals;
using test::done;
using test::expect_write;
using test::kBase;
using test::refused;

constexpr std::string_view kAlign = "/sys/bus/nd/devices/region0/align";
constexpr std::string_view kSize = "/sys/bus/nd/devices/namespace0.0/size";
constexpr std::string_view kUuid = "/sys/bus/nd/devices/namespace0.0/uuid";
constexpr std::string_view kAnyUuid = "4f2e1c3a-8d5b-4a97-b3d4-0c6f7a1e2b90";

std::vector<Hazard> hazards(const NdBus& bus, std::string_view command) {
    return hazards_of(bus, split_command(command));
}

void expect_danger(const NdBus& bus, std::string_view command, RuleId rule_id, std::string_view text,
                   std::string_view releases) {
    const auto found = hazards(bus, command);
    ASSERT_EQ(found.size(), 1U) << command;
    EXPECT_EQ(rule(found[0].rule).id, rule(rule_id).id) << command;
    EXPECT_EQ(found[0].text, text) << command;
    EXPECT_EQ(found[0].releases, releases) << command;
}

void expect_none(const NdBus& bus, std::string_view command) {
    for (const auto& hazard : hazards(bus, command)) ADD_FAILURE() << command << ": " << hazard.text;
}

std::string write_to(std::string_view path, std::string_view value) { return fmt::format("write {} {}", path, value); }

TEST(Hazard, nd_region_align_4g) {
    for (const std::string kernel : {"5.10.223", "6.12.95", "7.2.12"}) {   // R3, vector 53
        NdBus bus = test::one_region(16 * kGiB, kBase, kernel);
        expect_none(bus, write_to(kAlign, "0x80000000"));
        expect_danger(bus, write_to(kAlign, "0x100000000"), RuleId::nd_region_align_4g,
                      "an align of 4G makes the next size that is written in region0 divide by 0x0", "5.7+");
        expect_write(bus, kAlign, "0x100000000", RuleId::nd_accepted);   // which the kernel takes
        const std::string text = "the align of region0 is 0x100000000: the kernel divides by 0x0";
        expect_none(bus, write_to(kSize, "4294967296"));   // ENXIO: there is no uuid yet
        expect_danger(bus, "ndctl create-namespace -r region0", RuleId::nd_region_align_4g, text, "5.7+");
        expect_write(bus, kUuid, kAnyUuid, RuleId::nd_accepted);
        expect_danger(bus, write_to(kSize, "4294967296"), RuleId::nd_region_align_4g, text, "5.7+");
        EXPECT_TRUE(write_attribute(bus, kSize, "4294967296").crash);
        EXPECT_TRUE(test::run(bus, "ndctl create-namespace -r region0").crash);
    }
    expect_none(test::one_region(16 * kGiB, kBase, "5.6.19"), write_to(kAlign, "0x100000000"));   // no such file
    NdBus three = test::one_region(24 * kGiB);   // 6 GiB of 3 ways: no division by zero, but by another number
    three.regions[0] = test::labelled_region(0, kBase, 24 * kGiB, 3);
    expect_write(three, kAlign, "0x180000000", RuleId::nd_accepted);
    expect_danger(three, "ndctl create-namespace -r region0", RuleId::nd_region_align_4g,
                  "the align of region0 is 0x180000000: the kernel divides by 0x80000000", "5.7+");
    EXPECT_FALSE(test::run(three, "ndctl create-namespace -r region0").crash);
}

TEST(Hazard, nd_unbind_active_dimm) {
    const std::string unbind = "write /sys/bus/nd/drivers/nvdimm/unbind nmem0";
    NdBus bus = test::one_region(4 * kGiB);   // R8
    done(bus, "ndctl create-namespace -r region0 -s 512M");
    done(bus, "ndctl disable-namespace namespace0.0");
    expect_danger(bus, unbind, RuleId::nd_unbind_active_dimm,
                  "nmem0 is used by region0: the next label that is written there crashes the kernel", "5.3+");
    done(bus, unbind);   // which the kernel takes
    const std::string text = "nmem0 of region0 has no driver: writing its label crashes";
    const std::vector<std::string> commands{write_to(kUuid, kAnyUuid), "ndctl create-namespace -e namespace0.0 -m raw",
                                            "ndctl destroy-namespace namespace0.0", "ndctl destroy-namespace all"};
    for (const auto& command : commands) {
        expect_danger(bus, command, RuleId::nd_unbind_active_dimm, text, "5.3+");
        NdBus copy = bus;
        const auto answer = test::run(copy, command);
        EXPECT_TRUE(answer.crash) << command;
        EXPECT_NE(answer.exit, 0) << command;
    }
    expect_none(bus, write_to(kSize, "0"));   // N16: refused before any label
    expect_write(bus, kSize, "0", RuleId::nd_size_dimm_disabled);
    expect_none(bus, "ndctl destroy-namespace namespace0.1");   // a seed has no label
    EXPECT_FALSE(test::run(bus, "ndctl destroy-namespace namespace0.1").crash);
    expect_none(bus, "ndctl create-namespace -r region0");   // no DIMM has space
    for (const std::string kernel : {"5.10.223", "6.12.95"}) {   // 1.5: the other one still has, from 5.18 on
        NdBus two = test::one_region(4 * kGiB, kBase, kernel);
        two.regions[0] = test::labelled_region(0, kBase, 4 * kGiB, 2);
        two.regions[0].mappings[0].enabled = false;
        EXPECT_EQ(hazards(two, "ndctl create-namespace").size(), kernel == "6.12.95" ? 1U : 0U);
        EXPECT_EQ(test::run(two, "ndctl create-namespace").crash, kernel == "6.12.95");
    }
    NdBus disabled = test::one_region(4 * kGiB);   // idle: nothing uses it
    disabled.regions[0].enabled = false;
    expect_none(disabled, unbind);
}

TEST(Hazard, nd_resize_kept_map_dev) {
    const auto made = [](std::string_view options) {
        NdBus bus = test::one_region(8 * kGiB);
        done(bus, fmt::format("ndctl create-namespace -r region0 -s 512M {}", options));
        done(bus, "ndctl disable-namespace namespace0.0");
        return bus;
    };
    NdBus bus = made("-m fsdax");   // P26, vector 75
    expect_danger(bus, write_to(kSize, std::to_string(640 * kMiB)), RuleId::nd_resize_kept_map_dev,
                  "namespace0.0 keeps its info block (map=dev, data at 0xa00000): enabling it then fails with ENOMEM "
                  "(map.altmap-exhausted)",
                  "5.3+");
    expect_none(bus, write_to(kSize, std::to_string(624 * kMiB)));   // 2 MiB each for 4 whole sections, and itself
    expect_danger(bus, write_to(kSize, std::to_string(256 * kMiB)), RuleId::nd_resize_kept_map_dev,   // vector 76
                  "namespace0.0 keeps its info block (map=dev, data at 0xa00000): it can still be enabled, but what it "
                  "holds is cut",
                  "5.3+");
    expect_none(bus, "ndctl create-namespace -e namespace0.0 -m fsdax -s 640M");   // which zeroes the info block
    expect_none(made("-m fsdax -M mem"), write_to(kSize, std::to_string(kGiB)));   // vector 76a
    expect_write(bus, kSize, std::to_string(640 * kMiB), RuleId::nd_accepted);
    expect_danger(bus, "ndctl enable-namespace namespace0.0", RuleId::nd_resize_kept_map_dev,
                  "namespace0.0 needs more struct pages than 10M hold: 100000000-127ffffff cannot be mapped "
                  "again until reboot",
                  "5.3+");
    EXPECT_EQ(test::run(bus, "ndctl enable-namespace namespace0.0").kernel_error, ENOMEM);
    expect_write(bus, kSize, std::to_string(512 * kMiB), RuleId::nd_accepted);
    EXPECT_EQ(test::run(bus, "ndctl enable-namespace namespace0.0").kernel_error, EEXIST);   // until reboot
}

TEST(Hazard, nd_map_dev_unaligned_end) {
    const auto region = [](Arch arch) {
        test::Host host = test::nd_host(test::pmem_line(kBase, 4 * kGiB));
        host.arch = arch;
        NdBus bus = test::bus_on(host);
        bus.regions.push_back(test::labelled_region(0, kBase, 4 * kGiB));
        bus.regions[0].align = 2 * kMiB;
        return bus;
    };
    const std::string create = "ndctl create-namespace -r region0 -m fsdax -s 1086M";   // P27, vector 71
    NdBus bus = region(Arch::arm64);
    expect_danger(bus, create, RuleId::nd_map_dev_unaligned_end,
                  "100000000-143dfffff needs more struct pages than 18M hold", "5.9+ (arm64), 6.11+ (riscv64)");
    expect_none(bus, create + " -M mem");
    expect_none(bus, "ndctl create-namespace -r region0 -m fsdax -s 1G");   // its end lies on a section
    expect_none(region(Arch::x86_64), create);   // vector 10
    EXPECT_EQ(hazards(region(Arch::riscv64), create).size(), 1U);   // 3.6.1: 512 * (1 + 9 sections) > 4608 pages
    expect_none(region(Arch::riscv64), "ndctl create-namespace -r region0 -m fsdax -s 1G");
    const auto answer = refused(bus, create, "failed to create namespace: No such device or address",
                                RuleId::map_altmap_exhausted, 237);
    EXPECT_EQ(answer.kernel_error, ENOMEM);
    // made on another kernel, and met at boot
    NdBus old = region(Arch::arm64);
    NdNamespace& ns = old.regions[0].namespaces[0];
    ns = {.id = 0, .space = *Range::from_size(kBase, 1086 * kMiB), .allocated = true, .identity = 1};
    InfoBlock info{.mode = NsMode::fsdax, .align = 2 * kMiB, .parent = 1, .page_size = 4096, .struct_page_size = 64};
    info.geometry = pfn_geometry(old.model.profile(), ns.space, info.align, info.map).geometry;
    old.media[kBase] = info;
    expect_danger(old, "ndctl enable-namespace all", RuleId::nd_map_dev_unaligned_end,
                  "namespace0.0 needs more struct pages than 18M hold: 100000000-143dfffff cannot be mapped "
                  "again until reboot",
                  "5.9+ (arm64), 6.11+ (riscv64)");
}

TEST(Hazard, nd_kmem_unbind_online) {
    const std::string unbind = "write /sys/bus/dax/drivers/kmem/unbind dax0.0";
    NdBus bus = test::one_dax_region(0x140000000, kGiB);   // K5
    done(bus, "daxctl reconfigure-device -m system-ram --no-online dax0.0");
    expect_none(bus, unbind);
    expect_none(bus, "daxctl destroy-device -f dax0.0");
    done(bus, "daxctl online-memory dax0.0");
    for (const std::string_view command : {std::string_view(unbind), "daxctl destroy-device -f dax0.0"sv}) {
        expect_danger(bus, command, RuleId::nd_kmem_unbind_online,
                      "8 of the memory blocks of dax0.0 are online, the first memory40: they stay until reboot",
                      "5.3+");
    }
    expect_none(bus, "daxctl reconfigure-device -m devdax dax0.0");   // refused
    expect_none(bus, "daxctl reconfigure-device -f -m devdax dax0.0");   // offlines them first
    done(bus, unbind);
    EXPECT_TRUE(bus.model.block(40)->online);
    for (const std::string driver : {"kmem", "device_dax"}) {   // K4 and D12: the range is busy until reboot
        EXPECT_EQ(write_attribute(bus, fmt::format("/sys/bus/dax/drivers/{}/bind", driver), "dax0.0").kernel_error,
                  EBUSY);
    }
}

// libdaxctl takes the blocks from the first range's start to that plus the size, wherever the other ranges lie.
TEST(Hazard, nd_kmem_unbind_online_of_several_ranges) {
    test::Host host = test::nd_host(test::pmem_line(0x140000000, kGiB, "Soft Reserved"));
    host.cmdline = "memhp_default_state=online_movable";
    NdBus bus = test::bus_on(host);
    bus.dax_regions.push_back({.id = 0, .space = {0x140000000, 0x17fffffff}, .align = 2 * kMiB});
    bus.dax.push_back({.region = 0, .id = 0, .align = 2 * kMiB});
    expect_write(bus, "/sys/bus/dax/devices/dax0.0/size", std::to_string(256 * kMiB), RuleId::nd_accepted);
    done(bus, "daxctl create-device -r 0 -s 164M");   // vectors 82 to 84
    done(bus, "daxctl disable-device dax0.0");   // new_id took it along
    done(bus, "daxctl reconfigure-device -s 512M dax0.0");
    done(bus, "daxctl reconfigure-device -f --no-online -m system-ram dax0.0");
    EXPECT_EQ(bus.find_dax("dax0.0")->added,   // vector 91
              (std::vector<Range>{{0x140000000, 0x14fffffff}, {0x160000000, 0x167ffffff}}));
    const std::string command = "daxctl reconfigure-device -f -m devdax dax0.0";
    expect_danger(bus, command, RuleId::nd_kmem_unbind_online,
                  "1 of the memory blocks of dax0.0 are online, the first memory44: they stay until reboot", "5.3+");
}

TEST(Hazard, ndctl_zeroes_first) {
    NdBus bus = test::one_region(4 * kGiB);   // 9.6 B 6
    expect_write(bus, kAlign, "2097152", RuleId::nd_accepted);
    done(bus, "ndctl create-namespace -r region0 -m raw -s 2M");
    done(bus, "ndctl create-namespace -r region0 -m fsdax -s 512M -f");   // at +2 MiB
    const std::string command = "ndctl create-namespace -e namespace0.1 -m devdax";
    expect_none(bus, command);   // refused: it is active
    done(bus, "ndctl disable-namespace namespace0.1");
    expect_danger(
        bus, command, RuleId::ndctl_zeroes_first,
        "namespace0.1 starts at 0x100200000, no multiple of 16 MiB: ndctl zeroes its first 8 KiB, then refuses",
        "ndctl 71-76");
    expect_none(bus, command + " -f");
    expect_none(bus, "ndctl create-namespace -e namespace0.1 -m raw");   // any start will do
    refused(bus, command, "failed to reconfigure namespace: Invalid argument", RuleId::ndctl_start_16m, 234);
    EXPECT_TRUE(bus.media.empty());
    done(bus, "ndctl enable-namespace namespace0.1");
    EXPECT_EQ(test::namespace_of(bus, "namespace0.1").active->mode, NsMode::raw);
}

// Three namespaces of 512 MiB, idle; that of id `gone` is deleted, and whatever was behind them is full or free.
NdBus three_of(int gone, std::uint64_t region_size = 8 * kGiB) {
    NdBus bus = test::one_region(region_size);
    for (int i = 0; i < 3; ++i) {
        done(bus, "ndctl create-namespace -r region0 -m raw -s 512M");
        done(bus, fmt::format("ndctl disable-namespace namespace0.{}", i));
    }
    done(bus, fmt::format("ndctl destroy-namespace namespace0.{}", gone));
    return bus;
}

TEST(Hazard, nd_grow_downward) {
    NdBus bus = three_of(1);   // N8, vector 49
    const std::string text = "namespace0.2 starts at 0x120000000 instead of 0x140000000: all its data shift by 512M";
    expect_danger(bus, write_to("/sys/bus/nd/devices/namespace0.2/size", "1073741824"), RuleId::nd_grow_downward, text,
                  "5.3+");
    expect_danger(bus, "ndctl create-namespace -e namespace0.2 -m raw -s 1G", RuleId::nd_grow_downward, text, "5.3+");
    expect_none(bus, "ndctl create-namespace -e namespace0.2 -m raw -s 1040M");   // too large for that hole
    expect_none(bus, write_to("/sys/bus/nd/devices/namespace0.0/size", "1073741824"));   // upwards
    expect_none(bus, write_to("/sys/bus/nd/devices/namespace0.2/size", "1073741825"));   // refused
    done(bus, "ndctl create-namespace -e namespace0.2 -m raw -s 1G");
    EXPECT_EQ(test::namespace_of(bus, "namespace0.2").space.start, 0x120000000U);
}

TEST(Hazard, nd_grow_splits) {
    NdBus bus = three_of(0, 1536 * kMiB);   // namespace_devs.c: init_dpa_allocation, where no hole lies beside it
    const std::string text = "namespace0.2 gets a second extent at 100000000-11fffffff and then reads as "
                             "100000000-13fffffff";
    expect_danger(bus, write_to("/sys/bus/nd/devices/namespace0.2/size", "1073741824"), RuleId::nd_grow_splits, text,
                  "5.3+");
    expect_danger(bus, "ndctl create-namespace -e namespace0.2 -m raw -s 1G", RuleId::nd_grow_splits, text, "5.3+");
    expect_none(three_of(1, 1536 * kMiB), write_to("/sys/bus/nd/devices/namespace0.0/size", "1073741824"));   // upwards
    expect_none(bus, write_to("/sys/bus/nd/devices/namespace0.2/size", "1610612736"));   // N6: refused
}

// Row 26 of the vectors: 5.7 to 6.5 make a device of nothing, later kernels refuse.
TEST(Hazard, nd_empty_device) {
    const auto found_on = [](std::string kernel) {
        NdBus bus = test::one_region(2 * kGiB, 0x104000000, std::move(kernel));
        return hazards_of(bus, split_command("ndctl create-namespace -r region0 -s 1G -m devdax -a 1G -f"));
    };
    const auto found = found_on("6.1.190");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].rule, RuleId::nd_empty_device);
    EXPECT_TRUE(found_on("6.12.95").empty());
    // recorded: without --force ndctl refuses a start off 16 MiB before the kernel lays anything out
    NdBus bus = test::one_region(4 * kGiB, 0x163e00000, "6.1.190");
    const std::string command = "ndctl create-namespace -r region0 -m devdax -s 1G -a 1G";
    expect_none(bus, command);
    EXPECT_EQ(hazards_of(bus, split_command(command + " -f")).size(), 1U);
}

// 3.5: before 5.7 rows 9 to 12 were no EOPNOTSUPP, and the namespace came up as a raw disk.
TEST(Hazard, nd_raw_fallback) {
    const auto bus_on = [](std::string kernel) {
        NdBus bus = test::one_region(2 * kGiB, test::kBase, std::move(kernel));
        test::done(bus, "ndctl create-namespace -r region0 -s 512M -M mem");
        test::done(bus, "ndctl disable-namespace namespace0.0");
        bus.media.at(test::kBase).geometry.data_offset += kMiB;   // as after a move by so much
        return bus;
    };
    NdBus old = bus_on("5.4.0");
    const std::string command = "ndctl enable-namespace namespace0.0";
    expect_danger(old, command, RuleId::nd_raw_fallback,
                  "namespace0.0 comes up raw, without its fsdax info block (nd.info-bad-offset)", "5.3-5.6");
    test::done(old, command);
    EXPECT_EQ(test::namespace_of(old, "namespace0.0").active->mode, NsMode::raw);
    expect_none(bus_on("5.7.0"), command);
}

// Any refusal behind the zeroing, not only that of the 16 MiB.
TEST(Hazard, ndctl_zeroes_first_whatever_is_refused_then) {
    NdBus bus = test::one_region(kGiB);
    test::done(bus, "ndctl create-namespace -r region0 -s 512M");
    const CommandLine grow = split_command("ndctl create-namespace -e namespace0.0 -f -m devdax -s 2G");
    const auto found = hazards_of(bus, grow);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].rule, RuleId::ndctl_zeroes_first);
    EXPECT_TRUE(hazards_of(bus, split_command("ndctl create-namespace -e namespace0.0 -f -m devdax -s 256M")).empty());
}

// A range that the driver of a device does not know: only while kmem has it.
TEST(Hazard, nd_mapping_under_kmem) {
    constexpr std::uint64_t kStart = 0x140000000;
    NdBus bus = test::one_dax_region(kStart, kGiB);
    test::done(bus, "daxctl reconfigure-device -s 512M dax0.0");
    const CommandLine write = split_command("write /sys/bus/dax/devices/dax0.0/mapping 160000000-167ffffff");
    EXPECT_TRUE(hazards_of(bus, write).empty());
    bus.model.apply(op::SetAutoOnline{"offline"}, Outcome::accept(RuleId::auto_online_accepted));
    test::done(bus, "daxctl reconfigure-device -N -m system-ram dax0.0");
    const auto found = hazards_of(bus, write);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].rule, RuleId::nd_mapping_under_kmem);
    EXPECT_THAT(found[0].text, testing::HasSubstr("160000000-167ffffff is not added"));
    // what is refused harms nobody
    EXPECT_TRUE(
        hazards_of(bus, split_command("write /sys/bus/dax/devices/dax0.0/mapping 140000000-147ffffff")).empty());
    EXPECT_EQ(write_attribute(bus, write.verb, write.arguments.front()).exit, 0);
}

// An align that a region does not take harms nobody.
TEST(Hazard, nd_region_align_4g_only_where_it_is_taken) {
    const CommandLine write = split_command("write /sys/bus/nd/devices/region0/align 4294967296");
    EXPECT_TRUE(hazards_of(test::one_region(kGiB), write).empty());
    EXPECT_EQ(hazards_of(test::one_region(8 * kGiB), write).size(), 1U);
}

// RAM up to 33ffffff and a region behind it share section 6 (30000000-37ffffff). Every way in which a driver lets go of a
// mapping ends in section_deactivate(), whoever asks for it (vectors 7 and 8 of sub-sections; ef69bc9f689d in 5.9).
NdBus shares_a_section(const std::string& kernel) {
    test::Host host;
    host.iomem =
        "00001000-33ffffff : System RAM\n" + test::pmem_line(0x34000000, 192 * kMiB, "Persistent Memory (legacy)");
    host.kernel = kernel;
    NdBus bus = test::bus_on(host);
    bus.regions.push_back(test::label_less_region(0, 0x34000000, 192 * kMiB));
    enable_namespace(bus, bus.regions[0], bus.regions[0].namespaces.at(0));
    return bus;
}

TEST(Hazard, memmap_depopulated_by_commands) {
    const std::string of_fsdax =
        "unmapping namespace0.0 at 34000000-3fffffff frees memmap of section 0x6, which booted "
        "with RAM";
    const std::vector<std::string> of_namespaces{
        "ndctl disable-namespace namespace0.0", "ndctl destroy-namespace -f namespace0.0",
        "ndctl create-namespace -e namespace0.0 -m fsdax -M mem -f",   // mapped there again, but the memmap is gone
        "write /sys/bus/nd/drivers/nd_pmem/unbind namespace0.0"};
    for (const auto& command : of_namespaces) {
        expect_danger(shares_a_section("5.8"), command, RuleId::memmap_depopulated, of_fsdax, "5.3-5.8");
        expect_none(shares_a_section("5.9"), command);
        expect_none(test::one_legacy(0x50000000, 128 * kMiB, "5.8"), command);   // a section of its own
    }
    const std::string of_device =
        "unmapping dax0.0 at 34000000-3fffffff frees memmap of section 0x6, which booted with "
        "RAM";
    const std::vector<std::string> of_devices{"daxctl reconfigure-device -m system-ram -N dax0.0",
                                              "daxctl disable-device dax0.0", "ndctl disable-namespace namespace0.0",
                                              "write /sys/bus/dax/drivers/device_dax/unbind dax0.0"};
    for (const auto& command : of_devices) {
        for (const std::string kernel : {"5.4", "5.9"}) {
            NdBus bus = shares_a_section(kernel);
            done(bus, "ndctl create-namespace -e namespace0.0 -m devdax -M mem -f");
            if (kernel == "5.9") {
                expect_none(bus, command);
            } else {
                expect_danger(bus, command, RuleId::memmap_depopulated, of_device, "5.3-5.8");
            }
        }
    }
    expect_none(shares_a_section("5.8"), "ndctl enable-namespace namespace0.0");   // it is: nothing is let go
}

// 64K pages: one page of memmap describes 64 MiB, and the regions meet in the middle of it.
TEST(Hazard, memmap_page_shared_by_commands) {
    for (const std::uint64_t page : {4 * kKiB, 64 * kKiB}) {
        test::Host host;
        host.arch = Arch::arm64;
        host.page_size = page;
        host.iomem = "40000000-7fffffff : System RAM\n" +
                     test::pmem_line(0x200000000, 96 * kMiB, "Persistent Memory (legacy)") +
                     test::pmem_line(0x206000000, 96 * kMiB, "Persistent Memory (legacy)");
        NdBus bus = test::bus_on(host);
        for (const int id : {0, 1}) {
            const auto start = 0x200000000 + static_cast<std::uint64_t>(id) * 96 * kMiB;
            bus.regions.push_back(test::label_less_region(id, start, 96 * kMiB));
        }
        for (auto& region : bus.regions) enable_namespace(bus, region, region.namespaces.at(0));
        if (page == 4 * kKiB) {
            expect_none(bus, "ndctl disable-namespace namespace0.0");
            continue;
        }
        expect_danger(bus, "ndctl disable-namespace namespace0.0", RuleId::memmap_page_shared,
                      "200000000-205ffffff shares a page of memmap with another owner in section 0x10; whoever is "
                      "unmapped first takes it away from the other",
                      "5.3+ (arm64 16K, 64K)");
        done(bus, "ndctl disable-namespace namespace0.0");
        expect_none(bus, "ndctl disable-namespace namespace1.0");   // there is nobody left to take it from
    }
}

}   // namespace
}   // namespace memhot
