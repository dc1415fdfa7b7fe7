// SPDX-License-Identifier: GPL-2.0-or-later
//
// What the journal tells of jobs; and the request to one that runs.
#include "client/journal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include "client/job_parts.hpp"
#include "execute/begun_job.hpp"
#include "execute/executor.hpp"
#include "journal/journal.hpp"
#include "output/text.hpp"

namespace memhotctl {

using memhot::Error;
using memhot::ErrorKind;
using memhot::Result;
using memhot::Status;
namespace execute = memhot::execute;
namespace journal = memhot::journal;

namespace {

constexpr std::string_view kInterrupted = "interrupted";
constexpr std::string_view kRunning = "running";

constexpr std::array kEnds{execute::JobEnd::done,      execute::JobEnd::refused,   execute::JobEnd::failed,
                           execute::JobEnd::cancelled, execute::JobEnd::timed_out, execute::JobEnd::undone};

// As memhotctl ended when the job did.
std::optional<int> exit_status_of(const JobReport& report, const journal::Job& job) {
    const auto end = std::ranges::find_if(kEnds, [&](auto each) { return to_string(each) == report.end; });
    if (!job.ended || end == kEnds.end()) return std::nullopt;
    execute::JobResult result;
    result.end = *end;
    // Of a job that undid itself the end says what had failed; a rollback is what was asked for.
    result.undo_wanted = report.text.empty();
    for (std::size_t i = 0; i < job.steps.size(); ++i) {
        execute::StepResult step;
        step.state = job.steps[i].state;
        step.partly = job.steps[i].changed;
        step.changes = !std::holds_alternative<memhot::SaveAction>(report.plan.steps.at(i).action);
        result.steps.push_back(std::move(step));
    }
    return result.exit_status();
}

JobReport report_of(const journal::Job& job, memhot::Plan plan, std::string_view without_end) {
    JobReport out;
    out.id = job.id;
    out.begun = job.begun;
    out.ended = job.ended;
    const auto colon = job.result.find(": ");
    out.end = job.ended ? job.result.substr(0, colon) : std::string(without_end);
    if (job.ended && colon != std::string::npos) out.text = job.result.substr(colon + 2);
    out.rolled_back = out.text == execute::kNotAllUndone;
    out.steps.resize(plan.steps.size());
    for (std::size_t i = 0; i < std::min(out.steps.size(), job.steps.size()); ++i) {
        const journal::JobStep& step = job.steps[i];
        out.steps[i] = {std::string(to_string(step.state)), step.text, step.error, 0, step.changed, step.identity};
    }
    for (auto& step : out.steps) {
        if (step.state.empty()) step.state = to_string(journal::StepState::untouched);
    }
    out.plan = std::move(plan);
    out.behind = execute::steps_behind(job);
    const auto way = execute::missed_later(out.plan, job);
    if (way) out.reordered = way->plan;
    const auto far = execute::how_far(way ? way->job : job);
    out.done = far.done;
    out.doubtful = far.doubtful;
    out.identity = far.identity;
    out.exit_status = exit_status_of(out, job);
    return out;
}

bool is_same_place(const std::string& a, const std::string& b) {
    std::error_code unknown;
    return a == b || std::filesystem::equivalent(a, b, unknown);
}

Status check_place(const JobRequest& request) {
    if (request.state_directory) {
        // Where it cannot be looked at, reading the journal says why.
        std::error_code error;
        const auto type = std::filesystem::status(*request.state_directory, error).type();
        using enum std::filesystem::file_type;
        if (type == directory || type == none) return memhot::Done{};
        return memhot::bad_input("--state-dir " + in_quotes(*request.state_directory) + ": no such directory");
    }
    if (!is_simulated(request)) return memhot::Done{};
    return memhot::bad_input("a simulated host keeps no journal; expected --state-dir DIR with --snapshot");
}

}   // namespace

Result<JobJournal> read_journal(const JobRequest& request) {
    if (auto good = check_place(request); !good) return good.error();
    const JobPlace place = job_place(request);
    auto reading = journal::read_journal(place.state);
    if (!reading) return std::move(reading).error();
    JobJournal out;
    out.place = place.state + "/" + std::string(journal::kFileName);
    out.notes = reading->complaints(out.place);
    out.entries = std::move(reading->entries);
    const auto holder = journal::HostLock::holder(place.run);
    if (holder && is_same_place(holder->state_directory, place.state)) out.running = holder->job;
    return out;
}

Result<JobJournal> journal_of(const BusJournal& told) {
    JobJournal out;
    out.place = "the journal there";
    out.notes = told.notes;
    out.running = told.running;
    for (const auto& text : told.entries) {
        auto entry = journal::entry_from_json(text);
        if (!entry) return std::move(entry).error().add_context(out.place);
        out.entries.push_back(*std::move(entry));
    }
    return out;
}

JobList jobs_in(const JobJournal& journal) {
    JobList out;
    out.notes = journal.notes;
    for (const auto& job : journal::jobs_of(journal.entries)) {
        const auto untold = [&](std::string_view why) {
            out.notes.push_back(fmt::format("{}: job {} cannot be told: {}", journal.place, job.id, why));
        };
        if (!job.contradiction.empty()) {
            untold(job.contradiction);
            continue;
        }
        auto plan = memhot::plan_from_json(job.plan);
        if (!plan) {
            untold(plan.error().message());
            continue;
        }
        if (job.steps.size() > plan->steps.size()) {
            untold(fmt::format("it tells of step {} of a plan that has {}", job.steps.size(),
                               counted(plan->steps.size(), "step")));
            continue;
        }
        out.jobs.push_back(report_of(job, *std::move(plan), job.id == journal.running ? kRunning : kInterrupted));
    }
    return out;
}

Result<JobReport> find_job(const JobList& list, const std::string& id) {
    const auto found = std::ranges::find(list.jobs, id, &JobReport::id);
    if (found != list.jobs.end()) return *found;
    if (list.jobs.empty()) return Error(ErrorKind::not_found, "job " + in_quotes(id) + ": the journal has no jobs");
    return Error(ErrorKind::not_found, fmt::format("job {}: expected one of {} to {}", in_quotes(id),
                                                   list.jobs.front().id, list.jobs.back().id));
}

std::vector<JobEvent> events_in(const JobJournal& journal) {
    std::vector<JobEvent> out;
    for (const auto& entry : journal.entries) {
        using enum journal::EntryKind;
        const bool of_step = entry.kind != job_begun && entry.kind != job_ended;
        out.push_back({entry.time, entry.job, std::string(to_string(entry.kind)),
                       of_step ? std::optional(entry.step) : std::nullopt, entry.undo, entry.text});
    }
    return out;
}

Status runs(const JobReport& job, const Invocation& run) {
    if (job.end == kRunning) return memhot::Done{};
    if (!job.interrupted()) return Error(ErrorKind::not_found, fmt::format("job {} does not run: {}", job.id, job.end));
    return Error(ErrorKind::not_found,
                 fmt::format("job {} was interrupted and does not run; finish it with {}, or undo it with {}", job.id,
                             run.hint("resume", job.id), run.hint("rollback", job.id)));
}

Status cancel_job(const JobRequest& request, const std::string& id, const Invocation& run) {
    const auto journal = read_journal(request);
    if (!journal) return journal.error();
    const auto job = find_job(jobs_in(*journal), id);
    if (!job) return job.error();
    if (auto running = runs(*job, run); !running) return running;
    const std::string path = cancel_file(job_place(request), id);
    if (!std::ofstream(path)) return journal::io_error(path, "asking the job to stop", errno);
    return memhot::Done{};
}

}   // namespace memhotctl
