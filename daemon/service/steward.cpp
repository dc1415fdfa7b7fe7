// SPDX-License-Identifier: GPL-2.0-or-later
#include "service/steward.hpp"

#include <fmt/format.h>

#include <limits>
#include <utility>

#include "journal/lock.hpp"
#include "log/log.hpp"

namespace memhot::service {

namespace {

// What a policy wants is tried again so long after somebody else had the host.
constexpr std::uint64_t kLater = 2'000'000;   // microseconds

std::string key_of(const policy::KnobWrite& knob) { return knob.path + " " + knob.text; }

std::size_t blocks_online(const JobView& job) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < job.steps.size() && i < job.plan->steps.size(); ++i)
        count += job.plan->steps[i].block && job.steps[i].state == "done" ? 1U : 0U;
    return count;
}

}   // namespace

Steward::Steward(app::EventLoop& loop, Jobs& jobs, StartUnit start_unit)
    : jobs_(jobs), start_unit_(std::move(start_unit)), later_timer_(loop.on_timer([this] { act_later(); })) {
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
        later_.clear();
        later_knobs_.clear();
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
        if (acts) set_knob({knob});
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
    jobs_.write_knob({knob.write.path, knob.write.text, knob.write.back}, [this, knob](const KnobEnd& end) {
        own_knobs_ = end.own;
        if (!end.done) return knob_not_set(knob, end);
        if (knob.waits) log::info(fmt::format("{} is {} now", knob.write.path, knob.write.text));
    });
}

void Steward::knob_not_set(Knob knob, const KnobEnd& end) {
    const Failure& failure = end.done.error();
    if (failure.name == error_name::kStale) return log::info(failure.text);
    const std::uint64_t now = app::EventLoop::now();
    const bool held = journal::HostLock::holder(jobs_.place().run).has_value();
    if (!held && knob.until == 0) knob.until = now + settings_.busy_timeout;
    const bool again = may_wait(failure) && (held || now < knob.until);
    if (!again) return log::error(failure.text);
    if (!knob.waits) log::warning(fmt::format("{} waits: {}", knob.write.path, failure.text));
    knob.waits = true;
    later_knobs_.push_back(std::move(knob));
    if (!later_timer_.armed()) later_timer_.arm_in(kLater);
}

// --- blocks and devices --------------------------------------------------------------------------------------------

// Planned when its turn comes: the jobs before it change the host that it was decided on.
void Steward::act_on(const PolicyStep& step) {
    if (step.device)
        settled_.insert(step.thing);   // a job that fails changes the device, too, and would be begun for ever
    JobOrder order;
    order.plan = step.plan;
    order.accept = step.accept;
    if (step.plan.empty()) order.wish = step.wish;
    order.timeout = settings_.busy_timeout;
    order.history = settings_.job_history;
    jobs_.begin(std::move(order), {}, std::numeric_limits<std::uint64_t>::max(),
                [this, step](const Answer<std::string>& id) {
                    if (!id) return not_begun(step, id.error());
                    if (!step.post_units.empty()) post_units_[*id] = step.post_units;
                });
}

bool Steward::may_wait(const Failure& failure) const { return failure.name == error_name::kBusy && !jobs_.stopping(); }

// As long as another process changes the host it waits, and once where nobody is seen to: he may just have ended.
void Steward::not_begun(PolicyStep step, const Failure& failure) {
    if (failure.text == kNothingToDo) return log::info(fmt::format("{} is as its policy wants it by now", step.thing));
    // What destroys data may be stale by then: it is decided again with whatever comes next.
    if (failure.name == error_name::kStale) settled_.erase(step.thing);
    if (may_wait(failure) && !journal::HostLock::holder(jobs_.place().run)) ++step.failures;
    if (!may_wait(failure) || step.failures > 1)
        return log::error(fmt::format("the policy for {} was not carried out: {}", step.thing, failure.text));
    if (!step.waits) log::warning(fmt::format("the policy for {} waits: {}", step.thing, failure.text));
    step.waits = true;
    later_.push_back(std::move(step));
    if (!later_timer_.armed()) later_timer_.arm_in(kLater);
}

void Steward::act_later() {
    for (const auto& knob : std::exchange(later_knobs_, {})) set_knob(knob);   // first, as ever
    for (const auto& step : std::exchange(later_, {})) act_on(step);
}

void Steward::job_ended(const JobView& job) {
    const auto units = post_units_.extract(job.id);
    if (!units) return;
    const auto blocks = blocks_online(job);   // also where others of them stayed offline
    if (blocks == 0) return;
    for (const auto& unit : units.mapped()) {
        log::info(fmt::format("job {} is {}: {} block{} online, starting {}", job.id, job.state, blocks,
                              blocks == 1 ? "" : "s", unit));
        start_unit_(unit);
    }
}

}   // namespace memhot::service
