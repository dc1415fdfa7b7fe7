// SPDX-License-Identifier: LGPL-2.1-or-later
//
// /proc/meminfo: what the kernel takes for available (fs/proc/meminfo.c, si_mem_available).
#include <fmt/format.h>

#include <algorithm>

#include "host/proc_files.hpp"

namespace memhot::host {

namespace {

constexpr std::size_t kMeminfoLimit = 64 << 10;
constexpr std::string_view kLabel = "MemAvailable:";

}   // namespace

Result<std::optional<std::uint64_t>> parse_available_memory(std::string_view text) {
    auto at = text.find(kLabel);
    while (at != std::string_view::npos && at != 0 && text[at - 1] != '\n') at = text.find(kLabel, at + 1);
    if (at == std::string_view::npos) return std::optional<std::uint64_t>();
    std::string_view line = text.substr(at + kLabel.size());
    const auto end = line.find('\n');
    if (end == std::string_view::npos) return bad_input("cut short: the line of MemAvailable has no end");
    line = line.substr(0, end);
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    const auto number = line.ends_with(" kB") ? parse_number(line.substr(0, line.size() - 3)) : parse_number("");
    if (!number || *number > (~0ULL >> 10)) {
        return bad_input(fmt::format("MemAvailable: \"{}\", expected a number of kB", line));
    }
    return std::optional<std::uint64_t>(*number << 10);
}

Result<std::optional<std::uint64_t>> read_available_memory(const Root& root) {
    const auto text = root.find("proc/meminfo", kMeminfoLimit);
    if (!text) return text.error();
    if (!*text) return std::optional<std::uint64_t>();
    return parse_available_memory(**text).with_context(root.shown("proc/meminfo"));
}

}   // namespace memhot::host
