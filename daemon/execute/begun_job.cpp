// SPDX-License-Identifier: GPL-2.0-or-later
#include "execute/begun_job.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>

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
