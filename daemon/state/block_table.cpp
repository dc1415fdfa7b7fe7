// SPDX-License-Identifier: GPL-2.0-or-later
#include "state/block_table.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace memhot::state {

namespace {

constexpr std::uint64_t kMostNumber = std::numeric_limits<std::uint32_t>::max();

void append(std::string& out, std::int64_t number) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, number);
    out.append(digits, end.ptr);
}

}   // namespace

BlockTable::BlockTable(const std::vector<BlockRecord>& blocks) {
    rows_.reserve(blocks.size());
    for (const auto& block : blocks) set(block);
}

std::uint16_t BlockTable::word(std::string_view text) {
    const auto found = std::ranges::find(words_, text);
    if (found != words_.end()) return static_cast<std::uint16_t>(found - words_.begin());
    if (words_.size() > std::numeric_limits<std::uint16_t>::max()) return 0;   // no kernel has so many
    words_.emplace_back(text);
    return static_cast<std::uint16_t>(words_.size() - 1);
}

BlockTable::Row BlockTable::row_of(const BlockRecord& block) {
    Row row;
    row.number = static_cast<std::uint32_t>(block.number);
    if (block.node) row.node = static_cast<std::int16_t>(*block.node);
    row.zones = word(block.valid_zones);
    row.state = word(block.state);
    if (block.removable) row.removable = *block.removable ? 1 : 0;
    return row;
}

BlockRecord BlockTable::record_of(const Row& row) const {
    BlockRecord out;
    out.number = row.number;
    out.state = words_[row.state];
    out.valid_zones = words_[row.zones];
    if (row.removable >= 0) out.removable = row.removable != 0;
    if (row.node >= 0) out.node = row.node;
    return out;
}

bool BlockTable::set(const BlockRecord& block) {
    if (block.number > kMostNumber) return false;
    const Row row = row_of(block);
    // nearly always the last or there already
    auto at = rows_.empty() || rows_.back().number < row.number
                  ? rows_.end()
                  : std::ranges::lower_bound(rows_, row.number, {}, &Row::number);
    if (at == rows_.end() || at->number != row.number) {
        at = rows_.insert(at, row);
        online_ += is_online(*at) ? 1U : 0U;
        return true;
    }
    if (at->node == row.node && at->zones == row.zones && at->state == row.state && at->removable == row.removable) {
        return false;
    }
    online_ -= is_online(*at) ? 1U : 0U;
    *at = row;
    online_ += is_online(*at) ? 1U : 0U;
    return true;
}

bool BlockTable::erase(std::uint64_t number) {
    const auto at = std::ranges::lower_bound(rows_, number, {}, &Row::number);
    if (at == rows_.end() || at->number != number) return false;
    online_ -= is_online(*at) ? 1U : 0U;
    rows_.erase(at);
    return true;
}

std::optional<BlockRecord> BlockTable::find(std::uint64_t number) const {
    const auto at = std::ranges::lower_bound(rows_, number, {}, &Row::number);
    if (at == rows_.end() || at->number != number) return std::nullopt;
    return record_of(*at);
}

std::vector<BlockRecord> BlockTable::records() const {
    std::vector<BlockRecord> out;
    out.reserve(rows_.size());
    for (const auto& row : rows_) out.push_back(record_of(row));
    return out;
}

std::vector<BlockRun> BlockTable::runs() const {
    std::vector<BlockRun> out;
    const Row* before = nullptr;
    for (const auto& row : rows_) {
        const bool same = before != nullptr && before->number + 1 == row.number && before->node == row.node &&
                          before->zones == row.zones && before->state == row.state &&
                          before->removable == row.removable;
        if (same) {
            out.back().last = row.number;
        } else {
            out.push_back({row.number, row.number, words_[row.state], words_[row.zones],
                           row.node >= 0 ? std::optional<int>(row.node) : std::nullopt,
                           row.removable >= 0 ? std::optional<bool>(row.removable != 0) : std::nullopt});
        }
        before = &row;
    }
    return out;
}

std::string BlockTable::lines() const {
    std::vector<std::string> zones = words_;
    for (auto& text : zones) {
        std::ranges::replace(text, ' ', ',');
        if (text.empty()) text = "-";
    }
    std::string out;
    out.reserve(rows_.size() * 32);
    for (const auto& row : rows_) {
        append(out, row.number);
        out += ' ';
        out += words_[row.state];
        out += ' ';
        append(out, row.node);
        out += ' ';
        out += zones[row.zones];
        out += '\n';
    }
    return out;
}

bool operator==(const BlockTable& a, const BlockTable& b) { return a.records() == b.records(); }

}   // namespace memhot::state
