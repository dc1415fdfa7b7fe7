// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The file `state` of a device that kmem drives (7.3 and later): one write takes all of its memory, or nothing changes,
// and one brings it back.
#pragma once

#include "plan/builder.hpp"

namespace memhot::plan {

// Whether one write can take its memory and one bring it back as it is: all of it online, in zone Movable or in kernel
// zones. Other devices are taken block by block, each of which knows its way back.
bool goes_at_once(const Builder& builder, const DaxDevice& device);
// lets_go: a step behind it takes the device from kmem, whose undo brings the memory back offline; but only out of
// unplugged it can be onlined.
PlanStep& unplug(Builder& builder, const DaxDevice& device, bool lets_go = false);

// A device whose memory was taken so.
bool is_unplugged(const DaxDevice& device);
WriteAction unplug_write(const DaxDevice& device);
PlanStep& plug(Builder& builder, const DaxDevice& device, WantedZone zone);

}   // namespace memhot::plan
