// SPDX-License-Identifier: GPL-2.0-or-later
#include "journal/checksum.hpp"

#include <array>

namespace memhot::journal {

namespace {

constexpr std::uint32_t kPolynomial = 0x82f63b78;   // 0x1edc6f41, reflected

constexpr auto kTable = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? kPolynomial : 0);
        table[i] = value;
    }
    return table;
}();

}   // namespace

std::uint32_t crc32c(std::string_view bytes) {
    std::uint32_t crc = 0xffffffff;
    for (const char c : bytes) crc = (crc >> 8) ^ kTable[(crc ^ static_cast<unsigned char>(c)) & 0xff];
    return ~crc;
}

}   // namespace memhot::journal
