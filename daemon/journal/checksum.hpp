// SPDX-License-Identifier: GPL-2.0-or-later
//
// CRC-32C (Castagnoli, RFC 3720 appendix B.4): finds every burst of up to 32 bits, and single flipped bits with certainty.
#pragma once

#include <cstdint>
#include <string_view>

namespace memhot::journal {

std::uint32_t crc32c(std::string_view bytes);

}   // namespace memhot::journal
