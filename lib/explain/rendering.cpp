// SPDX-License-Identifier: LGPL-2.1-or-later
#include "explain/rendering.hpp"

#include <algorithm>

#include "memhot/iomem.hpp"
#include "memhot/outcome.hpp"
#include "memhot/rules.hpp"

namespace memhot::explaining {

namespace {

constexpr std::size_t kMostEvidence = 8;

// One sentence with its values; nothing where one of them is not known.
std::optional<std::string> fill_sentence(std::string_view sentence, const Explanation& values) {
    std::string out;
    while (!sentence.empty()) {
        const std::size_t open = std::min(sentence.find('{'), sentence.size());
        out += sentence.substr(0, open);
        sentence.remove_prefix(open);
        if (sentence.empty()) break;
        const std::size_t close = std::min(sentence.find('}'), sentence.size());
        const std::string_view name = sentence.substr(1, close - 1);
        const Value* value = values.find(name);
        if (value == nullptr) value = values.find_next(name);
        if (value != nullptr) {
            out += brief(*value);
        } else if (name == "device" && !values.device.empty()) {
            out += values.device;
        } else if (name == "error" && values.error != 0) {
            out += errno_name(values.error);
        } else {
            return std::nullopt;
        }
        sentence.remove_prefix(std::min(close + 1, sentence.size()));
    }
    return out;
}

std::string sentence_of(std::string_view text) {
    std::string out(text);
    if (out.empty()) return out;
    if (out.front() >= 'a' && out.front() <= 'z') out.front() = static_cast<char>(out.front() - 'a' + 'A');
    return out + '.';
}

std::vector<std::string> words_of(std::string_view list) {
    std::vector<std::string> words;
    while (!list.empty()) {
        const std::size_t end = std::min(list.find(' '), list.size());
        if (end != 0) words.emplace_back(list.substr(0, end));
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return words;
}

// What the entry leaves empty is the rule's to say.
void put_rule(Explanation& out, const Rule& rule) {
    if (out.cause.empty()) out.cause = sentence_of(rule.checks);
    if (out.remedy.empty()) out.remedy = sentence_of(rule.remedy);
    if (out.releases.empty()) out.releases = rule.releases;
    if (out.source.empty()) out.source = rule.source;
}

void put_entry(Explanation& out, const Entry& entry) {
    out.cause = fill(entry.cause, out);
    out.remedy = fill(entry.remedy, out);
    out.releases = entry.releases;
    out.source = entry.source;
    out.rules = words_of(entry.rules);
}

void put_needs(Explanation& out, const Entry& entry, const Workings& work) {
    const auto ask = [&](Need need) {
        const std::string_view name = known_by(need);
        if (need == Need::none || (!name.empty() && work.knows(name))) return;
        std::string text(text_of(need));
        if (std::ranges::find(out.needed, text) == out.needed.end()) out.needed.push_back(std::move(text));
    };
    std::ranges::for_each(entry.needs, ask);
    std::ranges::for_each(work.needs(), ask);
}

// The lines of the host's /proc/iomem around the first range or address that the text names.
void put_evidence(Explanation& out, const ExplainContext& context) {
    if (context.snapshot == nullptr || !context.snapshot->iomem) return;
    const auto value = std::ranges::find_if(
        out.found, [](const Value& one) { return one.kind == Value::Kind::range || one.kind == Value::Kind::address; });
    if (value == out.found.end()) return;
    const auto tree = ResourceTree::parse(*context.snapshot->iomem, context.snapshot->arch);
    if (!tree) return;
    const bool is_range = value->kind == Value::Kind::range;
    const Range range{value->number, is_range ? value->last : value->number};
    tree->walk(range, [&](const Resource& resource, unsigned depth) {
        if (out.evidence.size() >= kMostEvidence) return;
        out.evidence.push_back(std::string(2ULL * depth, ' ') + to_string(resource.range) + " : " + resource.name);
    });
}

}   // namespace

std::string fill(std::string_view sentences, const Explanation& values) {
    std::string out;
    while (!sentences.empty()) {
        const std::size_t stop = sentences.find(". ");
        const std::size_t end = stop == std::string_view::npos ? sentences.size() : stop + 1;
        if (const auto sentence = fill_sentence(sentences.substr(0, end), values)) {
            if (!out.empty()) out += ' ';
            out += *sentence;
        }
        sentences.remove_prefix(std::min(stop == std::string_view::npos ? end : end + 1, sentences.size()));
    }
    return out;
}

void render(Explanation& out, const Entry& entry, const Workings& work, const ExplainContext& context) {
    const Entry* said = &entry;
    out.id = entry.id;
    if (!work.becomes().empty()) {
        out.id = work.becomes();
        said = find_entry(work.becomes());
        if (said != nullptr) out.kind = static_cast<Explanation::Kind>(said->strength);
    }
    if (said != nullptr) put_entry(out, *said);
    if (const auto rule_id = parse_rule(out.id)) {
        put_rule(out, rule(*rule_id));
        if (std::ranges::find(out.rules, out.id) == out.rules.end()) out.rules.insert(out.rules.begin(), out.id);
    }
    put_needs(out, said != nullptr ? *said : entry, work);
    put_evidence(out, context);
}

}   // namespace memhot::explaining
