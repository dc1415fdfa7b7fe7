// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Look-ups in what a host shows of its nvdimm and dax buses (memhot/nvdimm.hpp).
#include <algorithm>

#include "memhot/nvdimm.hpp"
#include "memhot/snapshot.hpp"
#include "nvdimm/geometry.hpp"

namespace memhot {
namespace {

template <class T>
const T* find_by(const std::vector<T>& list, std::string T::* field, std::string_view value) {
    const auto found = std::ranges::find(list, value, field);
    return found == list.end() ? nullptr : &*found;
}

}   // namespace

const NdRegionRecord* NvdimmRecord::region(std::string_view name) const {
    return find_by(regions, &NdRegionRecord::name, name);
}

const NamespaceRecord* NvdimmRecord::find_namespace(std::string_view name) const {
    return find_by(namespaces, &NamespaceRecord::name, name);
}

const NdInstanceRecord* NvdimmRecord::instance(std::string_view name) const {
    return find_by(instances, &NdInstanceRecord::name, name);
}

const DaxDeviceRecord* NvdimmRecord::dax_device(std::string_view name) const {
    return find_by(dax_devices, &DaxDeviceRecord::name, name);
}

const DaxRegionRecord* NvdimmRecord::dax_region(std::string_view parent) const {
    return find_by(dax_regions, &DaxRegionRecord::parent, parent);
}

const NdInstanceRecord* NvdimmRecord::instance_over(std::string_view namespace_name) const {
    if (namespace_name.empty()) return nullptr;
    return find_by(instances, &NdInstanceRecord::namespace_name, namespace_name);
}

const InfoBlockRecord* NvdimmRecord::info_block(std::string_view namespace_name) const {
    if (namespace_name.empty()) return nullptr;
    return find_by(info_blocks, &InfoBlockRecord::namespace_name, namespace_name);
}

std::vector<Range> ranges_of(const DaxDeviceRecord& device) {
    std::vector<Range> ranges;
    for (const auto& mapping : device.mappings) ranges.push_back(mapping.range);
    if (!ranges.empty() || !device.resource || !device.size) return ranges;
    if (const auto range = Range::from_size(*device.resource, *device.size)) ranges.push_back(*range);
    return ranges;
}

std::vector<DaxBlock> dax_blocks(const Snapshot& snapshot, const DaxDeviceRecord& device) {
    std::vector<DaxBlock> blocks;
    if (!snapshot.memory_block_size || *snapshot.memory_block_size == 0) return blocks;
    const std::uint64_t size = *snapshot.memory_block_size;
    static const std::vector<BlockRecord> kNone;
    const auto& there = snapshot.blocks ? *snapshot.blocks : kNone;
    for (const auto& range : ranges_of(device)) {
        const auto whole = kmem_blocks(range, size);
        if (!whole) continue;
        for (std::uint64_t number = whole->start / size; number <= whole->last / size; ++number) {
            DaxBlock block{.number = number, .valid_zones = {}};
            const auto found = std::ranges::lower_bound(there, number, {}, &BlockRecord::number);
            if (found != there.end() && found->number == number) {
                block.present = true;
                block.online = found->state == "online";
                block.valid_zones = found->valid_zones;
            }
            blocks.push_back(std::move(block));
        }
    }
    std::ranges::sort(blocks, {}, &DaxBlock::number);
    return blocks;
}

}   // namespace memhot
