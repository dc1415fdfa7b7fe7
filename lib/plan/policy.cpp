// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan/policy.hpp"

#include <fmt/format.h>

namespace memhot::plan {

namespace {

constexpr const char* kKnob = "auto_online_blocks";

PlanStep& set_policy(Builder& builder, const std::string& from, const std::string& to, std::string rest) {
    const WriteAction write{fmt::format("/sys/devices/system/memory/{}", kKnob), to};
    PlanStep& step = builder.write(write, op::SetAutoOnline{to}, {"set", "set", std::move(rest)});
    step.undo = {WriteAction{write.path, from}};
    step.before = {{Fact::Kind::attribute, kKnob, from}};
    step.after = {{Fact::Kind::attribute, kKnob, to}};
    return step;
}

}   // namespace

std::optional<std::string> policy_onlines(const Builder& builder) {
    const auto& policy = builder.snapshot().auto_online_blocks;
    return policy && *policy != "offline" ? policy : std::nullopt;
}

bool policy_gives(const Builder& builder, WantedZone zone) {
    const auto policy = policy_onlines(builder);
    if (!policy) return false;
    switch (zone) {
        case WantedZone::automatic: return true;
        case WantedZone::kernel: return policy == "online_kernel";
        case WantedZone::movable: break;
    }
    return policy == "online_movable";
}

std::string_view zone_text(WantedZone zone) {
    switch (zone) {
        case WantedZone::kernel: return "a kernel zone";
        case WantedZone::movable: return "zone Movable";
        case WantedZone::automatic: break;
    }
    return "the zone of the kernel's policy";
}

HeldPolicy::HeldPolicy(Builder& builder, std::string_view why) : builder_(builder), was_(policy_onlines(builder)) {
    builder.rely(Fact::Kind::attribute, kKnob);
    if (!was_) return;
    step_ = builder.steps();
    PlanStep& step = set_policy(builder, *was_, "offline", fmt::format("{} to offline (it is {})", kKnob, *was_));
    step.reason = fmt::format("{}, and the kernel would online new memory by itself, as \"{}\"; the last step, or a "
                              "failure, puts it back",
                              why, *was_);
}

void HeldPolicy::release() {
    if (!was_) return;
    PlanStep& step = set_policy(builder_, "offline", *was_, fmt::format("{} back to {}", kKnob, *was_));
    step.depends_on = {step_};
    step.takes_back = step_;
}

}   // namespace memhot::plan
