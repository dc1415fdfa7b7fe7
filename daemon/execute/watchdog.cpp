// SPDX-License-Identifier: GPL-2.0-or-later
#include "execute/watchdog.hpp"

#include <algorithm>

namespace memhot::execute {

namespace {

// Nothing else here uses it; its handler does nothing, it only ends the system call (no SA_RESTART).
constexpr int kSignal = SIGALRM;
constexpr auto kBetweenLooks = std::chrono::milliseconds(200);
// A signal that comes just before the write begins ends nothing.
constexpr auto kBetweenSignals = std::chrono::milliseconds(50);
// More than any job takes, and added to now it does not overflow.
constexpr std::uint64_t kLongest = 365ULL * 24 * 3600 * 1'000'000;

void do_nothing(int) {}

}   // namespace

Watchdog::Watchdog(std::function<bool()> stop) : stop_(std::move(stop)) {
    struct sigaction action{};
    action.sa_handler = do_nothing;
    ::sigaction(kSignal, &action, &before_);
    thread_ = std::thread([this] { run(); });
}

Watchdog::~Watchdog() {
    {
        const std::lock_guard lock(mutex_);
        ends_ = true;
    }
    changed_.notify_one();
    thread_.join();
    ::sigaction(kSignal, &before_, nullptr);
}

void Watchdog::watch(std::uint64_t microseconds) {
    sigset_t mine;
    sigemptyset(&mine);
    sigaddset(&mine, kSignal);
    ::pthread_sigmask(SIG_UNBLOCK, &mine, nullptr);
    const std::lock_guard lock(mutex_);
    end_ = std::chrono::steady_clock::now() + std::chrono::microseconds(std::min(microseconds, kLongest));
    watched_ = ::pthread_self();
    watching_ = true;
    changed_.notify_one();
}

void Watchdog::leave() {
    const std::lock_guard lock(mutex_);
    watching_ = false;
}

void Watchdog::run() {
    std::unique_lock lock(mutex_);
    while (!ends_) {
        if (!watching_) {
            changed_.wait(lock);
            continue;
        }
        const bool over = is_over();
        // The lock is held, so the watched thread has not left and is there.
        if (over) ::pthread_kill(watched_, kSignal);
        const auto now = std::chrono::steady_clock::now();
        changed_.wait_until(lock, over ? now + kBetweenSignals : std::min(end_, now + kBetweenLooks));
    }
}

}   // namespace memhot::execute
