// SPDX-License-Identifier: GPL-2.0-or-later
#include "service/steward.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "journal/lock.hpp"
#include "log/log.hpp"

namespace memhot::service {

namespace {

// What a policy wants is tried again so much later, twice as much each time, and never more.
constexpr std::uint64_t kFirstDelay = 2'000'000;   // microseconds
constexpr std::uint64_t kLongestDelay = 60'000'000;

std::string key_of(const policy::KnobWrite& knob) { return knob.path + " " + knob.text; }

std::size_t blocks_online(const JobView& job) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < job.steps.size() && i < job.plan->steps.size(); ++i)
        count += job.plan->steps[i].block && job.steps[i].state == "done" ? 1U : 0U;
    return count;
}

}   // namespace

Steward::Steward(app::EventLoop& loop, Jobs& jobs, StartUnit start_unit, std::function<void()> ask_again)
    : jobs_(jobs), start_unit_(std::move(start_unit)), ask_again_(std::move(ask_again)),
      later_timer_(loop.on_timer([this] { act_later(); })) {
    auto own = service::own_knobs(jobs.place());
    if (own) {
        own_knobs_ = *std::move(own);
    } else {
        log::warning("what memhotd set of the kernel's knobs is not known: " + own.error().message());
    }
}

void Steward::apply(const policy::Policies& policies, const config::Settings& settings, const memhotctl::Host& host,
                    const std::set<std::uint64_t>& came, bool everything) {
    settings_ = settings;
    if (everything) {   // what waits is asked about, too
        withdraw();
        stale_ = {};
        settled_.clear();
        said_.clear();
        knobs_.clear();
    }
    const auto work = policy_work(policies, settings, host, {came, settled_, everything, own_knobs_});
    std::erase_if(settled_, [&](const std::string& device) { return !work.devices.contains(device); });
    std::erase_if(said_, [&](const auto& said) { return !work.devices.contains(said.first); });
    settled_.insert(work.settled.begin(), work.settled.end());
    set_knobs(work.knobs);
    leave_knobs(work.left);
    bool acts = false;
    for (const auto& step : work.steps) {
        say(step);
        acts |= settings.act && step.possible;
        if (acts && step.wish) act_on(step);   // what is refused now need not be behind another
    }
    for (const auto& unit : work.units) {
        log::info(fmt::format("{} {}: blocks came that are online as a policy wants them",
                              settings.act ? "starting" : "would start", unit));
        if (settings.act) start_unit_(unit);
    }
}

// What waits for its turn in the worker, too: it may destroy data. What runs goes on.
void Steward::withdraw() {
    *wanted_ = false;
    wanted_ = std::make_shared<std::atomic<bool>>(true);
    later_.clear();
    later_knobs_.clear();
    const bool runs = std::ranges::any_of(begun_, [&](const auto& begun) { return begun.second.thing == destroying_; });
    if (!runs) destroying_.clear();
}

// Of a device that is asked about with each event only once.
void Steward::say(const PolicyStep& step) {
    if (step.device && std::exchange(said_[step.thing], step.text) == step.text) return;
    log::say(log::Priority::notice,
             fmt::format("policy {}: {}: {}{}", step.place.empty() ? "(none)" : step.place, step.thing, step.text,
                         settings_.act || !step.possible ? "" : " (Act=no: only reported)"),
             &log::kPolicyReport, {{"MEMHOT_POLICY", step.place}, {"MEMHOT_DEVICE", step.thing}});
}

// --- the kernel's own knobs ----------------------------------------------------------------------------------------

void Steward::set_knobs(const std::vector<policy::KnobWrite>& knobs) {
    for (const auto& knob : knobs) {
        if (!knobs_.insert(key_of(knob)).second) continue;
        const auto place = knob.place.path.empty() ? std::string("(none)") : to_string(knob.place);
        const bool acts = settings_.act || knob.back;
        log::say(log::Priority::notice,
                 fmt::format("policy {}: {}{}: {} instead of {}{}", place, acts ? "" : "would set ", knob.path,
                             knob.text, knob.was,
                             !knob.back      ? ""
                             : settings_.act ? ", which memhotd had set and no policy wants any more"
                                             : ", which memhotd had set (Act=no)"),
                 &log::kPolicyReport, {{"MEMHOT_POLICY", place}});
        if (acts) set_knob({.write = knob, .until = 0, .retry = {}});
    }
}

void Steward::leave_knobs(const std::vector<policy::KnobLeft>& knobs) {
    for (const auto& knob : knobs) {
        if (!knobs_.insert(knob.path + " " + knob.text).second) continue;
        log::say(log::Priority::notice, fmt::format("policy {}: {}", to_string(knob.place), knob.text),
                 &log::kPolicyReport, {{"MEMHOT_POLICY", to_string(knob.place)}});
    }
}

// Events may tell of the new value before the worker does: it is memhotd's own from here on.
void Steward::set_knob(const Knob& knob) {
    journal::claim(own_knobs_, knob.write.path, knob.write.was, knob.write.text);
    const KnobOrder order{knob.write.path, knob.write.text, knob.write.was, knob.write.back, wanted_};
    jobs_.write_knob(order, [this, knob, wanted = wanted_](const KnobEnd& end) {
        if (end.own) own_knobs_ = *end.own;
        if (!end.done && !*wanted) return forget_claim();
        if (!end.done) return knob_not_set(knob, end);
        if (knob.retry.said()) log::info(fmt::format("{} is {} now", knob.write.path, knob.write.text));
    });
}

// It was not set, and is not memhotd's.
void Steward::forget_claim() {
    if (auto own = service::own_knobs(jobs_.place())) own_knobs_ = *std::move(own);
}

void Steward::knob_not_set(Knob knob, const KnobEnd& end) {
    const Failure& failure = end.done.error();
    if (failure.name == error_name::kStale) {   // the policies are asked about what it is now
        log::info(failure.text);
        if (knob.write.back) return;
        knobs_.erase(key_of(knob.write));
        put_off(stale_);
        return arm_later();
    }
    const std::uint64_t now = app::EventLoop::now();
    // The kernel's own EBUSY is its answer in the end.
    if (end.kernel && knob.until == 0) knob.until = now + settings_.busy_timeout;
    if (!may_wait(failure) || (end.kernel && now >= knob.until)) return log::error(failure.text);
    if (!knob.retry.said()) log::warning(fmt::format("{} waits: {}", knob.write.path, failure.text));
    put_off(knob.retry);
    later_knobs_.push_back(std::move(knob));
    arm_later();
}

// --- blocks and devices --------------------------------------------------------------------------------------------

void Steward::act_on(const PolicyStep& step) {
    if (!step.plan.empty()) {
        if (!destroying_.empty()) return;   // nor is it settled
        destroying_ = step.thing;
    }
    begin(step);
}

// Planned when its turn comes: the jobs before it change the host that it was decided on.
void Steward::begin(const PolicyStep& step) {
    if (step.device)
        settled_.insert(step.thing);   // a job that fails changes the device, too, and would be begun for ever
    JobOrder order;
    order.plan = step.plan;
    order.accept = step.accept;
    if (step.plan.empty()) order.wish = step.wish;
    order.timeout = settings_.busy_timeout;
    order.history = settings_.job_history;
    order.wanted = wanted_;
    jobs_.begin(std::move(order), {}, std::numeric_limits<std::uint64_t>::max(),
                [this, step, wanted = wanted_](const Answer<std::string>& id) {
                    if (!id && !*wanted) return;   // decided anew since
                    if (!id) return not_begun(step, id.error());
                    begun_[*id] = step;
                });
}

// The next one that destroys data may begin, as it is decided on the host that this one left.
void Steward::released(const PolicyStep& step) {
    if (step.plan.empty() || destroying_ != step.thing) return;
    destroying_.clear();
    if (!jobs_.stopping()) ask_again_();
}

bool Steward::may_wait(const Failure& failure) const { return failure.name == error_name::kBusy && !jobs_.stopping(); }

void Steward::not_begun(PolicyStep step, const Failure& failure) {
    if (may_wait(failure)) return try_later(std::move(step), failure.text);
    if (failure.text == kNothingToDo) {
        log::info(fmt::format("{} is as its policy wants it by now", step.thing));
    } else if (failure.name == error_name::kStale) {
        log::info(fmt::format("the policy for {} is decided again: {}", step.thing, failure.text));
        settled_.erase(step.thing);
        if (destroying_ == step.thing) destroying_.clear();
        put_off(stale_);
        return arm_later();
    } else {
        log::error(fmt::format("the policy for {} was not carried out: {}", step.thing, failure.text));
    }
    released(step);
}

// --- what is tried again -------------------------------------------------------------------------------------------

void Steward::try_later(PolicyStep step, const std::string& why) {
    if (!step.retry.said()) log::warning(fmt::format("the policy for {} waits: {}", step.thing, why));
    put_off(step.retry);
    later_.push_back(std::move(step));
    arm_later();
}

// Whoever is seen to have the host is asked for at short distances.
void Steward::put_off(Retry& retry) const {
    const bool held = journal::HostLock::holder(jobs_.place().run).has_value();
    retry.delay = held ? kFirstDelay : std::clamp(retry.delay * 2, kFirstDelay, kLongestDelay);
    retry.at = app::EventLoop::now() + retry.delay;
}

void Steward::arm_later() {
    std::uint64_t next = std::numeric_limits<std::uint64_t>::max();
    if (stale_.at != 0) next = stale_.at;
    for (const auto& knob : later_knobs_) next = std::min(next, knob.retry.at);
    for (const auto& step : later_) next = std::min(next, step.retry.at);
    if (next != std::numeric_limits<std::uint64_t>::max()) later_timer_.arm_at(next);
}

void Steward::act_later() {
    const std::uint64_t now = app::EventLoop::now();
    const auto take_due = [now](auto& all) {
        auto due = std::exchange(all, {});
        for (auto& one : due) {
            if (one.retry.at > now) all.push_back(one);
        }
        std::erase_if(due, [now](const auto& one) { return one.retry.at > now; });
        return due;
    };
    for (const auto& knob : take_due(later_knobs_)) set_knob(knob);   // first, as ever
    for (const auto& step : take_due(later_)) begin(step);
    if (stale_.at != 0 && stale_.at <= now) {
        stale_.at = 0;
        ask_again_();
    }
    arm_later();
}

void Steward::job_ended(const JobView& job) {
    const auto found = begun_.extract(job.id);
    if (!found) return;
    const PolicyStep& step = found.mapped();
    if (job.unwritten && !jobs_.stopping()) return try_later(step, "its job could not be written down");
    stale_.delay = 0;
    start_units(step, job);
    released(step);
}

void Steward::start_units(const PolicyStep& step, const JobView& job) {
    const auto blocks = blocks_online(job);   // also where others of them stayed offline
    if (blocks == 0) return;
    for (const auto& unit : step.post_units) {
        log::info(fmt::format("job {} is {}: {} block{} online, starting {}", job.id, job.state, blocks,
                              blocks == 1 ? "" : "s", unit));
        start_unit_(unit);
    }
}

}   // namespace memhot::service
