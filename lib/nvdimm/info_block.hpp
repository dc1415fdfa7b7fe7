// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Info blocks byte by byte (struct nd_pfn_sb of drivers/nvdimm/pfn.h, struct btt_sb of btt.h); what programs call is in
// memhot/nvdimm.hpp. Nothing here ever writes to a host.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace memhot {

inline constexpr std::size_t kInfoBlockSize = 4096;
inline constexpr std::size_t kInfoBlockOffset = 4096;   // of all but BTT 2.0, which lies at 0
inline constexpr std::size_t kInfoChecksumAt = 4088;   // __le64 at the end of both structures

// nd_fletcher64() (drivers/nvdimm/core.c) over little-endian words; bytes behind the last whole word do not count.
std::uint64_t fletcher64(std::span<const std::uint8_t> bytes);
// Of an info block: its own field counts as zero (nd_sb_checksum). block: kInfoBlockSize bytes.
std::uint64_t info_block_checksum(std::string_view block);

}   // namespace memhot
