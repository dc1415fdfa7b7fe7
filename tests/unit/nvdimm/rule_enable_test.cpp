// SPDX-License-Identifier: GPL-2.0-or-later
//
// Each rule about enabling a namespace: the answer, what a user of ndctl sees of it, and the nearest case that works.
// Rows N and P and the vectors B.1 and B.4 are those of the kernel's decision table.
#include <gtest/gtest.h>

#include <cerrno>

#include "unit/nvdimm/bus.hpp"

namespace memhot {
namespace {

using test::done;
using test::expect_answer;
using test::expect_write;
using test::kBase;
using test::refused;

constexpr std::uint64_t k4K = 4 * kKiB;
constexpr std::uint64_t k2M = 2 * kMiB;
constexpr auto kDev = PageMap::device;
constexpr auto kMem = PageMap::ram;
constexpr std::string_view kAlign = "/sys/bus/nd/devices/region0/align";
// libndctl makes ENXIO of whatever the kernel says.
constexpr std::string_view kCreateFailed = "failed to create namespace: No such device or address";
constexpr std::string_view kEnableFailed = "error enabling namespaces: No such device or address";

test::Host host_of(const Range& space, std::string kernel) {
    test::Host host = test::nd_host(test::pmem_line(space.start, space.size()));
    host.kernel = std::move(kernel);
    return host;
}

// A region that is all one namespace, idle, with that info block on its media.
NdBus with_info(const Range& space, InfoBlock info, const test::Host& host) {
    NdBus bus = test::bus_on(host);
    bus.regions.push_back(test::labelled_region(0, space.start, space.size()));
    bus.regions[0].namespaces[0] = {.id = 0, .space = space, .allocated = true, .identity = 1};
    info.parent = 1;
    bus.media[space.start] = info;
    return bus;
}

InfoBlock made(const Range& space, std::uint64_t align, PageMap map, NsMode mode = NsMode::fsdax) {
    InfoBlock info{.mode = mode, .map = map, .align = align, .page_size = k4K, .struct_page_size = 64};
    info.geometry = pfn_geometry(*test::profile_of({.iomem = {}}), space, align, map).geometry;
    return info;
}

// Before 5.7 an info block that does not fit counted as none, and a raw disk appeared: row N21.
void expect_raw_disk(const Range& space, const InfoBlock& info, const std::string& kernel = "5.6.19") {
    NdBus bus = with_info(space, info, host_of(space, kernel));
    done(bus, "ndctl enable-namespace namespace0.0");
    EXPECT_EQ(test::namespace_of(bus, "namespace0.0").active->mode, NsMode::raw) << kernel;
}

// What enabling it answers, by the kernel and by ndctl.
void expect_enabled(const Range& space, const InfoBlock& info, RuleId rule_id, const std::string& kernel = "6.12.95") {
    NdBus bus = with_info(space, info, host_of(space, kernel));
    const auto answer = test::run(bus, "ndctl enable-namespace namespace0.0");
    EXPECT_EQ(rule(answer.rule).id, rule(rule_id).id) << kernel;
    EXPECT_EQ(answer.kernel_error, rule(rule_id).error) << kernel;
    EXPECT_EQ(answer.exit, rule_id == RuleId::nd_accepted ? 0 : 250) << kernel;   // -ENXIO
    EXPECT_EQ(answer.error, rule_id == RuleId::nd_accepted ? "" : kEnableFailed) << kernel;
    EXPECT_EQ(test::namespace_of(bus, "namespace0.0").active.has_value(), rule_id == RuleId::nd_accepted) << kernel;
}

Range at(std::uint64_t start, std::uint64_t size) { return *Range::from_size(start, size); }

// --- what an instance and a namespace need -----------------------------------------------------------------------------

TEST(Rule, nd_claim_small) {
    for (const std::uint64_t size : {8 * kMiB, 16 * kMiB - k2M, 16 * kMiB}) {   // P1, vector 45
        NdBus bus = test::one_region(4 * kGiB);
        NdRegion& region = bus.regions[0];
        region.align = k2M;
        region.namespaces[0].identity = 1;
        expect_answer(set_size(region, region.namespaces[0], size), RuleId::nd_accepted);
        const InfoBlock wanted{.mode = NsMode::fsdax, .map = kDev, .align = k2M, .page_size = k4K};
        const auto answer = create_instance(bus, region, region.namespaces[0], wanted);
        expect_answer(answer, size < 16 * kMiB ? RuleId::nd_claim_small : RuleId::nd_accepted);
    }
}

TEST(Rule, nd_not_allocated) {
    NdBus bus = test::one_region(4 * kGiB);   // reference 3.8
    const auto answer =
        refused(bus, "ndctl enable-namespace namespace0.0", kEnableFailed, RuleId::nd_not_allocated, 250);
    EXPECT_EQ(answer.kernel_error, ENODEV);
    expect_write(bus, kAlign, "4096", RuleId::nd_accepted);
    done(bus, "ndctl create-namespace -r region0 -m raw -s 20480");   // vector 41
    EXPECT_EQ(test::namespace_of(bus, "namespace0.0").active->size, 20480U);
}

TEST(Rule, nd_claimed) {
    NdBus bus = test::one_region(4 * kGiB);   // a btt that fails keeps its claim; P2, P29
    refused(bus, "ndctl create-namespace -r region0 -m sector -s 16M", kCreateFailed, RuleId::nd_btt_small, 237);
    const auto answer = refused(bus, "ndctl enable-namespace namespace0.0", kEnableFailed, RuleId::nd_claimed, 250);
    EXPECT_EQ(answer.kernel_error, ENXIO);
    done(bus, "ndctl disable-namespace namespace0.0");
    done(bus, "ndctl enable-namespace namespace0.0");   // raw
    // N19: a bind by hand fails although the instance over the namespace becomes active
    NdBus fsdax = test::one_region(4 * kGiB);
    done(fsdax, "ndctl create-namespace -r region0 -m fsdax");
    done(fsdax, "ndctl disable-namespace namespace0.0");
    expect_write(fsdax, "/sys/bus/nd/drivers/nd_pmem/bind", "namespace0.0", RuleId::nd_claimed);
    EXPECT_EQ(test::namespace_of(fsdax, "namespace0.0").active->mode, NsMode::fsdax);
}

TEST(Rule, nd_raw_misaligned) {
    for (const std::string kernel : {"5.10.223", "6.12.95", "7.2.12"}) {   // N17, vector 43
        NdBus bus = test::one_legacy(0x72200000, 232648704, kernel);
        const auto answer =
            refused(bus, "ndctl enable-namespace namespace0.0", kEnableFailed, RuleId::nd_raw_misaligned, 250);
        EXPECT_EQ(answer.kernel_error, EOPNOTSUPP);
        NdBus whole = test::one_legacy(0x72200000, 232648704 / k2M * k2M, kernel);
        EXPECT_EQ(test::namespace_of(whole, "namespace0.0").active->mode, NsMode::memory);
    }
    NdBus older = test::one_legacy(0x72200000, 232648704, "5.6.19");   // left to memremap_pages()
    EXPECT_NE(test::run(older, "ndctl enable-namespace namespace0.0").rule, RuleId::nd_raw_misaligned);
    NdBus labelled = test::one_region(kGiB, 0x100100000);   // vector 42: no struct pages, so any start
    done(labelled, "ndctl create-namespace -r region0 -m raw");
}

// --- a new instance ------------------------------------------------------------------------------------------------------

TEST(Rule, nd_pfn_start_misaligned) {
    for (const std::string kernel : {"5.10.223", "6.1.190", "6.12.95", "7.2.12"}) {
        NdBus bus = test::one_region(4 * kGiB, kBase, kernel);   // P8, vector 30
        expect_write(bus, kAlign, "4096", RuleId::nd_accepted);
        done(bus, "ndctl create-namespace -r region0 -m raw -s 4K");
        const auto answer = refused(bus, "ndctl create-namespace -r region0 -m fsdax -s 1G -M mem -f", kCreateFailed,
                                    RuleId::nd_pfn_start_misaligned, 237);
        EXPECT_EQ(answer.kernel_error, EINVAL);
        expect_write(bus, kAlign, "2097152", RuleId::nd_accepted);
        const auto next = done(bus, "ndctl create-namespace -r region0 -m fsdax -s 1G -M mem -f");   // at +2 MiB
        EXPECT_EQ(next.size, 1071644672U);
    }
    const auto older = pfn_geometry(*test::profile_of({.iomem = {}, .kernel = "5.6.19"}), at(0x100100000, kGiB), k4K,
                                    kMem);   // P9, vector 31: left to memremap_pages()
    EXPECT_FALSE(older.refusal);
    EXPECT_EQ(older.geometry.data_offset, kMiB);
}

TEST(Rule, nd_pfn_no_room) {
    NdBus bus = test::one_region(4 * kGiB);   // P11, vectors 5 and 25
    const auto answer =
        refused(bus, "ndctl create-namespace -r region0 -m devdax -a 1G -s 1G", kCreateFailed, RuleId::nd_pfn_no_room);
    EXPECT_EQ(answer.kernel_error, ENXIO);
    EXPECT_EQ(done(bus, "ndctl create-namespace -r region0 -m devdax -a 1G -s 2G").size, kGiB);
    // P10 and P12, vector 26: up to 6.5 a device of nothing
    for (const std::string kernel : {"5.4", "5.10.223", "6.5.13", "6.6.1", "6.12.95"}) {
        const bool refuses = kernel.starts_with("6.6") || kernel.starts_with("6.12");
        const auto profile = test::profile_of({.iomem = {}, .kernel = kernel});
        const auto geometry = pfn_geometry(*profile, at(0x104000000, kGiB), kGiB, kDev);
        EXPECT_EQ(geometry.refusal.has_value(), refuses) << kernel;
        if (refuses) {
            EXPECT_EQ(rule_of(*geometry.refusal), RuleId::nd_pfn_no_room);
        } else {
            EXPECT_EQ(geometry.geometry.usable, 0U);
        }
    }
    // 3.6: 5.3 cut nothing off the end
    const auto first =
        pfn_geometry(*test::profile_of({.iomem = {}, .kernel = "5.3"}), at(0x104000000, kGiB), kGiB, kDev);
    EXPECT_EQ(first.geometry.end_trunc, 0U);
    EXPECT_EQ(first.geometry.usable, 64 * kMiB);
}

TEST(Rule, nd_pfn_read_only) {
    NdBus bus = test::one_region(4 * kGiB);   // P13
    NdRegion& region = bus.regions[0];
    region.namespaces[0].identity = 1;
    expect_answer(set_size(region, region.namespaces[0], 512 * kMiB), RuleId::nd_accepted);
    const InfoBlock wanted{.mode = NsMode::fsdax, .map = kDev, .align = k2M, .page_size = k4K};
    region.read_only = true;
    expect_answer(create_instance(bus, region, region.namespaces[0], wanted), RuleId::nd_pfn_read_only);
    EXPECT_TRUE(bus.media.empty());
    region.read_only = false;
    expect_answer(create_instance(bus, region, region.namespaces[0], wanted), RuleId::nd_accepted);
    disable_namespace(bus, region, region.namespaces[0]);
    region.read_only = true;   // an info block that is there need not be written
    expect_answer(enable_namespace(bus, region, region.namespaces[0]), RuleId::nd_accepted);
}

TEST(Rule, nd_pfn_struct_page) {
    const auto created = [](const std::string& kernel, unsigned struct_page, std::string_view map) {
        const Range space = at(kBase, 4 * kGiB);
        const test::Host host = host_of(space, kernel);
        auto profile = std::make_shared<KernelProfile>(*test::profile_of(host));
        profile->struct_page_size = struct_page;
        NdBus bus{.model = *Model::from_snapshot(test::snapshot_of(host), profile)};
        bus.regions.push_back(test::labelled_region(0, space.start, space.size()));
        return test::run(bus, fmt::format("ndctl create-namespace -r region0 -s 512M -M {}", map));
    };
    for (const std::string kernel : {"6.2", "6.12.95"}) {   // P14
        const auto answer = created(kernel, 80, "dev");
        EXPECT_EQ(answer.rule, RuleId::nd_pfn_struct_page);
        EXPECT_EQ(answer.kernel_error, EINVAL);
        EXPECT_EQ(answer.error, kCreateFailed);
        EXPECT_EQ(created(kernel, 64, "dev").exit, 0);
        EXPECT_EQ(created(kernel, 80, "mem").exit, 0);
    }
}

TEST(Rule, nd_btt_small) {
    NdBus bus = test::one_region(4 * kGiB);   // reference 5.4; recorded on 6.1, 6.12 and 7.2
    expect_write(bus, kAlign, "4096", RuleId::nd_accepted);
    const auto answer =
        refused(bus, "ndctl create-namespace -r region0 -m sector -s 16M", kCreateFailed, RuleId::nd_btt_small, 237);
    EXPECT_EQ(answer.kernel_error, ENXIO);
    NdBus larger = test::one_region(4 * kGiB);
    expect_write(larger, kAlign, "4096", RuleId::nd_accepted);
    EXPECT_EQ(done(larger, "ndctl create-namespace -r region0 -m sector -s 16781312").mode, "sector");
}

TEST(Rule, nd_dax_unaligned) {
    // 3.8: shrunk with its info block kept, a devdax of 1 GiB pages no longer has whole ones
    const InfoBlock info = made(at(kBase, 3 * kGiB), kGiB, kDev, NsMode::devdax);   // vector 4: data at 1 GiB
    expect_enabled(at(kBase, 3 * kGiB - 512 * kMiB), info, RuleId::nd_dax_unaligned);
    expect_enabled(at(kBase, 2 * kGiB), info, RuleId::nd_accepted);
    EXPECT_EQ(rule(RuleId::nd_dax_unaligned).error, ENOMEM);
}

// --- an info block that is there -----------------------------------------------------------------------------------------

TEST(Rule, nd_info_page_size) {
    InfoBlock info = made(at(kBase, kGiB), k2M, kDev);   // P23
    info.page_size = 64 * kKiB;
    for (const std::string kernel : {"5.4", "6.12.95"})
        expect_enabled(at(kBase, kGiB), info, RuleId::nd_info_page_size, kernel);
    expect_enabled(at(kBase, kGiB), info, RuleId::nd_accepted, "5.3");   // which ignores what minor 4 added
    info.page_size = k4K;
    expect_enabled(at(kBase, kGiB), info, RuleId::nd_accepted);
    InfoBlock in_ram = made(at(kBase, kGiB), k2M, kMem);   // its struct pages are not on the media
    in_ram.page_size = 64 * kKiB;
    expect_enabled(at(kBase, kGiB), in_ram, RuleId::nd_accepted);
}

TEST(Rule, nd_info_struct_page) {
    InfoBlock info = made(at(kBase, kGiB), k2M, kDev);   // row 6 of 3.5
    info.struct_page_size = 56;
    expect_enabled(at(kBase, kGiB), info, RuleId::nd_info_struct_page);
    for (const unsigned fine : {0U, 64U, 80U}) {   // 0: of before minor 4, which counts as 64
        info.struct_page_size = fine;
        expect_enabled(at(kBase, kGiB), info, RuleId::nd_accepted);
    }
}

TEST(Rule, nd_info_align_unsupported) {
    const Range space = at(kBase, 3 * kGiB);
    for (const auto mode : {NsMode::devdax, NsMode::fsdax}) {   // P24: of devdax alone
        for (const std::string kernel : {"6.5.13", "6.6.1", "6.12.95"}) {
            test::Host host = host_of(space, kernel);
            host.features = {{Feature::cpu_gigabyte_pages, false}};
            NdBus bus = with_info(space, made(space, kGiB, kDev, mode), host);
            const bool refuses = mode == NsMode::devdax && kernel != "6.5.13";
            expect_answer(enable_namespace(bus, bus.regions[0], bus.regions[0].namespaces.at(0)),
                          refuses ? RuleId::nd_info_align_unsupported : RuleId::nd_accepted);
        }
    }
    expect_enabled(space, made(space, kGiB, kDev, NsMode::devdax), RuleId::nd_accepted);
}

TEST(Rule, nd_info_exceeds_capacity) {
    const InfoBlock info = made(at(kBase, 3 * kGiB), kGiB, kDev, NsMode::devdax);   // P20
    for (const std::string kernel : {"5.10.223", "6.12.95"}) {
        expect_enabled(at(kBase, kGiB - 16 * kMiB), info, RuleId::nd_info_exceeds_capacity, kernel);
        expect_enabled(at(kBase, kGiB), info, RuleId::nd_info_array_exceeds, kernel);   // the next rule
    }
    expect_raw_disk(at(kBase, kGiB - 16 * kMiB), info);
}

TEST(Rule, nd_info_array_exceeds) {
    const InfoBlock info = made(at(kBase, 3 * kGiB), kGiB, kDev, NsMode::devdax);   // P21, vector 76b
    for (const std::string kernel : {"5.10.223", "6.12.95"}) {
        expect_enabled(at(kBase, kGiB), info, RuleId::nd_info_array_exceeds, kernel);
        expect_enabled(at(kBase, 2 * kGiB), info, RuleId::nd_accepted, kernel);
    }
    expect_raw_disk(at(kBase, kGiB), info);
}

TEST(Rule, nd_info_bad_offset) {
    const InfoBlock large = made(at(0x138000000, 2 * kGiB), kGiB, kMem, NsMode::devdax);   // P17, vector 69
    expect_enabled(at(0x138000000 + 64 * kMiB, 2 * kGiB), large, RuleId::nd_info_bad_offset);
    expect_enabled(at(0x138000000 + kGiB, 2 * kGiB), large, RuleId::nd_accepted);
    const InfoBlock small = made(at(kBase, 256 * kMiB), k2M, kDev);   // vectors 70 and 68
    expect_enabled(at(kBase + kMiB, 256 * kMiB), small, RuleId::nd_info_bad_offset);
    expect_enabled(at(kBase + k2M, 256 * kMiB), small, RuleId::nd_accepted);
    expect_raw_disk(at(kBase + kMiB, 256 * kMiB), small);
}

TEST(Rule, nd_info_start_misaligned) {
    const InfoBlock info = made(at(kBase, 256 * kMiB), k4K, kDev);   // P18, table of 4: 4K aligns moved by 1 MiB
    expect_enabled(at(kBase + kMiB, 256 * kMiB), info, RuleId::nd_info_start_misaligned);
    expect_enabled(at(kBase + k2M, 256 * kMiB), info, RuleId::nd_accepted);
}

TEST(Rule, nd_info_end_misaligned) {
    const InfoBlock info = made(at(kBase, kGiB), k4K, kMem);   // P19: nothing was cut off its end
    expect_enabled(at(kBase, kGiB - kMiB), info, RuleId::nd_info_end_misaligned);
    expect_enabled(at(kBase, kGiB - k2M), info, RuleId::nd_accepted);
    const InfoBlock cut = made(at(kBase, kGiB + kMiB), k4K, kMem);   // vector 33: 1 MiB was
    EXPECT_EQ(cut.geometry.end_trunc, kMiB);
    expect_enabled(at(kBase, kGiB - kMiB), cut, RuleId::nd_accepted);
}

TEST(Rule, nd_info_empty) {
    const InfoBlock cut = made(at(0x138000000, 2 * kGiB), kGiB, kMem);   // P22; vector 9: 0x38000000 are cut off
    const Range smaller = at(0x138000000, kGiB);   // data would start and end at 0x140000000
    expect_enabled(smaller, cut, RuleId::nd_info_empty, "6.6.1");
    expect_enabled(smaller, cut, RuleId::nd_accepted, "6.5.13");
    expect_enabled(at(0x138000000, kGiB + k2M), cut, RuleId::nd_accepted, "6.6.1");
}

// --- unbind and bind of instances: drivers/base/bus.c unbind_store, bind_store -------------------------------------------

constexpr std::string_view kNdUnbind = "/sys/bus/nd/drivers/nd_pmem/unbind";
constexpr std::string_view kNdBind = "/sys/bus/nd/drivers/nd_pmem/bind";

// A namespace under an instance has no driver of its own: the instance has.
TEST(Rule, nd_not_bound) {
    NdBus bus = test::one_region(4 * kGiB);
    test::done(bus, "ndctl create-namespace -r region0 -s 512M -m fsdax");
    test::done(bus, "ndctl create-namespace -r region0 -s 512M -m raw");
    test::expect_write(bus, kNdUnbind, "namespace0.0", RuleId::nd_not_bound);
    EXPECT_TRUE(test::namespace_of(bus, "namespace0.0").active);
    test::expect_write(bus, kNdUnbind, "namespace0.9", RuleId::nd_not_bound);
    test::expect_write(bus, kNdUnbind, "pfn0.1", RuleId::nd_not_bound);   // the seed
    test::expect_write(bus, kNdUnbind, "namespace0.1", RuleId::nd_accepted);   // raw: by itself
    test::expect_write(bus, kNdUnbind, "namespace0.1", RuleId::nd_not_bound);
    test::expect_write(bus, kNdBind, "namespace0.1", RuleId::nd_accepted);
    const auto again = write_attribute(bus, kNdBind, "namespace0.1");
    EXPECT_EQ(again.rule, RuleId::nd_not_bound);
    EXPECT_EQ(again.kernel_error, EBUSY);
}

TEST(Instances, keep_their_namespace_when_the_driver_goes) {
    for (const std::string mode : {"fsdax", "sector", "devdax"}) {
        NdBus bus = test::one_region(4 * kGiB);
        test::done(bus, "ndctl create-namespace -r region0 -s 512M -m " + mode);
        const std::string name = mode == "fsdax" ? "pfn0.0" : mode == "sector" ? "btt0.0" : "dax0.0";
        const std::string driver = mode == "devdax" ? "dax_pmem" : "nd_pmem";
        const std::string other = mode == "devdax" ? "nd_pmem" : "dax_pmem";
        const auto file = [](const std::string& of, const char* what) {
            return "/sys/bus/nd/drivers/" + of + "/" + what;
        };
        NdNamespace& ns = test::namespace_of(bus, "namespace0.0");
        const std::uint64_t size = ns.active->size;
        test::expect_write(bus, file(other, "unbind"), name, RuleId::nd_not_bound);
        test::expect_write(bus, file(driver, "unbind"), name, RuleId::nd_accepted);
        EXPECT_FALSE(ns.active) << name;
        EXPECT_TRUE(ns.claimed) << name;
        EXPECT_TRUE(bus.dax.empty());
        test::expect_write(bus, kNdBind, "namespace0.0", RuleId::nd_claimed);
        test::expect_write(bus, "/sys/bus/nd/devices/namespace0.0/size", "268435456", RuleId::nd_size_busy);
        test::expect_write(bus, file(driver, "bind"), name, RuleId::nd_accepted);
        ASSERT_TRUE(ns.active) << name;
        EXPECT_EQ(ns.active->size, size) << name;
        test::done(bus, "ndctl destroy-namespace -f namespace0.0");
    }
}

}   // namespace
}   // namespace memhot
