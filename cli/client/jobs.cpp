// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/jobs.hpp"

#include <fmt/format.h>
#include <signal.h>   // NOLINT(modernize-deprecated-headers): sigaction is POSIX, not C++
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <span>

#include "client/job_parts.hpp"
#include "client/signals.hpp"
#include "execute/begun_job.hpp"
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

// The file that asks a job to stop, which nobody finds before or behind it.
class CancelFile {
public:
    explicit CancelFile(std::string file) : file_(std::move(file)) { ::unlink(file_.c_str()); }
    CancelFile(const CancelFile&) = delete;
    CancelFile& operator=(const CancelFile&) = delete;
    ~CancelFile() { ::unlink(file_.c_str()); }

private:
    std::string file_;
};

// The last one for its owner only.
Status make_directories(const std::string& path) {
    std::error_code error;
    const fs::path above = fs::path(path).parent_path();
    if (!above.empty()) fs::create_directories(above, error);
    if (error) return journal::io_error(above, "making the directory", error.value());
    return journal::make_directory(path);
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

JobReport report_of(const std::string& id, const memhot::Plan& plan, const execute::JobResult& result) {
    JobReport out;
    out.id = id;
    out.end = to_string(result.end);
    out.text = result.text;
    out.rolled_back = result.text == execute::kNotAllUndone;
    out.plan = plan;
    for (const auto& step : result.steps) {
        out.steps.push_back(
            {std::string(to_string(step.state)), step.text, step.error, step.attempts, step.partly, step.identity});
    }
    out.exit_status = result.exit_status();
    return out;
}

}   // namespace

JobPlace job_place(const JobRequest& request) {
    if (is_simulated(request)) return {request.state_directory.value_or(""), request.state_directory.value_or("")};
    const std::string root = request.host.root.value_or("/") == "/" ? "" : *request.host.root;
    return {request.state_directory.value_or(root + std::string(kState)), root + std::string(kRun)};
}

struct Jobs::Open {
    JobRequest request;
    Scratch scratch;
    JobPlace place;
    std::unique_ptr<Signals> signals;
    journal::HostLock lock;
    journal::Journal book;
    std::vector<journal::Job> jobs;
    execute::SystemClock clock{};
    std::unique_ptr<execute::Target> target{};

    // This machine keeps what a job saves beside the journal, in a directory of the job.
    execute::Target& target_for(const std::string& id) {
        if (!is_simulated(request) && request.host.is_this_machine()) {
            target = std::make_unique<execute::LiveTarget>(execute::save_directory(place.state, id));
        }
        return *target;
    }
    [[nodiscard]] execute::Options options(const std::string& id, const Listener& listener) const {
        execute::Options out;
        out.timeout = request.timeout;
        out.undo_on_failure = request.all_or_nothing;
        out.accept_danger = request.accept_danger;
        out.cancelled = [file = cancel_file(place, id)] {
            return Signals::stopped() || ::access(file.c_str(), F_OK) == 0;
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

namespace {

// Nothing is made below a root directory that is none.
Status check_root(const JobRequest& request) {
    if (is_simulated(request) || request.host.is_this_machine()) return memhot::Done{};
    const std::string system = *request.host.root + "/sys/devices/system";
    if (fs::is_directory(system)) return memhot::Done{};
    return memhot::bad_input(fmt::format("root directory {}: expected a host, with sys/devices/system in it",
                                         in_quotes(*request.host.root)));
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
    if (auto there = check_root(request); !there) return there.error();
    const JobPlace place = job_place(own);
    for (const auto& directory : {place.state, place.run}) {
        if (auto made = make_directories(directory); !made) return made.error();
    }
    auto signals = std::make_unique<Signals>();   // before anything is written
    auto lock = journal::HostLock::take(place.run, "memhotctl");
    if (!lock) return std::move(lock).error();
    auto book = journal::Journal::open(place.state, *lock);
    if (!book) return std::move(book).error();
    auto jobs = journal::jobs_of(book->entries());
    auto open = std::unique_ptr<Open>(new Open{own, std::move(scratch), place, std::move(signals), *std::move(lock),
                                               *std::move(book), std::move(jobs)});
    auto target = make_target(open->request, open->clock);
    if (!target) return std::move(target).error();
    open->target = *std::move(target);
    return Jobs(std::move(open));
}

Result<memhot::Snapshot> Jobs::snapshot() { return read_snapshot(open_->request.host); }

std::vector<std::string> Jobs::notes() const { return open_->book.notes(); }

std::vector<std::string> Jobs::interrupted() const {
    std::vector<std::string> out;
    for (const auto& job : open_->jobs) {
        if (job.interrupted() && job.contradiction.empty()) out.push_back(job.id);
    }
    return out;
}

// What one of the executor's ways makes of a job.
template <class Act>
Result<JobReport> Jobs::act(const std::string& id, const memhot::Plan& plan, const Listener& listener, Act act) {
    if (auto told = open_->lock.tell(id, open_->place.state); !told) return told.error();
    const CancelFile file(cancel_file(open_->place, id));
    execute::Executor executor(open_->target_for(id), open_->book, open_->clock);
    const auto result = act(executor, open_->options(id, listener));
    if (!result) return result.error();
    return report_of(id, plan, *result);
}

// A fault that no step meets is a mistake of whoever wants to see it.
Status Jobs::check_faults(const memhot::Plan& plan) const {
    for (const auto& text : open_->request.faults) {
        const auto fault = execute::parse_fault(text);
        if (!fault) return fault.error();
        const auto meets = [&](const memhot::PlanStep& step) {
            return execute::subject_of(step.action) == fault->subject;
        };
        if (std::ranges::any_of(plan.steps, meets)) continue;
        return memhot::bad_input(fmt::format("fault {}: no step of the plan is about {}, the first one is about {}",
                                             in_quotes(text), in_quotes(fault->subject),
                                             execute::subject_of(plan.steps.front().action)));
    }
    return memhot::Done{};
}

Result<JobReport> Jobs::run(const memhot::Plan& plan, const Listener& listener) {
    if (auto good = check_faults(plan); !good) return good.error();
    const std::string id = execute::next_id(open_->jobs, open_->place.state);
    return act(id, plan, listener, [&](execute::Executor& executor, const execute::Options& options) {
        return executor.run(plan, id, options);
    });
}

Result<JobReport> Jobs::undo(const JobReport& job, const Listener& listener) {
    const auto written = open_->job(job.id);
    if (!written) return written.error();
    std::vector<memhot::UndoFate> judged;
    if (!is_simulated(open_->request) && !open_->request.host.is_this_machine()) {
        // Files below a root directory do not answer to writes; what they show before is all that can be known.
        const auto now = snapshot();
        if (!now) return now.error();
        const auto undo = make_undo(*now, job.plan, job.behind, &judged);
        if (!undo) return undo.error();
    }
    return act(job.id, job.plan, listener, [&](execute::Executor& executor, execute::Options options) {
        options.judged = judged;
        return executor.undo(job.plan, **written, options);
    });
}

Result<JobReport> Jobs::finish(const JobReport& job, const Listener& listener) {
    const auto written = open_->job(job.id);
    if (!written) return written.error();
    return act(job.id, job.plan, listener, [&](execute::Executor& executor, const execute::Options& options) {
        return executor.finish(job.plan, **written, options);
    });
}

}   // namespace memhotctl
