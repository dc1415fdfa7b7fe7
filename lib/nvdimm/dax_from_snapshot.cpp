// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Dax devices of a snapshot: those of namespaces get the driver that the host shows, those of Soft Reserved memory and
// CXL regions are made with their ranges.
#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <limits>

#include "nvdimm/bus_reader.hpp"
#include "units/device_name.hpp"

namespace memhot {
namespace {

constexpr std::uint64_t kDynamicAlign = 2 * kMiB;   // PMD_SIZE (drivers/dax/hmem/hmem.c, drivers/dax/cxl.c)

std::optional<int> id_in(std::string_view name) {
    const auto ids = units::parse_device_name(name, "dax");
    return ids ? ids->second : std::nullopt;
}

bool belongs_to(const DaxDeviceRecord& device, const DaxRegionRecord& region) {
    return !region.parent.empty() && device.parent == region.parent;
}

}   // namespace

void BusReader::read_dax() {
    for (const auto& record : record_.dax_regions) {
        if (record.kind != "pmem" && record.id) read_dax_region(record);
    }
    std::ranges::sort(bus().dax_regions, {}, &DaxRegion::id);
    for (const auto& region : std::vector(bus().dax_regions)) {
        for (const auto& record : record_.dax_devices) {
            const auto ids = units::parse_device_name(record.name, "dax");
            if (ids && ids->second && ids->first == region.id) read_dynamic_device(record, region);
        }
    }
    std::ranges::sort(bus().dax, {}, [](const DaxDevice& one) { return std::pair(one.region, one.id); });
    for (auto& device : bus().dax) {
        const auto* record = record_.dax_device(device.name());
        if (record != nullptr) restore_driver(device, *record);
    }
}

// Of a region whose devices have no ranges: theirs is the address of the region then (drivers/dax/bus.c: dev_dax_resource).
// Where no device is left, what dax_hmem claims is called as its platform device is, "hmem.0"
// (drivers/dax/hmem/device.c: __hmem_register_resource; the platform bus names a resource without a name).
std::optional<Range> BusReader::space_without_ranges(const DaxRegionRecord& record) {
    for (const auto& device : record_.dax_devices) {
        if (belongs_to(device, record) && device.resource && device.size == 0U)
            return Range::from_size(*device.resource, *record.size);
    }
    std::optional<Range> space;
    bus().model.resources().walk(Range{0, ~0ULL}, [&](const Resource& resource, unsigned) {
        if (!space && resource.name == record.parent && resource.range.size() == *record.size) space = resource.range;
    });
    return space;
}

// The files of a dax region do not say where it starts.
std::optional<Range> BusReader::space_of(const DaxRegionRecord& record) {
    if (!record.size) return std::nullopt;
    if (record.resource) return Range::from_size(*record.resource, *record.size);
    const auto cxl = std::ranges::find(record_.cxl_regions, record.cxl_region, &CxlRegionRecord::name);
    if (cxl != record_.cxl_regions.end() && cxl->resource) return Range::from_size(*cxl->resource, *record.size);
    std::optional<Range> first;
    for (const auto& device : record_.dax_devices) {
        if (!belongs_to(device, record)) continue;
        for (const auto& range : ranges_of(device)) {
            if (!first || range.start < first->start) first = range;
        }
    }
    if (!first) return space_without_ranges(record);
    // "hmem.0", "Soft Reserved", "region3": the outermost of exactly its size
    std::optional<Range> space;
    bus().model.resources().walk(*first, [&](const Resource& resource, unsigned) {
        const bool fits = resource.range.contains(*first) && resource.range.size() == *record.size;
        if (fits && !space) space = resource.range;
    });
    if (space) return space;
    assume(fmt::format("the dax region of {} starts at {}, with its first device", record.parent, hex(first->start)));
    return Range::from_size(first->start, *record.size);
}

void BusReader::read_dax_region(const DaxRegionRecord& record) {
    const auto space = space_of(record);
    if (!space) {
        assume(fmt::format("the dax region of {} is left out: its address is not shown", record.parent));
        return;
    }
    const KernelProfile& profile = bus().model.profile();
    DaxRegion region;
    region.id = *record.id;
    region.space = *space;
    region.align = record.align.value_or(kDynamicAlign);
    region.target_node = -1;
    // IORESOURCE_DAX_KMEM: since 6.3 for Soft Reserved memory, always for CXL
    region.kmem_by_default = record.kind == "cxl" || (record.kind == "hmem" && profile.version >= Version{6, 3, 0});
    region.memmap_on_memory = record.kind == "cxl" && profile.version >= Version{6, 8, 0};
    for (const auto& device : record_.dax_devices) {
        if (belongs_to(device, record) && device.target_node) region.target_node = *device.target_node;
    }
    // one that is not listed went away while the host was read
    if (record_.dax_device(record.seed) != nullptr) region.seed = id_in(record.seed);
    region.youngest = id_in(record.create);
    bus().dax_regions.push_back(region);
}

void BusReader::read_dynamic_device(const DaxDeviceRecord& record, const DaxRegion& region) {
    DaxDevice device;
    device.region = region.id;
    device.id = *id_in(record.name);
    if (record.size.value_or(0) != 0) device.ranges = ranges_of(record);
    std::uint64_t seen = 0;
    for (const auto& range : device.ranges) seen += range.size();
    if (seen != record.size.value_or(0)) {
        assume(fmt::format("{} has {} of {} bytes: the rest of its ranges is not shown", record.name, seen,
                           record.size.value_or(0)));
    }
    device.pages = device.ranges;
    device.align = record.align.value_or(region.align);
    device.target_node = record.target_node.value_or(-1);
    device.memmap_on_memory = record.memmap_on_memory.value_or(false);
    bus().dax.push_back(std::move(device));
}

// A device of a namespace was bound to device_dax when that was enabled.
void BusReader::restore_driver(DaxDevice& device, const DaxDeviceRecord& record) {
    if (record.target_node) device.target_node = *record.target_node;
    if (record.driver == "kmem") {
        unbind_dax(bus(), device);
        device.prepopulated = false;
        restore_kmem(device);
        if (!device.kmem_state.empty() && !record.state.empty()) device.kmem_state = record.state;
        return;
    }
    if (record.driver.empty()) {
        unbind_dax(bus(), device);
        device.prepopulated = false;
        if (!device.ranges.empty()) {   // the list behind new_id has no file
            assume(fmt::format("{} has no driver, and no earlier command named it to one (else the next that binds a "
                               "device binds it, too)",
                               record.name));
        }
        return;
    }
    if (device.driver == DaxDriver::device_dax) return;
    const NdAnswer answer = bind_device_dax(bus(), device);
    if (!answer.ok()) {
        assume(
            fmt::format("{} has the driver {} on the host although this kernel should have refused it ({}): taken as "
                        "without one",
                        record.name, record.driver, std::strerror(answer.error)));
    }
}

// By the kernel's own trimming, range by range; of those only what is there as blocks was added.
void BusReader::restore_kmem(DaxDevice& device) {
    const std::string name = device.name();
    if (!memory_is_told_) {
        const NdAnswer answer = bind_kmem(bus(), device);
        if (!answer.ok()) {
            assume(fmt::format("{} has the driver kmem on the host although this kernel should have refused it ({})",
                               name, std::strerror(answer.error)));
        }
        return;
    }
    const std::uint64_t size = bus().model.block_size();
    for (const auto& range : device.ranges) {
        const auto whole = kmem_blocks(range, size);
        if (whole && bus().model.block(whole->start / size)) device.added.push_back(*whole);
    }
    device.driver = DaxDriver::kmem;
    device.kmem_state = kmem_state_by_policy(bus().model);
}

}   // namespace memhot
