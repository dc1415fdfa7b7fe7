// SPDX-License-Identifier: LGPL-2.1-or-later
//
// From text to explanations: lines, matches, incidents, and of each incident what says the most.
#include <algorithm>
#include <array>
#include <map>

#include "explain/candidates.hpp"
#include "explain/layouts.hpp"
#include "explain/matching.hpp"
#include "explain/rendering.hpp"
#include "explain/workings.hpp"
#include "memhot/outcome.hpp"

namespace memhot {

namespace explaining {

namespace {

// One explanation in the making.
struct Draft {
    const Entry* entry = nullptr;
    Explanation out;
    std::vector<std::size_t> lines;   // in the text
    unsigned weight = 0;
};

void add_line(Draft& draft, std::size_t line) {
    if (std::ranges::find(draft.lines, line) == draft.lines.end()) draft.lines.push_back(line);
}

// "errno.einval": entries of bare errnos.
int errno_of(std::string_view id) {
    constexpr std::string_view kPrefix = "errno.";
    constexpr int kMost = 133;   // EHWPOISON
    if (!id.starts_with(kPrefix)) return 0;
    for (int error = 1; error <= kMost; ++error) {
        if (lower_case(errno_name(error)) == id.substr(kPrefix.size())) return error;
    }
    return 0;
}

void take_match(Draft& draft, const Match& match) {
    for (std::size_t line = match.line; line <= match.last_line; ++line) add_line(draft, line);
    for (const auto& value : match.found.captures) {
        const bool elsewhere = value.name == "device" || value.name == "error";
        if (!elsewhere && draft.out.find(value.name) == nullptr) draft.out.found.push_back(value);
    }
    if (draft.out.error == 0) draft.out.error = match.found.error != 0 ? match.found.error : errno_of(match.entry->id);
    if (draft.out.device.empty()) draft.out.device = match.device;
}

Draft draft_of(const Match& match) {
    Draft draft;
    draft.entry = match.entry;
    draft.weight = match.found.weight;
    draft.out.kind = static_cast<Explanation::Kind>(match.entry->strength);
    take_match(draft, match);
    return draft;
}

bool has_word(std::string_view list, std::string_view word) {
    for (std::size_t at = list.find(word); at != std::string_view::npos; at = list.find(word, at + 1)) {
        const std::size_t end = at + word.size();
        if ((at == 0 || list[at - 1] == ' ') && (end == list.size() || list[end] == ' ')) return true;
    }
    return false;
}

void merge(Draft& into, const Draft& from) {
    for (const std::size_t line : from.lines) add_line(into, line);
    for (const auto& value : from.out.found) {
        if (into.out.find(value.name) == nullptr) into.out.found.push_back(value);
    }
    if (into.out.error == 0) into.out.error = from.out.error;
    if (into.out.device.empty()) into.out.device = from.out.device;
}

// The same message about the same thing, said again; perhaps without the device.
bool repeats(const Draft& a, const Draft& b) {
    const bool same_device = a.out.device == b.out.device || a.out.device.empty() || b.out.device.empty();
    return a.entry == b.entry && a.out.found == b.out.found && same_device;
}

std::string key_of(const Draft& draft) {
    std::string key(draft.entry->id);
    for (const auto& value : draft.out.found) key += '\n' + value.name + ' ' + brief(value);
    return key;
}

std::vector<Draft> drafts_of(const Incident& incident) {
    std::vector<Draft> drafts;
    std::map<std::string, std::vector<std::size_t>> by_key;
    for (const Match* match : incident.matches) {
        Draft draft = draft_of(*match);
        auto& alike = by_key[key_of(draft)];
        const auto same = std::ranges::find_if(alike, [&](std::size_t i) { return repeats(drafts[i], draft); });
        if (same != alike.end()) {
            merge(drafts[*same], draft);
        } else {
            alike.push_back(drafts.size());
            drafts.push_back(std::move(draft));
        }
    }
    return drafts;
}

// Those that another one of the incident makes superfluous are merged into the first such one.
std::vector<Draft> without_superfluous(std::vector<Draft> drafts) {
    std::map<std::string_view, std::size_t> first_of;   // id to its first draft
    for (std::size_t i = 0; i < drafts.size(); ++i) first_of.emplace(drafts[i].entry->id, i);
    std::vector<std::size_t> into(drafts.size());
    std::vector<Draft> kept;
    for (std::size_t i = 0; i < drafts.size(); ++i) {
        into[i] = i;
        for (const auto& [id, first] : first_of) {
            if (has_word(drafts[i].entry->yields_to, id)) into[i] = std::min(into[i] == i ? first : into[i], first);
        }
    }
    for (std::size_t i = 0; i < drafts.size(); ++i) {
        // what yields to one that itself yields goes to the last in that row
        std::size_t target = into[i];
        for (std::size_t steps = 0; into[target] != target && steps < drafts.size(); ++steps) target = into[target];
        if (target != i) merge(drafts[target], drafts[i]);
    }
    for (std::size_t i = 0; i < drafts.size(); ++i) {
        if (into[i] == i) kept.push_back(std::move(drafts[i]));
    }
    return kept;
}

// What is left of an incident: its causes with everything weaker merged into the first; without any, the best of the rest.
std::vector<Draft> strongest(std::vector<Draft> drafts) {
    const auto by_kind = [](const Draft& draft) { return draft.entry->strength; };
    std::ranges::stable_sort(drafts, {}, by_kind);
    if (drafts.front().entry->strength == Strength::consequence) {
        std::ranges::stable_sort(drafts, [](const Draft& a, const Draft& b) {
            if (a.out.device.empty() != b.out.device.empty()) return !a.out.device.empty();
            return a.weight > b.weight;
        });
        for (std::size_t i = 1; i < drafts.size(); ++i) merge(drafts.front(), drafts[i]);
        drafts.resize(1);
        return drafts;
    }
    const Strength best = drafts.front().entry->strength;
    const auto rest = std::ranges::find_if(drafts, [&](const Draft& draft) { return draft.entry->strength != best; });
    for (auto it = rest; it != drafts.end(); ++it) merge(drafts.front(), *it);
    drafts.erase(rest, drafts.end());
    return drafts;
}

Draft draft_of(const LayoutFinding& finding) {
    Draft draft;
    draft.entry = find_entry(finding.id);
    draft.lines = finding.lines;
    draft.out.kind = Explanation::Kind::layout;
    draft.out.device = finding.device;
    draft.out.found = finding.found;
    draft.out.next = finding.next;
    return draft;
}

// Numbers that are true for the whole text, whichever line has them.
void share_numbers(const std::vector<Match>& matches, Clues& clues) {
    constexpr std::array<std::string_view, 7> kShared{"block_size", "page_size", "region_align", "kernel",
                                                      "dax_range",  "ways",      "section_size"};
    for (const auto& match : matches) {
        const bool hint = match.entry->strength == Strength::hint;
        for (const auto& value : match.found.captures) {
            if (hint || std::ranges::find(kShared, value.name) != kShared.end()) clues.add(match.line, value);
            // one block is what is named there
            if (match.entry->id == "remove.block-online" && value.name == "range") {
                clues.add(match.line, Value::of_size("block_size", value.last - value.number + 1));
            }
        }
    }
}

class Explainer {
public:
    Explainer(std::string_view text, const ExplainContext& context) : context_(context) {
        text_.lines = read_lines(text);
    }

    std::vector<Explanation> run() {
        const std::vector<Match> matches = find_matches(text_.lines);
        find_options(text_.lines, text_.clues);
        share_numbers(matches, text_.clues);
        text_.places = find_places(text_.lines);
        text_.listed = find_listed(text_.lines);
        for (const auto& incident : find_incidents(matches)) explain_incident(incident);
        explain_layouts();
        if (all_.empty()) all_.push_back(unknown(text_.lines));
        return std::move(all_);
    }

private:
    void explain_incident(const Incident& incident) {
        std::vector<Draft> drafts = without_superfluous(drafts_of(incident));
        if (drafts.empty()) return;
        ++incidents_;
        for (auto& draft : strongest(std::move(drafts))) finish(draft, incidents_);
    }

    void explain_layouts() {
        const bool no_message = std::ranges::none_of(all_, [](const Explanation& one) {
            return one.kind == Explanation::Kind::cause || one.kind == Explanation::Kind::symptom;
        });
        for (const auto& finding : find_layouts(text_, context_, no_message)) {
            Draft draft = draft_of(finding);
            const bool said = std::ranges::any_of(all_, [&](const Explanation& one) {
                return one.id == finding.id && one.kind != Explanation::Kind::layout;
            });
            if (draft.entry == nullptr || said) continue;
            take_over_consequences(draft);
            finish(draft, incidents_ == 0 ? 1 : incidents_);
        }
    }

    // A layout explains what a bare warning in the same text followed from.
    void take_over_consequences(Draft& draft) {
        std::erase_if(all_, [&](const Explanation& one) {
            const Entry* entry = find_entry(one.id);
            const bool yields = entry != nullptr && has_word(entry->yields_to, draft.entry->id);
            if (yields) draft.out.lines.insert(draft.out.lines.end(), one.lines.begin(), one.lines.end());
            return yields;
        });
    }

    void finish(Draft& draft, int incident) {
        Explanation& out = draft.out;
        out.incident = incident;
        std::ranges::sort(draft.lines);
        const auto repeated = std::ranges::unique(draft.lines);
        draft.lines.erase(repeated.begin(), repeated.end());
        for (const std::size_t line : draft.lines) out.lines.push_back(text_.lines[line].text);
        for (const auto& line : out.lines) {
            if (out.device.empty()) out.device = named_device(line);
        }
        Workings work(out, text_, context_, draft.lines.empty() ? 0 : draft.lines.front());
        if (draft.entry->work != nullptr) draft.entry->work(work);
        render(out, *draft.entry, work, context_);
        all_.push_back(std::move(out));
    }

    const ExplainContext& context_;
    Text text_;
    std::vector<Explanation> all_;
    int incidents_ = 0;
};

}   // namespace

}   // namespace explaining

std::vector<Explanation> explain(std::string_view text, const ExplainContext& context) {
    return explaining::Explainer(text, context).run();
}

}   // namespace memhot
