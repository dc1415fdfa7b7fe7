// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/picture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <set>

namespace memhotctl {

using memhot::kSubsectionSize;
using memhot::Range;

namespace {

constexpr std::uint64_t kMostRowsInFull = 16;   // of a part that is asked for
constexpr std::uint64_t kTop = std::numeric_limits<std::uint64_t>::max();

struct Sign {
    char sign;
    std::string_view text;
};
constexpr std::array<Sign, 8> kSigns{{
    {'#', "System RAM, online"},
    {'=', "System RAM, offline"},
    {'+', "several owners within 2 MiB"},
    {'*', "device memory (more than there are letters)"},
    {'?', "struct pages without an owner in /proc/iomem"},
    {'x', "no memory: reserved by firmware"},
    {'-', "no memory: windows of devices"},
    {'.', "no memory"},
}};

bool is_empty(char sign) { return sign == 'x' || sign == '-' || sign == '.'; }
char lower(char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter; }

bool all_alike(const std::string& cells) {
    return std::ranges::all_of(cells, [&](char c) { return c == cells.front(); });
}

// Rows without memory are one line, whatever is there instead.
char sign_of_run(const std::string& cells) {
    if (all_alike(cells)) return cells.front();
    return std::ranges::all_of(cells, is_empty) ? '-' : '\0';
}

void append(std::vector<PictureLine>& lines, PictureLine line, bool fold) {
    const char sign = fold ? sign_of_run(line.cells) : '\0';
    if (sign == '\0') {
        lines.push_back(std::move(line));
        return;
    }
    line.cells = std::string(1, sign);
    const bool joins =
        !lines.empty() && lines.back().cells.size() == 1 && lines.back().range.last + 1 == line.range.start;
    if (joins && lines.back().cells == line.cells) {
        lines.back().range.last = line.range.last;
    } else if (joins && is_empty(sign) && is_empty(lines.back().cells.front())) {
        lines.back().range.last = line.range.last;
        lines.back().cells = "-";
    } else {
        lines.push_back(std::move(line));
    }
}

}   // namespace

Painter::Painter(const memhot::Model& model) : model_(model), extents_(flatten(model.resources())) {
    char next = 'a';
    for (const auto& extent : extents_) {
        if (extent.kind != OwnerKind::device) continue;
        letters_[extent.range.start] = next > 'w' ? '*' : next;   // x is taken
        if (next <= 'w') ++next;
    }
}

bool Painter::has_struct_pages(std::uint64_t address) const {
    const std::uint64_t size = model_.profile().section_size();
    const auto section = model_.section(address / size);
    const std::uint64_t bit = address % size / kSubsectionSize;
    return bit / 64 < section.subsections.size() && (section.subsections[bit / 64] >> (bit % 64) & 1U) != 0;
}

char Painter::device_sign(const Extent& extent) const {
    // clip() cuts the start off: look for the extent that holds it
    const auto after = letters_.upper_bound(extent.range.start);
    return after == letters_.begin() ? '*' : std::prev(after)->second;
}

char Painter::cell(std::uint64_t start) const {
    const auto owners = clip(extents_, {start, start + (kSubsectionSize - 1)});
    std::set<char> signs;
    char empty = '.';
    for (const auto& owner : owners) {
        switch (owner.kind) {
            case OwnerKind::ram: {
                const auto block = model_.block(owner.range.start / model_.block_size());
                signs.insert(!block || block->online ? '#' : '=');
                break;
            }
            case OwnerKind::device: signs.insert(device_sign(owner)); break;
            case OwnerKind::firmware: empty = 'x'; break;
            case OwnerKind::window: empty = empty == 'x' ? 'x' : '-'; break;
        }
    }
    const bool active = has_struct_pages(start);
    if (signs.size() > 1) return '+';
    if (signs.empty()) return active ? '?' : empty;
    const char sign = *signs.begin();
    const bool letter = sign >= 'a' && sign <= 'z';
    return letter && active ? static_cast<char>(sign - 'a' + 'A') : sign;
}

std::string Painter::cells(const Range& range) const {
    std::string out;
    const std::uint64_t last = range.last / kSubsectionSize;
    for (std::uint64_t i = range.start / kSubsectionSize; i <= last; ++i) out += cell(i * kSubsectionSize);
    return out;
}

// Every address at which a cell may differ from the one before.
std::vector<std::uint64_t> Painter::changes() const {
    std::vector<std::uint64_t> out;
    const auto edges = [&](const Range& range) {
        out.push_back(range.start);
        if (range.last != kTop) out.push_back(range.last + 1);
    };
    for (const auto& extent : extents_) edges(extent.range);
    for (const auto& mapping : model_.mappings()) edges(mapping.range);
    bool online = true;
    for (const auto& block : model_.blocks()) {
        if (block.online != online) out.push_back(block.number * model_.block_size());
        online = block.online;
    }
    // Sections that /proc/iomem does not explain.
    const std::uint64_t size = model_.profile().section_size();
    for (const auto& section : model_.sections()) {
        const Range range{section.number * size, section.number * size + (size - 1)};
        const auto owners = clip(extents_, range);
        const bool whole = owners.size() == 1 && owners.front().range == range && owners.front().kind == OwnerKind::ram;
        if (!whole) edges(range);
    }
    std::ranges::sort(out);
    const auto repeated = std::ranges::unique(out);
    out.erase(repeated.begin(), repeated.end());
    return out;
}

std::vector<PictureLine> Painter::lines_of(const Range& part) const {
    const auto row_of = [](std::uint64_t address) {
        return Range{memhot::align_down(address, kRowSize), address | (kRowSize - 1)};
    };
    const bool in_full = part.size() != 0 && part.last / kRowSize - part.start / kRowSize < kMostRowsInFull;
    const auto edges = changes();
    std::vector<PictureLine> lines;
    for (std::uint64_t at = memhot::align_down(part.start, kRowSize);;) {
        const Range row = row_of(at);
        const auto next = std::ranges::upper_bound(edges, at);
        const bool mixed = next != edges.end() && *next <= row.last;
        // Up to the row of the next change everything is as in the first cell.
        Range run = row;
        if (!mixed && !in_full) {
            run.last = next == edges.end() ? kTop : memhot::align_down(*next, kRowSize) - 1;
            run.last = std::min(run.last, part.last | (kRowSize - 1));
        }
        append(lines, {run, mixed || in_full ? cells(row) : std::string(1, cell(at))}, !in_full);
        if (run.last >= part.last) return lines;
        at = run.last + 1;
    }
}

std::vector<LegendEntry> Painter::legend_of(const std::vector<PictureLine>& lines) const {
    std::set<char> used;
    for (const auto& line : lines) used.insert(line.cells.begin(), line.cells.end());
    std::vector<LegendEntry> out;
    for (const auto& sign : kSigns) {
        if (used.contains(sign.sign)) out.push_back({sign.sign, std::string(sign.text), {}});
    }
    for (const auto& extent : extents_) {
        const auto letter = letters_.find(extent.range.start);
        if (letter == letters_.end() || letter->second == '*') continue;
        const char upper = static_cast<char>(letter->second - 'a' + 'A');
        for (const char sign : {upper, letter->second}) {
            if (!used.contains(sign)) continue;
            const std::string_view pages = sign == upper ? "with struct pages" : "no struct pages";
            out.push_back({sign, fmt::format("{}, {}", extent.name, pages), extent.range});
        }
    }
    std::ranges::stable_sort(
        out, {}, [](const LegendEntry& entry) { return entry.range ? 1 + static_cast<int>(lower(entry.sign)) : 0; });
    return out;
}

Picture Painter::draw(std::optional<Range> part) const {
    if (!part) {
        if (extents_.empty()) return {};
        part = Range{0, extents_.back().range.last};
    }
    Picture picture;
    picture.lines = lines_of(*part);
    picture.legend = legend_of(picture.lines);
    return picture;
}

}   // namespace memhotctl
