// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/acting.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>

#include "client/acting_there.hpp"
#include "client/confirm.hpp"
#include "client/invocation.hpp"
#include "context.hpp"
#include "output/job_text.hpp"
#include "output/text.hpp"

namespace memhotctl {

using memhot::Plan;
using memhot::Result;

namespace {

std::vector<std::string> split_faults(const std::string& text) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find(',', at), text.size());
        out.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return out;
}

// One line that is written over on a terminal; with --verbose a line a step elsewhere.
Jobs::Listener progress_on_stderr(const Context& context) {
    const bool terminal = ::isatty(STDERR_FILENO) == 1;
    if (!terminal && !context.verbose()) return {};
    return [terminal](const JobProgress& now) {
        const bool end = now.step == now.steps;
        if (terminal) {
            std::fprintf(stderr, "\r%s\x1b[K", end ? "" : progress_text(now).c_str());
        } else if (!end) {
            std::fprintf(stderr, "memhotctl: %s\n", progress_text(now).c_str());
        }
    };
}

void show_on_stderr(const std::string& text) {
    std::size_t at = 0;
    while (at < text.size()) {
        const auto end = std::min(text.find('\n', at), text.size());
        std::fprintf(stderr, "%s\n", printable(text.substr(at, end - at)).c_str());
        at = end + 1;
    }
}

int print_plan(Context& context, const Plan& plan) {
    context.print(context.json() ? to_json(plan) : to_text(plan));
    return exit_status(plan);
}

// Another kernel can be asked, but not made to act.
memhot::Status check_host(const Context& context) {
    if (!context.request().asks_for_another_kernel()) return memhot::Done{};
    return memhot::bad_input("--kernel asks what another kernel would answer; expected check with it");
}

// The plan on the screen before a question is asked about it.
Result<int> confirm_shown(Context& context, const Plan& plan, const std::string& shown) {
    if (!context.arguments().flag("yes") || !names_to_confirm(plan).empty()) {
        if (::isatty(STDERR_FILENO) == 1 && ::isatty(STDIN_FILENO) == 1) show_on_stderr(shown);
    }
    return confirm(context, plan);
}

int print_stale(Context& context, Json changes, const std::string& text) {
    if (context.json()) {
        context.print_json(Json::object({{"format", "memhot-stale/1"}, {"changes", std::move(changes)}}));
    } else {
        context.print("refused: the plan is stale, " + text);
    }
    return exit_code::no;
}

// What changed since the plan was made; nothing is done then.
int refuse_stale(Context& context, const std::vector<memhot::FactChange>& changes) {
    std::string out = "what it relies on has changed:\n";
    Json list = Json::array();
    for (const auto& change : changes) {
        out += "  " + to_string(change) + "\n";
        list.push(Json::object(
            {{"kind", to_string(change.kind)}, {"name", change.name}, {"was", change.was}, {"now", change.now}}));
    }
    return print_stale(context, std::move(list), out);
}

// Its facts hold, and the same wish takes other steps: another block is the lowest now.
int refuse_other_steps(Context& context, const Plan& kept, const Plan& now) {
    constexpr std::size_t kMostLines = 10;
    std::string out = "`" + to_string(kept.wish) + "` takes other steps on this host now; make the plan anew:\n";
    Json list = Json::array();
    std::size_t changes = 0;
    for (std::size_t i = 0; i < std::max(kept.steps.size(), now.steps.size()); ++i) {
        const auto action = [i](const Plan& plan) {
            return i < plan.steps.size() ? to_string(plan.steps[i].action) : std::string("absent");
        };
        const std::string was = action(kept);
        const std::string is = action(now);
        if (was == is) continue;
        if (++changes <= kMostLines) out += fmt::format("  step {}: was {}, is {}\n", i + 1, was, is);
        list.push(Json::object({{"kind", "step"}, {"name", fmt::to_string(i + 1)}, {"was", was}, {"now", is}}));
    }
    if (changes > kMostLines) out += fmt::format("  and {} more\n", counted(changes - kMostLines, "step"));
    return print_stale(context, std::move(list), out);
}

// A job that could not begin: exit status 5 where the disk or another writer is why, else the error's own.
Result<int> not_begun(Context& context, const memhot::Error& error) {
    if (error.kind() != memhot::ErrorKind::io || context.failure_status()) return error;
    context.note(error.message());
    return exit_code::failed;
}

Result<int> finished(Context& context, Result<JobReport> job) {
    if (job) return print_report(context, *job);
    return not_begun(context, job.error());
}

void name_interrupted(Context& context, const Jobs& jobs) {
    const Invocation run = invocation_of(context);
    for (const auto& id : jobs.interrupted()) {
        context.note(fmt::format("job {} was interrupted and is neither finished nor undone: {} tells of it, {} and {} "
                                 "end it",
                                 id, run.hint("history", id), run.hint("resume", id), run.hint("rollback", id)));
    }
}

// Steps that stay where a later one fails, although all or nothing is asked for; "" where there are none.
std::string without_way_back(const Plan& plan) {
    std::map<std::string, std::vector<std::string>> steps;   // by why
    for (std::size_t i = 0; i + 1 < plan.steps.size(); ++i) {
        const auto& step = plan.steps[i];
        if (step.undo.empty() && !std::holds_alternative<memhot::SaveAction>(step.action))
            steps[step.no_undo].push_back(fmt::to_string(i + 1));
    }
    constexpr std::size_t kMostNumbers = 6;
    std::string out;
    for (auto& [why, numbers] : steps) {
        const std::size_t all = numbers.size();
        if (all > kMostNumbers) numbers.resize(kMostNumbers);
        out += fmt::format("{}step{} {}{}: {}", out.empty() ? "" : "; ", all == 1 ? "" : "s", fmt::join(numbers, ", "),
                           all > kMostNumbers ? fmt::format(" and {} more", all - kMostNumbers) : "", why);
    }
    return out.empty() ? "" : "--all-or-nothing: what has no way back stays where a later step fails: " + out;
}

void say_without_way_back(Context& context, Plan& plan) {
    if (!context.arguments().flag("all-or-nothing") || plan.refused()) return;
    const std::string text = without_way_back(plan);
    if (text.empty()) return;
    plan.notes.push_back(text);
    // The plan is not shown where nobody is asked.
    if (context.arguments().flag("yes") && !context.arguments().flag("dry-run")) context.note(text);
}

// Everything behind the plan.
Result<int> carry_out(Context& context, std::optional<Jobs>& jobs, Plan plan) {
    say_without_way_back(context, plan);
    if (plan.refused() || plan.steps.empty() || context.arguments().flag("dry-run")) return print_plan(context, plan);
    if (jobs) name_interrupted(context, *jobs);
    const auto confirmed = confirm_shown(context, plan, to_text(plan));
    if (!confirmed) return confirmed.error();
    if (*confirmed != exit_code::yes) return *confirmed;
    if (!jobs) return carry_out_there(context, plan);
    const auto now = jobs->snapshot();
    if (!now) return now.error();
    const auto changes = is_stale(plan, *now);
    if (!changes) return changes.error();
    if (!changes->empty()) return refuse_stale(context, *changes);
    return finished(context, jobs->run(plan, progress_on_stderr(context)));
}

// A job's failure to begin: nothing was changed.
Result<Jobs> open_jobs(Context& context) {
    if (auto good = check_host(context); !good) return good.error();
    auto request = job_request(context);
    if (!request) return std::move(request).error();
    request->accept_danger = true;   // confirm() has had each danger named
    auto jobs = Jobs::open(*request);
    if (!jobs) return jobs;
    for (const auto& note : jobs->notes()) context.note(note);
    return jobs;
}

// The host that is asked, and the right to change it: not where --dry-run only looks, which needs neither lock nor journal, nor
// where memhotd has both.
struct Access {
    std::optional<Jobs> jobs;
    memhot::Snapshot snapshot;
};

// Files and faults of who acts in process.
memhot::Status check_there(const Context& context) {
    for (const char* option : {"state-dir", "fault"}) {
        if (context.arguments().value(option))
            return memhot::bad_input(fmt::format("--{} is for a host of this process, not with --host", option));
    }
    return memhot::Done{};
}

Result<Access> access_to_host(Context& context) {
    const bool there = context.request().bus.has_value();
    if (there) {
        if (auto good = check_there(context); !good) return good.error();
    }
    if (there || context.arguments().flag("dry-run")) {
        if (auto good = check_host(context); !good) return good.error();
        auto snapshot = context.snapshot();
        if (!snapshot) return std::move(snapshot).error();
        return Access{std::nullopt, *snapshot};
    }
    auto jobs = open_jobs(context);
    if (!jobs) return std::move(jobs).error();
    auto snapshot = jobs->snapshot();
    if (!snapshot) return std::move(snapshot).error();
    return Access{*std::move(jobs), *std::move(snapshot)};
}

Result<std::string> read_text(const std::string& path) {
    if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
    std::ifstream in(path, std::ios::binary);
    if (!in) return memhot::bad_input(in_quotes(path) + ": cannot be read, expected a plan that `plan --json` printed");
    return std::string(std::istreambuf_iterator<char>(in), {});
}

Result<Plan> plan_of(const memhot::Snapshot& snapshot, const std::vector<std::string>& words) {
    const auto wish = memhot::parse_wish(words);
    if (!wish) return wish.error();
    return make_plan(snapshot, *wish);
}

// The steps of a job that are still to be judged and confirmed, under a heading of their own.
std::string heading(const JobReport& job, const Plan& plan, std::string_view what) {
    std::string out = fmt::format("{} job {} ({}) on {}: {}\n", what, job.id, to_string(plan.wish), plan.host,
                                  counted(plan.steps.size(), "step"));
    out += refusals_text(plan);
    for (const auto& note : plan.notes) out += note + "\n";
    return out + steps_text(plan);
}

Result<JobReport> job_named(Context& context, const std::string& id) {
    const auto journal = journal_of(context, id);
    if (!journal) return journal.error();
    const auto list = jobs_in(*journal);
    for (const auto& note : list.notes) context.note(note);
    return find_job(list, id);
}

using Act = Result<JobReport> (Jobs::*)(const JobReport&, const Jobs::Listener&);

// How a job goes on: what it is called, how its steps are made for the host of a moment, how they are carried out.
struct Way {
    std::string_view what;
    Result<Plan> (*make)(const memhot::Snapshot&, const JobReport&);
    Act act;
    BusOrder::Kind there;
};

Result<Plan> undo_of(const memhot::Snapshot& snapshot, const JobReport& job) {
    return make_undo(snapshot, job.plan, job.behind);
}
Result<Plan> rest_of(const memhot::Snapshot& snapshot, const JobReport& job) {
    return make_rest(snapshot, job.reordered ? *job.reordered : job.plan, job.done, job.doubtful, job.identity);
}
constexpr Way kUndoing{"undoing", undo_of, &Jobs::undo, BusOrder::Kind::undo};
constexpr Way kFinishing{"finishing", rest_of, &Jobs::finish, BusOrder::Kind::finish};

// What was confirmed is what is done, also where it took a while to confirm it.
bool is_still(const Plan& plan, const Plan& now) {
    return same_actions(plan, now) && !now.refused() && names_to_confirm(plan) == names_to_confirm(now);
}

Result<int> go_on(Context& context, const JobReport& job, std::optional<Jobs>& jobs, const Plan& plan, const Way& way) {
    const std::string shown = heading(job, plan, way.what);
    if (plan.refused() || context.arguments().flag("dry-run")) {
        context.print(context.json() ? to_json(plan) : shown);
        return exit_status(plan);
    }
    const auto confirmed = confirm_shown(context, plan, shown);
    if (!confirmed) return confirmed.error();
    if (*confirmed != exit_code::yes) return *confirmed;
    if (!jobs) return take_up_there(context, way.there, job.id, plan);
    const auto snapshot = jobs->snapshot();
    if (!snapshot) return snapshot.error();
    const auto now = way.make(*snapshot, job);
    if (!now) return now.error();
    if (!is_still(plan, *now)) {
        context.note("the host has changed since this was shown; nothing was done");
        context.print(context.json() ? to_json(*now) : heading(job, *now, way.what));
        return exit_code::no;
    }
    return finished(context, ((*jobs).*way.act)(job, progress_on_stderr(context)));
}

}   // namespace

Result<std::optional<std::uint64_t>> timeout_of(const Context& context) {
    constexpr std::uint64_t kLongest = 7 * 24 * 3600;   // seconds
    const auto text = context.arguments().value("timeout");
    if (!text) return std::optional<std::uint64_t>();
    const auto seconds = memhot::parse_number(*text);
    if (seconds && *seconds <= kLongest) return std::optional(*seconds * 1'000'000);
    return memhot::bad_input("--timeout " + in_quotes(*text) + ": expected seconds, at most a week");
}

Result<JobRequest> job_request(const Context& context) {
    const auto timeout = timeout_of(context);
    if (!timeout) return timeout.error();
    JobRequest out;
    out.host = context.request();
    out.state_directory = context.arguments().value("state-dir");
    out.timeout = timeout->value_or(out.timeout);
    out.all_or_nothing = context.arguments().flag("all-or-nothing");
    out.faults = split_faults(context.arguments().value("fault").value_or(""));
    return out;
}

Result<JobJournal> journal_of(Context& context, const std::string& job) {
    if (const auto bus = context.request().bus) {
        if (auto good = check_there(context); !good) return good.error();
        auto told = context.told(journal_from_bus(*bus, context.may_ask(), job));
        // A job that is not there: the error names those that are.
        if (told && told->entries.empty() && !job.empty())
            told = context.told(journal_from_bus(*bus, context.may_ask(), ""));
        if (!told) return told.error();
        return journal_of(*told);
    }
    const auto request = job_request(context);
    if (!request) return request.error();
    return read_journal(*request);
}

void ask_daemon_that_runs_here(Context& context) {
    const auto& arguments = context.arguments();
    const bool in_process = arguments.flag("dry-run") || arguments.value("state-dir") || arguments.value("fault") ||
                            arguments.value("root") || context.request().asks_for_another_kernel();
    if (in_process || !context.request().is_this_machine() || !daemon_runs_here()) return;
    context.note("memhotd runs here and is asked (-H local)");
    context.ask_daemon();
}

Result<int> show_plan(Context& context, const std::vector<std::string>& wish) {
    // A plan is for the host as it is, and is what apply carries out there.
    if (auto good = check_host(context); !good) return good.error();
    const auto snapshot = context.snapshot();
    if (!snapshot) return snapshot.error();
    const auto plan = plan_of(*snapshot, wish);
    if (!plan) return plan.error();
    return print_plan(context, *plan);
}

Result<int> carry_out_wish(Context& context, const std::vector<std::string>& wish) {
    ask_daemon_that_runs_here(context);
    auto access = access_to_host(context);
    if (!access) return not_begun(context, access.error());
    const auto plan = plan_of(access->snapshot, wish);
    if (!plan) return plan.error();
    return carry_out(context, access->jobs, *plan);
}

Result<int> carry_out_file(Context& context, const std::string& path) {
    const auto text = read_text(path);
    if (!text) return text.error();
    const auto kept = memhot::plan_from_json(*text).with_context(in_quotes(path));
    if (!kept) return kept.error();
    ask_daemon_that_runs_here(context);
    auto access = access_to_host(context);
    if (!access) return not_begun(context, access.error());
    const auto changes = is_stale(*kept, access->snapshot);
    if (!changes) return changes.error();
    if (!changes->empty()) return refuse_stale(context, *changes);
    // Its verdicts are not those of the file: they are worked out anew.
    const auto plan = make_plan(access->snapshot, kept->wish);
    if (!plan) return plan.error();
    if (!same_actions(*plan, *kept)) return refuse_other_steps(context, *kept, *plan);
    return carry_out(context, access->jobs, *plan);
}

Result<int> roll_back(Context& context, const std::string& id) {
    ask_daemon_that_runs_here(context);
    auto access = access_to_host(context);
    if (!access) return not_begun(context, access.error());
    const auto job = job_named(context, id);
    if (!job) return job.error();
    const auto plan = undo_of(access->snapshot, *job);
    if (!plan) return plan.error();
    // A job without an end is given one, even where there is nothing to undo.
    if (!plan->steps.empty() || plan->refused() || !job->ended)
        return go_on(context, *job, access->jobs, *plan, kUndoing);
    context.note(fmt::format("job {} ({}) has nothing that can be undone", job->id, job->end));
    for (const auto& note : plan->notes) context.note(note);
    if (context.json()) context.print(to_json(*plan));
    return what_stays(*plan) == 0 ? exit_code::yes : exit_code::no;
}

Result<int> resume(Context& context, const std::string& id) {
    ask_daemon_that_runs_here(context);
    auto access = access_to_host(context);
    if (!access) return not_begun(context, access.error());
    const auto job = job_named(context, id);
    if (!job) return job.error();
    if (!job->interrupted()) {
        context.note(fmt::format("job {} {}: {}", job->id, job->ended ? "has ended" : "is not interrupted", job->end));
        return exit_code::no;
    }
    auto plan = rest_of(access->snapshot, *job);
    if (!plan) return plan.error();
    say_without_way_back(context, *plan);
    return go_on(context, *job, access->jobs, *plan, kFinishing);
}

}   // namespace memhotctl
