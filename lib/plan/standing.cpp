// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where a host stands within a plan: behind how many of its steps everything that they change is as it is now. A journal
// says what was done; only the host says what is still so, after a reboot or after somebody else was at it.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "memhot/plan.hpp"
#include "plan/blocks.hpp"
#include "plan/standing.hpp"

namespace memhot {

namespace {

using Key = std::pair<Fact::Kind, std::string>;

struct Seen {
    std::map<Key, std::string> now;
    bool seen = true;
};

Seen look_at_all(const Plan& plan, const Look& look) {
    Seen out;
    for (const auto& step : plan.steps) {
        for (const auto& fact : step.before) {
            const Key key{fact.kind, fact.name};
            if (out.now.contains(key)) continue;
            const auto value = look(fact);
            out.seen = out.seen && value.has_value();
            out.now[key] = value.value_or("");
        }
    }
    return out;
}

// What is to be there, which changes from step to step.
class Expectation {
public:
    Expectation(const Plan& plan, const Seen& look) : look_(look) {
        for (const auto& step : plan.steps) {
            for (const auto& fact : step.before) expected_.try_emplace({fact.kind, fact.name}, fact.value);
        }
        for (const auto& [key, value] : expected_) wrong_ += differs(key, value) ? 1U : 0U;
    }
    void take(const PlanStep& step) {
        for (const auto& fact : step.after) {
            const Key key{fact.kind, fact.name};
            wrong_ -= differs(key, expected_[key]) ? 1U : 0U;
            expected_[key] = fact.value;
            wrong_ += differs(key, fact.value) ? 1U : 0U;
        }
    }
    [[nodiscard]] std::size_t wrong() const { return wrong_; }
    [[nodiscard]] std::vector<FactChange> differences() const {
        std::vector<FactChange> out;
        for (const auto& [key, value] : expected_) {
            if (differs(key, value)) out.push_back({key.first, key.second, value, look_.now.at(key)});
        }
        return out;
    }

private:
    [[nodiscard]] bool differs(const Key& key, const std::string& value) const {
        const auto found = look_.now.find(key);
        return found != look_.now.end() && found->second != value;
    }

    const Seen& look_;
    std::map<Key, std::string> expected_;
    std::size_t wrong_ = 0;
};

struct Fits {
    std::size_t least = 0;   // facts that are wrong where it fits best
    std::size_t best = 0;   // the most steps of those that fit best
    std::optional<std::size_t> before_a_gap;   // fewer, which fit, too, and behind which some do not
};

Fits fits_of(const Plan& plan, std::size_t most, const Seen& now) {
    Expectation expected(plan, now);
    Fits out{.least = expected.wrong(), .best = 0, .before_a_gap = {}};
    std::optional<std::size_t> last;   // that fits
    if (out.least == 0) last = 0;
    for (std::size_t i = 0; i < std::min(most, plan.steps.size()); ++i) {
        expected.take(plan.steps[i]);
        const std::size_t wrong = expected.wrong();
        if (wrong == 0) {
            if (last && *last != i) out.before_a_gap = last;
            last = i + 1;
        }
        // Where nothing fits, what fits best tells what is wrong.
        if (wrong > out.least) continue;
        out.least = wrong;
        out.best = i + 1;
    }
    return out;
}

// Whether the steps between the two fits were done; nothing where the host does not tell.
std::optional<bool> has_replaced(const Plan& plan, const Fits& fits, const Look& look) {
    for (std::size_t i = *fits.before_a_gap; i < fits.best; ++i) {
        const auto& was = plan.steps[i].replaces;
        const auto now = was ? look(*was) : std::nullopt;
        if (now) return *now != was->value;
    }
    return std::nullopt;
}

// The first word of the fact of a device behind a command.
struct Leaves {
    std::string_view verb;
    std::string_view mode;   // "" where it takes none
    Fact::Kind kind;
    std::string_view word;
    [[nodiscard]] bool is_of(const CommandLine& command) const {
        const auto& words = command.arguments;
        return command.verb == verb && (mode.empty() || std::ranges::find(words, mode) != words.end());
    }
};
constexpr std::array kLeaves{
    Leaves{"enable-namespace", "", Fact::Kind::nd_namespace, "enabled"},
    Leaves{"disable-namespace", "", Fact::Kind::nd_namespace, "disabled"},
    Leaves{"destroy-namespace", "", Fact::Kind::nd_namespace, "absent"},
    Leaves{"enable-device", "", Fact::Kind::dax_device, "devdax"},
    Leaves{"disable-device", "", Fact::Kind::dax_device, "disabled"},
    Leaves{"destroy-device", "", Fact::Kind::dax_device, "absent"},
    Leaves{"reconfigure-device", "--mode=devdax", Fact::Kind::dax_device, "devdax"},
    Leaves{"reconfigure-device", "--mode=system-ram", Fact::Kind::dax_device, "system-ram"},
};

// What those steps change, and with it what else is told of it.
struct Touched {
    std::set<std::string> names;
    std::vector<Range> ranges;   // of memory blocks, ascending, neighbours as one
    bool commands = false;
};

// Ascending, and those that meet as one: a range is then looked up among them.
std::vector<Range> merged(std::vector<Range> ranges) {
    std::ranges::sort(ranges, {}, &Range::start);
    std::vector<Range> out;
    for (const auto& range : ranges) {
        if (!out.empty() && (range.start == 0 || range.start - 1 <= out.back().last)) {
            out.back().last = std::max(out.back().last, range.last);
        } else {
            out.push_back(range);
        }
    }
    return out;
}

bool is_touched(const std::vector<Range>& ranges, const Range& range) {
    // The first that does not end before it.
    const auto near = std::ranges::lower_bound(ranges, range.start, {}, &Range::last);
    return near != ranges.end() && near->overlaps(range);
}

Touched touched_by(const Plan& plan, std::size_t count) {
    std::uint64_t block_size = 0;
    for (const auto& fact : plan.facts) {
        if (fact.name == "memory_block_size") block_size = parse_number(fact.value).value_or(0);
    }
    Touched out;
    for (std::size_t i = 0; i < count; ++i) {
        const PlanStep& step = plan.steps[i];
        // a file of the nvdimm and dax buses changes as much as a command
        const auto* write = std::get_if<WriteAction>(&step.action);
        const bool of_device = write != nullptr && write->path.starts_with("/sys/bus/");
        out.commands = out.commands || of_device || std::holds_alternative<CommandLine>(step.action);
        for (const auto& fact : step.before) {
            out.names.insert(fact.name);
            if (fact.kind != Fact::Kind::block || block_size == 0) continue;
            const auto number = parse_number(std::string_view(fact.name).substr(std::string_view("memory").size()));
            if (number) out.ranges.push_back({*number * block_size, *number * block_size + (block_size - 1)});
        }
    }
    out.ranges = merged(std::move(out.ranges));
    return out;
}

bool is_touched(const Touched& touched, const Fact& fact) {
    if (touched.names.contains(fact.name)) return true;
    switch (fact.kind) {
        case Fact::Kind::iomem: {
            if (touched.commands) return true;
            const auto range = parse_range(fact.name, {});
            return range && is_touched(touched.ranges, *range);
        }
        case Fact::Kind::section:
        case Fact::Kind::zones: return touched.commands || !touched.ranges.empty();
        case Fact::Kind::device: return touched.commands;
        default: return false;
    }
}

// "devdax" of "devdax, 110800000-127ffffff"; then ", 110800000-127ffffff".
std::string_view first_word(std::string_view words) { return words.substr(0, words.find(", ")); }
std::string_view rest_of(std::string_view words) {
    words.remove_prefix(first_word(words).size());
    return words.substr(0, words.find(", zones"));
}

// An undo that stopped behind its first command: the namespace is enabled, and its dax device not with kmem yet, but with
// device_dax, which takes what appears.
bool is_between_undos(const PlanStep& step, const Fact& before, std::string_view now) {
    if (before.kind != Fact::Kind::dax_device || step.undo.size() < 2) return false;
    const auto* first = std::get_if<CommandLine>(&step.undo.front());
    return first != nullptr && first->verb == "enable-namespace" && first_word(before.value) == "system-ram" &&
           first_word(now) == "devdax" && rest_of(now) == rest_of(before.value);
}

}   // namespace

bool is_already(const Action& action, const Look& look) {
    if (const auto* write = std::get_if<WriteAction>(&action)) {
        const auto block = plan::block_written(*write);
        const auto now = block ? look({Fact::Kind::block, fmt::format("memory{}", *block), {}}) : std::nullopt;
        if (!now) return false;
        return write->text == "offline" ? !now->starts_with("online") : now->starts_with("online");
    }
    const auto* command = std::get_if<CommandLine>(&action);
    if (command == nullptr || command->arguments.empty()) return false;
    const auto leaves = std::ranges::find_if(kLeaves, [&](const Leaves& row) { return row.is_of(*command); });
    if (leaves == kLeaves.end()) return false;
    const auto now = look({leaves->kind, command->arguments.back(), {}});
    return now && now->starts_with(leaves->word);
}

bool has_long_way_back(const PlanStep& step) {
    return std::holds_alternative<WriteAction>(step.action) && step.undo.size() > 1;
}

bool is_between(const Fact& before, const Fact& after, std::string_view now) {
    if (now == before.value || now == after.value) return true;
    const std::string_view word = first_word(now);
    if (word != "offline" && word != "disabled") return false;
    return rest_of(now) == rest_of(before.value) || rest_of(now) == rest_of(after.value);
}

bool is_another(std::string_view identity, std::string_view now) {
    constexpr std::string_view kUuid = "uuid ";
    return identity != now && identity.starts_with(kUuid) && now.starts_with(kUuid);
}

Standing standing(const Plan& plan, std::size_t most, const Look& look) {
    const Seen now = look_at_all(plan, look);
    Standing out;
    out.seen = now.seen;
    if (!now.seen) return out;
    const Fits fits = fits_of(plan, most, now);
    if (fits.least != 0) {
        Expectation nearest(plan, now);
        for (std::size_t i = 0; i < fits.best; ++i) nearest.take(plan.steps[i]);
        out.differs = nearest.differences();
        return out;
    }
    out.behind = fits.best;
    if (!fits.before_a_gap) return out;
    const auto replaced = has_replaced(plan, fits, look);
    out.came_back = !replaced;
    if (replaced == false) out.behind = fits.before_a_gap;
    return out;
}

std::size_t stands_behind(const Plan& plan, std::size_t most, const Look& look) {
    const Standing now = standing(plan, most, look);
    return now.seen && now.behind && !now.came_back ? *now.behind : plan.steps.size();
}

std::optional<FactChange> changed_half_way(const PlanStep& step, const Look& look,
                                           const std::map<std::string, std::string>& left) {
    // A write is whole: it is as the step left it.
    const bool whole = std::holds_alternative<WriteAction>(step.action) && step.undo.size() == 1;
    // It is undone, and the host is then known to be a little otherwise than it was.
    if (whole && !step.undo_differs.empty() && is_already(step.undo.front(), look)) return std::nullopt;
    for (std::size_t i = 0; i < step.after.size(); ++i) {
        const Fact& after = step.after[i];
        auto now = look(after);
        const auto seen = left.find(after.name);
        const std::string& expected = seen == left.end() ? after.value : seen->second;
        if (!now || *now == expected) continue;
        if (!whole && i < step.before.size() &&
            (is_between(step.before[i], after, *now) || is_between_undos(step, step.before[i], *now)))
            continue;
        return FactChange{after.kind, after.name, expected, *std::move(now)};
    }
    return std::nullopt;
}

namespace plan {

std::vector<FactChange> changed_by_others(const Plan& plan, std::size_t count, const FactReader& now) {
    const Touched touched = touched_by(plan, std::min(count, plan.steps.size()));
    std::vector<FactChange> out;
    for (const auto& fact : plan.facts) {
        if (is_touched(touched, fact)) continue;
        std::string value = now.value(fact.kind, fact.name);
        if (value != fact.value) out.push_back({fact.kind, fact.name, fact.value, std::move(value)});
    }
    return out;
}

}   // namespace plan

}   // namespace memhot
