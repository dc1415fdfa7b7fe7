// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What ndctl, daxctl and cxl list (JSON, with or without --human, whole or torn), and the options of their commands.
#include <algorithm>
#include <array>

#include "explain/holes.hpp"
#include "explain/pattern.hpp"
#include "explain/text.hpp"
#include "memhot/value.hpp"

namespace memhot::explaining {

namespace {

struct Pair {
    std::string_view key;
    std::string_view value;   // without quotes
};

// The next "key":value of a line, with or without blanks around the colon.
std::optional<Pair> take_pair(std::string_view& text) {
    while (true) {
        const std::size_t open = text.find('"');
        if (open == std::string_view::npos) return std::nullopt;
        const std::size_t close = text.find('"', open + 1);
        if (close == std::string_view::npos) return std::nullopt;
        const std::string_view key = text.substr(open + 1, close - open - 1);
        std::string_view rest = text.substr(close + 1);
        text = rest;
        while (rest.starts_with(' ')) rest.remove_prefix(1);
        if (!rest.starts_with(':')) continue;
        rest.remove_prefix(1);
        while (rest.starts_with(' ')) rest.remove_prefix(1);
        const bool quoted = rest.starts_with('"');
        if (quoted) rest.remove_prefix(1);
        const std::size_t end = std::min(rest.find_first_of(quoted ? "\"" : ",}] "), rest.size());
        text = rest.substr(std::min(end + (quoted ? 1 : 0), rest.size()));
        return Pair{key, rest.substr(0, end)};
    }
}

void take_into(Listed& object, const Pair& pair) {
    const auto size = [&] {
        const auto taken = take_size(pair.value);
        return taken ? std::optional(taken->bytes) : std::nullopt;
    };
    if (pair.key == "mode") object.mode = std::string(pair.value);
    if (pair.key == "size") object.size = size();
    if (pair.key == "available_size") object.available = size();
    if (pair.key == "max_available_extent") object.largest_extent = size();
    if (pair.key == "iset_id") object.interleave_set = true;
}

std::string_view unquoted(std::string_view word) {
    constexpr std::string_view kMarks = "`'\"():;,";
    while (!word.empty() && kMarks.find(word.front()) != std::string_view::npos) word.remove_prefix(1);
    while (!word.empty() && kMarks.find(word.back()) != std::string_view::npos) word.remove_suffix(1);
    return word;
}

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        if (const auto word = unquoted(text.substr(0, end)); !word.empty()) words.push_back(word);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

struct OptionRow {
    std::string_view letter;
    std::string_view word;
    std::string_view clue;
    bool size;
};
constexpr std::array kOptions{
    OptionRow{"-s", "--size", "size", true},
    OptionRow{"-a", "--align", "align", true},
    OptionRow{"-m", "--mode", "mode", false},
    OptionRow{"-M", "--map", "map", false},
};

void put_option(const OptionRow& row, std::string_view value, std::size_t line, Clues& clues) {
    if (!row.size) {
        clues.add(line, Value::of_text(row.clue, value));
    } else if (const auto size = take_size(value); size && size->length == value.size()) {
        clues.add(line, Value::of_size(row.clue, size->bytes));
    }
}

}   // namespace

std::vector<Listed> find_listed(const std::vector<Line>& lines) {
    std::vector<Listed> listed;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        std::string_view rest = lines[i].text;
        while (const auto pair = take_pair(rest)) {
            if (pair->key == "dev" || pair->key == "chardev" || pair->key == "memdev" || pair->key == "decoder") {
                Listed object;
                object.dev = std::string(pair->value);
                object.line = i;
                listed.push_back(std::move(object));
            } else if (!listed.empty()) {
                take_into(listed.back(), *pair);
            }
        }
    }
    return listed;
}

void find_options(const std::vector<Line>& lines, Clues& clues) {
    for (std::size_t i = 0; i < lines.size(); ++i) {
        // "did you intend --size=..." is advice, not a command
        if (lines[i].lower.find(" -") == std::string::npos && !lines[i].text.starts_with('-') &&
            lines[i].lower.find("`-") == std::string::npos) {
            continue;
        }
        const auto words = words_of(lines[i].text);
        for (std::size_t w = 0; w < words.size(); ++w) {
            const std::string_view word = words[w];
            const auto* row = std::ranges::find_if(kOptions, [&](const OptionRow& option) {
                return word == option.letter || word.substr(0, word.find('=')) == option.word;
            });
            if (row == kOptions.end() || (w > 0 && words[w - 1] == "intend")) continue;
            const std::size_t equals = word.find('=');
            if (equals != std::string_view::npos) {
                put_option(*row, word.substr(equals + 1), i, clues);
            } else if (w + 1 < words.size()) {
                put_option(*row, words[w + 1], i, clues);
            }
        }
    }
}

}   // namespace memhot::explaining
