// SPDX-License-Identifier: GPL-2.0-or-later
//
// What lsmem does not know about memory blocks: who owns them, which device they came from, why they cannot be offlined.
#pragma once

#include <string>
#include <vector>

#include "client/blocks.hpp"
#include "client/layout.hpp"

namespace memhotctl {

// Blocks that the kernel refuses to offline for one reason.
struct OfflineRefusal {
    memhot::RuleId rule = memhot::RuleId::none;
    std::vector<std::uint64_t> blocks;
};

class BlockOwners {
public:
    // The model of the host must be there.
    explicit BlockOwners(const Host& host);

    // RAM and devices in the range, each name once.
    [[nodiscard]] std::vector<std::string> owners(const memhot::Range& range) const;
    // Devices that hold memory of the range, or whose memory became RAM.
    [[nodiscard]] std::vector<std::string> devices(const memhot::Range& range) const;
    [[nodiscard]] std::vector<OfflineRefusal> refusals(std::uint64_t first_block, std::uint64_t last_block) const;

private:
    const Host& host_;
    std::vector<Extent> extents_;
};

// "holes", "several zones", ...: short enough for a column.
std::string_view short_reason(memhot::RuleId rule);

}   // namespace memhotctl
