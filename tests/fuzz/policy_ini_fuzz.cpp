// SPDX-License-Identifier: GPL-2.0-or-later
//
// Any text as memhotd.conf and as a policy: every problem is one short line that names the file and a line that is there,
// what is taken keeps to its syntax, and a policy that is taken gives an answer about a block.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "config/settings.hpp"
#include "config/text.hpp"
#include "policy/match.hpp"

namespace {

using namespace memhot;

void require(bool holds) {
    if (!holds) std::abort();
}

void check_problems(const config::Problems& problems, std::uint64_t lines) {
    for (const auto& problem : problems) {
        const auto line = to_string(problem);
        require(line.starts_with("fuzz") && line.size() < 2048);
        for (const char c : line) require(c >= 0x20 && c < 0x7f);
        require(problem.place.line <= lines);
    }
}

void check_ini(const config::IniFile& file, std::uint64_t lines) {
    std::uint64_t before = 0;
    for (const auto& one : file.assignments) {
        require(!one.key.empty() && !one.section.empty());
        require(one.key.find('=') == std::string::npos && one.key.find('\n') == std::string::npos);
        require(config::trimmed(one.value) == one.value && config::is_utf8(one.value));
        require(one.line > before && one.line <= lines);
        before = one.line;
    }
}

policy::Subject a_block() {
    policy::Subject subject;
    subject.name = "memory40";
    subject.devices = {"memory40", "dax0.0"};
    subject.ranges = {{0x140000000, 0x147ffffff}};
    subject.size = kGiB;
    subject.sources[0] = policy::Tri::yes;
    subject.sources[4] = policy::Tri::unknown;
    return subject;
}

}   // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto lines = static_cast<std::uint64_t>(std::ranges::count(text, '\n')) + 1;
    config::Problems problems;
    config::Settings settings;
    const auto file = config::parse_ini(text, "fuzz", problems);
    check_ini(file, lines);
    config::apply(file, "fuzz", config::setting_keys(), settings, problems);
    check_problems(problems, lines);
    problems.clear();
    if (const auto one = policy::parse_policy(text, "fuzz", problems)) {
        const auto answer = policy::match(*one, a_block());
        require((answer.matches == policy::Tri::yes) == answer.why.empty());
    }
    check_problems(problems, lines);
    return 0;
}
