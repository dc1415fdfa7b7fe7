// SPDX-License-Identifier: GPL-2.0-or-later
#include "service/policy_work.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "client/policies.hpp"
#include "log/log.hpp"

namespace memhot::service {

namespace {

using memhotctl::DecidedThing;

bool is_block(const DecidedThing& thing) { return thing.subject.kind == policy::Subject::Kind::block; }

bool has_come(const DecidedThing& thing, const std::set<std::uint64_t>& came) {
    const auto first = came.lower_bound(thing.subject.block);
    return first != came.end() && *first <= std::max(thing.subject.block, thing.last_block);
}

// What a block waits for: its dax device, or what was added at once.
std::string whole_of(const policy::Subject& subject) {
    if (!subject.dax.empty()) return subject.dax;
    return subject.whole ? to_string(*subject.whole) : "";
}

// The devices of which a block came. Others of theirs may have waited for it.
std::set<std::string> grown(const std::vector<DecidedThing>& things, const std::set<std::uint64_t>& came) {
    std::set<std::string> out;
    for (const auto& thing : things) {
        if (is_block(thing) && has_come(thing, came)) out.insert(whole_of(thing.subject));
    }
    out.erase("");
    return out;
}

bool is_news(const DecidedThing& thing, const PolicyNews& news, const std::set<std::string>& grown) {
    if (news.everything) return true;
    if (!is_block(thing)) return !news.settled.contains(thing.subject.name);
    if (has_come(thing, news.came)) return true;
    const auto* policy = thing.decision.policy;
    return policy != nullptr && policy->online.wait_for_whole_device &&
           thing.decision.action == policy::Action::online && grown.contains(whole_of(thing.subject));
}

std::string name_of(const DecidedThing& thing) {
    return thing.count == 1 ? thing.subject.name : fmt::format("{}-{}", thing.subject.name, thing.last_block);
}

PolicyStep step_of(const DecidedThing& thing, const Snapshot& snapshot) {
    const auto& decision = thing.decision;
    PolicyStep step;
    step.thing = name_of(thing);
    step.device = !is_block(thing);
    step.text = decision.text;
    if (decision.policy != nullptr) step.place = to_string(decision.place);
    if (!decision.wish) return step;
    Wish wish = *decision.wish;
    if (thing.count != 1) wish.things = {fmt::format("block{}-{}", thing.subject.block, thing.last_block)};
    step.post_units = decision.post_units;
    const auto plan = make_plan(snapshot, wish);
    if (plan && !plan->refused() && plan->steps.empty()) return step;
    step.wish = std::move(wish);
    if (!plan) {
        step.text += fmt::format("; it cannot be planned: {}", plan.error().message());
        return step;
    }
    if (plan->refused()) {
        step.text += fmt::format("; refused: {}", plan->refusals.front().text);
        return step;
    }
    step.possible = true;
    // a danger is never accepted by a file: only who is told of it can
    if (decision.may_destroy) {
        for (const auto& loss : plan->destroys()) step.accept.push_back(loss.device);
    }
    if (!step.accept.empty()) step.plan = to_json(*plan);
    return step;
}

void add_units(const policy::Policy& policy, std::vector<std::string>& units) {
    for (const auto& unit : policy.online.post_units) {
        if (std::ranges::find(units, unit) == units.end()) units.push_back(unit);
    }
}

// Where nothing is carried out, what memhotd set is not wanted either.
void without_acting(const memhotctl::Host& host, const journal::OwnKnobs& own, std::vector<policy::KnobWrite>& knobs) {
    std::erase_if(knobs, [](const auto& knob) { return knob.back; });
    if (own.empty()) return;
    const policy::Host view(host.snapshot, own);
    for (auto& knob : policy::put_back(view)) knobs.push_back(std::move(knob));
}

}   // namespace

PolicyWork policy_work(const policy::Policies& policies, const config::Settings& settings, const memhotctl::Host& host,
                       const PolicyNews& news) {
    PolicyWork out;
    if (policies.empty() && news.own_knobs.empty()) return out;
    memhotctl::PolicyFiles files;
    files.policies.policies = policies;
    files.settings.settings = settings;
    files.own_knobs = news.own_knobs;
    const auto answer = memhotctl::ask_policies(files, host, std::nullopt);
    if (!answer) {
        log::warning("the policies cannot be asked: " + answer.error().message());
        return out;
    }
    out.knobs = answer->plan.knobs;
    out.left = answer->plan.left;
    if (!settings.act) without_acting(host, news.own_knobs, out.knobs);
    const auto came_of = grown(answer->things, news.came);
    for (const auto& thing : answer->things) {
        if (!is_block(thing)) {
            out.devices.insert(thing.subject.name);
            if (thing.decision.already) out.settled.insert(thing.subject.name);
        }
        if (!is_news(thing, news, came_of)) continue;
        using enum policy::Action;
        const auto action = thing.decision.action;
        if (!news.everything && policy::is_online_as_wanted(thing.decision, thing.subject))
            add_units(*thing.decision.policy, out.units);
        if (action == nothing || action == kernel_does || !thing.subject.present) continue;
        out.steps.push_back(step_of(thing, host.snapshot));
        const bool is_so = thing.decision.wish && !out.steps.back().wish;
        if (!is_block(thing) && is_so) out.settled.insert(thing.subject.name);
    }
    return out;
}

}   // namespace memhot::service
