// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Pasted text as lines that patterns can be looked for in: without time stamps, quote marks of mails, colours and HTML.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace memhot::explaining {

struct Line {
    std::string raw;   // as it stood there, but for HTML and control characters; keeps its indentation
    std::string text;   // single blanks, no time stamp
    std::string lower;   // the same in lower case
    bool stamped = false;   // had a time stamp or "kernel:", so it does not continue the line before
};

std::vector<Line> read_lines(std::string_view text);

}   // namespace memhot::explaining
