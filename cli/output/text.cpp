// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/text.hpp"

#include <fmt/format.h>

namespace memhotctl {

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
    std::vector<std::string> lines;
    while (text.size() > width) {
        auto at = text.rfind(' ', width);
        // a space within the indentation of the line does not break it
        const bool at_a_word = at != std::string_view::npos && at > text.find_first_not_of(' ');
        if (!at_a_word) at = width;
        lines.emplace_back(text.substr(0, at));
        text.remove_prefix(at_a_word ? at + 1 : at);
    }
    lines.emplace_back(text);
    return lines;
}

std::string printable(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) {
            out += fmt::format("\\x{:02x}", byte);
        } else {
            out += c;
        }
    }
    return out;
}

std::string in_quotes(std::string_view text) {
    constexpr std::size_t kLongest = 60;
    const bool cut = text.size() > kLongest;
    return '"' + printable(text.substr(0, kLongest)) + (cut ? "...\"" : "\"");
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
