// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/job_text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "output/text.hpp"

namespace memhotctl {

using memhot::Tense;

namespace {

// How a step that is not simply done is told.
struct StateText {
    std::string_view state;
    std::string_view label;
    Tense tense;
};
constexpr std::array<StateText, 6> kStates{{
    {"done", "", Tense::done},
    {"failed", "failed: ", Tense::would},
    {"unknown", "nobody knows whether this was done: ", Tense::done},
    {"undone", "undone: ", Tense::done},
    {"undo-failed", "could not be undone: ", Tense::done},
    {"undo-unknown", "nobody knows whether this was undone: ", Tense::done},
}};

constexpr std::string_view kInterrupted = "interrupted";
constexpr std::array<std::string_view, 4> kWithRemedy{kInterrupted, "failed", "cancelled", "timed out"};

// What of the host a job left otherwise, or may have.
bool stays(const JobReport& job, std::size_t index) {
    if (std::holds_alternative<memhot::SaveAction>(job.plan.steps.at(index).action)) return false;
    const JobStep& step = job.steps[index];
    return step.changed || step.state == "done" || step.state == "unknown" || step.state.starts_with("undo-");
}

// ... and what of that a rollback would try: behind one only what failed then.
bool can_go_back(const JobReport& job, std::size_t index) {
    const bool has_way = !job.plan.steps[index].undo.empty();
    return stays(job, index) && has_way && (!job.rolled_back || job.steps[index].state.starts_with("undo-"));
}

std::string remedy_of(const JobReport& job, const Invocation& run) {
    if (std::ranges::find(kWithRemedy, job.end) == kWithRemedy.end()) return {};
    const auto any = [&](bool (*is_so)(const JobReport&, std::size_t)) {
        for (std::size_t i = 0; i < job.steps.size(); ++i) {
            if (is_so(job, i)) return true;
        }
        return false;
    };
    const bool interrupted = job.end == kInterrupted;
    if (!any(stays) && !(interrupted && run.journal)) return {};
    if (!run.journal) return "the host was simulated: there is no journal, and nothing to undo";
    if (!interrupted) {
        if (any(can_go_back)) return "what was done stays; undo it with " + run.hint("rollback", job.id);
        return job.rolled_back ? "" : "what was done stays: there is no way back from it";
    }
    return fmt::format("finish it with {}, or undo it with {}", run.hint("resume", job.id),
                       run.hint("rollback", job.id));
}

// Why it is so, where that is more than the step in other words, which the journal keeps of a step that was only begun.
std::string reason_of(const JobReport& job, std::size_t index) {
    const memhot::PlanStep& step = job.plan.steps[index];
    std::string text = job.steps[index].text;
    if (text.starts_with(step.did + ": ")) text.erase(0, step.did.size() + 2);
    const auto& undo = step.undo;
    const bool same = text == step.would || text == step.did || (!undo.empty() && text == to_string(undo.front()));
    return text.empty() || same ? "" : ": " + printable(text);
}

void put_steps(const JobReport& job, std::size_t first, std::size_t end, std::string& out) {
    const auto state = std::ranges::find(kStates, job.steps[first].state, &StateText::state);
    if (state == kStates.end()) {
        out += fmt::format("not tried: {}\n", counted(end - first, "step"));
        return;
    }
    for (const auto& line : step_lines(job.plan, first, end, state->tense)) {
        out += fmt::format("{}{}{}\n", state->label, printable(line), reason_of(job, first));
    }
}

}   // namespace

std::string job_text(const JobReport& job, const Invocation& run) {
    std::string out;
    for (std::size_t i = 0; i < job.steps.size();) {
        std::size_t end = i + 1;
        const auto same = [&](std::size_t other) {
            return job.steps[other].state == job.steps[i].state && reason_of(job, other) == reason_of(job, i);
        };
        while (end < job.steps.size() && same(end)) ++end;
        put_steps(job, i, end, out);
        i = end;
    }
    out += fmt::format("job {}: {}{}{}\n", job.id, job.end, job.text.empty() ? "" : ": " + printable(job.text),
                       run.simulated ? " (simulated; nothing was changed)" : "");
    if (const auto remedy = remedy_of(job, run); !remedy.empty()) out += printable(remedy) + "\n";
    return out;
}

std::string progress_text(const JobProgress& now) {
    std::string out = fmt::format("step {} of {}", std::min(now.step + 1, now.steps), now.steps);
    if (now.all_bytes != 0)
        out += fmt::format(", {} of {}", memhot::human_size(now.bytes), memhot::human_size(now.all_bytes));
    if (now.bytes_per_second != 0) out += fmt::format(", {}/s", memhot::human_size(now.bytes_per_second));
    if (now.left != 0) out += fmt::format(", {} s left", (now.left + 999'999) / 1'000'000);
    return out;
}

Json job_document(const JobReport& job, const Invocation& run) {
    Json steps = Json::array();
    for (std::size_t i = 0; i < job.steps.size(); ++i) {
        const JobStep& step = job.steps[i];
        Json one = Json::object({{"state", step.state},
                                 {"action", to_string(job.plan.steps[i].action)},
                                 {"text", step.text.empty() ? job.plan.steps[i].would : step.text}});
        if (step.error != 0) one.set("errno", step.error);
        if (step.attempts != 0) one.set("attempts", step.attempts);
        if (step.changed) one.set("changed", true);
        if (!step.identity.empty()) one.set("identity", step.identity);
        steps.push(std::move(one));
    }
    Json out = Json::object({{"job", job.id}, {"wish", to_string(job.plan.wish)}, {"state", job.end}});
    if (run.simulated) out.set("simulated", true);
    if (!job.text.empty()) out.set("text", job.text);
    if (job.begun != 0) out.set("begun_us", job.begun);
    if (job.ended) out.set("ended_us", *job.ended);
    if (job.exit_status) out.set("exit_status", *job.exit_status);
    return out.set("steps", std::move(steps));
}

std::string time_text(std::uint64_t microseconds) {
    const auto seconds = static_cast<std::time_t>(microseconds / 1'000'000);
    return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::localtime(seconds));
}

}   // namespace memhotctl
