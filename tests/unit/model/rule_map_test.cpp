// SPDX-License-Identifier: GPL-2.0-or-later
//
// memremap_pages(): each rule that decides a mapping, in the order in which the kernel asks, with what it logs and what
// it leaves behind.
#include <cerrno>

#include "memhot/verdict.hpp"
#include "unit/model/host.hpp"

namespace memhot {
namespace {

using test::bits;
using test::claimed_map;
using test::expect;
using test::Host;
using test::Log;
using test::map_of;
using test::private_map;
using test::word_of;

constexpr std::uint64_t kSection = 128 * kMiB;
constexpr std::uint64_t kPmem = 0x140000000;   // section 0x28
const std::string kConflict = "Conflicting mapping in same section";
const std::string kWarnMemremap = "WARNING in mm/memremap.c memremap_pages";
const std::string kWarnX86 = "WARNING in arch/x86/mm/init_64.c add_pages";

const std::string kIomem = "00100000-3fffffff : System RAM\n"
                           "100000000-13fffffff : System RAM\n"
                           "140000000-1bfffffff : Persistent Memory\n";

Model boot(const std::string& kernel = "6.12.95") { return test::boot({.iomem = kIomem, .kernel = kernel}); }

TEST(Rule, map_accepted) {
    Model model = boot();
    const auto answer = expect(model, claimed_map(kPmem, 2 * kSection), RuleId::map_accepted, 0, Stage::map);
    EXPECT_EQ(answer.log, Log{});
    EXPECT_EQ(model.resources().print(), kIomem + "  140000000-14fffffff : test\n");
    for (const std::uint64_t section : {0x28U, 0x29U}) {
        EXPECT_EQ(model.section(section), (SectionInfo{.number = section,
                                                       .present = true,
                                                       .has_mem_map = true,
                                                       .early = false,
                                                       .online = false,
                                                       .subsections = {bits(0, 64)}}));
        EXPECT_FALSE(model.block(section));
    }
    ASSERT_EQ(model.mappings().size(), 1U);
    EXPECT_EQ(model.mappings()[0].range, (Range{kPmem, kPmem + 2 * kSection - 1}));
}

TEST(Rule, map_claim_busy) {
    Model model = boot();
    test::run(model, op::Claim{kPmem + kSection, 0x1000, "other"});
    const std::string before = test::picture(model);
    const auto answer = expect(model, claimed_map(kPmem, 2 * kSection), RuleId::map_claim_busy, EBUSY, Stage::request);
    EXPECT_EQ(answer.outcome.at, kPmem + kSection);
    EXPECT_EQ(answer.log, Log{});
    EXPECT_EQ(test::picture(model), before);
}

TEST(Rule, map_claim_busy_on_device_private_memory_is_logged) {
    Model model = test::boot({.iomem = kIomem + "200000000-207ffffff : hmm_dmirror\n"});
    const auto answer =
        expect(model, claimed_map(0x200000000, 2 * kMiB), RuleId::map_claim_busy, EBUSY, Stage::request);
    EXPECT_EQ(answer.log, Log{"resource: Unaddressable device hmm_dmirror [mem 0x200000000-0x207ffffff] conflicts with "
                              "[mem 0x200000000-0x2001fffff]"});
}

TEST(Rule, map_type_unsupported) {
    Model model = test::boot({.iomem = kIomem, .features = {{Feature::device_private, false}}});
    const std::string before = test::picture(model);
    // asked before everything else, even what is wrong with the range
    const auto answer = expect(model, private_map(0x100000001, 3), RuleId::map_type_unsupported, EINVAL, Stage::map);
    EXPECT_EQ(answer.log, (Log{"Device private memory not supported", kWarnMemremap}));
    EXPECT_EQ(test::picture(model), before);
    expect(model, map_of(kPmem, kSection), RuleId::map_accepted, 0, Stage::map);
}

TEST(Rule, map_conflict_start) {
    Model model = boot();
    test::run(model, map_of(kPmem, kSection));
    const std::string before = test::picture(model);
    for (int attempt = 0; attempt < 2; ++attempt) {   // WARN, not WARN_ONCE
        const auto answer =
            expect(model, map_of(kPmem + 64 * kMiB, kSection), RuleId::map_conflict_start, ENOMEM, Stage::map);
        EXPECT_EQ(answer.outcome.at, kPmem + 64 * kMiB);
        EXPECT_EQ(answer.log, (Log{kConflict, kWarnMemremap}));
    }
    EXPECT_EQ(test::picture(model), before);
}

TEST(Rule, map_conflict_start_before_the_ram_test) {
    Model model = test::boot({.iomem = "100000000-13fffffff : System RAM\n140000000-1bfffffff : Persistent Memory\n"
                                       "1c0000000-1ffffffff : System RAM\n"});
    test::run(model, map_of(0x1b8000000, kSection));
    expect(model, map_of(0x1b8000000, 2 * kSection), RuleId::map_conflict_start, ENOMEM, Stage::map);
}

TEST(Rule, map_conflict_end) {
    Model model = boot();
    test::run(model, map_of(kPmem + kSection, kSection));
    const std::string before = test::picture(model);
    const auto answer = expect(model, map_of(kPmem, 2 * kSection), RuleId::map_conflict_end, ENOMEM, Stage::map);
    EXPECT_EQ(answer.outcome.at, kPmem + 2 * kSection - 1);
    EXPECT_EQ(answer.log, (Log{kConflict, kWarnMemremap}));
    EXPECT_EQ(test::picture(model), before);
}

TEST(Rule, map_ram) {
    Model model = boot();
    const std::string before = test::picture(model);
    const auto first = expect(model, map_of(0x138000000, kSection), RuleId::map_ram, ENXIO, Stage::map);
    EXPECT_EQ(first.log, (Log{"attempted on ram region 0x138000000-0x13fffffff", kWarnMemremap}));
    // beside RAM there is nothing at all: that is not "mixed"; and a WARN_ONCE is said once
    const auto second = expect(model, map_of(0x38000000, 2 * kSection), RuleId::map_ram, ENXIO, Stage::map);
    EXPECT_EQ(second.log, Log{});
    EXPECT_EQ(test::picture(model), before);
}

TEST(Rule, map_ram_mixed) {
    Model model = boot();
    const std::string before = test::picture(model);
    const auto answer = expect(model, map_of(0x138000000, 2 * kSection), RuleId::map_ram_mixed, ENXIO, Stage::map);
    EXPECT_EQ(answer.log, (Log{"attempted on mixed region 0x138000000-0x147ffffff", kWarnMemremap}));
    EXPECT_EQ(test::picture(model), before);
}

// "%s attempted on %s region %pr" with __func__, until a4574f63edc6 (5.10); the function was renamed by 6869b7b20659 (5.4).
TEST(Rule, map_ram_prints_the_resource_before_5_10) {
    const auto log_of = [](const std::string& kernel, std::uint64_t size) {
        Model model = boot(kernel);
        return test::run(model, map_of(0x138000000, size)).log;
    };
    EXPECT_EQ(log_of("5.3", 2 * kSection),
              (Log{"devm_memremap_pages attempted on mixed region [mem 0x138000000-0x147ffffff flags 0x200]",
                   "WARNING in mm/memremap.c devm_memremap_pages"}));
    for (const std::string kernel : {"5.4", "5.9"}) {
        EXPECT_EQ(
            log_of(kernel, kSection),
            (Log{"memremap_pages attempted on ram region [mem 0x138000000-0x13fffffff flags 0x200]", kWarnMemremap}));
    }
    EXPECT_EQ(log_of("5.10", kSection).front(), "attempted on ram region 0x138000000-0x13fffffff");
}

// b4afe4183ec7: RAM below another resource counts, and a resource that RAM covers wholly is no other resource.
TEST(Rule, map_ram_below_another_resource) {
    const std::string kKmem = kIomem + "  140000000-14fffffff : dax0.0\n    140000000-14fffffff : System RAM (kmem)\n";
    const auto answer = [&](const std::string& kernel, std::uint64_t size) {
        return test::boot({.iomem = kKmem, .kernel = kernel}).outcome(map_of(kPmem, size));
    };
    for (const std::string blind : {"5.10", "6.8", "6.11"}) {
        EXPECT_EQ(answer(blind, kSection).rule, RuleId::map_subsection_active) << blind;
    }
    for (const std::string seeing : {"6.1.190", "6.12", "7.2"}) {
        EXPECT_EQ(answer(seeing, kSection).rule, RuleId::map_ram) << seeing;
        EXPECT_EQ(answer(seeing, 0x20000000).rule, RuleId::map_ram_mixed) << seeing;   // more than the RAM covers
    }
}

TEST(Rule, map_beyond_pluggable) {
    Model model = boot("6.1.190");
    test::run(model, map_of(0x3ffff8000000, kSection));   // the last section that there can be
    const auto answer =
        expect(model, map_of(0x3ffff0000000, 4 * kSection), RuleId::map_beyond_pluggable, EINVAL, Stage::map);
    EXPECT_EQ(answer.log, Log{"Hotplug memory [0x3ffff0000000-0x400010000000] exceeds maximum addressable range "
                              "[0x0-0x3fffffffffff]"});
    // pgmap_array_delete() of the failed range took the lookup of the mapping inside it
    EXPECT_EQ(model.outcome(map_of(0x3ffff8000000, kSection)).rule, RuleId::map_subsection_active);
    EXPECT_EQ(model.outcome(map_of(~0ULL - kSection + 1, 2 * kSection)).rule, RuleId::map_beyond_pluggable);   // wraps
    EXPECT_EQ(boot("5.11").outcome(map_of(0x400000000000, kSection)).rule, RuleId::map_beyond_physmem);
}

// arm64: what needs no linear map may be anywhere that is physical, before 6.12 (eeb8fdfcf090).
TEST(Rule, map_beyond_pluggable_of_the_arm64_linear_map) {
    Model model = test::boot({.iomem = "40000000-7fffffff : System RAM\n", .arch = Arch::arm64});
    const std::uint64_t beyond = 0x40000000 + (1ULL << 47);
    expect(model, map_of(beyond - kSection, kSection), RuleId::map_accepted, 0, Stage::map);
    const auto answer = expect(model, map_of(beyond, kSection), RuleId::map_beyond_pluggable, EINVAL, Stage::map);
    EXPECT_EQ(answer.log, Log{"Hotplug memory [0x800040000000-0x800048000000] exceeds maximum addressable range "
                              "[0x40000000-0x80003fffffff]"});
    expect(model, map_of(0x38000000, kSection), RuleId::map_beyond_pluggable, EINVAL, Stage::map);   // below it, too
    const Outcome outside = model.outcome(private_map(beyond, kSection));
    EXPECT_EQ(outside.rule, RuleId::map_beyond_pluggable);
    EXPECT_EQ(model.messages(private_map(beyond, kSection), outside).front().text,
              "Hotplug memory [0x800040000000-0x800048000000] exceeds maximum addressable range [0x0-0x80003fffffff]");
    EXPECT_TRUE(model.outcome(private_map(0x38000000, kSection)).accepted());
    const Model older =
        test::boot({.iomem = "40000000-7fffffff : System RAM\n", .kernel = "6.11", .arch = Arch::arm64});
    EXPECT_TRUE(older.outcome(private_map(beyond, kSection)).accepted());
}

// arch_add_memory() is called for every type but un-addressable memory.
TEST(Rule, map_beyond_linear_map) {
    const std::uint64_t beyond = 0x40000000 + (1ULL << 47);
    const Host host{.iomem = "40000000-7fffffff : System RAM\n", .kernel = "5.10", .arch = Arch::arm64};
    Model model = test::boot(host);
    const std::string before = test::picture(model);
    const auto answer = expect(model, map_of(beyond, kGiB), RuleId::map_beyond_linear_map, EINVAL, Stage::map);
    EXPECT_EQ(answer.log, Log{"[800040000000 800080000000] is outside linear mapping region"});
    expect(model, map_of(beyond - kGiB, 2 * kGiB), RuleId::map_beyond_linear_map, EINVAL, Stage::map);
    EXPECT_EQ(test::picture(model), before);
    expect(model, map_of(beyond - kGiB, kGiB), RuleId::map_accepted, 0, Stage::map);
    expect(model, private_map(beyond, kGiB), RuleId::map_accepted, 0, Stage::map);
    for (const std::string kernel : {"5.9.8", "5.12"}) {   // before, nobody asks; later mhp_range_allowed() does
        const Model other = test::boot({.iomem = host.iomem, .kernel = kernel, .arch = Arch::arm64});
        EXPECT_NE(other.outcome(map_of(beyond, kGiB)).rule, RuleId::map_beyond_linear_map) << kernel;
    }
}

TEST(Rule, map_beyond_physmem) {
    Model model = boot("5.10");
    const auto answer =
        expect(model, map_of(0x3ffff8000000, 2 * kSection), RuleId::map_beyond_physmem, E2BIG, Stage::map);
    // the kernel prints twice the maximum
    EXPECT_EQ(answer.log,
              (Log{"Hotplugged memory exceeds maximum addressable address, range=0x3ffff8000000-0x400007ffffff, "
                   "maximum=0x7fffffffffff",
                   "WARNING in mm/memory_hotplug.c check_hotplug_memory_addressable", kWarnX86}));
    EXPECT_EQ(boot("5.5").outcome(map_of(0x400000000000, kSection)).error, E2BIG);
    EXPECT_TRUE(boot("5.4").outcome(map_of(0x400000000000, kSection)).accepted());   // nobody asks
    EXPECT_EQ(boot("5.12").outcome(map_of(0x400000000000, kSection)).error, EINVAL);
}

TEST(Rule, map_altmap_invalid) {
    Model model = boot();
    const std::uint64_t pages = kSection / 4096;
    const std::string before = test::picture(model);
    const auto first =
        expect(model, map_of(kPmem, kSection, Altmap{2, pages}), RuleId::map_altmap_invalid, EINVAL, Stage::map);
    EXPECT_EQ(first.log, (Log{"memory add fail, invalid altmap", kWarnX86}));
    const auto second =
        expect(model, map_of(kPmem, kSection, Altmap{2, pages}), RuleId::map_altmap_invalid, EINVAL, Stage::map);
    EXPECT_EQ(second.log, Log{});
    // before the alignment: the same errno, another rule
    expect(model, map_of(kPmem + 4096, kSection, Altmap{2, pages}), RuleId::map_altmap_invalid, EINVAL, Stage::map);
    EXPECT_EQ(test::picture(model), before);
    expect(model, map_of(kPmem, kSection, Altmap{2, pages - 2}), RuleId::map_accepted, 0, Stage::map);
}

TEST(Rule, map_altmap_unsupported) {
    const Host s390{.iomem = "00000000-7fffffff : System RAM\n", .kernel = "6.6", .arch = Arch::s390x};
    Model model = test::boot(s390);
    const std::string before = test::picture(model);
    const Operation with = map_of(0x100000000, 256 * kMiB, Altmap{0, 8192});
    const auto answer = expect(model, with, RuleId::map_altmap_unsupported, EINVAL, Stage::map);
    EXPECT_EQ(answer.log, Log{"WARNING in arch/s390/mm/init.c arch_add_memory"});
    EXPECT_EQ(expect(model, with, RuleId::map_altmap_unsupported, EINVAL, Stage::map).log, Log{});
    EXPECT_EQ(test::picture(model), before);
    expect(model, map_of(0x100000000, 256 * kMiB), RuleId::map_accepted, 0, Stage::map);
    Host newer = s390;
    newer.kernel = "6.8";
    EXPECT_TRUE(test::boot(newer).outcome(with).accepted());
}

TEST(Rule, map_misaligned) {
    const std::string kNewText = "Misaligned __add_pages start: 0x140100 end: 0x1480ff";
    const std::string kOldText = "Misaligned __add_pages start: 0x140100 end: #1480ff";
    const std::string kWarn = "WARNING in mm/memory_hotplug.c __add_pages";
    for (const auto& [kernel, text] :
         {std::pair{"5.10", kOldText}, std::pair{"6.1", kOldText}, std::pair{"6.12", kNewText}}) {
        Model model = boot(kernel);
        const std::string before = test::picture(model);
        const auto first = expect(model, map_of(kPmem + kMiB, kSection), RuleId::map_misaligned, EINVAL, Stage::map);
        EXPECT_EQ(first.log, (Log{text, kWarn, kWarnX86})) << kernel;
        const auto second = expect(model, map_of(kPmem + kMiB, kSection), RuleId::map_misaligned, EINVAL, Stage::map);
        EXPECT_EQ(second.log, (Log{text, kWarn})) << kernel;
        expect(model, map_of(kPmem, kSection + 4096), RuleId::map_misaligned, EINVAL, Stage::map);   // the length
        EXPECT_EQ(test::picture(model), before) << kernel;
    }
}

TEST(Rule, map_subsection_active) {
    Model model = boot();
    test::run(model, map_of(kPmem + 2 * kSection, kSection));
    const auto first = expect(model, map_of(kPmem, 4 * kSection), RuleId::map_subsection_active, EEXIST, Stage::map);
    EXPECT_EQ(first.outcome.at, kPmem + 2 * kSection);
    EXPECT_EQ(first.log, Log{kWarnX86});
    EXPECT_EQ(word_of(model, 0x28), bits(0, 64));   // leaked, and so is the next one
    EXPECT_EQ(word_of(model, 0x29), bits(0, 64));
    EXPECT_FALSE(model.section(0x2b).present);
    EXPECT_EQ(model.resources().print(), kIomem);
    // the obstacle goes, and yet the second attempt fails, at the first section
    test::run(model, op::Unmap{0});
    const auto second = expect(model, map_of(kPmem, 4 * kSection), RuleId::map_subsection_active, EEXIST, Stage::map);
    EXPECT_EQ(second.outcome.at, kPmem);
    EXPECT_EQ(second.log, Log{});
}

TEST(Rule, map_altmap_exhausted) {
    Model model = boot();
    // a section takes 512 pages of memmap: the second does not find them, and x86 does not fall back
    const Operation map = map_of(kPmem, 2 * kSection, Altmap{0, 1000});
    const auto answer = expect(model, map, RuleId::map_altmap_exhausted, ENOMEM, Stage::map);
    EXPECT_EQ(answer.outcome.at, kPmem + kSection);
    EXPECT_EQ(answer.log,
              (Log{kWarnX86, "failed to free all reserved pages", "WARNING in mm/memremap.c memunmap_pages"}));
    EXPECT_EQ(word_of(model, 0x28), bits(0, 64));
    EXPECT_FALSE(model.section(0x29).present);
    EXPECT_EQ(model.outcome(map).rule, RuleId::map_subsection_active);
    EXPECT_EQ(model.outcome(map).at, kPmem);
}

TEST(Rule, map_altmap_exhausted_leaves_nothing_where_the_first_piece_fails) {
    Model model = boot();
    const std::string before = test::picture(model);
    const auto answer =
        expect(model, map_of(kPmem, kSection, Altmap{0, 511}), RuleId::map_altmap_exhausted, ENOMEM, Stage::map);
    EXPECT_EQ(answer.log, Log{kWarnX86});
    EXPECT_EQ(test::picture(model), before);
    // memmap is taken in units of PMDs, aligned so: 512 pages do not fit behind one reserved page
    expect(model, map_of(kPmem, kSection, Altmap{1, 1022}), RuleId::map_altmap_exhausted, ENOMEM, Stage::map);
    expect(model, map_of(kPmem, kSection, Altmap{1, 1023}), RuleId::map_accepted, 0, Stage::map);
}

// arm64 with 4K pages maps memmap by PMDs, until 6.14 (and 6.12.20) also for a part of a section.
TEST(Rule, map_altmap_exhausted_by_a_pmd_for_a_part) {
    const auto answer = [](const std::string& kernel, std::uint64_t free) {
        const Model model =
            test::boot({.iomem = "40000000-7fffffff : System RAM\n", .kernel = kernel, .arch = Arch::arm64});
        return model.outcome(map_of(kPmem, 64 * kMiB, Altmap{0, free})).rule;   // 256 pages of memmap
    };
    for (const std::string kernel : {"5.10", "6.2", "6.12.19"}) {
        EXPECT_EQ(answer(kernel, 511), RuleId::map_altmap_exhausted) << kernel;
        EXPECT_EQ(answer(kernel, 512), RuleId::map_accepted) << kernel;
    }
    // 9f84f39f5515: base pages where there is no PMD
    for (const std::string kernel : {"5.11", "5.15", "6.1"}) {
        EXPECT_EQ(answer(kernel, 255), RuleId::map_altmap_exhausted) << kernel;
        EXPECT_EQ(answer(kernel, 256), RuleId::map_accepted) << kernel;
    }
    // who comes second into a PMD finds it
    Model model = test::boot({.iomem = "40000000-7fffffff : System RAM\n", .kernel = "6.2", .arch = Arch::arm64});
    test::run(model, map_of(kPmem, 64 * kMiB));
    EXPECT_TRUE(model.outcome(map_of(kPmem + 64 * kMiB, 64 * kMiB, Altmap{0, 0})).accepted());
    EXPECT_FALSE(model.outcome(map_of(kPmem + 128 * kMiB, 64 * kMiB, Altmap{0, 0})).accepted());
}

// With 16K pages two sub-sections share a page of memmap: the second takes none.
TEST(Rule, map_altmap_exhausted_counts_what_a_neighbour_brought) {
    Model model =
        test::boot({.iomem = "40000000-7fffffff : System RAM\n", .arch = Arch::arm64, .page_size = 16 * kKiB});
    const auto rule_at = [&](std::uint64_t offset, std::uint64_t free) {
        return model.outcome(map_of(kPmem + offset, 2 * kMiB, Altmap{0, free})).rule;
    };
    EXPECT_EQ(rule_at(2 * kMiB, 0), RuleId::map_altmap_exhausted);
    EXPECT_EQ(rule_at(2 * kMiB, 1), RuleId::map_accepted);
    test::run(model, map_of(kPmem, 2 * kMiB));
    EXPECT_EQ(rule_at(2 * kMiB, 0), RuleId::map_accepted);
    EXPECT_EQ(rule_at(4 * kMiB, 0), RuleId::map_altmap_exhausted);
}

// Who takes what from an altmap (vmemmap_populate of each architecture).
TEST(Rule, map_altmap_exhausted_depends_on_the_architecture) {
    const Altmap none{0, 0};
    // x86: partial sections take RAM whatever the altmap says
    expect(*std::make_unique<Model>(boot()), map_of(kPmem, kSection / 2, none), RuleId::map_accepted, 0, Stage::map);
    // ppc64 falls back to RAM
    Model ppc = test::boot({.iomem = "00000000-3fffffff : System RAM\n", .arch = Arch::ppc64});
    expect(ppc, map_of(kPmem, kSection, none), RuleId::map_accepted, 0, Stage::map);
    // arm64: since 6.15 (and 6.12.31) partial pieces take base pages of the altmap, before they took whole PMDs
    const Host arm{.iomem = "40000000-7fffffff : System RAM\n", .kernel = "6.12.95", .arch = Arch::arm64};
    EXPECT_EQ(test::boot(arm).outcome(map_of(kPmem, kSection / 2, Altmap{0, 255})).rule, RuleId::map_altmap_exhausted);
    EXPECT_TRUE(test::boot(arm).outcome(map_of(kPmem, kSection / 2, Altmap{0, 256})).accepted());
    // arm64 before 5.9 never looks at it
    EXPECT_TRUE(test::boot({.iomem = arm.iomem, .kernel = "5.8", .arch = Arch::arm64})
                    .outcome(map_of(kPmem, kGiB, none))
                    .accepted());
}

TEST(Rule, map_memmap_partial_page) {
    const Host arm16k{.iomem = "40000000-7fffffff : System RAM\n", .arch = Arch::arm64, .page_size = 16 * kKiB};
    Model model = test::boot(arm16k);
    // half a page of memmap each: from the middle of one page to the middle of another, the last is missed
    const Outcome odd_both = model.outcome(map_of(kPmem + 2 * kMiB, 4 * kMiB));
    EXPECT_EQ(odd_both.kind, Outcome::Kind::crash);
    EXPECT_EQ(odd_both.rule, RuleId::map_memmap_partial_page);
    EXPECT_EQ(odd_both.at, kPmem + 2 * kMiB);
    EXPECT_TRUE(predict(model, map_of(kPmem + 2 * kMiB, 4 * kMiB)).dangerous());
    // a start in the middle alone, or an end alone, is populated
    EXPECT_TRUE(model.outcome(map_of(kPmem + 2 * kMiB, 2 * kMiB)).accepted());
    EXPECT_TRUE(model.outcome(map_of(kPmem, 6 * kMiB)).accepted());
    // and so is everything where a neighbour brought the page before
    test::run(model, map_of(kPmem + 6 * kMiB, 2 * kMiB));
    EXPECT_TRUE(model.outcome(map_of(kPmem + 2 * kMiB, 4 * kMiB)).accepted());
}

TEST(Rule, unmap_accepted) {
    Model model = boot();
    const std::string before = test::picture(model);
    test::run(model, claimed_map(kPmem + 2 * kMiB, kSection));
    const auto answer = expect(model, op::Unmap{0}, RuleId::unmap_accepted, 0);
    EXPECT_EQ(answer.log, Log{});
    EXPECT_EQ(test::picture(model), before);
}

TEST(Rule, unmap_no_handle) {
    Model model = boot();
    const std::string before = test::picture(model);
    expect(model, op::Unmap{3}, RuleId::unmap_no_handle, ENOENT);
    EXPECT_EQ(test::picture(model), before);
}

}   // namespace
}   // namespace memhot
