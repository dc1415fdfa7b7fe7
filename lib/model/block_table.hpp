// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Memory blocks (drivers/base/memory.c struct memory_block): the sysfs unit that is onlined and offlined.
#pragma once

#include <array>
#include <cstdint>

#include "model/cow_table.hpp"
#include "model/zones.hpp"

namespace memhot {

struct Block {
    bool exists = false;
    bool online = false;
    bool boot = false;
    Zone zone = Zone::none;            // of all its pages; none: offline, or several
    std::int16_t node = 0;
    bool supposed = false;             // added in the model: nobody saw the memory
    std::uint32_t vmemmap_pages = 0;   // memmap_on_memory: pages at the start that hold the memmap
    std::uint32_t group = 0;           // memory_block.group: of State::groups, from 1; 0: none
};

class BlockTable {
public:
    [[nodiscard]] const Block& at(std::uint64_t number) const {
        static constexpr Block kAbsent{};
        const Chunk* chunk = table_.find(number);
        return chunk == nullptr ? kAbsent : (*chunk)[number % kChunk];
    }
    [[nodiscard]] Block& writable(std::uint64_t number) {
        return table_.writable(number, [] { return Chunk{}; })[number % kChunk];
    }

    template <class Visit>
    void for_each(Visit&& visit) const {
        table_.for_each_chunk([&](std::uint64_t base, const Chunk& chunk) {
            for (std::size_t i = 0; i < kChunk; ++i) {
                if (chunk[i].exists) visit(base + i, chunk[i]);
            }
        });
    }
    // visit(number, block) for those of [first, last] that exist, ascending; false stops.
    template <class Visit>
    void for_each_in(std::uint64_t first, std::uint64_t last, Visit&& visit) const {
        table_.for_each_chunk_in(first, last, [&](std::uint64_t base, const Chunk& chunk) {
            for (std::size_t i = first > base ? first - base : 0; i < kChunk && base + i <= last; ++i) {
                if (chunk[i].exists && !visit(base + i, chunk[i])) return false;
            }
            return true;
        });
    }

private:
    static constexpr std::size_t kChunk = 1024;
    using Chunk = std::array<Block, kChunk>;
    CowTable<Chunk, kChunk> table_;
};

}   // namespace memhot
