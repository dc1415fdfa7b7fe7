// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/nd_tree.hpp"

#include <algorithm>
#include <array>

#include "client/blocks.hpp"
#include "client/layout.hpp"

namespace memhotctl {

using memhot::DaxDeviceRecord;
using memhot::InstanceKind;
using memhot::NamespaceRecord;
using memhot::NdInstanceRecord;
using memhot::NvdimmRecord;
using memhot::Range;

namespace {

template <class T>
void add_once(std::vector<T>& list, const T& value) {
    if (std::ranges::find(list, value) == list.end()) list.push_back(value);
}

std::string mode_of(const DaxDeviceRecord& device) {
    constexpr std::array kModes{std::pair{"kmem", "system-ram"}, std::pair{"device_dax", "devdax"},
                                std::pair{"fsdev_dax", "famfs"}};
    for (const auto& [driver, mode] : kModes) {
        if (device.driver == driver) return mode;
    }
    return device.driver;
}

// What drives it counts; of an idle one the words of sysfs, which say nothing about success.
std::string mode_of(const NamespaceRecord& ns, const NdInstanceRecord* instance) {
    if (instance != nullptr) {
        constexpr std::array kModes{"fsdax", "devdax", "sector"};   // by InstanceKind
        return kModes[static_cast<std::size_t>(instance->kind)];
    }
    return ns.mode == "memory" ? "fsdax" : "raw";
}

// A legacy range without an info block has its struct pages in RAM.
std::string map_of(const NamespaceRecord& ns, const NdInstanceRecord* instance) {
    if (instance == nullptr) return ns.mode == "memory" ? "mem" : "";
    if (instance->kind == InstanceKind::btt) return {};
    return instance->mode == "pmem" ? "dev" : instance->mode == "ram" ? "mem" : "";
}

class Builder {
public:
    explicit Builder(const Host& host)
        : host_(host), nd_(*host.snapshot.nvdimm),
          extents_(host.model ? flatten(host.model->resources()) : std::vector<Extent>()),
          sections_(host.model ? shared_sections(extents_, host.model->units().section_size)
                               : std::vector<SharedSection>()) {}

    NdTree tree() {
        NdTree out;
        for (const auto& region : nd_.regions) out.regions.push_back(node_of(region));
        for (const auto& device : nd_.dax_devices) {
            const auto* region = nd_.dax_region(device.parent);
            if (region == nullptr || region->kind != "pmem") out.devices.push_back(node_of(device));
        }
        return out;
    }

    DaxNode node_of(const DaxDeviceRecord& device) {
        DaxNode node{.record = device, .mode = mode_of(device), .size = 0, .blocks = {}, .stranded = 0, .shared = {}};
        const auto ranges = memhot::ranges_of(device);
        for (const auto& range : ranges) {
            node.size += range.size();
            for (auto& section : meetings(range, device.name)) node.shared.push_back(std::move(section));
        }
        if (ranges.empty()) node.size = device.size.value_or(0);
        if (node.mode == "system-ram") {
            node.blocks = blocks_of(device);
            node.stranded = node.size - std::min(node.size, node.blocks.bytes);
        }
        return node;
    }

private:
    RegionNode node_of(const memhot::NdRegionRecord& region) {
        RegionNode node{.record = region, .namespaces = {}, .stranded = 0};
        for (const auto& ns : nd_.namespaces) {
            if (ns.region == region.name && ns.size.value_or(0) != 0) node.namespaces.push_back(node_of(ns));
        }
        const std::uint64_t free = region.available_size.value_or(0);
        node.stranded = free - std::min(free, region.max_available_extent.value_or(free));
        return node;
    }

    NamespaceNode node_of(const NamespaceRecord& ns) {
        NamespaceNode node;
        node.record = ns;
        node.instance = nd_.instance_over(ns.name);
        node.mode = mode_of(ns, node.instance);
        node.map = map_of(ns, node.instance);
        if (node.instance != nullptr) node.dax_region = nd_.dax_region(node.instance->name);
        node.enabled = !ns.driver.empty() || (node.instance != nullptr && !node.instance->driver.empty());
        node.usable = node.instance != nullptr && node.instance->size ? *node.instance->size : ns.size.value_or(0);
        node.stranded = node.enabled ? ns.size.value_or(0) - std::min(ns.size.value_or(0), node.usable) : 0;
        node.block_device = node.instance != nullptr && !node.instance->block_device.empty()
                                ? node.instance->block_device
                                : ns.block_device;
        if (ns.resource) {
            if (const auto range = Range::from_size(*ns.resource, *ns.size)) node.shared = meetings(*range, ns.name);
        }
        for (const auto& device : nd_.dax_devices) {
            if (node.instance != nullptr && device.parent == node.instance->name)
                node.devices.push_back(node_of(device));
        }
        return node;
    }

    DaxBlocks blocks_of(const DaxDeviceRecord& device) {
        DaxBlocks found;
        for (const auto& block : memhot::dax_blocks(host_.snapshot, device)) {
            if (!block.present) continue;
            found.present.push_back(block.number);
            found.bytes += host_.snapshot.memory_block_size.value_or(0);
            if (const auto view = block_at(host_, block.number); view && view->node) add_once(found.nodes, *view->node);
            if (!block.online) continue;
            found.online.push_back(block.number);
            add_once(found.zones, block.valid_zones);
        }
        return found;
    }

    // The sections of a range in which somebody outside of it has a part.
    [[nodiscard]] std::vector<MeetingSection> meetings(const Range& range, const std::string& name) const {
        const std::string self = owner_of(name);
        std::vector<MeetingSection> out;
        for (const auto& section : sections_) {
            if (!intersection(section.range, range)) continue;
            MeetingSection meeting{section.number, {}};
            for (const auto& owner : section.owners) {
                const bool other = owner_of(owner.name) != self && !range.contains(owner.range);
                if (other) add_once(meeting.others, owner.name);
            }
            if (!meeting.others.empty()) out.push_back(std::move(meeting));
        }
        return out;
    }

    const Host& host_;
    const NvdimmRecord& nd_;
    std::vector<Extent> extents_;
    std::vector<SharedSection> sections_;
};

}   // namespace

NdTree nd_tree(const Host& host) { return host.snapshot.nvdimm ? Builder(host).tree() : NdTree(); }

std::vector<DaxNode> dax_nodes(const Host& host) {
    std::vector<DaxNode> out;
    if (!host.snapshot.nvdimm) return out;
    Builder builder(host);
    for (const auto& device : host.snapshot.nvdimm->dax_devices) out.push_back(builder.node_of(device));
    return out;
}

}   // namespace memhotctl
