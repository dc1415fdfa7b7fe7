// SPDX-License-Identifier: GPL-2.0-or-later
#include "service/policy_work.hpp"

#include <fmt/format.h>

#include "client/policies.hpp"
#include "log/log.hpp"

namespace memhot::service {

namespace {

bool is_news(const memhotctl::DecidedThing& thing, const std::set<std::uint64_t>& came) {
    // devices are few, and what is already as it should be decides to nothing
    if (thing.subject.kind != policy::Subject::Kind::block) return true;
    const auto first = came.lower_bound(thing.subject.block);
    return first != came.end() && *first <= std::max(thing.subject.block, thing.last_block);
}

std::string name_of(const memhotctl::DecidedThing& thing) {
    return thing.count == 1 ? thing.subject.name : fmt::format("{}-{}", thing.subject.name, thing.last_block);
}

PolicyStep step_of(const memhotctl::DecidedThing& thing, const Snapshot& snapshot) {
    const auto& decision = thing.decision;
    PolicyStep step;
    step.thing = name_of(thing);
    step.text = decision.text;
    if (decision.policy != nullptr) step.place = to_string(decision.place);
    if (!decision.wish) return step;
    Wish wish = *decision.wish;
    if (thing.count != 1) wish.things = {fmt::format("block{}-{}", thing.subject.block, thing.last_block)};
    const auto plan = make_plan(snapshot, wish);
    if (!plan) {
        step.text += fmt::format("; it cannot be planned: {}", plan.error().message());
        return step;
    }
    if (plan->refused()) {
        step.text += fmt::format("; refused: {}", plan->refusals.front().text);
        return step;
    }
    if (plan->steps.empty()) return step;
    // a danger is never accepted by a file: only who is told of it can
    if (decision.may_destroy) {
        for (const auto& loss : plan->destroys()) step.accept.push_back(loss.device);
    }
    step.plan = to_json(*plan);
    step.post_units = decision.post_units;
    return step;
}

}   // namespace

PolicyWork policy_work(const policy::Policies& policies, const config::Settings& settings, const memhotctl::Host& host,
                       const std::set<std::uint64_t>& came, bool everything) {
    PolicyWork out;
    if (policies.empty()) return out;
    memhotctl::PolicyFiles files;
    files.policies.policies = policies;
    files.settings.settings = settings;
    const auto answer = memhotctl::ask_policies(files, host, std::nullopt);
    if (!answer) {
        log::warning("the policies cannot be asked: " + answer.error().message());
        return out;
    }
    out.knobs = answer->plan.knobs;
    for (const auto& thing : answer->things) {
        if (!everything && !is_news(thing, came)) continue;
        using enum policy::Action;
        const auto action = thing.decision.action;
        if (action == nothing || action == kernel_does || !thing.subject.present) continue;
        out.steps.push_back(step_of(thing, host.snapshot));
    }
    return out;
}

}   // namespace memhot::service
