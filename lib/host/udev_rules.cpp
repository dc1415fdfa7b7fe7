// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/udev_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace memhot::host {

namespace {

constexpr std::size_t kLargestFile = std::size_t{1} << 20;
// First wins. /lib/udev is a directory of its own where /usr is not merged.
constexpr std::array<std::string_view, 4> kDirectories{"etc/udev/rules.d", "run/udev/rules.d", "usr/lib/udev/rules.d",
                                                       "lib/udev/rules.d"};

// Files that skip everything else by GOTO do not name the subsystem where they write the state (RHEL's 40-redhat.rules).
bool is_about_memory(std::string_view rule) {
    constexpr std::array<std::string_view, 4> kTelling{"SUBSYSTEM==\"memory\"", "SUBSYSTEM==\"dax\"", "daxctl",
                                                       "ATTR{state}=\""};
    return std::ranges::any_of(kTelling,
                               [&](std::string_view word) { return rule.find(word) != std::string_view::npos; });
}

// Logical lines: a backslash at the end joins the next one; comments are left out.
void take_rules(std::string_view text, const std::string& path, std::vector<UdevRuleRecord>& out) {
    std::string rule;
    std::uint64_t number = 0;
    std::uint64_t first = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        ++number;
        if (rule.empty()) first = number;
        if (line.starts_with('#')) continue;
        const bool goes_on = line.ends_with('\\');
        if (goes_on) line.remove_suffix(1);
        rule += line;
        if (goes_on) continue;
        if (is_about_memory(rule)) out.push_back({path, first, rule});
        rule.clear();
    }
}

// The path of each file that counts, by file name.
Result<std::map<std::string, std::string>> files_that_count(const Root& root) {
    std::map<std::string, std::string> files;
    for (const auto directory : kDirectories) {
        auto names = root.list(directory);
        if (!names) return names.error();
        for (const auto& name : names->value_or(std::vector<std::string>{})) {
            if (name.ends_with(".rules")) files.try_emplace(name, fmt::format("{}/{}", directory, name));
        }
    }
    return files;
}

}   // namespace

Result<std::vector<UdevRuleRecord>> read_udev_rules(const Root& root) {
    auto files = files_that_count(root);
    if (!files) return files.error();
    std::vector<UdevRuleRecord> rules;
    for (const auto& [_, path] : *files) {
        auto text = root.find(path, kLargestFile);
        // a rule file that may not be read, or a link to /dev/null, is no reason to refuse the host
        if (!text || !*text) continue;
        take_rules(**text, "/" + path, rules);
    }
    return rules;
}

}   // namespace memhot::host
