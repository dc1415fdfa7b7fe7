// SPDX-License-Identifier: GPL-2.0-or-later
//
// Counters of the daemon as OpenMetrics text, for whoever connects to its socket. Numbers of things, never addresses.
#pragma once

#include <string>
#include <vector>

#include "app/event_loop.hpp"
#include "service/service.hpp"

namespace memhot::metrics {

std::string text(const service::Service& service);

// The socket that systemd passed (memhotd-metrics.socket); nothing where it passed none.
class Server {
public:
    Server(app::EventLoop& loop, const service::Service& service);
    [[nodiscard]] bool active() const { return source_.active(); }

private:
    void answer();
    void later(int error);
    const service::Service& service_;
    int fd_ = -1;
    app::Source source_;
    app::Source again_;   // once there are no descriptors left
    bool said_ = false;
};

}   // namespace memhot::metrics
