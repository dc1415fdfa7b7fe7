// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The words of lsmem for what sysfs says of a block. lib/report turns what the library knows into what people and
// scripts read; it may depend on every other folder and none depends on it.
#pragma once

#include <string>
#include <string_view>

namespace memhot::report {

// "on->off" for "going-offline", other states as they are.
std::string shown_state(std::string_view state);
// "Normal/Movable" for "Normal Movable", "None" for "none"; names that lsmem does not know stay as they are.
std::string shown_zones(std::string_view valid_zones);

}   // namespace memhot::report
