// SPDX-License-Identifier: GPL-2.0-or-later
//
// What is saved of a host before it is destroyed: one file each in the directory of the job, readable by its owner only.
#pragma once

#include <string>
#include <string_view>

#include "execute/target.hpp"

namespace memhot::execute {

// On the disk when it returns. What was saved before is never overwritten: NAME.2, NAME.3 and so on stand beside it,
// unless it is the same. The directory is made where it is missing.
Attempt save_file(const std::string& directory, const std::string& name, std::string_view bytes);
// Whether one of the copies of that name is just that; nothing where there is none.
std::optional<bool> is_saved(const std::string& directory, const std::string& name, std::string_view bytes);

}   // namespace memhot::execute
