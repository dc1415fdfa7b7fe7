// SPDX-License-Identifier: GPL-2.0-or-later
//
// memhotd on a host below a directory, whose events the test itself tells.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>

#include "app/app.hpp"
#include "dbus/harness.hpp"
#include "udev/mock_host.hpp"

namespace memhot::test {

// Lines of a pipe: "add memory5", "lost".
class PipeSource final : public memhot::events::EventSource {
public:
    explicit PipeSource(int fd) : fd_(fd) { ::fcntl(fd_, F_SETFL, O_NONBLOCK); }
    [[nodiscard]] int descriptor() const override { return fd_; }
    memhot::events::Received receive(memhot::events::Event& event) override {
        char buffer[4096];
        for (ssize_t got = 0; (got = ::read(fd_, buffer, sizeof buffer)) > 0;)
            pending_.append(buffer, static_cast<std::size_t>(got));
        const auto end = pending_.find('\n');
        if (end == std::string::npos) return memhot::events::Received::nothing;
        std::istringstream line(pending_.substr(0, end));
        pending_.erase(0, end + 1);
        line >> event.action >> event.name;
        event.subsystem = event.name.starts_with("dax") ? "dax" : "memory";
        return event.action == "lost" ? memhot::events::Received::lost : memhot::events::Received::event;
    }

private:
    int fd_;
    std::string pending_;
};

struct PipedDaemon {
    // starting: called by the daemon before it has read the host.
    explicit PipedDaemon(
        const PrivateBus& bus, const std::function<void()>& starting = [] {})
        : host(dir.path("host")) {
        if (::pipe2(pipe, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
        process = start(
            [&] {
                memhot::app::Options options;
                options.bus = bus.address();
                options.root = host.root();
                options.state_directory = dir.path("state");
                options.run_directory = dir.path("state");
                memhot::app::AppHooks hooks;
                hooks.events = [&] {
                    starting();
                    return std::make_unique<PipeSource>(pipe[0]);
                };
                return memhot::app::run(options, hooks);
            },
            dir.path("log"));
        client = std::make_unique<Client>(bus, As::root);
        if (!eventually([&] { return client->manager("ListBlocks", {}).ok(); }, 60'000))
            throw std::runtime_error("memhotd does not start: " + read_text(dir.path("log")));
    }
    void say(const std::string& line) const {
        const std::string whole = line + "\n";
        ASSERT_EQ(::write(pipe[1], whole.data(), whole.size()), static_cast<ssize_t>(whole.size()));
    }
    HostTree dir;
    Host host;
    int pipe[2] = {-1, -1};
    Process process;
    std::unique_ptr<Client> client;
};

}   // namespace memhot::test
