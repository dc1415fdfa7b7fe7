// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The arithmetic of entries: what follows from the numbers of a message, and the next values that would be taken.
#pragma once

#include "explain/workings.hpp"

namespace memhot::explaining::works {

// --- works_core.cpp: mm/, drivers/base/memory.c -----------------------------------------------------------------------
void misaligned_pages(Workings& work);   // start_pfn, end_pfn: which page sizes fit, addresses, 2 MiB inside
void mixed_region(Workings& work);   // range: what of it is not RAM, whole sections of it
void beyond_pluggable(Workings& work);   // start, end, limit: the last place that fits
void beyond_physmem(Workings& work);   // range, maximum: the real limit
void block_unaligned(Workings& work);   // block_size, start, size: neighbours of both
void section_unaligned(Workings& work);
void online_block(Workings& work);   // block range: its number
void boot_block(Workings& work);   // start, end of one block
void numbered_block(Workings& work);   // block: its range
void offline_reason(Workings& work);   // range, reason: which rule
void offline_refused(Workings& work);   // block, error: which rule
void memmap_cost(Workings& work);   // size or range to add: 1/64 of it
void wrong_granularity(Workings& work);   // start, end: blocks one by one
void pages_at(Workings& work);   // start_pfn, pages
void section_conflict(Workings& work);   // sizes that share no section
void altmap_invalid(Workings& work);   // size: how much memmap it needs
void nonexistent(Workings& work);   // range: its size
void blocks_of_range(Workings& work);   // range, block_size: memory blocks in it

// --- works_nvdimm.cpp: drivers/nvdimm ---------------------------------------------------------------------------------
void bad_offset(Workings& work);   // data_offset, align: where the base was
void start_misaligned(Workings& work);   // start, unit: neighbours
void range_inside(Workings& work);   // range: the part between 2 MiB boundaries
void collision(Workings& work);   // truncated: bytes into the section
void no_room(Workings& work);   // size, align: what fits
void exceeds_capacity(Workings& work);   // align, capacity
void pfns_truncated(Workings& work);   // pages before and after, as bytes
void underrun(Workings& work);   // wanted, got
void region_align(Workings& work);   // align and size: neighbours
void namespace_size(Workings& work);   // size against 16 MiB times ways
void size_hex_no_space(Workings& work);
void enable_failed(Workings& work);   // by size and align of the command: what probably spoke
void zero_size(Workings& work);   // ppc64 with hash MMU: 16 MiB instead of 2
void align_loss(Workings& work);   // size, align: usable bytes, and the size that gives what was wanted
void alignment_mismatch(Workings& work);
void info_block_lost(Workings& work);   // raw size, usable size: the difference that a map=dev instance takes

// --- works_dax.cpp: drivers/dax, drivers/cxl --------------------------------------------------------------------------
void kmem_too_small(Workings& work);   // range: the block sizes for which nothing is left
void kmem_truncated(Workings& work);   // lost: split at both ends where range and block size are known
void kmem_nothing_left(Workings& work);   // usable size: what would do
void kmem_in_front(Workings& work);   // start, kept
void range_size(Workings& work);   // range: its size, its blocks
void busy_range(Workings& work);   // range: size, and who is known to hold it
void stuck_range(Workings& work);
void unaligned_vma(Workings& work);
void virtio_start(Workings& work);   // device_start
void private_conflict(Workings& work);
void devices_of_range(Workings& work);   // range in pieces of size
void window_covered(Workings& work);

// --- works_tools.cpp: ndctl, daxctl -----------------------------------------------------------------------------------
void interleave_width(Workings& work);   // ways, align, size or suggestion: both neighbours
void at_least_16m(Workings& work);
void page_align(Workings& work);   // the page size is the only alignment
void unsupported_align(Workings& work);
void no_capacity(Workings& work);   // available extents of the text or host
void label_less_size(Workings& work);
void blocks_already(Workings& work);   // number of blocks: how much that is
void dumped_page(Workings& work);
void node_blocks(Workings& work);
void reconfigure_refused(Workings& work);
void daxctl_enable(Workings& work);   // error and size: kmem's reason
void exit_status(Workings& work);   // 256 - errno
void badblocks(Workings& work);   // sectors to bytes
void bits_too_low(Workings& work);   // limit, wanted: address bits
void multiple_of(Workings& work);   // size, unit
void memmap_carve(Workings& work);   // size, at: the range, and what of it can be mapped

}   // namespace memhot::explaining::works
