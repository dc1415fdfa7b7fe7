// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a plan is refused for although the kernel would try it; each is a row of lib/kernel/plan_rules.hpp. They look at
// the host before the first step and as the steps leave it.
#pragma once

#include <string>

#include "plan/builder.hpp"

namespace memhot::plan {

// Memory that stays free when memmap is taken: what a kernel needs to go on, and user space to answer.
inline constexpr std::uint64_t kMemmapReserve = 64 * kMiB;

void guard_memmap_memory(Builder& builder);
// Where memory goes: what stays must hold what is in use, and each node keep kernel memory. undone: on the way back from
// that plan a node may be without, as it was before.
void guard_what_stays(Builder& builder, const Plan* undone = nullptr);
void guard_movable_ratio(Builder& builder);
// dax: a device, or all those of a namespace whose data it holds ("namespace0.1").
void guard_kmem_online(Builder& builder, const DaxDevice& device);
// The same of a command that takes a device from kmem, or the namespace below it from its driver.
void guard_kmem_online(Builder& builder, const CommandLine& command);
// Mappings that one step takes away must leave their neighbours' memmap, whatever a later step maps there. The builder asks
// it behind each step.
void guard_shared_sections(Builder& builder, const std::vector<Unmapped>& unmapped);

// The last word on a whole plan: what its verdicts say is lost has to stand in what its steps destroy. start: before them.
void guard_losses(Plan& plan, const NdBus& start);

}   // namespace memhot::plan
