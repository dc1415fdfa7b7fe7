// SPDX-License-Identifier: GPL-2.0-or-later
#include "events/watcher.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace memhot::events {

namespace {

// Taken before anything else of the loop gets its turn.
constexpr int kAtOnce = 512;

}   // namespace

std::optional<std::uint64_t> block_of(const std::string& name) {
    constexpr std::string_view kPrefix = "memory";
    if (!name.starts_with(kPrefix)) return std::nullopt;
    std::uint64_t number = 0;
    const char* end = name.data() + name.size();
    const auto read = std::from_chars(name.data() + kPrefix.size(), end, number);
    return read.ec == std::errc{} && read.ptr == end ? std::optional(number) : std::nullopt;
}

Watcher::Watcher(app::EventLoop& loop, std::unique_ptr<EventSource> source, Times times,
                 std::function<void(Batch)> happened)
    : source_(std::move(source)), times_(times), happened_(std::move(happened)),
      io_(loop.on_io(source_->descriptor(), EPOLLIN, [this](std::uint32_t) { drain(); })),
      timer_(loop.on_timer([this] { timer_came(); })) {}

void Watcher::take(const Event& event) {
    ++received_;
    if (event.subsystem != "memory") {
        devices_ = true;
    } else if (const auto block = block_of(event.name)) {
        blocks_.insert(*block);
        if (event.action == "add") added_.insert(*block);
        if (event.action == "remove") {
            added_.erase(*block);
            removed_.insert(*block);
        }
    }
}

void Watcher::drain() {
    Event event;
    bool any = false;
    bool empty = false;
    for (int i = 0; i < kAtOnce; ++i) {
        const Received received = source_->receive(event);
        empty = received == Received::nothing;
        if (empty) break;
        any = true;
        if (received == Received::lost) {
            lost_ = true;
        } else {
            take(event);
        }
    }
    if (!any && !lost_) return;
    expect();
    if (!lost_) return;
    // What was lost is made good at once, but behind all that is still there: until its queue is empty, netlink drops
    // what else comes and says no more of it (af_netlink.c: netlink_overrun(), netlink_rcv_wake()).
    if (empty) return deliver(false);
    timer_.arm_at(last_);
}

void Watcher::expect() {
    last_ = app::EventLoop::now();
    if (first_ == 0) first_ = last_;
    timer_.arm_at(std::min(last_ + times_.coalesce, first_ + times_.limit));
}

void Watcher::timer_came() {
    if (lost_) return drain();
    deliver(app::EventLoop::now() >= last_ + times_.coalesce);
}

void Watcher::deliver(bool quiet) {
    Batch batch;
    batch.blocks.assign(blocks_.begin(), blocks_.end());
    batch.added = std::exchange(added_, {});
    batch.removed = std::exchange(removed_, {});
    batch.devices = devices_;
    batch.lost = lost_;
    batch.quiet = quiet;
    blocks_.clear();
    devices_ = false;
    lost_ = false;
    first_ = 0;
    if (quiet) {
        timer_.disarm();
    } else {
        timer_.arm_at(last_ + times_.coalesce);
    }
    happened_(std::move(batch));
}

}   // namespace memhot::events
