// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the names in /proc/iomem say about the flags that the file does not print.
#pragma once

#include <string_view>

#include "memhot/iomem.hpp"

namespace memhot {

// Sets busy, system_ram and device_private from the name, the address, the depth (0 = top level) and the parent.
void classify(Resource& resource, unsigned depth, const Resource* parent, std::string_view arch);

// "0000:00:01.0"
bool is_pci_address(std::string_view name);

// A dax range is busy, but for one that holds RAM: kmem clears the flag (drivers/dax/kmem.c dev_dax_kmem_probe).
void unbusy_parents_of_ram(Resource& resource);

}   // namespace memhot
