// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What x86 keeps in the direct map for added memory (arch/x86/mm/init_64.c). A failed add does not unmap it, and mapping
// it again in smaller pages trips set_pmd_safe()/set_pud_safe().
#pragma once

#include <cstdint>
#include <vector>

#include "memhot/units.hpp"

namespace memhot {

class DirectMap {};

}   // namespace memhot
