// SPDX-License-Identifier: GPL-2.0-or-later
//
// A verb: what it takes, as data that the parser, --help and the tests of manual and completion read, and what it does.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "memhot/result.hpp"

namespace memhotctl {

class Context;

struct Option {
    std::string_view name;   // without dashes
    char letter = 0;   // of the short form
    std::string_view value;   // what it takes, as --help shows it; empty: a flag
    std::string_view help;
    bool anywhere = false;   // ours also behind the words of another program
};

struct Command {
    std::string_view name;
    std::string_view operands;   // as --help shows them
    std::size_t least = 0;   // how many
    std::size_t most = 0;
    std::string_view summary;
    std::span<const Option> options;
    std::string_view notes;   // the rest of --help
    // First operands behind which another program's arguments follow: only options that every verb has are ours then, those
    // that say so, and those of `options` where foreign_keeps_options says that none of the other program's has that name.
    std::span<const std::string_view> foreign;
    bool foreign_keeps_options = false;
    // The exit status, with the result in the context; an error becomes one line on stderr.
    memhot::Result<int> (*run)(Context&);
};

inline constexpr std::size_t kAny = SIZE_MAX;

// The exit statuses that verbs of now can have (memhotctl(1)).
namespace exit_code {
inline constexpr int yes = 0;
inline constexpr int no = 1;
inline constexpr int usage = 2;
inline constexpr int unreachable = 3;
inline constexpr int not_authorised = 4;
inline constexpr int failed = 5;
inline constexpr int part_way = 6;
inline constexpr int cancelled = 7;
inline constexpr int uncertain = 8;
inline constexpr int dangerous = 9;
}   // namespace exit_code

extern const Command kStatus;
extern const Command kList;
extern const Command kShow;
extern const Command kMap;
extern const Command kCheck;
extern const Command kRules;
extern const Command kCapture;
extern const Command kReplay;
extern const Command kExplain;
extern const Command kDoctor;
extern const Command kNamespace;
extern const Command kDax;
extern const Command kPlan;
extern const Command kApply;
extern const Command kOnline;
extern const Command kOffline;
extern const Command kProbe;
extern const Command kRemove;
extern const Command kJobs;
extern const Command kHistory;
extern const Command kRollback;
extern const Command kResume;
extern const Command kCancel;
extern const Command kMonitor;
extern const Command kPolicy;

// In the order of --help; the first is what runs without a verb.
std::span<const Command* const> commands();
// Accepted before and after every verb.
std::span<const Option> global_options();

}   // namespace memhotctl
