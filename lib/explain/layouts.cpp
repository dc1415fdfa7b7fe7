// SPDX-License-Identifier: LGPL-2.1-or-later
#include "explain/layouts.hpp"

#include <algorithm>
#include <bit>

#include "memhot/value.hpp"

namespace memhot::explaining {

namespace {

constexpr std::uint64_t kNamespaceUnit = 16 * kMiB;   // of starts and sizes by default
constexpr std::uint64_t kUsualSection = 128 * kMiB;
constexpr std::uint64_t kWidestGap = kGiB;
constexpr std::size_t kMostFindings = 32;             // a whole /proc/iomem must not bury the answer

using Findings = std::vector<LayoutFinding>;

bool is_device_memory(const Place& place) { return place.kind == PlaceKind::pmem || place.kind == PlaceKind::ns; }

// Device memory that is not inside another place: "Persistent Memory" rather than the namespace in it.
std::vector<const Place*> outermost_device_memory(const Text& text) {
    std::vector<const Place*> out;
    for (const auto& place : text.places) {
        const bool inside = std::ranges::any_of(text.places, [&](const Place& other) {
            if (&other == &place || other.dump != place.dump || !other.range.contains(place.range)) return false;
            const bool wider = other.range != place.range;
            return (wider && other.kind != PlaceKind::other) || (!wider && is_device_memory(other) && &other < &place);
        });
        if (is_device_memory(place) && !inside) out.push_back(&place);
    }
    return out;
}

std::uint64_t section_size(const Text& text, const ExplainContext& context) {
    const auto* clue = text.clues.find("section_size", 0);
    const auto host =
        clue != nullptr ? *clue : host_value(context, "section_size", {}).value_or(Value::of_size("", kUsualSection));
    return std::has_single_bit(host.number) ? host.number : kUsualSection;
}

Value place_value(std::string_view name, const Place& place) {
    return place.open ? Value::of_text(name, "from " + hex(place.range.start)) : Value::of_range(name, place.range);
}

// --- a section with RAM and device memory -------------------------------------------------------------------------------

void shared_section(const Place& ram, const Place& device, std::uint64_t section, Findings& out) {
    const bool ram_first = ram.range.start < device.range.start;
    const std::uint64_t left = ram_first ? ram.range.last : device.range.last;
    const std::uint64_t right = ram_first ? device.range.start : ram.range.start;
    if (right <= left || right / section != left / section) return;
    const std::uint64_t start = align_down(right, section);
    LayoutFinding finding{
        .id = "section.shared", .lines = {ram.line, device.line}, .device = {}, .found = {}, .next = {}};
    finding.found = {Value::of_range("section", {start, start + (section - 1)}),
                     Value::of_size("section_size", section), place_value("ram", ram),
                     Value::of_range("device_memory", device.range), Value::of_address("boundary", right)};
    const std::uint64_t first = align_up(device.range.start, section);
    const std::uint64_t end = align_down(device.range.last + 1, section);
    if (end > first) finding.next.push_back(Value::of_range("whole_sections", {first, end - 1}));
    out.push_back(std::move(finding));
}

void find_shared_sections(const Text& text, const ExplainContext& context, Findings& out) {
    const std::uint64_t section = section_size(text, context);
    const auto devices = outermost_device_memory(text);
    for (const auto& ram : text.places) {
        if (ram.kind != PlaceKind::ram) continue;
        const bool nested = std::ranges::any_of(text.places, [&](const Place& other) {
            return other.kind != PlaceKind::ram && other.dump == ram.dump && other.range.contains(ram.range);
        });
        if (nested) continue;
        for (const Place* device : devices) {
            if (device->dump == ram.dump) shared_section(ram, *device, section, out);
        }
    }
}

// --- ends between multiples of 2 MiB -----------------------------------------------------------------------------------

// Each namespace, and device memory without one.
bool is_smallest_device_memory(const Text& text, const Place& place) {
    if (place.kind == PlaceKind::ns) return true;
    return place.kind == PlaceKind::pmem && std::ranges::none_of(text.places, [&](const Place& other) {
               return other.kind == PlaceKind::ns && other.dump == place.dump && place.range.contains(other.range);
           });
}

void find_misaligned(const Text& text, Findings& out) {
    for (const auto& place : text.places) {
        const Range& range = place.range;
        if (!is_smallest_device_memory(text, place) || range.last >= (1ULL << 62)) continue;
        const std::uint64_t start_off = range.start % kSubsectionSize;
        const std::uint64_t end_off = (range.last + 1) % kSubsectionSize;
        if (start_off == 0 && end_off == 0) continue;
        LayoutFinding finding{
            .id = "pmem.misaligned-range", .lines = {place.line}, .device = {}, .found = {}, .next = {}};
        finding.found = {Value::of_text("place", place.name), Value::of_range("range", range),
                         Value::of_size("start_beyond_multiple", start_off),
                         Value::of_size("end_beyond_multiple", end_off)};
        const std::uint64_t first = align_up(range.start, kSubsectionSize);
        const std::uint64_t end = align_down(range.last + 1, kSubsectionSize);
        if (end > first) finding.next.push_back(Value::of_range("inside", {first, end - 1}));
        finding.next.push_back(Value::of_address("next_start", align_up(range.last + 1, kNamespaceUnit)));
        for (const auto& other : text.places) {
            if (other.kind != place.kind || other.dump != place.dump || other.range.start <= range.last + 1) continue;
            const Range gap{range.last + 1, other.range.start - 1};
            if (gap.size() > kWidestGap) continue;
            finding.found.push_back(Value::of_range("gap", gap));
            finding.found.push_back(Value::of_size("gap_size", gap.size()));
            break;
        }
        out.push_back(std::move(finding));
    }
}

// --- CXL and hmem ------------------------------------------------------------------------------------------------------

void find_covered_windows(const Text& text, Findings& out) {
    for (const auto& window : text.places) {
        if (window.kind != PlaceKind::cxl_window) continue;
        for (const auto& child : text.places) {
            const bool foreign = child.kind == PlaceKind::reserved || child.kind == PlaceKind::other;
            if (!foreign || child.dump != window.dump || !child.range.contains(window.range)) continue;
            out.push_back({.id = "cxl.window-covered",
                           .lines = {window.line, child.line},
                           .device = {},
                           .found = {Value::of_range("window", window.range), Value::of_text("in_the_way", child.name)},
                           .next = {}});
        }
    }
}

void find_hmem_devices(const Text& text, Findings& out) {
    for (const auto& dax : text.places) {
        if (dax.kind != PlaceKind::dax) continue;
        const auto around = [&](PlaceKind kind) {
            return std::ranges::find_if(text.places, [&](const Place& place) {
                return place.kind == kind && place.dump == dax.dump && place.range.contains(dax.range);
            });
        };
        const auto soft = around(PlaceKind::soft_reserved);
        const auto region = around(PlaceKind::region);
        if (soft == text.places.end() || region == text.places.end()) continue;
        out.push_back({.id = "hmem.owns-region",
                       .lines = {region->line, soft->line, dax.line},
                       .device = dax.name,
                       .found = {Value::of_text("dax", dax.name), Value::of_text("region", region->name),
                                 Value::of_range("range", dax.range)},
                       .next = {}});
    }
}

// --- kmem --------------------------------------------------------------------------------------------------------------

// The namespace's own claim ends where the data begins; what kmem added begins later.
void find_kmem_gaps(const Text& text, Findings& out) {
    for (const auto& dax : text.places) {
        const bool is_ram = std::ranges::any_of(text.places, [&](const Place& place) {
            return place.kind == PlaceKind::ram && place.dump == dax.dump && place.range == dax.range;
        });
        if (dax.kind != PlaceKind::dax || !is_ram) continue;
        for (const auto& ns : text.places) {
            const bool before = ns.kind == PlaceKind::ns && ns.dump == dax.dump && ns.range.last < dax.range.start - 1;
            if (!before || dax.range.start - ns.range.last > 4 * kGiB) continue;
            out.push_back({.id = "kmem.lost-in-front",
                           .lines = {ns.line, dax.line},
                           .device = dax.name,
                           .found = {Value::of_address("start", ns.range.last + 1), Value::of_range("kept", dax.range)},
                           .next = {}});
        }
    }
}

void find_unnamed_ram(const Text& text, Findings& out) {
    for (const auto& ram : text.places) {
        if (ram.name != "System RAM") continue;
        const auto holds = [&](PlaceKind kind) {
            return std::ranges::any_of(text.places, [&](const Place& place) {
                return place.kind == kind && place.dump == ram.dump && place.range.contains(ram.range);
            });
        };
        if (!holds(PlaceKind::pmem) || holds(PlaceKind::dax)) continue;
        out.push_back({.id = "kmem.kexec",
                       .lines = {ram.line},
                       .device = {},
                       .found = {Value::of_range("range", ram.range)},
                       .next = {}});
    }
}

// --- listings ----------------------------------------------------------------------------------------------------------

void find_lost_info_blocks(const Text& text, Findings& out) {
    for (auto now = text.listed.begin(); now != text.listed.end(); ++now) {
        if (now->mode != "raw" || !now->size) continue;
        const auto before = std::ranges::find_if(text.listed.begin(), now, [&](const Listed& other) {
            return other.dev == now->dev && (other.mode == "devdax" || other.mode == "fsdax") && other.size;
        });
        if (before == now || *before->size >= *now->size) continue;
        out.push_back({.id = "infoblock.lost",
                       .lines = {before->line, now->line},
                       .device = now->dev,
                       .found = {Value::of_size("usable", *before->size), Value::of_size("size", *now->size)},
                       .next = {}});
    }
}

// An instance that was made, but of nothing.
void find_zero_sizes(const Text& text, Findings& out) {
    for (const auto& object : text.listed) {
        const bool made = object.mode == "devdax" || object.mode == "fsdax";
        if (!made || object.size != 0 || !object.dev.starts_with("namespace")) continue;
        out.push_back({.id = "pfn.zero-size", .lines = {object.line}, .device = object.dev, .found = {}, .next = {}});
    }
}

void find_mixed_regions(const Text& text, Findings& out) {
    const Listed* full = nullptr;
    const Listed* free = nullptr;
    for (const auto& object : text.listed) {
        if (!object.dev.starts_with("region") || !object.available) continue;
        if (*object.available == 0 && !object.interleave_set && full == nullptr) full = &object;
        if (*object.available != 0 && object.interleave_set && free == nullptr) free = &object;
    }
    if (full == nullptr || free == nullptr) return;
    out.push_back({.id = "region.legacy-and-labelled",
                   .lines = {full->line, free->line},
                   .device = full->dev,
                   .found = {Value::of_text("device", full->dev), Value::of_text("free_region", free->dev),
                             Value::of_size("available", *free->available)},
                   .next = {Value::of_size("size_at_most", free->largest_extent.value_or(*free->available))}});
}

// A command whose size makes the next namespace start off 16 MiB.
void find_odd_size(const Text& text, Findings& out) {
    for (std::size_t i = 0; i < text.lines.size(); ++i) {
        if (text.lines[i].lower.find("create-namespace") == std::string::npos) continue;
        const auto* size = text.clues.find("size", i);
        if (size == nullptr || size->number % kNamespaceUnit == 0) continue;
        const std::uint64_t below = align_down(size->number, kNamespaceUnit);
        LayoutFinding finding{.id = "ndctl.size-not-16m", .lines = {i}, .device = {}, .found = {*size}, .next = {}};
        if (below != 0) finding.next.push_back(Value::of_size("size_below", below));
        finding.next.push_back(Value::of_size("size_above", below + kNamespaceUnit));
        out.push_back(std::move(finding));
        return;
    }
}

}   // namespace

std::vector<LayoutFinding> find_layouts(const Text& text, const ExplainContext& context, bool with_command) {
    std::vector<LayoutFinding> all;
    const auto take = [&](auto&& find) {
        Findings some;
        find(some);
        for (auto& finding : some) {
            const bool known = std::ranges::any_of(all, [&](const LayoutFinding& other) {
                return other.id == finding.id && other.device == finding.device && other.found == finding.found;
            });
            if (!known && all.size() < kMostFindings) all.push_back(std::move(finding));
        }
    };
    // pairs of places are looked at: more than a machine has are somebody's experiment
    constexpr std::size_t kMostPlaces = 2000;
    if (text.places.size() <= kMostPlaces) {
        take([&](Findings& out) { find_shared_sections(text, context, out); });
        take([&](Findings& out) { find_misaligned(text, out); });
        take([&](Findings& out) { find_covered_windows(text, out); });
        take([&](Findings& out) { find_hmem_devices(text, out); });
        take([&](Findings& out) { find_kmem_gaps(text, out); });
        take([&](Findings& out) { find_unnamed_ram(text, out); });
    }
    take([&](Findings& out) { find_lost_info_blocks(text, out); });
    take([&](Findings& out) { find_zero_sizes(text, out); });
    take([&](Findings& out) { find_mixed_regions(text, out); });
    if (with_command && all.empty()) take([&](Findings& out) { find_odd_size(text, out); });
    return all;
}

}   // namespace memhot::explaining
