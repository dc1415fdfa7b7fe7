// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Files as text, plain or .xz.
#pragma once

#include <string>

#include "memhot/result.hpp"

namespace memhot {

// The whole file; decompressed where it starts with the magic bytes of xz. More than max_bytes (of the result) is refused.
Result<std::string> read_file_or_xz(const std::string& path, std::size_t max_bytes);

}   // namespace memhot
