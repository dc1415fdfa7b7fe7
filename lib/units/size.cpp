// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Numbers and sizes: read strictly (the whole text, no sign, no overflow), printed as lsmem does.
#include <charconv>
#include <limits>

#include "memhot/units.hpp"
#include "units/quote.hpp"

namespace memhot {
namespace {

constexpr std::string_view kUnitLetters = "BKMGTPE";
constexpr std::string_view kSizeForm = "expected bytes in decimal or 0x hex, with an optional K, M, G, T or P";

bool has_hex_prefix(std::string_view text) {
    return text.size() >= 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
}

enum class Digits { good, malformed, too_big };

Digits parse_digits(std::string_view text, int base, std::uint64_t& value) {
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, base);
    if (error == std::errc::invalid_argument || stop != end) return Digits::malformed;
    return error == std::errc{} ? Digits::good : Digits::too_big;
}

Result<std::uint64_t> parse_in_base(std::string_view text, std::string_view digits, int base, std::string_view form) {
    std::uint64_t value = 0;
    switch (parse_digits(digits, base, value)) {
        case Digits::good: return value;
        case Digits::too_big: return bad_input(units::quoted(text) + " is more than 64 bits hold");
        case Digits::malformed: break;
    }
    return bad_input(units::quoted(text) + " is no number, " + std::string(form));
}

// The power of 1024 that a letter stands for, -1 for none.
int unit_power(char letter) {
    const char upper = letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
    const auto at = kUnitLetters.find(upper);
    return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

}   // namespace

Result<std::uint64_t> parse_hex(std::string_view text) {
    return parse_in_base(text, has_hex_prefix(text) ? text.substr(2) : text, 16,
                         "expected hexadecimal digits with or without 0x");
}

Result<std::uint64_t> parse_number(std::string_view text) {
    if (has_hex_prefix(text)) return parse_hex(text);
    return parse_in_base(text, text, 10, "expected decimal digits, or 0x and hexadecimal ones");
}

Result<std::uint64_t> parse_size(std::string_view text) {
    const bool hex_number = has_hex_prefix(text);
    std::string_view digits = hex_number ? text.substr(2) : text;
    int power = digits.empty() ? -1 : unit_power(digits.back());
    // B and E are digits of a hexadecimal number, not units behind it.
    if (hex_number && (power == unit_power('B') || power == unit_power('E'))) power = -1;
    if (power >= 0) digits.remove_suffix(1);

    const unsigned shift = power > 0 ? static_cast<unsigned>(power) * 10 : 0;
    auto number = parse_in_base(text, digits, hex_number ? 16 : 10, kSizeForm);
    if (!number) return number;
    if (*number > std::numeric_limits<std::uint64_t>::max() >> shift) {
        return bad_input(units::quoted(text) + " is more than 64 bits hold");
    }
    return *number << shift;
}

std::string human_size(std::uint64_t bytes) {
    std::size_t unit = 0;
    while (unit + 1 < kUnitLetters.size() && bytes >> (10 * (unit + 1)) != 0) ++unit;
    const std::size_t shift = 10 * unit;

    // util-linux lib/strutils.c size_to_human_string(): cut to three digits first, then rounded half up to one, so
    // that 1.0499G is 1G and 1023.96M is 1024M here as well. The last three digits of an EiB do not fit a product.
    std::uint64_t whole = bytes >> shift;
    std::uint64_t rest = bytes - (whole << shift);
    std::uint64_t thousandths = unit >= 6 ? ((rest >> 10U) * 1000) >> (shift - 10) : (rest * 1000) >> shift;
    std::uint64_t tenths = (thousandths + 50) / 100;
    if (tenths == 10) {
        ++whole;
        tenths = 0;
    }
    std::string out = std::to_string(whole);
    if (tenths != 0) {
        out += '.';
        out += static_cast<char>('0' + tenths);
    }
    return out + kUnitLetters[unit];
}

}   // namespace memhot
