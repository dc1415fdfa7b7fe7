// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <bit>

#include "explain/works.hpp"
#include "nvdimm/geometry.hpp"

namespace memhot::explaining::works {

namespace {

// With which the geometry of namespaces is worked out where the host's own kernel is not known: the rules of 5.7 and later
// are the same for every one of them but for what is left of too small a namespace.
const KernelProfile& usual_profile() {
    static const KernelProfile kProfile = [] {
        ProfileRequest request;
        request.version = Version{.major = 6, .minor = 12, .patch = 0};
        auto profile = make_profile(request);
        return profile ? *std::move(profile) : KernelProfile{};
    }();
    return kProfile;
}

// Usable bytes of a new map=dev instance; 0 where nothing is left.
std::uint64_t usable(std::uint64_t start, std::uint64_t size, std::uint64_t align) {
    const auto space = Range::from_size(start, size);
    if (!space || size <= kInfoBlockReserve || !std::has_single_bit(align)) return 0;
    const PfnAnswer answer = pfn_geometry(usual_profile(), *space, align, PageMap::device);
    return answer.refusal ? 0 : answer.geometry.usable;
}

bool sensible(std::uint64_t size, std::uint64_t align) {
    return std::has_single_bit(align) && align <= kTiB && size != 0 && size <= 1024 * kTiB;
}

// What namespaces of a size and alignment must be multiples of.
std::uint64_t unit_of_sizes(Workings& work) {
    if (const auto align = work.number("region_align"); align && *align != 0) return *align;
    const std::uint64_t ways = work.number("ways").value_or(1);
    const std::uint64_t base = 16 * kMiB;   // drivers/nvdimm/region_devs.c default_align
    return ways > 1 && ways < 64 && base % ways != 0 ? base * ways : base;
}

}   // namespace

void bad_offset(Workings& work) {
    const auto offset = work.number("data_offset");
    const auto align = work.number("align");
    if (!offset || !align || !std::has_single_bit(*align)) return;
    // when it was made, start + offset was a multiple of align
    const std::uint64_t modulo = (*align - (*offset & (*align - 1))) & (*align - 1);
    work.found(Value::of_size("start_modulo", modulo));
    const auto start = work.number("start");
    if (!start) return;
    const std::uint64_t moved = (*start - modulo) & (*align - 1);
    work.found(Value::of_size("moved_by", moved));
    work.next(Value::of_address("start_below", *start - moved));
    if (*start + (*align - moved) > *start) work.next(Value::of_address("start_above", *start + (*align - moved)));
    work.next(Value::of_size("shift_back", moved));
    work.next(Value::of_size("shift_on", *align - moved));
}

void start_misaligned(Workings& work) {
    const auto start = work.number("start");
    const std::uint64_t unit = work.number("unit").value_or(kNdctlStartAlign);
    if (!start || unit == 0) {
        work.next(Value::of_size("start_multiple_of", unit));
        return;
    }
    work.found(Value::of_size("beyond_multiple", *start % unit));
    put_starts(work, *start, unit);
}

void range_inside(Workings& work) {
    if (const auto range = work.range("range")) {
        work.found(Value::of_size("range_size", range->size()));
        put_inside(work, "inside", *range, kSubsectionSize);
    }
}

// Up to 5.2 a neighbour costs less than a section at each end; what is beyond one is cut to the last multiple of the
// alignment, and the only one that is larger than a section is 1 GiB.
void truncated_by_align(Workings& work) {
    work.become("pfn.align-truncates");
    work.found(Value::of_size("align", kGiB));
    if (const auto start = work.number("start")) work.found(Value::of_size("start_modulo", *start % kGiB));
    work.next(Value::of_size("align", kSubsectionSize));
    work.next(Value::of_size("size_multiple_of", kGiB));
    work.next(Value::of_size("size_anywhere", 3 * kGiB));
}

void collision(Workings& work) {
    const auto truncated = work.number("truncated");
    const std::uint64_t section = section_size_of(work);
    if (!truncated || *truncated == 0) return;
    if (*truncated > section) return truncated_by_align(work);
    if (const auto start = work.number("start")) {
        work.found(Value::of_size("align_cost", align_up(*start + kInfoBlockReserve, kGiB) - *start));
    }
    // start_pad leads from the start to the next section, so the start lies that much in front of it
    if (*truncated < section) work.found(Value::of_size("into_section", section - *truncated));
    work.next(Value::of_size("align", kGiB));
    work.next(Value::of_size("size_multiple_of", section));
}

void no_room(Workings& work) {
    const auto align = work.number("align");
    const auto size = work.number("size");
    const std::uint64_t unit = align && sensible(1, *align) ? std::max(*align, kSubsectionSize) : kGiB;
    work.next(Value::of_size("align", kSubsectionSize));
    // up to 5.2: more than a section is cut off only with the largest alignment there is
    if (!align && work.number("truncated").value_or(0) > 128 * kMiB) work.found(Value::of_size("align", kGiB));
    if (const auto start = work.number("start")) {
        work.found(Value::of_size("start_modulo", *start % unit));
        if (size && sensible(*size, unit))
            work.found(Value::of_size("usable_with_2m", usable(*start, *size, kSubsectionSize)));
    }
    // one unit for info block and memmap, one for the data; a start between two multiples costs one more
    work.next(Value::of_size("size_at_aligned_start", 2 * unit));
    work.next(Value::of_size("size_anywhere", 3 * unit));
}

void exceeds_capacity(Workings& work) {
    const auto align = work.number("align");
    if (align) work.next(Value::of_size("size_at_least", *align));
}

void pfns_truncated(Workings& work) {
    const std::uint64_t page = work.number("page_size").value_or(4 * kKiB);
    const auto before = work.number("pages_before");
    const auto now = work.number("pages");
    if (!before || !now || *before > ~0ULL / page || *now > ~0ULL / page) return;
    work.found(Value::of_size("usable_before", *before * page));
    work.found(Value::of_size("usable", *now * page));
}

void underrun(Workings& work) {
    if (const auto extent = work.number("largest_extent")) work.next(Value::of_size("size_at_most", *extent));
}

void region_align(Workings& work) {
    const auto align = work.number("region_align");
    const auto size = work.number("size");
    if (align && size) put_sizes(work, *size, *align);
}

void namespace_size(Workings& work) {
    const std::uint64_t unit = unit_of_sizes(work);
    work.found(Value::of_size("unit", unit));
    if (const auto size = work.number("size")) put_sizes(work, *size, unit);
}

void size_hex_no_space(Workings& work) {
    if (const auto extent = work.number("largest_extent"); extent && *extent != 0) {
        work.next(Value::of_size("size_at_most", *extent));
    }
}

// A dax device of the same region was System RAM in a listing of this text.
bool was_system_ram(Workings& work) {
    const std::string& device = work.device();
    const std::string region = device.substr(0, device.find('.') + 1);   // "dax0."
    return device.starts_with("dax") && std::ranges::any_of(work.text().listed, [&](const Listed& object) {
               return object.dev.starts_with(region) && object.mode == "system-ram";
           });
}

// Only the library's ENXIO is there. The command's own numbers tell what the kernel probably refused.
void enable_failed(Workings& work) {
    if (was_system_ram(work)) {
        work.become("kmem.destroyed-under");
        return;
    }
    const auto size = work.number("size");
    const auto align = work.number("align");
    if (size && align && *align >= kGiB && sensible(*size, *align)) {
        work.become("pfn.align-loss");
        align_loss(work);
        return;
    }
    const std::uint64_t section = 128 * kMiB;
    const bool old = older_than(work, 5, 3);
    const bool known_new = work.knows("kernel") && !old;
    const bool second = work.device().find(".0") == std::string::npos && work.device().find('.') != std::string::npos;
    if (size && *size % section != 0 && (old || (second && !known_new && *size < section))) {
        work.become("pfn.section-shared");
        work.found(Value::of_size("section_size", section));
        put_sizes(work, *size, section);
    } else if (size && sensible(*size, kSubsectionSize)) {
        work.found(Value::of_size("usable_if_made", usable(0, *size, kSubsectionSize)));
        work.found(Value::of_count("subsections", *size / kSubsectionSize));
    }
}

void align_loss(Workings& work) {
    const auto size = work.number("size");
    const auto align = work.number("align");
    if (!size || !align || !sensible(*size, *align)) return;
    const auto known_start = work.number("start");
    const std::uint64_t start = known_start.value_or(0);
    if (known_start) work.found(Value::of_size("start_modulo", start & (*align - 1)));
    work.found(Value::of_size("usable", usable(align_down(start, kSubsectionSize), *size, *align)));
    for (std::uint64_t more = 1; more <= 3; ++more) {
        const std::uint64_t larger = *size + more * *align;
        if (usable(align_down(start, kSubsectionSize), larger, *align) >= *size) {
            work.next(Value::of_size("size_for_usable", larger));
            break;
        }
    }
    work.next(Value::of_size("align", kSubsectionSize));
}

void alignment_mismatch(Workings& work) { work.next(Value::of_size("align", kSubsectionSize)); }

// "size":0: nothing is left between the memmap and the truncated end.
void zero_size(Workings& work) {
    const auto size = work.number("size");
    // "65536 16777216": supported_alignments with pages of 64K and a linear map of 16M
    const bool powerpc = std::ranges::any_of(work.text().lines, [](const Line& line) {
        return line.lower.find("ppc64") != std::string::npos || line.lower.find("65536 16777216") != std::string::npos;
    });
    const std::uint64_t unit = powerpc ? 16 * kMiB : kSubsectionSize;   // memremap_compat_align(), hash MMU
    work.found(Value::of_size("unit", unit));
    if (!size || !sensible(*size, unit)) return;
    work.found(Value::of_size("usable", usable(0, *size, unit)));
    std::uint64_t larger = (*size / unit + 1) * unit;
    while (usable(0, larger, unit) == 0 && larger < 64 * unit) larger += unit;
    work.next(Value::of_size("size_above", larger));
}

void info_block_lost(Workings& work) {
    const auto raw = work.number("size");
    const auto used = work.number("usable");
    if (!raw || !used || *used >= *raw) return;
    work.found(Value::of_size("overhead", *raw - *used));
    // size/64 and 2 MiB, rounded up to 2 MiB
    const std::uint64_t expected = sensible(*raw, kSubsectionSize) ? *raw - usable(0, *raw, kSubsectionSize) : 0;
    if (expected != 0) work.found(Value::of_size("overhead_of_map_dev", expected));
}

}   // namespace memhot::explaining::works
