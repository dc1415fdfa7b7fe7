// SPDX-License-Identifier: GPL-2.0-or-later
#include "service/service.hpp"

#include <fmt/format.h>
#include <malloc.h>

#include <limits>
#include <utility>

#include "journal/lock.hpp"
#include "log/log.hpp"

namespace memhot::service {

namespace {

// A model of the host is kept for as long as questions come.
constexpr std::uint64_t kIdle = 5'000'000;   // microseconds
// What a policy wants is tried again so long after somebody else had the host.
constexpr std::uint64_t kLater = 2'000'000;

std::uint64_t wall_clock() {
    execute::SystemClock clock;
    return clock.wall();
}

// Errors of both, one line each.
std::vector<std::string> errors_in(const config::Problems& problems) {
    std::vector<std::string> out;
    for (const auto& problem : problems) {
        if (problem.severity == config::Problem::Severity::error) out.push_back(to_string(problem));
    }
    return out;
}

void say_warnings(const config::Problems& problems) {
    for (const auto& problem : problems) {
        if (problem.severity == config::Problem::Severity::warning) log::warning(to_string(problem));
    }
}

// What came, where the whole host was read anew and no event says so.
std::set<std::uint64_t> newer(const state::BlockTable& before, const state::BlockTable& now) {
    std::set<std::uint64_t> out;
    for (const auto& block : now.records()) {
        if (!before.find(block.number)) out.insert(block.number);
    }
    return out;
}

}   // namespace

Service::Service(app::EventLoop& loop, app::Worker& worker, app::Worker& thinker, state::HostState state,
                 JobPlace place, std::string config_root)
    : worker_(worker), state_(std::move(state)), config_root_(std::move(config_root)), asker_(thinker, state_),
      jobs_(loop, worker, std::move(place), *this), idle_timer_(loop.on_timer([this] { idle(); })),
      later_timer_(loop.on_timer([this] { act_later(); })) {}

Status Service::start() {
    const auto loaded = config::load_settings(config_root_);
    say_warnings(loaded.problems);
    if (config::has_errors(loaded.problems)) return bad_input(errors_in(loaded.problems).front());
    settings_ = loaded.settings;
    auto policies = policy::load_policies(config_root_);
    say_warnings(policies.problems);
    if (config::has_errors(policies.problems)) return bad_input(errors_in(policies.problems).front());
    policies_ = std::move(policies.policies);
    look_ahead();
    const auto written = jobs_.list();
    if (!written) {
        log::warning("the journal cannot be read: " + written.error().message());
        return Done{};
    }
    for (const auto& job : *written) {
        if (job.ended != 0) continue;
        log::say(log::Priority::warning,
                 fmt::format("job {} ({}) was interrupted: finish it with `memhotctl resume {}`, or undo it with "
                             "`memhotctl rollback {}`",
                             job.id, job.wish, job.id, job.id),
                 &log::kJobInterrupted, {{"MEMHOT_JOB", job.id}});
    }
    return Done{};
}

void Service::asked() {
    last_question_ = app::EventLoop::now();
    if (!idle_timer_.armed()) idle_timer_.arm_in(kIdle);
}

Asker& Service::asker() {
    asked();
    return asker_;
}

std::shared_ptr<const memhotctl::Host> Service::fresh_host() {
    asked();
    return state_.fresh();
}

memhotctl::PolicyFiles Service::held_policies() const {
    memhotctl::PolicyFiles out;
    out.policies.policies = policies_;
    out.settings.settings = settings_;
    return out;
}

void Service::stop() {
    jobs_.stop();
    asker_.stop();
}

void Service::abandon() {
    jobs_.abandon();
    asker_.abandon();
}

void Service::idle() {
    const std::uint64_t now = app::EventLoop::now();
    if (asker_.busy()) last_question_ = now;
    if (now - last_question_ < kIdle) return idle_timer_.arm_at(last_question_ + kIdle);
    if (state_.forget()) ::malloc_trim(0);
}

Answer<Done> Service::reload() {
    config::Settings settings = settings_;
    policy::Policies policies = policies_;
    const auto settings_problems = config::reload(config_root_, settings);
    const auto policy_problems = policy::reload(config_root_, policies);
    say_warnings(settings_problems);
    say_warnings(policy_problems);
    auto errors = errors_in(settings_problems);
    for (auto& text : errors_in(policy_problems)) errors.push_back(std::move(text));
    configuration_errors_ = errors;
    if (errors.empty()) {
        settings_ = settings;
        policies_ = std::move(policies);
        log::info("configuration and policies were read again");
        if (reloaded_) reloaded_(settings_);
        apply_policies();
    } else {
        log::say(log::Priority::error,
                 fmt::format("the configuration stays as it was: {}{}", errors.front(),
                             errors.size() == 1 ? "" : fmt::format(" (and {} more)", errors.size() - 1)),
                 &log::kConfigurationRejected);
    }
    if (listener_ != nullptr) listener_->configuration_changed();
    if (!errors.empty()) return fail(error_name::kBadInput, errors.front());
    return Done{};
}

Answer<Done> Service::rescan() {
    const auto before = state_.blocks();
    if (auto read = state_.rescan(); !read) return std::unexpected(failure_of(read.error()));
    look_ahead();
    if (const auto came = newer(before, state_.blocks()); !came.empty()) apply_policies(came, false);
    return Done{};
}

void Service::look_ahead() {
    const auto host = state_.host();
    if (!host) {
        log::warning("the host cannot be looked at: " + host.error().message());
    } else {
        const auto change = hazards_.update(examine((*host)->snapshot), wall_clock());
        for (const auto& hazard : change.raised) {
            log::say(log::Priority::warning,
                     fmt::format("hazard: {}: {}; {}", hazard.where, hazard.text, hazard.remedy), &log::kHazardRaised,
                     {{"MEMHOT_HAZARD", std::to_string(hazard.id)},
                      {"MEMHOT_RULE", hazard.rule},
                      {"MEMHOT_DEVICE", hazard.where}});
            if (listener_ != nullptr) listener_->hazard_raised(hazard);
        }
        for (const auto& hazard : change.cleared) {
            log::say(log::Priority::info, fmt::format("hazard gone: {}: {}", hazard.where, hazard.text),
                     &log::kHazardCleared,
                     {{"MEMHOT_HAZARD", std::to_string(hazard.id)}, {"MEMHOT_RULE", hazard.rule}});
            if (listener_ != nullptr) listener_->hazard_cleared(hazard);
        }
    }
    asked();   // what was read is for questions, too; it goes when none come
    if (listener_ == nullptr) return;
    listener_->blocks_changed();
    listener_->devices_changed();
}

void Service::apply_policies(const std::set<std::uint64_t>& came, bool everything) {
    if (everything) later_.clear();   // they are asked about, too
    if (policies_.empty()) return;
    const auto host = state_.host();
    if (!host) return log::warning("the policies are not asked: " + host.error().message());
    const auto work = policy_work(policies_, settings_, **host, came, everything);
    for (const auto& knob : work.knobs) {
        const std::string what = fmt::format("{}: {} instead of {}", knob.path, knob.text, knob.was);
        log::say(log::Priority::notice,
                 fmt::format("policy {}: {}{}", to_string(knob.place), settings_.act ? "" : "would set ", what),
                 &log::kPolicyReport, {{"MEMHOT_POLICY", to_string(knob.place)}});
        if (!settings_.act) continue;
        jobs_.write_knob(knob.path, knob.text, [what](const Answer<Done>& done) {
            if (!done) log::error(done.error().text);
        });
    }
    bool acts = false;
    for (const auto& step : work.steps) {
        log::say(log::Priority::notice,
                 fmt::format("policy {}: {}: {}{}", step.place.empty() ? "(none)" : step.place, step.thing, step.text,
                             settings_.act || !step.possible ? "" : " (Act=no: only reported)"),
                 &log::kPolicyReport, {{"MEMHOT_POLICY", step.place}, {"MEMHOT_DEVICE", step.thing}});
        acts |= settings_.act && step.possible;
        if (acts && step.wish) act_on(step);   // what is refused now need not be behind another
    }
    for (const auto& unit : work.units) {
        log::info(fmt::format("{} {}: blocks came that are online as a policy wants them",
                              settings_.act ? "starting" : "would start", unit));
        if (settings_.act && listener_ != nullptr) listener_->start_unit(unit);
    }
}

// Planned when its turn comes: the jobs before it change the host that it was decided on. What destroys data may be
// stale by then, and devices are asked about again with whatever comes next.
void Service::act_on(const PolicyStep& step) {
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

// As long as another process changes the host it waits, and once where nobody is seen to: he may just have ended.
void Service::not_begun(PolicyStep step, const Failure& failure) {
    if (failure.text == kNothingToDo) return log::info(fmt::format("{} is as its policy wants it by now", step.thing));
    const bool may_wait = failure.name == error_name::kBusy && !jobs_.stopping();
    if (may_wait && !journal::HostLock::holder(jobs_.place().run)) ++step.failures;
    if (!may_wait || step.failures > 1)
        return log::error(fmt::format("the policy for {} was not carried out: {}", step.thing, failure.text));
    if (!step.waits) log::warning(fmt::format("the policy for {} waits: {}", step.thing, failure.text));
    step.waits = true;
    later_.push_back(std::move(step));
    if (!later_timer_.armed()) later_timer_.arm_in(kLater);
}

void Service::act_later() {
    for (const auto& step : std::exchange(later_, {})) act_on(step);
}

void Service::recover() {
    ++lost_events_;
    log::say(log::Priority::warning, "events were lost, the whole host is read again", &log::kEventsLost);
    const auto before = state_.blocks();
    if (const auto read = state_.rescan(); !read)
        log::error("the host cannot be read again: " + read.error().message());
    came_.merge(newer(before, state_.blocks()));
}

void Service::happened(const events::Batch& batch) {
    bool changed = batch.lost;
    const auto note = [&](const Result<bool>& read) {
        if (!read) log::warning("memory blocks cannot be read: " + read.error().message());
        changed |= read && *read;
    };
    if (batch.lost) {
        recover();
    } else {
        note(state_.update(batch.blocks));
        fresh_ = batch.blocks;
    }
    came_.insert(batch.added.begin(), batch.added.end());
    restless_ |= changed || batch.devices || !batch.blocks.empty();
    if (batch.quiet && restless_) {
        note(state_.update_offline(fresh_));
        state_.touch();   // devices, zones and /proc/iomem may be others, too
        restless_ = false;
        fresh_.clear();
        look_ahead();
        apply_policies(std::exchange(came_, {}), false);
    } else if (changed && listener_ != nullptr) {
        listener_->blocks_changed();
    }
}

void Service::change_hardware(Snapshot snapshot) {
    const auto before = state_.blocks();
    jobs_.change_hardware(snapshot);
    state_.replace(std::move(snapshot));
    log::info("the simulated host has changed");
    look_ahead();
    apply_policies(newer(before, state_.blocks()), false);
}

std::string Service::status() const {
    const auto& blocks = state_.blocks();
    const std::size_t hazards = hazards_.all().size();
    return fmt::format("{} blocks, {} online; {} hazard{}{}", blocks.size(), blocks.online(), hazards,
                       hazards == 1 ? "" : "s", state_.source().simulated() ? "; simulated" : "");
}

void Service::job_new(const JobView& job) {
    if (listener_ != nullptr) listener_->job_new(job);
}
void Service::job_changed(const JobView& job) {
    if (listener_ != nullptr) listener_->job_changed(job);
}
void Service::job_ended(const JobView& job) {
    const auto units = post_units_.extract(job.id);
    if (units && job.exit_status == 0 && listener_ != nullptr) {
        for (const auto& unit : units.mapped()) {
            log::info(fmt::format("job {} is done, starting {}", job.id, unit));
            listener_->start_unit(unit);
        }
    }
    if (listener_ != nullptr) listener_->job_ended(job);
}
void Service::job_gone(const std::string& id) {
    if (listener_ != nullptr) listener_->job_gone(id);
}

void Service::host_changed(std::optional<Snapshot> simulated) {
    const auto before = state_.blocks();
    if (simulated) {
        state_.replace(*std::move(simulated));
    } else if (state_.follows_events()) {
        state_.touch();   // what it did to blocks events tell
    } else if (const auto read = state_.rescan(); !read) {
        log::warning("the host cannot be read again: " + read.error().message());
    }
    look_ahead();
    // only then: a policy whose job fails would be tried over and over
    if (const auto came = newer(before, state_.blocks()); !came.empty()) apply_policies(came, false);
}

}   // namespace memhot::service
