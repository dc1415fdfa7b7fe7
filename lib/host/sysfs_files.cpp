// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Small files of sysfs (sysfs_files.hpp).
#include "host/sysfs_files.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "host/memory_blocks.hpp"
#include "host/nodes.hpp"
#include "memhot/units.hpp"
#include "units/quote.hpp"

namespace memhot::host {
namespace {

constexpr std::string_view kMemory = "sys/devices/system/memory";
constexpr std::string_view kParameters = "sys/module/memory_hotplug/parameters";
constexpr std::string_view kPossible = "sys/devices/system/node/possible";
constexpr std::string_view kFirmware = "sys/firmware/memmap";

std::optional<int> parse_node(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < 0 || value > kMaxNode) return std::nullopt;
    return value;
}

Result<std::uint64_t> read_address(const Root& root, const std::string& path) {
    const auto word = root.read_word(path);
    if (!word) return word.error();
    return parse_hex(*word).with_context(root.shown(path));
}

// The range of one entry; absent where it is not RAM, or was removed meanwhile.
Result<std::optional<std::string>> read_firmware_entry(const Root& root, std::uint64_t number) {
    const std::string directory = fmt::format("{}/{}", kFirmware, number);
    const auto type = root.find_word(directory + "/type");
    if (!type) return type.error();
    if (!*type || **type != "System RAM") return std::optional<std::string>();
    const auto start = read_address(root, directory + "/start");
    if (!start) return start.error();
    const auto end = read_address(root, directory + "/end");
    if (!end) return end.error();
    if (*start > *end) {
        return bad_input(fmt::format("{}: end {} is below start {}", root.shown(directory), hex(*end), hex(*start)));
    }
    return std::optional(to_string(Range{*start, *end}));
}

}   // namespace

Result<MemoryKnobs> read_memory_knobs(const Root& root) {
    MemoryKnobs knobs;
    const auto there = root.exists(kMemory);
    if (!there) return there.error();
    if (!*there) return knobs;
    auto word = root.find_word(fmt::format("{}/auto_online_blocks", kMemory));
    if (!word) return word.error();
    knobs.auto_online_blocks = std::move(*word);
    const auto probe = root.exists(fmt::format("{}/probe", kMemory));
    if (!probe) return probe.error();
    knobs.probe = *probe;
    return knobs;
}

Result<std::optional<std::map<std::string, std::string>>> read_hotplug_parameters(const Root& root) {
    using Parameters = std::map<std::string, std::string>;
    const auto names = root.list(kParameters);
    if (!names) return names.error();
    if (!*names) return std::optional<Parameters>();
    Parameters parameters;
    for (const auto& name : **names) {
        auto value = root.find_word(fmt::format("{}/{}", kParameters, name));
        if (!value) return value.error();
        if (*value) parameters.emplace(name, std::move(**value));
    }
    return std::optional(std::move(parameters));
}

bool is_cpulist(std::string_view text) {
    if (text.empty() || text.size() > 4096) return false;
    for (;;) {
        const auto comma = text.find(',');
        const auto part = text.substr(0, comma);
        const auto dash = part.find('-');
        const auto first = parse_node(part.substr(0, dash));
        const auto last = dash == std::string_view::npos ? first : parse_node(part.substr(dash + 1));
        if (!first || !last || *first > *last) return false;
        if (comma == std::string_view::npos) return true;
        text.remove_prefix(comma + 1);
    }
}

Result<std::optional<std::string>> read_possible_nodes(const Root& root) {
    auto word = root.find_word(kPossible);
    if (!word || !*word || is_cpulist(**word)) return word;
    return bad_input(
        fmt::format("{}: {}, expected node numbers such as 0-1,3", root.shown(kPossible), units::quoted(**word)));
}

Result<std::vector<std::string>> read_firmware_ram(const Root& root) {
    std::vector<std::string> ram;
    const auto names = root.list(kFirmware);
    if (!names) return names.error();
    if (!*names) return ram;
    std::vector<std::uint64_t> numbers;
    for (const auto& name : **names) {
        if (const auto number = numbered_name(name, "")) numbers.push_back(*number);
    }
    std::ranges::sort(numbers);
    for (const auto number : numbers) {
        auto range = read_firmware_entry(root, number);
        if (!range) return range.error();
        if (*range) ram.push_back(std::move(**range));
    }
    return ram;
}

}   // namespace memhot::host
