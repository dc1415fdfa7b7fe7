// SPDX-License-Identifier: GPL-2.0-or-later
//
// Events of udev about memory and its devices, one at a time. What reads them is behind an interface, so that tests can
// tell of events in an order of their own.
#pragma once

#include <memory>
#include <string>

#include "memhot/result.hpp"

namespace memhot::events {

struct Event {
    std::string subsystem;   // "memory", "nd", "dax", "cxl", "node"
    std::string action;   // "add", "remove", "online", ...
    std::string name;   // "memory40"
};

enum class Received {
    event,
    nothing,   // for now
    lost,   // ENOBUFS: some never came
};

class EventSource {
public:
    virtual ~EventSource() = default;
    [[nodiscard]] virtual int descriptor() const = 0;
    virtual Received receive(Event& event) = 0;
};

// What udevd passes on once its rules are done with it.
Result<std::unique_ptr<EventSource>> open_udev();

}   // namespace memhot::events
