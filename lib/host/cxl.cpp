// SPDX-License-Identifier: LGPL-2.1-or-later
//
// /sys/bus/cxl (drivers/cxl): the windows of the root decoders, the regions in them and the memory devices behind.
#include <algorithm>
#include <fmt/format.h>

#include "host/device.hpp"
#include "host/nvdimm.hpp"
#include "units/device_name.hpp"

namespace memhot::host {
namespace {

using units::parse_device_name;

constexpr std::string_view kDevices = "sys/bus/cxl/devices";
constexpr unsigned kMostWays = 16;   // CXL_DECODER_MAX_INTERLEAVE

std::optional<unsigned> read_ways(Device& device) {
    const auto ways = device.number("interleave_ways");
    if (!ways) return std::nullopt;
    if (*ways <= kMostWays) return static_cast<unsigned>(*ways);
    device.fail("interleave_ways", std::to_string(*ways), fmt::format("at most {}", kMostWays));
    return std::nullopt;
}

CxlRegionRecord read_region(const std::string& name, const std::string& above, Device& device) {
    CxlRegionRecord region;
    region.name = name;
    if (parse_device_name(above, "decoder")) region.decoder = above;
    region.driver = device.link("driver");
    region.mode = device.text("mode");
    region.uuid = device.text("uuid");
    region.resource = device.number("resource");
    region.size = device.number("size");
    region.interleave_ways = read_ways(device);
    region.interleave_granularity = device.number("interleave_granularity");
    region.committed = device.flag("commit");
    for (unsigned i = 0; i < region.interleave_ways.value_or(0); ++i) {
        region.targets.push_back(device.text(fmt::format("target{}", i)));
    }
    return region;
}

CxlDecoderRecord read_decoder(const std::string& name, Device& device) {
    CxlDecoderRecord decoder;
    decoder.name = name;
    decoder.resource = device.number("start");
    decoder.size = device.number("size");
    decoder.interleave_ways = read_ways(device);
    decoder.interleave_granularity = device.number("interleave_granularity");
    decoder.volatile_capable = device.flag("cap_ram");
    decoder.pmem_capable = device.flag("cap_pmem");
    decoder.locked = device.flag("locked");
    return decoder;
}

CxlMemdevRecord read_memdev(const std::string& name, const std::string& above, Device& device) {
    CxlMemdevRecord memdev;
    memdev.name = name;
    if (above != "..") memdev.host = above;
    memdev.driver = device.link("driver");
    memdev.ram_size = device.number("ram/size");
    memdev.pmem_size = device.number("pmem/size");
    memdev.serial = device.number("serial");
    memdev.numa_node = device.node("numa_node");
    return memdev;
}

}   // namespace

Result<bool> read_cxl_bus(const Root& root, NvdimmRecord& record) {
    auto names = root.list(kDevices);
    if (!names) return names.error();
    if (!*names) return false;
    std::ranges::sort(**names, units::device_order);
    for (const auto& name : **names) {
        const auto link = read_link(root, kDevices, name);
        if (!link) return link.error();
        const std::string above = link->size() < 2 ? std::string() : (*link)[link->size() - 2];
        const std::string path = fmt::format("{}/{}", kDevices, name);
        Device device(root, path, record.hidden);
        if (parse_device_name(name, "region")) record.cxl_regions.push_back(read_region(name, above, device));
        if (parse_device_name(name, "mem")) record.cxl_memdevs.push_back(read_memdev(name, above, device));
        if (parse_device_name(name, "decoder")) {
            // Only root decoders, which are windows of addresses, say what they can hold.
            const auto is_root = root.exists(path + "/cap_ram");
            if (!is_root) return is_root.error();
            if (*is_root) record.cxl_decoders.push_back(read_decoder(name, device));
        }
        if (auto status = device.status(); !status) return status.error();
    }
    return true;
}

}   // namespace memhot::host
