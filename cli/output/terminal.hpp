// SPDX-License-Identifier: GPL-2.0-or-later
//
// What stdout is: a terminal or not, how wide and high, with colours or without; and the pager in front of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace memhotctl {

enum class When { automatic, always, never };
std::optional<When> parse_when(std::string_view word);

struct Terminal {
    bool tty = false;
    bool colour = false;
    unsigned width = 80;   // columns
    unsigned height = 24;  // lines
};

// Looks at stdout and at NO_COLOR, TERM, COLUMNS, LINES.
Terminal look_at_stdout(When colour);

enum class Paint { plain, bold, good, bad, doubtful, faint };
// text in colour where the terminal has one; colour never says anything that the words do not.
std::string paint(const Terminal& terminal, Paint paint, std::string_view text);

// Writes to stdout; through $MEMHOT_PAGER, $PAGER or less where stdout is a terminal that the text does not fit on and
// use_pager says so. Returns the errno where it could not be written.
int write_out(const Terminal& terminal, std::string_view text, bool use_pager);

}   // namespace memhotctl
