// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What each type of hole takes at a place in a line.
#pragma once

#include <optional>
#include <string_view>

#include "explain/pattern.hpp"

namespace memhot::explaining {

struct HoleText {
    std::size_t length = 0;
    Value value;   // without its name
    int error = 0;
};
// The longest piece at the beginning of text that the type takes; nothing where it takes none. Not for `any`.
std::optional<HoleText> take(HoleType type, std::string_view text);
std::optional<HoleType> parse_hole_type(std::string_view name);

// "100M", "1.94 GiB", "32g"; how much of the text it is.
struct SizeText {
    std::size_t length = 0;
    std::uint64_t bytes = 0;
};
std::optional<SizeText> take_size(std::string_view text);
// START-END, hexadecimal, each with or without 0x, at least min_digits of them.
struct RangeText {
    std::size_t length = 0;
    Range range;
};
std::optional<RangeText> take_range(std::string_view text, std::size_t min_digits = 1);

bool is_alnum(char c);

}   // namespace memhot::explaining
