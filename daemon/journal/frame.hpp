// SPDX-License-Identifier: GPL-2.0-or-later
//
// How records lie in the journal file: 16 bytes of header (magic, length, checksum of the payload, checksum of the
// header; little endian), the payload, a newline. What follows the last good record is a torn tail, unless a good record
// comes behind it: then the file is damaged. Knows bytes, neither files nor what the payload means.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace memhot::journal {

inline constexpr std::string_view kFileHeader = "memhot-journal/1\n";
inline constexpr std::size_t kFrameHeader = 16;
// A plan (to_compact_json) takes about 900 bytes a step here: of 128 MiB blocks 73,000 fit, which are 9 TiB; of the 2 GiB
// blocks that x86 takes on large hosts, 140 TiB.
inline constexpr std::size_t kLongestPayload = 64U << 20;

// The record as it is appended.
std::string frame(std::string_view payload);

struct Damage {
    std::size_t offset = 0;
    std::size_t bytes = 0;
};

struct Frames {
    std::vector<std::string_view> payloads;   // into the text that was given
    std::vector<Damage> damaged;   // between good records
    std::size_t good_end = 0;   // where the last good record ends
    std::size_t torn = 0;   // bytes behind it
};
// text: the file behind its header.
Frames split_frames(std::string_view text);

}   // namespace memhot::journal
