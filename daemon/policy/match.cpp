// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/match.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <fnmatch.h>

#include "config/text.hpp"

namespace memhot::policy {

namespace {

// As net_condition_test_strv() of systemd: one plain word must hold where there are any, and no inverted one may.
template <class T, class Holds>
Tri test(const Criterion<T>& criterion, Holds holds) {
    bool plain_words = false;
    bool plain_unknown = false;
    bool inverted_unknown = false;
    bool one = false;
    for (const auto& item : criterion.items) {
        const Tri answer = holds(item.value);
        if (item.inverted) {
            if (answer == Tri::yes) return Tri::no;
            inverted_unknown = inverted_unknown || answer == Tri::unknown;
            continue;
        }
        plain_words = true;
        one = one || answer == Tri::yes;
        plain_unknown = plain_unknown || answer == Tri::unknown;
    }
    if (plain_words && !one && !plain_unknown) return Tri::no;
    return inverted_unknown || (plain_words && !one) ? Tri::unknown : Tri::yes;
}

Tri tri(bool value) { return value ? Tri::yes : Tri::no; }

bool any_matches(const std::string& glob, const std::vector<std::string>& names, int flags) {
    return std::ranges::any_of(names,
                               [&](const auto& name) { return ::fnmatch(glob.c_str(), name.c_str(), flags) == 0; });
}

// memory that came as "acpi or probe" is surely one of a list that has both
Tri test_source(const Criterion<Source>& criterion, const Subject& subject) {
    const auto of = [&](Source source) { return subject.sources[static_cast<std::size_t>(source)]; };
    const auto has = [&](Source source, bool inverted) {
        return std::ranges::find(criterion.items, Item<Source>{source, inverted}) != criterion.items.end();
    };
    const bool either = subject.source_is_acpi_or_probe;
    for (const bool inverted : {false, true}) {
        if (!either || !has(Source::acpi, inverted) || !has(Source::probe, inverted)) continue;
        Subject settled = subject;
        settled.source_is_acpi_or_probe = false;
        settled.sources[static_cast<std::size_t>(Source::acpi)] = Tri::yes;
        return test_source(criterion, settled);
    }
    return test(criterion, of);
}

std::string list_of_sources(const Subject& subject) {
    std::vector<std::string> names;
    std::vector<std::string> doubtful;
    for (std::size_t i = 0; i < kSources; ++i) {
        if (subject.sources[i] == Tri::yes) names.emplace_back(kSourceNames[i]);
        if (subject.sources[i] == Tri::unknown) doubtful.emplace_back(kSourceNames[i]);
    }
    if (!doubtful.empty()) names.push_back("perhaps " + config::joined(doubtful, " or "));
    return names.empty() ? "none of these" : config::joined(names, ", ");
}

std::string list_of(const std::vector<std::string>& names) {
    return names.empty() ? "none" : config::joined(names, ", ");
}

// Collects the keys' answers: the first no, else the first unknown.
struct Collector {
    const Subject& subject;
    MatchAnswer answer{};

    template <class T>
    void take(std::string_view key, const Criterion<T>& criterion, Tri holds, const std::string& is) {
        if (criterion.items.empty() || holds == Tri::yes || answer.matches == Tri::no) return;
        if (holds == Tri::unknown && answer.matches == Tri::unknown) return;
        answer = {holds, fmt::format("{}={}, and {} {}", key, criterion.text, subject.name, is), criterion.place};
    }
};

Tri in_ranges(const Subject& subject, const Range& range) {
    if (subject.ranges.empty()) return Tri::unknown;
    return tri(std::ranges::all_of(subject.ranges, [&](const Range& one) { return range.contains(one); }));
}

}   // namespace

MatchAnswer match(const Policy& policy, const Subject& subject) {
    const Match& keys = policy.match;
    const auto inside = [](const std::optional<std::uint64_t>& value) {
        return [value](const Interval& interval) {
            return value ? tri(interval.least <= *value && *value <= interval.most) : Tri::unknown;
        };
    };
    const auto names_match = [](const std::vector<std::string>& names, int flags) {
        return [&names, flags](const std::string& glob) { return tri(any_matches(glob, names, flags)); };
    };
    Collector all{subject};
    const std::string source_note = subject.source_note.empty() ? "" : " (" + subject.source_note + ")";
    all.take("Source", keys.source, test_source(keys.source, subject),
             "comes from " + list_of_sources(subject) + source_note);
    const auto node = subject.node && *subject.node >= 0 ? std::optional(static_cast<std::uint64_t>(*subject.node))
                                                         : std::optional<std::uint64_t>();
    all.take("Node", keys.node, test(keys.node, inside(node)),
             node ? fmt::format("is on node {}", *node) : "does not show its node");
    all.take("Range", keys.range, test(keys.range, [&](const Range& range) { return in_ranges(subject, range); }),
             subject.ranges.empty() ? "does not show its addresses" : "is " + to_string(subject.ranges.front()));
    all.take("Size", keys.size, test(keys.size, inside(subject.size)),
             subject.size ? fmt::format("is of {}", human_size(*subject.size)) : "does not show its size");
    all.take("Uuid", keys.uuid, test(keys.uuid, names_match(subject.uuids, FNM_CASEFOLD)),
             "has the uuid " + list_of(subject.uuids));
    all.take("Device", keys.device, test(keys.device, names_match(subject.devices, 0)),
             "is " + config::joined(subject.devices, " on "));
    return all.answer;
}

}   // namespace memhot::policy
