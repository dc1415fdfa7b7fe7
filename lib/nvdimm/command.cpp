// SPDX-License-Identifier: LGPL-2.1-or-later
#include "nvdimm/command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace memhot {

namespace {

struct Program {
    std::string_view program;
    std::string_view verb;
    CommandAnswer (*run)(NdBus&, const std::vector<std::string>&);
};
constexpr std::array kPrograms{
    Program{"ndctl", "create-namespace", create_namespace},
    Program{"ndctl", "destroy-namespace", destroy_namespace},
    Program{"ndctl", "enable-namespace", enable_namespace},
    Program{"ndctl", "disable-namespace", disable_namespace},
    Program{"daxctl", "reconfigure-device", reconfigure_device},
    Program{"daxctl", "online-memory", online_memory},
    Program{"daxctl", "offline-memory", offline_memory},
    Program{"daxctl", "create-device", create_device},
    Program{"daxctl", "destroy-device", destroy_device},
    Program{"daxctl", "enable-device", enable_device},
    Program{"daxctl", "disable-device", disable_device},
};

CommandAnswer run(NdBus& bus, const CommandLine& command) {
    if (command.program == "write") {
        return write_attribute(bus, command.verb, command.arguments.empty() ? "" : command.arguments.front());
    }
    const auto* found = std::ranges::find_if(
        kPrograms, [&](const Program& one) { return one.program == command.program && one.verb == command.verb; });
    if (found != kPrograms.end()) return found->run(bus, command.arguments);
    Console console;
    console.say(fmt::format("Unknown command: '{}'", command.verb));
    return console.finish(1, {0, command.program == "daxctl" ? RuleId::daxctl_usage : RuleId::ndctl_usage});
}

}   // namespace

// kernfs_name_hash() without a namespace: partial_name_hash() of each character, hash_64() to 32 bits.
std::uint32_t sysfs_order(std::string_view name) {
    constexpr std::uint64_t kGoldenRatio = 0x61c8864680b583eb;
    constexpr std::uint32_t kLargest = 0x7fffffff;
    std::uint64_t hash = 0;
    for (const char c : name) {
        const auto byte = static_cast<unsigned char>(c);
        hash = (hash + (static_cast<std::uint64_t>(byte) << 4) + (byte >> 4)) * 11;
    }
    const auto folded = static_cast<std::uint32_t>(hash * kGoldenRatio >> 32) & kLargest;
    if (folded < 2) return folded + 2;   // reserved for "." and ".."
    return folded == kLargest ? kLargest - 1 : folded;
}

CommandLine split_command(std::string_view text) {
    CommandLine line;
    std::vector<std::string> words;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        if (end != 0) words.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (!words.empty()) line.program = words[0];
    if (words.size() > 1) line.verb = words[1];
    if (words.size() > 2) line.arguments.assign(words.begin() + 2, words.end());
    return line;
}

std::string to_string(const CommandLine& command) {
    if (command.program == "write") {
        return fmt::format("echo {} > {}", command.arguments.empty() ? "" : command.arguments.front(), command.verb);
    }
    std::string text = command.program + " " + command.verb;
    for (const auto& argument : command.arguments) text += " " + argument;
    return text;
}

CommandAnswer run_command(NdBus& bus, const CommandLine& command) {
    bus.log.clear();
    bus.unmapped.clear();
    CommandAnswer answer = run(bus, command);
    answer.log = std::exchange(bus.log, {});
    if (!answer.uncertain) answer.certain_log = answer.log.size();
    return answer;
}

std::vector<std::uint64_t> directory_order(std::vector<std::uint64_t> blocks) {
    std::ranges::sort(blocks, {}, [](std::uint64_t number) { return sysfs_order(fmt::format("memory{}", number)); });
    return blocks;
}

}   // namespace memhot
