// SPDX-License-Identifier: GPL-2.0-or-later
//
// What a memhotctl without the bus answers (MEMHOT_BUILD_DAEMON=OFF).
#ifndef MEMHOT_WITH_BUS

#include "client/bus.hpp"
#include "commands/command.hpp"

namespace memhotctl {

namespace {
std::unexpected<BusError> without_bus() {
    return std::unexpected(
        BusError{exit_code::usage, "this memhotctl was built without the bus (MEMHOT_BUILD_DAEMON)"});
}
}   // namespace

bool daemon_runs_here() { return false; }
BusResult<memhot::Snapshot> snapshot_from_bus(const std::string&, bool) { return without_bus(); }
BusResult<memhot::Snapshot> blocks_from_bus(const std::string&) { return without_bus(); }
BusResult<std::string> policy_test_on_bus(const std::string&, bool, const std::string&) { return without_bus(); }
BusResult<BusJournal> journal_from_bus(const std::string&, bool, const std::string&) { return without_bus(); }
BusResult<BusJob> carry_out_on_bus(const std::string&, const BusOrder&, const memhot::Plan&, const BusListener&) {
    return without_bus();
}
BusResult<bool> cancel_on_bus(const std::string&, bool, const std::string&) { return without_bus(); }
BusStatus follow_bus(const std::string&, const std::function<void(const BusEvent&)>&) { return without_bus(); }

}   // namespace memhotctl

#endif
