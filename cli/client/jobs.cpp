// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/jobs.hpp"

#include <fmt/format.h>
#include <signal.h>   // NOLINT(modernize-deprecated-headers): sigaction is POSIX, not C++
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <span>

#include "execute/executor.hpp"
#include "execute/live_target.hpp"
#include "journal/journal.hpp"
#include "output/text.hpp"

namespace memhotctl {

using memhot::Error;
using memhot::ErrorKind;
using memhot::Result;
using memhot::Status;
namespace execute = memhot::execute;
namespace journal = memhot::journal;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kState = "/var/lib/memhot";
constexpr std::string_view kRun = "/run/memhot";
// As the executor has it.
constexpr std::array<std::string_view, 4> kMayBeDone{"done", "unknown", "undo-failed", "undo-unknown"};
constexpr std::array<std::string_view, 2> kDoubtful{"unknown", "undo-unknown"};
constexpr std::string_view kInterrupted = "interrupted";

// Set by Ctrl-C and by a shutdown: the job stops between two blocks and says how far it came.
volatile std::sig_atomic_t interrupted = 0;
void interrupt(int) { interrupted = 1; }

// The signals that stop a job, for as long as one runs.
class Signals {
public:
    Signals() {
        struct sigaction action{};
        action.sa_handler = interrupt;
        interrupted = 0;
        for (std::size_t i = 0; i < std::size(kSignals); ++i) ::sigaction(kSignals[i], &action, &before_[i]);
    }
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;
    ~Signals() {
        for (std::size_t i = 0; i < std::size(kSignals); ++i) ::sigaction(kSignals[i], &before_[i], nullptr);
    }

private:
    static constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction before_[std::size(kSignals)]{};
};

// A job that runs pays attention to signals and to its cancel file, which nobody finds before or behind it.
class Attention {
public:
    explicit Attention(std::string file) : file_(std::move(file)) { ::unlink(file_.c_str()); }
    Attention(const Attention&) = delete;
    Attention& operator=(const Attention&) = delete;
    ~Attention() { ::unlink(file_.c_str()); }

private:
    std::string file_;
    Signals signals_;
};

Status make_directories(const std::string& path) {
    std::error_code error;
    fs::create_directories(path, error);
    if (error) return journal::io_error(path, "making the directory", error.value());
    return memhot::Done{};
}

// A directory of its own for a job that leaves no trace, gone with it.
struct Scratch {
    std::string path;
    Scratch() = default;
    explicit Scratch(std::string made) : path(std::move(made)) {}
    Scratch(Scratch&& other) noexcept : path(std::exchange(other.path, {})) {}
    Scratch& operator=(Scratch&&) = delete;
    ~Scratch() {
        std::error_code ignored;
        if (!path.empty()) fs::remove_all(path, ignored);
    }
};

Result<Scratch> make_scratch() {
    std::string path = (fs::temp_directory_path() / "memhotctl-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) return journal::io_error(path, "making a directory", errno);
    return Scratch(std::move(path));
}

JobReport report_of(const journal::Job& job, memhot::Plan plan) {
    JobReport out;
    out.id = job.id;
    out.begun = job.begun;
    out.ended = job.ended;
    const auto colon = job.result.find(": ");
    out.end = job.ended ? job.result.substr(0, colon) : std::string(kInterrupted);
    if (job.ended && colon != std::string::npos) out.text = job.result.substr(colon + 2);
    out.steps.resize(plan.steps.size());
    for (std::size_t i = 0; i < out.steps.size(); ++i) {
        const journal::JobStep step = i < job.steps.size() ? job.steps[i] : journal::JobStep{};
        out.steps[i] = {std::string(to_string(step.state)), step.text, step.error, 0};
    }
    out.plan = std::move(plan);
    return out;
}

JobReport report_of(const std::string& id, const memhot::Plan& plan, const execute::JobResult& result) {
    JobReport out;
    out.id = id;
    out.end = to_string(result.end);
    out.text = result.text;
    out.plan = plan;
    for (const auto& step : result.steps) {
        out.steps.push_back({std::string(to_string(step.state)), step.text, step.error, step.attempts});
    }
    out.exit_status = result.exit_status();
    return out;
}

std::string next_id(const std::vector<journal::Job>& jobs) {
    std::uint64_t last = 0;
    for (const auto& job : jobs) {
        std::uint64_t number = 0;
        std::from_chars(job.id.data(), job.id.data() + job.id.size(), number);
        last = std::max(last, number);
    }
    return fmt::to_string(last + 1);
}

// Each job on its own, so that damage to one hides no other.
std::vector<std::vector<journal::Entry>> by_job(const std::vector<journal::Entry>& entries) {
    std::vector<std::vector<journal::Entry>> out;
    for (const auto& entry : entries) {
        const auto same = [&](const auto& group) { return group.front().job == entry.job; };
        auto group = std::ranges::find_if(out, same);
        if (group == out.end()) group = out.insert(out.end(), std::vector<journal::Entry>{});
        group->push_back(entry);
    }
    return out;
}

std::string cancel_file(const JobPlace& place, const std::string& id) { return place.run + "/cancel-" + id; }

std::vector<std::size_t> steps_in(const JobReport& job, std::span<const std::string_view> states) {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < job.steps.size(); ++i) {
        if (std::ranges::find(states, job.steps[i].state) != states.end()) out.push_back(i);
    }
    return out;
}

bool is_simulated(const JobRequest& request) { return request.host.snapshot.has_value(); }

Status check_place(const JobRequest& request) {
    if (!is_simulated(request) || request.state_directory) return memhot::Done{};
    return memhot::bad_input("a simulated host keeps no journal; expected --state-dir DIR with --snapshot");
}

}   // namespace

JobPlace job_place(const JobRequest& request) {
    if (request.state_directory) return {*request.state_directory, *request.state_directory};
    const std::string root = request.host.root.value_or("/") == "/" ? "" : *request.host.root;
    return {root + std::string(kState), root + std::string(kRun)};
}

struct Jobs::Open {
    JobRequest request;
    Scratch scratch;
    JobPlace place;
    journal::HostLock lock;
    journal::Journal book;
    std::vector<journal::Job> jobs;
    execute::SystemClock clock{};
    std::unique_ptr<execute::Target> target{};

    // This machine keeps what a job saves beside the journal, in a directory of the job.
    execute::Target& target_for(const std::string& id) {
        if (!is_simulated(request) && request.host.is_this_machine()) {
            target = std::make_unique<execute::LiveTarget>(place.state + "/job-" + id);
        }
        return *target;
    }
    [[nodiscard]] execute::Options options(const std::string& id, const Listener& listener) const {
        execute::Options out;
        out.timeout = request.timeout;
        out.undo_on_failure = request.all_or_nothing;
        out.accept_danger = request.accept_danger;
        out.cancelled = [file = cancel_file(place, id)] {
            return interrupted != 0 || ::access(file.c_str(), F_OK) == 0;
        };
        out.progress = [listener](const execute::Progress& now) {
            if (listener) listener({now.step, now.steps, now.bytes, now.all_bytes, now.bytes_per_second(), now.left()});
        };
        return out;
    }
    [[nodiscard]] Result<const journal::Job*> job(const std::string& id) const {
        const auto found = std::ranges::find(jobs, id, &journal::Job::id);
        if (found == jobs.end()) return Error(ErrorKind::not_found, "there is no job " + in_quotes(id));
        return &*found;
    }
};

Jobs::Jobs(std::unique_ptr<Open> open) : open_(std::move(open)) {}
Jobs::Jobs(Jobs&&) noexcept = default;
Jobs::~Jobs() = default;

namespace {

Result<std::unique_ptr<execute::Target>> make_target(const JobRequest& request, execute::Clock& clock) {
    if (!is_simulated(request)) {
        if (!request.faults.empty())
            return memhot::bad_input("--fault is for a simulated host; expected --snapshot FILE with it");
        const std::string root = request.host.root.value_or("/");
        return std::unique_ptr<execute::Target>(std::make_unique<execute::FileTarget>(root, false));
    }
    std::vector<execute::Fault> faults;
    for (const auto& text : request.faults) {
        auto fault = execute::parse_fault(text);
        if (!fault) return std::move(fault).error();
        faults.push_back(*std::move(fault));
    }
    const auto snapshot = read_snapshot(request.host);
    if (!snapshot) return snapshot.error();
    auto host = memhot::SimulatedHost::from_snapshot(*snapshot);
    if (!host) return std::move(host).error();
    return std::unique_ptr<execute::Target>(
        std::make_unique<execute::SimulatedTarget>(*std::move(host), std::move(faults), clock));
}

}   // namespace

Result<Jobs> Jobs::open(const JobRequest& request) {
    Scratch scratch;
    JobRequest own = request;
    if (is_simulated(request) && !request.state_directory) {
        auto made = make_scratch();
        if (!made) return std::move(made).error();
        own.state_directory = made->path;
        std::swap(scratch.path, made->path);
    }
    const JobPlace place = job_place(own);
    for (const auto& directory : {place.state, place.run}) {
        if (auto made = make_directories(directory); !made) return made.error();
    }
    auto lock = journal::HostLock::take(place.run, "memhotctl");
    if (!lock) return std::move(lock).error();
    auto book = journal::Journal::open(place.state, *lock);
    if (!book) return std::move(book).error();
    auto jobs = journal::jobs_of(book->entries());
    if (!jobs) return std::move(jobs).error().add_context(book->path());
    auto open = std::unique_ptr<Open>(
        new Open{own, std::move(scratch), place, *std::move(lock), *std::move(book), *std::move(jobs)});
    auto target = make_target(open->request, open->clock);
    if (!target) return std::move(target).error();
    open->target = *std::move(target);
    return Jobs(std::move(open));
}

Result<memhot::Snapshot> Jobs::snapshot() { return read_snapshot(open_->request.host); }

std::vector<std::string> Jobs::notes() const { return open_->book.notes(); }

Result<JobReport> Jobs::run(const memhot::Plan& plan, const Listener& listener) {
    const std::string id = next_id(open_->jobs);
    const Attention attention(cancel_file(open_->place, id));
    execute::Executor executor(open_->target_for(id), open_->book, open_->clock);
    const auto result = executor.run(plan, id, open_->options(id, listener));
    if (!result) return result.error();
    return report_of(id, plan, *result);
}

Result<JobReport> Jobs::undo(const JobReport& job, const Listener& listener) {
    const auto written = open_->job(job.id);
    if (!written) return written.error();
    const Attention attention(cancel_file(open_->place, job.id));
    execute::Executor executor(open_->target_for(job.id), open_->book, open_->clock);
    const auto result = executor.undo(job.plan, **written, open_->options(job.id, listener));
    if (!result) return result.error();
    return report_of(job.id, job.plan, *result);
}

Result<JobReport> Jobs::finish(const JobReport& job, const Listener& listener) {
    const auto written = open_->job(job.id);
    if (!written) return written.error();
    const Attention attention(cancel_file(open_->place, job.id));
    execute::Executor executor(open_->target_for(job.id), open_->book, open_->clock);
    const auto result = executor.finish(job.plan, **written, open_->options(job.id, listener));
    if (!result) return result.error();
    return report_of(job.id, job.plan, *result);
}

Result<JobList> read_jobs(const JobRequest& request) {
    if (auto good = check_place(request); !good) return good.error();
    const JobPlace place = job_place(request);
    const auto reading = journal::read_journal(place.state);
    if (!reading) return reading.error();
    JobList out;
    const std::string path = place.state + "/" + std::string(journal::kFileName);
    out.notes = reading->complaints(path);
    for (const auto& entries : by_job(reading->entries)) {
        const auto jobs = journal::jobs_of(entries);
        auto plan = jobs ? memhot::plan_from_json(jobs->front().plan) : Result<memhot::Plan>(jobs.error());
        if (!plan) {
            out.notes.push_back(
                fmt::format("{}: job {} cannot be told: {}", path, entries.front().job, plan.error().message()));
            continue;
        }
        out.jobs.push_back(report_of(jobs->front(), *std::move(plan)));
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

Result<std::vector<JobEvent>> read_events(const JobRequest& request) {
    if (auto good = check_place(request); !good) return good.error();
    const auto reading = journal::read_journal(job_place(request).state);
    if (!reading) return reading.error();
    std::vector<JobEvent> out;
    for (const auto& entry : reading->entries) {
        using enum journal::EntryKind;
        const bool of_step = entry.kind != job_begun && entry.kind != job_ended;
        out.push_back({entry.time, entry.job, std::string(to_string(entry.kind)),
                       of_step ? std::optional(entry.step) : std::nullopt, entry.undo, entry.text});
    }
    return out;
}

Status cancel_job(const JobRequest& request, const std::string& id) {
    const auto list = read_jobs(request);
    if (!list) return list.error();
    const auto job = find_job(*list, id);
    if (!job) return job.error();
    if (!job->interrupted()) {
        return Error(ErrorKind::not_found, fmt::format("job {} does not run: {}", job->id, job->end));
    }
    const JobPlace place = job_place(request);
    // Whoever runs it holds the lock; where nobody does, nobody would read the request either.
    if (journal::HostLock::take(place.run, "memhotctl cancel")) {
        return Error(
            ErrorKind::not_found,
            fmt::format("job {} was interrupted and does not run; finish it with `memhotctl resume {}`, or undo "
                        "it with `memhotctl rollback {}`",
                        job->id, job->id, job->id));
    }
    const std::string path = cancel_file(place, id);
    if (!std::ofstream(path)) return journal::io_error(path, "asking the job to stop", errno);
    return memhot::Done{};
}

std::vector<std::size_t> steps_to_undo(const JobReport& job) { return steps_in(job, kMayBeDone); }
std::vector<std::size_t> doubtful_steps(const JobReport& job) { return steps_in(job, kDoubtful); }

}   // namespace memhotctl
