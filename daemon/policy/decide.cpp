// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/decide.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/text.hpp"
#include "policy/match.hpp"

namespace memhot::policy {

namespace {

using OwnerKind = OnliningOwner::Kind;

bool is_movable(std::string_view zones) { return zones == "Movable"; }

// "7 of 8 blocks of dax0.0 are there"; empty: all are, or nobody knows how many there will be.
std::string still_missing(const Host& host, const Subject& subject) {
    const auto [present, all] = count_blocks(host, subject);
    if (present == all) return "";
    return fmt::format("{} of {} blocks of {} are there", present, all,
                       subject.dax.empty() ? to_string(*subject.whole) : subject.dax);
}

void stand_down(Decision& decision, std::vector<std::string> owners, const DecideOptions& options) {
    decision.owners = std::move(owners);
    if (decision.owners.empty() || options.override_owners) return;
    decision.action = Action::stand_down;
    decision.text =
        fmt::format("stands down: {} takes care of it; OverrideOtherOwners=yes in memhotd.conf would act all "
                    "the same",
                    config::joined(decision.owners, ", "));
    decision.wish.reset();
}

std::string online_text(const Online& online) {
    std::string text = fmt::format("online in zone {}", to_string(online.zone));
    if (online.zone == WantedZone::automatic) text = "online where the kernel's policy puts it";
    if (online.ratio) text += fmt::format(", at most {} % movable", *online.ratio);
    return text;
}

// Online in another zone than is wanted.
bool is_elsewhere(const Subject& subject, const Online& online) {
    return online.zone != WantedZone::automatic && !subject.zones.empty() &&
           is_movable(subject.zones) != (online.zone == WantedZone::movable);
}

void decide_online_block(Decision& decision, const Subject& subject, const Online& online) {
    decision.text = is_elsewhere(subject, online)
                        ? fmt::format("online already, in zone {}: only offline memory changes its zone", subject.zones)
                        : "online already";
}

// A block that is not there yet: the knobs may do it.
void decide_coming_block(Decision& decision, const Online& online, const Host& host, const DecideOptions& options) {
    const auto word = online_word(online);
    if (!online.wait_for_whole_device && word == host.snapshot.auto_online_blocks) {
        decision.action = Action::kernel_does;
        decision.text = fmt::format("the kernel takes it online when it comes: auto_online_blocks is {}", word);
        return;
    }
    decision.action = Action::online;
    decision.text = online_text(online) + " when it comes";
    stand_down(decision, owners_of(host, OwnerKind::kernel), options);
}

void decide_block(Decision& decision, const Subject& subject, const Host& host, const DecideOptions& options) {
    const Policy& policy = *decision.policy;
    const Online& online = policy.online;
    decision.place = policy.online_place;
    if (!policy.has_online) {
        decision.text = "left alone: the policy has no [Online]";
        decision.place = {policy.path, 0};
        return;
    }
    if (online.leave_alone) {
        decision.text = "left alone";
        return;
    }
    if (subject.present && subject.state != "offline") {
        if (subject.state == "online") return decide_online_block(decision, subject, online);
        decision.text = fmt::format("left alone: its state is {}", subject.state);
        return;
    }
    auto rules = owners_of(host, OwnerKind::block_rule);
    if (!subject.dax.empty()) {   // daxctl reconfigure-device onlines what it adds
        for (auto& rule : owners_of(host, OwnerKind::dax_rule)) rules.push_back(std::move(rule));
    }
    if (!rules.empty() && !options.override_owners) return stand_down(decision, std::move(rules), options);
    const auto missing = online.wait_for_whole_device ? still_missing(host, subject) : "";
    if (!missing.empty()) {
        decision.action = Action::wait;
        decision.text = fmt::format("waits for the whole device: {}", missing);
    } else if (!subject.present) {
        decide_coming_block(decision, online, host, options);
    } else {
        decision.action = Action::online;
        decision.text = online_text(online);
        Wish wish{.verb = PlanVerb::online, .things = {subject.name}, .options = {}, .zone = online.zone};
        if (online.ratio) wish.ratio = *online.ratio;
        decision.wish = std::move(wish);
    }
    if (!rules.empty()) decision.owners = std::move(rules);
    if (decision.action == Action::online || decision.action == Action::kernel_does) {
        decision.post_units = online.post_units;
    }
}

// Which modes are of which kind of device.
bool fits(Mode mode, Subject::Kind kind) {
    if (kind == Subject::Kind::dax) return mode == Mode::system_ram || mode == Mode::devdax;
    return mode != Mode::system_ram;
}

// A legacy range without an info block has its pages in RAM whatever is done (ND_REGION_PAGEMAP): ndctl calls that fsdax
// (ndctl_namespace_get_mode()), and it is what making it raw ends in.
bool is_already(const Subject& subject, Mode mode) {
    return subject.mode == kModeNames[static_cast<std::size_t>(mode)] ||
           (subject.mode == "memory" && (mode == Mode::fsdax || mode == Mode::raw));
}

// What the plan says against it: data that nobody gave up, a refusal, something that cannot be told.
void check_plan(Decision& decision, const Host& host) {
    const auto plan = make_plan(host.snapshot, *decision.wish);
    if (!plan) {
        decision.action = Action::uncertain;
        decision.text = fmt::format("left alone: it cannot be told what {} would do: {}", to_string(*decision.wish),
                                    plan.error().message());
    } else if (plan->refused()) {
        decision.action = Action::nothing;
        decision.text = fmt::format("left alone: {} is refused: {}", to_string(*decision.wish), plan->refusals[0].text);
    } else if (const auto lost = plan->destroys(); !lost.empty() && !decision.may_destroy) {
        decision.action = Action::nothing;
        decision.text = fmt::format("left alone: it would destroy {}, and DestroyData= is no", lost.front().what);
    } else {
        return;
    }
    decision.wish.reset();
}

void decide_device(Decision& decision, const Subject& subject, const Host& host, const DecideOptions& options) {
    const Policy& policy = *decision.policy;
    decision.place = policy.namespace_place;
    if (!policy.ns.reconfigure) {
        decision.text = "left alone: the policy has no Reconfigure=";
        decision.place = {policy.path, 0};
        return;
    }
    const Mode mode = *policy.ns.reconfigure;
    const auto name = kModeNames[static_cast<std::size_t>(mode)];
    const bool dax = subject.kind == Subject::Kind::dax;
    if (!fits(mode, subject.kind)) {
        decision.text = fmt::format("left alone: {} is no mode of a {}", name, dax ? "dax device" : "namespace");
        return;
    }
    if (is_already(subject, mode)) {
        decision.already = true;
        decision.text = fmt::format("{} already", name);
        return;
    }
    if (!dax && subject.mode.empty()) {
        decision.action = Action::uncertain;
        decision.text = fmt::format("left alone: it is not active, and nobody can see what it is; first ndctl "
                                    "enable-namespace {}",
                                    subject.name);
        return;
    }
    decision.action = Action::reconfigure;
    decision.may_destroy = policy.ns.destroy_data;
    decision.text = fmt::format("made into {}", name);
    Wish wish{.verb = dax ? PlanVerb::dax_reconfigure : PlanVerb::namespace_reconfigure,
              .things = {subject.name},
              .options = {fmt::format("--mode={}", name)}};
    // its blocks are decided one by one as they come
    if (mode == Mode::system_ram) wish.options.emplace_back("--no-online");
    decision.wish = std::move(wish);
    check_plan(decision, host);
    if (dax && decision.wish) stand_down(decision, owners_of(host, OwnerKind::dax_rule), options);
}

// Finds the policy; false where none is found, and the decision says so.
bool find_policy(const Policies& policies, const Subject& subject, Decision& decision) {
    for (std::size_t i = 0; i < policies.size(); ++i) {
        auto answer = match(policies[i], subject);
        if (answer.matches == Tri::no) {
            decision.not_matched.push_back({policies[i].path, std::move(answer.place), std::move(answer.why)});
            continue;
        }
        decision.policy = &policies[i];
        decision.not_asked = policies.size() - i - 1;
        if (answer.matches == Tri::yes) return true;
        decision.action = Action::uncertain;
        decision.place = std::move(answer.place);
        decision.text =
            fmt::format("left alone: it cannot be told whether {} matches: {}", policies[i].name(), answer.why);
        return false;
    }
    decision.text = policies.empty() ? "left alone: there are no policies" : "left alone: no policy matches";
    return false;
}

}   // namespace

std::string_view to_string(Action action) {
    constexpr std::array<std::string_view, 7> kNames{"nothing", "online",     "kernel-does", "reconfigure",
                                                     "wait",    "stand-down", "uncertain"};
    return kNames[static_cast<std::size_t>(action)];
}

std::string_view online_word(const Online& online) {
    constexpr std::array<std::string_view, 3> kWords{"online", "online_kernel", "online_movable"};
    return online.leave_alone ? "offline" : kWords[static_cast<std::size_t>(online.zone)];
}

Decision decide(const Policies& policies, const Subject& subject, const Host& host, const DecideOptions& options) {
    Decision decision;
    decision.subject = subject.name;
    if (!find_policy(policies, subject, decision)) return decision;
    if (subject.kind == Subject::Kind::block) {
        decide_block(decision, subject, host, options);
    } else {
        decide_device(decision, subject, host, options);
    }
    return decision;
}

bool is_online_as_wanted(const Decision& decision, const Subject& subject) {
    const bool decided = decision.policy != nullptr && decision.action == Action::nothing;
    if (!decided || subject.kind != Subject::Kind::block || !subject.present || subject.state != "online") return false;
    const Policy& policy = *decision.policy;
    return policy.has_online && !policy.online.leave_alone && !is_elsewhere(subject, policy.online);
}

}   // namespace memhot::policy
