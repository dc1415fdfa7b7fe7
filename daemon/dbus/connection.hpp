// SPDX-License-Identifier: GPL-2.0-or-later
//
// The connection to the bus inside of the daemon's loop. All of it is for the loop's thread.
#pragma once

#include <cstdint>
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
    // How long the bus may take nothing of what is said, in microseconds.
    static constexpr std::uint64_t kPatience = 60'000'000;
    // "system", "session" or an address such as "unix:path=/run/x". lost: the bus went away, or its patience is over.
    static Result<std::unique_ptr<Connection>> open(const std::string& bus, app::EventLoop& loop,
                                                    std::function<void(const std::string& why)> lost,
                                                    std::uint64_t patience = kPatience);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    // What is not sent a second later is not sent.
    ~Connection();

    [[nodiscard]] sdbus::IConnection& get() { return *connection_; }
    // Errors: another has it, or the bus does not let us.
    Status own_name(const std::string& name);
    // Whether that name has an owner now. Asks the bus, and waits for it.
    bool is_there(const std::string& name);
    // gone is called once, when a name leaves the bus, for as long as the handle lives.
    std::shared_ptr<void> watch(const std::string& name, std::function<void()> gone);

private:
    Connection(std::unique_ptr<sdbus::IConnection> connection, std::function<void(const std::string&)> lost,
               std::uint64_t patience);
    void attach(app::EventLoop& loop);
    void look();
    void turn();
    void lose(const std::string& why);
    // Whether something waits for the bus to take it.
    [[nodiscard]] bool full() const;
    [[nodiscard]] bool writable(int milliseconds) const;
    void flush() noexcept;

    std::unique_ptr<sdbus::IConnection> connection_;
    std::function<void(const std::string&)> lost_;
    bool is_lost_ = false;
    app::Source io_;
    app::Source timer_;
    app::Source stuck_;   // armed as long as the bus takes nothing
    std::uint64_t patience_;
};

}   // namespace memhot::bus
