// SPDX-License-Identifier: GPL-2.0-or-later
#include <array>

#include "commands/command.hpp"

namespace memhotctl {

namespace {

constexpr auto kCommands = std::to_array<const Command*>({
    &kStatus, &kList,   &kShow,    &kMap,     &kCheck, &kExplain, &kDoctor, &kNamespace, &kDax,
    &kPlan,   &kApply,  &kOnline,  &kOffline, &kProbe, &kRemove,  &kJobs,   &kHistory,   &kRollback,
    &kResume, &kCancel, &kMonitor, &kPolicy,  &kRules, &kCapture, &kReplay,
});

constexpr std::array<Option, 16> kGlobals{{
    {"root", 0, "DIR", "read the host below DIR instead of this machine"},
    {"snapshot", 0, "FILE", "read a host that `capture` saved"},
    {"host", 'H', "HOST", "ask memhotd: on USER@HOST over ssh, on this machine (local), or at an address of a bus"},
    {"kernel", 0, "KERNEL", "answer as this kernel would: 6.12, 6.1.0-54-amd64, arm64-6.12-16k"},
    {"json", 'J', "", "one JSON document with a \"format\" field"},
    {"no-legend", 'n', "", "no headings, no summary"},
    {"no-pager", 0, "", "never start a pager"},
    {"bytes", 'b', "", "sizes in bytes"},
    {"color", 0, "WHEN", "colours: auto (only on a terminal), always or never"},
    {"verbose", 'v', "", "all evidence and assumptions, longer than a screen"},
    {"yes", 'y', "", "change the host without asking; what is destroyed or dangerous has to be named all the same"},
    {"dry-run", 0, "", "everything up to the first write"},
    {"no-ask-password", 0, "", "where memhotd is asked: polkit asks nobody for a password"},
    {"timeout", 0, "SECONDS", "how long a step may take, and a busy block is tried again; default 30"},
    {"help", 'h', "", "this text, or that of a verb"},
    {"version", 0, "", "the version"},
}};

}   // namespace

std::span<const Command* const> commands() { return kCommands; }
std::span<const Option> global_options() { return kGlobals; }

}   // namespace memhotctl
