// SPDX-License-Identifier: LGPL-2.1-or-later
#include "replay/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace memhot {

namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

bool is_map(const Operation& operation) { return std::holds_alternative<op::Map>(operation); }

// The first line in which two texts differ.
Difference text_difference(const std::string& predicted, const std::string& recorded) {
    std::size_t line = 1;
    std::size_t begin = 0;
    const std::size_t common = std::min(predicted.size(), recorded.size());
    std::size_t i = 0;
    for (; i < common && predicted[i] == recorded[i]; ++i) {
        if (predicted[i] == '\n') {
            ++line;
            begin = i + 1;
        }
    }
    const auto line_of = [begin](const std::string& text) {
        return begin >= text.size() ? std::string() : text.substr(begin, text.find('\n', begin) - begin);
    };
    return {dump({{"iomem", line_of(predicted)}}), dump({{"iomem", line_of(recorded)}}),
            fmt::format("iomem line {}", line)};
}

Json section_json(const SectionInfo& section) {
    Json bits = Json::array();
    for (const std::uint64_t word : section.subsections) bits.push_back(hex(word));
    return {{"nr", section.number}, {"early", section.early}, {"subsections", bits}};
}

bool same_section(const SectionInfo& a, const SectionInfo& b) {
    if (a.early != b.early) return false;
    const std::size_t words = std::max(a.subsections.size(), b.subsections.size());
    for (std::size_t i = 0; i < words; ++i) {
        const auto word = [i](const SectionInfo& s) { return i < s.subsections.size() ? s.subsections[i] : 0; };
        if (word(a) != word(b)) return false;
    }
    return true;
}

// Walks two lists that are ascending by number and reports what only one has or what differs.
template <class T, class Same, class ToJson>
void compare_lists(const std::vector<T>& predicted, const std::vector<T>& recorded, std::string_view what, Same same,
                   ToJson to_json, std::vector<Difference>& out) {
    auto p = predicted.begin();
    auto r = recorded.begin();
    while (p != predicted.end() || r != recorded.end()) {
        if (r == recorded.end() || (p != predicted.end() && p->number < r->number)) {
            out.push_back({dump(to_json(*p)), "{}", fmt::format("{} {} is not there", what, p->number)});
            ++p;
        } else if (p == predicted.end() || r->number < p->number) {
            out.push_back({"{}", dump(to_json(*r)), fmt::format("{} {} is there", what, r->number)});
            ++r;
        } else {
            if (!same(*p, *r)) {
                out.push_back({dump(to_json(*p)), dump(to_json(*r)), fmt::format("{} {} differs", what, p->number)});
            }
            ++p;
            ++r;
        }
    }
}

}   // namespace

std::string disagreement(const Operation& operation, const Outcome& predicted, const RecordedAnswer& recorded) {
    const bool crash = predicted.kind == Outcome::Kind::crash;
    if (crash != recorded.crash) return recorded.crash ? "the kernel crashed" : "the kernel did not crash";
    if (crash) return {};
    if (predicted.kind == Outcome::Kind::uncertain) {
        return recorded.error == 0 || recorded.error == predicted.error ? "" : "errno is not in the set";
    }
    if (predicted.error != recorded.error) return "errno";
    if (is_map(operation) && predicted.error != 0 && to_string(predicted.stage) != recorded.stage) return "stage";
    return {};
}

Outcome adopt(const Outcome& predicted, const RecordedAnswer& recorded, bool agreed) {
    if (agreed && predicted.kind == Outcome::Kind::uncertain) {
        return recorded.error == 0 ? Outcome::accept(predicted.rule)
                                   : Outcome::refuse(predicted.rule, recorded.error, predicted.at);
    }
    if (agreed) return predicted;
    if (recorded.crash) return Outcome::crashes(RuleId::none);
    const Stage stage = recorded.stage == "request" ? Stage::request
                        : recorded.stage == "map"   ? Stage::map
                                                    : Stage::none;
    return recorded.error == 0 ? Outcome::accept(RuleId::none, stage)
                               : Outcome::refuse(RuleId::none, recorded.error, 0, stage);
}

std::vector<Difference> compare_host(const Model& model, const std::string& iomem,
                                     const std::vector<SectionInfo>& sections) {
    std::vector<Difference> differences;
    const std::string printed = model.resources().print();
    if (printed != iomem) differences.push_back(text_difference(printed, iomem));
    std::vector<SectionInfo> present;
    std::ranges::copy_if(sections, std::back_inserter(present), &SectionInfo::present);
    compare_lists(model.sections(), present, "section", same_section, section_json, differences);
    return differences;
}

std::vector<Difference> compare_blocks(const Model& model, const std::vector<RecordedBlock>& blocks) {
    std::vector<RecordedBlock> predicted;
    for (const auto& block : model.blocks()) {
        predicted.push_back({block.number, block.online ? "online" : "offline", block.valid_zones});
    }
    std::vector<Difference> differences;
    compare_lists(
        predicted, blocks, "block", [](const RecordedBlock& a, const RecordedBlock& b) { return a == b; },
        [](const RecordedBlock& block) {
            return Json{{"block", block.number}, {"state", block.state}, {"valid_zones", block.valid_zones}};
        },
        differences);
    return differences;
}

std::string outcome_json(const Outcome& outcome) {
    Json json;
    switch (outcome.kind) {
        case Outcome::Kind::crash: json["oops"] = true; break;
        case Outcome::Kind::uncertain: json["errno_set"] = {0, outcome.error}; break;
        default: json["errno"] = outcome.error; break;
    }
    if (outcome.stage != Stage::none) json["stage"] = to_string(outcome.stage);
    json["rule"] = rule(outcome.rule).id;
    if (outcome.at != 0) json["at"] = hex(outcome.at);
    return dump(json);
}

std::string answer_json(const RecordedAnswer& answer) {
    Json json;
    if (answer.crash) {
        json["oops"] = true;
    } else {
        json["errno"] = answer.error;
    }
    if (!answer.stage.empty()) json["stage"] = answer.stage;
    return dump(json);
}

}   // namespace memhot
