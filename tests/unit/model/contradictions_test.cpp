// SPDX-License-Identifier: GPL-2.0-or-later
//
// Huge and contradictory input: refused with one line, or answered at once; never a hang, never memory by the gigabyte.
// (A test that hangs fails by its time limit.)
#include <cerrno>

#include "unit/model/host.hpp"

namespace memhot {
namespace {

using test::add_of;
using test::Host;
using test::map_of;

const std::string kIomem = "00100000-3fffffff : System RAM\n";
constexpr std::uint64_t kHuge = std::uint64_t{1} << 62;
constexpr std::uint64_t kBlock = 128 * kMiB;

std::string refusal(const Host& host) {
    const auto model = Model::from_snapshot(test::snapshot_of(host), test::profile_of(host));
    return model ? "accepted" : model.error().message();
}

TEST(Contradictions, ram_that_the_kernel_cannot_have) {
    EXPECT_EQ(refusal({.iomem = "00000000-ffffffffffffffff : System RAM\n"}),
              "/proc/iomem: System RAM at 00000000-ffffffffffffffff: an end within the 46 bits of physical addresses "
              "expected");
    EXPECT_EQ(
        refusal({.iomem = "100000000-400000000000 : System RAM\n"}),
        "/proc/iomem: System RAM at 100000000-400000000000: an end within the 46 bits of physical addresses expected");
    EXPECT_EQ(refusal({.iomem = "100000000-3fffffffffff : System RAM\n"}), "accepted");
}

TEST(Contradictions, more_memory_than_there_is_in_the_world) {
    const Host host{.iomem = "00000000-fffffffffffff : System RAM\n"};   // 4 PiB
    auto profile = *test::profile_of(host);
    profile.max_physmem_bits = 52;
    const auto model = Model::from_snapshot(test::snapshot_of(host), std::make_shared<const KernelProfile>(profile));
    ASSERT_FALSE(model);
    EXPECT_EQ(model.error().message(), "/proc/iomem: 33554432 sections of memory: at most 8388608 expected");
}

TEST(Contradictions, blocks_that_cannot_exist) {
    const Host host{.iomem = kIomem};
    Snapshot snapshot = test::snapshot_of(host);
    snapshot.blocks = std::vector<BlockRecord>{
        {.number = 1ULL << 60, .state = "online", .valid_zones = "Normal", .removable = {}, .node = 0}};
    const auto model = Model::from_snapshot(snapshot, test::profile_of(host));
    ASSERT_FALSE(model);
    EXPECT_EQ(model.error().message(),
              "memory1152921504606846976: a number below 524288 expected (blocks of 0x8000000, 46 bits of addresses)");
}

TEST(Contradictions, huge_operations_are_answered_at_once) {
    for (const std::string kernel : {"5.4", "5.10.223", "6.12"}) {
        const Model model = test::boot({.iomem = kIomem, .kernel = kernel});
        for (const std::uint64_t size : {kHuge, ~kHuge - kBlock + 1}) {
            for (const Operation& operation : std::initializer_list<Operation>{
                     map_of(0x40000000, size), add_of(0x40000000, size), op::Remove{0x40000000, size},
                     op::OfflineAndRemove{0x40000000, size}, op::Claim{0x40000000, size, "x"}}) {
                (void)model.messages(operation, model.outcome(operation));
            }
        }
        EXPECT_EQ(model.outcome(op::SetState{~0ULL, "online"}).error, ENOENT);
        EXPECT_EQ(model.outcome(op::SetState{1ULL << 37, "offline"}).error, ENOENT);
    }
}

// A recorded answer is adopted whatever it is; what cannot be there is left out.
TEST(Contradictions, huge_answers_are_adopted_at_once) {
    for (const std::string kernel : {"5.4", "5.10.223", "6.12"}) {
        Model model = test::boot({.iomem = kIomem, .kernel = kernel});
        const Outcome accepted = Outcome::accept(RuleId::none, Stage::map);
        model.apply(map_of(0x40000000, kHuge), accepted);
        model.apply(add_of(0x40000000, kHuge), accepted);
        model.apply(map_of(0x40000001, 3), accepted);
        model.apply(add_of(0x40000001, 3), accepted);
        for (const auto& mapping : model.mappings()) model.apply(op::Unmap{mapping.handle}, accepted);
        model.apply(op::Remove{0, kHuge}, accepted);
        model.apply(op::OfflineAndRemove{0, kHuge}, accepted);
        model.apply(map_of(0x40000000, kHuge),
                    Outcome::refuse(RuleId::map_beyond_physmem, E2BIG, 0x40000000, Stage::map));
        model.apply(map_of(0x40000000, kHuge),
                    Outcome::refuse(RuleId::map_subsection_active, EEXIST, 0x40000000 + kHuge - kBlock, Stage::map));
        EXPECT_LT(model.sections().size(), 10'000U);
    }
}

// 64 TiB of device memory in one mapping, as a host could have it.
TEST(Contradictions, large_mappings_are_cheap) {
    Model model = test::boot({.iomem = kIomem});
    for (unsigned round = 0; round < 20; ++round) {
        Model what_if = model;
        const Operation map = map_of(0x40000000, 0x3ff000000000);
        const Outcome outcome = what_if.outcome(map);
        EXPECT_TRUE(outcome.accepted());
        what_if.apply(map, outcome);
        what_if.apply(op::Unmap{0}, Outcome::accept(RuleId::unmap_accepted));
        EXPECT_EQ(what_if.sections().size(), model.sections().size());
    }
}

}   // namespace
}   // namespace memhot
