// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/text.hpp"

#include <fmt/format.h>

namespace memhotctl {

namespace {

// At most width bytes, and no half of a character.
std::size_t end_of_character(std::string_view text, std::size_t width) {
    std::size_t end = width;
    while (end > 1 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80) --end;
    return end;
}

}   // namespace

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
    std::vector<std::string> lines;
    while (text.size() > width) {
        auto at = text.rfind(' ', width);
        // a space within the indentation of the line does not break it
        const bool at_a_word = at != std::string_view::npos && at > text.find_first_not_of(' ');
        if (!at_a_word) at = end_of_character(text, width);
        lines.emplace_back(text.substr(0, at));
        text.remove_prefix(at_a_word ? at + 1 : at);
    }
    lines.emplace_back(text);
    return lines;
}

namespace {

// Sequences of UTF-8 that a terminal obeys rather than shows: C1 controls (U+0080 to U+009F), and what turns lines or the
// direction of writing (U+061C, U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069). Bytes of one at the start of text.
std::size_t obeyed_bytes(std::string_view text) {
    const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    if (at(0) == 0xc2 && at(1) >= 0x80 && at(1) <= 0x9f) return 2;
    if (at(0) == 0xd8 && at(1) == 0x9c) return 2;
    if (at(0) != 0xe2) return 0;
    const bool marks = at(1) == 0x80 && (at(2) == 0x8e || at(2) == 0x8f || (at(2) >= 0xa8 && at(2) <= 0xae));
    const bool isolates = at(1) == 0x81 && at(2) >= 0xa6 && at(2) <= 0xa9;
    return marks || isolates ? 3 : 0;
}

}   // namespace

std::string printable(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        std::size_t escaped = obeyed_bytes(text.substr(i));
        if (byte < 0x20 || byte == 0x7f) escaped = 1;
        if (escaped == 0) {
            out += text[i];
            continue;
        }
        for (std::size_t k = 0; k < escaped; ++k) {
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[i + k]));
        }
        i += escaped - 1;
    }
    return out;
}

std::string in_quotes(std::string_view text) {
    constexpr std::size_t kLongest = 60;
    if (text.size() <= kLongest) return '"' + printable(text) + '"';
    return '"' + printable(text.substr(0, end_of_character(text, kLongest))) + "...\"";
}

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const auto& word : words) out += (out.empty() ? "" : ", ") + printable(word);
    return out;
}

std::string counted(std::size_t number, std::string_view noun) {
    return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

std::string number_list(const std::vector<std::uint64_t>& ascending) {
    std::string out;
    for (std::size_t i = 0; i < ascending.size();) {
        std::size_t end = i;
        while (end + 1 < ascending.size() && ascending[end + 1] == ascending[end] + 1) ++end;
        if (!out.empty()) out += ',';
        out += std::to_string(ascending[i]);
        if (end != i) out += "-" + std::to_string(ascending[end]);
        i = end + 1;
    }
    return out;
}

}   // namespace memhotctl
