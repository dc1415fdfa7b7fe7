// SPDX-License-Identifier: LGPL-2.1-or-later
#include "nvdimm/to_snapshot.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "memhot/snapshot.hpp"
#include "nvdimm/dax_region.hpp"
#include "nvdimm/info_block.hpp"
#include "units/device_name.hpp"

namespace memhot {

namespace {

// One that nobody chose: the same for the same thing.
std::string made_uuid(std::uint64_t number) { return fmt::format("00000000-0000-4000-8000-{:012x}", number); }

InstanceKind kind_of(NsMode mode) {
    return mode == NsMode::devdax ? InstanceKind::dax : mode == NsMode::sector ? InstanceKind::btt : InstanceKind::pfn;
}

bool by_instance(NsMode mode) { return mode != NsMode::raw && mode != NsMode::memory; }

// nvdimm_namespace `mode`
std::string_view mode_in_sysfs(const NdNamespace& ns) {
    if (!ns.active && !ns.claimed) return "raw";
    switch (ns.active ? ns.active->mode : *ns.claimed) {
        case NsMode::devdax: return "dax";
        case NsMode::sector: return "safe";
        case NsMode::raw: return "raw";
        default: return "memory";
    }
}

class Writer {
public:
    Writer(const NdBus& bus, NvdimmRecord& record) : bus_(bus), record_(record), old_(record) {}

    void write() {
        for (const auto& region : bus_.regions) write_region(region);
        write_dax();
    }

private:
    void write_region(const NdRegion& region) {
        const std::string name = name_of(region);
        const auto found = std::ranges::find(record_.regions, name, &NdRegionRecord::name);
        if (found == record_.regions.end()) return;
        found->driver = region.enabled ? "nd_region" : "";
        if (found->align) found->align = region.align;
        if (region.labelled) {
            found->nstype = 5;
            found->available_size = available_size(region);
            found->max_available_extent =
                max_available_extent(region, bus_.model.profile().has(Feature::nd_full_dimm_ignored));
        }
        found->namespace_seed = fmt::format("namespace{}.{}", region.id, region.seed);
        found->pfn_seed = instance_name(region, NsMode::fsdax, region.seeds.pfn);
        found->dax_seed = instance_name(region, NsMode::devdax, region.seeds.dax);
        found->btt_seed = instance_name(region, NsMode::sector, region.seeds.btt);
        const auto is_here = [&](const auto& one) { return one.region == name; };
        const auto info_is_here = [&](const InfoBlockRecord& one) {
            return one.namespace_name.starts_with(fmt::format("namespace{}.", region.id));
        };
        std::erase_if(record_.namespaces, is_here);
        std::erase_if(record_.instances, is_here);
        std::erase_if(record_.info_blocks, info_is_here);
        for (const auto& [_, ns] : region.namespaces) write_namespace(region, ns);
        for (const NsMode mode : {NsMode::sector, NsMode::devdax, NsMode::fsdax})
            record_.instances.push_back(instance(region, mode, region.seeds.of(mode)));
    }

    // As the host showed it, else as it showed a neighbour.
    NamespaceRecord like(const NdRegion& region, const std::string& name) const {
        if (const auto* before = old_.find_namespace(name)) return *before;
        NamespaceRecord out;
        const auto neighbour = std::ranges::find(old_.namespaces, name_of(region), &NamespaceRecord::region);
        if (neighbour != old_.namespaces.end()) {
            out.supported_sector_sizes = neighbour->supported_sector_sizes;
            out.numa_node = neighbour->numa_node;
            out.target_node = neighbour->target_node;
        }
        out.name = name;
        out.region = name_of(region);
        out.force_raw = false;
        return out;
    }

    void write_namespace(const NdRegion& region, const NdNamespace& ns) {
        NamespaceRecord out = like(region, name_of(region, ns));
        const std::string labels_say = out.holder_class;
        out.nstype = region.labelled ? 5 : 4;
        out.size = ns.size();
        out.resource = ns.allocated ? std::optional(ns.space.start) : std::nullopt;
        out.uuid = ns.identity == 0 ? "" : ns.uuid.empty() ? made_uuid(ns.identity) : ns.uuid;
        out.mode = mode_in_sysfs(ns);
        out.driver = ns.active && !by_instance(ns.active->mode) ? "nd_pmem" : "";
        out.holder.clear();
        out.holder_class = ns.info_hidden ? labels_say : "";
        out.block_device = out.driver.empty() ? "" : disk_name(region, ns);
        const bool held = ns.claimed || (ns.active && by_instance(ns.active->mode));
        if (held) {
            NdInstanceRecord holder = instance_over(region, ns, ns.active ? ns.active->mode : *ns.claimed);
            out.holder = holder.name;
            const InfoBlock* info = info_block_of(bus_, ns);
            out.holder_class = info != nullptr && info->btt2 ? "btt2" : to_string(holder.kind);
            if (const auto* before = kept(out.name, info)) {
                record_.info_blocks.push_back(*before);
            } else if (auto block = info_block_of_attributes(out, holder)) {
                record_.info_blocks.push_back(*std::move(block));
            }
            record_.instances.push_back(std::move(holder));
        } else if (const InfoBlock* info = info_block_of(bus_, ns); info != nullptr && !ns.active) {
            const auto* before = kept(out.name, info);
            const bool read = before != nullptr && before->source == InfoBlockSource::media;
            record_.info_blocks.push_back(read ? *before : on_media(out, *info));
            if (before != nullptr) record_.info_blocks.back().uuid = before->uuid;
        }
        record_.namespaces.push_back(std::move(out));
    }

    // The info block that was there when the host was read, where it is there still.
    const InfoBlockRecord* kept(const std::string& ns, const InfoBlock* info) const {
        if (info == nullptr || info->made != 0) return nullptr;
        return old_.info_block(ns);
    }

    NdInstanceRecord instance(const NdRegion& region, NsMode mode, int number) const {
        NdInstanceRecord out;
        out.kind = kind_of(mode);
        out.name = instance_name(region, mode, number);
        out.region = name_of(region);
        const auto alike = std::ranges::find(old_.instances, out.kind, &NdInstanceRecord::kind);
        if (alike != old_.instances.end()) {
            out.supported_alignments = alike->supported_alignments;
            out.supported_sector_sizes = alike->supported_sector_sizes;
        }
        if (out.kind != InstanceKind::btt) {
            out.mode = "none";
            out.align = 2 * kMiB;
        }
        return out;
    }

    NdInstanceRecord instance_over(const NdRegion& region, const NdNamespace& ns, NsMode mode) const {
        NdInstanceRecord out = instance(region, mode, ns.instance);
        out.namespace_name = name_of(region, ns);
        const InfoBlock* info = info_block_of(bus_, ns);
        const auto before = std::ranges::find(old_.instances, out.name, &NdInstanceRecord::name);
        const bool same = before != old_.instances.end() && before->namespace_name == out.namespace_name &&
                          (info == nullptr || info->made == 0);
        if (same) out.uuid = before->uuid;
        if (!same) out.uuid = ns.instance_uuid.empty() ? made_uuid(ns.space.start >> 20U) : ns.instance_uuid;
        if (mode == NsMode::sector && info != nullptr) out.sector_size = info->sector_size;
        if (!ns.active) return out;
        out.driver = mode == NsMode::devdax ? "dax_pmem" : "nd_pmem";
        out.size = ns.active->size;
        if (mode != NsMode::devdax) out.block_device = disk_name(region, ns);
        if (mode == NsMode::sector) return out;
        out.resource = ns.active->data_start;
        out.align = ns.active->align;
        out.mode = ns.active->map == PageMap::ram ? "ram" : "pmem";
        return out;
    }

    static InfoBlockRecord on_media(const NamespaceRecord& ns, const InfoBlock& info) {
        InfoBlockRecord out;
        out.namespace_name = ns.name;
        out.source = InfoBlockSource::media;
        out.kind = kind_of(info.mode);
        out.offset = info.btt2 ? 0 : kInfoBlockOffset;
        out.uuid = made_uuid(ns.resource.value_or(0) >> 20U);
        out.parent_uuid = ns.uuid.empty() ? std::string(kZeroUuid) : ns.uuid;
        if (out.kind == InstanceKind::btt) {
            out.version_major = info.btt2 ? 2 : 1;
            out.version_minor = info.btt2 ? 0 : 1;
            out.btt = BttLayoutRecord{.external_lbasize = static_cast<std::uint32_t>(info.sector_size)};
            return out;
        }
        out.version_major = 1;
        out.version_minor = 4;
        out.mode = info.map == PageMap::ram ? 1 : 2;
        out.data_offset = info.geometry.data_offset;
        out.start_pad = static_cast<std::uint32_t>(info.geometry.start_pad);
        out.end_trunc = static_cast<std::uint32_t>(info.geometry.end_trunc);
        out.npfns = info.npfns;
        out.align = info.align;
        out.page_size = static_cast<std::uint32_t>(info.page_size);
        out.page_struct_size = static_cast<std::uint32_t>(info.struct_page_size);
        return out;
    }

    [[nodiscard]] bool is_known(int region) const {
        return bus_.find_region(region) != nullptr || bus_.find_dax_region(region) != nullptr;
    }

    void write_dax() {
        std::erase_if(record_.dax_regions,
                      [&](const DaxRegionRecord& one) { return one.kind == "pmem" && one.id && is_known(*one.id); });
        for (const auto& region : bus_.regions) {
            for (const auto& [_, ns] : region.namespaces) {
                if (ns.active && ns.active->mode == NsMode::devdax) write_static_region(region, ns);
            }
        }
        for (const auto& region : bus_.dax_regions) write_dynamic_region(region);
        std::erase_if(record_.dax_devices, [&](const DaxDeviceRecord& one) {
            const auto ids = units::parse_device_name(one.name, "dax");
            return ids && is_known(ids->first);
        });
        for (const auto& device : bus_.dax) record_.dax_devices.push_back(shown(device));
    }

    void write_static_region(const NdRegion& region, const NdNamespace& ns) {
        DaxRegionRecord out;
        out.parent = instance_name(region, NsMode::devdax, ns.instance);
        const auto before = std::ranges::find(old_.dax_regions, out.parent, &DaxRegionRecord::parent);
        if (before != old_.dax_regions.end()) out = *before;
        out.kind = "pmem";
        out.id = region.id;
        out.size = ns.active->size;
        out.align = ns.active->align;
        record_.dax_regions.push_back(std::move(out));
    }

    void write_dynamic_region(const DaxRegion& region) {
        for (auto& one : record_.dax_regions) {
            if (one.kind == "pmem" || one.id != region.id) continue;
            one.available_size = available_size(bus_, region);
            one.seed = region.seed ? fmt::format("dax{}.{}", region.id, *region.seed) : "";
            one.create = region.youngest ? fmt::format("dax{}.{}", region.id, *region.youngest) : "";
        }
    }

    std::string parent_of(const DaxDevice& device) const {
        for (const auto& one : record_.dax_regions) {
            if (one.kind != "pmem" && one.id == device.region) return one.parent;
        }
        const NdRegion* region = bus_.find_region(device.region);
        const NdNamespace* ns = region == nullptr ? nullptr : region->find(device.id);
        return ns == nullptr ? "" : instance_name(*region, NsMode::devdax, ns->instance);
    }

    DaxDeviceRecord shown(const DaxDevice& device) const {
        const auto* before = old_.dax_device(device.name());
        DaxDeviceRecord out = before != nullptr ? *before : DaxDeviceRecord{};
        out.name = device.name();
        out.parent = parent_of(device);
        out.driver = device.driver == DaxDriver::none ? "" : to_string(device.driver);
        out.size = device.size();
        out.align = device.align;
        const DaxRegion* region = bus_.find_dax_region(device.region);
        const std::uint64_t start = region == nullptr ? 0 : region->space.start;   // dev_dax_resource()
        out.resource = device.ranges.empty() ? start : device.resource();
        out.target_node = device.target_node < 0 ? std::nullopt : std::optional(device.target_node);
        out.mappings.clear();
        std::uint64_t pages = 0;
        for (const auto& range : device.ranges) {
            out.mappings.push_back({range, pages});
            pages += range.size() / bus_.model.profile().page_size;
        }
        out.state = device.kmem_state;
        return out;
    }

    const NdBus& bus_;
    NvdimmRecord& record_;
    const NvdimmRecord old_;
};

}   // namespace

void show_devices(const NdBus& bus, NvdimmRecord& record) { Writer(bus, record).write(); }

}   // namespace memhot
