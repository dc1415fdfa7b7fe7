// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/policy_json.hpp"

#include <fmt/format.h>

namespace memhotctl {

namespace policy = memhot::policy;
namespace config = memhot::config;

std::string name_of(const DecidedThing& thing) {
    return thing.count == 1 ? thing.subject.name : fmt::format("{}-{}", thing.subject.name, thing.last_block);
}

std::vector<std::string> sources_of(const policy::Subject& subject, policy::Tri wanted) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < policy::kSources; ++i) {
        if (subject.sources[i] == wanted) out.emplace_back(policy::kSourceNames[i]);
    }
    return out;
}

Json place_json(const config::Place& place) {
    Json json = Json::object({{"path", place.path}});
    if (place.line != 0) json.set("line", place.line);
    return json;
}

Json problems_json(const PolicyFiles& files) {
    Json list = Json::array();
    for (const auto* problems : {&files.settings.problems, &files.policies.problems}) {
        for (const auto& problem : *problems) {
            const bool error = problem.severity == config::Problem::Severity::error;
            list.push(Json::object({{"severity", error ? "error" : "warning"},
                                    {"place", place_json(problem.place)},
                                    {"text", problem.text}}));
        }
    }
    return list;
}

namespace {

Json thing_json(const DecidedThing& thing) {
    const auto& subject = thing.subject;
    const auto& decision = thing.decision;
    Json names = Json::array();
    for (const auto& name : subject.devices) names.push(name);
    Json sources = Json::array();
    for (auto& name : sources_of(subject, policy::Tri::yes)) sources.push(std::move(name));
    Json doubtful = Json::array();
    for (auto& name : sources_of(subject, policy::Tri::unknown)) doubtful.push(std::move(name));
    Json not_matched = Json::array();
    for (const auto& other : decision.not_matched) {
        not_matched.push(Json::object({{"place", place_json(other.place)}, {"why", other.why}}));
    }
    Json owners = Json::array();
    for (const auto& owner : decision.owners) owners.push(owner);
    Json out = Json::object({{"thing", name_of(thing)},
                             {"kind", to_string(subject.kind)},
                             {"count", thing.count},
                             {"present", subject.present},
                             {"sources", std::move(sources)},
                             {"perhaps_sources", std::move(doubtful)},
                             {"devices", std::move(names)},
                             {"action", to_string(decision.action)},
                             {"text", decision.text},
                             {"not_matched", std::move(not_matched)},
                             {"not_asked", decision.not_asked},
                             {"owners", std::move(owners)}});
    if (subject.node) out.set("node", *subject.node);
    if (decision.policy != nullptr) out.set("policy", place_json(decision.place));
    if (!subject.source_note.empty()) out.set("source_note", subject.source_note);
    if (decision.wish) {
        auto wish = *decision.wish;
        if (thing.count != 1) wish.things = {fmt::format("block{}-{}", subject.block, thing.last_block)};
        out.set("wish", to_string(wish));
    }
    if (!decision.post_units.empty()) {
        Json units = Json::array();
        for (const auto& unit : decision.post_units) units.push(unit);
        out.set("post_units", std::move(units));
    }
    return out;
}

}   // namespace

Json policy_test_document(const PolicyFiles& files, const PolicyAnswer& answer) {
    Json things = Json::array();
    for (const auto& thing : answer.things) things.push(thing_json(thing));
    Json knobs = Json::array();
    for (const auto& knob : answer.plan.knobs) {
        Json one = Json::object({{"path", knob.path}, {"text", knob.text}, {"was", knob.was}});
        if (!knob.back) one.set("policy", place_json(knob.place));
        knobs.push(std::move(one));
    }
    Json left = Json::array();
    for (const auto& knob : answer.plan.left)
        left.push(Json::object({{"path", knob.path}, {"text", knob.text}, {"policy", place_json(knob.place)}}));
    Json writes = Json::array();
    for (const auto& one : answer.plan.writes) {
        writes.push(Json::object(
            {{"first", one.first}, {"last", one.last}, {"word", one.word}, {"policy", place_json(one.place)}}));
    }
    Json cannot = Json::array();
    for (const auto& text : answer.plan.cannot) cannot.push(text);
    return Json::object({{"format", "memhot-policy-test/1"},
                         {"act", files.settings.settings.act},
                         {"things", std::move(things)},
                         {"knobs", std::move(knobs)},
                         {"left", std::move(left)},
                         {"writes", std::move(writes)},
                         {"by_kernel", answer.plan.by_kernel},
                         {"cannot", std::move(cannot)},
                         {"problems", problems_json(files)}});
}

}   // namespace memhotctl
