// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/event_loop.hpp"

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <systemd/sd-event.h>

#include <csignal>
#include <cstring>
#include <ctime>
#include <exception>
#include <string>

#include "log/log.hpp"

namespace memhot::app {

namespace {

constexpr int kFailed = 1;

// A callback may destroy its own source, so it is copied before it runs.
template <class F>
int guarded(sd_event_source* source, F&& run) {
    sd_event* event = ::sd_event_source_get_event(source);
    try {
        run();
    } catch (const std::exception& error) {
        log::error(std::string("internal error, ending: ") + error.what());
        ::sd_event_exit(event, kFailed);
    } catch (...) {
        log::error("internal error, ending: an exception of no known type");
        ::sd_event_exit(event, kFailed);
    }
    return 0;
}

}   // namespace

int Source::io_happened(sd_event_source* source, int, std::uint32_t events, void* data) {
    return guarded(source, [&] {
        const auto call = static_cast<Callbacks*>(data)->io;
        call(events);
    });
}
int Source::time_came(sd_event_source* source, std::uint64_t, void* data) {
    return guarded(source, [&] {
        const auto call = static_cast<Callbacks*>(data)->plain;
        call();
    });
}
int Source::loop_waits(sd_event_source* source, void* data) {
    return guarded(source, [&] {
        const auto call = static_cast<Callbacks*>(data)->before_wait;
        call();
    });
}

namespace {
int signal_came(sd_event_source* source, const signalfd_siginfo*, void* data) {
    return guarded(source, [&] {
        const auto call = *static_cast<std::function<void()>*>(data);
        call();
    });
}
}   // namespace

void Source::Free::operator()(sd_event_source* source) const { ::sd_event_source_disable_unref(source); }

void Source::set_events(std::uint32_t events) { ::sd_event_source_set_io_events(source_.get(), events); }

void Source::arm_at(std::uint64_t when) {
    ::sd_event_source_set_time(source_.get(), when);
    ::sd_event_source_set_enabled(source_.get(), SD_EVENT_ONESHOT);
}
void Source::arm_in(std::uint64_t microseconds) { arm_at(EventLoop::now() + microseconds); }
void Source::disarm() { ::sd_event_source_set_enabled(source_.get(), SD_EVENT_OFF); }
bool Source::armed() const {
    int enabled = SD_EVENT_OFF;
    return source_ && ::sd_event_source_get_enabled(source_.get(), &enabled) >= 0 && enabled != SD_EVENT_OFF;
}

void Source::before_wait(std::function<void()> callback) {
    callbacks_->before_wait = std::move(callback);
    ::sd_event_source_set_prepare(source_.get(), loop_waits);
}

void EventLoop::Free::operator()(sd_event* event) const { ::sd_event_unref(event); }

Result<EventLoop> EventLoop::make() {
    sd_event* event = nullptr;
    const int answer = ::sd_event_new(&event);
    if (answer < 0) return Error(ErrorKind::io, std::string("sd_event_new: ") + std::strerror(-answer));
    return EventLoop(event);
}

Source EventLoop::on_io(int fd, std::uint32_t events, std::function<void(std::uint32_t)> callback) {
    Source out;
    out.callbacks_ = std::make_unique<Source::Callbacks>();
    out.callbacks_->io = std::move(callback);
    sd_event_source* source = nullptr;
    if (::sd_event_add_io(event_.get(), &source, fd, events, Source::io_happened, out.callbacks_.get()) >= 0) {
        out.source_.reset(source);
    }
    return out;
}

Source EventLoop::on_timer(std::function<void()> callback) {
    Source out;
    out.callbacks_ = std::make_unique<Source::Callbacks>();
    out.callbacks_->plain = std::move(callback);
    sd_event_source* source = nullptr;
    // accuracy 1 us: none is repeated, so nothing is saved by putting them together
    if (::sd_event_add_time(event_.get(), &source, CLOCK_MONOTONIC, UINT64_MAX, 1, Source::time_came,
                            out.callbacks_.get()) >= 0) {
        out.source_.reset(source);
        out.disarm();
    }
    return out;
}

Source EventLoop::on_signal(int number, std::function<void()> callback) {
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, number);
    ::pthread_sigmask(SIG_BLOCK, &one, nullptr);
    Source out;
    out.callbacks_ = std::make_unique<Source::Callbacks>();
    out.callbacks_->plain = std::move(callback);
    sd_event_source* source = nullptr;
    if (::sd_event_add_signal(event_.get(), &source, number, signal_came, &out.callbacks_->plain) >= 0) {
        out.source_.reset(source);
    }
    return out;
}

bool EventLoop::ping_watchdog() { return ::sd_event_set_watchdog(event_.get(), 1) > 0; }

int EventLoop::run() {
    const int answer = ::sd_event_loop(event_.get());
    if (answer >= 0) return answer;
    log::error(std::string("the event loop failed: ") + std::strerror(-answer));
    return kFailed;
}

void EventLoop::exit(int status) { ::sd_event_exit(event_.get(), status); }

std::uint64_t EventLoop::now() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(time.tv_nsec) / 1000;
}

}   // namespace memhot::app
