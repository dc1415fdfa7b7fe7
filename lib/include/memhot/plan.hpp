// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A wanted end state as ordered steps: what is written or run, what the kernel answers to each, what it costs and
// destroys, how it is undone. A plan is bound to what its verdicts looked at and says when that has changed. Nothing
// here writes to a host.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "memhot/nd_command.hpp"
#include "memhot/snapshot.hpp"
#include "memhot/verdict.hpp"

namespace memhot {

// --- what is wanted ------------------------------------------------------------------------------------------------

enum class PlanVerb : std::uint8_t {
    online,
    offline,
    remove,
    probe,
    namespace_create,
    namespace_reconfigure,
    namespace_destroy,
    namespace_enable,
    namespace_disable,
    dax_reconfigure,
    dax_online,
    dax_offline,
    dax_create,
    dax_destroy,
    count_
};
// "online", "namespace create", ...
std::string_view to_string(PlanVerb verb);

enum class WantedZone : std::uint8_t { automatic, kernel, movable };   // automatic: as the kernel's policy has it
std::string_view to_string(WantedZone zone);

// Movable memory in percent of kernel memory, as the kernel counts in auto_movable_ratio; 4:1 is the most that
// Documentation/admin-guide/mm/memory-hotplug.rst knows to work.
inline constexpr unsigned kDefaultRatio = 400;

struct Wish {
    PlanVerb verb = PlanVerb::online;
    // Ranges, memoryN, blockN-M, nodeN, names of devices; a size ("4G") for online and offline.
    std::vector<std::string> things;
    std::vector<std::string> options;   // of ndctl or daxctl: "--mode=devdax", "--size=1G"
    WantedZone zone = WantedZone::automatic;
    unsigned ratio = kDefaultRatio;   // 0: no guard
    friend bool operator==(const Wish&, const Wish&) = default;
};
// "online node1 --zone=movable --ratio=300", "namespace create --mode=fsdax --size=128M": the words of a command line.
Result<Wish> parse_wish(const std::vector<std::string>& words);
// As it would be typed.
std::string to_string(const Wish& wish);

// --- steps ---------------------------------------------------------------------------------------------------------

// text is written into a file of sysfs.
struct WriteAction {
    std::string path;   // "/sys/devices/system/memory/memory40/state"
    std::string text;
    friend bool operator==(const WriteAction&, const WriteAction&) = default;
};
// Something is copied into the job's directory before it is destroyed.
struct SaveAction {
    enum class What : std::uint8_t { labels, info_block };
    What what = What::labels;
    std::string device;   // "nmem0", "namespace0.1"
    friend bool operator==(const SaveAction&, const SaveAction&) = default;
};
// write, save, or what ndctl or daxctl would do.
using Action = std::variant<WriteAction, SaveAction, CommandLine>;
// "echo online > /sys/...", "ndctl create-namespace -e namespace0.0": as it would be typed.
std::string to_string(const Action& action);

struct Cost {
    std::uint64_t memmap = 0;          // RAM taken for struct pages
    std::uint64_t memmap_freed = 0;    // RAM given back
    std::uint64_t memory_gained = 0;   // usable memory that comes
    std::uint64_t memory_lost = 0;     // that goes
    Cost& operator+=(const Cost& other) {
        memmap += other.memmap;
        memmap_freed += other.memmap_freed;
        memory_gained += other.memory_gained;
        memory_lost += other.memory_lost;
        return *this;
    }
    friend bool operator==(const Cost&, const Cost&) = default;
};

// What a plan or a step relies on.
struct Fact {
    // device: all that the host tells of it; nd_namespace, dax_device: its mode and place; identity: which one it is.
    enum class Kind : std::uint8_t {
        host,
        kernel,
        attribute,
        block,
        section,
        iomem,
        zones,
        device,
        nd_namespace,
        dax_device,
        identity
    };
    Kind kind = Kind::attribute;
    std::string
        name;   // "memory40", "section44", "160000000-167ffffff", "auto_online_blocks", "namespaces/namespace0.1"
    std::string value;   // what was there, in words
    friend bool operator==(const Fact&, const Fact&) = default;
};
inline constexpr std::size_t kFactKinds = static_cast<std::size_t>(Fact::Kind::identity) + 1;
std::string_view to_string(Fact::Kind kind);

// Data that a step destroys.
struct DataLoss {
    std::string device;
    std::uint64_t bytes = 0;
    std::string what;   // "all data of fsdax namespace0.1"
    friend bool operator==(const DataLoss&, const DataLoss&) = default;
};

enum class Tense : std::uint8_t { would, done };

struct PlanStep {
    Action action;
    std::string would;   // "would online memory40 (0x140000000-0x147ffffff) in zone Movable"
    std::string did;   // "onlined memory40 ..."
    std::optional<std::uint64_t> block;   // memory block that is written; its neighbours are told together
    std::string reason;   // why this one and why here; may be empty
    Verdict verdict;
    Cost cost;
    std::vector<DataLoss> destroys;
    std::vector<Action> undo;   // in their order; empty: cannot be undone, and no_undo says why
    std::string no_undo;
    std::vector<DataLoss> undo_destroys;   // by undoing it
    // Index of a step before it that held only while the plan ran, and that this one takes back. Where the plan ends
    // before this step, the other's undo must do it.
    std::optional<std::size_t> takes_back;
    std::string creates;   // a namespace: its identity is recorded, so that an undo destroys no other one of its name
    // A namespace that is another one behind the step, as it was before: what tells whether the step was done, where the
    // plan otherwise leaves the host as it found it. Absent where the host does not tell namespaces apart (no labels).
    std::optional<Fact> replaces;
    std::string undo_differs;   // how the host is not as before when it is undone; mostly empty
    // Memory blocks and devices that the step changes, as they must be before it and will be behind it.
    std::vector<Fact> before;
    std::vector<Fact> after;
    std::vector<std::size_t> depends_on;   // indices of steps that must be done before

    [[nodiscard]] const std::string& text(Tense tense) const { return tense == Tense::would ? would : did; }
};

// Why the plan must not be carried out.
struct Refusal {
    RuleId rule = RuleId::none;
    std::string text;   // with the numbers
};

struct Plan {
    Wish wish;
    std::string host;
    std::string kernel;   // name of the profile
    std::vector<PlanStep> steps;
    std::vector<Refusal> refusals;   // empty: it may be carried out
    std::vector<std::string> notes;   // what was chosen and why
    std::vector<Fact> facts;

    [[nodiscard]] bool refused() const { return !refusals.empty(); }
    [[nodiscard]] bool dangerous() const;
    [[nodiscard]] Cost cost() const;
    [[nodiscard]] std::vector<DataLoss> destroys() const;
};

// What has to be said by name before it is carried out: devices that lose data, then ids of rules of dangers; each once.
std::vector<std::string> names_to_confirm(const Plan& plan);

// Errors: words that mean nothing on this host (bad_input, not_found), addresses that are hidden (not_permitted). A plan
// that must not be carried out is a plan with refusals.
Result<Plan> make_plan(const Snapshot& snapshot, const Wish& wish);
// Planning ends behind so many steps, or once stop is set; what it gives then is the beginning of a plan, with one step
// more than `steps`, or of no use.
struct PlanLimits {
    std::size_t steps = 0;
    const std::atomic<bool>* stop = nullptr;
};
Result<Plan> make_plan(const Snapshot& snapshot, const Wish& wish, const PlanLimits& limits);

// --- stale ---------------------------------------------------------------------------------------------------------

struct FactChange {
    Fact::Kind kind = Fact::Kind::attribute;
    std::string name;
    std::string was;
    std::string now;
};

// What is known of a step of an earlier job.
struct StepBehind {
    enum class How : std::uint8_t {
        done,
        doubtful,   // nobody knows whether it was done
        partly,   // it failed, or its undo did, and something had changed
    };
    std::size_t step = 0;   // index in the plan
    How how = How::done;
    std::string identity;   // of what it created, as it was then; empty: not known
    // It was accepted and came to something else: what the host showed then, by the names of its facts.
    std::map<std::string, std::string> left{};
};
// What an undo makes of a step.
struct UndoFate {
    enum class How : std::uint8_t { undone, as_before, stays };
    std::size_t step = 0;   // index in the plan
    How how = How::undone;
    std::string why;   // it stays
};
// The steps that undo those of a plan, the last first, each judged on the host as it is now and as the ones before it
// leave it, with what they destroy. What stays is left out, and notes say why: no way back; somebody else changed it since;
// a doubt that the host does not settle; and what such a step depends on. Refused where the host is another one.
// fates: gets one for each of the steps but for copies, which change nothing.
Result<Plan> make_undo(const Snapshot& snapshot, const Plan& done, const std::vector<StepBehind>& steps,
                       std::vector<UndoFate>* fates = nullptr);
// A note of a plan that make_undo() made that something stays; how many of its notes do.
std::size_t what_stays(const Plan& undo);
// The steps of an interrupted plan that are still to be done, judged on the host as it is now. done: steps that are written
// down as done, from the first. doubtful: the next one may be done. Fewer count as done where the host shows that they are
// not any more (a reboot). Refused as stale where the host is as behind none of them, or something else that the plan relies
// on has changed. identity: of the namespace that the doubtful step was to create, as it was chosen; another one that is
// there now is not taken for it.
Result<Plan> make_rest(const Snapshot& snapshot, const Plan& begun, std::size_t done, bool doubtful,
                       std::string_view identity = {});

// What a fact is now; nothing where the host does not answer.
using Look = std::function<std::optional<std::string>(const Fact&)>;

// Whether the host is already as an action of an undo leaves it: an undo that was interrupted is done again from its
// beginning, and the kernel answers EINVAL to offlining what is offline (drivers/base/memory.c: state_store).
bool is_already(const Action& action, const Look& look);

// Whether a device or block may be as an action that stopped half-way left it: as it was, as it was to be, or what it was to
// be but taken from its driver, or offline.
bool is_between(const Fact& before, const Fact& after, std::string_view now);
// A write whose undo is several: the step behind it, undone, leaves something between (memory that kmem has got back is
// offline, and goes before it comes back online).
bool has_long_way_back(const PlanStep& step);

// Whether a namespace is not the one that had that identity: the host tells both by their uuids, and they differ.
bool is_another(std::string_view identity, std::string_view now);

// Where a host stands within a plan.
struct Standing {
    bool seen = true;   // the host answers
    std::optional<std::size_t> behind;   // so many steps, the most that fit
    // Fewer fit, too, and some between do not: the plan comes back to what it began with, and nothing that it replaces
    // tells which of them it is.
    bool came_back = false;
    std::vector<FactChange> differs;   // only where nothing fits: from what fits best
};
// most: more steps than these were not done.
Standing standing(const Plan& plan, std::size_t most, const Look& look);
// Where the host is as some step of a job leaves it, the steps behind that are taken back already: after a reboot a block that
// was to be onlined is not even there. So many steps it stands; all of the plan's where that is not so, or not told.
std::size_t stands_behind(const Plan& plan, std::size_t most, const Look& look);
// How the host is neither as a step that was done, or undone, in part may have left it; nothing: it is as that. left: what
// it was seen to leave instead of what was planned, by the names of its facts.
std::optional<FactChange> changed_half_way(const PlanStep& step, const Look& look,
                                           const std::map<std::string, std::string>& left = {});
// Whether both do the same in the same order; the second of two that were made of the same wish.
bool same_actions(const Plan& a, const Plan& b);

// What differs from what the plan relies on; empty: the plan still holds.
Result<std::vector<FactChange>> is_stale(const Plan& plan, const Snapshot& snapshot);
// "memory40: was "offline, zones Normal Movable, node0", is "online, ...""
std::string to_string(const FactChange& difference);

// --- for people and programs ---------------------------------------------------------------------------------------

std::string to_text(const Plan& plan, Tense tense = Tense::would);
// Why it must not be carried out, a line each, and below it what to do instead.
std::string refusals_text(const Plan& plan);
// The steps alone: numbered from the first, with what is written and what is doubtful, dangerous or lost.
std::string steps_text(const Plan& plan, Tense tense = Tense::would);
// A line for each of the steps [first, end), neighbouring blocks as one: "onlined memory86-87 (2b0000000-2bfffffff) ...".
std::vector<std::string> step_lines(const Plan& plan, std::size_t first, std::size_t end, Tense tense);

inline constexpr std::string_view kPlanFormat = "memhot-plan/1";
std::string to_json(const Plan& plan);
// The same document without white space and verdicts, which nobody reads back: less than half of it, for a journal.
std::string to_compact_json(const Plan& plan);
// What to_json() or to_compact_json() wrote. Verdicts are not taken from a file: they are those of an empty Verdict, and whoever carries the
// plan out computes them anew. bad_input names the field that is missing or of another type.
Result<Plan> plan_from_json(std::string_view text);
// The exit status of memhotctl(1): 9 dangerous, 1 refused, 8 uncertain, 0.
int exit_status(const Plan& plan);

}   // namespace memhot
