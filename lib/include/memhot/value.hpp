// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A number or a word with a name and a unit, so that it can be printed for people and written into documents alike.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "memhot/units.hpp"

namespace memhot {

struct Value {
    enum class Kind : std::uint8_t { text, count, size, address, range };
    std::string name;   // "region_align"; stable
    Kind kind = Kind::text;
    std::uint64_t number = 0;   // count, size in bytes, address, start of a range
    std::uint64_t last = 0;     // of a range, inclusive
    std::string text;           // of a text; of a size that stood there rounded ("1.94 GiB")
    friend bool operator==(const Value&, const Value&) = default;

    static Value of_text(std::string_view name, std::string_view text);
    static Value of_count(std::string_view name, std::uint64_t count);
    static Value of_size(std::string_view name, std::uint64_t bytes);
    static Value of_address(std::string_view name, std::uint64_t address);
    static Value of_range(std::string_view name, const Range& range);
};

// For people: "1090519040 (1040M, 0x41000000)", "0x1080000000", "0x240000000-0x43fffffff".
std::string to_string(const Value& value);
// Inside a sentence: sizes exact and without their other forms.
std::string brief(const Value& value);
// "1040M", "2G", "119537664": the largest unit that it is a multiple of, so nothing is rounded.
std::string exact_size(std::uint64_t bytes);

}   // namespace memhot
