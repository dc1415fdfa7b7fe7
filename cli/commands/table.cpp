// SPDX-License-Identifier: GPL-2.0-or-later
#include <array>

#include "commands/command.hpp"

namespace memhotctl {

namespace {

constexpr std::array<const Command*, 12> kCommands{&kStatus, &kList,      &kShow, &kMap,   &kCheck,   &kExplain,
                                                   &kDoctor, &kNamespace, &kDax,  &kRules, &kCapture, &kReplay};

constexpr std::array<Option, 11> kGlobals{{
    {"root", 0, "DIR", "read the host below DIR instead of this machine"},
    {"snapshot", 0, "FILE", "read a host that `capture` saved"},
    {"kernel", 0, "KERNEL", "answer as this kernel would: 6.12, 6.1.0-54-amd64, arm64-6.12-16k"},
    {"json", 'J', "", "one JSON document with a \"format\" field"},
    {"no-legend", 'n', "", "no headings, no summary"},
    {"no-pager", 0, "", "never start a pager"},
    {"bytes", 'b', "", "sizes in bytes"},
    {"color", 0, "WHEN", "colours: auto (only on a terminal), always or never"},
    {"verbose", 'v', "", "all evidence and assumptions, longer than a screen"},
    {"help", 'h', "", "this text, or that of a verb"},
    {"version", 0, "", "the version"},
}};

}   // namespace

std::span<const Command* const> commands() { return kCommands; }
std::span<const Option> global_options() { return kGlobals; }

}   // namespace memhotctl
