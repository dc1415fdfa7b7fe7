// SPDX-License-Identifier: GPL-2.0-or-later
#include "service/jobs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <set>

#include "events/watcher.hpp"
#include "log/log.hpp"

namespace memhot::service {

namespace {

constexpr std::uint64_t kKept = 60'000'000;   // microseconds behind the end
constexpr std::size_t kMostKept = 16;   // of those that have ended: a plan of many blocks is large

// Blocks that the plan names, ascending, each once.
std::vector<std::uint64_t> blocks_of(const Plan& plan) {
    std::set<std::uint64_t> out;
    for (const auto& step : plan.steps) {
        for (const auto* facts : {&step.before, &step.after}) {
            for (const auto& fact : *facts) {
                if (fact.kind != Fact::Kind::block) continue;
                if (const auto block = events::block_of(fact.name)) out.insert(*block);
            }
        }
    }
    return {out.begin(), out.end()};
}

}   // namespace

struct Jobs::Ticket {
    JobOrder order;
    std::string owner;
    Begun begun;
    std::string id;   // once it runs
    std::atomic<bool> cancelled{false};
};

Jobs::Jobs(app::EventLoop& loop, app::Worker& worker, JobPlace place, Listener& listener)
    : worker_(worker), place_(std::move(place)), listener_(listener), timer_(loop.on_timer([this] { forget_old(); })) {}

template <class P>
std::size_t Jobs::count_if(P is_his) const {
    std::size_t count = static_cast<std::size_t>(std::ranges::count_if(waiting_, is_his));
    for (const auto& [id, ticket] : running_) count += is_his(ticket) ? 1U : 0U;
    return count;
}

Answer<Done> Jobs::has_room(const JobOrder& order, const std::string& owner, std::uint64_t limit) const {
    constexpr std::uint64_t kOwnersOfUser = 4;
    const auto mine = count_if([&](const auto& ticket) { return ticket->owner == owner; });
    if (mine >= limit) {
        return fail(
            error_name::kLimitExceeded,
            fmt::format("{} jobs of this caller wait or run, JobsPerSender= of memhotd.conf allows {}", mine, limit));
    }
    if (!order.user) return Done{};
    const auto his = count_if([&](const auto& ticket) { return ticket->order.user == order.user; });
    if (his < limit * kOwnersOfUser) return Done{};
    return fail(error_name::kLimitExceeded,
                fmt::format("{} jobs of this user wait or run: with all of his connections he has four times "
                            "JobsPerSender= of memhotd.conf",
                            his));
}

void Jobs::begin(JobOrder order, const std::string& owner, std::uint64_t limit, Begun begun) {
    if (stopping_) return begun(fail(error_name::kBusy, "memhotd is stopping, no job begins"));
    if (const auto room = has_room(order, owner, limit); !room) return begun(std::unexpected(room.error()));
    const auto ticket = std::make_shared<Ticket>();
    ticket->order = std::move(order);
    ticket->owner = owner;
    ticket->begun = std::move(begun);
    waiting_.push_back(ticket);
    worker_.submit([this, ticket] {
        JobWatcher watcher;
        watcher.cancelled = &ticket->cancelled;
        auto id = std::make_shared<std::string>();
        watcher.begun = [this, ticket, id](JobBegun news) {
            *id = news.id;
            worker_.post([this, ticket, news = std::move(news)] { began(ticket, news); });
        };
        watcher.progress = [this, id](JobProgress now) {
            worker_.post([this, id = *id, now] { progressed(id, now); });
        };
        auto end = std::make_shared<Answer<JobEnded>>(fail(error_name::kBusy, "cancelled before it began"));
        try {
            const auto& wanted = ticket->order.wanted;
            if (wanted && !*wanted) {
                *end = fail(error_name::kStale, std::string(kWithdrawn));
            } else if (!ticket->cancelled) {
                *end = carry_out(place_, ticket->order, watcher);
            }
        } catch (const std::exception& error) {
            *end = fail(error_name::kInternal, std::string("internal error: ") + error.what());
        }
        worker_.post([this, ticket, end] {
            if (end->has_value()) return ended(ticket, std::move(**end));
            if (!ticket->id.empty()) return ended(ticket, {"failed", end->error().text, 6, {}, false, {}});
            std::erase(waiting_, ticket);
            ticket->begun(std::unexpected(end->error()));
        });
    });
}

void Jobs::began(const std::shared_ptr<Ticket>& ticket, JobBegun begun) {
    std::erase(waiting_, ticket);
    ticket->id = begun.id;
    ++begun_;
    running_[begun.id] = ticket;
    if (views_.erase(begun.id) != 0) listener_.job_gone(begun.id);   // an earlier run of the same job
    JobView& view = views_[begun.id];
    view.id = begun.id;
    view.owner = ticket->owner;
    view.state = "running";
    view.plan = std::move(begun.plan);
    for (const auto& step : view.plan->steps) view.steps.push_back({"untouched", step.would, "", 0});
    log::say(log::Priority::notice, fmt::format("job {} begun: {}", view.id, to_string(view.plan->wish)),
             &log::kJobBegun, {{"MEMHOT_JOB", view.id}, {"MEMHOT_PLAN", to_string(view.plan->wish)}});
    listener_.job_new(view);
    ticket->begun(view.id);
}

void Jobs::progressed(const std::string& id, const JobProgress& progress) {
    const auto found = views_.find(id);
    if (found == views_.end() || found->second.over()) return;
    JobView& view = found->second;
    view.progress = progress;
    listener_.job_changed(view);
}

void Jobs::ended(const std::shared_ptr<Ticket>& ticket, JobEnded end) {
    running_.erase(ticket->id);
    JobView& view = views_[ticket->id];
    view.state = end.result;
    view.exit_status = end.exit_status;
    view.progress.step = view.progress.steps = view.plan->steps.size();
    view.progress.bytes_per_second = view.progress.left = 0;
    if (!end.steps.empty()) view.steps = std::move(end.steps);
    view.unwritten = end.unwritten;
    view.ended = app::EventLoop::now();
    log::say(end.exit_status == 0 ? log::Priority::notice : log::Priority::warning,
             fmt::format("job {} {}{}", view.id, view.state, end.text.empty() ? "" : ": " + end.text), &log::kJobEnded,
             {{"MEMHOT_JOB", view.id}, {"MEMHOT_RESULT", view.state}});
    listener_.host_changed(blocks_of(*view.plan), std::move(end.simulated));
    listener_.job_ended(view);
    forget_most();
    if (!timer_.armed()) timer_.arm_in(kKept);   // jobs that end all the time must not put it off
}

void Jobs::forget_most() {
    std::vector<std::pair<std::uint64_t, std::string>> over;
    for (const auto& [id, view] : views_) {
        if (view.over()) over.emplace_back(view.ended, id);
    }
    if (over.size() <= kMostKept) return;
    const auto oldest = std::ranges::min_element(over)->second;
    views_.erase(oldest);
    listener_.job_gone(oldest);
}

void Jobs::write_knob(const KnobOrder& order, std::function<void(KnobEnd)> done) {
    worker_.submit([this, order, done = std::move(done)] {
        const auto end = service::write_knob(place_, order);
        std::optional<Snapshot> now;
        if (place_.simulated && place_.simulated->target) now = place_.simulated->target->host().snapshot();
        worker_.post([this, end, now, done] {
            done(end);
            if (end.done) listener_.host_changed({}, now);
        });
    });
}

Answer<Done> Jobs::cancel(const std::string& id) {
    const auto found = running_.find(id);
    if (found == running_.end()) return fail(error_name::kNotFound, fmt::format("job {} does not run", id));
    found->second->cancelled = true;
    JobView& view = views_[id];
    view.state = "stopping";
    listener_.job_changed(view);
    return Done{};
}

const JobView* Jobs::find(const std::string& id) const {
    const auto found = views_.find(id);
    return found == views_.end() ? nullptr : &found->second;
}

void Jobs::stop() {
    stopping_ = true;
    for (const auto& ticket : waiting_) ticket->cancelled = true;
    for (const auto& [id, ticket] : running_) ticket->cancelled = true;
}

void Jobs::abandon() {
    waiting_.clear();
    running_.clear();
}

void Jobs::forget_old() {
    const std::uint64_t now = app::EventLoop::now();
    std::uint64_t next = 0;
    for (auto it = views_.begin(); it != views_.end();) {
        const JobView& view = it->second;
        if (!view.over()) {
            ++it;
        } else if (now - view.ended >= kKept) {
            const std::string id = it->first;
            it = views_.erase(it);
            listener_.job_gone(id);
        } else {
            next = std::max<std::uint64_t>(next, 1);
            next = next == 1 ? view.ended + kKept : std::min(next, view.ended + kKept);
            ++it;
        }
    }
    if (next != 0) timer_.arm_at(next);
}

void Jobs::change_hardware(const Snapshot& snapshot) {
    if (!place_.simulated) return;
    place_.simulated->target.reset();
    place_.simulated->from = snapshot;
}

}   // namespace memhot::service
