// SPDX-License-Identifier: GPL-2.0-or-later
//
// What a THING or a RANGE on the command line means on a host.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/host.hpp"

namespace memhotctl {

struct Thing {
    enum class Kind { range, block, section, node, resource, device };
    Kind kind = Kind::range;
    std::string name;                    // as given
    std::vector<memhot::Range> ranges;   // ascending; several for a node or for a name that several resources have;
                                         // none of a device that has no space, or whose addresses are hidden
};

// START-END, START+SIZE, blockN[-M], sectionN[-M], nodeN, a region, namespace or dax device, or a name in /proc/iomem.
memhot::Result<Thing> find_thing(const Host& host, std::string_view text);
// The same where exactly one range is needed.
memhot::Result<memhot::Range> find_range(const Host& host, std::string_view text);

}   // namespace memhotctl
