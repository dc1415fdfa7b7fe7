// SPDX-License-Identifier: LGPL-2.1-or-later
#include "explain/pattern.hpp"

#include <algorithm>

#include "explain/holes.hpp"

namespace memhot::explaining {

namespace {

constexpr std::size_t kFarthest = 200;   // what {*} skips at most: keeps a hostile line from costing its cube

}   // namespace

std::string lower_case(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return out;
}

Pattern::Pattern(std::string_view text) : text_(text) {
    while (!text.empty()) {
        if (text.front() == '{') {
            const std::size_t end = std::min(text.find('}'), text.size());
            valid_ = parse_hole(text.substr(1, end - 1)) && valid_;
            text.remove_prefix(std::min(end + 1, text.size()));
            continue;
        }
        const std::size_t end = std::min(text.find('{'), text.size());
        pieces_.push_back({.literal = lower_case(text.substr(0, end)), .name = {}});
        if (pieces_[longest_].literal.size() < end) longest_ = pieces_.size() - 1;
        text.remove_prefix(end);
    }
    valid_ = valid_ && !pieces_.empty() && !pieces_[longest_].literal.empty();
}

bool Pattern::parse_hole(std::string_view hole) {
    if (hole == "*") {
        pieces_.push_back({.literal = {}, .name = {}, .type = HoleType::any});
        return true;
    }
    const std::size_t colon = hole.find(':');
    const auto type = parse_hole_type(hole.substr(std::min(colon + 1, hole.size())));
    if (colon == std::string_view::npos || colon == 0 || !type) return false;
    pieces_.push_back({.literal = {}, .name = std::string(hole.substr(0, colon)), .type = *type});
    return true;
}

std::optional<PatternMatch> Pattern::find(std::string_view line, std::string_view lower, std::size_t from) const {
    if (!valid_ || lower.find(pieces_[longest_].literal, from) == std::string_view::npos) return std::nullopt;
    const std::string& first = pieces_.front().literal;
    for (std::size_t at = from; at < line.size(); ++at) {
        if (!first.empty()) {
            at = lower.find(first, at);
            if (at == std::string_view::npos) return std::nullopt;
        }
        // the beginning of a word, not its middle
        if (at > 0 && is_alnum(line[at]) && is_alnum(line[at - 1])) continue;
        PatternMatch found;
        found.begin = at;
        if (match(0, at, line, lower, found)) {
            std::ranges::reverse(found.captures);
            return found;
        }
    }
    return std::nullopt;
}

// Captures are put from the last to the first, once all behind them have matched.
bool Pattern::match(std::size_t piece, std::size_t at, std::string_view line, std::string_view lower,
                    PatternMatch& out) const {
    if (piece == pieces_.size()) {
        const bool inside_word = at > 0 && at < line.size() && !pieces_.back().literal.empty() &&
                                 is_alnum(line[at - 1]) && is_alnum(line[at]);
        out.end = at;
        return !inside_word;
    }
    const std::string& literal = pieces_[piece].literal;
    if (literal.empty()) return match_hole(piece, at, line, lower, out);
    if (!lower.substr(at).starts_with(literal)) return false;
    if (!match(piece + 1, at + literal.size(), line, lower, out)) return false;
    out.weight += static_cast<unsigned>(literal.size());
    return true;
}

bool Pattern::match_hole(std::size_t piece, std::size_t at, std::string_view line, std::string_view lower,
                         PatternMatch& out) const {
    const Piece& hole = pieces_[piece];
    if (hole.type == HoleType::any) {
        const std::size_t last = std::min(line.size(), at + kFarthest);
        for (std::size_t next = at; next <= last; ++next) {
            if (match(piece + 1, next, line, lower, out)) return true;
        }
        return false;
    }
    auto taken = take(hole.type, line.substr(std::min(at, line.size())));
    if (!taken) return false;
    const bool may_shrink = hole.type == HoleType::word || hole.type == HoleType::device;
    std::size_t length = taken->length;
    while (!match(piece + 1, at + length, line, lower, out)) {
        if (!may_shrink || --length == 0) return false;
    }
    if (length != taken->length) taken->value.text.resize(length);
    if (hole.type == HoleType::device) out.device = taken->value.text;
    if (taken->error != 0) out.error = taken->error;
    ++out.weight;
    taken->value.name = hole.name;
    out.captures.push_back(std::move(taken->value));
    return true;
}

}   // namespace memhot::explaining
