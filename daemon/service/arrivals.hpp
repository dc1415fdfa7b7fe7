// SPDX-License-Identifier: GPL-2.0-or-later
//
// Memory blocks that policies have still to be asked about. A block comes once: with its event, or with a reading of the
// whole host that found it before its event was there.
#pragma once

#include <cstdint>
#include <set>

#include "events/watcher.hpp"
#include "state/block_table.hpp"

namespace memhot::service {

class Arrivals {
public:
    // known: the blocks before the batch was looked at.
    void heard(const events::Batch& batch, const state::BlockTable& known);
    // A reading of the whole host.
    void found(const state::BlockTable& before, const state::BlockTable& now);
    // Those since the last time.
    std::set<std::uint64_t> take();

private:
    std::set<std::uint64_t> came_;
    std::set<std::uint64_t>
        gone_;   // by their events; what is known all the same came back, and its event is on its way
};

}   // namespace memhot::service
