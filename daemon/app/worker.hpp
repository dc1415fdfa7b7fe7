// SPDX-License-Identifier: GPL-2.0-or-later
//
// Another thread: what it is given is done there, one thing after the other, and what came of it is posted back to the
// loop. The thread is made when the first thing is to be done. There are two: one for what blocks (jobs and their writes),
// one for what takes long (plans, pictures of a large host), which would else wait for minutes behind a write.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "app/event_loop.hpp"

namespace memhot::app {

class Worker {
public:
    // Errors: no eventfd.
    explicit Worker(EventLoop& loop);
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker();
    // Waits for what runs; what waits, and what was posted and not delivered, is forgotten. On the loop's thread.
    void end();

    // On the loop's thread.
    void submit(std::function<void()> task);
    // On the worker's thread: runs on the loop's.
    void post(std::function<void()> task);
    [[nodiscard]] bool busy() const;

private:
    void run();
    void deliver();

    int fd_;
    Source source_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::function<void()>> tasks_;
    std::deque<std::function<void()>> posted_;
    bool running_ = false;
    bool stop_ = false;
    std::thread thread_;
};

}   // namespace memhot::app
