// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Kernel profiles built from the tables: of a running host, or of a kernel that somebody names.
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "kernel/tables.hpp"
#include "memhot/units.hpp"
#include "units/quote.hpp"

namespace memhot {
namespace {

using kernel::ArchRow;
using kernel::ReleaseParts;
using FeatureSet = std::bitset<kFeatureCount>;

FeatureSet features_of(const ProfileRequest& request, const Version& version, bool debian) {
    FeatureSet set;
    for (std::size_t i = 0; i < kFeatureCount; ++i) {
        const auto feature = static_cast<Feature>(i);
        set[i] = kernel::has_feature(feature, request.arch, version);
        if (!debian) continue;
        if (const auto built = kernel::debian_choice(feature, version)) set[i] = *built;
    }
    for (const auto& [feature, there] : request.found) set[static_cast<std::size_t>(feature)] = there;
    return set;
}

// --- is there such a kernel? -----------------------------------------------------------------------------------------

Status check_version(const Version& version) {
    if (version < kernel::kOldest) {
        return Error{ErrorKind::unsupported,
                     fmt::format("Linux {} is older than {}, the oldest release with rules here", to_string(version),
                                 to_string(kernel::kOldest))};
    }
    for (const auto& series : kernel::known_series()) {
        if (series.major == version.major && version.minor > series.last_minor && version < kernel::kNewest) {
            return bad_input(fmt::format("there is no Linux {}: {}.{} was the last of {}.x", to_string(version),
                                         series.major, series.last_minor, series.major));
        }
    }
    return Done{};
}

Status check_sizes(const KernelProfile& profile) {
    if (profile.section_size_bits < kSubsectionShift || profile.section_size_bits > 40) {
        return bad_input(
            fmt::format("a section of 2^{} bytes is impossible: expected 2^21 to 2^40", profile.section_size_bits));
    }
    if (profile.max_physmem_bits <= profile.section_size_bits || profile.max_physmem_bits > 63) {
        return bad_input(fmt::format("{} bits of physical addresses are impossible: expected more than the {} of a "
                                     "section, and at most 63",
                                     profile.max_physmem_bits, profile.section_size_bits));
    }
    if (profile.struct_page_size < 32 || profile.struct_page_size > 512 || profile.struct_page_size % 8 != 0) {
        return bad_input(fmt::format("a struct page of {} bytes is impossible: expected a multiple of 8 from 32 to 512",
                                     profile.struct_page_size));
    }
    return Done{};
}

// A kernel built without CONFIG_SPARSEMEM_VMEMMAP adds whole sections only.
Status check_subsections(const KernelProfile& profile) {
    if (profile.has(Feature::subsection_map)) return Done{};
    return Error{ErrorKind::unsupported,
                 fmt::format("{} has no sub-sections, and whole sections have no rules here yet", profile.name)};
}

Result<const ArchRow*> find_row(Arch arch, std::uint64_t page_size, const Version& version) {
    if (const auto* row = kernel::find_arch(arch, page_size, version)) return row;
    std::vector<std::string> sizes;
    for (const auto& row : kernel::arch_rows()) {
        if (row.arch != arch) continue;
        if (row.page_size == page_size) {
            return Error{ErrorKind::unsupported,
                         fmt::format("Linux {} has no rules here for {}, whose memory hotplug in units of sub-sections "
                                     "began with {}",
                                     to_string(version), to_string(arch), to_string(row.since))};
        }
        auto name = fmt::format("{}", row.page_size);
        if (std::ranges::find(sizes, name) == sizes.end()) sizes.push_back(std::move(name));
    }
    return bad_input(
        fmt::format("{} has no pages of {} bytes: expected {}", to_string(arch), page_size, fmt::join(sizes, " or ")));
}

// --- releases that hide their version --------------------------------------------------------------------------------

// The releases of a series after which something may differ, the first of it included.
std::vector<Version> turning_points(const Version& version) {
    std::vector<Version> points{{version.major, version.minor, 0}};
    for (const auto& row : feature_rows()) {
        for (const auto& port : row.backports) {
            if (port.major == version.major && port.minor == version.minor)
                points.push_back({port.major, port.minor, port.patch});
        }
    }
    std::ranges::sort(points);
    const auto repeated = std::ranges::unique(points);
    points.erase(repeated.begin(), repeated.end());
    return points;
}

Error enterprise_release(std::string_view release, const Version& number) {
    return {ErrorKind::ambiguous,
            fmt::format("{} carries features of later releases than the {} in its name: say which upstream release it "
                        "behaves like, for example --kernel {}",
                        units::quoted(release), to_string(number), to_string(kernel::kNewest))};
}

// The version behind a name that hides the patch level: any, where it decides nothing that is not known otherwise.
Result<Version> hidden_version(const ProfileRequest& request, const ReleaseParts& parts) {
    std::vector<std::string> candidates;
    std::vector<std::string_view> differing;
    FeatureSet last;
    for (const auto& point : turning_points(parts.version)) {
        const auto set = features_of(request, point, parts.debian);
        if (!candidates.empty() && set == last) continue;
        for (std::size_t i = 0; !candidates.empty() && i < kFeatureCount; ++i)
            if (set[i] != last[i]) differing.push_back(to_string(static_cast<Feature>(i)));
        candidates.push_back(to_string(point));
        last = set;
    }
    if (candidates.size() == 1) return parts.version;
    return Error{
        ErrorKind::ambiguous,
        fmt::format("{} does not say its patch level, which decides {}: say one of {} (the last of them that is "
                    "not later than the version which `uname -v` shows), for example --kernel {}",
                    units::quoted(request.release), fmt::join(differing, ", "), fmt::join(candidates, ", "),
                    candidates.back())};
}

struct Identity {
    Version version;
    ReleaseParts parts;   // of the release, where there is one
};

Result<Identity> identify(const ProfileRequest& request) {
    auto parts = kernel::parse_release(request.release);
    if (request.version) return Identity{*request.version, parts ? *parts : ReleaseParts{}};
    if (!parts) return std::move(parts).error();
    if (parts->enterprise) return enterprise_release(request.release, parts->version);
    if (!parts->hides_patch || parts->version < kernel::kOldest) return Identity{parts->version, *parts};
    auto version = hidden_version(request, *parts);
    if (!version) return std::move(version).error();
    return Identity{*version, *parts};
}

// --- what had to be supposed -----------------------------------------------------------------------------------------

std::vector<std::string> assumptions_of(const ProfileRequest& request, const KernelProfile& profile, bool page_known) {
    std::vector<std::string> lines;
    const Version series{profile.version.major, profile.version.minor, 0};
    if (series > kernel::kNewest)
        lines.push_back(
            fmt::format("Linux {} is newer than {}, the newest release with rules here, and behaves like it",
                        to_string(profile.version), to_string(kernel::kNewest)));
    if (!page_known) lines.push_back(fmt::format("pages are of {}", human_size(profile.page_size)));
    if (!request.max_physmem_bits && profile.arch == Arch::x86_64)
        lines.push_back(
            fmt::format("five-level paging is off: physical addresses have {} bits", profile.max_physmem_bits));
    const auto is_mmu = [](const auto& one) { return one.first == Feature::hash_mmu; };
    if (profile.arch == Arch::ppc64 && std::ranges::none_of(request.found, is_mmu))
        lines.emplace_back("the MMU is radix: with the hash MMU device memory starts and ends on 16 MiB");
    return lines;
}

}   // namespace

Result<KernelProfile> make_profile(const ProfileRequest& request) {
    auto identity = identify(request);
    if (!identity) return std::move(identity).error();
    const Version version = identity->version;
    if (auto good = check_version(version); !good) return std::move(good).error();
    const auto page_size = request.page_size ? request.page_size : identity->parts.page_size;
    auto row = find_row(request.arch, page_size.value_or(kernel::default_page_size(request.arch)), version);
    if (!row) return std::move(row).error();
    const ArchRow& arch = **row;

    KernelProfile profile;
    profile.release = request.release;
    profile.name =
        request.release.empty() ? fmt::format("{}-{}", to_string(request.arch), to_string(version)) : request.release;
    profile.version = version;
    profile.arch = request.arch;
    profile.page_size = arch.page_size;
    profile.section_size_bits = request.section_size_bits.value_or(arch.section_size_bits);
    profile.max_physmem_bits = request.max_physmem_bits.value_or(arch.max_physmem_bits);
    profile.struct_page_size = request.struct_page_size.value_or(64);
    profile.pmd_size = arch.pmd_size;
    profile.pageblock_size = arch.pageblock_size;
    profile.max_order_size = arch.max_order_size;
    profile.features = features_of(request, version, identity->parts.debian);
    if (auto good = check_subsections(profile); !good) return std::move(good).error();
    if (auto good = check_sizes(profile); !good) return std::move(good).error();
    const bool one_page_size = kernel::only_page_size(request.arch);
    profile.assumptions = assumptions_of(request, profile, page_size.has_value() || one_page_size);
    return profile;
}

// --- kernels that somebody names -------------------------------------------------------------------------------------

namespace {

Error unknown_name(std::string_view text) {
    return bad_input(fmt::format("{} is no kernel: expected a version (6.12, 6.1.190), a release "
                                 "(6.1.0-54-amd64) or a profile (x86_64-6.12, arm64-6.12-16k)",
                                 units::quoted(text)));
}

// "6" is every 6.x.
Error only_major(std::string_view text, std::string_view number) {
    for (const auto& series : kernel::known_series()) {
        if (fmt::format("{}", series.major) != number) continue;
        const auto before = text.substr(0, text.size() - number.size());
        std::vector<std::string> names;
        for (unsigned minor = series.first_minor; minor <= series.last_minor; ++minor)
            names.push_back(fmt::format("{}{}.{}", before, series.major, minor));
        return {ErrorKind::ambiguous,
                fmt::format("{} is several kernels: say one of {}", units::quoted(text), fmt::join(names, ", "))};
    }
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

// What may follow the version in a profile's name: nothing, or the page size.
bool is_profile_suffix(std::string_view suffix) {
    return suffix.empty() || suffix == "-4k" || suffix == "-16k" || suffix == "-64k";
}

// What distributions put behind the version: "-54-amd64", "+deb13-amd64", "_1", "~rc1".
bool starts_suffix(char c) { return c == '-' || c == '+' || c == '_' || c == '~'; }

bool is_printable(char c) { return c > ' ' && c < 0x7f; }

bool all_digits(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// The design that was proposed in 2017 and never merged has rules of its own, and no version.
bool is_proposed(std::string_view text) { return text == "2017-v4"; }

}   // namespace

Result<KernelProfile> named_profile(std::string_view text, const KernelProfile& base) {
    if (is_proposed(text))
        return Error{ErrorKind::unsupported, fmt::format("the profile {} has no rules here yet", text)};
    if (!std::ranges::all_of(text, is_printable)) return unknown_name(text);
    const auto [arch, rest] = split_profile(text);
    if (all_digits(rest)) return only_major(text, rest);
    auto parts = kernel::parse_release(rest);
    if (!parts) return unknown_name(text);
    const auto suffix = rest.substr(std::min(rest.find_first_not_of("0123456789."), rest.size()));
    if (!is_profile_suffix(suffix) && (arch || !starts_suffix(suffix.front()))) return unknown_name(text);

    ProfileRequest request;
    request.arch = arch ? *arch : parts->arch.value_or(base.arch);
    request.page_size = parts->page_size;
    if (is_profile_suffix(suffix)) {
        request.version = parts->version;
    } else {
        request.release = std::string(rest);
    }
    if (request.arch == base.arch) {
        if (!request.page_size && !arch && !parts->arch) request.page_size = base.page_size;
        // Five page table levels are a property of the machine.
        if (request.arch == Arch::x86_64) request.max_physmem_bits = base.max_physmem_bits;
    }
    auto profile = make_profile(request);
    if (!profile) return profile;
    profile->name = std::string(text);
    return profile;
}

std::vector<std::string> profile_names() {
    std::vector<std::string> names;
    for (const auto& series : kernel::known_series()) {
        for (unsigned minor = series.first_minor; minor <= series.last_minor; ++minor) {
            for (const auto& row : kernel::arch_rows()) {
                const Version version{series.major, minor, 0};
                if (kernel::find_arch(row.arch, row.page_size, version) != &row) continue;
                auto name = fmt::format("{}-{}", to_string(row.arch), to_string(version));
                if (row.page_size != kernel::default_page_size(row.arch))
                    name += fmt::format("-{}k", row.page_size / kKiB);
                names.push_back(std::move(name));
            }
        }
    }
    return names;
}

}   // namespace memhot
