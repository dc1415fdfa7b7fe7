// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Features seen on a host (features.hpp).
#include "host/features.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "host/type_names.hpp"

namespace memhot::host {
namespace {

constexpr std::size_t kBtfLimit = std::size_t{256} << 20U;
constexpr std::size_t kCpuinfoLimit = std::size_t{16} << 20U;   // as kernel_identity.cpp
constexpr std::size_t kConfigLimit = std::size_t{4} << 20U;

struct Witness {
    std::string_view name;
    Feature feature;
};

// mm/memory_hotplug.c: each parameter is compiled in with its feature (a08a2ae34613, e83a437faa62).
constexpr std::array kParameters = {
    Witness{"memmap_on_memory", Feature::memmap_on_memory},
    Witness{"online_policy", Feature::auto_movable},
};

constexpr std::array kMembers = {
    Witness{"mem_section_usage.subsection_map", Feature::subsection_map},   // ba72b4c8cf60
    Witness{"memory_block.zone", Feature::block_remembers_zone},            // 395f6081bad4
    Witness{"memory_block.nr_hwpoison", Feature::hwpoison_blocks_online},   // 5033091de814, CONFIG_MEMORY_FAILURE
    Witness{"memory_block.altmap", Feature::memmap_on_memory_force},        // 1a8c64e11043, the same series
};

constexpr std::array kFunctions = {
    Witness{"mhp_get_pluggable_range", Feature::pluggable_range},                           // bca3feaa0764
    Witness{"check_hotplug_memory_addressable", Feature::addressable_check_in_add_pages},   // dca4436d1cf9
    Witness{"add_memory_driver_managed", Feature::driver_managed_ram},                      // 7b7b27214bba
    Witness{"try_offline_memory_block", Feature::offline_and_remove_many},                  // 8dc4bb58a146
    Witness{"create_altmaps_and_memory_blocks", Feature::memmap_on_memory_split},           // 6b8f0798b85a
};

// A line "NAME=y" or "# NAME is not set"; what is not mentioned was not even asked for when the kernel was built.
struct ConfigWitness {
    std::string_view name;
    Feature feature;
    bool absent_is_no;
};
constexpr std::array kConfigs = {
    ConfigWitness{"CONFIG_DEVICE_PRIVATE", Feature::device_private, true},
    ConfigWitness{"CONFIG_ARCH_MEMORY_PROBE", Feature::memory_probe, true},
    ConfigWitness{"CONFIG_MHP_MEMMAP_ON_MEMORY", Feature::memmap_on_memory, true},
    // Before 6.14, and from then on as one choice of several (44d46b76c3a4): one of them is always mentioned.
    ConfigWitness{"CONFIG_MEMORY_HOTPLUG_DEFAULT_ONLINE", Feature::default_online, false},
    ConfigWitness{"CONFIG_MHP_DEFAULT_ONLINE_TYPE_OFFLINE", Feature::default_online, false},
};

enum class Setting { yes, no, unmentioned };

Setting setting_of(std::string_view config, std::string_view name) {
    const std::string yes = fmt::format("{}=y\n", name);
    const std::string no = fmt::format("# {} is not set\n", name);
    while (!config.empty()) {
        const auto end = config.find('\n');
        const auto line = config.substr(0, end == std::string_view::npos ? end : end + 1);
        if (line == yes) return Setting::yes;
        if (line == no) return Setting::no;
        config.remove_prefix(line.size());
    }
    return Setting::unmentioned;
}

Status add_types(const Root& root, FoundFeatures& found, std::optional<unsigned>& struct_page_size) {
    const auto btf = root.find("sys/kernel/btf/vmlinux", kBtfLimit);
    if (!btf) return btf.error();
    if (!*btf) return Done{};
    const auto facts = read_type_facts(**btf);
    struct_page_size = facts.struct_page_size;
    features_of_types(facts, found);
    return Done{};
}

Status add_config(const Root& root, std::string_view release, FoundFeatures& found) {
    // The release becomes a part of a path; a copied tree may hold anything there.
    if (release.empty() || release.find('/') != std::string_view::npos) return Done{};
    const auto config = root.find(fmt::format("boot/config-{}", release), kConfigLimit);
    if (!config) {
        if (config.error().kind() == ErrorKind::not_permitted) return Done{};   // Ubuntu: 0600
        return config.error();
    }
    if (*config) features_of_config(**config, found);
    return Done{};
}

}   // namespace

bool is_wanted_structure(std::string_view name) {
    return name == "page" || std::ranges::any_of(kMembers, [name](const Witness& witness) {
               return witness.name.starts_with(name) && witness.name.substr(name.size()).starts_with('.');
           });
}

bool is_wanted_function(std::string_view name) {
    return std::ranges::find(kFunctions, name, &Witness::name) != kFunctions.end();
}

void features_of_sysfs(const std::optional<std::map<std::string, std::string>>& parameters, std::optional<bool> probe,
                       FoundFeatures& found) {
    if (probe) found[Feature::memory_probe] = *probe;
    if (!parameters) return;
    for (const auto& [name, feature] : kParameters) found[feature] = parameters->contains(std::string(name));
    const auto memmap = parameters->find("memmap_on_memory");
    if (memmap != parameters->end() && memmap->second == "force") found[Feature::memmap_on_memory_force] = true;
}

void features_of_config(std::string_view config, FoundFeatures& found) {
    // A kernel without memory hotplug mentions none of the others, and an empty file is no configuration.
    if (setting_of(config, "CONFIG_MEMORY_HOTPLUG") != Setting::yes) return;
    for (const auto& [name, feature, absent_is_no] : kConfigs) {
        auto setting = setting_of(config, name);
        if (setting == Setting::unmentioned && !absent_is_no) continue;
        const bool offline_type = name == "CONFIG_MHP_DEFAULT_ONLINE_TYPE_OFFLINE";
        found[feature] = (setting == Setting::yes) != offline_type;
    }
}

void features_of_types(const TypeFacts& facts, FoundFeatures& found) {
    for (const auto& [member, there] : facts.members) {
        const auto witness = std::ranges::find(kMembers, member, &Witness::name);
        if (witness != kMembers.end()) found[witness->feature] = there;
    }
    for (const auto& function : facts.functions) {
        const auto witness = std::ranges::find(kFunctions, function, &Witness::name);
        if (witness != kFunctions.end()) found[witness->feature] = true;
    }
    // The check moved: a kernel has one or the other (bca3feaa0764).
    const auto has = [&](Feature feature) { return found.contains(feature) && found[feature]; };
    if (has(Feature::pluggable_range)) found.try_emplace(Feature::addressable_check_in_add_pages, false);
    if (has(Feature::addressable_check_in_add_pages)) found.try_emplace(Feature::pluggable_range, false);
}

std::vector<std::string_view> wanted_members(std::string_view structure) {
    std::vector<std::string_view> members;
    for (const auto& witness : kMembers) {
        const auto dot = witness.name.find('.');
        if (witness.name.substr(0, dot) == structure) members.push_back(witness.name.substr(dot + 1));
    }
    return members;
}

// "MMU\t\t: Hash" (arch/powerpc/platforms/{pseries,powernv}/setup.c); other architectures have no such line.
void features_of_cpuinfo(std::string_view cpuinfo, FoundFeatures& found) {
    while (!cpuinfo.empty()) {
        const auto end = std::min(cpuinfo.find('\n'), cpuinfo.size());
        const std::string_view line = cpuinfo.substr(0, end);
        cpuinfo.remove_prefix(std::min(end + 1, cpuinfo.size()));
        if (!line.starts_with("MMU\t")) continue;
        if (line.ends_with(": Hash")) found[Feature::hash_mmu] = true;
        if (line.ends_with(": Radix")) found[Feature::hash_mmu] = false;
    }
}

Result<FoundFeatures> read_features(const Root& root, std::string_view release,
                                    const std::optional<std::map<std::string, std::string>>& parameters,
                                    std::optional<bool> probe, std::optional<unsigned>& struct_page_size) {
    FoundFeatures found;
    if (auto status = add_config(root, release, found); !status) return status.error();
    if (auto status = add_types(root, found, struct_page_size); !status) return status.error();
    const auto cpuinfo = root.find("proc/cpuinfo", kCpuinfoLimit);
    if (!cpuinfo) return cpuinfo.error();
    if (*cpuinfo) features_of_cpuinfo(**cpuinfo, found);
    // Last, since what the running kernel shows in sysfs is the surest.
    features_of_sysfs(parameters, probe, found);
    return found;
}

}   // namespace memhot::host
