// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The tables behind kernel profiles: what an architecture's page tables and sections look like since which release,
// and which releases there are. Private to lib/kernel; depends on the public headers only.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "memhot/profile.hpp"

namespace memhot::kernel {

// What an architecture is with one page size, since one release. Where several rows fit, the one with the latest
// `since` counts.
struct ArchRow {
    Arch arch;
    std::uint64_t page_size;
    Version since;
    unsigned section_size_bits;
    unsigned max_physmem_bits;   // as distributions build it, without five-level paging
    std::uint64_t pmd_size;
    std::uint64_t pageblock_size;
    std::uint64_t max_order_size;
    std::string_view source;
};
// Rows of one architecture and page size stand together, oldest first.
std::span<const ArchRow> arch_rows();
// nullptr: there are no rules for this release there, or there is no such page size.
const ArchRow* find_arch(Arch arch, std::uint64_t page_size, const Version& version);
// The page size that is meant where nobody says: the upstream default of the architecture.
std::uint64_t default_page_size(Arch arch);
// Whether an architecture has pages of one size only.
bool only_page_size(Arch arch);

bool has_feature(Feature feature, Arch arch, const Version& version);

// A major version and its releases.
struct Series {
    unsigned major;
    unsigned first_minor;   // the first with rules here
    unsigned last_minor;
};
std::span<const Series> known_series();
inline constexpr Version kOldest{5, 3, 0};
inline constexpr Version kNewest{7, 3, 0};

// The upstream version that a Debian release was built from, where its name hides it: "6.1.0-54-amd64" is 6.1.190.
// Where several uploads share a name, the last of them.
std::optional<Version> debian_version(std::string_view release);

// What a release string says besides its version.
struct ReleaseParts {
    Version version;   // the upstream version, or the number in front where hides_patch
    bool hides_patch = false;   // "6.1.0-99-amd64": the 0 is no patch level
    bool enterprise = false;   // ".el9", "-150600": features of later releases under an old number
    bool debian = false;   // built by Debian
    std::optional<Arch> arch;   // "-amd64"
    std::optional<std::uint64_t> page_size;   // "-16k"
};
Result<ReleaseParts> parse_release(std::string_view release);

// What Debian builds otherwise than the feature table says.
std::optional<bool> debian_choice(Feature feature, const Version& version);

}   // namespace memhot::kernel
