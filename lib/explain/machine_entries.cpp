// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Hypervisors, firmware, boot parameters, and crashes whose place tells the cause.
#include "explain/works.hpp"

namespace memhot::explaining {

namespace {

constexpr Entry kEntries[] = {
    // --- hypervisors -------------------------------------------------------------------------------------------------
    {.id = "qemu.phys-bits",
     .patterns = {"Address space limit {limit:hex} < {wanted:hex} phys-bits too low ({bits:dec})",
                  "phys-bits too low ({bits:dec})"},
     .cause = "maxmem needs more address bits than the virtual CPU has ({bits}). It needs addresses up to {wanted}.",
     .remedy = "Give the CPU more bits (phys-bits=, host-phys-bits=on), or lower maxmem. {bits_needed} bits are "
               "enough.",
     .releases = "QEMU",
     .source = "qemu hw/i386/pc.c: pc_memory_init",
     .work = works::bits_too_low},
    {.id = "qemu.backend-multiple",
     .patterns = {"backend memory size must be multiple of {unit:hexsize}"},
     .cause = "The size of the memory backend must be a multiple of {unit}.",
     .remedy = "Ask for a multiple of {unit}.",
     .releases = "QEMU",
     .source = "qemu hw/virtio/virtio-mem.c",
     .needs = {Need::command},
     .work = works::multiple_of},
    {.id = "qemu.no-space",
     .patterns =
         {"not enough space, currently {used:hexsize} in use of total space for memory devices {total:hexsize}"},
     .cause = "Memory devices have {total} of addresses (maxmem less initial memory), of which {used} are in use.",
     .remedy = "Start the VM with a larger maxmem.",
     .releases = "QEMU",
     .source = "qemu hw/mem/memory-device.c: memory_device_check_addable"},
    {.id = "qemu.unplug-rejected",
     .patterns = {"unplug of device was rejected by the guest"},
     .cause = "The guest could not offline all blocks of the device; those that were onlined as Normal hold kernel "
              "memory.",
     .remedy = "Have the guest online hot-plugged memory as movable (memhp_default_state=online_movable), then retry.",
     .releases = "QEMU, libvirt",
     .source = "drivers/acpi/acpi_memhotplug.c: acpi_memory_device_remove",
     .rules = "offline.unmovable",
     .needs = {Need::valid_zones, Need::kernel_log}},
    {.id = "numa.memoryless-node",
     .patterns = {"node argument {node:dec} is out of range"},
     .cause = "Node {node} has no memory online, so libnuma does not know it.",
     .remedy = "Online memory of that node first.",
     .releases = "all",
     .source = "libnuma: numa_parse_nodestring"},

    // --- boot parameters ---------------------------------------------------------------------------------------------
    {.id = "memmap.split-by-kernel",
     .patterns = {"memmap={size:size}!{at:size}{*}split"},
     .cause = "The carve-out of memmap= overlaps what the boot put there (KASLR may place the kernel image inside), "
              "so it becomes several pieces; a piece that does not begin at a multiple of 2M cannot be mapped.",
     .remedy = "Carve out memory above the kernel (or boot with nokaslr), at multiples of 128M. Of the piece {inside} "
               "can be mapped.",
     .releases = "4.8+ (KASLR over all memory)",
     .source = "arch/x86/boot/compressed/kaslr.c: mem_avoid_memmap",
     .needs = {Need::iomem},
     .strength = Strength::symptom,
     .work = works::memmap_carve},
    {.id = "kasan.shadow",
     .patterns = {"at mm/kasan/init.c:{line:dec}"},
     .cause = "The range does not begin and end at multiples of what KASAN's shadow pages cover.",
     .remedy = "Use ranges of whole 128M with a KASAN kernel.",
     .releases = "5.3+ with KASAN",
     .source = "mm/kasan/init.c: kasan_add_zero_shadow",
     .needs = {Need::iomem}},

    // --- hangs and crashes -------------------------------------------------------------------------------------------
    {.id = "task.blocked",
     .patterns = {"task {task:word} blocked for more than {seconds:dec} seconds",
                  "in D state {seconds:dec}-{seconds_most:dec} s", "in D state {seconds:dec}",
                  "watchdog: BUG: soft lockup"},
     .cause = "A task waits in the kernel: unbinding waits until the last user of the disk, device or page is gone, "
              "and setting up terabytes of struct pages takes long. It waits for {seconds} seconds or more.",
     .remedy = "Close mappings, file systems and programs on the device: the wait itself cannot be interrupted.",
     .releases = "all",
     .source = "mm/memremap.c: memunmap_pages; block/genhd.c: del_gendisk",
     .needs = {Need::holders}},
    {.id = "crash.section-deactivate",
     .patterns = {"section_deactivate+", "RIP: {*}section_deactivate"},
     .cause = "The kernel crashed while it removed memory of a section: sub-sections shared with RAM or another "
              "namespace (5.6-rc, powerpc), or the accounting of 6.11-rc1.",
     .remedy = "Use a later stable release; unmap nothing that shares sections on the one that crashed.",
     .releases = "5.3-5.6, 6.11-rc1",
     .source = "mm/sparse.c: section_deactivate (15995a352474)",
     .rules = "hazard.early-memmap-depopulated",
     .needs = {Need::kernel_version, Need::iomem}},
    {.id = "crash.zone-device-init",
     .patterns = {"__init_zone_device_page+", "__init_single_page+", "memmap_init_zone_device+"},
     .cause = "The kernel crashed while it set up the struct pages of device memory: part of their memmap was not "
              "there.",
     .remedy = "With 16K or 64K pages align start and length to what one page of memmap describes (4M, 64M). "
               "Otherwise do not bind a device again whose last bind failed.",
     .releases = "5.3+",
     .source = "mm/mm_init.c: __init_zone_device_page",
     .rules = "map.memmap-partial-page",
     .needs = {Need::kernel_version, Need::kernel_log}},
    {.id = "crash.vmemmap-not-synced",
     .patterns = {"unable to handle page fault for address: ffffe{*}"},
     .cause = "A struct page was touched whose memmap is not there, or not yet in this process's page tables.",
     .remedy = "Update to a stable release with ARCH_PAGE_TABLE_SYNC_MASK (6.17 and stable); if it follows a failed "
               "bind, reboot.",
     .releases = "up to 6.16",
     .source = "mm/sparse-vmemmap.c: vmemmap_populate_address",
     .needs = {Need::kernel_version}},
    {.id = "ppc.pgtable-frag",
     .patterns = {"kernel BUG at arch/powerpc/mm/", "create_physical_mapping+", "remove_pagetable+"},
     .cause = "The linear mapping that was made at boot (or by kexec) cannot be split when part of it is removed.",
     .remedy = "Treat memory that was present at boot as not removable on such kernels; 5.9 has the repair.",
     .releases = "up to 5.8 (ppc64)",
     .source = "arch/powerpc/mm/pgtable-frag.c: pte_fragment_free"},
    {.id = "release.adjustable",
     .patterns = {"release_mem_region_adjustable+", "at kernel/resource.c:{*}release_mem_region_adjustable"},
     .cause = "Part of a busy resource was given back, and its children ended up in the wrong half (a warning).",
     .remedy = "The memory itself is removed; /proc/iomem is wrong until the next boot.",
     .releases = "5.10-6.17",
     .source = "kernel/resource.c: release_mem_region_adjustable",
     .needs = {Need::iomem, Need::kernel_version},
     .strength = Strength::consequence},
    {.id = "crash.data-access",
     .patterns = {"Unable to handle kernel data access at {address:hex}", "NULL pointer dereference",
                  "unable to handle kernel {*} at", "unable to handle page fault",
                  // with "[#1]" of die(); "traps: PROGRAM[PID] general protection fault ip:..." is of a program
                  // (arch/x86/kernel/traps.c: show_signal)
                  "general protection fault{*}[#"},
     .cause = "The kernel crashed; on powerpc with hash MMU, mapping a namespace that is no multiple of 16M leads "
              "here.",
     .remedy = "Note the function of the first line of the call trace, and reboot: what follows in the log is no "
               "answer.",
     .releases = "all",
     .source = "arch/*/mm/fault.c",
     .rules = "hazard.nd-unbind-active-dimm",
     .needs = {Need::kernel_version, Need::start},
     .strength = Strength::consequence},
    {.id = "crash.lockdep",
     .patterns = {"possible circular locking dependency detected", "possible recursive locking detected",
                  "*** DEADLOCK ***"},
     .cause = "lockdep reports that two locks are taken in both orders; hot-remove of memory through ACPI and a write "
              "to its state was such a pair.",
     .remedy = "A report, not yet a hang; use a later release.",
     .releases = "up to 5.1",
     .source = "drivers/base/memory.c: mem_sysfs_mutex",
     .needs = {Need::kernel_version},
     .strength = Strength::consequence},
};

}   // namespace

std::span<const Entry> machine_entries() { return kEntries; }

}   // namespace memhot::explaining
