// SPDX-License-Identifier: LGPL-2.1-or-later
#include "nvdimm/dax_region.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>

namespace memhot {

namespace {

struct Piece {
    Range range;
    const DaxDevice* device;
};

// The allocations of a region in address order.
std::vector<Piece> pieces_of(const NdBus& bus, int region) {
    std::vector<Piece> pieces;
    for (const auto& device : bus.dax) {
        if (device.region != region) continue;
        for (const auto& range : device.ranges) pieces.push_back({range, &device});
    }
    std::ranges::sort(pieces, {}, [](const Piece& piece) { return piece.range.start; });
    return pieces;
}

// alloc_is_aligned()
bool is_whole(const NdBus& bus, const DaxDevice& device, std::uint64_t size) {
    return size % std::max(device.align, compat_align(bus.model.profile())) == 0;
}

// What a dynamic device maps are its ranges.
void changed(DaxDevice& device) { device.pages = device.ranges; }

// dev_dax_shrink(): the last range goes first.
void shrink(DaxDevice& device, std::uint64_t size) {
    std::uint64_t left = device.size() - size;
    while (left != 0) {
        Range& last = device.ranges.back();
        const std::uint64_t part = std::min(left, last.size());
        left -= part;
        if (part == last.size()) {
            device.ranges.pop_back();
        } else {
            last.last -= part;
        }
    }
    changed(device);
}

// The first gap in address order, whatever its size and alignment; after: the allocation before it.
struct Gap {
    Range range;
    std::optional<Range> after;
};
std::optional<Gap> first_gap(const std::vector<Piece>& pieces, const Range& space) {
    std::uint64_t at = space.start;
    std::optional<Range> before;
    for (const auto& piece : pieces) {
        if (piece.range.start > at) return Gap{{at, piece.range.start - 1}, before};
        at = piece.range.last + 1;
        before = piece.range;
    }
    if (at > space.last) return std::nullopt;
    return Gap{{at, space.last}, before};
}

// dev_dax_resize(): gap after gap, from the lowest on. A gap behind the device's own last range extends that; any other
// becomes a range of its own, for page offsets only ever grow.
void grow(const NdBus& bus, DaxDevice& device, const DaxRegion& region, std::uint64_t more) {
    while (more != 0) {
        const auto gap = first_gap(pieces_of(bus, region.id), region.space);
        if (!gap) break;
        const std::uint64_t part = std::min(more, gap->range.size());
        if (!device.ranges.empty() && gap->after == device.ranges.back()) {
            device.ranges.back().last += part;
        } else {
            device.ranges.push_back({gap->range.start, gap->range.start + part - 1});
        }
        more -= part;
    }
    changed(device);
}

std::optional<std::uint64_t> hex_number(std::string_view text) {
    if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
    if (text.ends_with('\n')) text.remove_suffix(1);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
    return value;
}

// range_parse()
std::optional<Range> parse_mapping(std::string_view text) {
    const auto dash = text.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto start = hex_number(text.substr(0, dash));
    const auto last = hex_number(text.substr(dash + 1));
    return start && last ? std::optional(Range{*start, *last}) : std::nullopt;
}

// What the files below dax_region/ and those of its devices answer where there are none: `size` can only be read.
bool is_divided(const NdBus& bus) { return bus.model.profile().has(Feature::dax_partitions); }

}   // namespace

std::uint64_t available_size(const NdBus& bus, const DaxRegion& region) {
    std::uint64_t used = 0;
    for (const auto& piece : pieces_of(bus, region.id)) used += piece.range.size();
    return region.space.size() - used;
}

NdAnswer dax_create(NdBus& bus, DaxRegion& region, std::string_view text, int* id) {
    if (!is_divided(bus)) return nd_refuse(RuleId::nd_dax_undivided);
    const auto value = parse_number(text.ends_with('\n') ? text.substr(0, text.size() - 1) : text);
    if (!value || *value != 1) return nd_refuse(RuleId::nd_dax_create_text);
    if (available_size(bus, region) == 0) return nd_refuse(RuleId::nd_dax_create_full);
    int fresh = 0;   // ida: the lowest free id
    const auto taken = [&](int wanted) {
        return std::ranges::any_of(bus.dax,
                                   [&](const DaxDevice& one) { return one.region == region.id && one.id == wanted; });
    };
    while (taken(fresh)) ++fresh;
    bus.dax.push_back({.region = region.id,
                       .id = fresh,
                       .ranges = {},
                       .align = region.align,
                       .target_node = region.target_node,
                       .driver = DaxDriver::none,
                       .pages = {},
                       .altmap = {},
                       .mappings = {},
                       .added = {},
                       .memmap_on_memory = region.memmap_on_memory});
    std::ranges::sort(bus.dax, {}, [](const DaxDevice& one) { return std::pair(one.region, one.id); });
    if (!region.seed) region.seed = fresh;
    region.youngest = fresh;
    if (id != nullptr) *id = fresh;
    return {0, RuleId::nd_accepted};
}

NdAnswer dax_delete(NdBus& bus, DaxRegion& region, std::string_view name) {
    if (!is_divided(bus)) return nd_refuse(RuleId::nd_dax_undivided);
    DaxDevice* device = bus.find_dax(name);
    if (device == nullptr || device->region != region.id) return nd_refuse(RuleId::nd_dax_delete_unknown);
    const bool busy = device->driver != DaxDriver::none || !device->ranges.empty() || device->id == 0;
    if (busy) return nd_refuse(RuleId::nd_dax_delete_busy);
    if (region.seed == device->id) region.seed.reset();
    if (region.youngest == device->id) region.youngest.reset();
    bus.dax.erase(bus.dax.begin() + (device - bus.dax.data()));
    return {0, RuleId::nd_accepted};
}

NdAnswer dax_set_size(NdBus& bus, DaxDevice& device, std::uint64_t size) {
    const DaxRegion* region = bus.find_dax_region(device.region);
    if (region == nullptr) return nd_refuse(RuleId::nd_dax_static);
    if (!is_divided(bus)) return {EACCES, RuleId::nd_dax_undivided};
    if (!is_whole(bus, device, size)) return nd_refuse(RuleId::nd_dax_size_unaligned);
    if (device.driver != DaxDriver::none) return nd_refuse(RuleId::nd_dax_busy);
    const std::uint64_t have = device.size();
    if (size > have && size - have > available_size(bus, *region)) return nd_refuse(RuleId::nd_dax_no_space);
    if (size < have) shrink(device, size);
    if (size > have) grow(bus, device, *region, size - have);
    return {0, RuleId::nd_accepted};
}

NdAnswer dax_set_align(NdBus& bus, DaxDevice& device, std::string_view text) {
    if (!is_divided(bus)) return nd_refuse(RuleId::nd_dax_undivided);
    if (bus.find_dax_region(device.region) == nullptr) return nd_refuse(RuleId::nd_dax_static);
    const auto value = parse_number(text);
    if (!value) return nd_refuse(RuleId::nd_dax_align_text);
    if (!supports_align(bus.model.profile(), *value)) return nd_refuse(RuleId::nd_dax_align_invalid);
    if (device.driver != DaxDriver::none) return nd_refuse(RuleId::nd_dax_busy);
    DaxDevice tried = device;
    tried.align = *value;
    const bool whole =
        std::ranges::all_of(device.ranges, [&](const Range& range) { return is_whole(bus, tried, range.size()); });
    if (!whole) return nd_refuse(RuleId::nd_dax_align_ranges);
    device.align = *value;
    return {0, RuleId::nd_accepted};
}

// Neither the start's alignment nor a driver is looked at.
NdAnswer dax_add_mapping(NdBus& bus, DaxDevice& device, std::string_view text) {
    const DaxRegion* region = bus.find_dax_region(device.region);
    if (region == nullptr) return nd_refuse(RuleId::nd_dax_static);
    if (!is_divided(bus)) return nd_refuse(RuleId::nd_dax_undivided);
    const auto range = parse_mapping(text);
    if (!range) return nd_refuse(RuleId::nd_dax_mapping_text);
    if (!is_whole(bus, device, range->size())) {
        const bool silent = bus.model.profile().has(Feature::dax_mapping_ignored);
        return nd_refuse(silent ? RuleId::nd_dax_mapping_ignored : RuleId::nd_dax_mapping_unaligned);
    }
    const bool inside = range->last >= range->start && region->space.contains(*range);
    const auto pieces = pieces_of(bus, region->id);
    const bool taken = std::ranges::any_of(pieces, [&](const Piece& piece) { return piece.range.overlaps(*range); });
    if (!inside || taken) return nd_refuse(RuleId::nd_dax_mapping_conflict);
    device.ranges.push_back(*range);
    changed(device);
    return {0, RuleId::nd_accepted};
}

}   // namespace memhot
