// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/cxl_text.hpp"

#include <fmt/format.h>

#include "memhot/cxl.hpp"
#include "output/text.hpp"

namespace memhotctl {

using memhot::CxlInterleave;
using memhot::CxlRegionRecord;
using memhot::Range;

namespace {

std::string target_of(const CxlRegionRecord& region, unsigned position) {
    if (position < region.targets.size() && !region.targets[position].empty()) return region.targets[position];
    return fmt::format("the device at position {}", position);
}

std::string layout_text(const CxlRegionRecord& region, const CxlInterleave& interleave) {
    std::vector<std::string> words;
    if (!region.mode.empty()) words.push_back(region.mode);
    words.push_back(counted(interleave.ways, "way"));
    if (interleave.ways > 1) words.push_back(fmt::format("{} bytes each in turn", interleave.granularity));
    if (!region.decoder.empty()) words.push_back("below " + region.decoder);
    std::vector<std::string> targets;
    for (unsigned i = 0; i < interleave.ways; ++i) targets.push_back(target_of(region, i));
    return fmt::format("{}: {}; in the order of {}", region.name, joined(words), joined(targets));
}

void add(const CxlRegionRecord& region, const Thing& thing, CxlView& view) {
    if (!region.resource || !region.size || !region.interleave_ways) return;
    const CxlInterleave interleave{
        .ways = *region.interleave_ways, .granularity = region.interleave_granularity.value_or(256), .xor_maps = {}};
    const auto whole = Range::from_size(*region.resource, *region.size);
    if (!whole || !check(interleave)) return;
    for (const auto& range : thing.ranges) {
        if (!whole->contains(Range{range.start, range.start})) continue;
        const auto place = cxl_place(interleave, range.start - whole->start);
        if (range.start == whole->start) view.texts.push_back(layout_text(region, interleave));
        const std::string arithmetic =
            interleave.ways > 1 ? "; by modulo: a window with XOR arithmetic does not show its maps" : "";
        view.texts.push_back(fmt::format("{:#x} is byte {:#x} of what {} (position {}) gives to {}{}", range.start,
                                         place.offset, target_of(region, place.position), place.position, region.name,
                                         arithmetic));
        view.document.push(Json::object({{"region", region.name},
                                         {"address", memhot::hex(range.start)},
                                         {"position", place.position},
                                         {"target", target_of(region, place.position)},
                                         {"device_offset", place.offset}}));
    }
}

}   // namespace

CxlView cxl_view(const Host& host, const Thing& thing) {
    CxlView view{.texts = {}, .document = Json::array()};
    if (!host.snapshot.nvdimm) return view;
    for (const auto& region : host.snapshot.nvdimm->cxl_regions) add(region, thing, view);
    return view;
}

}   // namespace memhotctl
