// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/device_mappings.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <limits>

namespace memhot {

namespace {

bool is_dax_name(std::string_view name) { return name.starts_with("dax") && name.find('.') != std::string_view::npos; }

bool looks_mapped(const Resource& resource) {
    if (resource.system_ram || !resource.busy) return false;
    return resource.device_private || resource.name.starts_with("namespace") || is_dax_name(resource.name);
}

class Reader {
public:
    explicit Reader(const Snapshot& snapshot, std::vector<DeviceClaim>& claims)
        : nd_(snapshot.nvdimm ? *snapshot.nvdimm : none_), claims_(claims) {}

    void read(DeviceClaim& claim) {
        if (claim.claim.device_private) {
            claim.type = MapType::device_private;
            return suppose_all(claim);
        }
        if (const auto* ns = nd_.find_namespace(claim.claim.name)) return read_namespace(claim, *ns);
        if (const auto* device = nd_.dax_device(claim.claim.name)) return read_dax(claim, *device);
        suppose_all(claim);
    }

private:
    static void suppose_all(DeviceClaim& claim) {
        claim.pages = {claim.claim.range};
        claim.assumption = fmt::format("{} at {} is mapped with struct pages over all of it", claim.claim.name,
                                       to_string(claim.claim.range));
    }

    // pmem_attach_disk() (drivers/nvdimm/pmem.c): through a pfn device, by the namespace itself where its region has
    // ND_REGION_PAGEMAP (pmem_should_map_pages(); `mode` then says "memory"), else devm_memremap() without pages. A BTT
    // has none either (btt.c reads and writes through devm_nsio_enable()).
    void read_namespace(DeviceClaim& claim, const NamespaceRecord& ns) const {
        const auto* instance = nd_.instance_over(ns.name);
        if (instance == nullptr || instance->driver.empty()) {
            if (ns.mode.empty() || ns.driver.empty()) return suppose_all(claim);
            if (ns.mode != "memory") return;
            claim.type = MapType::fsdax;
            claim.pages = {claim.claim.range};
            return;
        }
        if (instance->kind != InstanceKind::pfn) return;   // dax_pmem claims the info block; its device maps
        claim.type = MapType::fsdax;
        const auto* block = nd_.info_block(ns.name);
        const std::uint64_t front = block != nullptr ? block->start_pad.value_or(0) : 0;
        const std::uint64_t behind = block != nullptr ? block->end_trunc.value_or(0) : 0;
        const std::uint64_t size = claim.claim.range.size();
        if (front >= size || behind >= size - front) return suppose_all(claim);
        claim.pages = {{claim.claim.range.start + front, claim.claim.range.last - behind}};
    }

    // dev_dax_probe() (drivers/dax/device.c) maps each range; that of a namespace is mapped with what lies in front of
    // its data, from the start of the namespace (drivers/dax/pmem.c hands over the pgmap of nvdimm_setup_pfn()).
    void read_dax(DeviceClaim& claim, const DaxDeviceRecord& device) const {
        if (device.driver != "device_dax" && device.driver != "fsdev_dax") return;
        claim.pages = {claim.claim.range};
        const auto* instance = nd_.instance(device.parent);
        if (instance == nullptr || instance->namespace_name.empty()) return;
        const auto* block = nd_.info_block(instance->namespace_name);
        if (block != nullptr && block->data_offset && *block->data_offset <= claim.claim.range.start) {
            claim.pages.front().start -= *block->data_offset;
            // of attributes it counts from the start of the namespace
            if (block->source == InfoBlockSource::attributes) {
                claim.pages.front().start += block->start_pad.value_or(0);
            }
            return;
        }
        for (const auto& other : claims_) {
            const bool in_front =
                other.claim.name == instance->namespace_name && other.claim.range.last + 1 == claim.claim.range.start;
            if (in_front) claim.pages.front().start = other.claim.range.start;
        }
    }

    const NvdimmRecord none_;
    const NvdimmRecord& nd_;
    const std::vector<DeviceClaim>& claims_;
};

}   // namespace

std::vector<DeviceClaim> device_claims(const ResourceTree& resources, const Snapshot& snapshot) {
    std::vector<DeviceClaim> claims;
    resources.walk({0, std::numeric_limits<std::uint64_t>::max()}, [&](const Resource& resource, unsigned) {
        if (looks_mapped(resource)) claims.push_back({.claim = resource, .pages = {}, .assumption = {}});
    });
    Reader reader(snapshot, claims);
    for (auto& claim : claims) reader.read(claim);
    return claims;
}

}   // namespace memhot
