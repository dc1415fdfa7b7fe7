// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/what_if.hpp"

#include <fmt/format.h>

#include <limits>

#include "output/text.hpp"

namespace memhotctl {

using memhot::Range;
using memhot::Result;
using memhot::Snapshot;

namespace {

Result<Range> moved(const Range& range, std::uint64_t from, const Shift& shift) {
    if (range.last < from) return range;
    const auto last = shifted(range.last, shift);
    if (!last) return last.error();
    if (range.start < from) {
        if (*last < range.start) return memhot::bad_input(fmt::format("nothing would be left of {}", to_string(range)));
        return Range{range.start, *last};
    }
    const auto start = shifted(range.start, shift);
    if (!start) return start.error();
    return Range{*start, *last};
}

Result<std::string> move_iomem(std::string_view text, std::uint64_t from, const Shift& shift) {
    std::string out;
    while (!text.empty()) {
        const auto end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        const auto indent = line.find_first_not_of(' ');
        const auto colon = line.find(" : ");
        if (indent == std::string_view::npos || colon == std::string_view::npos) {
            out += std::string(line) + "\n";   // the parser says what is wrong with it
            continue;
        }
        const auto range = memhot::parse_range(line.substr(indent, colon - indent), {});
        if (!range) return range.error();
        const auto there = moved(*range, from, shift);
        if (!there) return there.error();
        out += std::string(line.substr(0, indent)) + to_string(*there) + std::string(line.substr(colon)) + "\n";
    }
    return out;
}

// Blocks that hold what was moved: each old block lends its node to those its memory comes to lie in.
Result<std::map<std::uint64_t, int>> move_nodes(const Snapshot& snapshot, std::uint64_t from, const Shift& shift) {
    std::map<std::uint64_t, int> old = snapshot.block_nodes;
    for (const auto& block : snapshot.blocks.value_or(std::vector<memhot::BlockRecord>{})) {
        if (block.node) old[block.number] = *block.node;
    }
    std::map<std::uint64_t, int> out;
    const std::uint64_t size = snapshot.memory_block_size.value_or(0);
    if (size == 0) return out;
    for (const auto& [number, node] : old) {
        const auto there = moved({number * size, number * size + (size - 1)}, from, shift);
        if (!there) return there.error();
        for (std::uint64_t block = there->start / size; block <= there->last / size; ++block) out.emplace(block, node);
    }
    return out;
}

}   // namespace

Result<Shift> parse_shift(std::string_view text) {
    Shift shift;
    std::string_view size = text;
    const bool has_sign = size.starts_with('+') || size.starts_with('-');
    if (has_sign) {
        shift.down = size.front() == '-';
        size.remove_prefix(1);
    }
    const auto bytes = memhot::parse_size(size);
    if (!bytes || !has_sign)
        return memhot::bad_input(fmt::format("--shift {}: a size such as +64M or -2M expected", in_quotes(text)));
    shift.bytes = *bytes;
    return shift;
}

Result<std::uint64_t> shifted(std::uint64_t address, const Shift& shift) {
    const bool fits =
        shift.down ? address >= shift.bytes : address <= std::numeric_limits<std::uint64_t>::max() - shift.bytes;
    if (!fits) {
        return memhot::bad_input(fmt::format("--shift moves {:#x} out of the 64 bit address space", address));
    }
    return shift.down ? address - shift.bytes : address + shift.bytes;
}

Result<Range> shifted(const Range& range, const Shift& shift) {
    const auto start = shifted(range.start, shift);
    const auto last = shifted(range.last, shift);
    if (!start) return start.error();
    if (!last) return last.error();
    return Range{*start, *last};
}

Result<Snapshot> shift_tail(const Snapshot& snapshot, std::uint64_t from, const Shift& shift) {
    Snapshot out = snapshot;
    if (snapshot.iomem) {
        auto iomem = move_iomem(*snapshot.iomem, from, shift);
        if (!iomem) return std::move(iomem).error().add_context("--shift");
        out.iomem = *std::move(iomem);
    }
    auto nodes = move_nodes(snapshot, from, shift);
    if (!nodes) return std::move(nodes).error();
    out.block_nodes = *std::move(nodes);
    out.boots_anew = true;
    out.blocks.reset();
    out.zones.clear();
    for (auto& entry : out.firmware_ram) {
        const auto range = memhot::parse_range(entry, {});
        const auto there = range ? moved(*range, from, shift) : range;
        if (!there) return there.error();
        entry = to_string(*there);
    }
    return out;
}

}   // namespace memhotctl
