// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/section_table.hpp"

#include <algorithm>

namespace memhot {

std::uint8_t SectionTable::flags(std::uint64_t number) const {
    const Chunk* chunk = table_.find(number);
    return chunk == nullptr ? std::uint8_t{0} : chunk->flags[number % kChunk];
}

// The bits of span that lie in one 64 bit word of the section.
std::uint64_t SectionTable::word_mask(unsigned word, SubsectionSpan span) const {
    const unsigned from = std::max(span.first, word * 64);
    const unsigned to = std::min(span.first + span.count, word * 64 + 64);
    if (from >= to) return 0;
    const std::uint64_t ones = to - from == 64 ? ~0ULL : (1ULL << (to - from)) - 1;
    return ones << (from - word * 64);
}

bool SectionTable::any(std::uint64_t number, SubsectionSpan span) const {
    const Chunk* chunk = table_.find(number);
    if (chunk == nullptr) return false;
    const std::size_t base = (number % kChunk) * words_;
    for (unsigned word = 0; word < words_; ++word) {
        if ((chunk->words[base + word] & word_mask(word, span)) != 0) return true;
    }
    return false;
}

bool SectionTable::all(std::uint64_t number, SubsectionSpan span) const {
    const Chunk* chunk = table_.find(number);
    if (chunk == nullptr) return false;
    const std::size_t base = (number % kChunk) * words_;
    for (unsigned word = 0; word < words_; ++word) {
        const std::uint64_t mask = word_mask(word, span);
        if ((chunk->words[base + word] & mask) != mask) return false;
    }
    return true;
}

bool SectionTable::bit(std::uint64_t address) const {
    const auto index = static_cast<unsigned>((address & (section_size() - 1)) >> kSubsectionShift);
    return any(number_of(address), {index, 1});
}

SectionInfo SectionTable::info(std::uint64_t number) const {
    const std::uint8_t have = flags(number);
    SectionInfo info{.number = number,
                     .present = (have & kPresent) != 0,
                     .has_mem_map = (have & kHasMemMap) != 0,
                     .early = (have & kEarly) != 0,
                     .online = (have & kOnline) != 0,
                     .subsections = std::vector<std::uint64_t>(words_, 0)};
    if (const Chunk* chunk = table_.find(number)) {
        const auto first = chunk->words.begin() + static_cast<std::ptrdiff_t>((number % kChunk) * words_);
        std::copy_n(first, words_, info.subsections.begin());
    }
    return info;
}

SectionTable::Chunk& SectionTable::writable(std::uint64_t number) {
    return table_.writable(number, [&] {
        Chunk blank;
        blank.words.assign(kChunk * words_, 0);
        return blank;
    });
}

void SectionTable::set_flags(std::uint64_t number, std::uint8_t flags) {
    writable(number).flags[number % kChunk] = flags;
}

void SectionTable::set(std::uint64_t number, SubsectionSpan span, bool value) {
    Chunk& chunk = writable(number);
    const std::size_t base = (number % kChunk) * words_;
    for (unsigned word = 0; word < words_; ++word) {
        const std::uint64_t mask = word_mask(word, span);
        auto& bits = chunk.words[base + word];
        bits = value ? bits | mask : bits & ~mask;
    }
}

std::size_t SectionTable::memory() const {
    return table_.chunk_count() * (sizeof(Chunk) + kChunk * words_ * sizeof(std::uint64_t));
}

}   // namespace memhot
