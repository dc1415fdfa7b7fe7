// SPDX-License-Identifier: GPL-2.0-or-later
//
// Has the policies carried out: asks them about what came, sets the kernel's own knobs, begins jobs and starts units, and
// tries again what somebody else's work on the host kept from being done. The loop's thread.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "service/jobs.hpp"
#include "service/policy_work.hpp"

namespace memhot::service {

class Steward {
public:
    using StartUnit = std::function<void(const std::string& unit)>;
    // ask_again: has apply() called with the host as it is by then.
    Steward(app::EventLoop& loop, Jobs& jobs, StartUnit start_unit, std::function<void()> ask_again);

    // came: blocks that are new. everything: all of the host counts as new.
    void apply(const policy::Policies& policies, const config::Settings& settings, const memhotctl::Host& host,
               const std::set<std::uint64_t>& came, bool everything);
    void job_ended(const JobView& job);
    // Nothing begins that was decided until now.
    void withdraw();
    // What memhotd set of the kernel's knobs, also what is being set.
    [[nodiscard]] const journal::OwnKnobs& own_knobs() const { return own_knobs_; }

private:
    struct Knob {
        policy::KnobWrite write;
        std::uint64_t until = 0;   // when the kernel's own EBUSY is taken for its answer; 0: it was not met yet
        Retry retry;
    };
    void say(const PolicyStep& step);
    void set_knobs(const std::vector<policy::KnobWrite>& knobs);
    void leave_knobs(const std::vector<policy::KnobLeft>& knobs);
    void set_knob(const Knob& knob);
    void forget_claim();
    void knob_not_set(Knob knob, const KnobEnd& end);
    void act_on(const PolicyStep& step);
    void begin(const PolicyStep& step);
    void released(const PolicyStep& step);
    void start_units(const PolicyStep& step, const JobView& job);
    void not_begun(PolicyStep step, const Failure& failure);
    void try_later(PolicyStep step, const std::string& why);
    void put_off(Retry& retry) const;
    void arm_later();
    void act_later();
    // Somebody else has the host, or the journal cannot be written.
    [[nodiscard]] bool may_wait(const Failure& failure) const;

    Jobs& jobs_;
    StartUnit start_unit_;
    std::function<void()> ask_again_;
    config::Settings settings_;
    std::set<std::string> settled_;   // devices that their policy had its way with, or failed on
    std::map<std::string, std::string> said_;   // of devices
    // That were set, refused or left to others, as "PATH TEXT": not again with each event, also where somebody sets them
    // back.
    std::set<std::string> knobs_;
    journal::OwnKnobs own_knobs_;
    std::map<std::string, PolicyStep> begun_;   // by job
    // What destroys data is held to the plan as it was decided, and a job changes what the next plan relies on: one at a
    // time, and the others are decided again behind it.
    std::string destroying_;
    std::vector<Knob> later_knobs_;   // that are tried again
    std::vector<PolicyStep> later_;   // the same
    std::shared_ptr<std::atomic<bool>> wanted_ = std::make_shared<std::atomic<bool>>(true);   // what was decided
    Retry stale_;   // what was decided on a host that had changed by then is decided again
    app::Source later_timer_;
};

}   // namespace memhot::service
