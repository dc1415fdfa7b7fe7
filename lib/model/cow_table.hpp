// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A sparse table from small numbers to chunks of records, copied on write: copying the table costs one pointer, the
// first change after it the list of chunks and one chunk. A 64 TiB host has half a million sections and as many blocks.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace memhot {

// Chunk: a copyable record of kChunkSize entries.
template <class Chunk, std::size_t kChunkSize>
class CowTable {
public:
    using Chunks = std::vector<std::shared_ptr<Chunk>>;

    // The chunk that holds number, or nullptr where nothing was ever written near it.
    [[nodiscard]] const Chunk* find(std::uint64_t number) const {
        const std::uint64_t index = number / kChunkSize;
        return index < chunks_->size() ? (*chunks_)[index].get() : nullptr;
    }
    // The chunk that holds number, made (by blank(), where there is none) or copied so that it may be changed.
    template <class Blank>
    Chunk& writable(std::uint64_t number, Blank&& blank) {
        if (chunks_.use_count() != 1) chunks_ = std::make_shared<Chunks>(*chunks_);
        const std::uint64_t index = number / kChunkSize;
        if (index >= chunks_->size()) chunks_->resize(index + 1);
        auto& chunk = (*chunks_)[index];
        if (!chunk) {
            chunk = std::make_shared<Chunk>(blank());
        } else if (chunk.use_count() != 1) {
            chunk = std::make_shared<Chunk>(*chunk);
        }
        return *chunk;
    }
    // visit(first number of the chunk, chunk) in ascending order.
    template <class Visit>
    void for_each_chunk(Visit&& visit) const {
        for (std::size_t i = 0; i < chunks_->size(); ++i) {
            if ((*chunks_)[i]) visit(static_cast<std::uint64_t>(i) * kChunkSize, *(*chunks_)[i]);
        }
    }
    // The same for the chunks that hold numbers of [first, last]; visit returns false to stop.
    template <class Visit>
    void for_each_chunk_in(std::uint64_t first, std::uint64_t last, Visit&& visit) const {
        for (std::uint64_t i = first / kChunkSize; i <= last / kChunkSize && i < chunks_->size(); ++i) {
            if ((*chunks_)[i] && !visit(i * kChunkSize, *(*chunks_)[i])) return;
        }
    }
    [[nodiscard]] std::size_t chunk_count() const {
        std::size_t count = 0;
        for_each_chunk([&](std::uint64_t, const Chunk&) { ++count; });
        return count;
    }

private:
    std::shared_ptr<Chunks> chunks_ = std::make_shared<Chunks>();
};

}   // namespace memhot
