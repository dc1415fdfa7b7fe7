// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which releases there are, and what a distribution's release string says and hides.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "kernel/tables.hpp"
#include "memhot/units.hpp"

namespace memhot::kernel {
namespace {

constexpr std::array kSeries{Series{5, 3, 19}, Series{6, 0, 19}, Series{7, 0, 3}};

// linux-image-ABI-FLAVOUR of Debian: which upstream release it was built from (`uname -v` says it on the host).
constexpr std::array kReleases{
    ReleaseRow{"5.10.0-32", {5, 10, 223}},
    ReleaseRow{"6.1.0-54", {6, 1, 190}},
};

struct PageToken {
    std::string_view text;
    std::uint64_t size;
};
constexpr std::array kPageTokens{
    PageToken{"4k", 4 * kKiB}, PageToken{"16k", 16 * kKiB}, PageToken{"64k", 64 * kKiB}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Where the number in front ends.
std::size_t number_length(std::string_view release) {
    const auto end = std::ranges::find_if(release, [](char c) { return !is_digit(c) && c != '.'; });
    return static_cast<std::size_t>(end - release.begin());
}

void read_token(std::string_view token, ReleaseParts& parts) {
    if (auto arch = parse_arch(token)) parts.arch = *arch;
    for (const auto& page : kPageTokens)
        if (page.text == token) parts.page_size = page.size;
    if (token.size() > 2 && token.starts_with("el") && is_digit(token[2])) parts.enterprise = true;
}

}   // namespace

std::span<const Series> known_series() { return kSeries; }
std::span<const ReleaseRow> known_releases() { return kReleases; }

const ReleaseRow* find_release(std::string_view release) {
    for (const auto& row : kReleases) {
        if (!release.starts_with(row.abi)) continue;
        const auto flavour = release.substr(row.abi.size());
        if (flavour.empty() || flavour.front() == '-') return &row;
    }
    return nullptr;
}

Result<ReleaseParts> parse_release(std::string_view release) {
    auto version = parse_version(release);
    if (!version) return std::move(version).error();
    ReleaseParts parts;
    parts.version = *version;
    std::string_view rest = release.substr(number_length(release));
    parts.hides_patch = parts.version.patch == 0 && rest.size() > 1 && rest.front() == '-' && is_digit(rest[1]);
    while (!rest.empty()) {
        const auto end = std::min(rest.find_first_of("-.+"), rest.size());
        read_token(rest.substr(0, end), parts);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (const auto* known = find_release(release)) {
        parts.version = known->version;
        parts.hides_patch = false;
    }
    return parts;
}

}   // namespace memhot::kernel
