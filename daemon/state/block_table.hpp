// SPDX-License-Identifier: GPL-2.0-or-later
//
// Memory blocks as the daemon keeps them: 12 bytes each, whatever the host. Lists are answered from here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "memhot/snapshot.hpp"

namespace memhot::state {

// Neighbours that are alike.
struct BlockRun {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::string_view state;   // of the table
    std::string_view zones;   // as valid_zones says; empty: not shown
    std::optional<int> node;
    std::optional<bool> removable;   // absent: nobody read it
    friend bool operator==(const BlockRun&, const BlockRun&) = default;
};

class BlockTable {
public:
    BlockTable() = default;
    explicit BlockTable(const std::vector<BlockRecord>& blocks);

    [[nodiscard]] std::size_t size() const { return rows_.size(); }
    [[nodiscard]] std::size_t online() const { return online_; }
    [[nodiscard]] bool empty() const { return rows_.empty(); }

    // Whether that changed anything. One with a number that no table can hold (2^32) is left out.
    bool set(const BlockRecord& block);
    bool erase(std::uint64_t number);
    [[nodiscard]] std::optional<BlockRecord> find(std::uint64_t number) const;

    [[nodiscard]] std::vector<BlockRecord> records() const;
    [[nodiscard]] std::vector<BlockRun> runs() const;
    // A line "BLOCK STATE NODE ZONES" for each block; zones with commas between them, "-" where they are not shown.
    [[nodiscard]] std::string lines() const;

    // The same blocks, however they came in.
    friend bool operator==(const BlockTable& a, const BlockTable& b);

private:
    struct Row {
        std::uint32_t number = 0;
        std::int16_t node = -1;
        std::uint16_t zones = 0;   // index of words_
        std::uint16_t state = 0;
        std::int8_t removable = -1;
    };
    [[nodiscard]] std::uint16_t word(std::string_view text);
    [[nodiscard]] Row row_of(const BlockRecord& block);
    [[nodiscard]] BlockRecord record_of(const Row& row) const;
    [[nodiscard]] bool is_online(const Row& row) const { return words_[row.state] == "online"; }

    std::vector<Row> rows_;   // ascending
    std::vector<std::string> words_{""};   // states and lists of zones: a handful on any host
    std::size_t online_ = 0;
};

}   // namespace memhot::state
