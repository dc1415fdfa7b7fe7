// SPDX-License-Identifier: GPL-2.0-or-later
#include "execute/begun_job.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <numeric>

namespace memhot::execute {

using journal::StepState;

namespace {

// What a state of the journal means for an undo; others mean that there is nothing to undo.
struct Meaning {
    StepState state;
    StepBehind::How how;
};
constexpr std::array<Meaning, 4> kMeanings{{
    {StepState::done, StepBehind::How::done},
    {StepState::unknown, StepBehind::How::doubtful},
    {StepState::undo_failed, StepBehind::How::partly},
    {StepState::undo_unknown, StepBehind::How::partly},
}};

}   // namespace

std::vector<StepBehind> steps_behind(const journal::Job& job) {
    std::vector<StepBehind> out;
    for (std::size_t i = 0; i < job.steps.size(); ++i) {
        const journal::JobStep& step = job.steps[i];
        const auto known = std::ranges::find(kMeanings, step.state, &Meaning::state);
        if (known != kMeanings.end()) out.push_back({i, known->how, step.identity, step.left});
        if (step.state == StepState::failed && step.changed)
            out.push_back({i, StepBehind::How::partly, step.identity, step.left});
    }
    return out;
}

HowFar how_far(const journal::Job& job) {
    HowFar out;
    while (out.done < job.steps.size() && job.steps[out.done].state == StepState::done) ++out.done;
    out.doubtful = out.done < job.steps.size() && job.steps[out.done].state == StepState::unknown;
    if (out.doubtful) out.identity = job.steps[out.done].identity;
    return out;
}

namespace {

bool may_be_done(const journal::JobStep& step) {
    return step.state == StepState::done || step.state == StepState::unknown;
}

// What is done, the one of which nobody knows (the last that was tried), and what was missed.
std::vector<std::size_t> order_of(const Plan& plan, const journal::Job& job, std::size_t touched) {
    const auto rank = [&](std::size_t i) {
        return job.steps[i].state == StepState::done ? 0 : job.steps[i].state == StepState::unknown ? 1 : 2;
    };
    std::vector<std::size_t> order(touched);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, rank);
    for (std::size_t i = touched; i < plan.steps.size(); ++i) order.push_back(i);
    return order;
}

}   // namespace

std::optional<Reordered> missed_later(const Plan& plan, const journal::Job& job) {
    if (!job.interrupted()) return std::nullopt;
    std::size_t touched = job.steps.size();
    while (touched > 0 && !may_be_done(job.steps[touched - 1])) --touched;
    const auto end = job.steps.begin() + static_cast<std::ptrdiff_t>(touched);
    if (touched > plan.steps.size()) return std::nullopt;
    // One that left something else is no beginning for the rest, and none goes on behind it.
    if (std::any_of(job.steps.begin(), end, [](const journal::JobStep& step) { return step.changed; }))
        return std::nullopt;
    const auto order = order_of(plan, job, touched);
    if (std::ranges::is_sorted(order)) return std::nullopt;   // nothing was missed
    Reordered out{plan, job, order};
    out.job.steps.resize(plan.steps.size());
    std::vector<std::size_t> place(plan.steps.size());
    for (std::size_t i = 0; i < out.order.size(); ++i) place[out.order[i]] = i;
    for (std::size_t i = 0; i < out.order.size(); ++i) {
        PlanStep& step = out.plan.steps[i];
        step = plan.steps[out.order[i]];
        for (auto& on : step.depends_on) on = place.at(on);
        if (step.takes_back) step.takes_back = place.at(*step.takes_back);
        out.job.steps[i] = out.order[i] < job.steps.size() ? job.steps[out.order[i]] : journal::JobStep{};
    }
    return out;
}

std::string save_directory(const std::string& state_directory, const std::string& id) {
    return state_directory + "/job-" + id;
}

std::string next_id(const std::vector<journal::Job>& jobs, const std::string& state_directory) {
    std::uint64_t last = 0;
    for (const auto& job : jobs) {
        std::uint64_t number = 0;
        std::from_chars(job.id.data(), job.id.data() + job.id.size(), number);
        last = std::max(last, number);
    }
    const auto taken = [&](std::uint64_t number) {
        std::error_code unreadable;
        return std::filesystem::exists(save_directory(state_directory, std::to_string(number)), unreadable);
    };
    while (taken(last + 1)) ++last;
    return std::to_string(last + 1);
}

}   // namespace memhot::execute
