// SPDX-License-Identifier: GPL-2.0-or-later
//
// The service on the bus. Who includes this needs no header of the bus library.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "app/event_loop.hpp"
#include "service/service.hpp"

namespace memhot::bus {

struct BusOptions {
    std::string bus = "system";
    // Called before a member is carried out; tests let it throw.
    std::function<void(std::string_view interface, std::string_view member)> seam;
    std::function<void(const std::string& why)> lost;
    std::optional<std::uint64_t> patience;   // microseconds that the bus may take nothing; absent: a minute
};

class Exported {
public:
    virtual ~Exported() = default;
    // On the bus, without its name yet.
    static Result<std::unique_ptr<Exported>> open(const BusOptions& options, app::EventLoop& loop,
                                                  service::Service& service);
    // From here on clients find it.
    virtual Status own_name() = 0;
};

}   // namespace memhot::bus
