// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/bus_error.hpp"

#include <algorithm>
#include <array>

#include "commands/command.hpp"
#include "output/text.hpp"

namespace memhotctl {

namespace {

constexpr std::array<BusErrorRow, 13> kErrors{{
    {"Refused", exit_code::no},   // a plan that is refused by a rule
    {"Stale", exit_code::no},   // refuse_stale()
    {"NotConfirmed", exit_code::no},   // confirm(): something was to be named
    {"BadInput", exit_code::usage},
    {"NotFound", exit_code::usage},
    {"Unsupported", exit_code::usage},
    {"Ambiguous", exit_code::usage},
    {"Hidden", exit_code::not_authorised},
    {"NotAuthorized", exit_code::not_authorised},
    {"Busy", exit_code::failed},   // the lock is somebody else's
    {"Io", exit_code::failed},
    {"LimitExceeded", exit_code::failed},
    {"Internal", exit_code::failed},   // as an exception in process
}};

}   // namespace

std::span<const BusErrorRow> bus_errors() { return kErrors; }

BusError bus_error(const std::string& where, std::string_view name, const std::string& text) {
    constexpr std::string_view kPrefix = "org.memhot1.Error.";
    if (!name.starts_with(kPrefix)) return nobody_there(where, "memhotd does not answer: " + text).error();
    const auto row = std::ranges::find(kErrors, name.substr(kPrefix.size()), &BusErrorRow::name);
    // A newer memhotd may have more of them: whatever it is, nothing was done.
    return {row == kErrors.end() ? exit_code::failed : row->status, text};
}

std::unexpected<BusError> nobody_there(const std::string& where, const std::string& text) {
    return std::unexpected(BusError{exit_code::unreachable, "--host " + in_quotes(where) + ": " + text});
}

}   // namespace memhotctl
