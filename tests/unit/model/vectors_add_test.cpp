// SPDX-License-Identifier: GPL-2.0-or-later
//
// Published layouts and what kernels do with them: adding, probing, onlining, offlining, and what iomem says. A test is
// named by the number of its vector; vectors_pending_test.cpp says which have none, and why.
#include <cerrno>

#include "memhot/verdict.hpp"
#include "predict/explain.hpp"
#include "unit/model/host.hpp"

namespace memhot {
namespace {

using test::add_of;
using test::bits;
using test::expect;
using test::Host;
using test::Log;
using test::map_of;
using test::memmap_add;
using test::word_of;

constexpr std::uint64_t kBlock = 128 * kMiB;
constexpr std::array kSince53{"5.3", "5.10.223", "6.1.190", "6.12.95", "7.2.12"};

TEST(Vector, Vector26_an_added_block_over_device_private_memory) {
    for (const std::string kernel : kSince53) {
        Model model =
            test::boot({.iomem = "100000000-17fffffff : System RAM\n3fffc0000000-3fffffffffff : 0000:03:00.0\n",
                        .kernel = kernel,
                        .block_size = 2 * kGiB});
        const auto answer =
            expect(model, add_of(0x3fff80000000, 2 * kGiB), RuleId::add_device_private_conflict, EEXIST);
        EXPECT_EQ(answer.log,
                  Log{"resource: Unaddressable device 0000:03:00.0 [mem 0x3fffc0000000-0x3fffffffffff] conflicts "
                      "with [mem 0x3fff80000000-0x3fffffffffff]"});
    }
}

// --- probe -------------------------------------------------------------------------------------------------------------

Host probe_host() { return {.iomem = "100000000-43fffffff : System RAM\n", .kernel = "5.10.223"}; }

TEST(Vector, Vector31_probe_of_what_is_free) {
    Model model = test::boot(probe_host());
    expect(model, op::Probe{0x440000000}, RuleId::add_accepted, 0);
    ASSERT_TRUE(model.block(136));
    EXPECT_FALSE(model.block(136)->online);
}

TEST(Vector, Vector32_probe_again) {
    Model model = test::boot(probe_host());
    test::run(model, op::Probe{0x440000000});
    expect(model, op::Probe{0x440000000}, RuleId::add_resource_conflict, EEXIST);
}

TEST(Vector, Vector33_probe_inside_a_block) {
    for (const std::string kernel : kSince53) {
        Host host = probe_host();
        host.kernel = kernel;
        Model model = test::boot(host);
        EXPECT_EQ(expect(model, op::Probe{0x444000000}, RuleId::probe_unaligned, EINVAL).log, Log{});
    }
}

// --- block size --------------------------------------------------------------------------------------------------------

const std::string kLarge = "100000000-1fffffffff : System RAM\n";   // 128 GiB and blocks of 2 GiB

TEST(Vector, Vector34_a_small_dimm_on_a_host_with_large_blocks) {
    for (const std::string kernel : {"5.9", "5.10.223", "6.12.95"}) {
        Model model = test::boot({.iomem = kLarge, .kernel = kernel, .block_size = 2 * kGiB});
        const auto answer = expect(model, add_of(0x2000000000, kBlock), RuleId::add_block_unaligned, EINVAL);
        EXPECT_EQ(answer.log,
                  Log{"Block size [0x80000000] unaligned hotplug range: start 0x2000000000, size 0x8000000"});
    }
}

TEST(Vector, Vector35_unaligned_and_over_ram) {
    for (const std::string kernel : kSince53) {
        Model model = test::boot({.iomem = kLarge, .kernel = kernel, .block_size = 2 * kGiB});
        EXPECT_EQ(expect(model, add_of(0x1ff8000000, kBlock), RuleId::add_resource_conflict, EEXIST).log, Log{});
    }
}

TEST(Vector, Vector39_the_last_block_is_backed_in_part) {
    for (const std::string kernel : {"5.9", "5.10.223", "6.1.190", "7.2.12"}) {
        Model model =
            test::boot({.iomem = "100000000-109fffffff : System RAM\n", .kernel = kernel, .block_size = 2 * kGiB});
        ASSERT_TRUE(model.block(33));
        expect(model, op::SetState{33, "offline"}, RuleId::offline_holes, EINVAL);
        EXPECT_TRUE(model.block(33)->online);
        EXPECT_EQ(model.outcome(op::SetState{32, "offline"}).kind, Outcome::Kind::uncertain);
    }
}

// --- limits and resources ----------------------------------------------------------------------------------------------

TEST(Vector, Vector40_add_beyond_physical_addresses) {
    const std::uint64_t beyond = 0x400000000000;
    const std::string iomem = "100000000-13fffffff : System RAM\n400010000000-400017ffffff : claimed\n";
    Model old = test::boot({.iomem = iomem, .kernel = "5.10.223"});
    EXPECT_EQ(expect(old, add_of(beyond, kBlock), RuleId::add_beyond_physmem, E2BIG).log.at(1),
              "WARNING in mm/memory_hotplug.c check_hotplug_memory_addressable");
    expect(old, add_of(beyond, kMiB), RuleId::add_block_unaligned, EINVAL);   // alignment first
    expect(old, add_of(0x400010000000, kBlock), RuleId::add_resource_conflict, EEXIST);   // resources first
    for (const std::string kernel : {"5.12", "6.1.190", "7.2.12"}) {
        Model model = test::boot({.iomem = iomem, .kernel = kernel});
        const auto answer = expect(model, add_of(beyond, kBlock), RuleId::add_beyond_pluggable, E2BIG);
        EXPECT_TRUE(answer.log.at(0).starts_with("Hotplug memory [0x400000000000-0x400008000000] exceeds"))
            << answer.log[0];
        expect(model, add_of(beyond, kMiB), RuleId::add_beyond_pluggable, E2BIG);   // before everything
        expect(model, add_of(0x400010000000, kBlock), RuleId::add_beyond_pluggable, E2BIG);
    }
}

TEST(Vector, Vector42_ram_added_inside_persistent_memory) {
    for (const std::string kernel : kSince53) {
        Model model = test::boot(
            {.iomem = "100000000-13fffffff : System RAM\n440000000-83fffffff : Persistent Memory\n", .kernel = kernel});
        expect(model, add_of(0x440000000, kBlock), RuleId::add_accepted, 0);
        EXPECT_EQ(model.resources().print(),
                  "100000000-13fffffff : System RAM\n440000000-83fffffff : Persistent Memory\n"
                  "  440000000-447ffffff : System RAM\n");
    }
}

TEST(Vector, Vector43_persistent_memory_smaller_than_the_block) {
    for (const std::string kernel : kSince53) {
        Model model = test::boot(
            {.iomem = "100000000-13fffffff : System RAM\n440000000-443ffffff : Persistent Memory\n", .kernel = kernel});
        expect(model, add_of(0x440000000, kBlock), RuleId::add_resource_conflict, EEXIST);
    }
}

// --- states ------------------------------------------------------------------------------------------------------------

// The second half of the vector, "1" to the file `online`, is no operation here: only memoryN/state is written.
TEST(Vector, Vector48_online_what_is_online) {
    for (const std::string kernel : kSince53) {
        Model model = test::boot({.iomem = "100000000-13fffffff : System RAM\n", .kernel = kernel});
        expect(model, op::SetState{0x20, "online"}, RuleId::state_already, EINVAL);
    }
}

TEST(Vector, Vector49_arm64_boot_memory_stays) {
    // recordings of 6.12.107 show it, with blocks of 128 MiB
    for (const std::string kernel : {"5.12", "6.12.107", "7.2.12"}) {
        Model model = test::boot({.iomem = "40000000-7fffffff : System RAM\n", .kernel = kernel, .arch = Arch::arm64});
        const auto answer = expect(model, op::SetState{8, "offline"}, RuleId::offline_boot_memory, EPERM);
        EXPECT_EQ(answer.log, Log{"Boot memory [40000000 48000000] offlining attempted"});
    }
}

// --- leaving and coming back -------------------------------------------------------------------------------------------

TEST(Vector, Vector59_a_hot_added_block_leaves_and_comes_back) {
    for (const std::string kernel : kSince53) {
        Model model = test::boot({.iomem = "100000000-43fffffff : System RAM\n", .kernel = kernel});
        const std::string before = test::picture(model);
        test::run(model, add_of(0x440000000, kBlock));
        test::run(model, op::SetState{0x88, "online_movable"});
        model.apply(op::SetState{0x88, "offline"}, Outcome::accept(RuleId::offline_unmovable));
        expect(model, op::Remove{0x440000000, kBlock}, RuleId::remove_accepted, 0);
        EXPECT_EQ(test::picture(model), before);
        expect(model, add_of(0x440000000, kBlock), RuleId::add_accepted, 0);
        EXPECT_FALSE(model.section(0x88).early);
    }
}

TEST(Vector, Vector60_a_boot_block_leaves_and_comes_back) {
    for (const std::string kernel : {"5.9", "5.10.223", "6.12.95", "7.2.12"}) {
        Model model = test::boot({.iomem = "100000000-43fffffff : System RAM\n", .kernel = kernel});
        model.apply(op::SetState{0x80, "offline"}, Outcome::accept(RuleId::offline_unmovable));
        expect(model, op::Remove{0x400000000, kBlock}, RuleId::remove_accepted, 0);
        EXPECT_FALSE(model.section(0x80).present);
        EXPECT_EQ(model.resources().print(), "100000000-3ffffffff : System RAM\n408000000-43fffffff : System RAM\n");
        expect(model, add_of(0x400000000, kBlock), RuleId::add_accepted, 0);
        EXPECT_TRUE(model.section(0x80).present);
        EXPECT_FALSE(model.section(0x80).early);
    }
}

// --- memmap on memory --------------------------------------------------------------------------------------------------

Host memmap_host(const std::string& kernel) {
    return {.iomem = "100000000-13fffffff : System RAM\n", .kernel = kernel, .parameters = {{"memmap_on_memory", "Y"}}};
}

TEST(Vector, Vector61_two_blocks_that_hold_their_own_memmap) {
    const op::Add add = memmap_add(0x440000000, 2 * kBlock);
    for (const std::string kernel : {"5.13", "6.1.190", "6.7"}) {
        Model model = test::boot(memmap_host(kernel));
        expect(model, add, RuleId::add_memmap_on_memory_unsupported, EINVAL);
    }
    for (const std::string kernel : {"6.8", "6.12.95", "7.2.12"}) {
        Model model = test::boot(memmap_host(kernel));
        EXPECT_EQ(memmap_cost(model.state(), add).from_altmap, 2 * 2 * kMiB);
        expect(model, add, RuleId::add_accepted, 0);
    }
}

TEST(Vector, Vector62_probe_never_puts_memmap_on_memory) {
    for (const std::string kernel : {"5.13", "6.1.190", "6.12.95"}) {
        Model model = test::boot(memmap_host(kernel));
        EXPECT_EQ(memmap_cost(model.state(), op::Probe{0x440000000}).from_ram, 2 * kMiB);
        expect(model, op::Probe{0x440000000}, RuleId::add_accepted, 0);
    }
}

TEST(Vector, Vector64_the_third_section_is_in_use) {
    for (const std::string kernel : kSince53) {
        Model model = test::boot({.iomem = "100000000-13fffffff : System RAM\n", .kernel = kernel});
        test::run(model, map_of(0x452000000, 2 * kMiB));
        const auto first = expect(model, add_of(0x440000000, 3 * kBlock), RuleId::add_subsection_active, EEXIST);
        EXPECT_EQ(first.outcome.at, 0x450000000U);
        EXPECT_EQ(word_of(model, 0x88), bits(0, 64));
        EXPECT_EQ(word_of(model, 0x89), bits(0, 64));
        const auto second = expect(model, add_of(0x440000000, 3 * kBlock), RuleId::add_subsection_active, EEXIST);
        EXPECT_EQ(second.outcome.at, 0x440000000U);
    }
}

// --- what iomem says ---------------------------------------------------------------------------------------------------

TEST(Vector, Vector66_soft_reserved_memory_is_not_in_iomem) {
    Model hidden = test::boot({.iomem = "100000000-13fffffff : System RAM\n", .kernel = "7.3"});
    EXPECT_TRUE(hidden.profile().has(Feature::soft_reserved_hidden));
    expect(hidden, add_of(0x440000000, 4 * kGiB), RuleId::add_accepted, 0);
    // the same host seen by an older kernel: the line goes, what was claimed inside stays
    const std::string seen = "100000000-13fffffff : System RAM\n440000000-83fffffff : Soft Reserved\n"
                             "  440000000-53fffffff : dax0.0\n";
    EXPECT_EQ(test::boot({.iomem = seen, .kernel = "7.3"}).resources().print(),
              "100000000-13fffffff : System RAM\n440000000-53fffffff : dax0.0\n");
    EXPECT_EQ(test::boot({.iomem = seen, .kernel = "6.19"}).resources().print(), seen);
    // 8000000 beyond the end: outside of the line in part
    const auto across = add_of(0x800000000, 0x48000000);
    EXPECT_EQ(test::boot({.iomem = seen, .kernel = "6.19"}).outcome(across).rule, RuleId::add_resource_conflict);
    EXPECT_TRUE(test::boot({.iomem = seen, .kernel = "7.3"}).outcome(across).accepted());
    Model claimed =
        test::boot({.iomem = "100000000-13fffffff : System RAM\n440000000-83fffffff : dax0.0\n", .kernel = "7.3"});
    expect(claimed, add_of(0x440000000, 4 * kGiB), RuleId::add_resource_conflict, EEXIST);
}

TEST(Vector, Vector67_s390_sections) {
    const auto sections = [](const std::string& kernel) {
        const Model model =
            test::boot({.iomem = "00000000-4fffffff : System RAM\n", .kernel = kernel, .arch = Arch::s390x});
        return std::pair{model.sections().size(), model.profile().section_size()};
    };
    EXPECT_EQ(sections("6.12"), (std::pair<std::size_t, std::uint64_t>{5, 256 * kMiB}));
    EXPECT_EQ(sections("6.13"), (std::pair<std::size_t, std::uint64_t>{10, 128 * kMiB}));
}

TEST(Vector, Vector68_an_unprivileged_reader) {
    const auto tree = ResourceTree::parse("00000000-00000000 : Reserved\n00000000-00000000 : System RAM\n"
                                          "  00000000-00000000 : Kernel code\n",
                                          "x86_64");
    ASSERT_FALSE(tree);
    EXPECT_EQ(tree.error().kind(), ErrorKind::not_permitted);
    EXPECT_NE(tree.error().message().find("zero"), std::string::npos);
    // one resource at address zero is no sign of it
    EXPECT_TRUE(ResourceTree::parse("00000000-00000000 : Reserved\n", "x86_64"));
}

}   // namespace
}   // namespace memhot
