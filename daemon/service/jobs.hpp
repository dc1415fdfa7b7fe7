// SPDX-License-Identifier: GPL-2.0-or-later
//
// Jobs of the daemon: one at a time on the worker, with the lock of the host and the journal open only while one runs.
// What is told of them here is for the loop's thread. Knows no bus.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/worker.hpp"
#include "service/failure.hpp"
#include "service/job_work.hpp"

namespace memhot::service {

// A job as clients see it.
struct JobView {
    std::string id;
    std::string owner;   // who began it: a unique name on the bus; empty: the daemon itself
    std::string state;   // "running", "stopping", "done", "failed", ...
    std::shared_ptr<const Plan> plan;
    std::vector<StepView> steps;
    JobProgress progress;   // also of a job that is over
    int exit_status = -1;
    bool unwritten = false;   // it ended so: nothing was tried
    std::uint64_t ended = 0;   // monotonic; 0: it runs
    [[nodiscard]] bool over() const { return ended != 0; }
};

class Jobs {
public:
    struct Listener {
        virtual ~Listener() = default;
        virtual void job_new(const JobView& job) = 0;
        virtual void job_changed(const JobView& job) = 0;
        virtual void job_ended(const JobView& job) = 0;
        virtual void job_gone(const std::string& id) = 0;   // a minute later
        // The host is another one now. blocks: those that the job was about, ascending.
        virtual void host_changed(const std::vector<std::uint64_t>& blocks, std::optional<Snapshot> simulated) = 0;
    };

    Jobs(app::EventLoop& loop, app::Worker& worker, JobPlace place, Listener& listener);

    using Begun = std::function<void(Answer<std::string>)>;   // the id
    // begun is called once: when the job runs, or when it does not. limit: jobs of one owner that wait or run; of
    // one user there may be four times as many.
    void begin(JobOrder order, const std::string& owner, std::uint64_t limit, Begun begun);
    // Files of the kernel's own policy: before jobs that begin later. done hears of it before the listener does.
    void write_knob(const KnobOrder& order, std::function<void(KnobEnd)> done);
    Answer<Done> cancel(const std::string& id);
    [[nodiscard]] const JobView* find(const std::string& id) const;
    // Those of the journal.
    [[nodiscard]] Result<std::vector<WrittenJob>> list() const { return written_jobs(place_); }
    // Of a simulated host, between two jobs.
    void change_hardware(const Snapshot& snapshot);
    // The one that runs is asked to stop, and no other begins.
    void stop();
    // At the very end, when the worker does no more: who waits for a beginning hears of none.
    void abandon();
    [[nodiscard]] bool stopping() const { return stopping_; }
    [[nodiscard]] bool busy() const { return !waiting_.empty() || !running_.empty(); }
    [[nodiscard]] const JobPlace& place() const { return place_; }
    [[nodiscard]] std::uint64_t begun() const { return begun_; }   // since the start

private:
    struct Ticket;
    void began(const std::shared_ptr<Ticket>& ticket, JobBegun begun);
    void progressed(const std::string& id, const JobProgress& progress);
    void ended(const std::shared_ptr<Ticket>& ticket, JobEnded end);
    void forget_old();
    void forget_most();
    template <class P>
    [[nodiscard]] std::size_t count_if(P is_his) const;
    [[nodiscard]] Answer<Done> has_room(const JobOrder& order, const std::string& owner, std::uint64_t limit) const;

    app::Worker& worker_;
    JobPlace place_;
    Listener& listener_;
    app::Source timer_;
    bool stopping_ = false;
    std::uint64_t begun_ = 0;
    std::vector<std::shared_ptr<Ticket>> waiting_;
    std::map<std::string, std::shared_ptr<Ticket>> running_;   // by id
    std::map<std::string, JobView> views_;
};

}   // namespace memhot::service
