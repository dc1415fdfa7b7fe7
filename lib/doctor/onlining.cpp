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

bool has(const UdevRuleRecord& rule, std::string_view text) { return rule.text.find(text) != std::string::npos; }

// One that assigns (ATTR{state}="...", a single =) or writes the file by a program.
bool writes_state(const UdevRuleRecord& rule) {
    const bool program = has(rule, "/state") && (has(rule, "RUN") || has(rule, "PROGRAM"));
    return has(rule, "ATTR{state}=\"") || (program && has(rule, "\"memory\""));
}

bool broken(const UdevRuleRecord& rule) { return has(rule, "daxctl -C"); }

// daxctl reconfigure-device onlines what it adds; one that is broken does nothing.
bool reconfigures(const UdevRuleRecord& rule) {
    return has(rule, "SUBSYSTEM==\"dax\"") && has(rule, "dax") && (has(rule, "RUN") || has(rule, "SYSTEMD_WANTS")) &&
           !broken(rule);
}

}   // namespace
}   // namespace memhot::doctor

namespace memhot {

std::vector<OnliningOwner> onlining_owners(const Snapshot& snapshot) {
    using Kind = OnliningOwner::Kind;
    std::vector<OnliningOwner> owners;
    if (doctor::kernel_onlines(snapshot)) {
        owners.push_back(
            {Kind::kernel, fmt::format("the kernel (auto_online_blocks is {})", *snapshot.auto_online_blocks)});
    }
    for (const auto& rule : snapshot.udev_rules) {
        const bool blocks = doctor::writes_state(rule);
        if (!blocks && !doctor::reconfigures(rule)) continue;
        owners.push_back({blocks ? Kind::block_rule : Kind::dax_rule, fmt::format("{}:{}", rule.path, rule.line)});
    }
    return owners;
}

}   // namespace memhot

namespace memhot::doctor {

void owners_of_onlining(const Facts& facts, Findings& out) {
    std::vector<std::string> owners;
    for (auto& owner : onlining_owners(facts.snapshot)) owners.push_back(std::move(owner.name));
    if (owners.size() < 2) return;
    out.add("onlining.several-owners", "memory blocks",
            fmt::format("{} agents online new memory: {}", owners.size(), joined(owners, ", ")),
            "whoever comes first chooses the zone; daxctl then reports a race",
            "keep one: set auto_online_blocks to offline, or mask the rule with a file of its name in "
            "/etc/udev/rules.d");
}

void broken_daxctl_rule(const Facts& facts, Findings& out) {
    for (const auto& rule : facts.snapshot.udev_rules) {
        if (!broken(rule)) continue;
        out.add("daxctl.broken-rule", fmt::format("{}:{}", rule.path, rule.line),
                "the rule runs \"daxctl -C\", which is no daxctl command (exit status 129): /etc/daxctl.conf.d does "
                "nothing",
                "daxctl 76.1-1 of Debian 12 ships this rule and not daxdev-reconfigure@.service",
                "reconfigure the device by a unit of your own, or install a later daxctl");
    }
}

}   // namespace memhot::doctor
