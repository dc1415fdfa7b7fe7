// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/table.hpp"

#include <libsmartcols.h>

#include <cstdlib>
#include <memory>
#include <new>

namespace memhotctl {

namespace {

struct Unref {
    void operator()(libscols_table* table) const { scols_unref_table(table); }
};
using Handle = std::unique_ptr<libscols_table, Unref>;

// libsmartcols fails only where memory runs out.
void must(int result) {
    if (result != 0) throw std::bad_alloc();
}

}   // namespace

std::string Table::text(const Terminal& terminal, bool headings) const {
    if (rows_.empty()) return {};   // as lsmem: no headings over nothing
    const Handle table(scols_new_table());
    if (!table) throw std::bad_alloc();
    must(scols_table_enable_noheadings(table.get(), headings ? 0 : 1));
    must(scols_table_set_termforce(table.get(), terminal.tty ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER));
    if (terminal.tty) must(scols_table_set_termwidth(table.get(), terminal.width));
    for (const auto& column : columns_) {
        const int flags = (column.right ? SCOLS_FL_RIGHT : 0) | (column.may_wrap ? SCOLS_FL_WRAP : 0);
        const char* title = column.title.c_str();
        if (scols_table_new_column(table.get(), title, column.hint, flags) == nullptr) throw std::bad_alloc();
    }
    for (const auto& row : rows_) {
        libscols_line* line = scols_table_new_line(table.get(), nullptr);
        if (line == nullptr) throw std::bad_alloc();
        for (std::size_t i = 0; i < row.size(); ++i) must(scols_line_set_data(line, i, row[i].c_str()));
    }
    char* data = nullptr;
    must(scols_print_table_to_string(table.get(), &data));
    std::string out(data);
    std::free(data);   // NOLINT(cppcoreguidelines-no-malloc): libsmartcols allocated it
    if (!out.empty() && out.back() != '\n') out += '\n';
    return out;
}

}   // namespace memhotctl
