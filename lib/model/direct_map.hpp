// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What x86 has in the direct map for added memory (arch/x86/mm/init_64.c phys_pud_init, phys_pmd_init). A failed add does
// not unmap it, and mapping it again in smaller pages trips set_pud_safe() or set_pmd_safe(): the large page is replaced
// by a table that holds the new part alone. Boot RAM is left out: nothing can be added over it.
#pragma once

#include <array>
#include <cstdint>
#include <map>

#include "memhot/units.hpp"

namespace memhot {

class DirectMap {
public:
    struct Splits {
        bool gib = false;   // a 1 GiB page
        bool mib = false;   // a 2 MiB page
    };
    // Which large pages that are there init_memory_mapping() would replace; page aligned.
    [[nodiscard]] Splits splits(const Range& range) const;
    // init_memory_mapping()
    void map(const Range& range);
    // kernel_physical_mapping_remove(): large pages that are only partly in the range stay.
    void unmap(const Range& range);

private:
    enum class Entry : std::uint8_t { none, page, table };
    static constexpr std::uint64_t kEntries = kGiB / kSubsectionSize;
    using Table = std::array<Entry, kEntries>;

    // By number of the GiB; a terabyte of 1 GiB pages is one run.
    std::map<std::uint64_t, std::uint64_t> pages_;   // first to end of runs of 1 GiB pages, disjoint
    std::map<std::uint64_t, Table> tables_;

    [[nodiscard]] bool has_page(std::uint64_t gib) const;
    void insert_pages(std::uint64_t first, std::uint64_t end);
    void erase_pages(std::uint64_t first, std::uint64_t end);
    void map_part(std::uint64_t gib, const Range& part);
    void unmap_part(std::uint64_t gib, const Range& part);
};

}   // namespace memhot
