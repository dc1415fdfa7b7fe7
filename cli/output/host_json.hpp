// SPDX-License-Identifier: GPL-2.0-or-later
//
// Pieces of JSON that several documents have: addresses are strings "0x...", sizes are numbers of bytes.
#pragma once

#include "client/layout.hpp"
#include "output/json.hpp"

namespace memhotctl {

// {"start", "end", "size"}
Json range_json(const memhot::Range& range);
Json extent_json(const Extent& extent);
Json mapping_json(const memhot::Mapping& mapping);
Json kernel_json(const Host& host);
std::string_view kind_name(OwnerKind kind);
std::string_view type_name(memhot::MapType type);
// "0x0000...ff": the last sub-section first.
std::string bits_text(const std::vector<std::uint64_t>& words);

}   // namespace memhotctl
