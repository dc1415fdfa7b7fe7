// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/nd_tree.hpp"

#include <algorithm>
#include <array>

#include "client/blocks.hpp"
#include "client/layout.hpp"

namespace memhotctl {

using memhot::DaxDeviceRecord;
using memhot::DaxRegionRecord;
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

std::string or_none(const std::string& driver) { return driver.empty() ? "none" : driver; }

// Who registers the region with the dax bus (drivers/dax/pmem.c, hmem/hmem.c, cxl.c): the parent's driver need not be
// named like it.
std::string module_of(const DaxRegionRecord& region) { return region.kind.empty() ? "unknown" : "dax_" + region.kind; }

// Added blocks are online at once by the kernel's own policy, else somebody wrote their states (udev rules, daxctl).
std::string onlined_by(const memhot::Snapshot& snapshot) {
    if (!snapshot.auto_online_blocks) return "unknown";
    return *snapshot.auto_online_blocks == "offline" ? "userspace" : "kernel policy";
}

class Builder {
public:
    explicit Builder(const Host& host, Seeds seeds)
        : host_(host), seeds_(seeds), nd_(*host.snapshot.nvdimm),
          extents_(host.model ? flatten(host.model->resources()) : std::vector<Extent>()),
          sections_(host.model ? shared_sections(extents_, host.model->units().section_size)
                               : std::vector<SharedSection>()) {}

    NdTree tree() {
        NdTree out;
        for (const auto& region : nd_.regions) out.regions.push_back(node_of(region));
        add_dax(out, [this](const DaxRegionRecord& region) {
            return region.kind != "pmem" || nd_.instance(region.parent) == nullptr;   // else below its namespace
        });
        return out;
    }

    NdTree dax() {
        NdTree out;
        add_dax(out, [](const DaxRegionRecord&) { return true; });
        return out;
    }

private:
    // Those regions, and the devices that have none.
    template <class Wanted>
    void add_dax(NdTree& out, Wanted&& wanted) {
        for (const auto& region : nd_.dax_regions) {
            if (wanted(region)) out.dax_regions.push_back(node_of(region));
        }
        for (const auto& device : nd_.dax_devices) {
            if (nd_.dax_region(device.parent) == nullptr) out.devices.push_back(node_of(device));
        }
    }

    DaxRegionNode node_of(const DaxRegionRecord& region) {
        DaxRegionNode node{.record = region, .owner = module_of(region), .devices = {}};
        for (const auto& device : nd_.dax_devices) {
            if (device.parent == region.parent) node.devices.push_back(node_of(device));
        }
        return node;
    }

    DaxNode node_of(const DaxDeviceRecord& device) {
        DaxNode node{.record = device,
                     .mode = mode_of(device),
                     .owner = or_none(device.driver),
                     .size = 0,
                     .blocks = {},
                     .stranded = {},
                     .shared = {}};
        const auto ranges = memhot::ranges_of(device);
        for (const auto& range : ranges) {
            node.size += range.size();
            for (auto& section : meetings(range, device.name)) node.shared.push_back(std::move(section));
        }
        if (ranges.empty()) node.size = device.size.value_or(0);
        if (node.mode == "system-ram") {
            node.blocks = blocks_of(device);
            node.stranded = stranded_in(host_.snapshot, device);
        }
        return node;
    }

    RegionNode node_of(const memhot::NdRegionRecord& region) {
        RegionNode node{
            .record = region, .owner = or_none(region.driver), .namespaces = {}, .stranded = stranded_in(nd_, region)};
        for (const auto& ns : nd_.namespaces) {
            const bool seed = ns.size.value_or(0) == 0;
            if (ns.region == region.name && (!seed || seeds_ == Seeds::too)) node.namespaces.push_back(node_of(ns));
        }
        return node;
    }

    NamespaceNode node_of(const NamespaceRecord& ns) {
        NamespaceNode node;
        node.record = ns;
        node.instance = nd_.instance_over(ns.name);
        node.mode = mode_of(ns, node.instance);
        node.map = map_of(ns, node.instance);
        node.owner = or_none(node.instance != nullptr ? node.instance->driver : ns.driver);
        node.enabled = node.owner != "none";
        node.usable = node.instance != nullptr && node.instance->size ? *node.instance->size : ns.size.value_or(0);
        node.stranded = stranded_in(nd_, ns, node.instance);
        node.block_device = node.instance != nullptr && !node.instance->block_device.empty()
                                ? node.instance->block_device
                                : ns.block_device;
        if (ns.resource && ns.size) {
            if (const auto range = Range::from_size(*ns.resource, *ns.size)) node.shared = meetings(*range, ns.name);
        }
        if (node.instance == nullptr) return node;
        if (const auto* region = nd_.dax_region(node.instance->name)) {
            node.dax_region = node_of(*region);
        } else if (node.instance->kind == memhot::InstanceKind::dax) {   // not driven: libndctl names its region alone
            DaxRegionRecord unbound;
            unbound.parent = node.instance->name;
            unbound.kind = "pmem";
            if (const auto ids = memhot::parse_number(std::string_view(ns.region).substr(6))) {
                unbound.id = static_cast<int>(*ids);
            }
            node.dax_region = node_of(unbound);
        }
        return node;
    }

    DaxBlocks blocks_of(const DaxDeviceRecord& device) {
        DaxBlocks found;
        for (const auto& block : memhot::dax_blocks(host_.snapshot, device)) {
            const auto view = block.present ? block_at(host_, block.number) : std::nullopt;
            if (!view) continue;
            found.present.push_back(block.number);
            if (view->node) add_once(found.nodes, *view->node);
            add_to_runs(found.runs, *view);
            if (!block.online) continue;
            found.online.push_back(block.number);
            add_once(found.zones, block.valid_zones);
        }
        return found;
    }

    void add_to_runs(std::vector<BlockRun>& runs, const BlockView& block) const {
        const std::uint64_t size = host_.snapshot.memory_block_size.value_or(0);
        const bool online = block.state == "online";
        BlockRun one{.numbers = {block.number},
                     .range = {block.number * size, block.number * size + (size - 1)},
                     .state = block.state,
                     .zones = online ? block.zones : std::string(),
                     .node = block.node,
                     .owner = online ? onlined_by(host_.snapshot) : "none"};
        const bool goes_on = !runs.empty() && runs.back().range.last + 1 == one.range.start &&
                             runs.back().state == one.state && runs.back().zones == one.zones &&
                             runs.back().node == one.node;
        if (!goes_on) return runs.push_back(std::move(one));
        runs.back().numbers.push_back(block.number);
        runs.back().range.last = one.range.last;
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
    Seeds seeds_;
    const NvdimmRecord& nd_;
    std::vector<Extent> extents_;
    std::vector<SharedSection> sections_;
};

}   // namespace

NdTree nd_tree(const Host& host, Seeds seeds) { return host.snapshot.nvdimm ? Builder(host, seeds).tree() : NdTree(); }

NdTree dax_tree(const Host& host) { return host.snapshot.nvdimm ? Builder(host, Seeds::left_out).dax() : NdTree(); }

}   // namespace memhotctl
