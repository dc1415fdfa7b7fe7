// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What holds of every snapshot, whether it was read from a host or from a file: a captured host can be loaded again.
#pragma once

#include "memhot/snapshot.hpp"

namespace memhot::snapshot {

// An error names the field as in the JSON form.
Status check(const Snapshot& snapshot);

}   // namespace memhot::snapshot
