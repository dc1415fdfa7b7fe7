// SPDX-License-Identifier: GPL-2.0-or-later
//
// Where the bytes of CXL regions lie: which device of the interleave set has an address, for `show`.
#pragma once

#include <string>
#include <vector>

#include "client/things.hpp"
#include "output/json.hpp"

namespace memhotctl {

// The first address of a thing in a CXL region.
struct CxlView {
    std::vector<std::string> texts;
    Json document;   // an array
};
// Of the regions that a thing is or starts in. Empty where the host shows none, or not how they are interleaved.
CxlView cxl_view(const Host& host, const Thing& thing);

}   // namespace memhotctl
