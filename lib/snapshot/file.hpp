// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Snapshots as files: read whole, replaced as one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "memhot/result.hpp"

namespace memhot::snapshot {

inline constexpr std::size_t kMaxFileSize = std::size_t{256} << 20U;

// Writes text to a new file beside path, makes it durable and renames it to path; after a failure path is what it was.
// The file is readable by its owner only: it tells what /proc/iomem hides from others.
Status replace_file(const std::string& path, std::string_view text);

}   // namespace memhot::snapshot
