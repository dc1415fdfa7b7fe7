// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <array>
#include <bit>
#include <fmt/format.h>

#include "memhot/cxl.hpp"

namespace memhot {

namespace {

// Its own inverse: the bit that is set is one of those whose parity it is.
std::uint64_t with_xor(const CxlInterleave& interleave, std::uint64_t offset) {
    for (const std::uint64_t map : interleave.xor_maps) {
        if (map == 0) continue;
        const std::uint64_t bit = map & (~map + 1);
        const bool odd = std::popcount(offset & map) % 2 != 0;
        offset = odd ? offset | bit : offset & ~bit;
    }
    return offset;
}

}   // namespace

Status check(const CxlInterleave& interleave) {
    constexpr std::array kWays{1U, 2U, 3U, 4U, 6U, 8U, 12U, 16U};
    if (std::ranges::find(kWays, interleave.ways) == kWays.end()) {
        return bad_input(fmt::format("{} ways: 1, 2, 3, 4, 6, 8, 12 or 16 expected", interleave.ways));
    }
    const std::uint64_t granularity = interleave.granularity;
    if (granularity < 256 || granularity > 16384 || !std::has_single_bit(granularity)) {
        return bad_input(fmt::format("a granularity of {}: a power of two from 256 to 16384 expected", granularity));
    }
    return Done{};
}

std::vector<std::uint64_t> cxl_xor_maps(const std::vector<std::uint64_t>& maps, unsigned host_bridges) {
    // cxl_parse_cxims(): the powers of two in it; a factor of three is left to modulo arithmetic
    const auto wanted = host_bridges == 0 ? 0U : static_cast<unsigned>(std::countr_zero(host_bridges));
    return {maps.begin(), maps.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(wanted, maps.size()))};
}

std::uint64_t cxl_host_offset(const CxlInterleave& interleave, const CxlPlace& place) {
    const std::uint64_t chunk = place.offset / interleave.granularity;
    const std::uint64_t offset =
        (chunk * interleave.ways + place.position) * interleave.granularity + place.offset % interleave.granularity;
    return with_xor(interleave, offset);
}

CxlPlace cxl_place(const CxlInterleave& interleave, std::uint64_t host_offset) {
    const std::uint64_t offset = with_xor(interleave, host_offset);
    const std::uint64_t chunk = offset / interleave.granularity;
    return {.position = static_cast<unsigned>(chunk % interleave.ways),
            .offset = chunk / interleave.ways * interleave.granularity + offset % interleave.granularity};
}

}   // namespace memhot
