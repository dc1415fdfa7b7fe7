// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Address ranges with names: lines of /proc/iomem, and the way people write them in sentences.
#include <algorithm>
#include <array>

#include "explain/holes.hpp"
#include "explain/pattern.hpp"
#include "explain/text.hpp"

namespace memhot::explaining {

namespace {

constexpr std::size_t kMinDigits = 8;       // as /proc/iomem prints them
constexpr std::size_t kLongestName = 40;

struct KindRow {
    std::string_view word;   // in lower case
    PlaceKind kind;
};
// In this order: "namespace0.0" before "persistent", "system ram (kmem)" is RAM.
constexpr std::array kKinds{
    KindRow{"ram buffer", PlaceKind::other},
    KindRow{"system ram", PlaceKind::ram},
    KindRow{"namespace", PlaceKind::ns},
    KindRow{"soft reserved", PlaceKind::soft_reserved},
    KindRow{"cxl window", PlaceKind::cxl_window},
    KindRow{"persistent memory", PlaceKind::pmem},
    KindRow{"pmem", PlaceKind::pmem},
    KindRow{"reserved", PlaceKind::reserved},
    KindRow{"region", PlaceKind::region},
    KindRow{"dax", PlaceKind::dax},
    KindRow{"ram", PlaceKind::ram},
};

PlaceKind kind_of(std::string_view name) {
    const std::string lower = lower_case(name);
    const auto* found =
        std::ranges::find_if(kKinds, [&](const KindRow& row) { return lower.find(row.word) != std::string::npos; });
    return found == kKinds.end() ? PlaceKind::other : found->kind;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

// " : System RAM", or what a sentence says behind the range up to its next mark.
std::string name_behind(std::string_view rest) {
    const bool iomem = rest.starts_with(" : ") || rest.starts_with(": ");
    if (iomem) rest.remove_prefix(rest.find(':') + 1);
    const std::size_t end = rest.find_first_of(iomem ? "`\"<" : ",;+/`(:");
    return std::string(trimmed(rest.substr(0, std::min(end, kLongestName))));
}

// "namespace0.0 = RANGE", "pmem split RANGE / RANGE": the last name before it in the line.
std::string name_before(std::string_view text) {
    std::string best;
    std::size_t best_at = 0;
    for (const std::string_view word : {"namespace", "pmem", "RAM"}) {
        const std::size_t at = text.rfind(word);
        if (at == std::string_view::npos || (!best.empty() && at < best_at)) continue;
        best_at = at;
        best = std::string(text.substr(at, std::min(text.find_first_of(" =", at), text.size()) - at));
    }
    return best;
}

// Inside a message ("[mem 0x..-0x..]", "mapping0: 0x..-0x..") it is that message's number, not a place.
bool inside_message(std::string_view before) {
    const std::size_t mapping = before.rfind("mapping");
    return before.ends_with("[") || before.ends_with("[mem ") || before.ends_with("[??? ") || before.ends_with("<") ||
           (mapping != std::string_view::npos && before.size() - mapping < std::string_view("mapping000: ").size());
}

// In a sentence only memory is taken for a name: "region" and the like stand behind too many numbers.
bool may_be_in_sentence(PlaceKind kind) {
    return kind == PlaceKind::ram || kind == PlaceKind::pmem || kind == PlaceKind::ns;
}

void scan_line(const Line& line, std::size_t number, std::vector<Place>& out) {
    const std::string_view text = line.raw;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (at > 0 && is_alnum(text[at - 1])) continue;
        const auto taken = take_range(text.substr(at), kMinDigits);
        if (!taken) continue;
        const std::string_view rest = text.substr(at + taken->length);
        if (!inside_message(text.substr(0, at))) {
            const bool iomem = rest.starts_with(" : ");
            std::string name = name_behind(rest);
            if (!iomem && !may_be_in_sentence(kind_of(name))) name = name_before(text.substr(0, at));
            if (!name.empty()) out.push_back({taken->range, name, kind_of(name), number, 0, false});
        }
        at += taken->length - 1;
    }
}

// "RAM from 304000000": a place that begins there; where it ends is not said, so only its first sub-section counts.
void scan_from(const Line& line, std::size_t number, std::vector<Place>& out) {
    constexpr std::string_view kWords = "ram from ";
    const std::size_t at = line.lower.find(kWords);
    if (at == std::string::npos) return;
    const auto start = take(HoleType::address, std::string_view(line.text).substr(at + kWords.size()));
    if (!start || start->value.number > ~0ULL - kSubsectionSize) return;
    out.push_back(
        {{start->value.number, start->value.number + kSubsectionSize - 1}, "RAM", PlaceKind::ram, number, 0, true});
}

// "...", "[..]", an empty line: something was left out of a listing that goes on.
bool is_gap(const Line& line) {
    return std::ranges::all_of(line.text,
                               [](char c) { return std::string_view(".[] ").find(c) != std::string_view::npos; });
}

}   // namespace

std::vector<Place> find_places(const std::vector<Line>& lines) {
    std::vector<Place> places;
    std::size_t dump = 0;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::size_t before = places.size();
        scan_line(lines[i], i, places);
        scan_from(lines[i], i, places);
        if (places.size() == before && !is_gap(lines[i])) ++dump;   // another text between two listings
        for (std::size_t p = before; p < places.size(); ++p) places[p].dump = dump;
    }
    return places;
}

}   // namespace memhot::explaining
