// SPDX-License-Identifier: GPL-2.0-or-later
//
// Events put together: those that follow each other closely are one batch, a storm is cut into batches of a second.
// Nothing wakes the loop while there are none. Where some were lost the batch ends once all that came has been taken.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "app/event_loop.hpp"
#include "events/source.hpp"

namespace memhot::events {

// Of "memory40": 40.
std::optional<std::uint64_t> block_of(const std::string& name);

struct Batch {
    std::vector<std::uint64_t> blocks;   // that came, went or changed, ascending, each once
    std::set<std::uint64_t> added;   // of them, and there at its end
    std::set<std::uint64_t> removed;   // of them, also where they were added again
    bool devices = false;   // nd, dax, cxl or node had one
    bool lost = false;   // some never came: everything has to be read again
    bool quiet = false;   // no more came for a while
};

class Watcher {
public:
    struct Times {
        std::uint64_t coalesce = 200'000;   // microseconds without an event that end a batch
        std::uint64_t limit = 1'000'000;   // the longest batch
    };
    Watcher(app::EventLoop& loop, std::unique_ptr<EventSource> source, Times times,
            std::function<void(Batch)> happened);

    void set_times(Times times) { times_ = times; }
    // Something is known to have happened whose events are on their way: a batch begins, or goes on.
    void expect();
    [[nodiscard]] std::uint64_t received() const { return received_; }

private:
    void drain();
    void take(const Event& event);
    void timer_came();
    void deliver(bool quiet);

    std::unique_ptr<EventSource> source_;
    Times times_;
    std::function<void(Batch)> happened_;
    std::set<std::uint64_t> blocks_;
    std::set<std::uint64_t> added_;
    std::set<std::uint64_t> removed_;
    bool devices_ = false;
    bool lost_ = false;
    std::uint64_t first_ = 0;   // when the batch began; 0: there is none
    std::uint64_t last_ = 0;
    std::uint64_t received_ = 0;
    app::Source io_;
    app::Source timer_;
};

}   // namespace memhot::events
