// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Everything that was read in the pasted text besides messages: its lines, the numbers they give each other, address
// ranges with the names beside them, and what listings of ndctl, daxctl and cxl say.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "explain/clues.hpp"
#include "explain/lines.hpp"

namespace memhot::explaining {

enum class PlaceKind : std::uint8_t { ram, pmem, ns, dax, soft_reserved, cxl_window, region, reserved, other };

// A range with a name: a line of /proc/iomem, or "100000000-1fbffffff RAM" in a sentence.
struct Place {
    Range range;
    std::string name;
    PlaceKind kind = PlaceKind::other;
    std::size_t line = 0;
    std::size_t dump = 0;   // places of one listing have the same number
    bool open = false;      // where it ends is not said
};

// One object of a listing.
struct Listed {
    std::string dev;   // "namespace0.0", "region1", "dax0.0"
    std::string mode;
    std::optional<std::uint64_t> size;
    std::optional<std::uint64_t> available;
    std::optional<std::uint64_t> largest_extent;
    bool interleave_set = false;
    std::size_t line = 0;
};

struct Text {
    std::vector<Line> lines;
    Clues clues;
    std::vector<Place> places;
    std::vector<Listed> listed;
};

std::vector<Place> find_places(const std::vector<Line>& lines);
std::vector<Listed> find_listed(const std::vector<Line>& lines);
// Options of commands (-s, --size, -a, --align, -m, --mode) as clues "size", "align", "mode".
void find_options(const std::vector<Line>& lines, Clues& clues);

}   // namespace memhot::explaining
