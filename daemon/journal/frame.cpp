// SPDX-License-Identifier: GPL-2.0-or-later
#include "journal/frame.hpp"

#include <optional>

#include "journal/checksum.hpp"

namespace memhot::journal {

namespace {

constexpr std::string_view kMagic = "MHJ1";

void put32(std::string& out, std::uint32_t value) {
    for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>((value >> shift) & 0xff);
}

std::uint32_t get32(std::string_view bytes) {
    std::uint32_t value = 0;
    for (std::size_t i = 4; i-- > 0;) value = (value << 8) | static_cast<unsigned char>(bytes[i]);
    return value;
}

struct Found {
    std::string_view payload;
    std::size_t size;   // of the whole record
};

// The good record that begins there.
std::optional<Found> record_at(std::string_view text) {
    if (text.size() < kFrameHeader || !text.starts_with(kMagic)) return std::nullopt;
    if (crc32c(text.substr(0, 12)) != get32(text.substr(12))) return std::nullopt;
    const std::size_t length = get32(text.substr(4));
    if (length > kLongestPayload || text.size() - kFrameHeader < length + 1) return std::nullopt;
    const std::string_view payload = text.substr(kFrameHeader, length);
    if (crc32c(payload) != get32(text.substr(8)) || text[kFrameHeader + length] != '\n') return std::nullopt;
    return Found{payload, kFrameHeader + length + 1};
}

// Where the next good record begins; npos: there is none.
std::size_t next_record(std::string_view text, std::size_t from) {
    for (auto at = text.find(kMagic, from); at != std::string_view::npos; at = text.find(kMagic, at + 1)) {
        if (record_at(text.substr(at))) return at;
    }
    return std::string_view::npos;
}

}   // namespace

std::string frame(std::string_view payload) {
    std::string out(kMagic);
    put32(out, static_cast<std::uint32_t>(payload.size()));
    put32(out, crc32c(payload));
    put32(out, crc32c(out));
    out += payload;
    out += '\n';
    return out;
}

Frames split_frames(std::string_view text) {
    Frames out;
    std::size_t at = 0;
    while (at < text.size()) {
        const auto found = record_at(text.substr(at));
        if (found) {
            out.payloads.push_back(found->payload);
            at += found->size;
            out.good_end = at;
            continue;
        }
        const std::size_t next = next_record(text, at + 1);
        if (next == std::string_view::npos) break;
        out.damaged.push_back({at, next - at});
        at = next;
    }
    out.torn = text.size() - out.good_end;
    return out;
}

}   // namespace memhot::journal
