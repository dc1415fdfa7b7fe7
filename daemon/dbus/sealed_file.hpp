// SPDX-License-Identifier: GPL-2.0-or-later
//
// Documents that are too long for a message: files in memory that their readers can map and nobody can change.
#pragma once

#include <string>

#include "dbus/compat.hpp"
#include "memhot/result.hpp"

namespace memhot::bus {

Result<sdbus::UnixFd> sealed_file(const std::string& text);
// The same file with an offset of its own, and for reading only.
Result<sdbus::UnixFd> opened_again(const sdbus::UnixFd& file);

}   // namespace memhot::bus
