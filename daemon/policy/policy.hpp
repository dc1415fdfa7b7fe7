// SPDX-License-Identifier: GPL-2.0-or-later
//
// *.policy files (memhot.policy(5)): which memory and devices a rule is about, and what is done with them. Plain values;
// reading is in read.cpp, what a rule means for a host in decide.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/files.hpp"
#include "config/keys.hpp"
#include "config/problem.hpp"
#include "memhot/plan.hpp"

namespace memhot::policy {

using config::Place;

// Where memory came from.
enum class Source : std::uint8_t { kmem, cxl, hmem, virtio_mem, acpi, probe };
inline constexpr std::array<std::string_view, 6> kSourceNames{"kmem", "cxl", "hmem", "virtio-mem", "acpi", "probe"};
inline constexpr std::size_t kSources = kSourceNames.size();

// Inclusive.
struct Interval {
    std::uint64_t least = 0;
    std::uint64_t most = 0;
    friend bool operator==(const Interval&, const Interval&) = default;
};

// A word of a list; "!" in front of an assignment turns all of its words round.
template <class T>
struct Item {
    T value{};
    bool inverted = false;
    friend bool operator==(const Item&, const Item&) = default;
};
// A key of [Match]. It holds where one of the plain words does (or there is none) and no inverted one does, as
// net_condition_test_strv() of systemd has it. Without words the key was not given.
template <class T>
struct Criterion {
    std::vector<Item<T>> items;
    std::string text;   // as it was written
    Place place;   // of the last assignment
    friend bool operator==(const Criterion&, const Criterion&) = default;
};

struct Match {
    Criterion<Source> source;
    Criterion<Interval> node;
    Criterion<Range> range;
    Criterion<Interval> size;
    Criterion<std::string> uuid;   // globs
    Criterion<std::string> device;
    friend bool operator==(const Match&, const Match&) = default;
};

// What a namespace or dax device is made into; the words of ndctl and daxctl.
enum class Mode : std::uint8_t { system_ram, devdax, fsdax, sector, raw };
inline constexpr std::array<std::string_view, 5> kModeNames{"system-ram", "devdax", "fsdax", "sector", "raw"};

struct Online {
    bool leave_alone = false;
    WantedZone zone = WantedZone::automatic;
    std::optional<unsigned> ratio;   // percent
    bool wait_for_whole_device = false;
    std::vector<std::string> post_units;   // of systemd
    friend bool operator==(const Online&, const Online&) = default;
};

struct Namespace {
    std::optional<Mode> reconfigure;
    bool destroy_data = false;
    friend bool operator==(const Namespace&, const Namespace&) = default;
};

struct Policy {
    std::string path;
    Match match;
    bool has_online = false;
    bool has_namespace = false;
    Online online;
    Namespace ns;
    // Where what it does is said: the section's head, or the key that says most.
    Place online_place;
    Place namespace_place;
    Place ratio_place;
    friend bool operator==(const Policy&, const Policy&) = default;

    // "10-cxl.policy"
    [[nodiscard]] std::string name() const;
    // Its [Match] is Device=* and nothing else.
    [[nodiscard]] bool matches_everything() const;
};

std::span<const config::Key<Policy>> policy_keys();

// In the order in which they are asked: the first that matches decides.
using Policies = std::vector<Policy>;

struct LoadedPolicies {
    Policies policies;
    std::vector<config::ConfigFile> files;   // all that were found
    config::Problems problems;
};

// One file. Without anything in [Match] it is left out with a warning, as systemd-networkd does: Device=* says everything.
std::optional<Policy> parse_policy(std::string_view text, const std::string& path, config::Problems& problems);
// memhot/policy.d below /etc, /run, /usr/local/lib and /usr/lib; or that one directory instead.
LoadedPolicies load_policies(const std::string& root, const std::optional<std::string>& directory = std::nullopt);
// Reads them again; current stays as it is where one of them has an error.
config::Problems reload(const std::string& root, Policies& current);

}   // namespace memhot::policy
