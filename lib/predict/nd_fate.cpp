// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What becomes of the data behind a namespace or a dax device while a command runs.
#include <algorithm>

#include "predict/nd_parts.hpp"

namespace memhot {

namespace {

// Whether what could be read before can be read afterwards. A BTT that is laid out anew has an empty map, and its blocks
// lie wherever the old map had put them (drivers/nvdimm/btt.c create_arenas, btt_meta_init); fsdax and devdax have their
// data behind an offset.
bool same_layout(const InfoBlock* one, const InfoBlock* other) {
    if (one == nullptr || other == nullptr) return one == other;
    if (one->mode != other->mode) return false;
    if (one->mode == NsMode::sector) return one->made == other->made;
    return one->geometry.start_pad == other->geometry.start_pad &&
           one->geometry.data_offset == other->geometry.data_offset &&
           one->geometry.end_trunc == other->geometry.end_trunc;
}

bool has_online_memory(const NdBus& bus, const DaxDevice& device) {
    return std::ranges::any_of(blocks_in(bus.model, device.added), &BlockInfo::online);
}

// How much of the first ranges, taken as one piece in the order of their page offsets, lies where it lay.
std::uint64_t common_start(const std::vector<Range>& one, const std::vector<Range>& other) {
    std::uint64_t common = 0;
    for (std::size_t i = 0; i < std::min(one.size(), other.size()); ++i) {
        if (one[i].start != other[i].start) return common;
        common += std::min(one[i].size(), other[i].size());
        if (one[i] != other[i]) return common;
    }
    return common;
}

// Ranges that changed: dax devices without driver only.
std::string fate_of_ranges(const DaxDevice& was, const DaxDevice& is) {
    const std::uint64_t common = common_start(was.ranges, is.ranges);
    if (common == was.size()) return "kept";
    return common == is.size() ? "cut" : "shifted";
}

}   // namespace

std::string fate_of_data(const NdBus& before, const NdNamespace& was, const NdBus& after, const NdNamespace* is) {
    if (is == nullptr || !is->allocated) return "lost";
    if (is->space.start != was.space.start) return "shifted";
    const InfoBlock* const now = info_block_of(after, *is);
    if (!same_layout(info_block_of(before, was), now) || was.info_hidden != is->info_hidden) return "lost";
    if (is->space.size() < was.space.size()) return "cut";
    // ndctl zeroes them whatever they hold (ndctl/namespace.c zero_info_block)
    return now == nullptr && was.zeroed != is->zeroed ? "kept but for the first 8K" : "kept";
}

std::optional<Value> fate_of_data(const NdBus& before, const DaxDevice& was, const NdBus& after, const DaxDevice* is) {
    if (was.ranges.empty()) return std::nullopt;
    const bool was_memory = was.driver == DaxDriver::kmem;
    if (is != nullptr && is->driver == DaxDriver::kmem) {   // what is online belongs to the page allocator
        if (has_online_memory(before, was)) return std::nullopt;
        if (has_online_memory(after, *is)) return Value::of_text("data", "lost");
        if (was_memory) return std::nullopt;
        return Value::of_text("data", "lost as soon as one of its memory blocks is online");
    }
    if (was_memory) {
        return Value::of_text("earlier_data", has_online_memory(before, was) ? "lost" : "lost if it was ever online");
    }
    const bool is_static = before.find_dax_region(was.region) == nullptr;
    if (is_static && (is == nullptr || is->ranges != was.ranges)) return std::nullopt;   // its namespace says it
    if (is == nullptr || is->ranges.empty()) return Value::of_text("data", "lost");
    return Value::of_text("data", fate_of_ranges(was, *is));
}

}   // namespace memhot
