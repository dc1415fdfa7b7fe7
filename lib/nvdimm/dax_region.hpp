// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Dividing a dax region into devices: the files create, delete, size, align and mapping of Soft Reserved memory and of
// volatile CXL regions (drivers/dax/bus.c, 5.10 and later).
#pragma once

#include <cstdint>
#include <string_view>

#include "nvdimm/bus.hpp"

namespace memhot {

// What no device of the region has; the sum, not the largest piece: a device may have several ranges.
std::uint64_t available_size(const NdBus& bus, const DaxRegion& region);

// Writes to dax_region/create ("1") and dax_region/delete (a name). id: of the new device, where there is one.
NdAnswer dax_create(NdBus& bus, DaxRegion& region, std::string_view text, int* id = nullptr);
NdAnswer dax_delete(NdBus& bus, DaxRegion& region, std::string_view name);

// Writes to the files of a device that has none but a dynamic region above it; static ones refuse.
NdAnswer dax_set_size(NdBus& bus, DaxDevice& device, std::uint64_t size);
NdAnswer dax_set_align(NdBus& bus, DaxDevice& device, std::string_view text);
NdAnswer dax_add_mapping(NdBus& bus, DaxDevice& device, std::string_view text);   // "START-END", hex, inclusive

}   // namespace memhot
