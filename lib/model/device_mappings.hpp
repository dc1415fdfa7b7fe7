// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which claims of /proc/iomem have struct pages, and over what. iomem alone does not tell: a raw namespace of an NVDIMM
// and a BTT are claimed and have none, and a devdax namespace is claimed in two parts but mapped as one. What the
// snapshot knows of the nvdimm and dax buses decides; where it knows nothing, pages are taken as there and that is said.
#pragma once

#include <string>
#include <vector>

#include "memhot/model.hpp"
#include "memhot/snapshot.hpp"

namespace memhot {

struct DeviceClaim {
    Resource claim;
    std::vector<Range> pages;   // what is mapped; empty: nothing
    MapType type = MapType::generic;
    std::string assumption;   // what had to be supposed; empty: the snapshot says it
};

// Of the busy resources of the pmem and dax drivers, in the order of addresses.
std::vector<DeviceClaim> device_claims(const ResourceTree& resources, const Snapshot& snapshot);

}   // namespace memhot
