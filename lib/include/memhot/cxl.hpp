// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where an interleaved CXL region keeps its bytes: host address to device address and back (drivers/cxl/core/region.c
// cxl_calculate_hpa_offset, cxl_calculate_dpa_offset, cxl_calculate_position; drivers/cxl/acpi.c cxl_do_xormap_calc).
// Offsets count from the start of the region and of what a device gives to it. Pure arithmetic.
#pragma once

#include <cstdint>
#include <vector>

#include "memhot/result.hpp"

namespace memhot {

struct CxlInterleave {
    unsigned ways = 1;   // 1, 2, 3, 4, 6, 8, 12, 16
    std::uint64_t granularity = 256;   // 256 bytes to 16 KiB, a power of two
    // XOR arithmetic of the root decoder (CXIMS): the lowest bit of each map is the parity of the bits in it. None for
    // modulo arithmetic. Which ones count depends on the host bridges below: see cxl_xor_maps().
    std::vector<std::uint64_t> xor_maps{};
};
// cxl_validate_translation_params().
Status check(const CxlInterleave& interleave);
// Of the maps of a CXIMS those that a window over so many host bridges uses: 1 for two, 2 for four, 3 for eight, ...
std::vector<std::uint64_t> cxl_xor_maps(const std::vector<std::uint64_t>& maps, unsigned host_bridges);

struct CxlPlace {
    unsigned position = 0;   // in the interleave set
    std::uint64_t offset = 0;   // on that device
    friend bool operator==(const CxlPlace&, const CxlPlace&) = default;
};
// Of an interleave that check() takes.
std::uint64_t cxl_host_offset(const CxlInterleave& interleave, const CxlPlace& place);
CxlPlace cxl_place(const CxlInterleave& interleave, std::uint64_t host_offset);

}   // namespace memhot
