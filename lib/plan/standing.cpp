// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where a host stands within a plan: behind how many of its steps everything that they change is as it is now. A journal
// says what was done; only the host says what is still so, after a reboot or after somebody else was at it.
#include <algorithm>
#include <map>
#include <set>

#include "memhot/plan.hpp"
#include "plan/standing.hpp"

namespace memhot {

namespace {

using Key = std::pair<Fact::Kind, std::string>;

struct Look {
    std::map<Key, std::string> now;
    bool seen = true;
};

Look look_at_all(const Plan& plan, const std::function<std::optional<std::string>(const Fact&)>& look) {
    Look out;
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
    Expectation(const Plan& plan, const Look& look) : look_(look) {
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

    const Look& look_;
    std::map<Key, std::string> expected_;
    std::size_t wrong_ = 0;
};

// What those steps change, and with it what else is told of it.
struct Touched {
    std::set<std::string> names;
    std::vector<Range> ranges;   // of memory blocks
    bool commands = false;
};

Touched touched_by(const Plan& plan, std::size_t count) {
    std::uint64_t block_size = 0;
    for (const auto& fact : plan.facts) {
        if (fact.name == "memory_block_size") block_size = parse_number(fact.value).value_or(0);
    }
    Touched out;
    for (std::size_t i = 0; i < count; ++i) {
        const PlanStep& step = plan.steps[i];
        out.commands = out.commands || std::holds_alternative<CommandLine>(step.action);
        for (const auto& fact : step.before) {
            out.names.insert(fact.name);
            if (fact.kind != Fact::Kind::block || block_size == 0) continue;
            const auto number = parse_number(std::string_view(fact.name).substr(std::string_view("memory").size()));
            if (number) out.ranges.push_back({*number * block_size, *number * block_size + (block_size - 1)});
        }
    }
    return out;
}

bool is_touched(const Touched& touched, const Fact& fact) {
    if (touched.names.contains(fact.name)) return true;
    switch (fact.kind) {
        case Fact::Kind::iomem: {
            if (touched.commands) return true;
            const auto range = parse_range(fact.name, {});
            return range &&
                   std::ranges::any_of(touched.ranges, [&](const Range& each) { return each.overlaps(*range); });
        }
        case Fact::Kind::section:
        case Fact::Kind::zones: return touched.commands || !touched.ranges.empty();
        case Fact::Kind::device: return touched.commands;
        default: return false;
    }
}

}   // namespace

Standing standing(const Plan& plan, std::size_t most,
                  const std::function<std::optional<std::string>(const Fact&)>& look) {
    const Look now = look_at_all(plan, look);
    Standing out;
    out.seen = now.seen;
    if (!now.seen) return out;
    Expectation expected(plan, now);
    // Where nothing fits, what fits best tells what is wrong.
    std::size_t best = 0;
    std::size_t least = expected.wrong();
    for (std::size_t i = 0; i < std::min(most, plan.steps.size()); ++i) {
        expected.take(plan.steps[i]);
        if (expected.wrong() > least) continue;
        least = expected.wrong();
        best = i + 1;
    }
    if (least == 0) {
        out.behind = best;
        return out;
    }
    Expectation nearest(plan, now);
    for (std::size_t i = 0; i < best; ++i) nearest.take(plan.steps[i]);
    out.differs = nearest.differences();
    return out;
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
