// SPDX-License-Identifier: GPL-2.0-or-later
//
// Each rule about regions and labels: the answer, and the nearest input that is taken. Rows R, N and vectors B.2 are
// those of the kernel's decision table; errnos were measured on 5.10, 6.12 and 7.2.
#include <gtest/gtest.h>

#include <cerrno>

#include "unit/nvdimm/bus.hpp"

namespace memhot {
namespace {

using test::done;
using test::expect_write;
using test::kBase;

constexpr std::string_view kAlign = "/sys/bus/nd/devices/region0/align";
constexpr std::string_view kSize = "/sys/bus/nd/devices/namespace0.0/size";
constexpr std::string_view kUuid = "/sys/bus/nd/devices/namespace0.0/uuid";
constexpr std::string_view kAnyUuid = "4f2e1c3a-8d5b-4a97-b3d4-0c6f7a1e2b90";

// namespace0.0 has a uuid and no size yet.
NdBus with_uuid(std::uint64_t size, std::string kernel = "6.12.95") {
    NdBus bus = test::one_region(size, kBase, std::move(kernel));
    expect_write(bus, kUuid, kAnyUuid, RuleId::nd_accepted);
    return bus;
}

TEST(Rule, nd_accepted) {
    NdBus bus = test::one_region(4 * kGiB);
    const auto answer = done(bus, "ndctl create-namespace -r region0 -s 512M");   // vector 17
    EXPECT_EQ(answer.rule, RuleId::nd_accepted);
    EXPECT_EQ(answer.size, 526385152U);
    EXPECT_EQ(answer.mode, "fsdax");
    EXPECT_EQ(answer.error, "");
}

TEST(Rule, nd_align_invalid) {
    for (const std::string kernel : {"5.10.223", "6.12.95", "7.2.12"}) {
        NdBus bus = test::one_region(8 * kGiB, kBase, kernel);   // R1, vector 59
        for (const std::string value : {"0x3000000", "0x800", "0x400000000", "2M2", ""}) {
            expect_write(bus, kAlign, value, RuleId::nd_align_invalid);
        }
        EXPECT_EQ(bus.regions[0].align, 16 * kMiB);
        for (const std::string value : {"0x40000000", "0x1000", "8589934592"}) {   // the last is the region's size
            expect_write(bus, kAlign, value, RuleId::nd_accepted);
        }
    }
    NdBus older = test::one_region(8 * kGiB, kBase, "5.6.19");   // no such file
    EXPECT_EQ(write_attribute(older, kAlign, "0x3000000").kernel_error, ENOENT);
    NdBus bus = test::one_region(6 * kGiB);
    bus.regions[0] = test::labelled_region(0, kBase, 6 * kGiB, 3);   // each way counts by itself
    expect_write(bus, kAlign, "0x4000000", RuleId::nd_align_invalid);
    expect_write(bus, kAlign, "0x3000000", RuleId::nd_accepted);
}

TEST(Rule, nd_align_no_dimms) {
    for (const std::string kernel : {"5.10.223", "5.12.19"}) {   // R2
        NdBus bus = test::one_legacy(0x50000000, 256 * kMiB, kernel);
        expect_write(bus, kAlign, "0x200000", RuleId::nd_align_no_dimms);
        expect_write(bus, kAlign, "0x3000000", RuleId::nd_align_no_dimms);   // before the value is looked at
    }
    for (const std::string kernel : {"5.13", "6.1.190", "6.12.95"}) {
        NdBus bus = test::one_legacy(0x50000000, 256 * kMiB, kernel);
        expect_write(bus, kAlign, "0x200000", RuleId::nd_accepted);
        expect_write(bus, kAlign, "0x3000000", RuleId::nd_align_invalid);
    }
    NdBus bus = test::one_region(8 * kGiB, kBase, "5.10.223");
    expect_write(bus, kAlign, "0x200000", RuleId::nd_accepted);   // with DIMMs
}

TEST(Rule, nd_size_busy) {
    NdBus bus = test::one_region(4 * kGiB);   // N4
    done(bus, "ndctl create-namespace -r region0 -s 512M");
    expect_write(bus, kSize, "1073741824", RuleId::nd_size_busy);
    expect_write(bus, kSize, "1", RuleId::nd_size_busy);   // before the value is looked at
    done(bus, "ndctl disable-namespace namespace0.0");
    expect_write(bus, kSize, "1073741824", RuleId::nd_accepted);
    test::namespace_of(bus, "namespace0.0").claimed = NsMode::sector;
    expect_write(bus, kSize, "0", RuleId::nd_size_busy);
}

TEST(Rule, nd_size_no_uuid) {
    NdBus bus = test::one_region(4 * kGiB);   // N3
    expect_write(bus, kSize, "16777216", RuleId::nd_size_no_uuid);
    expect_write(bus, kSize, "1", RuleId::nd_size_no_uuid);   // before the align
    expect_write(bus, kUuid, kAnyUuid, RuleId::nd_accepted);
    expect_write(bus, kSize, "16777216", RuleId::nd_accepted);
    expect_write(bus, kSize, "0", RuleId::nd_accepted);   // which takes the uuid, too
    expect_write(bus, kSize, "16777216", RuleId::nd_size_no_uuid);
}

TEST(Rule, nd_size_label_less) {
    NdBus bus = test::one_legacy(0x50000000, 256 * kMiB);   // N15: the file has mode 0444
    expect_write(bus, kSize, "16777216", RuleId::nd_size_label_less);
    EXPECT_EQ(write_attribute(bus, kUuid, kAnyUuid).kernel_error, ENOENT);   // and there is no uuid
    NdBus labelled = with_uuid(256 * kMiB);
    expect_write(labelled, kSize, "16777216", RuleId::nd_accepted);
}

TEST(Rule, nd_size_unaligned) {
    NdBus bus = with_uuid(4 * kGiB);   // N5
    expect_write(bus, kSize, "8388608", RuleId::nd_size_unaligned);       // vector 44
    expect_write(bus, kSize, "17825792", RuleId::nd_size_unaligned);      // vector 46
    expect_write(bus, kSize, "99999744000", RuleId::nd_size_unaligned);   // vector 47: before the space
    expect_write(bus, kAlign, "2097152", RuleId::nd_accepted);
    expect_write(bus, kSize, "8388608", RuleId::nd_accepted);   // vector 45
    NdBus older = with_uuid(4 * kGiB, "5.6.19");   // a page for each way
    expect_write(older, kSize, "8388609", RuleId::nd_size_unaligned);
    expect_write(older, kSize, "8392704", RuleId::nd_accepted);
    NdBus three = test::one_region(6 * kGiB, kBase, "5.6.19");
    three.regions[0] = test::labelled_region(0, kBase, 6 * kGiB, 3);
    three.regions[0].align = default_region_align(three.model.profile(), 6 * kGiB, 3);
    expect_write(three, kUuid, kAnyUuid, RuleId::nd_accepted);
    expect_write(three, kSize, "8192", RuleId::nd_size_unaligned);
    expect_write(three, kSize, "12288", RuleId::nd_accepted);
}

TEST(Rule, nd_size_dimm_disabled) {
    NdBus bus = with_uuid(4 * kGiB);   // N16
    bus.regions[0].mappings[0].enabled = false;
    expect_write(bus, kSize, "16777216", RuleId::nd_size_dimm_disabled);
    expect_write(bus, kSize, "8388608", RuleId::nd_size_unaligned);   // which comes first
    bus.regions[0].mappings[0].enabled = true;
    expect_write(bus, kSize, "16777216", RuleId::nd_accepted);
}

TEST(Rule, nd_size_no_space) {
    NdBus bus = with_uuid(kGiB);   // N6
    expect_write(bus, kSize, "1090519040", RuleId::nd_size_no_space);   // 1 GiB and 16 MiB
    expect_write(bus, kSize, "1073741824", RuleId::nd_accepted);
    NdBus holed = test::one_region(2 * kGiB);   // N22: 1 GiB is free, in two pieces
    for (int i = 0; i < 3; ++i) done(holed, "ndctl create-namespace -r region0 -s 512M");
    done(holed, "ndctl destroy-namespace -f namespace0.1");
    EXPECT_EQ(available_size(holed.regions[0]), kGiB);
    NdNamespace& fresh = holed.regions[0].namespaces[5];
    fresh = {.id = 5, .identity = 99};
    const std::string path = "/sys/bus/nd/devices/namespace0.5/size";
    expect_write(holed, path, "553648128", RuleId::nd_size_no_space);   // 528 MiB
    expect_write(holed, path, "536870912", RuleId::nd_accepted);
    EXPECT_EQ(fresh.space.start, kBase + 512 * kMiB);
}

TEST(Rule, nd_size_no_room) {
    NdBus bus = test::one_region(2 * kGiB);   // N7: 512 MiB are free, but not beside namespace0.1
    for (int i = 0; i < 3; ++i) done(bus, "ndctl create-namespace -r region0 -s 512M");
    for (const std::string name : {"namespace0.1", "namespace0.2"}) done(bus, "ndctl disable-namespace " + name);
    expect_write(bus, "/sys/bus/nd/devices/namespace0.1/size", "553648128", RuleId::nd_size_no_room);
    EXPECT_EQ(test::namespace_of(bus, "namespace0.1").size(), 512 * kMiB);
    expect_write(bus, "/sys/bus/nd/devices/namespace0.2/size", "1073741824", RuleId::nd_accepted);
    EXPECT_TRUE(rule(RuleId::nd_size_no_room).message.starts_with("allocation underrun"));
}

TEST(Rule, nd_uuid_busy) {
    NdBus bus = test::one_region(4 * kGiB);   // N2
    done(bus, "ndctl create-namespace -r region0 -s 512M");
    const std::uint64_t before = test::namespace_of(bus, "namespace0.0").identity;
    expect_write(bus, kUuid, kAnyUuid, RuleId::nd_uuid_busy);
    EXPECT_EQ(test::namespace_of(bus, "namespace0.0").identity, before);
    done(bus, "ndctl disable-namespace namespace0.0");
    expect_write(bus, kUuid, kAnyUuid, RuleId::nd_accepted);
    done(bus, "ndctl enable-namespace namespace0.0");   // vector 78: the info block is of another uuid
    EXPECT_EQ(test::namespace_of(bus, "namespace0.0").active->mode, NsMode::raw);
}

// namespace_update_uuid(): "can we delete uuid with zero dpa allocated?" As 6.1.192 and 7.3.4 answered in a VM.
TEST(Rule, nd_uuid_kept) {
    NdBus bus = test::one_region(4 * kGiB);
    constexpr std::string_view kReconfigure = "ndctl create-namespace -f -e namespace0.0 -m raw";
    const auto sized = run_command(bus, split_command(kReconfigure));   // of a seed: it has no size to keep
    EXPECT_EQ(sized.rule, RuleId::ndctl_size_zero);
    EXPECT_NE(test::namespace_of(bus, "namespace0.0").identity, 0U);
    const auto again = run_command(bus, split_command(kReconfigure));
    EXPECT_EQ(again.rule, RuleId::nd_uuid_kept);
    EXPECT_EQ(again.kernel_error, EBUSY);
    expect_write(bus, kUuid, kAnyUuid, RuleId::nd_uuid_kept);
    done(bus, "ndctl destroy-namespace namespace0.0");   // the way out
    EXPECT_EQ(test::namespace_of(bus, "namespace0.0").identity, 0U);
    expect_write(bus, kUuid, kAnyUuid, RuleId::nd_accepted);
    EXPECT_EQ(run_command(bus, split_command("ndctl create-namespace -r region0 -m raw")).rule, RuleId::nd_uuid_kept);
    done(bus, "ndctl create-namespace -r region0 -s 512M");   // ndctl deletes what it could not make
    expect_write(bus, "/sys/bus/nd/devices/namespace0.1/uuid", kAnyUuid, RuleId::nd_accepted);
    expect_write(bus, "/sys/bus/nd/devices/namespace0.1/uuid", "0d5ea5ba-7a1e-4d2b-9b3a-1d7a4b7ba001",
                 RuleId::nd_accepted);   // the label of namespace0.0 is there
}

// N12: every change of a label needs a free slot on each DIMM; a deletion does not.
TEST(Rule, nd_label_slots) {
    NdBus bus = test::one_region(2 * kGiB);
    bus.regions[0].mappings[0].slots = 1;
    test::done(bus, "ndctl create-namespace -r region0 -s 512M");   // takes the last one
    const auto answer = run_command(bus, split_command("ndctl create-namespace -r region0 -s 512M"));
    EXPECT_NE(answer.exit, 0);
    EXPECT_EQ(answer.rule, RuleId::nd_label_slots);
    EXPECT_EQ(answer.kernel_error, ENXIO);
    test::done(bus, "ndctl destroy-namespace -f namespace0.0");
}

// N1
TEST(Rule, nd_uuid_duplicate) {
    NdBus bus = test::one_region(2 * kGiB);
    constexpr std::string_view kUuid = "6e5fbc5d-6c1b-4c8f-9f77-5a8d1ac1d0f1";
    test::done(bus, "ndctl create-namespace -r region0 -s 512M -m raw");
    test::namespace_of(bus, "namespace0.0").uuid = kUuid;
    const auto again = write_attribute(bus, "/sys/bus/nd/devices/namespace0.1/uuid", kUuid);
    EXPECT_EQ(again.rule, RuleId::nd_uuid_duplicate);
    EXPECT_EQ(again.kernel_error, EINVAL);
    const auto fresh =
        write_attribute(bus, "/sys/bus/nd/devices/namespace0.1/uuid", "6e5fbc5d-6c1b-4c8f-9f77-5a8d1ac1d0f2");
    EXPECT_EQ(fresh.exit, 0);
    // is_uuid_busy() walks all of the bus, the namespace itself among them
    const auto own =
        write_attribute(bus, "/sys/bus/nd/devices/namespace0.1/uuid", "6E5FBC5D-6C1B-4C8F-9F77-5A8D1AC1D0F2");
    EXPECT_EQ(own.rule, RuleId::nd_uuid_duplicate);
}

// setup_namespace() writes the uuid first, whether it creates or reconfigures.
TEST(Rule, nd_uuid_duplicate_of_create_namespace) {
    NdBus bus = test::one_region(2 * kGiB);
    const std::string uuid = "-u 6e5fbc5d-6c1b-4c8f-9f77-5a8d1ac1d0f1";
    test::done(bus, "ndctl create-namespace -r region0 -s 512M " + uuid);
    const auto again = test::refused(bus, "ndctl create-namespace -r region0 -s 512M " + uuid,
                                     "Error: create namespace: namespace0.1: set_uuid failed: Invalid argument",
                                     RuleId::nd_uuid_duplicate, 234);
    EXPECT_EQ(again.kernel_error, EINVAL);
    EXPECT_EQ(test::namespace_of(bus, "namespace0.1").size(), 0U);
    const CommandLine own = split_command("ndctl create-namespace -f -e namespace0.0 -m devdax " + uuid);
    const auto hazards = hazards_of(bus, own);
    ASSERT_EQ(hazards.size(), 1U);   // the info block is zeroed by then
    EXPECT_EQ(hazards[0].rule, RuleId::ndctl_zeroes_first);
    const auto answer = run_command(bus, own);
    EXPECT_EQ(answer.rule, RuleId::nd_uuid_duplicate);
    EXPECT_TRUE(bus.media.empty());
    test::done(bus, "ndctl destroy-namespace namespace0.0");
    test::done(bus, "ndctl create-namespace -r region0 -s 512M " + uuid);   // nobody has it any more
}

// Another bus has uuids of its own; a pfn instance of this one counts until it goes, a dax instance never does.
TEST(Rule, nd_uuid_duplicate_of_an_instance) {
    NdBus bus = test::one_region(2 * kGiB);
    test::done(bus, "ndctl create-namespace -r region0 -s 512M");
    test::namespace_of(bus, "namespace0.0").instance_uuid = "6e5fbc5d-6c1b-4c8f-9f77-5a8d1ac1d0f3";
    constexpr std::string_view kSeed = "/sys/bus/nd/devices/namespace0.1/uuid";
    constexpr std::string_view kTaken = "6e5fbc5d-6c1b-4c8f-9f77-5a8d1ac1d0f3";
    EXPECT_EQ(write_attribute(bus, kSeed, kTaken).rule, RuleId::nd_uuid_duplicate);
    test::done(bus, "ndctl disable-namespace namespace0.0");
    EXPECT_EQ(write_attribute(bus, kSeed, kTaken).exit, 0);
    NdRegion other = test::labelled_region(1, 0x50000000, 256 * kMiB);
    other.bus = 1;
    bus.regions.push_back(other);
    EXPECT_EQ(write_attribute(bus, "/sys/bus/nd/devices/namespace1.0/uuid", kTaken).exit, 0);
}

}   // namespace
}   // namespace memhot
