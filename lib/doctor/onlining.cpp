// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Who else onlines memory or reconfigures dax devices: udev rules and the kernel's own policy.
#include <fmt/format.h>

#include "doctor/checks.hpp"

namespace memhot::doctor {

namespace {

bool kernel_onlines(const Snapshot& snapshot) {
    return snapshot.auto_online_blocks && *snapshot.auto_online_blocks != "offline";
}

bool writes_state(const UdevRuleRecord& rule) {
    return rule.text.find("SUBSYSTEM==\"memory\"") != std::string::npos && rule.text.find("state") != std::string::npos;
}

}   // namespace

void owners_of_onlining(const Facts& facts, Findings& out) {
    std::vector<std::string> owners;
    if (kernel_onlines(facts.snapshot)) {
        owners.push_back(fmt::format("the kernel (auto_online_blocks is {})", *facts.snapshot.auto_online_blocks));
    }
    for (const auto& rule : facts.snapshot.udev_rules) {
        if (writes_state(rule)) owners.push_back(fmt::format("{}:{}", rule.path, rule.line));
    }
    if (owners.size() < 2) return;
    std::string names;
    for (const auto& owner : owners) names += (names.empty() ? "" : ", ") + owner;
    out.push_back(
        {"onlining.several-owners", Severity::warning, "memory blocks",
         fmt::format("{} agents online new memory: {}", owners.size(), names),
         "whoever comes first chooses the zone; daxctl then reports a race",
         "keep one: set auto_online_blocks to offline, or mask the rule with a file of its name in /etc/udev/rules.d"});
}

void broken_daxctl_rule(const Facts& facts, Findings& out) {
    for (const auto& rule : facts.snapshot.udev_rules) {
        if (rule.text.find("daxctl -C") == std::string::npos) continue;
        out.push_back({"daxctl.broken-rule", Severity::problem, fmt::format("{}:{}", rule.path, rule.line),
                       "the rule runs \"daxctl -C\", which is no daxctl command: /etc/daxctl.conf.d does nothing",
                       "daxctl 76.1-1 of Debian 12 ships this rule and not daxdev-reconfigure@.service",
                       "reconfigure the device by a unit of your own, or install a later daxctl"});
    }
}

}   // namespace memhot::doctor
