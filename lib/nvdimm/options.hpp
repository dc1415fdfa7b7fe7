// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How ndctl and daxctl read their command lines (util/parse-options.c, util/size.c of ndctl 76.1).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace memhot {

struct OptionSpec {
    char letter = 0;   // 0: only the long form
    std::string_view word;
    bool takes_value = false;
};

struct ParsedOptions {
    std::map<std::string_view, std::string> values;   // by word
    std::map<std::string_view, bool> flags;           // by word; false for --no-WORD
    std::vector<std::string> words;                   // what no option took
    std::string error;                                // then the usage text follows and nothing is done

    [[nodiscard]] bool is_set(std::string_view word, bool otherwise = false) const;
    [[nodiscard]] std::optional<std::string> value(std::string_view word) const;
};

// -x, -xVALUE, -x VALUE, several letters in one word, --word, --word=VALUE, --word VALUE, --no-word, unique beginnings of
// words, and "--", behind which all are words.
ParsedOptions parse_options(std::span<const OptionSpec> specs, const std::vector<std::string>& arguments);

// parse_size64(): decimal, octal with a leading 0, or hex with 0x, and one of K, M, G, T.
struct ParsedSize {
    std::uint64_t value = 0;
    std::uint64_t unit = 1;
};
std::optional<ParsedSize> parse_tool_size(std::string_view text);

}   // namespace memhot
