// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which releases there are, and what a distribution's release string says and hides.
#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>

#include "kernel/tables.hpp"
#include "memhot/units.hpp"

namespace memhot::kernel {
namespace {

constexpr std::array kSeries{Series{5, 3, 19}, Series{6, 0, 19}, Series{7, 0, 3}};

// Debian's linux-image-X.Y.0-ABI-FLAVOUR: the patch level behind ABI 1, 2, 3, ... From debian/changelog ("Bump ABI to
// N"; from 5.10.244 and 6.1.148 on each upload counts one up). Since 6.6 the name carries the version itself.
// clang-format off
constexpr unsigned k5_3[] = {7, 9, 15};
constexpr unsigned k5_4[] = {6, 8, 13, 19};
constexpr unsigned k5_5[] = {13, 17};
constexpr unsigned k5_6[] = {7, 14};
constexpr unsigned k5_7[] = {6, 10, 17};
constexpr unsigned k5_8[] = {7, 10, 14};
constexpr unsigned k5_9[] = {1, 6, 9, 11, 15};
constexpr unsigned k5_10[] = {
    5, 9, 13, 19, 26, 28, 40, 46, 70, 84,                       // 1 to 10
    92, 103, 106, 113, 120, 127, 136, 140, 149, 158,            // 11 to 20
    162, 178, 179, 179, 191, 197, 205, 209, 216, 218,           // 21 to 30
    221, 223, 226, 234, 237, 244, 247, 249, 251, 251,           // 31 to 40
    251, 251, 251, 257, 259, 262};
constexpr unsigned k5_14[] = {6, 9, 12, 16};
constexpr unsigned k5_15[] = {3, 5, 15};
constexpr unsigned k5_16[] = {7, 10, 11, 12, 14, 18};
constexpr unsigned k5_17[] = {3, 6, 11};
constexpr unsigned k5_18[] = {2, 5, 14, 16};
constexpr unsigned k5_19[] = {6, 11};
constexpr unsigned k6_0[] = {2, 6, 7, 8, 10, 12};
constexpr unsigned k6_1[] = {
    4, 7, 8, 11, 12, 15, 20, 25, 27, 38,                        // 1 to 10
    38, 52, 55, 64, 66, 67, 69, 76, 82, 85,                     // 11 to 20
    90, 94, 99, 106, 106, 112, 115, 119, 123, 124,              // 21 to 30
    128, 129, 133, 135, 137, 139, 140, 147, 148, 153,           // 31 to 40
    158, 159, 162, 164, 170, 170, 170, 172, 174, 176,           // 41 to 50
    177, 180, 187, 190, 192, 192};
constexpr unsigned k6_3[] = {7, 11};
constexpr unsigned k6_4[] = {4, 4, 11, 13};
constexpr unsigned k6_5[] = {3, 6, 8, 10, 13};
// clang-format on

struct DebianSeries {
    unsigned major;
    unsigned minor;
    std::span<const unsigned> patches;
    unsigned last_shared;   // backports of an older Debian count the same up to here
};
constexpr std::array kDebian{
    DebianSeries{5, 3, k5_3, 3},   DebianSeries{5, 4, k5_4, 4},    DebianSeries{5, 5, k5_5, 2},
    DebianSeries{5, 6, k5_6, 2},   DebianSeries{5, 7, k5_7, 3},    DebianSeries{5, 8, k5_8, 3},
    DebianSeries{5, 9, k5_9, 5},   DebianSeries{5, 10, k5_10, 35}, DebianSeries{5, 14, k5_14, 4},
    DebianSeries{5, 15, k5_15, 3}, DebianSeries{5, 16, k5_16, 6},  DebianSeries{5, 17, k5_17, 3},
    DebianSeries{5, 18, k5_18, 4}, DebianSeries{5, 19, k5_19, 2},  DebianSeries{6, 0, k6_0, 6},
    DebianSeries{6, 1, k6_1, 38},  DebianSeries{6, 3, k6_3, 2},    DebianSeries{6, 4, k6_4, 4},
    DebianSeries{6, 5, k6_5, 5},
};

struct DebianChoice {
    Feature feature;
    bool built;
    Version until;   // first version that is built as the feature table says
    std::string_view source;
};
constexpr std::array kDebianChoices{
    DebianChoice{Feature::device_private, false, {6, 13, 0}, "debian/config/config: CONFIG_DEVICE_PRIVATE"},
};

// Since then powerpc64le is built with 4K pages, and powerpc64le-64k beside it.
constexpr Version kDebianPpc4K{6, 10, 0};

struct PageToken {
    std::string_view text;
    std::uint64_t size;
};
constexpr std::array kPageTokens{PageToken{"4k", 4 * kKiB}, PageToken{"16k", 16 * kKiB}, PageToken{"64k", 64 * kKiB}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool all_digits(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_digit); }

// What follows the number in front, with its separator.
std::string_view suffix_of(std::string_view release) {
    const auto end = std::ranges::find_if(release, [](char c) { return !is_digit(c) && c != '.'; });
    return release.substr(static_cast<std::size_t>(end - release.begin()));
}

// Calls visit(separator, token) for each part of "-54-amd64", ".el9.x86_64", "+deb13-arm64-16k".
template <class Visit>
void for_each_token(std::string_view suffix, Visit&& visit) {
    while (!suffix.empty()) {
        const char separator = suffix.front();
        suffix.remove_prefix(1);
        const auto end = std::min(suffix.find_first_of("-.+"), suffix.size());
        visit(separator, suffix.substr(0, end));
        suffix.remove_prefix(end);
    }
}

// Red Hat's "el9", "el8_10"; SUSE's six digits of a service pack, "150600".
bool is_enterprise(char separator, std::string_view token) {
    if (separator == '.' && token.size() > 2 && token.starts_with("el") && is_digit(token[2])) return true;
    return separator == '-' && token.size() == 6 && all_digits(token) && token.starts_with("15");
}

// Debian's flavours end in its own name of the architecture; others write ".x86_64" or no architecture at all.
bool is_debian(char separator, std::string_view token) {
    if (token.starts_with("deb") && token.size() > 3 && is_digit(token[3])) return true;
    return separator == '-' && parse_arch(token).ok() && token != "x86_64" && token != "aarch64";
}

void read_token(char separator, std::string_view token, ReleaseParts& parts) {
    if (auto arch = parse_arch(token)) parts.arch = *arch;
    for (const auto& page : kPageTokens)
        if (page.text == token) parts.page_size = page.size;
    if (is_enterprise(separator, token)) parts.enterprise = true;
    if (is_debian(separator, token)) parts.debian = true;
}

// "-54-amd64" or "-0.deb11.13-amd64": the number of the ABI.
struct AbiNumber {
    unsigned value;
    bool backport;
};
std::optional<AbiNumber> abi_number(std::string_view suffix) {
    if (suffix.size() < 2 || suffix.front() != '-') return std::nullopt;
    suffix.remove_prefix(1);
    AbiNumber abi{0, false};
    for (const std::string_view backport : {"0.deb10.", "0.deb11.", "0.deb12.", "0.bpo."}) {
        if (!suffix.starts_with(backport)) continue;
        suffix.remove_prefix(backport.size());
        abi.backport = true;
        break;
    }
    const auto [end, error] = std::from_chars(suffix.data(), suffix.data() + suffix.size(), abi.value);
    suffix.remove_prefix(static_cast<std::size_t>(end - suffix.data()));
    if (error != std::errc{} || (!suffix.empty() && suffix.front() != '-')) return std::nullopt;
    return abi;
}

// "6.1.0-54-amd64", "6.1.0-trunk-amd64": a distribution's count stands where the patch level would.
bool hides_patch(const Version& version, std::string_view suffix) {
    if (version.patch != 0 || suffix.size() < 2 || suffix.front() != '-') return false;
    const auto first = suffix.substr(1, suffix.find_first_of("-.+", 1) - 1);
    if (std::ranges::find(kPageTokens, first, &PageToken::text) != kPageTokens.end())
        return false;   // "arm64-6.12-16k"
    return is_digit(first.empty() ? ' ' : first.front()) || first == "trunk";
}

}   // namespace

std::span<const Series> known_series() { return kSeries; }

std::optional<Version> debian_version(std::string_view release) {
    const auto version = parse_version(release);
    const auto abi = abi_number(suffix_of(release));
    if (!version || version->patch != 0 || !abi || abi->value == 0) return std::nullopt;
    for (const auto& series : kDebian) {
        if (series.major != version->major || series.minor != version->minor) continue;
        const std::size_t known = abi->backport ? series.last_shared : series.patches.size();
        if (abi->value > known) return std::nullopt;
        return Version{series.major, series.minor, series.patches[abi->value - 1]};
    }
    return std::nullopt;
}

std::optional<bool> debian_choice(Feature feature, const Version& version) {
    for (const auto& choice : kDebianChoices)
        if (choice.feature == feature && version < choice.until) return choice.built;
    return std::nullopt;
}

Result<ReleaseParts> parse_release(std::string_view release) {
    auto version = parse_version(release);
    if (!version) return std::move(version).error();
    ReleaseParts parts;
    parts.version = *version;
    const auto suffix = suffix_of(release);
    for_each_token(suffix, [&](char separator, std::string_view token) { read_token(separator, token, parts); });
    parts.hides_patch = hides_patch(*version, suffix);
    if (parts.debian && parts.hides_patch) {
        if (const auto known = debian_version(release)) {
            parts.version = *known;
            parts.hides_patch = false;
        }
    }
    if (parts.debian && parts.arch == Arch::ppc64 && !parts.page_size)
        parts.page_size = parts.version < kDebianPpc4K ? 64 * kKiB : 4 * kKiB;
    return parts;
}

}   // namespace memhot::kernel
