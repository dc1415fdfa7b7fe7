// SPDX-License-Identifier: LGPL-2.1-or-later
//
// /sys/bus/dax (drivers/dax/bus.c): devices with all their ranges, and the regions that they are cut from.
#include <algorithm>
#include <fmt/format.h>

#include "host/device.hpp"
#include "host/nvdimm.hpp"
#include "units/device_name.hpp"

namespace memhot::host {
namespace {

using units::parse_device_name;

constexpr std::string_view kDevices = "sys/bus/dax/devices";

struct Parents {
    std::string parent;
    std::string above;   // the directory above the parent
    std::string path;   // of the parent below sys/devices
};

// ".../hmem.0/dax0.0", ".../region1/dax1.0/dax1.0", ".../region0/dax_region0/dax0.0"
Result<Parents> parents_of(const Root& root, std::string_view name) {
    const auto parts = read_link(root, kDevices, name);
    if (!parts) return parts.error();
    Parents parents;
    const auto part = [&parts](std::size_t from_end) {
        return parts->size() > from_end ? (*parts)[parts->size() - 1 - from_end] : std::string();
    };
    if (part(1) != "..") parents.parent = part(1);
    if (part(2) != "..") parents.above = part(2);
    const auto devices = std::ranges::find(*parts, "devices");
    for (auto at = devices; at != parts->end() && std::next(at, 2) < parts->end(); ++at) {
        parents.path += "/" + *std::next(at);
    }
    return parents;
}

std::string kind_of(std::string_view parent) {
    if (parse_device_name(parent, "hmem.")) return "hmem";
    if (parse_device_name(parent, "dax_region")) return "cxl";
    const auto ids = parse_device_name(parent, "dax");
    return ids && ids->second ? "pmem" : "";
}

DaxRegionRecord read_region(const Parents& parents, Device& device) {
    DaxRegionRecord region;
    region.parent = parents.parent;
    region.kind = kind_of(parents.parent);
    if (region.kind == "cxl" && parse_device_name(parents.above, "region")) region.cxl_region = parents.above;
    region.path = parents.path;
    region.id = device.small("id");
    region.size = device.number("size");
    region.align = device.number("align");
    region.resource = device.number("resource");
    region.available_size = device.number("available_size");
    region.seed = device.text("seed");
    region.create = device.text("create");
    return region;
}

void read_mapping(Device& device, const std::string& directory, std::vector<DaxMappingRecord>& mappings) {
    const auto start = device.number(directory + "/start");
    const auto end = device.number(directory + "/end");
    if (!start || !end) return;   // hidden, or gone meanwhile
    if (*start > *end)
        return device.fail(directory + "/end", hex(*end), fmt::format("at least start, {}", hex(*start)));
    mappings.push_back({.range = {*start, *end}, .page_offset = device.number(directory + "/page_offset").value_or(0)});
}

DaxDeviceRecord read_device(const std::string& name, Device& device) {
    DaxDeviceRecord record;
    record.name = name;
    record.driver = device.link("driver");
    record.size = device.number("size");
    record.align = device.number("align");
    record.resource = device.number("resource");
    record.numa_node = device.node("numa_node");
    record.target_node = device.node("target_node");
    record.memmap_on_memory = device.flag("memmap_on_memory");
    record.state = device.text("state");
    std::vector<std::string> directories = device.list("");
    std::erase_if(directories, [](const std::string& entry) { return !parse_device_name(entry, "mapping"); });
    std::ranges::sort(directories, units::device_order);
    for (const auto& directory : directories) read_mapping(device, directory, record.mappings);
    return record;
}

}   // namespace

Result<bool> read_dax_bus(const Root& root, NvdimmRecord& record) {
    auto names = root.list(kDevices);
    if (!names) return names.error();
    if (!*names) return false;
    std::ranges::sort(**names, units::device_order);
    for (const auto& name : **names) {
        const auto ids = parse_device_name(name, "dax");
        if (!ids || !ids->second) continue;
        const auto parents = parents_of(root, name);
        if (!parents) return parents.error();
        const std::string path = fmt::format("{}/{}", kDevices, name);
        Device device(root, path, record.hidden);
        record.dax_devices.push_back(read_device(name, device));
        record.dax_devices.back().parent = parents->parent;
        if (auto status = device.status(); !status) return status.error();
        if (parents->parent.empty() || record.dax_region(parents->parent) != nullptr) continue;
        Device region(root, path + "/../dax_region", record.hidden);
        record.dax_regions.push_back(read_region(*parents, region));
        if (auto status = region.status(); !status) return status.error();
    }
    return true;
}

}   // namespace memhot::host
