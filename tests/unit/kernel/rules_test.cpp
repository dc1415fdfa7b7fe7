// SPDX-License-Identifier: GPL-2.0-or-later
//
// The releases that a rule names are those of the feature that decides it.
#include <algorithm>
#include <gtest/gtest.h>

#include "memhot/profile.hpp"
#include "memhot/rules.hpp"

namespace memhot {
namespace {

struct Pair {
    RuleId rule;
    Feature feature;
};

// The first release with any row of the feature.
Version first_with(Feature feature) {
    Version first{99, 0, 0};
    for (const auto& row : feature_rows())
        if (row.feature == feature) first = std::min(first, row.since);
    return first;
}

// The last mainline release before one.
std::string before(const Version& version) {
    if (version.minor != 0) return to_string(Version{version.major, version.minor - 1, 0});
    return version.major == 6 ? "5.19" : "6.19";
}

TEST(RuleReleases, BeginWithTheFeature) {
    const Pair table[] = {
        {RuleId::offline_holes, Feature::offline_checks_holes},
        {RuleId::offline_boot_memory, Feature::arm64_boot_memory_stays},
        {RuleId::add_beyond_pluggable, Feature::pluggable_range},
        {RuleId::map_beyond_pluggable, Feature::pluggable_range},
        {RuleId::add_beyond_physmem, Feature::addressable_check_in_add_pages},
        {RuleId::map_beyond_physmem, Feature::addressable_check_in_add_pages},
        {RuleId::add_beyond_linear_map, Feature::arm64_linear_range_in_arch},
        {RuleId::add_node_impossible, Feature::node_possible_check},
        {RuleId::add_driver_name, Feature::driver_managed_ram},
        {RuleId::add_memmap_on_memory_unsupported, Feature::memmap_on_memory},
        {RuleId::remove_memmap_granularity, Feature::memmap_on_memory},
        {RuleId::map_beyond_linear_map, Feature::arm64_linear_range_in_arch},
        {RuleId::add_beyond_mem_limit, Feature::mem_limits_hotplug},
        {RuleId::map_altmap_unsupported, Feature::altmap_refused},
        {RuleId::zone_auto_movable, Feature::auto_movable},
    };
    for (const auto& [id, feature] : table) {
        const std::string releases(rule(id).releases);
        const std::string first = to_string(first_with(feature));
        EXPECT_TRUE(releases.starts_with(first + "+") || releases.starts_with(first + "-"))
            << rule(id).id << ": " << releases << ", the feature " << to_string(feature) << " began with " << first;
    }
}

TEST(RuleReleases, EndWithTheFeature) {
    const auto ends = [](RuleId id, const Version& without) {
        EXPECT_NE(rule(id).releases.find("-" + before(without)), std::string_view::npos)
            << rule(id).id << ": " << rule(id).releases << ", expected to end with " << before(without);
    };
    for (const auto& row : feature_rows()) {
        if (row.feature == Feature::addressable_check_in_add_pages) ends(RuleId::map_beyond_physmem, row.until);
        if (row.feature == Feature::altmap_refused) ends(RuleId::map_altmap_unsupported, row.until);
        if (row.feature == Feature::arm64_linear_range_in_arch) ends(RuleId::add_beyond_linear_map, row.until);
        if (row.feature == Feature::arm64_linear_range_in_arch) ends(RuleId::map_beyond_linear_map, row.until);
        if (row.feature == Feature::mem_limits_hotplug) ends(RuleId::add_beyond_mem_limit, row.until);
    }
    // what a later feature mended
    ends(RuleId::memmap_depopulated, first_with(Feature::early_memmap_kept));
    ends(RuleId::add_memmap_on_memory_unsupported, first_with(Feature::memmap_on_memory_split));
    ends(RuleId::beyond_direct_map, first_with(Feature::direct_map_limit));
}

}   // namespace
}   // namespace memhot
