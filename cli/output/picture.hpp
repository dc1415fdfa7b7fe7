// SPDX-License-Identifier: GPL-2.0-or-later
//
// Physical memory drawn: a character is a sub-section of 2 MiB, a row 64 of them. Rows in which owners meet are drawn,
// what is alike is one line.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "client/layout.hpp"

namespace memhotctl {

inline constexpr std::uint64_t kRowSize = 64 * memhot::kSubsectionSize;

struct PictureLine {
    memhot::Range range;
    std::string cells;   // 64 of them; one where the range is all alike
};

struct LegendEntry {
    char sign = ' ';
    std::string text;
    std::optional<memhot::Range> range;   // of a device
};

struct Picture {
    std::vector<PictureLine> lines;
    std::vector<LegendEntry> legend;   // of what was used
};

class Painter {
public:
    explicit Painter(const memhot::Model& model);

    // Everything up to the last resource, or a part of it; a small part is drawn row by row.
    [[nodiscard]] Picture draw(std::optional<memhot::Range> part) const;
    // The cells of a range, one for each sub-section that it touches.
    [[nodiscard]] std::string cells(const memhot::Range& range) const;
    [[nodiscard]] const std::vector<Extent>& extents() const { return extents_; }

private:
    [[nodiscard]] char cell(std::uint64_t start) const;
    [[nodiscard]] char device_sign(const Extent& extent) const;
    [[nodiscard]] bool has_struct_pages(std::uint64_t address) const;
    [[nodiscard]] std::vector<std::uint64_t> changes() const;
    [[nodiscard]] std::vector<PictureLine> lines_of(const memhot::Range& part) const;
    [[nodiscard]] std::vector<LegendEntry> legend_of(const std::vector<PictureLine>& lines) const;

    const memhot::Model& model_;
    std::vector<Extent> extents_;
    std::map<std::uint64_t, char> letters_;   // of device memory, by its start
};

}   // namespace memhotctl
