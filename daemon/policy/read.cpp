// SPDX-License-Identifier: GPL-2.0-or-later
//
// The keys of *.policy files, and how such a file is read.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "config/text.hpp"
#include "policy/policy.hpp"

namespace memhot::policy {

using config::Assignment;
using config::Key;
using config::Problem;
using config::Problems;
using config::quoted;

namespace {

// --- [Match] -------------------------------------------------------------------------------------------------------

template <auto criterion, class T>
Status add_items(Policy& policy, const Assignment& assignment, const std::string& path,
                 Result<T> (*parse)(std::string_view)) {
    auto& into = policy.match.*criterion;
    if (assignment.value.empty()) {   // an empty list forgets what was said before
        into = {};
        return Done{};
    }
    std::string_view text = assignment.value;
    const bool inverted = text.starts_with('!');
    if (inverted) text.remove_prefix(1);
    const auto words = config::words_of(text);
    if (words.empty()) return bad_input("expected something behind the \"!\"");
    for (const auto& word : words) {
        auto value = parse(word);
        if (!value) return std::move(value).error();
        into.items.push_back({*std::move(value), inverted});
    }
    into.text += (into.text.empty() ? "" : " ") + assignment.value;
    into.place = {path, assignment.line};
    return Done{};
}

Result<Source> parse_source(std::string_view text) {
    return config::parse_word(text, kSourceNames).map([](std::size_t i) { return static_cast<Source>(i); });
}

// "N" or "N-M" of what parse reads; where open is set also "N-" and "-M".
template <class Parse>
std::optional<Interval> interval_of(std::string_view text, bool open, Parse parse) {
    const auto dash = text.find('-');
    if (dash == std::string_view::npos) {
        const auto value = parse(text);
        return value ? std::optional(Interval{*value, *value}) : std::nullopt;
    }
    const std::string_view low = text.substr(0, dash);
    const std::string_view high = text.substr(dash + 1);
    if (low.empty() && high.empty()) return std::nullopt;
    if (!open && (low.empty() || high.empty())) return std::nullopt;
    Interval interval{0, std::numeric_limits<std::uint64_t>::max()};
    if (!low.empty()) {
        const auto value = parse(low);
        if (!value) return std::nullopt;
        interval.least = *value;
    }
    if (!high.empty()) {
        const auto value = parse(high);
        if (!value) return std::nullopt;
        interval.most = *value;
    }
    return interval.least <= interval.most ? std::optional(interval) : std::nullopt;
}

Result<Interval> parse_node(std::string_view text) {
    // MAX_NUMNODES is 1024 at most (CONFIG_NODES_SHIFT)
    const auto parse = [](std::string_view word) { return config::parse_count(word, 0, 1023); };
    if (const auto interval = interval_of(text, false, parse)) return *interval;
    return bad_input("expected numbers of nodes, such as \"1\" or \"0 2-3\"");
}

Result<Interval> parse_sizes(std::string_view text) {
    const auto parse = [](std::string_view word) { return parse_size(word); };
    if (const auto interval = interval_of(text, true, parse)) return *interval;
    return bad_input("expected sizes, such as \"16G\", \"1G-64G\", \"1G-\" or \"-64G\"");
}

Result<Range> parse_addresses(std::string_view text) {
    // blocks and sections have no size here: a policy is not of one host
    auto range = parse_range(text, RangeUnits{});
    if (range) return range;
    return bad_input("expected ranges of addresses, such as 0x240000000-0x43fffffff or 0x240000000+8G");
}

Result<std::string> parse_glob(std::string_view text) { return std::string(text); }

template <auto criterion, auto parse>
Status list_setter(Policy& policy, const Assignment& assignment, const std::string& path) {
    return add_items<criterion>(policy, assignment, path, +parse);
}

// --- [Online] and [Namespace] --------------------------------------------------------------------------------------

Status set_leave_alone(Policy& policy, const Assignment& assignment, const std::string& path) {
    auto value = assignment.value.empty() ? Result<bool>(false) : config::parse_boolean(assignment.value);
    if (!value) return std::move(value).error();
    policy.online.leave_alone = *value;
    if (*value) policy.online_place = {path, assignment.line};
    return Done{};
}

Status set_zone(Policy& policy, const Assignment& assignment, const std::string& path) {
    constexpr std::array<std::string_view, 3> kZones{"auto", "kernel", "movable"};   // in the order of WantedZone
    const auto value = config::parse_word(assignment.value.empty() ? "auto" : assignment.value, kZones);
    if (!value) return value.error();
    policy.online.zone = static_cast<WantedZone>(*value);
    policy.online_place = {path, assignment.line};
    return Done{};
}

Status set_ratio(Policy& policy, const Assignment& assignment, const std::string& path) {
    policy.online.ratio.reset();
    if (assignment.value.empty()) return Done{};
    // auto_movable_ratio is an unsigned int; beyond this it is no limit any more
    const auto value = config::parse_count(assignment.value, 1, 100'000);
    if (!value) return bad_input(value.error().text() + ": movable memory in percent of kernel memory");
    policy.online.ratio = static_cast<unsigned>(*value);
    policy.ratio_place = {path, assignment.line};
    return Done{};
}

Status set_wait(Policy& policy, const Assignment& assignment, const std::string&) {
    auto value = assignment.value.empty() ? Result<bool>(false) : config::parse_boolean(assignment.value);
    if (!value) return std::move(value).error();
    policy.online.wait_for_whole_device = *value;
    return Done{};
}

// systemd.unit(5): the characters of a name, at most 255 of them.
bool is_unit(std::string_view name) {
    const bool kind = name.ends_with(".service") || name.ends_with(".target");
    return kind && name.size() <= 255 && name.front() != '.' &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@") ==
               std::string_view::npos;
}

Status set_post_units(Policy& policy, const Assignment& assignment, const std::string&) {
    if (assignment.value.empty()) policy.online.post_units.clear();
    for (auto& unit : config::words_of(assignment.value)) {
        if (!is_unit(unit)) return bad_input("expected names of units that end with .service or .target");
        policy.online.post_units.push_back(std::move(unit));
    }
    return Done{};
}

Status set_reconfigure(Policy& policy, const Assignment& assignment, const std::string& path) {
    policy.ns.reconfigure.reset();
    if (assignment.value.empty()) return Done{};
    const auto value = config::parse_word(assignment.value, kModeNames);
    if (!value) return value.error();
    policy.ns.reconfigure = static_cast<Mode>(*value);
    policy.namespace_place = {path, assignment.line};
    return Done{};
}

Status set_destroy_data(Policy& policy, const Assignment& assignment, const std::string&) {
    auto value = assignment.value.empty() ? Result<bool>(false) : config::parse_boolean(assignment.value);
    if (!value) return std::move(value).error();
    policy.ns.destroy_data = *value;
    return Done{};
}

constexpr std::array<Key<Policy>, 13> kKeys{{
    {"Match", "Source", "list", "", "where the memory came from: kmem, cxl, hmem, virtio-mem, acpi, probe",
     list_setter<&Match::source, parse_source>},
    {"Match", "Node", "list", "", "the NUMA node: \"1\", \"0 2-3\"", list_setter<&Match::node, parse_node>},
    {"Match", "Range", "list", "", "physical addresses that it lies in as a whole: START-END, START+SIZE",
     list_setter<&Match::range, parse_addresses>},
    {"Match", "Size", "list", "",
     "how large the device is, or the block where it has none: \"16G\", \"1G-64G\", \"1G-\"",
     list_setter<&Match::size, parse_sizes>},
    {"Match", "Uuid", "list of globs", "", "of the namespace or CXL region", list_setter<&Match::uuid, parse_glob>},
    {"Match", "Device", "list of globs", "",
     "a name of it or of what it lies on: memory40, dax0.0, namespace0.0, region0; * is everything",
     list_setter<&Match::device, parse_glob>},
    {"Online", "LeaveAlone", "boolean", "no", "nothing is done with its memory blocks", set_leave_alone},
    {"Online", "Zone", "word", "auto", "movable, kernel, or auto: the kernel's own policy chooses", set_zone},
    {"Online", "Ratio", "percent", "", "the most movable memory, in percent of kernel memory", set_ratio},
    {"Online", "WaitForWholeDevice", "boolean", "no", "no block goes online before all blocks of the device are there",
     set_wait},
    {"Online", "PostOnlineUnit", "list", "",
     "units of systemd that are started once its blocks are online, such as one that reloads kdump", set_post_units},
    {"Namespace", "Reconfigure", "word", "",
     "what a dax device (system-ram, devdax) or a namespace (fsdax, devdax, sector, raw) is made into",
     set_reconfigure},
    {"Namespace", "DestroyData", "boolean", "no", "Reconfigure= may destroy what is stored there", set_destroy_data},
}};

// --- a file --------------------------------------------------------------------------------------------------------

// A criterion that is left out makes a policy match more, and what is left out of [Namespace] may be what keeps data. Only
// [Online], which destroys nothing, is read as systemd reads its files.
bool may_not_be_left_out(std::string_view section) { return section != "Online" && !config::is_extension(section); }

bool matches_nothing(const Match& match) {
    return match.source.items.empty() && match.node.items.empty() && match.range.items.empty() &&
           match.size.items.empty() && match.uuid.items.empty() && match.device.items.empty();
}

// Keys that are good alone and not together.
void check_together(const Policy& policy, Problems& problems) {
    const auto say = [&](Problem::Severity severity, const Place& place, std::string text) {
        problems.push_back({severity, place, std::move(text)});
    };
    const Online& online = policy.online;
    const bool also = !online.post_units.empty();
    if (online.leave_alone &&
        (also || online.zone != WantedZone::automatic || online.ratio || online.wait_for_whole_device)) {
        say(Problem::Severity::error, policy.online_place,
            "LeaveAlone=yes excludes the other keys of [Online]: expected one of them");
    }
    if (online.ratio && online.zone == WantedZone::kernel) {
        say(Problem::Severity::error, policy.ratio_place,
            "Ratio= limits movable memory: expected Zone=auto or Zone=movable with it");
    }
    if (policy.ns.destroy_data && !policy.ns.reconfigure) {
        say(Problem::Severity::warning, {policy.path, 0}, "DestroyData= does nothing without Reconfigure=");
    }
    if (!policy.has_online && !policy.has_namespace) {
        say(Problem::Severity::warning, {policy.path, 0},
            "it has neither [Online] nor [Namespace]: what it matches is left alone");
    }
}

// auto_movable_ratio is one for the whole kernel.
void check_ratios(const Policies& policies, Problems& problems) {
    const Policy* first = nullptr;
    for (const auto& policy : policies) {
        if (policy.online.zone != WantedZone::automatic || !policy.online.ratio) continue;
        if (first != nullptr && first->online.ratio != policy.online.ratio) {
            problems.push_back(
                {Problem::Severity::error, policy.ratio_place,
                 fmt::format("Ratio={} with Zone=auto: the kernel has one auto_movable_ratio, and {} says "
                             "{}; expected the same",
                             *policy.online.ratio, to_string(first->ratio_place), *first->online.ratio)});
        }
        if (first == nullptr) first = &policy;
    }
}

}   // namespace

std::span<const Key<Policy>> policy_keys() { return kKeys; }

std::string Policy::name() const { return path.substr(path.rfind('/') + 1); }

bool Policy::matches_everything() const {
    Match everything;
    everything.device = match.device;
    const bool star = std::ranges::any_of(match.device.items, [](const auto& item) { return item.value == "*"; });
    const bool plain = std::ranges::none_of(match.device.items, [](const auto& item) { return item.inverted; });
    return star && plain && match == everything;
}

std::optional<Policy> parse_policy(std::string_view text, const std::string& path, Problems& problems) {
    const std::size_t before = problems.size();
    const auto file = config::parse_ini(text, path, problems, may_not_be_left_out);
    Policy policy;
    policy.path = path;
    for (const auto& head : file.sections) {
        if (head.name == "Online" && !std::exchange(policy.has_online, true)) policy.online_place = {path, head.line};
        if (head.name == "Namespace" && !std::exchange(policy.has_namespace, true))
            policy.namespace_place = {path, head.line};
    }
    config::apply(file, path, policy_keys(), policy, problems, may_not_be_left_out);
    check_together(policy, problems);
    if (!matches_nothing(policy.match)) return policy;
    const bool wrong = config::has_errors({problems.begin() + static_cast<std::ptrdiff_t>(before), problems.end()});
    if (!wrong) {   // else nothing counts anyway
        problems.push_back({Problem::Severity::warning,
                            {path, 0},
                            "nothing in [Match], the file is ignored; Device=* would match everything"});
    }
    return std::nullopt;
}

LoadedPolicies load_policies(const std::string& root, const std::optional<std::string>& directory) {
    LoadedPolicies loaded;
    const auto directories = directory ? std::vector<std::string>{*directory} : config::places_of("memhot/policy.d");
    auto files = config::find_files(root, directories, ".policy");
    if (!files) {
        loaded.problems.push_back({Problem::Severity::error, {"*.policy", 0}, files.error().message()});
        return loaded;
    }
    for (auto& file : *files) {
        if (file.state == config::FileState::used) {
            if (auto policy = parse_policy(file.text, file.path, loaded.problems)) {
                loaded.policies.push_back(*std::move(policy));
            }
        }
        loaded.files.push_back(std::move(file));
    }
    check_ratios(loaded.policies, loaded.problems);
    return loaded;
}

Problems reload(const std::string& root, Policies& current) {
    auto loaded = load_policies(root);
    if (!config::has_errors(loaded.problems)) current = std::move(loaded.policies);
    return std::move(loaded.problems);
}

}   // namespace memhot::policy
