// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/worker.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <string>
#include <system_error>
#include <utility>

#include "log/log.hpp"

namespace memhot::app {

Worker::Worker(EventLoop& loop) : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    source_ = loop.on_io(fd_, EPOLLIN, [this](std::uint32_t) { deliver(); });
}

Worker::~Worker() {
    end();
    ::close(fd_);
}

void Worker::end() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
    // What is let go may submit or post; none of it runs.
    const auto tasks = std::exchange(tasks_, {});
    const auto posted = std::exchange(posted_, {});
}

void Worker::submit(std::function<void()> task) {
    {
        const std::lock_guard lock(mutex_);
        if (stop_) return;
        tasks_.push_back(std::move(task));
    }
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    wake_.notify_one();
}

void Worker::post(std::function<void()> task) {
    {
        const std::lock_guard lock(mutex_);
        posted_.push_back(std::move(task));
    }
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);   // full: it is awake anyway
}

bool Worker::busy() const {
    const std::lock_guard lock(mutex_);
    return running_ || !tasks_.empty() || !posted_.empty();
}

void Worker::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        wake_.wait(lock, [this] { return stop_ || !tasks_.empty(); });
        if (stop_) return;
        auto task = std::move(tasks_.front());
        tasks_.pop_front();
        running_ = true;
        lock.unlock();
        try {
            task();
        } catch (const std::exception& error) {
            log::error(std::string("internal error in the worker: ") + error.what());
        } catch (...) {
            log::error("internal error in the worker: an exception of no known type");
        }
        // What it holds (replies, counters of callers) is the loop's, and is let go there.
        post([done = std::move(task)] {});
        lock.lock();
        running_ = false;
    }
}

void Worker::deliver() {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(fd_, &count, sizeof count);
    std::deque<std::function<void()>> ready;
    {
        const std::lock_guard lock(mutex_);
        ready.swap(posted_);
    }
    for (const auto& task : ready) task();
}

}   // namespace memhot::app
