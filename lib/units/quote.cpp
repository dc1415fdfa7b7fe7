// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Quoting of foreign text for errors (quote.hpp).
#include "units/quote.hpp"

namespace memhot::units {

std::string quoted(std::string_view text, std::size_t limit) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : text.substr(0, limit)) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte >= 0x20 && byte < 0x7f) {
            out += c;
        } else {
            out += "\\x";
            out += kDigits[byte >> 4U];
            out += kDigits[byte & 0xfU];
        }
    }
    if (text.size() > limit) out += "...";
    return out + '"';
}

}   // namespace memhot::units
