// SPDX-License-Identifier: GPL-2.0-or-later
//
// Why something that memhotd was asked for was not done, and the exit status of that: the one place where errors of the bus
// become those of memhotctl(1).
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "memhot/result.hpp"

namespace memhotctl {

struct BusError {
    int status = 0;   // exit status
    std::string text;
};

template <class T>
using BusResult = std::expected<T, BusError>;
using BusStatus = BusResult<memhot::Done>;

// An error of org.memhot1(5) and the status that the verb has in process for the same failure.
struct BusErrorRow {
    std::string_view name;   // behind org.memhot1.Error.
    int status;
};
std::span<const BusErrorRow> bus_errors();

// name: of an error on the bus. What is none of memhotd's is the bus's own: nobody answers.
BusError bus_error(const std::string& where, std::string_view name, const std::string& text);
// No bus, or nobody there.
std::unexpected<BusError> nobody_there(const std::string& where, const std::string& text);

}   // namespace memhotctl
