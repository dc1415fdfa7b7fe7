// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <bit>
#include <cerrno>

#include "explain/works.hpp"
#include "memhot/outcome.hpp"

namespace memhot::explaining::works {

namespace {

constexpr std::uint64_t kSmallest = 16 * kMiB;   // of a claimed namespace, and ndctl's unit of starts
constexpr std::uint64_t kSector = 512;

}   // namespace

void interleave_width(Workings& work) {
    const auto ways = work.number("ways");
    const auto align = work.number("align");
    if (!ways && !align) {   // only what ndctl suggests is there
        if (const auto suggested = work.number("suggested")) work.next(Value::of_size("size_above", *suggested));
        work.need(Need::command);
        return;
    }
    if (!ways || !align || *ways == 0 || *align == 0 || *align > ~0ULL / *ways) return;
    const std::uint64_t unit = *ways * *align;
    work.found(Value::of_size("unit", unit));
    const auto suggested = work.number("suggested");
    if (const auto size = work.number("size"); size && *size % unit != 0) {
        put_sizes(work, *size, unit);
    } else if (suggested && *suggested % unit == 0 && *suggested != 0) {
        // ndctl rounds up, so what was asked for lies one unit below at most
        if (*suggested != unit) work.next(Value::of_size("size_below", *suggested - unit));
        work.next(Value::of_size("size_above", *suggested));
    } else {
        work.need(Need::command);
    }
}

void at_least_16m(Workings& work) { work.next(Value::of_size("size_at_least", kSmallest)); }

void page_align(Workings& work) {
    work.next(Value::of_size("align_page", work.number("page_size").value_or(4 * kKiB)));
}

void unsupported_align(Workings& work) {
    page_align(work);
    work.next(Value::of_size("align_pmd", 2 * kMiB));
    work.next(Value::of_size("align_pud", kGiB));
}

void no_capacity(Workings& work) {
    std::optional<std::uint64_t> largest;
    for (const auto& object : work.text().listed) {
        if (object.largest_extent && (!largest || *object.largest_extent > *largest)) largest = object.largest_extent;
    }
    if (!largest) largest = work.number("largest_extent");
    if (largest) work.found(Value::of_size("largest_extent", *largest));
    const auto available = work.number("available");
    if (largest && *largest != 0) {
        work.next(Value::of_size("size_at_most", *largest));
    } else if (available && *available != 0) {
        work.next(Value::of_size("size_at_most", *available));
    }
    work.number("size");
}

void label_less_size(Workings& work) {
    work.number("size");
    if (const auto region = work.number("region_size")) {
        work.next(Value::of_size("size", *region));
        return;
    }
    for (const auto& object : work.text().listed) {
        if (object.dev.starts_with("region") && object.size) work.next(Value::of_size("size", *object.size));
    }
}

void blocks_already(Workings& work) {
    const auto blocks = work.number("blocks");
    const auto block = work.number("block_size");
    if (!blocks || !block || *block == 0 || *blocks > ~0ULL / *block) return;
    work.found(Value::of_size("blocks_size", *blocks * *block));
}

// The "MB" of numactl -H are MiB (numactl.c: node_size >> 20). The node holds these blocks and may hold others; the size of
// a block is a power of two.
void node_blocks(Workings& work) {
    blocks_already(work);
    const auto blocks = work.number("blocks");
    const auto mib = work.knows("node_mib") ? work.number("node_mib") : std::nullopt;
    if (!blocks || *blocks == 0 || mib.value_or(0) == 0 || *mib >> 40 != 0) return;
    const std::uint64_t size = *mib * kMiB;
    work.found(Value::of_size("node_size", size));
    if (size / *blocks != 0) work.found(Value::of_size("block_size_at_most", std::bit_floor(size / *blocks)));
}

// EINVAL of a create or reconfigure command: of what is given on its line, sizes are what may be wrong.
void reconfigure_refused(Workings& work) {
    const auto size = work.number("size");
    if (work.error() == EINVAL && size) put_sizes(work, *size, work.number("region_align").value_or(kSmallest));
}

// "failed to enable" with the errno of a later line: kmem's two refusals.
void daxctl_enable(Workings& work) {
    if (work.error() == EINVAL && usable_size(work)) work.become("nd.kmem-no-block");
    if (work.error() == ENODEV) work.become("nd.kmem-no-node");
    if (work.becomes() == "nd.kmem-no-block") kmem_nothing_left(work);
}

void exit_status(Workings& work) {
    const auto status = work.number("status");
    if (!status || *status <= 128 || *status > 255) return;
    work.found(Value::of_text("exit_errno", errno_name(static_cast<int>(256 - *status))));
}

void badblocks(Workings& work) {
    const auto sectors = work.number("sectors");
    if (sectors && *sectors <= ~0ULL / kSector) work.found(Value::of_size("bytes", *sectors * kSector));
}

void bits_too_low(Workings& work) {
    const auto wanted = work.number("wanted");
    if (wanted) work.next(Value::of_count("bits_needed", static_cast<std::uint64_t>(std::bit_width(*wanted))));
}

void multiple_of(Workings& work) {
    const auto unit = work.number("unit");
    const auto size = work.number("size");
    if (unit && size) put_sizes(work, *size, *unit);
}

// memmap=SIZE!START, and the first piece of it that is seen to begin off a multiple of 2M.
void memmap_carve(Workings& work) {
    const auto size = work.number("size");
    const auto at = work.number("at");
    if (!size || !at) return;
    if (const auto range = Range::from_size(*at, *size)) work.found(Value::of_range("carved", *range));
    for (const auto& place : work.text().places) {
        if (place.kind != PlaceKind::pmem || is_aligned(place.range.start, kSubsectionSize)) continue;
        work.found(Value::of_range("piece", place.range));
        put_inside(work, "inside", place.range, kSubsectionSize);
        break;
    }
}

}   // namespace memhot::explaining::works
