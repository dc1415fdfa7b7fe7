// SPDX-License-Identifier: GPL-2.0-or-later
//
// The objects on the bus behind plain interfaces: each is a thin adaptor over the service, in a file of its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dbus/connection.hpp"
#include "dbus/gate.hpp"
#include "log/log.hpp"
#include "service/service.hpp"

namespace memhot::bus {

// What DumpBlocks gave last: as long as nothing changes everybody gets the same file, so that callers who keep theirs hold no
// more of the kernel's memory than one.
struct BlockDump {
    std::uint64_t generation = 0;
    sdbus::UnixFd file;
};

// What the objects share. Outlives them.
struct World {
    Connection& connection;
    Gate& gate;
    service::Service& service;
    std::map<std::string, std::shared_ptr<void>> watches{};   // of callers with plans, by name
    BlockDump dump{};
};

// A signal that cannot be sent ends nothing: a property of the object failed, or the bus is gone, which is noticed where
// it is read from.
template <class F>
void announce(F&& send) noexcept {
    try {
        send();
    } catch (...) {
        log::say(log::Priority::debug, "a signal could not be sent: " + current_failure().text);
    }
}

struct ManagerObject {
    virtual ~ManagerObject() = default;
    virtual void changed(const std::vector<std::string>& properties) = 0;
    virtual void blocks_changed() = 0;
    virtual void hazard_raised(std::uint64_t id, const std::string& rule) = 0;
    virtual void hazard_cleared(std::uint64_t id) = 0;
    virtual void job_new(const std::string& id) = 0;
    virtual void job_removed(const std::string& id, const std::string& result) = 0;
};
std::unique_ptr<ManagerObject> make_manager(World& world);

struct JobObject {
    virtual ~JobObject() = default;
    virtual void changed() = 0;
    virtual void completed(const std::string& result, int exit_status) = 0;
};
std::unique_ptr<JobObject> make_job(World& world, const std::string& id);

// Regions, namespaces and dax devices: made, changed and taken away as the state has them.
struct DeviceObjects {
    virtual ~DeviceObjects() = default;
    virtual void update() = 0;
    [[nodiscard]] virtual std::size_t count() const = 0;
};
std::unique_ptr<DeviceObjects> make_devices(World& world);

}   // namespace memhot::bus
