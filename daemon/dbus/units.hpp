// SPDX-License-Identifier: GPL-2.0-or-later
//
// Units of systemd that policies have started. A start that was accepted can fail all the same, so its job is followed to
// its end; what fails is said.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "dbus/compat.hpp"

namespace memhot::bus {

class Units {
public:
    explicit Units(sdbus::IConnection& connection) : connection_(connection) {}
    Units(const Units&) = delete;
    Units& operator=(const Units&) = delete;
    ~Units() = default;

    // Errors come from the bus itself; those of systemd are said when they come.
    void start(const std::string& unit);

private:
    void listen();
    void job_removed(const std::string& job, const std::string& result);

    sdbus::IConnection& connection_;
    std::map<std::string, std::string> jobs_;   // their units
    std::unique_ptr<sdbus::IProxy> systemd_;   // made for the first unit; without it a reply goes nowhere
};

}   // namespace memhot::bus
