// SPDX-License-Identifier: LGPL-2.1-or-later
#include "explain/matching.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "explain/holes.hpp"

namespace memhot::explaining {

namespace {

struct TablePattern {
    const Entry* entry;
    Pattern pattern;
};

const std::vector<TablePattern>& table() {
    static const std::vector<TablePattern> kTable = [] {
        std::vector<TablePattern> all;
        for (const Entry* entry : entries()) {
            for (const auto text : entry->patterns) {
                if (!text.empty()) all.push_back({entry, Pattern(text)});
            }
        }
        return all;
    }();
    return kTable;
}

bool is_hint(const Match& match) { return match.entry->strength == Strength::hint; }

bool is_bare_errno(const Entry& entry) { return entry.id.starts_with("errno."); }

// "nd_pmem pfn1.0: " in front of the message: the last word before the colon, if there is a digit in it.
std::string prefix_device(std::string_view line, std::size_t begin) {
    std::string_view before = line.substr(0, begin);
    if (!before.ends_with(": ")) return {};
    before.remove_suffix(2);
    const std::size_t blank = before.rfind(' ');
    const std::string_view word = blank == std::string_view::npos ? before : before.substr(blank + 1);
    const auto device = take(HoleType::device, word);
    if (!device || device->length != word.size()) return {};
    // "setup_namespace:349: " is a place in a program's source, "0000:00:03.0: " and "PNP0C80:00: " are devices
    const std::size_t colon = word.rfind(':');
    const bool function = colon != std::string_view::npos && word.find('_') < colon;
    return function ? std::string() : std::string(word);
}

bool wins(const Match& a, const Match& b) {
    if (a.entry->strength != b.entry->strength) return a.entry->strength < b.entry->strength;
    return a.found.weight > b.found.weight;
}

bool overlap(const Match& a, const Match& b) { return a.found.begin < b.found.end && b.found.begin < a.found.end; }

// The best of those that begin in one line, without overlaps, in the order of the line.
std::vector<Match> best_of(std::vector<Match> found) {
    std::ranges::stable_sort(found, wins);
    std::vector<Match> kept;
    for (auto& match : found) {
        const bool taken = std::ranges::any_of(
            kept, [&](const Match& other) { return is_hint(other) == is_hint(match) && overlap(other, match); });
        if (!taken) kept.push_back(std::move(match));
    }
    std::ranges::stable_sort(kept, {}, [](const Match& match) { return match.found.begin; });
    return kept;
}

// A message that mail wrapped goes on in the next line, unless that has a time stamp of its own.
struct Joined {
    std::string text;
    std::string lower;
    std::size_t first_length = 0;
};
Joined join(const std::vector<Line>& lines, std::size_t i) {
    Joined out{lines[i].text, lines[i].lower, lines[i].text.size()};
    if (i + 1 < lines.size() && !lines[i + 1].stamped && !lines[i + 1].text.empty()) {
        out.text += ' ' + lines[i + 1].text;
        out.lower += ' ' + lines[i + 1].lower;
    }
    return out;
}

std::vector<Match> matches_at(const std::vector<Line>& lines, std::size_t i) {
    const Joined joined = join(lines, i);
    std::vector<Match> found;
    for (const auto& row : table()) {
        std::size_t from = 0;
        while (auto match = row.pattern.find(joined.text, joined.lower, from)) {
            if (match->begin >= joined.first_length) break;   // the next line's own
            from = std::max(match->end, match->begin + 1);
            Match one{
                .entry = row.entry, .found = std::move(*match), .line = i, .last_line = i, .device = {}, .speaker = {}};
            if (one.found.end > joined.first_length) one.last_line = i + 1;
            if (is_bare_errno(*row.entry)) one.found.weight = 1;   // any message around it says more
            one.speaker = prefix_device(joined.text, one.found.begin);
            one.device = one.found.device.empty() ? one.speaker : one.found.device;
            if (one.speaker.empty()) one.speaker = one.device;
            found.push_back(std::move(one));
        }
    }
    return best_of(std::move(found));
}

// What the match before took of this line because mail had wrapped it.
bool is_continuation(const std::vector<Match>& before, const Match& match, std::size_t first_length) {
    return std::ranges::any_of(before, [&](const Match& other) {
        return other.last_line == match.line && other.line != match.line && is_hint(other) == is_hint(match) &&
               match.found.begin + first_length + 1 < other.found.end;
    });
}

}   // namespace

std::vector<Match> find_matches(const std::vector<Line>& lines) {
    std::vector<Match> all;
    std::vector<Match> previous;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        std::vector<Match> here = matches_at(lines, i);
        const std::size_t before = i == 0 ? 0 : lines[i - 1].text.size();
        std::erase_if(here, [&](const Match& match) { return is_continuation(previous, match, before); });
        for (const auto& match : here) all.push_back(match);
        previous = std::move(here);
    }
    return all;
}

std::string named_device(std::string_view line) {
    constexpr std::array<std::string_view, 8> kPrefixes{"namespace", "pfn",  "dax",    "btt",
                                                        "region",    "nmem", "memory", "pmem"};
    for (std::size_t at = 0; at < line.size(); ++at) {
        if (at > 0 && (is_alnum(line[at - 1]) || line[at - 1] == '-')) continue;
        for (const auto prefix : kPrefixes) {
            const std::string_view rest = line.substr(at);
            if (!rest.starts_with(prefix)) continue;
            const auto number = take(HoleType::count, rest.substr(prefix.size()));
            const auto device = number ? take(HoleType::device, rest) : std::nullopt;
            if (device) return device->value.text;
        }
    }
    return {};
}

std::string subject_of(std::string_view device) {
    constexpr std::array<std::string_view, 5> kInstances{"namespace", "pfn", "dax", "btt", "pmem"};
    for (const auto prefix : kInstances) {
        if (device.starts_with(prefix)) return std::string(device.substr(prefix.size()));
    }
    return std::string(device);
}

bool same_subject(std::string_view a, std::string_view b) {
    if (a.empty() || b.empty() || a == b) return true;
    constexpr std::string_view kRegion = "region";
    if (b.starts_with(kRegion)) std::swap(a, b);
    if (!a.starts_with(kRegion)) return false;
    const std::string_view number = a.substr(kRegion.size());
    return b.starts_with(number) && b.substr(number.size()).starts_with('.');
}

std::vector<Incident> find_incidents(const std::vector<Match>& matches) {
    std::vector<Incident> incidents;
    std::map<std::string, std::size_t> by_subject;
    std::size_t current = 0;
    for (const auto& match : matches) {
        if (is_hint(match)) continue;
        const std::string subject = subject_of(match.speaker);
        if (incidents.empty() || !same_subject(incidents[current].subject, subject)) {
            const auto known = by_subject.find(subject);
            current = known == by_subject.end() ? incidents.size() : known->second;
            if (current == incidents.size()) incidents.emplace_back();
        }
        Incident& incident = incidents[current];
        // the more exact name: dax1.0 rather than region1
        const bool vague = incident.subject.empty() || incident.subject.starts_with("region");
        if (vague && !subject.empty()) incident.subject = subject;
        if (!incident.subject.empty()) by_subject.emplace(incident.subject, current);
        incident.matches.push_back(&match);
    }
    return incidents;
}

}   // namespace memhot::explaining
