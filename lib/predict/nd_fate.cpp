// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What becomes of the data behind a namespace or a dax device while a command runs.
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

}   // namespace memhot
