// SPDX-License-Identifier: GPL-2.0-or-later
//
// Any bytes as the records of a journal, and each line as an entry: records never overlap, an entry that is read is written
// and read back as itself, and jobs are told or refused in one line.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "journal/entry.hpp"
#include "journal/frame.hpp"

namespace journal = memhot::journal;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

void check_frames(std::string_view bytes) {
    const auto frames = journal::split_frames(bytes);
    require(frames.good_end + frames.torn == bytes.size());
    std::size_t size = 0;
    std::string whole;
    for (const auto payload : frames.payloads) {
        whole += journal::frame(payload);
        size += payload.size() + journal::kFrameHeader + 1;
    }
    for (const auto& damage : frames.damaged) size += damage.bytes;
    require(size == frames.good_end);
    require(journal::split_frames(whole).payloads == frames.payloads);
}

std::vector<journal::Entry> entries_of(std::string_view text) {
    std::vector<journal::Entry> out;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        auto entry = journal::entry_from_json(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (!entry) continue;
        const auto back = journal::entry_from_json(to_json(*entry));
        require(back.ok() && *back == *entry);
        out.push_back(*std::move(entry));
    }
    return out;
}

}   // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    check_frames(bytes);
    for (const auto& job : journal::jobs_of(entries_of(bytes))) {
        require(!job.id.empty());
        for (const char c : job.contradiction) require(static_cast<unsigned char>(c) >= 0x20);
    }
    return 0;
}
