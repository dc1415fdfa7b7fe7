// SPDX-License-Identifier: GPL-2.0-or-later
//
// jobs, history, rollback, resume, cancel: what was done to this host, and what can be done about it.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "client/acting.hpp"
#include "context.hpp"
#include "output/job_text.hpp"
#include "output/table.hpp"
#include "output/text.hpp"

namespace memhotctl {

using memhot::Result;

namespace {

constexpr std::array<Option, 1> kReadingOptions{{kStateDirOption}};

Result<JobList> jobs_of(Context& context, const std::string& job = {}) {
    const auto journal = journal_of(context, job);
    if (!journal) return journal.error();
    auto list = jobs_in(*journal);
    for (const auto& note : list.notes) context.note(note);
    return list;
}

// "3 of 8"
std::string done_text(const JobReport& job) {
    const auto done = std::ranges::count(job.steps, "done", &JobStep::state);
    return fmt::format("{} of {}", done, job.steps.size());
}

Result<int> run_jobs(Context& context) {
    const auto list = jobs_of(context);
    if (!list) return list.error();
    if (context.json()) {
        Json jobs = Json::array();
        for (const auto& job : list->jobs) jobs.push(job_document(job, invocation_of(context)));
        context.print_json(Json::object({{"format", "memhot-jobs/1"}, {"jobs", std::move(jobs)}}));
        return exit_code::yes;
    }
    if (list->jobs.empty()) {
        if (list->notes.empty()) context.note("no jobs yet");
        return exit_code::yes;
    }
    Table table({{"JOB", true}, {"BEGUN"}, {"STATE"}, {"DONE"}, {"WISH", false, true}});
    for (const auto& job : list->jobs) {
        table.add({job.id, time_text(job.begun), job.end, done_text(job), printable(to_string(job.plan.wish))});
    }
    context.print(table.text(context.terminal(), context.legend()));
    return exit_code::yes;
}

Result<int> print_job(Context& context, const std::string& id) {
    const auto list = jobs_of(context, id);
    if (!list) return list.error();
    const auto job = find_job(*list, id);
    if (!job) return job.error();
    if (context.json()) {
        Json document = Json::object({{"format", "memhot-job/1"}});
        context.print_json(document.set("job", job_document(*job, invocation_of(context))));
        return exit_code::yes;
    }
    context.print(fmt::format("{}, begun {}{}\n", printable(to_string(job->plan.wish)), time_text(job->begun),
                              job->ended ? ", ended " + time_text(*job->ended) : ""));
    context.print(job_text(*job, invocation_of(context)));
    return exit_code::yes;
}

Result<int> run_history(Context& context) {
    if (!context.arguments().operands.empty()) return print_job(context, context.arguments().operands.front());
    const auto journal = journal_of(context);
    if (!journal) return journal.error();
    for (const auto& note : journal->notes) context.note(note);
    const auto events = events_in(*journal);
    if (context.json()) {
        Json list = Json::array();
        for (const auto& event : events) {
            Json one = Json::object({{"time_us", event.time}, {"job", event.job}, {"what", event.what}});
            if (event.step) one.set("step", *event.step + 1);
            if (event.undo) one.set("undo", true);
            list.push(one.set("text", event.text));
        }
        context.print_json(Json::object({{"format", "memhot-history/1"}, {"events", std::move(list)}}));
        return exit_code::yes;
    }
    Table table({{"TIME"}, {"JOB", true}, {"STEP", true}, {"WHAT"}, {"TEXT", false, true}});
    for (const auto& event : events) {
        table.add({time_text(event.time), event.job, event.step ? fmt::to_string(*event.step + 1) : "",
                   event.undo ? event.what + " (undo)" : event.what, printable(event.text)});
    }
    if (events.empty() && journal->notes.empty()) context.note("no jobs yet");
    if (!events.empty()) context.print(table.text(context.terminal(), context.legend()));
    return exit_code::yes;
}

Result<int> run_rollback(Context& context) { return roll_back(context, context.arguments().operands.front()); }
Result<int> run_resume(Context& context) { return resume(context, context.arguments().operands.front()); }

// Of memhotd's own jobs; false: it does not carry that one out.
Result<bool> cancel_there(Context& context, const std::string& id) {
    const auto list = jobs_of(context, id);
    if (!list) return list.error();
    const auto job = find_job(*list, id);
    if (!job) return job.error();
    if (auto running = runs(*job, invocation_of(context)); !running) return running.error();
    return context.told(cancel_on_bus(*context.request().bus, context.may_ask(), id));
}

memhot::Status cancel_here(Context& context, const std::string& id) {
    const auto request = job_request(context);
    if (!request) return request.error();
    return cancel_job(*request, id, invocation_of(context));
}

Result<int> run_cancel(Context& context) {
    const std::string& id = context.arguments().operands.front();
    const bool elsewhere = context.request().bus.has_value();
    ask_daemon_that_runs_here(context);
    const auto asked = context.request().bus ? cancel_there(context, id) : Result<bool>(false);
    if (!asked) return asked.error();
    if (!*asked && elsewhere) {
        return memhot::Error(memhot::ErrorKind::not_found,
                             fmt::format("job {} is none of memhotd's: another program carries it out, and is asked to "
                                         "stop by memhotctl on that machine",
                                         id));
    }
    if (!*asked) {   // a job of this machine that memhotctl carries out
        if (auto done = cancel_here(context, id); !done) return done.error();
    }
    context.note(fmt::format(
        "job {} was asked to stop; it does so between two steps, and a write that the kernel is at is interrupted",
        id));
    return exit_code::yes;
}

constexpr Command job_verb(std::string_view name, std::string_view summary, std::span<const Option> options,
                           Result<int> (*run)(Context&)) {
    return {.name = name,
            .operands = "JOB",
            .least = 1,
            .most = 1,
            .summary = summary,
            .options = options,
            .notes = "",
            .foreign = {},
            .run = run};
}

}   // namespace

const Command kJobs{.name = "jobs",
                    .operands = "",
                    .least = 0,
                    .most = 0,
                    .summary = "what was carried out on this host, and whether it ended",
                    .options = kReadingOptions,
                    .notes = "",
                    .foreign = {},
                    .run = run_jobs};

const Command kHistory{.name = "history",
                       .operands = "[JOB]",
                       .least = 0,
                       .most = 1,
                       .summary = "each step that was intended, done or failed; of a job its report",
                       .options = kReadingOptions,
                       .notes = "",
                       .foreign = {},
                       .run = run_history};

const Command kRollback =
    job_verb("rollback", "undo what a job did, the last step first", kActingOptions, run_rollback);
const Command kResume = job_verb("resume", "finish a job that was interrupted", kActingOptions, run_resume);
const Command kCancel =
    job_verb("cancel", "ask a running job to stop between two steps, or in a write", kReadingOptions, run_cancel);

}   // namespace memhotctl
