// SPDX-License-Identifier: GPL-2.0-or-later
#include "dbus/connection.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <limits>

#include "dbus/compat.hpp"

namespace memhot::bus {

namespace {

// Messages that are handled before anything else of the loop gets its turn.
constexpr int kAtOnce = 64;
// ... and no longer than this: the watchdog is the loop's, too.
constexpr auto kLongestTurn = std::chrono::milliseconds(50);
// At the end, for what is still to be said.
constexpr auto kLastWords = std::chrono::seconds(1);

std::unique_ptr<sdbus::IConnection> connect(const std::string& bus) {
    if (bus == "system") return sdbus::createSystemBusConnection();
    if (bus == "session") return sdbus::createSessionBusConnection();
    return sdbus::createSessionBusConnectionWithAddress(bus);
}

}   // namespace

Connection::Connection(std::unique_ptr<sdbus::IConnection> connection, std::function<void(const std::string&)> lost,
                       std::uint64_t patience)
    : connection_(std::move(connection)), lost_(std::move(lost)), patience_(patience) {}
Connection::~Connection() { flush(); }

// The library flushes without end where it closes a connection (sd_bus_flush_close_unref()): a bus that takes nothing any
// more would keep the daemon from ending.
void Connection::flush() noexcept {
    try {
        const auto end = std::chrono::steady_clock::now() + kLastWords;
        while (!is_lost_ && full()) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
            if (left.count() <= 0 || !writable(static_cast<int>(left.count()))) break;
            compat::process(*connection_);   // writes, and handles nothing as long as there is something to write
        }
        if (full()) ::shutdown(connection_->getEventLoopPollData().fd, SHUT_RDWR);
    } catch (...) {
        return;   // the bus is gone
    }
}

Result<std::unique_ptr<Connection>> Connection::open(const std::string& bus, app::EventLoop& loop,
                                                     std::function<void(const std::string& why)> lost,
                                                     std::uint64_t patience) {
    try {
        auto out = std::unique_ptr<Connection>(new Connection(connect(bus), std::move(lost), patience));
        out->attach(loop);
        return out;
    } catch (const sdbus::Error& error) {
        return Error(ErrorKind::io, "the " + bus + " bus cannot be reached: " + error.getMessage());
    }
}

// sdbus-c++ 1.2 has no sd_event of its own: its descriptor, events and timeout are looked up before each wait. sd-bus may
// also hold messages that it has read already; then the timeout is in the past.
void Connection::attach(app::EventLoop& loop) {
    timer_ = loop.on_timer([this] { turn(); });
    stuck_ = loop.on_timer([this] {
        lose("it has taken nothing for too long; a client does not read its answers, and the bus waits for it");
    });
    io_ = loop.on_io(connection_->getEventLoopPollData().fd, 0, [this](std::uint32_t events) {
        if ((events & static_cast<std::uint32_t>(POLLOUT)) != 0) stuck_.disarm();
        turn();
    });
    io_.before_wait([this] { look(); });
}

bool Connection::full() const { return (connection_->getEventLoopPollData().events & POLLOUT) != 0; }

bool Connection::writable(int milliseconds) const {
    pollfd what{connection_->getEventLoopPollData().fd, POLLOUT, 0};
    return ::poll(&what, 1, milliseconds) > 0;
}

// What the bus does not take is kept here, so no more is read as long as there is any: its answers would be kept, too.
void Connection::look() {
    if (is_lost_) return;
    try {
        const auto data = connection_->getEventLoopPollData();
        const bool waits = (data.events & POLLOUT) != 0;
        // EPOLLIN and the like have poll()'s values
        io_.set_events(static_cast<std::uint32_t>(waits ? POLLOUT : data.events & POLLIN));
        if (!waits) stuck_.disarm();
        if (waits && !stuck_.armed()) stuck_.arm_in(patience_);
        const std::uint64_t timeout = compat::timeout_of(data);
        if (waits || timeout == std::numeric_limits<std::uint64_t>::max()) {
            timer_.disarm();
        } else {
            timer_.arm_at(timeout);
        }
    } catch (const sdbus::Error& error) {
        lose(error.getMessage());
    }
}

void Connection::turn() {
    if (is_lost_) return;
    try {
        const auto end = std::chrono::steady_clock::now() + kLongestTurn;
        for (int i = 0; i < kAtOnce; ++i) {
            if (full() && !writable(0)) break;
            if (!compat::process(*connection_) || std::chrono::steady_clock::now() >= end) break;
        }
    } catch (const sdbus::Error& error) {
        lose(error.getMessage());
    }
}

void Connection::lose(const std::string& why) {
    if (is_lost_) return;
    is_lost_ = true;
    io_.set_events(0);
    timer_.disarm();
    stuck_.disarm();
    lost_(why);
}

Status Connection::own_name(const std::string& name) {
    try {
        compat::request_name(*connection_, name);
        return Done{};
    } catch (const sdbus::Error& error) {
        return Error(ErrorKind::not_permitted, "the name " + name + " cannot be had on the bus: " + error.getMessage() +
                                                   "; another memhotd has it, or the bus policy does not let us");
    }
}

bool Connection::is_there(const std::string& name) {
    bool out = false;
    compat::make_proxy(*connection_, "org.freedesktop.DBus", "/org/freedesktop/DBus")
        ->callMethod("NameHasOwner")
        .onInterface("org.freedesktop.DBus")
        .withArguments(name)
        .storeResultsTo(out);
    return out;
}

std::shared_ptr<void> Connection::watch(const std::string& name, std::function<void()> gone) {
    const std::string rule = "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
                             "member='NameOwnerChanged',path='/org/freedesktop/DBus',arg0='" +
                             name + "',arg2=''";
    return compat::add_match(*connection_, rule, std::move(gone));
}

}   // namespace memhot::bus
