// SPDX-License-Identifier: LGPL-2.1-or-later
//
// mem_section[] with its sub-section bits (mm/sparse.c; f1eca35a0dc7, 326e1b8f83a4, f46edbd1b151): which sections are
// present, early, online, and which 2 MiB of each have a memmap.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "memhot/model.hpp"
#include "model/cow_table.hpp"

namespace memhot {

// Bits [first, first + count) of one section.
struct SubsectionSpan {
    unsigned first = 0;
    unsigned count = 0;
};

class SectionTable {
public:
    enum Flag : std::uint8_t { kPresent = 1, kHasMemMap = 2, kOnline = 4, kEarly = 8 };

    explicit SectionTable(unsigned section_size_bits)
        : section_size_bits_(section_size_bits), bits_(1U << (section_size_bits - kSubsectionShift)),
          words_((bits_ + 63) / 64) {}

    [[nodiscard]] std::uint64_t section_size() const { return 1ULL << section_size_bits_; }
    [[nodiscard]] std::uint64_t number_of(std::uint64_t address) const { return address >> section_size_bits_; }
    [[nodiscard]] unsigned subsections() const { return bits_; }

    [[nodiscard]] std::uint8_t flags(std::uint64_t number) const;
    [[nodiscard]] bool has(std::uint64_t number, Flag flag) const { return (flags(number) & flag) != 0; }
    [[nodiscard]] bool any(std::uint64_t number, SubsectionSpan span) const;
    [[nodiscard]] bool all(std::uint64_t number, SubsectionSpan span) const;
    [[nodiscard]] bool empty(std::uint64_t number) const { return !any(number, {0, bits_}); }
    [[nodiscard]] bool bit(std::uint64_t address) const;
    [[nodiscard]] SectionInfo info(std::uint64_t number) const;

    void set_flags(std::uint64_t number, std::uint8_t flags);
    void set(std::uint64_t number, SubsectionSpan span, bool value);

    template <class Visit>
    void for_each_present(Visit&& visit) const {
        table_.for_each_chunk([&](std::uint64_t base, const Chunk& chunk) {
            for (std::size_t i = 0; i < kChunk; ++i) {
                if ((chunk.flags[i] & kPresent) != 0) visit(base + i);
            }
        });
    }
    // Bytes held, shared or not.
    [[nodiscard]] std::size_t memory() const;

private:
    static constexpr std::size_t kChunk = 1024;
    struct Chunk {
        std::array<std::uint8_t, kChunk> flags{};
        std::vector<std::uint64_t> words;
    };
    Chunk& writable(std::uint64_t number);
    [[nodiscard]] std::uint64_t word_mask(unsigned word, SubsectionSpan span) const;

    unsigned section_size_bits_;
    unsigned bits_;    // sub-sections in a section: 8 to 512
    unsigned words_;   // 64 bit words a section
    CowTable<Chunk, kChunk> table_;
};

}   // namespace memhot
