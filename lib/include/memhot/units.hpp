// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Physical addresses, ranges and sizes. A Range ends inclusively, as in /proc/iomem; pages are counted
// half-open, as in the kernel's pfn code. Nothing here knows a kernel or a host.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "memhot/result.hpp"

namespace memhot {

inline constexpr std::uint64_t kKiB = 1ULL << 10;
inline constexpr std::uint64_t kMiB = 1ULL << 20;
inline constexpr std::uint64_t kGiB = 1ULL << 30;
inline constexpr std::uint64_t kTiB = 1ULL << 40;

// A sub-section is 2 MiB on every architecture and page size (SUBSECTION_SHIFT, include/linux/mmzone.h, f1eca35a0dc7).
inline constexpr unsigned kSubsectionShift = 21;
inline constexpr std::uint64_t kSubsectionSize = 1ULL << kSubsectionShift;

// [start, last] in bytes; both ends belong to it, so the whole address space fits and nothing is empty.
struct Range {
    std::uint64_t start = 0;
    std::uint64_t last = 0;

    // size in bytes; 0 only for the whole 64 bit space.
    [[nodiscard]] std::uint64_t size() const { return last - start + 1; }
    [[nodiscard]] bool contains(std::uint64_t address) const { return start <= address && address <= last; }
    [[nodiscard]] bool contains(const Range& other) const { return start <= other.start && other.last <= last; }
    [[nodiscard]] bool overlaps(const Range& other) const { return start <= other.last && other.start <= last; }

    // start plus size bytes; nothing where size is 0 or the end wraps.
    static std::optional<Range> from_size(std::uint64_t start, std::uint64_t size);

    friend auto operator<=>(const Range&, const Range&) = default;
};

// The part that both have.
std::optional<Range> intersection(const Range& a, const Range& b);

[[nodiscard]] constexpr std::uint64_t align_down(std::uint64_t value, std::uint64_t to) { return value & ~(to - 1); }
// Saturates at the last multiple that fits.
[[nodiscard]] constexpr std::uint64_t align_up(std::uint64_t value, std::uint64_t to) {
    const std::uint64_t down = align_down(value, to);
    return down == value || down + to < down ? down : down + to;
}
[[nodiscard]] constexpr bool is_aligned(std::uint64_t value, std::uint64_t to) { return (value & (to - 1)) == 0; }

// "240000000-43fffffff": at least 8 digits, no 0x, as /proc/iomem prints it.
std::string to_string(const Range& range);
// "0x240000000": the form of addresses in JSON.
std::string hex(std::uint64_t value);
// "8G", "1.5G", "512M": powers of 1024 with one letter; at most one digit behind the point, as lsmem prints.
std::string human_size(std::uint64_t bytes);

// Decimal or 0x number of bytes with an optional K, M, G, T, P (powers of 1024).
Result<std::uint64_t> parse_size(std::string_view text);
// Hexadecimal with or without 0x.
Result<std::uint64_t> parse_hex(std::string_view text);
// Decimal, or hexadecimal with 0x.
Result<std::uint64_t> parse_number(std::string_view text);

// What `blockN` and `sectionN` mean on a host.
struct RangeUnits {
    std::uint64_t block_size = 0;     // bytes; 0 where the host has no memory blocks
    std::uint64_t section_size = 0;   // bytes
};

// START-END (hex, inclusive), START+SIZE, memoryN = blockN, blockN-M, sectionN, sectionN-M.
// Names of devices are not resolved here: they come back as ErrorKind::not_found.
Result<Range> parse_range(std::string_view text, const RangeUnits& units);

}   // namespace memhot
