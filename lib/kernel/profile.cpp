// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Kernel profiles built from the tables: of a running host, or of a kernel that somebody names.
#include <algorithm>
#include <bit>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "kernel/tables.hpp"
#include "memhot/units.hpp"

namespace memhot {
namespace {

using kernel::ArchRow;
using FeatureSet = std::bitset<kFeatureCount>;

FeatureSet features_of(Arch arch, const Version& version, const std::vector<std::pair<Feature, bool>>& found) {
    FeatureSet set;
    for (std::size_t i = 0; i < kFeatureCount; ++i)
        set[i] = kernel::has_feature(static_cast<Feature>(i), arch, version);
    for (const auto& [feature, there] : found) set[static_cast<std::size_t>(feature)] = there;
    return set;
}

// --- is there such a kernel? ------------------------------------------------------------------------------------------

std::string series_names(const kernel::Series& series) {
    std::vector<std::string> names;
    for (unsigned minor = series.first_minor; minor <= series.last_minor; ++minor)
        names.push_back(fmt::format("{}.{}", series.major, minor));
    return fmt::format("{}", fmt::join(names, ", "));
}

Status check_version(const Version& version) {
    if (version < kernel::kOldest)
        return Error{ErrorKind::unsupported,
                     fmt::format("Linux {} is older than {}, the oldest release with rules here", to_string(version),
                                 to_string(kernel::kOldest))};
    for (const auto& series : kernel::known_series())
        if (series.major == version.major && version.minor > series.last_minor && version < kernel::kNewest)
            return bad_input(fmt::format("there is no Linux {}: {}.{} was the last of {}.x", to_string(version),
                                         series.major, series.last_minor, series.major));
    return Done{};
}

Status check_sizes(const KernelProfile& profile) {
    if (profile.section_size_bits < kSubsectionShift || profile.section_size_bits > 40)
        return bad_input(fmt::format("a section of 2^{} bytes is impossible: expected 2^21 to 2^40",
                                     profile.section_size_bits));
    if (profile.max_physmem_bits <= profile.section_size_bits || profile.max_physmem_bits > 63)
        return bad_input(fmt::format("{} bits of physical addresses are impossible: expected more than the {} of a "
                                     "section, and at most 63", profile.max_physmem_bits, profile.section_size_bits));
    if (profile.struct_page_size < 32 || profile.struct_page_size > 512 || profile.struct_page_size % 8 != 0)
        return bad_input(fmt::format("a struct page of {} bytes is impossible: expected a multiple of 8 from 32 to 512",
                                     profile.struct_page_size));
    return Done{};
}

Result<const ArchRow*> find_row(Arch arch, std::uint64_t page_size, const Version& version) {
    if (const auto* row = kernel::find_arch(arch, page_size, version)) return row;
    std::vector<std::string> sizes;
    for (const auto& row : kernel::arch_rows()) {
        if (row.arch != arch) continue;
        if (row.page_size == page_size)
            return Error{ErrorKind::unsupported,
                         fmt::format("{} has no memory hotplug before Linux {}: there is nothing to predict for {}",
                                     to_string(arch), to_string(row.since), to_string(version))};
        const auto name = fmt::format("{}", row.page_size);
        if (std::ranges::find(sizes, name) == sizes.end()) sizes.push_back(name);
    }
    return bad_input(fmt::format("{} has no pages of {} bytes: expected {}", to_string(arch), page_size,
                                 fmt::join(sizes, " or ")));
}

// --- releases that hide their version ---------------------------------------------------------------------------------

// The releases of a series after which something differs, the first of it included.
std::vector<Version> turning_points(const Version& version) {
    std::vector<Version> points{{version.major, version.minor, 0}};
    for (const auto& row : feature_rows())
        for (const auto& port : row.backports)
            if (port.major == version.major && port.minor == version.minor)
                points.push_back({port.major, port.minor, port.patch});
    std::ranges::sort(points);
    const auto repeated = std::ranges::unique(points);
    points.erase(repeated.begin(), repeated.end());
    return points;
}

// The version behind a name that hides the patch level: any, where it decides nothing that is not known otherwise.
Result<Version> hidden_version(const ProfileRequest& request, const kernel::ReleaseParts& parts) {
    if (parts.enterprise)
        return Error{ErrorKind::ambiguous,
                     fmt::format("{} carries features of later releases than the {} in its name: say which upstream "
                                 "release it behaves like, for example --kernel {}", request.release,
                                 to_string(parts.version), to_string(kernel::kNewest))};
    std::vector<std::string> candidates;
    std::vector<std::string_view> differing;
    std::optional<FeatureSet> last;
    for (const auto& point : turning_points(parts.version)) {
        const auto set = features_of(request.arch, point, request.found);
        if (last && set == *last) continue;
        for (std::size_t i = 0; last && i < kFeatureCount; ++i)
            if (set[i] != (*last)[i]) differing.push_back(to_string(static_cast<Feature>(i)));
        candidates.push_back(to_string(point));
        last = set;
    }
    if (candidates.size() == 1) return parts.version;
    return Error{ErrorKind::ambiguous,
                 fmt::format("{} does not say its patch level, which decides {}: say one of {} (the latest that is not "
                             "after what `uname -v` shows), for example --kernel {}",
                             request.release, fmt::join(differing, ", "), fmt::join(candidates, ", "),
                             candidates.back())};
}

Result<Version> version_of(const ProfileRequest& request) {
    if (request.version) return *request.version;
    auto parts = kernel::parse_release(request.release);
    if (!parts) return std::move(parts).error();
    if (parts->version < kernel::kOldest || !parts->hides_patch) return parts->version;
    return hidden_version(request, *parts);
}

std::uint64_t page_size_of(const ProfileRequest& request) {
    if (request.page_size) return *request.page_size;
    if (auto parts = kernel::parse_release(request.release); parts && parts->page_size) return *parts->page_size;
    return kernel::default_page_size(request.arch);
}

}   // namespace

Result<KernelProfile> make_profile(const ProfileRequest& request) {
    auto version = version_of(request);
    if (!version) return std::move(version).error();
    if (auto good = check_version(*version); !good) return std::move(good).error();
    auto row = find_row(request.arch, page_size_of(request), *version);
    if (!row) return std::move(row).error();
    const ArchRow& arch = **row;

    KernelProfile profile;
    profile.release = request.release;
    profile.name = request.release.empty() ? fmt::format("{}-{}", to_string(request.arch), to_string(*version))
                                           : request.release;
    profile.version = *version;
    profile.arch = request.arch;
    profile.page_size = arch.page_size;
    profile.section_size_bits = request.section_size_bits.value_or(arch.section_size_bits);
    profile.max_physmem_bits = request.max_physmem_bits.value_or(arch.max_physmem_bits);
    profile.struct_page_size = request.struct_page_size.value_or(64);
    profile.pmd_size = arch.pmd_size;
    profile.pageblock_size = arch.pageblock_size;
    profile.max_order_size = arch.max_order_size;
    profile.features = features_of(request.arch, *version, request.found);
    if (auto good = check_sizes(profile); !good) return std::move(good).error();
    return profile;
}

// --- kernels that somebody names --------------------------------------------------------------------------------------

namespace {

bool all_digits(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

Error unknown_name(std::string_view text) {
    return bad_input(fmt::format("\"{}\" is no kernel: expected a version (6.12, 6.1.190), a release "
                                 "(6.1.0-54-amd64) or a profile (x86_64-6.12, arm64-6.12-16k)", text));
}

Error only_major(std::string_view text) {
    for (const auto& series : kernel::known_series())
        if (fmt::format("{}", series.major) == text)
            return {ErrorKind::ambiguous,
                    fmt::format("\"{}\" is several kernels: say one of {}", text, series_names(series))};
    return unknown_name(text);
}

// "arm64-6.12-16k" is "6.12-16k" of arm64; anything else is itself.
std::pair<std::optional<Arch>, std::string_view> split_profile(std::string_view text) {
    const auto dash = text.find('-');
    if (dash == std::string_view::npos) return {std::nullopt, text};
    auto arch = parse_arch(text.substr(0, dash));
    if (!arch) return {std::nullopt, text};
    return {*arch, text.substr(dash + 1)};
}

}   // namespace

Result<KernelProfile> named_profile(std::string_view text, const KernelProfile& base) {
    const auto [arch, rest] = split_profile(text);
    if (all_digits(rest)) return only_major(rest);
    auto parts = kernel::parse_release(rest);
    if (!parts) return unknown_name(text);

    ProfileRequest request;
    request.release = std::string(rest);
    request.arch = arch ? *arch : parts->arch.value_or(base.arch);
    request.page_size = parts->page_size;
    if (!request.page_size && request.arch == base.arch && !parts->arch) request.page_size = base.page_size;
    auto profile = make_profile(request);
    if (!profile) return profile;
    profile->name = std::string(text);
    return profile;
}

std::vector<std::string> profile_names() {
    std::vector<std::string> names;
    for (const auto& series : kernel::known_series())
        for (unsigned minor = series.first_minor; minor <= series.last_minor; ++minor)
            for (const auto& row : kernel::arch_rows()) {
                const Version version{series.major, minor, 0};
                if (kernel::find_arch(row.arch, row.page_size, version) != &row) continue;
                auto name = fmt::format("{}-{}", to_string(row.arch), to_string(version));
                if (row.page_size != kernel::default_page_size(row.arch))
                    name += fmt::format("-{}k", row.page_size / kKiB);
                names.push_back(std::move(name));
            }
    return names;
}

}   // namespace memhot
