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
    struct Gib {
        bool page = false;   // one 1 GiB page; else the entries count
        std::array<Entry, kEntries> entries{};
    };
    // visit(start of the GiB, its part of the range, whether that is all of it)
    template <class Visit>
    static void for_each_gib(const Range& range, Visit&& visit);
    // visit(index of the 2 MiB, whether all of it is in the part)
    template <class Visit>
    static void for_each_entry(const Range& part, Visit&& visit);

    std::map<std::uint64_t, Gib> gibs_;   // by number of the GiB
};

}   // namespace memhot
