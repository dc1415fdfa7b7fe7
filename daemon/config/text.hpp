// SPDX-License-Identifier: GPL-2.0-or-later
//
// Text of configuration files: cut, checked, and shown in one-line errors. Depends on nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace memhot::config {

// Without blanks around it.
std::string_view trimmed(std::string_view text);
// Words between blanks; a text in double quotes is one word.
std::vector<std::string> words_of(std::string_view text);
// Well-formed, and without NUL.
bool is_utf8(std::string_view text);
// Printable ASCII: \xNN for all else, cut behind limit bytes.
std::string printable(std::string_view text, std::size_t limit = 64);
// The same in double quotes.
std::string quoted(std::string_view text);
std::string joined(const std::vector<std::string>& parts, std::string_view separator);

}   // namespace memhot::config
