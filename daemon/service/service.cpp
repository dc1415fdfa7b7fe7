// SPDX-License-Identifier: GPL-2.0-or-later
#include "service/service.hpp"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "client/things.hpp"
#include "log/log.hpp"

namespace memhot::service {

namespace {

// A model of the host is kept for as long as questions come.
constexpr std::uint64_t kIdle = 5'000'000;   // microseconds
// A host that could not be read is read again so much later, twice as much each time, and never more.
constexpr std::uint64_t kFirstDelay = 250'000;
constexpr std::uint64_t kLongestDelay = 60'000'000;

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

// For the journal, which only who may inspect reads.
log::Fields fields_of(const StandingHazard& hazard, const memhotctl::Host& host) {
    log::Fields out{{"MEMHOT_HAZARD", std::to_string(hazard.id)},
                    {"MEMHOT_RULE", hazard.rule},
                    {"MEMHOT_DEVICE", hazard.where},
                    {"MEMHOT_REMEDY", hazard.remedy}};
    // an address alone is that of a sub-section
    const auto thing =
        memhotctl::find_thing(host, hazard.where.starts_with("0x") ? hazard.where + "+2M" : hazard.where);
    if (!thing) return out;   // what it is about has no place
    for (const auto& range : thing->ranges) out.emplace_back("MEMHOT_RANGE", to_string(range));
    return out;
}

}   // namespace

Service::Service(app::EventLoop& loop, app::Worker& worker, app::Worker& thinker, state::HostState state,
                 JobPlace place, std::string config_root)
    : worker_(worker), state_(std::move(state)), config_root_(std::move(config_root)), asker_(thinker, state_),
      jobs_(loop, worker, std::move(place), *this), idle_timer_(loop.on_timer([this] { idle(); })),
      read_timer_(loop.on_timer([this] { read_now(); })), steward_(
                                                              loop, jobs_,
                                                              [this](const std::string& unit) {
                                                                  if (listener_ != nullptr) listener_->start_unit(unit);
                                                              },
                                                              [this] { ask_policies({}, false); }) {}

Status Service::start() {
    const auto loaded = config::load_settings(config_root_);
    say_warnings(loaded.problems);
    if (config::has_errors(loaded.problems)) return bad_input(errors_in(loaded.problems).front());
    settings_ = loaded.settings;
    started_with_ = settings_;
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
    out.own_knobs = steward_.own_knobs();
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
        steward_.withdraw();
        log::info("configuration and policies were read again");
        say_what_needs_a_start();
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

// The journal is where it was begun, and another memhotctl looks for the lock where it is held.
void Service::say_what_needs_a_start() {
    const auto say = [](std::string_view key, const std::string& was, const std::string& now) {
        if (was == now) return;
        log::warning(
            fmt::format("{}={} takes effect at the next start of memhotd; until then it is {}", key, now, was));
    };
    say("StateDirectory", started_with_.state_directory, settings_.state_directory);
    say("RuntimeDirectory", started_with_.runtime_directory, settings_.runtime_directory);
}

Answer<Done> Service::rescan() {
    if (auto read = read_all(); !read) return std::unexpected(failure_of(read.error()));
    if (settle()) no_longer_stale();
    return Done{};
}

bool Service::settle() {
    const std::uint64_t begun = app::EventLoop::now();
    const bool good = look_ahead();
    if (good) ask_policies(arrivals_.take(), false);
    settled_ = app::EventLoop::now();
    settling_took_ = settled_ - begun;
    return good;
}

bool Service::look_ahead() {
    const auto host = state_.host();
    if (!host) {
        read_later(host.error());
    } else {
        const auto change = hazards_.update(examine((*host)->snapshot), wall_clock());
        for (const auto& hazard : change.raised) {
            log::say(log::Priority::warning,
                     fmt::format("hazard: {}: {}; {}", hazard.where, hazard.text, hazard.remedy), &log::kHazardRaised,
                     fields_of(hazard, **host));
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
    if (listener_ != nullptr) {
        listener_->blocks_changed();
        listener_->devices_changed();
    }
    return host.ok();
}

void Service::ask_policies(const std::set<std::uint64_t>& came, bool everything) {
    ask_everything_ |= everything;
    if (policies_.empty() && steward_.own_knobs().empty() && !ask_everything_) return;
    const auto host = state_.host();
    if (!host) return read_later(host.error());
    steward_.apply(policies_, settings_, **host, came, std::exchange(ask_everything_, false));
}

// --- reading that fails --------------------------------------------------------------------------------------------

Status Service::read_all() {
    const auto before = state_.blocks();
    auto read = state_.rescan();
    if (read) {
        arrivals_.found(before, state_.blocks());
    } else {
        read_later(read.error());
    }
    return read;
}

void Service::read_later(const Error& error) {
    ++failed_reads_;
    state_.doubt();
    if (stale_.empty()) {
        log::say(log::Priority::warning,
                 fmt::format("the host cannot be read: {}; what is known of it may be old until that works again",
                             error.message()),
                 &log::kStale);
    }
    const bool news = stale_.empty();
    stale_ = error.message();
    if (news && listener_ != nullptr) listener_->blocks_changed();
    if (read_timer_.armed()) return;
    delay_ = std::clamp(delay_ * 2, kFirstDelay, kLongestDelay);
    read_timer_.arm_in(delay_);
}

void Service::read_now() {
    if (read_all() && settle()) no_longer_stale();
}

void Service::no_longer_stale() {
    if (stale_.empty()) return;
    stale_.clear();
    delay_ = 0;
    read_timer_.disarm();
    log::info("the host was read again");
    if (listener_ != nullptr) listener_->blocks_changed();
}

void Service::happened(const events::Batch& batch) {
    bool changed = batch.lost;
    const auto note = [&](const Result<bool>& read) {
        if (!read) read_later(read.error());
        changed |= read && *read;
    };
    arrivals_.heard(batch, state_.blocks());
    if (batch.lost) {
        ++lost_events_;
        log::say(log::Priority::warning, "events were lost, the whole host is read again", &log::kEventsLost);
        std::ignore = read_all();
    } else {
        note(state_.update(batch.blocks));
        fresh_ = batch.blocks;
    }
    restless_ |= changed || batch.devices || !batch.blocks.empty();
    if (restless_ && (batch.quiet || is_overdue(batch))) {
        note(state_.update_offline(fresh_));
        state_.touch();   // devices, zones and /proc/iomem may be others, too
        restless_ = false;
        fresh_.clear();
        settle();
    } else if (changed && listener_ != nullptr) {
        listener_->blocks_changed();
    }
}

// A device whose events never end must not keep what is about to go wrong from being told. While blocks come and go that
// waits: half of a device's blocks look like a mistake. And most of the loop's time is for others.
bool Service::is_overdue(const events::Batch& batch) const {
    constexpr std::uint64_t kShare = 10;
    return batch.blocks.empty() && app::EventLoop::now() - settled_ > kShare * settling_took_;
}

void Service::change_hardware(Snapshot snapshot) {
    const auto before = state_.blocks();
    jobs_.change_hardware(snapshot);
    state_.replace(std::move(snapshot));
    arrivals_.found(before, state_.blocks());
    log::info("the simulated host has changed");
    settle();
}

std::string Service::status() const {
    const auto& blocks = state_.blocks();
    const std::size_t hazards = hazards_.all().size();
    return fmt::format("{} blocks, {} online; {} hazard{}{}{}", blocks.size(), blocks.online(), hazards,
                       hazards == 1 ? "" : "s", state_.source().simulated() ? "; simulated" : "",
                       stale_.empty() ? "" : "; as of before, the host cannot be read");
}

void Service::job_new(const JobView& job) {
    if (listener_ != nullptr) listener_->job_new(job);
}
void Service::job_changed(const JobView& job) {
    if (listener_ != nullptr) listener_->job_changed(job);
}
void Service::job_ended(const JobView& job) {
    steward_.job_ended(job);
    if (listener_ != nullptr) listener_->job_ended(job);
}
void Service::job_gone(const std::string& id) {
    if (listener_ != nullptr) listener_->job_gone(id);
}

void Service::host_changed(const std::vector<std::uint64_t>& blocks, std::optional<Snapshot> simulated) {
    if (watcher_ != nullptr && !simulated) return blocks_changed(blocks);
    if (simulated) {
        const auto before = state_.blocks();
        state_.replace(*std::move(simulated));
        arrivals_.found(before, state_.blocks());
    } else {
        std::ignore = read_all();
    }
    settle();
}

// Whoever is told of a job's end may ask at once. What else came of it its events tell, and hazards wait for those:
// memory that is there and not yet in the table would look like memory without blocks.
void Service::blocks_changed(const std::vector<std::uint64_t>& blocks) {
    const auto before = state_.blocks();
    if (const auto read = state_.update(blocks); !read) read_later(read.error());
    arrivals_.found(before, state_.blocks());
    state_.touch();
    restless_ = true;
    watcher_->expect();
    if (listener_ != nullptr) listener_->blocks_changed();
}

}   // namespace memhot::service
