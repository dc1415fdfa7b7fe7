// SPDX-License-Identifier: GPL-2.0-or-later
//
// The one loop of the daemon, on sd-event. Callbacks may throw: the loop ends with status 1 and says why.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "memhot/result.hpp"

struct sd_event;
struct sd_event_source;

namespace memhot::app {

// Takes itself out of the loop when it goes.
class Source {
public:
    Source() = default;
    Source(Source&&) noexcept = default;
    Source& operator=(Source&&) noexcept = default;
    ~Source() = default;

    [[nodiscard]] bool active() const { return source_ != nullptr; }
    // poll's events, of a descriptor.
    void set_events(std::uint32_t events);
    // CLOCK_MONOTONIC, microseconds; of a timer. It comes once.
    void arm_at(std::uint64_t when);
    void arm_in(std::uint64_t microseconds);
    void disarm();
    [[nodiscard]] bool armed() const;
    // Called each time before the loop waits.
    void before_wait(std::function<void()> callback);

private:
    friend class EventLoop;
    struct Callbacks {
        std::function<void(std::uint32_t)> io;
        std::function<void()> plain;
        std::function<void()> before_wait;
    };
    struct Free {
        void operator()(sd_event_source* source) const;
    };
    static int io_happened(sd_event_source* source, int fd, std::uint32_t events, void* data);
    static int time_came(sd_event_source* source, std::uint64_t when, void* data);
    static int loop_waits(sd_event_source* source, void* data);
    std::unique_ptr<Callbacks> callbacks_;   // outlives source_, which is declared behind it
    std::unique_ptr<sd_event_source, Free> source_;
};

class EventLoop {
public:
    static Result<EventLoop> make();
    EventLoop(EventLoop&&) noexcept = default;
    EventLoop& operator=(EventLoop&&) noexcept = default;
    ~EventLoop() = default;

    // events: EPOLLIN, ...; the callback is given those that happened.
    Source on_io(int fd, std::uint32_t events, std::function<void(std::uint32_t)> callback);
    Source on_timer(std::function<void()> callback);
    // Blocks the signal for this thread and those that it makes.
    Source on_signal(int number, std::function<void()> callback);

    // Whether systemd wants to be pinged; the loop does it while it turns.
    bool ping_watchdog();
    // The status of exit().
    int run();
    void exit(int status);

    static std::uint64_t now();   // CLOCK_MONOTONIC, microseconds

private:
    struct Free {
        void operator()(sd_event* event) const;
    };
    explicit EventLoop(sd_event* event) : event_(event) {}
    std::unique_ptr<sd_event, Free> event_;
};

}   // namespace memhot::app
