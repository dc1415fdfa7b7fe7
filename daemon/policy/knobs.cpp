// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/knobs.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/text.hpp"
#include "policy/match.hpp"

namespace memhot::policy {

namespace {

using OwnerKind = OnliningOwner::Kind;

constexpr std::string_view kParameters = "/sys/module/memory_hotplug/parameters/";

void add_knob(DevicePlan& plan, const Host& host, std::string path, std::string_view text, const Place& place) {
    auto was = knob_value(host.snapshot, path).value_or("");
    plan.knobs.push_back({std::move(path), std::string(text), std::move(was), place});
}

void want_ratio(const Policies& policies, const Host& host, DevicePlan& plan) {
    // all have the same one
    const auto found = std::ranges::find_if(policies, [](const Policy& policy) {
        return policy.has_online && policy.online.zone == WantedZone::automatic && policy.online.ratio;
    });
    if (found == policies.end()) return;
    const std::string online_policy = std::string(kParameters) + "online_policy";
    if (!knob_value(host.snapshot, online_policy)) {
        plan.cannot.push_back(
            fmt::format("{}: this kernel has no online_policy (Linux 5.15 and later), so Zone=auto puts "
                        "memory where it always did",
                        to_string(found->ratio_place)));
        return;
    }
    // the ratio counts as soon as the policy is auto-movable
    add_knob(plan, host, std::string(kParameters) + "auto_movable_ratio", fmt::to_string(*found->online.ratio),
             found->ratio_place);
    add_knob(plan, host, online_policy, "auto-movable", found->ratio_place);
}

// Of memory to come, by the keys that a host may not show: each by itself, for another key that says no for one block
// need not do so for the next.
bool may_be_uncertain(const Policy& policy, const Host& host) {
    Policy by_source;
    by_source.match.source = policy.match.source;
    if (match(by_source, coming_subject(host)).matches == Tri::unknown) return true;
    if (policy.match.node.items.empty()) return false;
    const auto& blocks = host.snapshot.blocks;
    return !blocks || std::ranges::none_of(*blocks, [](const auto& block) { return block.node.has_value(); });
}

// Whether the kernel, which knows a word and no policies, may take each block to come online that the policy is about.
bool kernel_may_do(const Policy& policy, WantedZone zone) {
    const Online& online = policy.online;
    const bool guarded = online.zone == WantedZone::movable && online.ratio;   // a plan looks at the ratio
    return policy.has_online && !online.leave_alone && !online.wait_for_whole_device && online.zone == zone && !guarded;
}

// The policy that says what auto_online_blocks is to be.
const Policy* for_everything(const Policies& policies, const Host& host) {
    const auto found = std::ranges::find_if(policies, &Policy::matches_everything);
    if (found == policies.end() || !found->has_online) return nullptr;
    if (found->online.leave_alone) return &*found;
    const WantedZone zone = found->online.zone;
    const bool alike = kernel_may_do(*found, zone) && std::all_of(policies.begin(), found, [&](const Policy& policy) {
                           return kernel_may_do(policy, zone) && !may_be_uncertain(policy, host);
                       });
    return alike ? &*found : nullptr;
}

void want_auto_online(const Policies& policies, const Host& host, const DecideOptions& options, DevicePlan& plan) {
    const auto* everything = for_everything(policies, host);
    if (everything == nullptr) return;
    const auto word = online_word(everything->online);
    const Place& place = everything->online_place;
    const auto now = host.snapshot.auto_online_blocks;
    if (!now) {
        plan.cannot.push_back(fmt::format("{}: this kernel has no auto_online_blocks", to_string(place)));
        return;
    }
    auto owners = owners_of(host, OwnerKind::kernel);
    for (auto& rule : owners_of(host, OwnerKind::block_rule)) owners.push_back(std::move(rule));
    if (owners.empty() || options.override_owners) return add_knob(plan, host, std::string(kAutoOnline), word, place);
    const bool ours = std::ranges::find(host.own_knobs, kAutoOnline, &journal::OwnKnob::path) != host.own_knobs.end();
    if (word == *now && !ours) return;
    plan.left.push_back({std::string(kAutoOnline),
                         fmt::format("stands down from {}, which would be {}: {} takes care of it; "
                                     "OverrideOtherOwners=yes in memhotd.conf would act all the same",
                                     kAutoOnline, word, config::joined(owners, ", ")),
                         place});
}

// What the kernel will do with a block to come once the knobs are written.
std::string knob_of(const DevicePlan& plan, const Snapshot& snapshot) {
    const auto written = std::ranges::find(plan.knobs, kAutoOnline, &KnobWrite::path);
    if (written != plan.knobs.end()) return written->text;
    return snapshot.auto_online_blocks.value_or("offline");
}

void add_write(DevicePlan& plan, std::uint64_t number, std::string_view word, const Place& place) {
    auto& all = plan.writes;
    const bool joins =
        !all.empty() && all.back().last + 1 == number && all.back().word == word && all.back().place == place;
    if (joins) {
        all.back().last = number;
    } else {
        all.push_back({number, number, std::string(word), place});
    }
}

// A block of which a policy wants something.
void add_block(DevicePlan& plan, const Subject& subject, const Decision& decision, const std::string& knob) {
    const auto word = online_word(decision.policy->online);
    if (subject.present || knob == "offline") return add_write(plan, subject.block, word, decision.place);
    if (knob == word) {
        ++plan.by_kernel;
        return;
    }
    ++plan.as_they_are;
    auto text = fmt::format("{}: auto_online_blocks is {}, so the kernel has blocks to come online first, and only "
                            "offline memory changes its zone",
                            to_string(decision.place), knob);
    if (std::ranges::find(plan.cannot, text) == plan.cannot.end()) plan.cannot.push_back(std::move(text));
}

}   // namespace

std::vector<KnobWrite> put_back(const Host& host) {
    std::vector<KnobWrite> out;
    for (const auto& own : host.own_knobs) {
        const auto now = knob_value(host.snapshot, own.path).value_or(own.was);
        if (now != own.was) out.push_back({own.path, own.was, now, {}, true});
    }
    return out;
}

DevicePlan knobs_for(const Policies& policies, const Host& host, const DecideOptions& options) {
    DevicePlan plan;
    want_ratio(policies, host, plan);
    want_auto_online(policies, host, options, plan);
    for (auto& knob : put_back(host)) {
        const bool wanted = std::ranges::find(plan.knobs, knob.path, &KnobWrite::path) != plan.knobs.end();
        if (!wanted) plan.knobs.push_back(std::move(knob));
    }
    std::erase_if(plan.knobs, [](const KnobWrite& knob) { return knob.text == knob.was; });
    return plan;
}

DevicePlan plan_device(const Policies& policies, const Host& host, const std::vector<std::uint64_t>& blocks,
                       const DecideOptions& options) {
    DevicePlan plan = knobs_for(policies, host, options);
    const std::string knob = knob_of(plan, host.snapshot);
    for (const auto number : blocks) {
        const auto subject = block_subject(host, number);
        const auto decision = decide(policies, subject, host, options);
        if (decision.action == Action::online || decision.action == Action::kernel_does) {
            add_block(plan, subject, decision, knob);
        } else {
            ++plan.as_they_are;
        }
    }
    return plan;
}

}   // namespace memhot::policy
