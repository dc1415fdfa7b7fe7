// SPDX-License-Identifier: GPL-2.0-or-later
//
// What operations change besides their answer: sections, lookups, direct map, and the hazards that come of it.
#include <algorithm>
#include <cerrno>
#include <gmock/gmock.h>

#include "memhot/verdict.hpp"
#include "unit/model/host.hpp"

namespace memhot {
namespace {

using test::add_of;
using test::bits;
using test::claimed_map;
using test::expect;
using test::Host;
using test::Log;
using test::map_of;
using test::word_of;

constexpr std::uint64_t kSection = 128 * kMiB;

bool warns_of(const Model& model, const Operation& operation, RuleId id) {
    for (const auto& hazard : predict(model, operation).hazards) {
        if (hazard.rule == id) return true;
    }
    return false;
}

// RAM ends in the middle of section 7; the hole behind it belongs to an early section.
const std::string kHalf = "00100000-3bffffff : System RAM\n3c000000-47ffffff : Persistent Memory\n";

TEST(Effect, early_hole_reuses_memmap) {
    // arm64 takes partial pieces from the altmap, but for the hole of an early section none is needed
    const Host arm{.iomem = "40000000-7bffffff : System RAM\n7c000000-87ffffff : Persistent Memory\n",
                   .arch = Arch::arm64};
    Model model = test::boot(arm);
    EXPECT_EQ(word_of(model, 15), bits(0, 32));
    expect(model, map_of(0x7c000000, 64 * kMiB, Altmap{0, 0}), RuleId::map_accepted, 0, Stage::map);
    EXPECT_EQ(word_of(model, 15), bits(0, 64));
    EXPECT_TRUE(model.section(15).early);
    EXPECT_TRUE(model.section(15).online);
    // the same size in an ordinary section needs 256 pages
    expect(model, map_of(0x80000000, 64 * kMiB, Altmap{0, 0}), RuleId::map_altmap_exhausted, ENOMEM, Stage::map);
}

TEST(Effect, early_section_gives_the_hole_back) {
    Model model = test::boot({.iomem = kHalf});
    const std::string before = test::picture(model);
    test::run(model, map_of(0x3c000000, 64 * kMiB));
    test::run(model, op::Unmap{0});
    EXPECT_EQ(test::picture(model), before);
    EXPECT_TRUE(model.section(7).early);
}

TEST(Effect, early_flag_lost) {
    Model model = test::boot({.iomem = "00100000-3fffffff : System RAM\n100000000-107ffffff : System RAM\n"});
    EXPECT_TRUE(model.section(0x20).early);
    model.apply(op::OfflineAndRemove{0x100000000, kSection}, Outcome::accept(RuleId::offline_remove_unmovable));
    EXPECT_FALSE(model.section(0x20).present);
    EXPECT_FALSE(model.section(0x20).early);
    expect(model, add_of(0x100000000, kSection), RuleId::add_accepted, 0);
    EXPECT_TRUE(model.section(0x20).present);
    EXPECT_FALSE(model.section(0x20).early);   // an ordinary section from now on
    EXPECT_FALSE(model.block(0x20)->boot);
}

TEST(Hazard, pieces_leaked) {
    Model model = test::boot({.iomem = kHalf});
    test::run(model, map_of(0x210000000, 2 * kMiB));
    const Operation map = map_of(0x200000000, 4 * kSection);
    EXPECT_TRUE(warns_of(model, map, RuleId::pieces_leaked));
    EXPECT_EQ(exit_status(predict(model, map)), 9);
    test::run(model, map);
    EXPECT_EQ(word_of(model, 0x40), bits(0, 64));
    EXPECT_EQ(word_of(model, 0x41), bits(0, 64));
    EXPECT_EQ(word_of(model, 0x42), bits(0, 1));   // the mapping that was in the way
    EXPECT_FALSE(model.section(0x43).present);
    // a leak cannot be unmapped: nobody owns it, and the next attempt has nothing more to leak
    EXPECT_EQ(model.outcome(map).at, 0x200000000U);
    EXPECT_FALSE(warns_of(model, map, RuleId::pieces_leaked));
}

TEST(Hazard, lookups_erased) {
    Model model = test::boot({.iomem = kHalf});
    test::run(model, claimed_map(0x210000000, kSection));
    const Operation around = map_of(0x208000000, 4 * kSection);
    EXPECT_EQ(model.outcome(map_of(0x210000000, kSection)).rule, RuleId::map_conflict_start);
    EXPECT_TRUE(warns_of(model, around, RuleId::lookups_erased));
    expect(model, around, RuleId::map_subsection_active, EEXIST, Stage::map);
    // the mapping lives, but nobody finds it: now the sections object
    EXPECT_EQ(model.mappings().size(), 1U);
    EXPECT_EQ(model.outcome(map_of(0x210000000, kSection)).rule, RuleId::map_subsection_active);
    EXPECT_FALSE(warns_of(model, around, RuleId::lookups_erased));
    expect(model, op::Unmap{0}, RuleId::unmap_accepted, 0);
    EXPECT_FALSE(model.section(0x42).present);
}

TEST(Hazard, lookups_erased_in_part) {
    Model model = test::boot({.iomem = kHalf});
    test::run(model, map_of(0x210000000, 2 * kSection));
    // fails for its alignment, after it was in the array
    expect(model, map_of(0x20ff00000, kSection), RuleId::map_conflict_end, ENOMEM, Stage::map);
    expect(model, map_of(0x20ff00000, 4 * kSection), RuleId::map_misaligned, EINVAL, Stage::map);
    expect(model, map_of(0x210000000, kSection), RuleId::map_subsection_active, EEXIST, Stage::map);
}

const std::string kWarnPud = "WARNING in arch/x86/include/asm/pgalloc.h phys_pud_init";
const std::string kWarnPmd = "WARNING in arch/x86/include/asm/pgalloc.h phys_pmd_init";

TEST(Effect, linear_map_kept) {
    Model model = test::boot({.iomem = kHalf});
    test::run(model, op::Claim{0x240000000, 4096, "x"});
    // a failed mapping of a whole GiB leaves a 1 GiB page; mapping less of it then splits that page
    test::run(model, map_of(0x27fe00000, 2 * kMiB));
    const auto failed = expect(model, map_of(0x240000000, kGiB), RuleId::map_conflict_end, ENOMEM, Stage::map);
    EXPECT_EQ(failed.log.size(), 2U);   // a conflict comes before the direct map
    test::run(model, op::Unmap{0});
    test::run(model, map_of(0x260000000, 2 * kMiB));
    const auto leaking = expect(model, map_of(0x240000000, kGiB), RuleId::map_subsection_active, EEXIST, Stage::map);
    EXPECT_EQ(leaking.log, Log{"WARNING in arch/x86/mm/init_64.c add_pages"});
    const auto again =
        expect(model, map_of(0x240000000 + kGiB / 2 + kSection, kSection), RuleId::map_accepted, 0, Stage::map);
    EXPECT_EQ(again.log, Log{});   // the GiB was a table by then
}

TEST(Effect, linear_map_kept_trips_set_pud_safe) {
    Model model = test::boot({.iomem = kHalf});
    const Operation gib = map_of(0x240000000, kGiB, Altmap{0, 0});
    expect(model, gib, RuleId::map_altmap_exhausted, ENOMEM, Stage::map);   // leaves a page of 1 GiB, and no section
    const auto part = expect(model, map_of(0x248000000, kSection), RuleId::map_accepted, 0, Stage::map);
    EXPECT_EQ(part.log, Log{kWarnPud});
    const auto other = expect(model, map_of(0x258000000, kSection), RuleId::map_accepted, 0, Stage::map);
    EXPECT_EQ(other.log, Log{});   // a table now, and said once anyway
}

TEST(Effect, linear_map_kept_trips_set_pmd_safe) {
    Model model = test::boot({.iomem = kHalf});
    expect(model, map_of(0x240000000, 2 * kMiB + 4096), RuleId::map_misaligned, EINVAL, Stage::map);
    const auto part = expect(model, map_of(0x240100000, kMiB), RuleId::map_misaligned, EINVAL, Stage::map);
    EXPECT_EQ(part.log.front(), kWarnPmd);
    // arm64 undoes its linear map
    Model arm = test::boot({.iomem = "40000000-7fffffff : System RAM\n", .arch = Arch::arm64});
    test::run(arm, map_of(0x240000000, 2 * kMiB + 4096));
    EXPECT_EQ(test::run(arm, map_of(0x240100000, kMiB)).log.size(), 2U);
}

TEST(Hazard, early_memmap_depopulated) {
    const auto warns = [](const std::string& kernel) {
        Model model = test::boot({.iomem = kHalf, .kernel = kernel});
        const Operation map = map_of(0x3c000000, 64 * kMiB);
        const bool before = warns_of(model, map, RuleId::memmap_depopulated);
        test::run(model, map);
        EXPECT_EQ(warns_of(model, op::Unmap{0}, RuleId::memmap_depopulated), before) << kernel;
        expect(model, op::Unmap{0}, RuleId::unmap_accepted, 0);
        EXPECT_EQ(word_of(model, 7), bits(0, 32)) << kernel;   // the bits go in any release
        return before;
    };
    for (const std::string kernel : {"5.3", "5.8"}) EXPECT_TRUE(warns(kernel)) << kernel;
    for (const std::string kernel : {"5.9", "5.10", "6.12", "7.2"}) EXPECT_FALSE(warns(kernel)) << kernel;
    // whole sections are nobody else's
    Model model = test::boot({.iomem = kHalf, .kernel = "5.8"});
    EXPECT_FALSE(warns_of(model, map_of(0x40000000, kSection), RuleId::memmap_depopulated));
}

TEST(Hazard, memmap_page_shared) {
    const auto second = [](std::uint64_t page, std::uint64_t first_size, std::uint64_t gap) {
        Model model = test::boot({.iomem = "40000000-7fffffff : System RAM\n", .arch = Arch::arm64, .page_size = page});
        expect(model, map_of(0x200000000, first_size), RuleId::map_accepted, 0, Stage::map);
        return warns_of(model, map_of(0x200000000 + first_size + gap, first_size), RuleId::memmap_page_shared);
    };
    EXPECT_TRUE(second(16 * kKiB, 2 * kMiB, 0));   // one page of memmap describes 4 MiB
    EXPECT_FALSE(second(16 * kKiB, 4 * kMiB, 0));
    EXPECT_FALSE(second(4 * kKiB, 2 * kMiB, 0));   // a sub-section has whole pages of memmap
    EXPECT_TRUE(second(64 * kKiB, 32 * kMiB, 0));   // 64 MiB
    EXPECT_FALSE(second(64 * kKiB, 32 * kMiB, 32 * kMiB));
}

TEST(Hazard, memory_without_ram) {
    const Host host{.iomem = kHalf + "c0000000-febfffff : PCI Bus 0000:00\n"};
    Model model = test::boot(host);
    EXPECT_TRUE(model.outcome(op::Probe{0xc0000000}).accepted());   // the kernel does not ask
    EXPECT_TRUE(warns_of(model, op::Probe{0xc0000000}, RuleId::memory_without_ram));
    EXPECT_TRUE(warns_of(model, add_of(0xc0000000, kSection), RuleId::memory_without_ram));
    EXPECT_FALSE(warns_of(model, op::Probe{0x200000000}, RuleId::memory_without_ram));
    const auto verdict = predict(model, op::Probe{0x200000000});
    EXPECT_FALSE(verdict.assumptions.empty());   // where there is nothing in iomem, nobody can tell
}

// RAM of 1 GiB is one TiB for kernel_randomize_memory(), and 10 are added: the direct map ends at 11 TiB.
TEST(Hazard, beyond_direct_map) {
    constexpr std::uint64_t kEnd = 11 * kTiB;
    const auto boot = [](const std::string& kernel, const std::string& cmdline = "") {
        return test::boot({.iomem = kHalf, .kernel = kernel, .cmdline = cmdline});
    };
    for (const std::string kernel : {"5.10.223", "6.1.109", "6.10.9"}) {
        const Model model = boot(kernel);
        EXPECT_TRUE(model.outcome(add_of(kEnd, kSection)).accepted()) << kernel;
        EXPECT_TRUE(warns_of(model, add_of(kEnd, kSection), RuleId::beyond_direct_map)) << kernel;
        EXPECT_TRUE(warns_of(model, map_of(kEnd - kSection, 2 * kSection), RuleId::beyond_direct_map)) << kernel;
        EXPECT_FALSE(warns_of(model, add_of(kEnd - kSection, kSection), RuleId::beyond_direct_map)) << kernel;
        EXPECT_FALSE(warns_of(boot(kernel, "nokaslr"), add_of(kEnd, kSection), RuleId::beyond_direct_map)) << kernel;
    }
    // ea72ce5da228 and its backports ask
    for (const std::string kernel : {"6.1.110", "6.6.51", "6.10.10", "6.11", "6.12.30", "6.14"}) {
        Model model = boot(kernel);
        EXPECT_EQ(model.outcome(add_of(kEnd, kSection)).rule, RuleId::add_beyond_pluggable) << kernel;
        const auto answer = expect(model, map_of(kEnd, kSection), RuleId::map_beyond_pluggable, EINVAL, Stage::map);
        ASSERT_EQ(answer.log.size(), 1U);
        EXPECT_EQ(answer.log[0], "Hotplug memory [0xb0000000000-0xb0008000000] exceeds maximum addressable range "
                                 "[0x0-0xaffffffffff]");
        EXPECT_TRUE(model.outcome(add_of(kEnd - kSection, kSection)).accepted()) << kernel;
        EXPECT_TRUE(boot(kernel, "nokaslr").outcome(add_of(kEnd, kSection)).accepted()) << kernel;
        EXPECT_EQ(model.free_region(kGiB), (Range{kEnd - kGiB, kEnd - 1})) << kernel;
    }
    // 7ffb791423c7 and its backports leave it whole
    for (const std::string kernel : {"6.1.141", "6.6.93", "6.12.31", "6.14.9", "6.15", "7.3"}) {
        const Model model = boot(kernel);
        EXPECT_TRUE(model.outcome(add_of(kEnd, kSection)).accepted()) << kernel;
        EXPECT_FALSE(warns_of(model, add_of(kEnd, kSection), RuleId::beyond_direct_map)) << kernel;
    }
}

// nr_hwpoison is nowhere in sysfs (5033091de814).
TEST(Verdict, names_what_onlining_takes_for_granted) {
    const auto says = [](const std::string& kernel) {
        Model model = test::boot({.iomem = kHalf, .kernel = kernel});
        test::run(model, add_of(0x200000000, kSection));
        const auto all = predict(model, op::SetState{0x40, "online"}).assumptions;
        return std::ranges::any_of(all, [](const auto& text) { return text.find("EHWPOISON") != std::string::npos; });
    };
    EXPECT_FALSE(says("6.1"));
    EXPECT_TRUE(says("6.2"));
}

// What a profile had to suppose, a verdict says.
TEST(Verdict, names_what_the_profile_supposes) {
    const Model model = test::boot({.iomem = kHalf});
    ASSERT_EQ(model.profile().assumptions.size(), 1U);   // nobody said whether there are five levels of page tables
    EXPECT_THAT(predict(model, add_of(0x200000000, kSection)).assumptions,
                testing::Contains(model.profile().assumptions.front()));
}

}   // namespace
}   // namespace memhot
