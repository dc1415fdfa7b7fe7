// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Rules of udev that are about memory blocks or dax devices: other owners of onlining and reconfiguration.
#pragma once

#include "host/root.hpp"
#include "memhot/snapshot.hpp"

namespace memhot::host {

// In the order in which udev reads them. A file in /etc hides those of the same name in /run and /usr/lib (udev(7)); an
// empty one, or a link to /dev/null, masks them.
Result<std::vector<UdevRuleRecord>> read_udev_rules(const Root& root);

}   // namespace memhot::host
