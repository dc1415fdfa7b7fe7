// SPDX-License-Identifier: GPL-2.0-or-later
//
// A host whose firmware placed things elsewhere.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "memhot/snapshot.hpp"
#include "memhot/units.hpp"

namespace memhotctl {

// A distance along the address space.
struct Shift {
    bool down = false;
    std::uint64_t bytes = 0;
};

// "+64M", "64M", "-2M".
memhot::Result<Shift> parse_shift(std::string_view text);
memhot::Result<std::uint64_t> shifted(std::uint64_t address, const Shift& shift);
memhot::Result<memhot::Range> shifted(const memhot::Range& range, const Shift& shift);

// The host as it would have booted with everything from `from` on moved: each line of /proc/iomem that starts at or
// behind it moves, one that spans it grows or shrinks; blocks and zones are those of boot, on their old nodes.
memhot::Result<memhot::Snapshot> shift_tail(const memhot::Snapshot& snapshot, std::uint64_t from, const Shift& shift);

// The same with regions, namespaces and dax devices: from the first persistent-memory region on all of it moves, and where
// there is none from the first CXL region or dax device on.
struct ShiftedBus {
    memhot::Snapshot snapshot;
    std::string moved;   // what lies where
    std::vector<std::string> refused_names;
    std::vector<std::string> raw_names;   // of those: namespaces that come up raw, without their info block
    std::vector<std::string> refused;   // in the order of refused_names: what would not be attached there, and why
};
// profile: of the kernel that attaches them there; absent: the host's.
memhot::Result<ShiftedBus> shift_bus(const memhot::Snapshot& snapshot, const Shift& shift,
                                     std::shared_ptr<const memhot::KernelProfile> profile);

}   // namespace memhotctl
