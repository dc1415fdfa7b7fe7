// SPDX-License-Identifier: GPL-2.0-or-later
//
// The connection to the bus inside of the daemon's loop. All of it is for the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "app/event_loop.hpp"

namespace sdbus {
class IConnection;
}

namespace memhot::bus {

class Connection {
public:
    // "system", "session" or an address such as "unix:path=/run/x". lost: the bus went away.
    static Result<std::unique_ptr<Connection>> open(const std::string& bus, app::EventLoop& loop,
                                                    std::function<void(const std::string& why)> lost);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    [[nodiscard]] sdbus::IConnection& get() { return *connection_; }
    // Errors: another has it, or the bus does not let us.
    Status own_name(const std::string& name);
    // gone is called once, when a name leaves the bus, for as long as the handle lives.
    // Whether that name has an owner now. Asks the bus, and waits for it.
    bool is_there(const std::string& name);
    std::shared_ptr<void> watch(const std::string& name, std::function<void()> gone);

private:
    Connection(std::unique_ptr<sdbus::IConnection> connection, std::function<void(const std::string&)> lost);
    void attach(app::EventLoop& loop);
    void look();
    void turn();

    std::unique_ptr<sdbus::IConnection> connection_;
    std::function<void(const std::string&)> lost_;
    bool is_lost_ = false;
    app::Source io_;
    app::Source timer_;
};

}   // namespace memhot::bus
