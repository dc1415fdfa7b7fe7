// SPDX-License-Identifier: LGPL-2.1-or-later
#include "explain/lines.hpp"

#include <algorithm>
#include <array>

#include "explain/pattern.hpp"

namespace memhot::explaining {

namespace {

constexpr std::size_t kLongestLine = 4096;   // longer ones are cut: no kernel message is

struct Replacement {
    std::string_view from;
    std::string_view to;
};
// HTML of web archives, and what word processors make of blanks, quotes and dots.
constexpr std::array kReplacements{
    Replacement{"&lt;", "<"},         Replacement{"&gt;", ">"},           Replacement{"&quot;", "\""},
    Replacement{"&#39;", "'"},        Replacement{"&#x27;", "'"},         Replacement{"&apos;", "'"},
    Replacement{"&nbsp;", " "},       Replacement{"&#160;", " "},         Replacement{"&amp;", "&"},
    Replacement{"\xc2\xa0", " "},     Replacement{"\xe2\x80\xa6", "..."}, Replacement{"\xe2\x80\x98", "'"},
    Replacement{"\xe2\x80\x99", "'"}, Replacement{"\xe2\x80\x9c", "\""},  Replacement{"\xe2\x80\x9d", "\""},
    Replacement{"\xe2\x80\x93", "-"}, Replacement{"\xe2\x88\x92", "-"},
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Length of an ANSI escape sequence at the beginning, 0 for none.
std::size_t escape_length(std::string_view text) {
    if (!text.starts_with("\x1b[")) return 0;
    std::size_t length = 2;
    while (length < text.size() && (is_digit(text[length]) || text[length] == ';')) ++length;
    return std::min(length + 1, text.size());
}

const Replacement* replacement_at(std::string_view text) {
    const auto* found =
        std::ranges::find_if(kReplacements, [text](const Replacement& row) { return text.starts_with(row.from); });
    return found == kReplacements.end() ? nullptr : found;
}

std::string plain(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        if (const std::size_t escape = escape_length(text); escape != 0) {
            text.remove_prefix(escape);
            continue;
        }
        const char c = text.front();
        const auto byte = static_cast<unsigned char>(c);
        if (const Replacement* found = c == '&' || byte >= 0x80 ? replacement_at(text) : nullptr) {
            out += found->to;
            text.remove_prefix(found->from.size());
            continue;
        }
        if (byte >= 0x20 && byte != 0x7f) out += c;
        if (c == '\t') out += ' ';
        text.remove_prefix(1);
    }
    return out;
}

std::string_view without_blanks(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    return text;
}

// "[  289.561524]", "[   32.07][  T294]", "[ ]", "[]", "[  T543]": brackets around nothing but a stamp.
std::size_t stamp_length(std::string_view text) {
    if (!text.starts_with('[')) return 0;
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return 0;
    std::string_view inside = without_blanks(text.substr(1, end - 1));
    const bool thread = inside.starts_with('T') || inside.starts_with('C');
    if (thread) inside.remove_prefix(1);
    // seconds have a point; "[240000000 340000000]" is part of a message
    const bool seconds = inside.find('.') != std::string_view::npos;
    const bool digits = std::ranges::all_of(inside, [](char c) { return is_digit(c) || c == '.' || c == ' '; });
    return digits && (thread || seconds || inside.empty()) ? end + 1 : 0;
}

// "Aug 19 17:59:09 host kernel: " and "kernel: " of journalctl and syslog.
std::size_t syslog_length(std::string_view text) {
    constexpr std::string_view kMark = "kernel: ";
    constexpr std::size_t kFarthest = 80;
    const std::size_t at = text.find(kMark);
    if (at == std::string_view::npos || at > kFarthest || (at > 0 && text[at - 1] != ' ')) return 0;
    const bool dated = at == 0 || std::ranges::any_of(text.substr(0, at), is_digit);
    return dated ? at + kMark.size() : 0;
}

std::string_view without_stamps(std::string_view text, bool& stamped) {
    text = without_blanks(text);
    while (text.starts_with("> ") || text.starts_with("| ")) text = without_blanks(text.substr(2));
    if (text.size() > 3 && text[0] == '<' && is_digit(text[1]) && text[2] == '>') text.remove_prefix(3);
    if (const std::size_t length = syslog_length(text); length != 0) {
        stamped = true;
        text = without_blanks(text.substr(length));
    }
    while (const std::size_t length = stamp_length(text)) {
        stamped = true;
        text = without_blanks(text.substr(length));
    }
    return text;
}

std::string single_blanks(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c != ' ' || (!out.empty() && out.back() != ' ')) out += c;
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
}

}   // namespace

std::vector<Line> read_lines(std::string_view text) {
    std::vector<Line> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        Line line;
        line.raw = plain(text.substr(0, std::min(end, kLongestLine)));
        line.text = single_blanks(without_stamps(line.raw, line.stamped));
        line.lower = lower_case(line.text);
        lines.push_back(std::move(line));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

}   // namespace memhot::explaining
