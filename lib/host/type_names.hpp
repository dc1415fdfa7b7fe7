// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The names that the reader of BTF (btf.cpp) has to look for; features.cpp owns the tables behind them.
#pragma once

#include <string_view>
#include <vector>

namespace memhot::host {

bool is_wanted_structure(std::string_view name);
bool is_wanted_function(std::string_view name);
std::vector<std::string_view> wanted_members(std::string_view structure);

}   // namespace memhot::host
