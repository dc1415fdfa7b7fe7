// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A modelled bus as the files of a host would show it: the way back of from_snapshot.hpp.
#pragma once

#include "memhot/nvdimm.hpp"
#include "nvdimm/bus.hpp"

namespace memhot {

// Writes regions, namespaces, instances, info blocks and dax devices of the bus over what the record says of them. What a
// bus does not know (sector sizes that are supported, nodes, names of DIMMs) stays.
void show_devices(const NdBus& bus, NvdimmRecord& record);

}   // namespace memhot
