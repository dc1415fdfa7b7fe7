// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A plan for people: numbered steps, equal neighbours as one line, and below each what is doubtful, dangerous or lost.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <type_traits>

#include "memhot/plan.hpp"

namespace memhot {

namespace {

constexpr std::string_view kIndent = "      ";

// Neighbouring blocks that are told as one: equal but for their numbers, all upward or all downward.
struct Group {
    std::size_t first = 0;
    std::size_t last = 0;
};

// "would online ", " in zone Movable": what stands around "memory40 (140000000-147ffffff)".
struct Around {
    std::string_view before;
    std::string_view after;
    std::string_view range;
    friend bool operator==(const Around& a, const Around& b) { return a.before == b.before && a.after == b.after; }
};

std::optional<Around> around_block(const PlanStep& step, Tense tense) {
    if (!step.block) return std::nullopt;
    const std::string_view text = step.text(tense);
    const std::string name = fmt::format("memory{} (", *step.block);
    const auto at = text.find(name);
    const auto end = at == std::string_view::npos ? at : text.find(')', at);
    if (end == std::string_view::npos) return std::nullopt;
    const auto range = at + name.size();
    return Around{text.substr(0, at), text.substr(end + 1), text.substr(range, end - range)};
}

// What stands below a step, the same for steps that are told together.
std::string below(const PlanStep& step) {
    std::string out;
    const auto line = [&](std::string_view label, std::string_view text) {
        out += fmt::format("{}{}: {}\n", kIndent, label, text);
    };
    const Verdict& verdict = step.verdict;
    if (!step.reason.empty()) line("because", step.reason);
    // A refusal stands at the top.
    if (verdict.outcome.kind == Outcome::Kind::uncertain)
        line("verdict", fmt::format("{} [{}]", verdict.summary, rule(verdict.outcome.rule).id));
    for (const auto& hazard : verdict.hazards) {
        line("DANGEROUS", fmt::format("{} [{}; {}]", hazard.text, rule(hazard.rule).id, hazard.releases));
    }
    for (const auto& loss : step.destroys) line("destroys", loss.what);
    for (const auto& loss : step.undo_destroys) line("undoing it destroys", loss.what);
    if (!step.no_undo.empty() && !std::holds_alternative<SaveAction>(step.action)) line("no undo", step.no_undo);
    if (!step.undo_differs.empty()) line("undone", step.undo_differs);
    return out;
}

std::string cost_text(const Cost& cost) {
    std::string out;
    const auto add = [&](std::uint64_t bytes, std::string_view what) {
        if (bytes != 0) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", human_size(bytes), what);
    };
    add(cost.memory_gained, "of memory more");
    add(cost.memory_lost, "of memory less");
    add(cost.memmap, "of RAM for struct pages");
    add(cost.memmap_freed, "of struct pages freed");
    return out;
}

Cost cost_of(const Plan& plan, const Group& group) {
    Cost sum;
    for (std::size_t i = group.first; i <= group.last; ++i) sum += plan.steps[i].cost;
    return sum;
}

std::string count_text(std::size_t count, std::string_view what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

bool told_together(const PlanStep& a, const PlanStep& b, Tense tense) {
    const auto one = around_block(a, tense);
    const auto other = around_block(b, tense);
    return one && other && *one == *other && below(a) == below(b);
}

// The group that begins there, of the steps before `end`.
Group group_at(const Plan& plan, std::size_t first, std::size_t end, Tense tense) {
    Group group{first, first};
    std::optional<std::uint64_t> stride;   // +1 or -1
    while (group.last + 1 < end) {
        const PlanStep& step = plan.steps[group.last];
        const PlanStep& next = plan.steps[group.last + 1];
        if (!told_together(step, next, tense)) break;
        const std::uint64_t difference = *next.block - *step.block;
        if (difference != 1 && difference != ~0ULL) break;
        if (stride && *stride != difference) break;
        stride = difference;
        ++group.last;
    }
    return group;
}

// "would offline memory80-83 (280000000-29fffffff) from zone Movable, downward"
std::string group_text(const Plan& plan, const Group& group, Tense tense) {
    const PlanStep& first = plan.steps[group.first];
    const PlanStep& last = plan.steps[group.last];
    if (group.first == group.last) return first.text(tense);
    const bool down = *last.block < *first.block;
    const PlanStep& low = down ? last : first;
    const PlanStep& high = down ? first : last;
    const Around low_text = *around_block(low, tense);
    const std::string_view high_range = around_block(high, tense)->range;
    return fmt::format("{}memory{}-{} ({}-{}){}{}", low_text.before, *low.block, *high.block,
                       low_text.range.substr(0, low_text.range.find('-')), high_range.substr(high_range.find('-') + 1),
                       low_text.after, down ? ", downward" : "");
}

}   // namespace

std::vector<std::string> step_lines(const Plan& plan, std::size_t first, std::size_t end, Tense tense) {
    std::vector<std::string> out;
    for (std::size_t i = first; i < end;) {
        const Group group = group_at(plan, i, end, tense);
        out.push_back(group_text(plan, group, tense));
        i = group.last + 1;
    }
    return out;
}

std::string steps_text(const Plan& plan, Tense tense) {
    std::string out;
    for (std::size_t i = 0; i < plan.steps.size();) {
        const Group group = group_at(plan, i, plan.steps.size(), tense);
        const bool one = group.first == group.last;
        const std::string numbers =
            one ? fmt::to_string(group.first + 1) : fmt::format("{}-{}", group.first + 1, group.last + 1);
        out += fmt::format("  {:<3} {}\n", numbers, group_text(plan, group, tense));
        out += fmt::format("{}{}\n", kIndent, to_string(plan.steps[group.first].action));
        if (!one) out += fmt::format("{}... {}\n", kIndent, to_string(plan.steps[group.last].action));
        out += below(plan.steps[group.first]);
        // Of a plan that is one line the sum stands below it.
        const bool whole = group.first == 0 && group.last + 1 == plan.steps.size();
        const auto cost = whole ? "" : cost_text(cost_of(plan, group));
        if (!cost.empty()) out += fmt::format("{}costs: {}\n", kIndent, cost);
        i = group.last + 1;
    }
    return out;
}

std::string to_string(const Action& action) {
    return std::visit(
        [](const auto& one) -> std::string {
            using T = std::decay_t<decltype(one)>;
            if constexpr (std::is_same_v<T, WriteAction>) {
                return fmt::format("echo {} > {}", one.text, one.path);
            } else if constexpr (std::is_same_v<T, SaveAction>) {
                return one.what == SaveAction::What::labels ? fmt::format("ndctl read-labels {}", one.device)
                                                            : fmt::format("ndctl read-infoblock {}", one.device);
            } else {
                return memhot::to_string(one);
            }
        },
        action);
}

namespace {

// Where people met it, of the places that a rule names; "" where nobody did in public.
std::string_view thread_of(RuleId id) {
    std::string_view places = rule(id).source;
    while (!places.empty()) {
        const auto end = std::min(places.find("; "), places.size());
        const std::string_view one = places.substr(0, end);
        if (one.starts_with("github.com/") || one.starts_with("lore.kernel.org/")) return one;
        places.remove_prefix(std::min(end + 2, places.size()));
    }
    return {};
}

}   // namespace

std::string refusals_text(const Plan& plan) {
    std::string out;
    for (const auto& refusal : plan.refusals) {
        out += fmt::format("refused: {} [{}]\n", refusal.text, rule(refusal.rule).id);
        if (const auto remedy = rule(refusal.rule).remedy; !remedy.empty())
            out += fmt::format("  instead: {}\n", remedy);
        if (const auto thread = thread_of(refusal.rule); !thread.empty())
            out += fmt::format("  thread: https://{}\n", thread);
    }
    for (const auto& step : plan.steps) {
        if (step.verdict.outcome.kind != Outcome::Kind::refused) continue;
        for (const auto& command : step.verdict.commands) out += fmt::format("  accepted would be: {}\n", command);
    }
    return out;
}

std::string to_text(const Plan& plan, Tense tense) {
    const std::string title = plan.refused()       ? "refused"
                              : plan.steps.empty() ? "nothing to do"
                                                   : count_text(plan.steps.size(), "step");
    std::string out = fmt::format("{} on {}: {}{}\n", to_string(plan.wish), plan.host.empty() ? "this host" : plan.host,
                                  title, plan.dangerous() ? ", DANGEROUS" : "");
    out += refusals_text(plan);
    for (const auto& note : plan.notes) out += note + "\n";
    out += steps_text(plan, tense);
    const auto cost = cost_text(plan.cost());
    if (!cost.empty() && !plan.refused()) out += fmt::format("in all: {}\n", cost);
    return out;
}

}   // namespace memhot
