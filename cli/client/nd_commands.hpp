// SPDX-License-Identifier: GPL-2.0-or-later
//
// What `check` is asked about namespaces and dax devices: the command line of ndctl or daxctl behind each of our words.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "memhot/nd_command.hpp"
#include "memhot/result.hpp"

namespace memhotctl {

// The words: "create-namespace", "reconfigure", ...
std::span<const std::string_view> nd_words();
bool is_nd_word(std::string_view word);
// WORD ARGUMENT... [then WORD ARGUMENT...]...
memhot::Result<std::vector<memhot::CommandLine>> parse_nd_commands(const std::vector<std::string>& words);

}   // namespace memhotctl
