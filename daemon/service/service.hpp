// SPDX-License-Identifier: GPL-2.0-or-later
//
// The daemon without its bus: state, questions, plans, jobs, hazards and configuration put together. The loop's thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/worker.hpp"
#include "config/settings.hpp"
#include "events/watcher.hpp"
#include "policy/policy.hpp"
#include "service/arrivals.hpp"
#include "service/asker.hpp"
#include "service/hazards.hpp"
#include "service/jobs.hpp"
#include "service/plans.hpp"
#include "service/questions.hpp"
#include "service/steward.hpp"

namespace memhot::service {

class Service : private Jobs::Listener {
public:
    // What the bus tells its clients.
    struct Listener {
        virtual ~Listener() = default;
        virtual void job_new(const JobView& job) = 0;
        virtual void job_changed(const JobView& job) = 0;
        virtual void job_ended(const JobView& job) = 0;
        virtual void job_gone(const std::string& id) = 0;
        virtual void blocks_changed() = 0;
        virtual void devices_changed() = 0;
        virtual void hazard_raised(const StandingHazard& hazard) = 0;
        virtual void hazard_cleared(const StandingHazard& hazard) = 0;
        virtual void configuration_changed() = 0;
        virtual void start_unit(const std::string& unit) = 0;   // of systemd
    };

    // worker: for what blocks; thinker: for what takes long, and nothing else.
    Service(app::EventLoop& loop, app::Worker& worker, app::Worker& thinker, state::HostState state, JobPlace place,
            std::string config_root);

    void set_listener(Listener* listener) { listener_ = listener; }
    // Called whenever the configuration was read again without an error.
    void set_reloaded(std::function<void(const config::Settings&)> reloaded) { reloaded_ = std::move(reloaded); }
    // Before anything is asked: configuration, and what is about to go wrong. Errors: the configuration has some.
    Status start();

    [[nodiscard]] const config::Settings& settings() const { return settings_; }
    [[nodiscard]] const std::vector<std::string>& configuration_errors() const { return configuration_errors_; }
    [[nodiscard]] const state::HostState& state() const { return state_; }
    [[nodiscard]] const Hazards& hazards() const { return hazards_; }
    [[nodiscard]] std::uint64_t lost_events() const { return lost_events_; }
    // Why what is known of the host may be old; empty: it is not.
    [[nodiscard]] const std::string& stale() const { return stale_; }
    [[nodiscard]] std::uint64_t failed_reads() const { return failed_reads_; }
    [[nodiscard]] std::uint64_t events_received() const { return watcher_ == nullptr ? 0 : watcher_->received(); }
    void set_watcher(events::Watcher* watcher) { watcher_ = watcher; }
    [[nodiscard]] std::uint64_t jobs_begun() const { return jobs_.begun(); }

    // Where questions about the host are answered that take long.
    Asker& asker();
    // The host of a moment ago, where there is one: for quick answers.
    std::shared_ptr<const memhotctl::Host> fresh_host();
    // What policies decide by.
    [[nodiscard]] memhotctl::PolicyFiles held_policies() const;
    [[nodiscard]] const std::string& config_root() const { return config_root_; }
    // The job that runs and the question that is thought about are asked to end, and no other begins.
    void stop();
    // At the very end, when no thread does anything any more.
    void abandon();
    Plans& plans() { return plans_; }
    Jobs& jobs() { return jobs_; }

    // Errors leave everything as it was.
    Answer<Done> reload();
    Answer<Done> rescan();
    // What the policies say about all that is there: reported, and done where Act=yes.
    void apply_policies() { ask_policies({}, true); }
    // What udev told.
    void happened(const events::Batch& batch);
    // A simulated host has become another one; no job runs.
    void change_hardware(Snapshot snapshot);
    // One line for systemctl status.
    [[nodiscard]] std::string status() const;

private:
    void job_new(const JobView& job) override;
    void job_changed(const JobView& job) override;
    void job_ended(const JobView& job) override;
    void job_gone(const std::string& id) override;
    void host_changed(const std::vector<std::uint64_t>& blocks, std::optional<Snapshot> simulated) override;
    void blocks_changed(const std::vector<std::uint64_t>& blocks);
    // Everything is read again.
    Status read_all();
    // A reading failed: again later, and later still.
    void read_later(const Error& error);
    void read_now();
    void no_longer_stale();
    // The host is another one: hazards are worked out anew, clients and policies are told. Whether it could be looked at.
    bool settle();
    [[nodiscard]] bool is_overdue(const events::Batch& batch) const;
    bool look_ahead();
    void ask_policies(const std::set<std::uint64_t>& came, bool everything);
    void say_what_needs_a_start();
    void asked();
    void idle();

    app::Worker& worker_;
    state::HostState state_;
    std::string config_root_;
    config::Settings settings_;
    config::Settings started_with_;
    policy::Policies policies_;
    std::vector<std::string> configuration_errors_;
    Asker asker_;
    Plans plans_;
    Jobs jobs_;
    Hazards hazards_;
    Listener* listener_ = nullptr;
    events::Watcher* watcher_ = nullptr;
    std::function<void(const config::Settings&)> reloaded_;
    app::Source idle_timer_;
    std::uint64_t last_question_ = 0;
    std::uint64_t lost_events_ = 0;
    std::string stale_;
    std::uint64_t failed_reads_ = 0;
    std::uint64_t delay_ = 0;   // before the next reading where the last one failed
    app::Source read_timer_;
    std::vector<std::uint64_t> fresh_;   // blocks that were read since all was quiet
    Arrivals arrivals_;
    bool ask_everything_ = false;   // of the policies, once the host can be read
    Steward steward_;
    bool restless_ = false;   // something happened since then
    std::uint64_t settled_ = 0;   // when, and how many microseconds it took
    std::uint64_t settling_took_ = 0;
};

}   // namespace memhot::service
