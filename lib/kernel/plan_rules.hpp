// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Interlocks: what a plan is refused for although the kernel would try it. Part of the table of rules.cpp.
#pragma once

#include <array>
#include <cerrno>

#include "memhot/rules.hpp"

namespace memhot::kernel {

inline constexpr auto kPlanRules = [] {
    using enum RuleId;
    constexpr auto kCheck = RuleKind::check;
    return std::to_array<Rule>({
        {plan_accepted, kCheck, "plan.accepted", "a step that changes nothing on the host", 0, "", "lib/plan", "all",
         "", false},
        {plan_memmap_memory, kCheck, "plan.memmap-memory",
         "free memory holds the memmap of what is added and a reserve: the kernel takes it piece by piece, keeps what "
         "it took "
         "when it fails, and then ends with \"System is deadlocked on memory\"",
         ENOMEM, "",
         "mm/sparse-vmemmap.c: vmemmap_alloc_block; mm/oom_kill.c: out_of_memory; a 64 GiB DIMM in a guest of 1 GiB, "
         "6.12; github.com/kata-containers/runtime/issues/1244",
         "5.3+", "add less at once, free memory, or boot with memory_hotplug.memmap_on_memory=1 (5.13 and later)",
         false},
        {plan_last_kernel_memory, kCheck, "plan.last-kernel-memory",
         "a node keeps memory in a kernel zone: page tables, slabs and memmaps of the node have no other place", EBUSY,
         "",
         "Documentation/admin-guide/mm/memory-hotplug.rst: ZONE_MOVABLE Sizing Considerations; "
         "github.com/neondatabase/autoscaling/issues/1204",
         "5.3+", "leave one block of the node that is not in zone Movable online", false},
        {plan_movable_ratio, kCheck, "plan.movable-ratio",
         "movable memory stays within a multiple of kernel memory: 3 or 4 times is what is known to work", ENOMEM, "",
         "Documentation/admin-guide/mm/memory-hotplug.rst: ZONE_MOVABLE Sizing Considerations; "
         "github.com/pmem/ndctl/issues/110",
         "5.3+", "online some of it for the kernel (--zone=kernel), or name another ratio (--ratio=PERCENT)", false},
        {plan_not_enough, kCheck, "plan.not-enough",
         "there are as many blocks as are asked for that the kernel can be asked to change", ENOMEM, "",
         "mm/memory_hotplug.c: offline_pages", "5.3+", "ask for less", false},
        {plan_memory_in_use, kCheck, "plan.memory-in-use",
         "what is in use fits into the memory that stays: offlining moves pages and frees none, and tries until it is "
         "interrupted",
         ENOMEM, "",
         "mm/memory_hotplug.c: offline_pages, do_migrate_range; "
         "lore.kernel.org/all/20230627112220.229240-1-david@redhat.com",
         "5.3+", "ask for less, or free memory first", false},
        {plan_kmem_online, kCheck, "plan.kmem-online",
         "no memory of a device is online as System RAM when the device or its namespace goes: it would stay until "
         "reboot",
         EBUSY, "", "drivers/dax/kmem.c: dev_dax_kmem_remove; github.com/pmem/ndctl/issues/210", "5.3+",
         "take it offline first: memhotctl offline DEVICE", false},
        {plan_shared_section, kCheck, "plan.shared-section",
         "letting go of a mapping leaves the memmap of its neighbours in the section alone", EBUSY, "",
         "mm/sparse.c: section_deactivate (5.3-5.8, mended by \"never partially remove memmap for early section\"); "
         "lore.kernel.org/all/20200623094258.6705-1-richard.weiyang@linux.alibaba.com; "
         "arch/arm64/mm/mmu.c: vmemmap_free (16K and 64K pages)",
         "5.3-5.8; 5.3+ (arm64 16K, 64K)", "leave it in place until the next boot", false},
        {plan_cxl_online, kCheck, "plan.cxl-online",
         "no memory of a CXL region is online when the region goes: what is touched then is no longer there, and the "
         "kernel "
         "panics",
         EBUSY, "",
         "drivers/cxl/core/region.c: detach_target; cxl/region.c: destroy_region of cxl-cli before 79; "
         "lore.kernel.org/r/0137fb34-7291-b88b-34aa-78471d57921b@fujitsu.com",
         "6.0+", "take the memory offline and the dax device down first", false},
        {plan_no_remover, kCheck, "plan.no-remover",
         "who added memory takes it away: there is no file to ask the kernel for it", EOPNOTSUPP, "",
         "mm/memory_hotplug.c: remove_memory; its callers drivers/acpi/acpi_memhotplug.c, drivers/dax/kmem.c", "5.3+",
         "take it offline, then eject the device: /sys/bus/acpi/devices/PNP0C80:*/eject, or device_del in the "
         "hypervisor",
         false},
        {plan_zone_offered, kCheck, "plan.zone-offered",
         "valid_zones of an offline block names the zone that is wanted: it lists each that the kernel would take the "
         "block into",
         EINVAL, "", "drivers/base/memory.c: valid_zones_show", "5.3+",
         "take a zone that valid_zones of the block names, or --zone=auto", false},
        {plan_unnamed_loss, kCheck, "plan.unnamed-loss",
         "a plan names every device whose data its steps destroy: what it does not name nobody confirms, and nothing "
         "is "
         "saved",
         EPERM, "", "lib/plan", "all", "report it: no plan of memhot's own should do so", false},
        {plan_stale, kCheck, "plan.stale",
         "what a plan relies on is as it was when it was made, but for what its own steps have changed", ESTALE, "",
         "lib/plan", "all", "look at what has changed, and make a new plan", false},
    });
}();

}   // namespace memhot::kernel
