// SPDX-License-Identifier: GPL-2.0-or-later
//
// Published layouts and what kernels do with them: device mappings. A test is named by
// the number of its vector; vectors_pending_test.cpp says which have none, and why.
#include <cerrno>

#include "memhot/verdict.hpp"
#include "model/sparse.hpp"
#include "predict/explain.hpp"
#include "unit/model/host.hpp"

namespace memhot {
namespace {

using test::bits;
using test::claimed_map;
using test::expect;
using test::Host;
using test::Log;
using test::map_of;
using test::word_of;

constexpr std::uint64_t kSection = 128 * kMiB;

// The layout of the series that brought sub-sections (ba72b4c8cf60).
const std::string kL1 = "100000000-1ffffffff : System RAM\n"
                        "200000000-303ffffff : Persistent Memory (legacy)\n"
                        "304000000-43fffffff : System RAM\n"
                        "440000000-23ffffffff : Persistent Memory\n"
                        "2400000000-43bfffffff : Persistent Memory\n";
// memmap=0xfc000000!8G
const std::string kL2 = "100000000-1ffffffff : System RAM\n"
                        "200000000-2fbffffff : Persistent Memory (legacy)\n"
                        "2fc000000-4ffffffff : System RAM\n";
// pmem that begins in the middle of a section
const std::string kL3 = "100000000-37bffffff : System RAM\n"
                        "37c000000-837ffffff : Persistent Memory\n";
const std::string kPmem = "100000000-13fffffff : System RAM\n"
                          "400000000-4ffffffff : Persistent Memory\n";

constexpr std::array kSince53{"5.3", "5.10.223", "6.1.190", "6.12.95", "7.2.12"};

// start and last as iomem prints them
Operation map_range(std::uint64_t start, std::uint64_t last) { return claimed_map(start, last - start + 1); }

std::string word(std::uint64_t address) { return hex(address); }

// Until 5.10 with the function's name and the resource, as 8.4 of the specification has it (rule_map_test.cpp).
std::string function_of(const std::string& kernel) {
    return kernel == "5.3" ? "devm_memremap_pages" : "memremap_pages";
}
std::string attempted(const std::string& kernel, const std::string& what, const std::string& from,
                      const std::string& to) {
    if (*parse_version(kernel) >= Version{5, 10, 0}) return "attempted on " + what + " region " + from + "-" + to;
    return function_of(kernel) + " attempted on " + what + " region [mem " + from + "-" + to + " flags 0x200]";
}

TEST(Vector, Vector02_legacy_pmem_that_ends_inside_a_section) {
    for (const std::string kernel : kSince53) {
        Model model = test::boot({.iomem = kL2, .kernel = kernel});
        EXPECT_EQ(word(word_of(model, 0x5f)), word(bits(32, 32)));
        const Operation map = map_range(0x200000000, 0x2fbffffff);
        const MemmapCost cost = memmap_cost(model.state(), map);
        EXPECT_EQ(cost.from_ram, 31 * 2 * kMiB);
        EXPECT_EQ(cost.reused, kMiB);
        expect(model, map, RuleId::map_accepted, 0, Stage::map);
        for (std::uint64_t section = 0x40; section <= 0x5e; ++section) {
            EXPECT_EQ(word(word_of(model, section)), word(bits(0, 64)));
            EXPECT_FALSE(model.section(section).early);
        }
        EXPECT_EQ(word(word_of(model, 0x5f)), word(bits(0, 64)));
        EXPECT_TRUE(model.section(0x5f).early);
    }
}

TEST(Vector, Vector06_pmem_that_begins_inside_a_section) {
    for (const std::string kernel : kSince53) {
        Model model = test::boot({.iomem = kL3, .kernel = kernel});
        EXPECT_EQ(word(word_of(model, 0x6f)), word(bits(0, 32)));
        const Operation map = map_range(0x37c000000, 0x837ffffff);
        EXPECT_EQ(memmap_cost(model.state(), map).reused, kMiB);
        EXPECT_EQ(memmap_cost(model.state(), map).from_ram, 2 * kMiB * ((0x838000000 - 0x380000000) / kSection));
        expect(model, map, RuleId::map_accepted, 0, Stage::map);
        EXPECT_EQ(word(word_of(model, 0x6f)), word(bits(0, 64)));
        EXPECT_TRUE(model.section(0x6f).early);
    }
}

bool depopulates(const Model& model, const Operation& operation) {
    for (const auto& hazard : predict(model, operation).hazards) {
        if (hazard.rule == RuleId::memmap_depopulated) return true;
    }
    return false;
}

TEST(Vector, Vector07_unmap_frees_early_memmap_to_5_8) {
    for (const std::string kernel : {"5.3", "5.4.59", "5.7.14", "5.8.1"}) {
        Model model = test::boot({.iomem = kL3, .kernel = kernel});
        test::run(model, map_range(0x37c000000, 0x837ffffff));
        EXPECT_TRUE(depopulates(model, op::Unmap{0})) << kernel;
        expect(model, op::Unmap{0}, RuleId::unmap_accepted, 0);
        EXPECT_EQ(word(word_of(model, 0x6f)), word(bits(0, 32)));
    }
}

TEST(Vector, Vector08_unmap_keeps_early_memmap_since_5_9) {
    for (const std::string kernel : {"5.9", "5.10.223", "6.12.95", "7.3"}) {
        Model model = test::boot({.iomem = kL3, .kernel = kernel});
        const std::string before = test::picture(model);
        const Operation map = map_range(0x37c000000, 0x837ffffff);
        test::run(model, map);
        EXPECT_FALSE(depopulates(model, op::Unmap{0})) << kernel;
        expect(model, op::Unmap{0}, RuleId::unmap_accepted, 0);
        EXPECT_EQ(test::picture(model), before);
        expect(model, map, RuleId::map_accepted, 0, Stage::map);
    }
}

TEST(Vector, Vector10_pmem_that_ends_inside_a_section_with_ram_behind) {
    for (const std::string kernel : kSince53) {
        Model model = test::boot({.iomem = kL1, .kernel = kernel});
        EXPECT_EQ(word(word_of(model, 0x60)), word(bits(32, 32)));
        expect(model, map_range(0x200000000, 0x303ffffff), RuleId::map_accepted, 0, Stage::map);
        EXPECT_EQ(word(word_of(model, 0x60)), word(bits(0, 64)));
    }
}

TEST(Vector, Vector12_pmem_of_whole_sections) {
    for (const std::string kernel : kSince53) {
        Model model = test::boot({.iomem = kL1, .kernel = kernel});
        expect(model, map_range(0x2400000000, 0x43bfffffff), RuleId::map_accepted, 0, Stage::map);
    }
}

TEST(Vector, Vector13_one_mebibyte_off) {
    // since which release the end is printed with 0x, recordings show for 6.1 (not yet) and 6.12
    for (const auto& [kernel, end] :
         {std::pair{"5.3", "#37ffff"}, std::pair{"6.1.190", "#37ffff"}, std::pair{"6.12.95", "0x37ffff"}}) {
        Model model = test::boot({.iomem = kL3, .kernel = kernel});
        const Operation map = map_range(0x37c100000, 0x37fffffff);
        // in 5.3 the section with the RAM would lose memmap (vector 7), so the next one is named
        const bool harmless = std::string_view(kernel) != "5.3";
        EXPECT_EQ(predict(model, map).nearest,
                  harmless ? (Range{0x37c200000, 0x37fffffff}) : (Range{0x380000000, 0x383dfffff}));
        const auto answer = expect(model, map, RuleId::map_misaligned, EINVAL, Stage::map);
        ASSERT_FALSE(answer.log.empty());
        EXPECT_EQ(answer.log[0], std::string("Misaligned __add_pages start: 0x37c100 end: ") + end);
    }
}

TEST(Vector, Vector15_ram_is_rounded_out_to_a_sub_section) {
    const std::string iomem = "100000000-37bcfffff : System RAM\n37be00000-37fffffff : Persistent Memory\n";
    for (const std::string kernel : kSince53) {
        Model model = test::boot({.iomem = iomem, .kernel = kernel});
        EXPECT_EQ(word(word_of(model, 0x6f)), word(bits(0, 31)));   // bit 30 is 37bc00000
        const Operation map = map_range(0x37be00000, 0x37fffffff);
        EXPECT_EQ(memmap_cost(model.state(), map).from_ram, 0U);
        expect(model, map, RuleId::map_accepted, 0, Stage::map);
        EXPECT_EQ(word(word_of(model, 0x6f)), word(bits(0, 64)));
    }
}

TEST(Vector, Vector16_the_sub_section_that_ram_ends_in) {
    for (const std::string kernel : kSince53) {
        Model model = test::boot({.iomem = "100000000-37bcfffff : System RAM\n", .kernel = kernel});
        const std::uint64_t size = 0x380000000 - 0x37bc00000;
        // with the RAM test out of the way the bits object
        EXPECT_EQ(try_add_pages(model.state(), {0x37bc00000, 0x37fffffff}, nullptr).end, AddPages::End::active);
        const auto answer = expect(model, map_of(0x37bc00000, size), RuleId::map_ram, ENXIO, Stage::map);
        EXPECT_EQ(answer.log.front(), attempted(kernel, "ram", "0x37bc00000", "0x37fffffff"));
    }
}

TEST(Vector, Vector17_pmem_that_begins_inside_a_sub_section) {
    const std::string iomem = "100000000-37bcfffff : System RAM\n37bd00000-37fffffff : Persistent Memory\n";
    for (const std::string kernel : kSince53) {
        Model model = test::boot({.iomem = iomem, .kernel = kernel});
        // before 5.9 that section would lose memmap when it is unmapped (vector 7): free space is named
        const bool harmless = model.profile().has(Feature::early_memmap_kept);
        EXPECT_EQ(predict(model, map_range(0x37bd00000, 0x37fffffff)).nearest,
                  harmless ? (Range{0x37be00000, 0x37fffffff}) : (Range{0x380000000, 0x3841fffff}));
        expect(model, map_range(0x37bd00000, 0x37fffffff), RuleId::map_misaligned, EINVAL, Stage::map);
    }
}

TEST(Vector, Vector18_two_namespaces_in_one_section) {
    for (const std::string kernel : kSince53) {
        Model model = test::boot({.iomem = kPmem, .kernel = kernel});
        const auto half = [](std::uint64_t start) {
            return op::Map{.type = MapType::fsdax,
                           .start = start,
                           .size = kSection / 2,
                           .claim = true,
                           .owner = "ns",
                           .altmap = Altmap{2, 510}};
        };
        // map=dev or not: a part of a section takes its memmap from RAM
        EXPECT_EQ(memmap_cost(model.state(), half(0x440000000)).from_ram, kMiB);
        EXPECT_EQ(memmap_cost(model.state(), half(0x440000000)).from_altmap, 0U);
        expect(model, half(0x440000000), RuleId::map_accepted, 0, Stage::map);
        EXPECT_EQ(word(word_of(model, 0x88)), word(bits(0, 32)));
        expect(model, half(0x444000000), RuleId::map_accepted, 0, Stage::map);
        EXPECT_EQ(word(word_of(model, 0x88)), word(bits(0, 64)));
        test::run(model, op::Unmap{0});
        EXPECT_EQ(word(word_of(model, 0x88)), word(bits(32, 32)));
    }
}

// P of vectors 23 to 25
Model with_mapping(const std::string& kernel) {
    Model model = test::boot({.iomem = kPmem, .kernel = kernel});
    test::run(model, map_of(0x440000000, kSection));
    return model;
}

TEST(Vector, Vector23_a_mapping_inside_the_range) {
    for (const std::string kernel : kSince53) {
        Model model = with_mapping(kernel);
        const Operation around = map_of(0x438000000, 3 * kSection);
        const auto verdict = predict(model, around);
        EXPECT_EQ(exit_status(verdict), 9);
        const auto answer = expect(model, around, RuleId::map_subsection_active, EEXIST, Stage::map);
        EXPECT_EQ(answer.outcome.at, 0x440000000U);
        EXPECT_EQ(word(word_of(model, 0x87)), word(bits(0, 64)));   // leaked
        EXPECT_FALSE(model.section(0x89).present);
        // the lookups of P are gone: no conflict any more, but the sections
        expect(model, map_of(0x440000000, kSection), RuleId::map_subsection_active, EEXIST, Stage::map);
    }
}

TEST(Vector, Vector24_a_mapping_at_the_start_of_the_range) {
    for (const std::string kernel : kSince53) {
        Model model = with_mapping(kernel);
        const auto answer =
            expect(model, map_of(0x440000000, 2 * kSection), RuleId::map_conflict_start, ENOMEM, Stage::map);
        EXPECT_EQ(answer.log,
                  (Log{"Conflicting mapping in same section", "WARNING in mm/memremap.c " + function_of(kernel)}));
    }
}

TEST(Vector, Vector25_what_a_failed_mapping_left) {
    for (const std::string kernel : kSince53) {
        Model model = with_mapping(kernel);
        test::run(model, map_of(0x438000000, 3 * kSection));
        test::run(model, op::Unmap{0});
        const auto answer =
            expect(model, map_of(0x438000000, kSection), RuleId::map_subsection_active, EEXIST, Stage::map);
        EXPECT_EQ(answer.outcome.at, 0x438000000U);
        EXPECT_EQ(model.resources().print(), kPmem);   // iomem shows nothing of it
    }
}

// --- un-addressable memory ---------------------------------------------------------------------------------------------

Range free_gib(const Model& model) { return model.free_region(kGiB).value_or(Range{}); }

TEST(Vector, Vector28_device_private_memory_goes_to_the_top) {
    for (const std::string kernel : kSince53) {
        Model model = test::boot({.iomem = kPmem, .kernel = kernel});
        EXPECT_EQ(free_gib(model), (Range{0x3fffc0000000, 0x3fffffffffff})) << kernel;
        test::run(model, op::Claim{0x3fffc0000000, kGiB, "hmm_dmirror"});
        EXPECT_EQ(free_gib(model), (Range{0x3fff80000000, 0x3fffbfffffff})) << kernel;
    }
}

const std::string kWindow = kPmem + "3fffe0000000-3fffffffffff : PCI Bus 0000:00\n";

TEST(Vector, Vector29_steps_of_the_size_below_a_window) {
    for (const std::string kernel : {"5.3", "5.10.223", "6.1.190", "6.3"}) {
        EXPECT_EQ(free_gib(test::boot({.iomem = kWindow, .kernel = kernel})), (Range{0x3fff80000000, 0x3fffbfffffff}))
            << kernel;
    }
}

TEST(Vector, Vector30_steps_of_a_section_below_a_window) {
    for (const std::string kernel : {"6.8", "6.12.95", "7.3"}) {
        EXPECT_EQ(free_gib(test::boot({.iomem = kWindow, .kernel = kernel})), (Range{0x3fffa0000000, 0x3fffdfffffff}))
            << kernel;
    }
}

// --- limits and RAM ----------------------------------------------------------------------------------------------------

TEST(Vector, Vector41_map_beyond_physical_addresses) {
    const Operation map = map_of(0x400000000000, kSection);
    Model old = test::boot({.iomem = kPmem, .kernel = "5.10.223"});
    EXPECT_EQ(expect(old, map, RuleId::map_beyond_physmem, E2BIG, Stage::map).log.at(1),
              "WARNING in mm/memory_hotplug.c check_hotplug_memory_addressable");
    for (const std::string kernel : {"5.12", "6.1.190", "7.2.12"}) {
        Model model = test::boot({.iomem = kPmem, .kernel = kernel});
        const auto answer = expect(model, map, RuleId::map_beyond_pluggable, EINVAL, Stage::map);
        EXPECT_TRUE(answer.log.at(0).starts_with("Hotplug memory [0x400000000000-0x400008000000] exceeds"))
            << answer.log[0];
    }
}

// CXL memory that kmem onlined
const std::string kCxl = "100000000-13fffffff : System RAM\n"
                         "440000000-53fffffff : CXL Window 0\n"
                         "  440000000-53fffffff : region0\n"
                         "    440000000-53fffffff : dax0.0\n"
                         "      440000000-53fffffff : System RAM (kmem)\n";

TEST(Vector, Vector44_nested_ram_is_invisible) {
    for (const std::string kernel : {"5.10.223", "6.8"}) {
        Model model = test::boot({.iomem = kCxl, .kernel = kernel});
        expect(model, map_of(0x440000000, 4 * kGiB), RuleId::map_subsection_active, EEXIST, Stage::map);
    }
}

TEST(Vector, Vector45_nested_ram_is_seen) {
    for (const std::string kernel : {"6.1.190", "6.12.95", "7.2.12"}) {
        Model model = test::boot({.iomem = kCxl, .kernel = kernel});
        const auto answer = expect(model, map_of(0x440000000, 4 * kGiB), RuleId::map_ram, ENXIO, Stage::map);
        EXPECT_EQ(answer.log.front(), attempted(kernel, "ram", "0x440000000", "0x53fffffff"));
    }
}

TEST(Vector, Vector46_ram_and_nothing_is_ram) {
    for (const std::string kernel : kSince53) {
        Model model = test::boot({.iomem = "100000000-13fffffff : System RAM\n", .kernel = kernel});
        const auto answer = expect(model, map_of(0x138000000, 3 * kSection), RuleId::map_ram, ENXIO, Stage::map);
        EXPECT_EQ(answer.log.front(), attempted(kernel, "ram", "0x138000000", "0x14fffffff"));
    }
}

TEST(Vector, Vector47_ram_and_pmem_is_mixed) {
    const std::string iomem = "100000000-13fffffff : System RAM\n140000000-17fffffff : Persistent Memory\n";
    for (const std::string kernel : kSince53) {
        Model model = test::boot({.iomem = iomem, .kernel = kernel});
        const auto answer = expect(model, map_of(0x138000000, 3 * kSection), RuleId::map_ram_mixed, ENXIO, Stage::map);
        EXPECT_EQ(answer.log.front(), attempted(kernel, "mixed", "0x138000000", "0x14fffffff"));
    }
}

// --- other architectures -----------------------------------------------------------------------------------------------

const std::string kArmPmem = "40000000-5fffffff : System RAM\n60000000-7fffffff : Persistent Memory\n";

TEST(Vector, Vector50_arm64_with_sections_of_1_GiB) {
    Model model = test::boot({.iomem = kArmPmem, .kernel = "5.10.223", .arch = Arch::arm64});
    const Operation map = map_range(0x60000000, 0x7fffffff);
    EXPECT_EQ(memmap_cost(model.state(), map).from_ram, 0U);
    expect(model, map, RuleId::map_accepted, 0, Stage::map);
    EXPECT_TRUE(model.section(1).early);
    EXPECT_EQ(model.section(1).subsections, std::vector<std::uint64_t>(8, ~0ULL));   // 0 to 255 are RAM
    test::run(model, op::Unmap{0});
    EXPECT_EQ(model.section(1).subsections, (std::vector<std::uint64_t>{~0ULL, ~0ULL, ~0ULL, ~0ULL, 0, 0, 0, 0}));
}

TEST(Vector, Vector51_arm64_with_sections_of_128_MiB) {
    for (const std::string kernel : {"5.12", "6.12.95"}) {
        Model model = test::boot({.iomem = kArmPmem, .kernel = kernel, .arch = Arch::arm64});
        const Operation map = map_range(0x60000000, 0x7fffffff);
        EXPECT_EQ(memmap_cost(model.state(), map).from_ram, 4 * 2 * kMiB);
        expect(model, map, RuleId::map_accepted, 0, Stage::map);
        for (const std::uint64_t section : {0xcU, 0xdU, 0xeU, 0xfU}) EXPECT_FALSE(model.section(section).early);
    }
}

std::string with_gap(const std::string& name) {
    return "40000000-77ffffff : System RAM\n78000000-783fffff : " + name + "\n78400000-7fffffff : System RAM\n";
}

TEST(Vector, Vector52_arm64_memory_that_is_not_mapped_is_memory) {
    for (const std::string kernel : {"5.3", "5.10.223", "6.12.95"}) {
        Model model = test::boot({.iomem = with_gap("reserved"), .kernel = kernel, .arch = Arch::arm64});
        expect(model, map_of(0x78000000, 4 * kMiB), RuleId::map_subsection_active, EEXIST, Stage::map);
    }
}

TEST(Vector, Vector53_x86_reserved_memory_is_a_hole) {
    for (const std::string kernel : kSince53) {
        Model model = test::boot({.iomem = with_gap("Reserved"), .kernel = kernel});
        EXPECT_EQ(word(word_of(model, 15)), word(~bits(0, 2)));
        expect(model, map_of(0x78000000, 4 * kMiB), RuleId::map_accepted, 0, Stage::map);
        EXPECT_EQ(word(word_of(model, 15)), word(bits(0, 64)));
    }
}

TEST(Vector, Vector55_ppc64_two_namespaces_in_a_section_of_16_MiB) {
    for (const std::string kernel : {"5.3", "6.12.107"}) {
        for (const std::uint64_t page : {4 * kKiB, 64 * kKiB}) {
            Model model =
                test::boot({.iomem = "00000000-3fffffff : System RAM\n440000000-4ffffffff : Persistent Memory\n",
                            .kernel = kernel,
                            .arch = Arch::ppc64,
                            .page_size = page});
            expect(model, claimed_map(0x440000000, 8 * kMiB), RuleId::map_accepted, 0, Stage::map);
            EXPECT_EQ(word(word_of(model, 0x440)), word(bits(0, 4)));
            expect(model, claimed_map(0x440800000, 8 * kMiB), RuleId::map_accepted, 0, Stage::map);
            EXPECT_EQ(word(word_of(model, 0x440)), word(bits(0, 8)));
        }
    }
}

TEST(Vector, Vector58_map_dev_from_the_middle_of_a_section) {
    const auto cost_of = [](const std::string& iomem, const std::string& kernel) {
        const Model model = test::boot({.iomem = iomem, .kernel = kernel});
        const Operation map = map_of(0x444000000, kSection / 2 + 4 * kSection, Altmap{2, 4094});
        EXPECT_TRUE(model.outcome(map).accepted());
        return memmap_cost(model.state(), map);
    };
    for (const std::string kernel : kSince53) {
        const MemmapCost cost = cost_of(kPmem, kernel);
        EXPECT_EQ(cost.from_ram, kMiB);   // the head
        EXPECT_EQ(cost.from_altmap, 4 * 2 * kMiB);
        const MemmapCost early =
            cost_of("100000000-443ffffff : System RAM\n444000000-4ffffffff : Persistent Memory\n", kernel);
        EXPECT_EQ(early.from_ram, 0U);
        EXPECT_EQ(early.reused, kMiB);
    }
}

// 10.5: ppc64 takes RAM where the altmap is used up; a page of memmap describes 64 MiB of memory.
TEST(Cost, of_an_altmap_that_is_too_small_on_ppc64) {
    const auto cost_of = [](std::uint64_t free_pages) {
        const Model model = test::boot({.iomem = "00000000-7fffffff : System RAM\n",
                                        .kernel = "6.12.95",
                                        .arch = Arch::ppc64,
                                        .page_size = 64 * kKiB,
                                        .block_size = 256 * kMiB});
        const Operation map = map_of(0x100000000, kGiB, Altmap{1, free_pages});
        EXPECT_TRUE(model.outcome(map).accepted());
        return memmap_cost(model.state(), map);
    };
    EXPECT_EQ(cost_of(1).from_altmap, 64 * kKiB);
    EXPECT_EQ(cost_of(1).from_ram, 960 * kKiB);
    EXPECT_EQ(cost_of(64).from_altmap, kMiB);
    EXPECT_EQ(cost_of(64).from_ram, 0U);
}

TEST(Vector, Vector63_a_whole_section_with_one_sub_section_of_ram) {
    for (const std::string kernel : kSince53) {
        const Model model = test::boot({.iomem = "100000000-1001fffff : System RAM\n", .kernel = kernel});
        EXPECT_EQ(word(word_of(model, 0x20)), word(bits(0, 1)));
        const AddPages tried = try_add_pages(model.state(), {0x100000000, 0x107ffffff}, nullptr);
        EXPECT_EQ(tried.end, AddPages::End::active);
        EXPECT_EQ(tried.at, 0x100000000U);
    }
}

}   // namespace
}   // namespace memhot
