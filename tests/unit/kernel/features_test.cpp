// SPDX-License-Identifier: GPL-2.0-or-later
//
// The feature table: its invariants, and every boundary that a backport draws.
#include <algorithm>
#include <gtest/gtest.h>
#include <set>

#include "kernel/tables.hpp"

namespace memhot {
namespace {

bool has(Feature feature, Version version, Arch arch = Arch::x86_64) {
    return kernel::has_feature(feature, arch, version);
}

TEST(FeatureTable, HasEveryFeatureInTheOrderOfTheEnumeration) {
    std::set<Feature> seen;
    std::size_t last = 0;
    for (const auto& row : feature_rows()) {
        EXPECT_GE(static_cast<std::size_t>(row.feature), last) << row.name;
        last = static_cast<std::size_t>(row.feature);
        seen.insert(row.feature);
    }
    EXPECT_EQ(seen.size(), kFeatureCount);
}

TEST(FeatureTable, NamesAreUniqueAndReadBack) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < kFeatureCount; ++i) {
        const auto feature = static_cast<Feature>(i);
        EXPECT_TRUE(names.insert(to_string(feature)).second) << to_string(feature);
        EXPECT_EQ(parse_feature(to_string(feature)), feature);
    }
    for (const auto& row : feature_rows()) EXPECT_EQ(row.name, to_string(row.feature));
    EXPECT_EQ(parse_feature("no_such_feature"), std::nullopt);
    EXPECT_EQ(parse_feature(""), std::nullopt);
    EXPECT_EQ(to_string(Feature::count_), "unknown");
}

TEST(FeatureTable, RowsAreConsistent) {
    for (const auto& row : feature_rows()) {
        EXPECT_FALSE(row.source.empty()) << row.name;
        EXPECT_NE(row.since, Version{}) << row.name;
        EXPECT_EQ(row.since.patch, 0U) << row.name << ": mainline releases have no patch level";
        if (row.until != Version{}) {
            EXPECT_LT(row.since, row.until) << row.name;
        }
        auto arches = row.arches;
        std::ranges::sort(arches);
        EXPECT_EQ(std::ranges::adjacent_find(arches), arches.end()) << row.name << ": an architecture twice";
    }
}

TEST(FeatureTable, BackportsAreBeforeTheReleaseAndOneASeries) {
    for (const auto& row : feature_rows()) {
        std::set<std::pair<unsigned, unsigned>> series;
        std::pair<unsigned, unsigned> last{0, 0};
        for (const auto& port : row.backports) {
            EXPECT_LT((Version{port.major, port.minor, port.patch}), row.since) << row.name;
            EXPECT_GT(port.patch, 0U) << row.name;
            EXPECT_TRUE(series.insert({port.major, port.minor}).second) << row.name;
            EXPECT_GT(std::pair(port.major, port.minor), last) << row.name << ": ascending";
            last = {port.major, port.minor};
        }
    }
}

// Each mainline release, just before and just in; and each stable update, just before and just in.
TEST(FeatureTable, EveryRowDrawsItsOwnLines) {
    for (const auto& row : feature_rows()) {
        const Arch arch = row.arches.empty() ? Arch::x86_64 : row.arches.front();
        EXPECT_TRUE(has(row.feature, row.since, arch)) << row.name << " " << to_string(row.since);
        for (const auto& port : row.backports) {
            const Version in{port.major, port.minor, port.patch};
            const Version before{port.major, port.minor, port.patch - 1};
            EXPECT_TRUE(has(row.feature, in, arch)) << row.name << " " << to_string(in);
            EXPECT_FALSE(has(row.feature, before, arch)) << row.name << " " << to_string(before);
            EXPECT_TRUE(has(row.feature, {port.major, port.minor, port.patch + 100}, arch)) << row.name;
        }
    }
}

TEST(FeatureTable, AStableSeriesWithoutTheBackportNeverHasIt) {
    EXPECT_FALSE(has(Feature::region_intersects_descends, {6, 8, 12}));
    EXPECT_FALSE(has(Feature::region_intersects_descends, {6, 5, 13}));
    EXPECT_FALSE(has(Feature::direct_map_limit, {5, 15, 185}));
    EXPECT_FALSE(has(Feature::resource_message_prefix, {5, 15, 198}));
    EXPECT_FALSE(has(Feature::free_region_steps_by_section, {6, 1, 190}));
    EXPECT_FALSE(has(Feature::online_page_by_subsection, {5, 10, 262}));
    EXPECT_FALSE(has(Feature::early_memmap_kept, {5, 8, 18}));
}

TEST(FeatureTable, ReleaseLinesThatDecideAnswers) {
    struct Line {
        Feature feature;
        Version without;
        Version with;
        Arch arch = Arch::x86_64;
    };
    const Line lines[] = {
        {Feature::early_memmap_kept, {5, 8, 0}, {5, 9, 0}},
        {Feature::online_page_by_subsection, {5, 11, 0}, {5, 12, 0}},
        {Feature::addressable_check_in_add_pages, {5, 4, 0}, {5, 5, 0}},
        {Feature::pluggable_range, {5, 11, 0}, {5, 12, 0}},
        {Feature::node_possible_check, {5, 7, 0}, {5, 8, 0}},
        {Feature::misaligned_end_hex, {6, 4, 0}, {6, 5, 0}},
        {Feature::driver_managed_ram, {5, 7, 0}, {5, 8, 0}},
        {Feature::memmap_on_memory, {5, 12, 0}, {5, 13, 0}},
        {Feature::memmap_on_memory, {5, 12, 0}, {5, 13, 0}, Arch::arm64},
        {Feature::memmap_on_memory, {6, 5, 0}, {6, 6, 0}, Arch::ppc64},
        {Feature::memmap_on_memory, {6, 7, 0}, {6, 8, 0}, Arch::s390x},
        {Feature::memmap_on_memory_force, {6, 5, 0}, {6, 6, 0}},
        {Feature::memmap_on_memory_split, {6, 7, 0}, {6, 8, 0}},
        {Feature::auto_movable, {5, 14, 0}, {5, 15, 0}},
        {Feature::block_remembers_zone, {5, 17, 0}, {5, 18, 0}},
        {Feature::hwpoison_blocks_online, {6, 1, 190}, {6, 2, 0}},
        {Feature::offline_checks_holes, {5, 4, 0}, {5, 5, 0}},
        {Feature::offline_and_remove_many, {5, 10, 184}, {5, 10, 185}},
        {Feature::arm64_boot_memory_stays, {5, 6, 0}, {5, 7, 0}, Arch::arm64},
        {Feature::arm64_partial_base_pages, {6, 12, 19}, {6, 12, 20}, Arch::arm64},
        {Feature::altmap_honoured, {5, 8, 0}, {5, 9, 0}, Arch::arm64},
        {Feature::altmap_honoured, {6, 7, 0}, {6, 8, 0}, Arch::s390x},
        {Feature::altmap_falls_back, {5, 10, 0}, {5, 11, 0}, Arch::arm64},
        {Feature::soft_reserved_hidden, {6, 19, 0}, {7, 0, 0}},
        {Feature::region_intersects_descends, {5, 10, 223}, {5, 10, 227}},
        {Feature::region_intersects_descends, {6, 1, 112}, {6, 1, 113}},
        {Feature::direct_map_limit, {6, 1, 109}, {6, 1, 110}},
        {Feature::direct_map_full, {6, 12, 30}, {6, 12, 31}},
        {Feature::default_online, {6, 4, 0}, {6, 5, 0}},
        {Feature::default_online_types, {5, 6, 0}, {5, 7, 0}},
        {Feature::arm64_boot_memory_warns, {5, 10, 0}, {5, 11, 0}, Arch::arm64},
        {Feature::devdax_memmap_dedup, {5, 17, 0}, {5, 18, 0}},
        {Feature::devdax_memmap_dedup, {6, 5, 0}, {6, 6, 0}, Arch::ppc64},
        {Feature::devdax_memmap_dedup, {6, 10, 0}, {6, 11, 0}, Arch::riscv64},
        {Feature::default_online, {6, 16, 0}, {6, 17, 0}, Arch::arm64},
    };
    for (const auto& line : lines) {
        EXPECT_FALSE(has(line.feature, line.without, line.arch)) << to_string(line.feature) << to_string(line.without);
        EXPECT_TRUE(has(line.feature, line.with, line.arch)) << to_string(line.feature) << to_string(line.with);
    }
}

TEST(FeatureTable, WhatWentAway) {
    EXPECT_TRUE(has(Feature::offlined_pages_message, {5, 10, 223}));
    EXPECT_FALSE(has(Feature::offlined_pages_message, {5, 11, 0}));
    EXPECT_TRUE(has(Feature::addressable_check_in_add_pages, {5, 11, 22}));
    EXPECT_FALSE(has(Feature::addressable_check_in_add_pages, {5, 12, 0}));
    EXPECT_TRUE(has(Feature::altmap_refused, {6, 7, 0}, Arch::s390x));
    EXPECT_FALSE(has(Feature::altmap_refused, {6, 8, 0}, Arch::s390x));
    EXPECT_FALSE(has(Feature::altmap_refused, {6, 7, 0}, Arch::x86_64));
    EXPECT_TRUE(has(Feature::devdax_memmap_dedup, {6, 5, 0}, Arch::arm64));
    EXPECT_FALSE(has(Feature::devdax_memmap_dedup, {6, 6, 0}, Arch::arm64));
    EXPECT_TRUE(has(Feature::arm64_linear_range_in_arch, {5, 11, 0}, Arch::arm64));
    EXPECT_FALSE(has(Feature::arm64_linear_range_in_arch, {5, 12, 0}, Arch::arm64));
}

// Holes lost their zone with 5.8 and got it back with 5.12 and its backports.
TEST(FeatureTable, AFeatureMayGoAndComeBack) {
    EXPECT_TRUE(has(Feature::hole_pages_in_zone, {5, 7, 19}));
    EXPECT_FALSE(has(Feature::hole_pages_in_zone, {5, 8, 0}));
    EXPECT_FALSE(has(Feature::hole_pages_in_zone, {5, 9, 16}));
    EXPECT_FALSE(has(Feature::hole_pages_in_zone, {5, 10, 23}));
    EXPECT_TRUE(has(Feature::hole_pages_in_zone, {5, 10, 24}));
    EXPECT_FALSE(has(Feature::hole_pages_in_zone, {5, 11, 6}));
    EXPECT_TRUE(has(Feature::hole_pages_in_zone, {5, 11, 7}));
    EXPECT_TRUE(has(Feature::hole_pages_in_zone, {5, 12, 0}));
}

TEST(FeatureTable, ArchitecturesDiffer) {
    EXPECT_FALSE(has(Feature::direct_map_limit, {6, 11, 0}, Arch::arm64));
    EXPECT_TRUE(has(Feature::direct_map_limit, {6, 12, 0}, Arch::arm64));
    EXPECT_FALSE(has(Feature::direct_map_limit, {7, 3, 0}, Arch::ppc64));
    EXPECT_FALSE(has(Feature::memory_probe, {6, 12, 0}, Arch::x86_64));
    EXPECT_FALSE(has(Feature::memory_probe, {6, 12, 0}, Arch::arm64));
    EXPECT_TRUE(has(Feature::memory_probe, {6, 12, 0}, Arch::ppc64));
    EXPECT_FALSE(has(Feature::default_online, {6, 12, 0}, Arch::arm64));
    EXPECT_TRUE(has(Feature::default_online, {6, 12, 0}, Arch::x86_64));
    EXPECT_FALSE(has(Feature::altmap_honoured, {7, 3, 0}, Arch::loongarch64));
}

}   // namespace
}   // namespace memhot
