// SPDX-License-Identifier: GPL-2.0-or-later
//
// Asks callers for a sign that they read (org.freedesktop.DBus.Peer.Ping), without waiting for it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "dbus/outbox.hpp"

namespace sdbus {
class IConnection;
class IProxy;
}   // namespace sdbus

namespace memhot::bus {

class Pinger {
public:
    explicit Pinger(sdbus::IConnection& connection);
    Pinger(const Pinger&) = delete;
    Pinger& operator=(const Pinger&) = delete;
    ~Pinger();

    // As Outbox::Ask has it. Of one name one ping is on its way at a time.
    bool ping(const std::string& name, std::function<void(Outbox::Heard)> heard);

private:
    sdbus::IConnection& connection_;
    std::map<std::string, std::unique_ptr<sdbus::IProxy>> open_;   // without an answer
    std::unique_ptr<sdbus::IProxy> answered_;   // the last one, which is still in use as it answers
    std::shared_ptr<bool> alive_;
};

}   // namespace memhot::bus
