// SPDX-License-Identifier: GPL-2.0-or-later
//
// A small file that is the old one or the new one, whatever happens in between.
#pragma once

#include <string>
#include <string_view>

#include "memhot/result.hpp"

namespace memhot::journal {

// On the disk when it returns: a file beside it is written, synced and renamed over it, then the directory is synced.
Status replace_file(const std::string& directory, std::string_view name, std::string_view text);

}   // namespace memhot::journal
