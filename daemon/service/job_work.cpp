// SPDX-License-Identifier: GPL-2.0-or-later
#include "service/job_work.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <tuple>

#include "execute/begun_job.hpp"
#include "execute/live_target.hpp"
#include "journal/journal.hpp"
#include "journal/prune.hpp"
#include "log/log.hpp"
#include "policy/subject.hpp"
#include "service/journal_page.hpp"

namespace memhot::service {

namespace {

using journal::StepState;

constexpr std::uint64_t kBetweenProgress = 200'000;   // microseconds

// The lock, the journal and the host for one job.
struct Bench {
    journal::HostLock lock;
    journal::Journal book;
    std::vector<journal::Job> jobs;
    std::unique_ptr<execute::Target> own;   // of a real host
    execute::Target* target = nullptr;
    std::optional<Snapshot> snapshot;
};

Status make_directories(const std::string& path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) return journal::io_error(path, "making the directory", error.value());
    return Done{};
}

Result<Snapshot> look(const JobPlace& place) {
    if (!place.simulated) return read_host(place.root);
    auto& world = *place.simulated;
    if (!world.target) {
        auto host = SimulatedHost::from_snapshot(world.from);
        if (!host) return std::move(host).error();
        world.target = std::make_unique<execute::SimulatedTarget>(*std::move(host), world.faults, world.clock);
    }
    return world.target->host().snapshot();
}

// history: ended jobs that the journal keeps; 0: all.
Result<std::unique_ptr<Bench>> open_bench(const JobPlace& place, std::uint64_t history) {
    for (const auto& directory : {place.state, place.run}) {
        if (auto made = make_directories(directory); !made) return made.error();
    }
    auto lock = journal::HostLock::take(place.run, "memhotd");
    if (!lock) return std::move(lock).error();
    if (history != 0) {   // a journal that is too long is read all the same
        if (const auto pruned = journal::prune(place.state, *lock, history); !pruned)
            log::warning("old jobs stay in the journal: " + pruned.error().message());
    }
    auto book = journal::Journal::open(place.state, *lock);
    if (!book) return std::move(book).error();
    auto jobs = journal::jobs_of(book->entries());
    auto snapshot = look(place);
    if (!snapshot) return std::move(snapshot).error();
    return std::unique_ptr<Bench>(
        new Bench{*std::move(lock), *std::move(book), std::move(jobs), nullptr, nullptr, *std::move(snapshot)});
}

// Somebody else holds the lock, most likely.
Failure failure_of_bench(const Error& error) {
    auto failure = failure_of(error);
    if (error.kind() == ErrorKind::io) failure.name = error_name::kBusy;
    return failure;
}

void set_target(Bench& bench, const JobPlace& place, const std::string& id) {
    if (place.simulated) {
        bench.target = place.simulated->target.get();
        return;
    }
    if (place.root == "/") {
        bench.own = std::make_unique<execute::LiveTarget>(execute::save_directory(place.state, id));
    } else {
        bench.own = std::make_unique<execute::FileTarget>(place.root, false);
    }
    bench.target = bench.own.get();
}

Answer<Done> judge(const Plan& plan, const JobOrder& order) {
    if (plan.refused()) {
        const auto& refusal = plan.refusals.front();
        return fail(error_name::kRefused, fmt::format("{} [{}]", refusal.text, rule(refusal.rule).id));
    }
    for (const auto& name : names_to_confirm(plan)) {
        if (std::ranges::find(order.accept, name) != order.accept.end()) continue;
        return fail(error_name::kNotConfirmed,
                    fmt::format("{} must be named in accept: its data are destroyed, or it is a danger", name));
    }
    if (plan.steps.empty()) return fail(error_name::kRefused, std::string(kNothingToDo));
    return Done{};
}

// The plan that was shown, made anew on the host of this moment: nothing of what a caller holds is carried out.
Answer<Plan> judged_plan(const Snapshot& snapshot, const JobOrder& order) {
    const auto shown = plan_from_json(order.plan);
    if (!shown) return std::unexpected(failure_of(shown.error()));
    const auto changes = is_stale(*shown, snapshot);
    if (!changes) return std::unexpected(failure_of(changes.error()));
    if (!changes->empty()) {
        return fail(error_name::kStale,
                    "the plan is stale, what it relies on has changed: " + to_string(changes->front()));
    }
    auto plan = make_plan(snapshot, shown->wish);
    if (!plan) return std::unexpected(failure_of(plan.error()));
    if (!same_actions(*plan, *shown))
        return fail(error_name::kStale, "the plan is stale: other steps are needed on the host as it is now");
    return *std::move(plan);
}

const journal::Job* find_job(const Bench& bench, const std::string& id) {
    const auto found = std::ranges::find(bench.jobs, id, &journal::Job::id);
    return found == bench.jobs.end() ? nullptr : &*found;
}

// What an undo or a rest would do, judged on the host as it is; the executor itself goes by the journal.
Answer<Plan> judged_rest(const Bench& bench, const journal::Job& job, const Plan& plan, JobOrder::Kind kind,
                         std::vector<UndoFate>& fates) {
    if (kind == JobOrder::Kind::finish) {
        if (!job.interrupted())
            return fail(error_name::kRefused, fmt::format("job {} has ended: {}", job.id, job.result));
        const auto way = execute::missed_later(plan, job);
        const auto far = execute::how_far(way ? way->job : job);
        return answer_of(make_rest(*bench.snapshot, way ? way->plan : plan, far.done, far.doubtful, far.identity));
    }
    return answer_of(make_undo(*bench.snapshot, plan, execute::steps_behind(job), &fates));
}

// Whether it is what a caller confirmed.
Answer<Done> as_shown(const Plan& rest, const std::string& shown) {
    if (shown.empty()) return Done{};
    const auto confirmed = plan_from_json(shown);
    if (!confirmed) return std::unexpected(failure_of(confirmed.error()));
    if (same_actions(*confirmed, rest)) return Done{};
    return fail(error_name::kStale, "other steps are to be taken on the host as it is now than those that were shown");
}

class Work {
public:
    Work(const JobPlace& place, const JobOrder& order, const JobWatcher& watcher)
        : place_(place), order_(order), watcher_(watcher) {}

    Answer<JobEnded> run() {
        auto bench = open_bench(place_, order_.history);
        if (!bench) return std::unexpected(failure_of_bench(bench.error()));
        bench_ = *std::move(bench);
        return order_.kind == JobOrder::Kind::run ? run_plan() : take_up();
    }

private:
    Answer<JobEnded> run_plan() {
        auto plan = order_.wish ? answer_of(make_plan(*bench_->snapshot, *order_.wish))
                                : judged_plan(*bench_->snapshot, order_);
        if (!plan) return std::unexpected(plan.error());
        if (auto good = judge(*plan, order_); !good) return std::unexpected(good.error());
        begin(execute::next_id(bench_->jobs, place_.state), std::make_shared<const Plan>(*std::move(plan)));
        return ended(executor().run(*plan_, id_, options()));
    }

    Answer<JobEnded> take_up() {
        const auto* job = find_job(*bench_, order_.job);
        if (job == nullptr) return fail(error_name::kNotFound, fmt::format("there is no job {}", order_.job));
        if (!job->contradiction.empty())
            return fail(error_name::kRefused,
                        fmt::format("what the journal says of it cannot be so: {}", job->contradiction));
        auto plan = plan_from_json(job->plan);
        if (!plan) return std::unexpected(failure_of(plan.error()));
        const auto rest = judged_rest(*bench_, *job, *plan, order_.kind, judged_);
        if (!rest) return std::unexpected(rest.error());
        // nothing left to do is what an interrupted job may need to be told its end
        if (rest->refused() || !rest->steps.empty() || !job->interrupted()) {
            if (auto good = judge(*rest, order_); !good) return std::unexpected(good.error());
        }
        if (auto good = as_shown(*rest, order_.plan); !good) return std::unexpected(good.error());
        begin(job->id, std::make_shared<const Plan>(*std::move(plan)));
        return ended(order_.kind == JobOrder::Kind::undo ? executor().undo(*plan_, *job, options())
                                                         : executor().finish(*plan_, *job, options()));
    }

    void begin(const std::string& id, std::shared_ptr<const Plan> plan) {
        id_ = id;
        plan_ = std::move(plan);
        bench_->snapshot.reset();   // large, and old from here on
        set_target(*bench_, place_, id_);
        ::unlink(cancel_file().c_str());
        std::ignore = bench_->lock.tell(id_, place_.state);   // for whoever asks; the lock is held all the same
        watcher_.begun({id_, plan_});
    }

    execute::Executor executor() { return {*bench_->target, bench_->book, clock_}; }
    // As `memhotctl cancel` of another process asks.
    [[nodiscard]] std::string cancel_file() const { return place_.run + "/cancel-" + id_; }

    execute::Options options() {
        execute::Options out;
        out.timeout = order_.timeout;
        out.undo_on_failure = order_.all_or_nothing;
        out.judged = judged_;
        out.accept_danger = true;   // judge() had each one named
        out.cancelled = [this] { return watcher_.cancelled->load() || ::access(cancel_file().c_str(), F_OK) == 0; };
        out.progress = [this](const execute::Progress& now) {
            const std::uint64_t time = clock_.monotonic();
            if (now.step != now.steps && told_ != 0 && time - told_ < kBetweenProgress) return;
            told_ = time;
            watcher_.progress({now.step, now.steps, now.bytes, now.all_bytes, now.bytes_per_second(), now.left()});
        };
        return out;
    }

    Answer<JobEnded> ended(const Result<execute::JobResult>& result) {
        ::unlink(cancel_file().c_str());
        JobEnded out;
        if (place_.simulated) out.simulated = place_.simulated->target->host().snapshot();
        if (!result) {   // the journal could not be written, and nothing was begun
            out.result = "failed";
            out.text = result.error().message();
            out.exit_status = 5;
            out.unwritten = result.error().kind() == ErrorKind::io;   // room on a disk comes back
            return out;
        }
        out.result = to_string(result->end);
        out.text = result->text;
        out.exit_status = result->exit_status();
        for (std::size_t i = 0; i < plan_->steps.size(); ++i) {
            const auto step = i < result->steps.size() ? result->steps[i] : execute::StepResult{};
            const bool done = step.state == StepState::done;
            out.steps.push_back({std::string(to_string(step.state)),
                                 plan_->steps[i].text(done ? Tense::done : Tense::would), step.text, step.error});
        }
        return out;
    }

    const JobPlace& place_;
    const JobOrder& order_;
    const JobWatcher& watcher_;
    execute::SystemClock clock_;
    std::unique_ptr<Bench> bench_;
    std::string id_;
    std::shared_ptr<const Plan> plan_;
    std::vector<UndoFate> judged_;
    std::uint64_t told_ = 0;
};

}   // namespace

Answer<JobEnded> carry_out(const JobPlace& place, const JobOrder& order, const JobWatcher& watcher) {
    return Work(place, order, watcher).run();
}

namespace {

std::string boot_of(const JobPlace& place) { return place.simulated ? "simulated" : journal::boot_id(place.root); }

// What memhotd sets is written down before, and as it stood where the kernel will not have it.
Answer<Done> set_knob(Bench& bench, const JobPlace& place, const KnobOrder& order, KnobEnd& end) {
    const auto now = policy::knob_value(*bench.snapshot, order.path).value_or("");
    journal::OwnKnobs& all = *end.own;
    const auto own = std::ranges::find(all, order.path, &journal::OwnKnob::path);
    const bool ours = own != all.end() && own->is_ours(now);
    if (!order.back && now == order.text) return Done{};
    // It may have waited for hours for whoever has the host.
    if (!ours && (order.back || now != order.was))
        return fail(error_name::kStale, fmt::format("{} stays {}: somebody else set it since", order.path, now));
    if (now == order.text) return Done{};
    const auto write_down = [&](const journal::OwnKnobs& knobs) {
        return journal::write_own_knobs(place.state, boot_of(place), knobs, bench.lock);
    };
    const auto before = all;
    if (!now.empty()) journal::claim(all, order.path, now, order.text);   // else nobody knows what to put back
    if (const auto written = write_down(all); !written) {
        all = before;
        return std::unexpected(failure_of_bench(written.error()));
    }
    const auto attempt = bench.target->carry_out(WriteAction{order.path, order.text});
    if (attempt.ok()) {
        journal::settle(all, order.path, order.text);
    } else {
        all = before;
    }
    if (const auto written = write_down(all); !written)   // what stands there is longer and no less right
        log::warning("what memhotd set of the kernel's knobs: " + written.error().message());
    if (attempt.ok()) return Done{};
    end.kernel = true;
    const bool busy = attempt.error == EBUSY || attempt.error == EAGAIN || attempt.error == EINTR;
    return fail(busy ? error_name::kBusy : error_name::kIo,
                fmt::format("{}: writing {}: {} {}", order.path, order.text, errno_text(attempt.error), attempt.text));
}

}   // namespace

Result<journal::OwnKnobs> own_knobs(const JobPlace& place) {
    return journal::read_own_knobs(place.state, boot_of(place));
}

KnobEnd write_knob(const JobPlace& place, const KnobOrder& order) {
    KnobEnd end;
    if (order.wanted && !*order.wanted) {
        end.done = fail(error_name::kStale, std::string(kWithdrawn));
        return end;
    }
    auto bench = open_bench(place, 0);
    if (!bench) {
        end.done = std::unexpected(failure_of_bench(bench.error()));
        return end;
    }
    auto own = own_knobs(place);
    // A file that makes no sense is said at the start, and begun anew; one that cannot be read now may be read later.
    if (!own && own.error().kind() != ErrorKind::bad_input) {
        end.done = fail(error_name::kBusy, "what memhotd set of the kernel's knobs: " + own.error().message());
        return end;
    }
    end.own = own ? *std::move(own) : journal::OwnKnobs{};
    set_target(**bench, place, "0");
    end.done = set_knob(**bench, place, order, end);
    return end;
}

Result<std::vector<WrittenJob>> written_jobs(const JobPlace& place) {
    std::string running;
    const auto reading = read_running(place, running);
    if (!reading) return reading.error();
    std::vector<WrittenJob> out;
    for (const auto& job : journal::jobs_of(reading->entries)) {
        WrittenJob one;
        one.id = job.id;
        one.begun = job.begun;
        one.ended = job.ended.value_or(0);
        const auto colon = job.result.find(": ");
        one.end = job.ended ? job.result.substr(0, colon) : job.id == running ? "running" : "interrupted";
        if (job.ended && colon != std::string::npos) one.text = job.result.substr(colon + 2);
        if (!job.contradiction.empty()) {
            one.end = "contradictory";
            one.text = job.contradiction;
        }
        const auto plan = plan_from_json(job.plan);
        one.wish = plan ? to_string(plan->wish) : plan.error().message();
        out.push_back(std::move(one));
    }
    return out;
}

}   // namespace memhot::service
