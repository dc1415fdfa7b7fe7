// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/nd_commands.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "output/text.hpp"

namespace memhotctl {

using memhot::bad_input;
using memhot::CommandLine;
using memhot::Result;

namespace {

struct Row {
    std::string_view word;
    std::string_view program;
    std::string_view verb;
};
constexpr auto kRows = std::to_array<Row>({
    {"create-namespace", "ndctl", "create-namespace"},
    {"reconfigure", "ndctl", "create-namespace"},   // with -e in front of the name
    {"destroy", "ndctl", "destroy-namespace"},
    {"destroy-namespace", "ndctl", "destroy-namespace"},
    {"enable-namespace", "ndctl", "enable-namespace"},
    {"disable-namespace", "ndctl", "disable-namespace"},
    {"reconfigure-dax", "daxctl", "reconfigure-device"},
    {"reconfigure-device", "daxctl", "reconfigure-device"},
    {"create-device", "daxctl", "create-device"},
    {"destroy-device", "daxctl", "destroy-device"},
    {"enable-device", "daxctl", "enable-device"},
    {"disable-device", "daxctl", "disable-device"},
    {"online-memory", "daxctl", "online-memory"},
    {"offline-memory", "daxctl", "offline-memory"},
    {"write", "write", ""},
});

constexpr auto kWords = [] {
    std::array<std::string_view, kRows.size()> words;
    std::ranges::transform(kRows, words.begin(), &Row::word);
    return words;
}();

// Files that hold a name, a size or an align of nvdimm, dax and CXL devices.
Result<CommandLine> parse_write(const std::vector<std::string>& arguments) {
    const bool path = !arguments.empty() && arguments.front().starts_with("/sys/");
    if (arguments.size() == 2 && path) {
        return CommandLine{.program = "write", .verb = arguments.front(), .arguments = {arguments.back()}};
    }
    return bad_input("write: expected a path below /sys and what is written, such as "
                     "/sys/bus/nd/devices/region0/align 16777216");
}

Result<CommandLine> parse_one(std::string_view word, std::vector<std::string> arguments) {
    const auto* row = std::ranges::find(kRows, word, &Row::word);
    if (row == kRows.end())
        return bad_input(fmt::format("{} behind then: expected a word such as destroy", in_quotes(word)));
    if (row->program == "write") return parse_write(arguments);
    if (word == "reconfigure") {
        if (arguments.empty() || arguments.front().starts_with('-')) {
            return bad_input("reconfigure: expected the namespace first, then the options of ndctl create-namespace");
        }
        arguments.insert(arguments.begin(), "-e");
    }
    return CommandLine{
        .program = std::string(row->program), .verb = std::string(row->verb), .arguments = std::move(arguments)};
}

}   // namespace

std::span<const std::string_view> nd_words() { return kWords; }
bool is_nd_word(std::string_view word) { return std::ranges::find(kWords, word) != kWords.end(); }

Result<std::vector<CommandLine>> parse_nd_commands(const std::vector<std::string>& words) {
    std::vector<CommandLine> out;
    for (auto at = words.begin(); at != words.end();) {
        const auto end = std::find(at, words.end(), "then");
        if (at == end) return bad_input("then: expected a command on both sides");
        auto command = parse_one(*at, {at + 1, end});
        if (!command) return std::move(command).error();
        out.push_back(*std::move(command));
        at = end == words.end() ? end : end + 1;
        if (end != words.end() && at == words.end()) return bad_input("then: expected a command on both sides");
    }
    return out;
}

}   // namespace memhotctl
