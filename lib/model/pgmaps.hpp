// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Device mappings: the live ones, and the lookup structure pgmap_array (mm/memremap.c), which a failed mapping can empty
// under a live one.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "memhot/model.hpp"

namespace memhot {

// Pages [first, end) that an xarray lookup finds.
struct PfnSpan {
    std::uint64_t first = 0;
    std::uint64_t end = 0;
};

class PgmapTable {
public:
    // get_dev_pagemap(): whether a lookup of this page finds a mapping.
    [[nodiscard]] bool lookup(std::uint64_t pfn) const;
    [[nodiscard]] const Mapping* find(int handle) const;
    [[nodiscard]] const std::vector<Mapping>& live() const { return live_; }
    [[nodiscard]] int lowest_free_handle() const;
    // Live mappings inside the pages whose lookup is there (what a failed insertion would erase).
    [[nodiscard]] bool any_lookup_in(PfnSpan span) const;

    void insert(Mapping mapping, PfnSpan span);
    void remove(int handle, PfnSpan span);
    // pgmap_array_delete(): whoever the entries belong to.
    void erase_lookup(PfnSpan span);

private:
    std::vector<Mapping> live_;   // by handle
    std::vector<PfnSpan> lookups_;   // disjoint, ascending
};

}   // namespace memhot
