// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/parameters.hpp"

#include <array>
#include <charconv>
#include <limits>

namespace memhot {

namespace {

// kstrtobool() knows more words; these are the ones that parameters print and people write.
bool is_yes(std::string_view value) {
    return !value.empty() && (value[0] == 'y' || value[0] == 'Y' || value[0] == '1' || value == "on");
}

// memparse(): a number with a suffix; 0 where there is none, as the kernel takes it.
std::uint64_t memparse(std::string_view text, std::string_view& rest) {
    const bool is_hex = text.starts_with("0x") || text.starts_with("0X");
    if (is_hex) text.remove_prefix(2);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, is_hex ? 16 : 10);
    rest = text.substr(static_cast<std::size_t>(end - text.data()));
    if (error != std::errc{} || rest.empty()) return value;
    constexpr std::string_view kSuffixes = "kmgtpe";
    const auto power = kSuffixes.find(static_cast<char>(rest[0] | 0x20));
    if (power == std::string_view::npos) return value;
    rest.remove_prefix(1);
    return value << (10 * (power + 1));
}

// A parameter of memory_hotplug: from its file, else from the command line.
std::optional<std::string> parameter(const Snapshot& snapshot, const std::string& name) {
    const auto found = snapshot.parameters.find(name);
    if (found != snapshot.parameters.end()) return found->second;
    return command_line_value(snapshot.cmdline, "memory_hotplug." + name);
}

OnlineType default_online(const Snapshot& snapshot, const KernelProfile& profile) {
    auto word = snapshot.auto_online_blocks;
    if (!word) word = command_line_value(snapshot.cmdline, "memhp_default_state");
    if (word) {
        if (const auto type = parse_default_online(*word, profile)) return *type;
    }
    return profile.has(Feature::default_online) ? OnlineType::online : OnlineType::offline;
}

MemmapOnMemory memmap_on_memory(const Snapshot& snapshot, const KernelProfile& profile) {
    if (!profile.has(Feature::memmap_on_memory)) return MemmapOnMemory::off;
    const auto value = parameter(snapshot, "memmap_on_memory");
    if (!value) return MemmapOnMemory::off;
    if (*value == "force" && profile.has(Feature::memmap_on_memory_force)) return MemmapOnMemory::force;
    return is_yes(*value) || value->empty() ? MemmapOnMemory::on : MemmapOnMemory::off;
}

}   // namespace

std::optional<OnlineType> parse_online_type(std::string_view word) {
    if (word == "offline") return OnlineType::offline;
    if (word == "online") return OnlineType::online;
    if (word == "online_kernel") return OnlineType::kernel;
    if (word == "online_movable") return OnlineType::movable;
    return std::nullopt;
}

std::string_view to_string(OnlineType type) {
    constexpr std::array<std::string_view, 4> kWords{"offline", "online", "online_kernel", "online_movable"};
    return kWords[static_cast<std::size_t>(type)];
}

std::optional<OnlineType> parse_default_online(std::string_view word, const KernelProfile& profile) {
    const auto type = parse_online_type(word);
    const bool is_one_of_two = type == OnlineType::offline || type == OnlineType::online;
    return is_one_of_two || profile.has(Feature::default_online_types) ? type : std::nullopt;
}

std::optional<std::string> command_line_value(std::string_view cmdline, std::string_view name) {
    std::optional<std::string> value;
    while (!cmdline.empty()) {
        const std::size_t end = std::min(cmdline.find_first_of(" \n\t"), cmdline.size());
        const std::string_view word = cmdline.substr(0, end);
        if (word == name) value = "";
        if (word.size() > name.size() && word.starts_with(name) && word[name.size()] == '=') {
            value = std::string(word.substr(name.size() + 1));
        }
        cmdline.remove_prefix(std::min(end + 1, cmdline.size()));
    }
    return value;
}

HotplugPolicy read_policy(const Snapshot& snapshot, const KernelProfile& profile) {
    HotplugPolicy policy;
    policy.default_online = default_online(snapshot, profile);
    policy.memmap_on_memory = memmap_on_memory(snapshot, profile);
    policy.movable_node = command_line_value(snapshot.cmdline, "movable_node").has_value();
    if (!profile.has(Feature::auto_movable)) return policy;
    policy.auto_movable = parameter(snapshot, "online_policy") == "auto-movable";
    if (const auto ratio = parameter(snapshot, "auto_movable_ratio")) {
        std::string_view rest;
        policy.auto_movable_ratio = memparse(*ratio, rest);
    }
    if (const auto aware = parameter(snapshot, "auto_movable_numa_aware")) {
        policy.auto_movable_numa_aware = is_yes(*aware) || aware->empty();
    }
    return policy;
}

std::uint64_t read_mem_limit(std::string_view cmdline) {
    std::string_view rest;
    const auto value = command_line_value(cmdline, "mem");
    const std::uint64_t bytes = value ? memparse(*value, rest) : 0;
    return bytes != 0 ? bytes : std::numeric_limits<std::uint64_t>::max();   // 0 is refused, "nopentium" no size
}

CoreSize read_core_size(std::string_view cmdline, std::string_view name, std::uint64_t page_size) {
    const auto value = command_line_value(cmdline, name);
    if (!value) return {};
    std::string_view rest;
    const std::uint64_t number = memparse(*value, rest);
    if (rest == "%") return {.pages = 0, .percent = number};
    return {.pages = number / page_size, .percent = 0};
}

}   // namespace memhot
