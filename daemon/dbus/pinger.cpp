// SPDX-License-Identifier: GPL-2.0-or-later
#include "dbus/pinger.hpp"

#include <array>
#include <chrono>
#include <string_view>

#include "dbus/compat.hpp"
#include "log/log.hpp"

namespace memhot::bus {

namespace {

// The bus answers where the caller does not; nothing is lost by waiting for it.
constexpr std::chrono::hours kPatience{24 * 365};

// What the bus itself says of a name (bus/dispatch.c and bus/connection.c of dbus-daemon): it has gone, or it was not
// asked at all.
constexpr std::array<std::string_view, 4> kGone{
    "org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner",
    "org.freedesktop.DBus.Error.NoReply", "org.freedesktop.DBus.Error.Disconnected"};
constexpr std::array<std::string_view, 3> kNotAsked{"org.freedesktop.DBus.Error.AccessDenied",
                                                    "org.freedesktop.DBus.Error.LimitsExceeded",
                                                    "org.freedesktop.DBus.Error.Timeout"};

Outbox::Heard heard_of(const sdbus::Error* error) {
    if (error == nullptr) return Outbox::Heard::read;
    const std::string name = error->getName();
    for (const auto gone : kGone) {
        if (name == gone) return Outbox::Heard::gone;
    }
    for (const auto nothing : kNotAsked) {
        if (name == nothing) return Outbox::Heard::nothing;
    }
    return Outbox::Heard::read;   // one that knows no Ping answers all the same
}

}   // namespace

Pinger::Pinger(sdbus::IConnection& connection) : connection_(connection), alive_(std::make_shared<bool>(true)) {}
Pinger::~Pinger() { *alive_ = false; }

bool Pinger::ping(const std::string& name, std::function<void(Outbox::Heard)> heard) {
    // must not throw: it runs below the bus library, which in 1.2 ends the process
    auto reply = [this, alive = alive_, name, heard = std::move(heard)](compat::ReplyError given) {
        if (!*alive) return;
        const auto what = heard_of(compat::error_of(given));
        const auto then = heard;   // what holds it goes
        if (const auto found = open_.find(name); found != open_.end()) {
            auto last = std::move(answered_);   // now nobody uses it any more, unless it is this one's
            answered_ = std::move(found->second);
            open_.erase(found);
        }
        then(what);
    };
    try {
        auto& proxy = open_[name];
        proxy = compat::make_proxy(connection_, name, "/");
        proxy->callMethodAsync("Ping")
            .onInterface("org.freedesktop.DBus.Peer")
            .withTimeout(std::chrono::duration_cast<std::chrono::microseconds>(kPatience))
            .withArguments()
            .uponReplyInvoke(std::move(reply));
        return true;
    } catch (const sdbus::Error& error) {
        log::say(log::Priority::debug, "a ping could not be sent: " + error.getMessage());
        open_.erase(name);
        return false;
    }
}

}   // namespace memhot::bus
