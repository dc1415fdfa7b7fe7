// SPDX-License-Identifier: GPL-2.0-or-later
//
// Any text as a range, a size and a number: what is taken prints and parses back to itself, what is refused is refused
// in one short line.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "memhot/units.hpp"

namespace {

using namespace memhot;

void require(bool holds) {
    if (!holds) std::abort();
}

void check_line(const Error& error) {
    const auto line = error.message();
    require(line.size() < 1024);
    for (const char c : line) require(c >= 0x20 && c < 0x7f);
}

}   // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const RangeUnits units :
         {RangeUnits{128 * kMiB, 128 * kMiB}, RangeUnits{0, 16 * kMiB}, RangeUnits{2 * kGiB, 1 * kGiB}}) {
        const auto range = parse_range(text, units);
        if (!range) {
            check_line(range.error());
            continue;
        }
        require(range->start <= range->last);
        require(*parse_range(to_string(*range), units) == *range);
    }
    if (const auto bytes = parse_size(text)) {
        require(*parse_size(std::to_string(*bytes)) == *bytes);
        require(!human_size(*bytes).empty());
    } else {
        check_line(bytes.error());
    }
    if (const auto number = parse_number(text)) {
        require(*parse_number(hex(*number)) == *number);
    } else {
        check_line(number.error());
    }
    return 0;
}
