// SPDX-License-Identifier: GPL-2.0-or-later
//
// Words to lines, and foreign bytes to something that a terminal may show.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace memhotctl {

// Lines of at most width columns, broken at spaces, and inside a word that is longer. Never empty.
std::vector<std::string> wrap(std::string_view text, std::size_t width);

// Control characters (of a resource's name, of a file) as \xNN, so that one line stays one line.
std::string printable(std::string_view text);

// A word of the user's for an error, in quotes and cut where it is long.
std::string in_quotes(std::string_view text);

// "one, two", each printable.
std::string joined(const std::vector<std::string>& words);

// "1 block", "2 blocks".
std::string counted(std::size_t number, std::string_view noun);

// Runs of ascending numbers as "0-23,32-199".
std::string number_list(const std::vector<std::uint64_t>& ascending);

}   // namespace memhotctl
