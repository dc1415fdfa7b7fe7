// SPDX-License-Identifier: GPL-2.0-or-later
//
// A write that takes memory offline stays in the kernel for as long as pages cannot be moved: offline_pages() in
// mm/memory_hotplug.c tries again and again until a signal comes (Documentation/admin-guide/mm/memory-hotplug.rst: "there
// might be the need to use timeout"). A second thread sends that signal when the time is over or the job is cancelled.
// It does not reach a write that waits for the hotplug lock of somebody else's: lock_device_hotplug_sysfs() in
// drivers/base/core.c begins such a system call again (restart_syscall()), whatever the handler wants.
#pragma once

#include <pthread.h>
#include <signal.h>   // NOLINT(modernize-deprecated-headers): sigaction is POSIX, not C++

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

namespace memhot::execute {

class Watchdog {
public:
    // stop: whether the job is cancelled; asked by the other thread.
    explicit Watchdog(std::function<bool()> stop);
    ~Watchdog();
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;
    Watchdog(Watchdog&&) = delete;
    Watchdog& operator=(Watchdog&&) = delete;

    // The calling thread is interrupted, and again until it has left, when so many microseconds are over or stop() says so.
    // What it is in then ends with EINTR.
    void watch(std::uint64_t microseconds);
    void leave();

private:
    using Time = std::chrono::steady_clock::time_point;
    void run();
    [[nodiscard]] bool is_over() const { return std::chrono::steady_clock::now() >= end_ || (stop_ && stop_()); }

    std::function<bool()> stop_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool watching_ = false;
    bool ends_ = false;
    Time end_;
    pthread_t watched_{};
    struct sigaction before_{};
    std::thread thread_;   // the last: it uses all of the above
};

}   // namespace memhot::execute
