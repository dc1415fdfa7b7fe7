// SPDX-License-Identifier: GPL-2.0-or-later
//
// What a command asks of which device, on the host that tests/vm recorded (region0: 1 GiB with labels and 176 MiB free,
// region2: legacy, without labels). Defaults are those of ndctl/namespace.c validate_namespace_options.
#include <gtest/gtest.h>

#include "memhot/nd_command.hpp"

namespace memhot {
namespace {

using What = NamespaceRequest::What;
using Instance = NamespaceRequest::Instance;

Snapshot host(const char* name = "nvdimm-host.json") {
    return *load_snapshot(std::string(MEMHOT_TEST_DATA) + "/" + name);
}

ResolvedCommand resolved(const char* text, const Snapshot& snapshot = host()) {
    auto result = resolve(snapshot, split_command(text));
    EXPECT_TRUE(result.ok()) << result.error().message();
    return result.ok() ? *std::move(result) : ResolvedCommand{};
}

NamespaceRequest only_namespace(const char* text, const Snapshot& snapshot = host()) {
    const auto command = resolved(text, snapshot);
    EXPECT_EQ(command.namespaces.size(), 1U) << text << ": " << command.verdict.summary;
    return command.namespaces.empty() ? NamespaceRequest{} : command.namespaces.front();
}

DaxRequest only_device(const char* text) {
    const auto command = resolved(text);
    EXPECT_EQ(command.devices.size(), 1U) << text << ": " << command.verdict.summary;
    return command.devices.empty() ? DaxRequest{} : command.devices.front();
}

// Nothing said: fsdax, map dev, 2 MiB, all that is free; namespace0.0 is in use, so the seed is taken. "default sector
// size" of a new pmem namespace is 512, its name is empty.
TEST(Resolve, a_new_namespace_gets_what_ndctl_would_take) {
    const NamespaceRequest got = only_namespace("ndctl create-namespace --region=region0");
    EXPECT_EQ(got.what, What::create);
    EXPECT_EQ(got.region, "region0");
    EXPECT_EQ(got.name, "namespace0.5");
    EXPECT_TRUE(got.labelled);
    EXPECT_EQ(got.mode, NamespaceMode::fsdax);
    EXPECT_EQ(got.instance, Instance::pfn);
    EXPECT_FALSE(got.map_in_ram);
    EXPECT_EQ(got.size, 176 * kMiB);
    EXPECT_EQ(got.align, 2 * kMiB);
    EXPECT_EQ(got.sector_size, 512U);
    EXPECT_EQ(got.alt_name, "");
    EXPECT_FALSE(got.uuid);
}

TEST(Resolve, what_is_said_counts) {
    const NamespaceRequest got = only_namespace("ndctl create-namespace -r region0 -m devdax -s 64M -a 4K -M mem -n "
                                                "tier -u 11111111-2222-3333-4444-555555555555");
    EXPECT_EQ(got.mode, NamespaceMode::devdax);
    EXPECT_EQ(got.instance, Instance::dax);
    EXPECT_TRUE(got.map_in_ram);
    EXPECT_EQ(got.size, 64 * kMiB);
    EXPECT_EQ(got.align, 4 * kKiB);
    EXPECT_EQ(got.alt_name, "tier");
    EXPECT_EQ(got.uuid, "11111111-2222-3333-4444-555555555555");
    EXPECT_EQ(only_namespace("ndctl create-namespace -r region0 -m sector -s 64M -l 512").sector_size, 512U);
    EXPECT_EQ(only_namespace("ndctl create-namespace -r region0 -m sector -s 64M").instance, Instance::btt);
    EXPECT_EQ(only_namespace("ndctl create-namespace -r region0 -m raw -s 32M").instance, Instance::none);
}

TEST(Resolve, a_reconfigured_namespace_keeps_what_is_not_said) {
    const NamespaceRequest got = only_namespace("ndctl create-namespace -f -e namespace0.0 -m fsdax");
    EXPECT_EQ(got.what, What::reconfigure);
    EXPECT_EQ(got.name, "namespace0.0");
    EXPECT_EQ(got.size, 256 * kMiB);
    EXPECT_EQ(got.sector_size, 0U);
    EXPECT_FALSE(got.alt_name);
    EXPECT_TRUE(got.force);
    // namespace0.2 is devdax with an align of 4 KiB
    EXPECT_EQ(only_namespace("ndctl create-namespace -f -e namespace0.2").align, 4 * kKiB);
}

// "If the target mode is still 'safe' carry forward the sector size"
TEST(Resolve, a_sector_namespace_keeps_its_sector_size) {
    Snapshot snapshot = host();
    for (auto& instance : snapshot.nvdimm->instances) {
        if (instance.name == "btt0.0") instance.sector_size = 512;
    }
    EXPECT_EQ(only_namespace("ndctl create-namespace -f -e namespace0.3", snapshot).sector_size, 512U);
    EXPECT_EQ(only_namespace("ndctl create-namespace -f -e namespace0.3 -m sector", snapshot).sector_size, 4096U);
}

// do_setup_pfn(): a legacy region's own namespace has struct pages; only a map on the device needs an instance.
TEST(Resolve, a_legacy_namespace_needs_an_instance_only_for_a_map_on_the_device) {
    EXPECT_EQ(only_namespace("ndctl create-namespace -f -e namespace2.0 -m fsdax -M mem").instance, Instance::none);
    EXPECT_EQ(only_namespace("ndctl create-namespace -f -e namespace2.0 -m fsdax").instance, Instance::pfn);
    EXPECT_FALSE(only_namespace("ndctl create-namespace -f -e namespace2.0 -m fsdax").labelled);
}

TEST(Resolve, what_is_refused_before_a_device_is_touched_asks_nothing) {
    const auto too_big = resolved("ndctl create-namespace -r region0 -s 2G");
    EXPECT_TRUE(too_big.namespaces.empty());
    EXPECT_EQ(too_big.verdict.outcome.kind, Outcome::Kind::refused);
    EXPECT_TRUE(resolved("ndctl destroy-namespace namespace7.7").namespaces.empty());
    EXPECT_TRUE(resolved("daxctl offline-memory dax9.9").devices.empty());
}

TEST(Resolve, destroy_enable_disable) {
    const NamespaceRequest got = only_namespace("ndctl destroy-namespace -f namespace0.1");
    EXPECT_EQ(got.what, What::destroy);
    EXPECT_TRUE(got.force && got.labelled);
    EXPECT_EQ(only_namespace("ndctl enable-namespace namespace0.4").what, What::enable);
    EXPECT_EQ(only_namespace("ndctl disable-namespace namespace2.0").labelled, false);
}

TEST(Resolve, dax_devices) {
    const DaxRequest ram = only_device("daxctl reconfigure-device --mode=system-ram --no-online --no-movable dax0.0");
    EXPECT_EQ(ram.what, DaxRequest::What::system_ram);
    EXPECT_FALSE(ram.online || ram.movable);
    EXPECT_EQ(ram.region, 0);
    EXPECT_EQ(only_device("daxctl reconfigure-device -m devdax -f dax0.1").what, DaxRequest::What::devdax);
    EXPECT_EQ(only_device("daxctl reconfigure-device -s 128M dax0.0").size, 128 * kMiB);
    EXPECT_EQ(only_device("daxctl online-memory dax0.1").what, DaxRequest::What::online);
}

// The device that the seed becomes, and what daxctl writes to its size.
// basename() of a path, and R.D (util_daxctl_dev_filter).
TEST(Resolve, a_dax_device_by_any_name_that_daxctl_takes) {
    for (const char* command : {"daxctl offline-memory 0.1", "daxctl offline-memory /dev/dax0.1"}) {
        EXPECT_EQ(only_device(command).device, "dax0.1") << command;
    }
}

TEST(Resolve, a_new_dax_device) {
    const auto command = resolved("daxctl create-device --region=0 --size=1G", host("cxl-host.json"));
    ASSERT_EQ(command.devices.size(), 1U) << command.verdict.summary;
    EXPECT_EQ(command.devices.front().what, DaxRequest::What::create);
    EXPECT_EQ(command.devices.front().device, "dax0.1");
    EXPECT_EQ(command.devices.front().size, kGiB);
}

// size_store() refuses a namespace without a uuid, and takes one that got its uuid by hand: the kernel keeps it before there
// is a size. tests/vm/scenarios/crash-align shows it.
TEST(Resolve, an_idle_namespace_with_a_uuid_takes_a_size) {
    Snapshot snapshot = host();
    const CommandLine write{"write", "/sys/bus/nd/devices/namespace0.5/size", {"67108864"}};
    EXPECT_EQ(predict(snapshot, {}, {write})->front().outcome.rule, RuleId::nd_size_no_uuid);
    for (auto& ns : snapshot.nvdimm->namespaces) {
        if (ns.name == "namespace0.5") ns.uuid = "11111111-2222-3333-4444-555555555555";
    }
    const auto verdict = predict(snapshot, {}, {write});
    EXPECT_TRUE(verdict->front().outcome.accepted()) << verdict->front().summary;
}

TEST(Resolve, several_devices_and_other_programs_are_unsupported) {
    for (const char* text : {"ndctl destroy-namespace -f all", "daxctl offline-memory all", "ndctl list"}) {
        const auto result = resolve(host(), split_command(text));
        ASSERT_FALSE(result.ok()) << text;
        EXPECT_EQ(result.error().kind(), ErrorKind::unsupported) << text;
    }
}

}   // namespace
}   // namespace memhot
