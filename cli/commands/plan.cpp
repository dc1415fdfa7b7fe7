// SPDX-License-Identifier: GPL-2.0-or-later
//
// plan, apply, and the verbs that plan and carry out in one go: online, offline, probe, remove.
#include <array>

#include "client/acting.hpp"
#include "context.hpp"

namespace memhotctl {

using memhot::Result;

namespace {

constexpr auto kOnlineOptions = joined_options(
    std::array<Option, 2>{
        {{"zone", 0, "ZONE", "auto (as the kernel's policy has it), kernel or movable"},
         {"ratio", 0, "PERCENT", "most movable memory, in percent of kernel memory; default 400, 0: no guard"}}},
    kActingOptions);

constexpr std::string_view kThings =
    "THING: a range, memoryN, blockN-M, nodeN, a device (dax1.0,\n"
    "namespace0.0, region0), or for online and offline a size (4G): the blocks are chosen and\n"
    "the plan says why.\n";

constexpr std::array<std::string_view, 6> kPlanWords{"online", "offline", "probe", "remove", "namespace", "dax"};

// The verb, what it is about, and the options that belong to the wish.
std::vector<std::string> wish_of(const Context& context) {
    const Arguments& arguments = context.arguments();
    std::vector<std::string> words{std::string(arguments.command->name)};
    words.insert(words.end(), arguments.operands.begin(), arguments.operands.end());
    for (const char* option : {"zone", "ratio"}) {
        if (const auto value = arguments.value(option)) words.push_back("--" + std::string(option) + "=" + *value);
    }
    return words;
}

Result<int> run_verb(Context& context) { return carry_out_wish(context, wish_of(context)); }
Result<int> run_plan(Context& context) { return show_plan(context, context.arguments().operands); }
Result<int> run_apply(Context& context) { return carry_out_file(context, context.arguments().operands.front()); }

constexpr Command memory_verb(std::string_view name, std::string_view operands, std::string_view summary,
                              std::span<const Option> options) {
    return {.name = name,
            .operands = operands,
            .least = 1,
            .most = kAny,
            .summary = summary,
            .options = options,
            .notes = kThings,
            .foreign = {},
            .run = run_verb};
}

}   // namespace

const Command kPlan{.name = "plan",
                    .operands = "WISH...",
                    .least = 1,
                    .most = kAny,
                    .summary = "the steps of online, offline, probe, remove, namespace ... or dax ..., with verdicts, "
                               "costs, what they destroy and how they are undone; --json for apply",
                    .options = {},
                    .notes = "WISH is what the verb of that name takes: plan online 4G --zone=movable,\n"
                             "plan namespace reconfigure namespace0.0 --mode=devdax.\n",
                    .foreign = kPlanWords,
                    .run = run_plan};

const Command kApply{.name = "apply",
                     .operands = "FILE",
                     .least = 1,
                     .most = 1,
                     .summary = "carry out a plan that `plan --json` printed, as long as the host is as it was",
                     .options = kActingOptions,
                     .notes = "- is standard input. Verdicts are worked out anew; the file only says what is wanted.\n",
                     .foreign = {},
                     .run = run_apply};

const Command kOnline =
    memory_verb("online", "THING...", "take memory blocks online, in the zone that is wanted", kOnlineOptions);
const Command kOffline =
    memory_verb("offline", "THING...", "take memory blocks offline, of a size those that are easiest", kActingOptions);
const Command kProbe =
    memory_verb("probe", "ADDRESS|RANGE", "add memory where the kernel has a probe file", kOnlineOptions);
const Command kRemove =
    memory_verb("remove", "THING", "take memory offline and away, where something can remove it", kActingOptions);

}   // namespace memhotctl
