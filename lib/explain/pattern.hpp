// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A line of a log with typed holes: "bad offset: {data_offset:hexsize} dax disabled align: {align:hexsize}". Found anywhere
// in a line, without regard to case. lib/explain explains text; it may use units, kernel, nvdimm's geometry and a snapshot.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "memhot/explain.hpp"

namespace memhot::explaining {

// {name:TYPE}; {*} is anything, captured nowhere.
enum class HoleType : std::uint8_t {
    address,   // hex: hexadecimal, 0x or not
    hexsize,   // bytes in hexadecimal
    count,   // dec: decimal
    bytes,   // bytes in decimal
    size,   // "100M", "1.94 GiB", "16 KiB", or plain bytes
    unit_size,   // units: the same, but not plain bytes: for sentences, where any number may stand
    range,   // START-END in hexadecimal, inclusive
    device,   // dev: a word with a digit in it: "namespace0.0", "PNP0C80:00"
    word,   // anything but blanks, quotes, commas
    error,   // errno: "Invalid argument", "EINVAL", "-22"
    version,   // "5.4", "6.11.0-rc1"
    rest,   // to the end of the line
    any,   // {*}
};

struct PatternMatch {
    std::size_t begin = 0;
    std::size_t end = 0;
    unsigned weight = 0;   // how much of the text is the pattern's own: specific ones win
    int error = 0;   // of a hole of type errno
    std::string device;   // of a hole of type dev
    std::vector<Value> captures;
};

class Pattern {
public:
    explicit Pattern(std::string_view text);

    // False where the text has a hole of no known type, or nothing but holes.
    [[nodiscard]] bool valid() const { return valid_; }
    [[nodiscard]] const std::string& text() const { return text_; }
    // line has single blanks; lower is the same in lower case.
    [[nodiscard]] std::optional<PatternMatch> find(std::string_view line, std::string_view lower,
                                                   std::size_t from = 0) const;

private:
    struct Piece {
        std::string literal;   // in lower case; empty: a hole
        std::string name;
        HoleType type = HoleType::any;
    };
    bool parse_hole(std::string_view hole);
    bool match(std::size_t piece, std::size_t at, std::string_view line, std::string_view lower,
               PatternMatch& out) const;
    bool match_hole(std::size_t piece, std::size_t at, std::string_view line, std::string_view lower,
                    PatternMatch& out) const;

    std::string text_;
    std::vector<Piece> pieces_;
    std::size_t longest_ = 0;   // index of the longest literal: looked for first
    bool valid_ = true;
};

std::string lower_case(std::string_view text);

}   // namespace memhot::explaining
