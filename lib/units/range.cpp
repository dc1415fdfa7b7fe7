// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Ranges and how addresses are printed.
#include <algorithm>
#include <charconv>
#include <limits>

#include "memhot/units.hpp"

namespace memhot {
namespace {

void append_hex(std::string& out, std::uint64_t value, std::size_t width) {
    char digits[16];
    const auto end = std::to_chars(std::begin(digits), std::end(digits), value, 16).ptr;
    const auto length = static_cast<std::size_t>(end - digits);
    if (length < width) out.append(width - length, '0');
    out.append(digits, length);
}

}   // namespace

std::optional<Range> Range::from_size(std::uint64_t start, std::uint64_t size) {
    if (size == 0 || size - 1 > std::numeric_limits<std::uint64_t>::max() - start) return std::nullopt;
    return Range{start, start + (size - 1)};
}

std::optional<Range> intersection(const Range& a, const Range& b) {
    if (!a.overlaps(b)) return std::nullopt;
    return Range{std::max(a.start, b.start), std::min(a.last, b.last)};
}

std::string to_string(const Range& range) {
    // kernel/resource.c r_show() pads every number to 8 digits (4 only in /proc/ioports).
    std::string out;
    append_hex(out, range.start, 8);
    out += '-';
    append_hex(out, range.last, 8);
    return out;
}

std::string hex(std::uint64_t value) {
    std::string out = "0x";
    append_hex(out, value, 1);
    return out;
}

}   // namespace memhot
