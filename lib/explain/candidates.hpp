// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What is said of text that nothing matches: that it is unknown, and which known messages have the most words in common.
#pragma once

#include <vector>

#include "explain/lines.hpp"
#include "memhot/explain.hpp"

namespace memhot::explaining {

Explanation unknown(const std::vector<Line>& lines);

}   // namespace memhot::explaining
