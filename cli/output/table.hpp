// SPDX-License-Identifier: GPL-2.0-or-later
//
// Tables through libsmartcols, as lsmem and lsblk print them.
#pragma once

#include <string>
#include <vector>

#include "output/terminal.hpp"

namespace memhotctl {

struct Column {
    std::string title;
    bool right = false;       // numbers
    bool may_wrap = false;    // goes on in further lines where the terminal is too narrow; nothing is ever cut
    unsigned hint = 0;        // columns that it has at least where its cells fill the title
};

class Table {
public:
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
    // As many cells as columns.
    void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
    [[nodiscard]] std::string text(const Terminal& terminal, bool headings) const;

private:
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

}   // namespace memhotctl
