// SPDX-License-Identifier: GPL-2.0-or-later
//
// memhotd put together: from its options to the exit status.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "app/options.hpp"
#include "events/source.hpp"

namespace memhot::app {

// What tests see and change of a daemon in their own process.
struct AppHooks {
    std::function<void(std::string_view interface, std::string_view member)> before_member;
    std::function<std::unique_ptr<events::EventSource>()> events;   // instead of udev's
    std::optional<std::uint64_t> bus_patience;   // microseconds that the bus may take nothing
};

// 0 ended when it was asked to; 1 failed (the bus went away, an internal error); 2 configuration or usage; 3 the host or
// the bus cannot be reached; 4 the name on the bus cannot be had.
int run(const Options& options, const AppHooks& hooks = {});

}   // namespace memhot::app
