// SPDX-License-Identifier: LGPL-2.1-or-later
#include "explain/candidates.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "explain/entry.hpp"
#include "explain/holes.hpp"

namespace memhot::explaining {

namespace {

constexpr std::size_t kShortestWord = 4;     // "the", "not" and the like tell nothing
constexpr std::size_t kMostCandidates = 3;
constexpr std::size_t kMostLines = 20;       // of the unknown text that are shown
constexpr std::size_t kLeastWords = 2;       // in common, and at least half of the message's

std::set<std::string> words_of(std::string_view lower) {
    std::set<std::string> words;
    std::string word;
    for (const char c : std::string(lower) + ' ') {
        if (is_alnum(c) && (c < '0' || c > '9')) {
            word += c;
            continue;
        }
        if (word.size() >= kShortestWord) words.insert(word);
        word.clear();
    }
    return words;
}

// A pattern's words without its holes.
std::set<std::string> words_of_pattern(std::string_view pattern) {
    std::string literals;
    bool hole = false;
    for (const char c : pattern) {
        if (c == '{') hole = true;
        literals += hole ? ' ' : c;
        if (c == '}') hole = false;
    }
    return words_of(lower_case(literals));
}

struct Candidate {
    double score;
    std::string text;
};

// Each word counts the more, the fewer messages have it.
std::vector<Candidate> score_all(const std::set<std::string>& words) {
    std::map<std::string, unsigned> frequency;
    for (const Entry* entry : entries()) {
        std::set<std::string> of_entry;
        for (const auto pattern : entry->patterns) of_entry.merge(words_of_pattern(pattern));
        for (const auto& word : of_entry) ++frequency[word];
    }
    std::vector<Candidate> all;
    for (const Entry* entry : entries()) {
        if (entry->strength == Strength::hint) continue;
        double best = 0;
        std::string_view text;
        for (const auto pattern : entry->patterns) {
            double score = 0;
            std::size_t common = 0;
            const auto own = words_of_pattern(pattern);
            for (const auto& word : own) {
                if (!words.contains(word)) continue;
                score += 1.0 / frequency[word];
                ++common;
            }
            if (common >= kLeastWords && 2 * common >= own.size() && score > best) {
                best = score;
                text = pattern;
            }
        }
        if (best > 0) all.push_back({best, std::string(entry->id) + ": " + std::string(text)});
    }
    return all;
}

}   // namespace

Explanation unknown(const std::vector<Line>& lines) {
    Explanation out;
    out.kind = Explanation::Kind::unknown;
    out.incident = 1;
    out.id = "unknown";
    out.cause = "This text is not known here: no message, number or listing in it matches a rule.";
    out.remedy = "Give the kernel's own lines of that moment (dmesg) and the whole output of the command.";
    std::set<std::string> words;
    for (const auto& line : lines) {
        if (!line.text.empty() && out.lines.size() < kMostLines) out.lines.push_back(line.text);
        words.merge(words_of(line.lower));
    }
    out.needed = {std::string(text_of(Need::kernel_log)), std::string(text_of(Need::command))};
    auto all = score_all(words);
    std::ranges::stable_sort(all, [](const Candidate& a, const Candidate& b) { return a.score > b.score; });
    if (all.size() > kMostCandidates) all.resize(kMostCandidates);
    for (auto& one : all) out.candidates.push_back(std::move(one.text));
    return out;
}

}   // namespace memhot::explaining
