// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What unmapping a range takes from those who share a section, or a page of memmap, with it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "memhot/model.hpp"
#include "memhot/rules.hpp"
#include "memhot/units.hpp"

namespace memhot {

struct MemmapLoss {
    RuleId rule = RuleId::none;   // memmap_depopulated, memmap_page_shared
    std::uint64_t section = 0;   // the first that loses
    Range piece{};   // what of the range lies in it
};
// Each rule once; empty where the kernel leaves the neighbours alone.
std::vector<MemmapLoss> memmap_losses(const Model::State& state, const Range& range);
// unmapping: how that is called, "it", "unmapping it later".
std::string to_string(const MemmapLoss& loss, std::string_view unmapping);

}   // namespace memhot
