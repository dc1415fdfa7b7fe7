// SPDX-License-Identifier: LGPL-2.1-or-later
//
// /sys/bus/nd (drivers/nvdimm): buses, DIMMs, regions, namespaces and the instances that claim them.
#include "host/nvdimm.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fcntl.h>
#include <fmt/format.h>
#include <map>
#include <unistd.h>

#include "host/device.hpp"
#include "memhot/units.hpp"
#include "units/device_name.hpp"

namespace memhot::host {
namespace {

using units::device_order;
using units::parse_device_name;

constexpr std::string_view kDevices = "sys/bus/nd/devices";

class NdReader {
public:
    NdReader(const Root& root, NvdimmRecord& record) : root_(root), record_(record) {}

    Status read(std::vector<std::string> names) {
        std::ranges::sort(names, device_order);
        for (const auto& name : names) {
            Device device(root_, fmt::format("{}/{}", kDevices, name), record_.hidden);
            read_one(name, device);
            keep_first(error_, device);
            if (error_) return *error_;
        }
        for (const auto& [name, path] : buses_) {
            Device device(root_, path, record_.hidden);
            record_.buses.push_back({.name = name, .provider = device.text("provider")});
            keep_first(error_, device);
        }
        std::ranges::sort(record_.buses, device_order, &NdBusRecord::name);
        return error_ ? Status(*error_) : Status(Done{});
    }

private:
    void read_one(const std::string& name, Device& device) {
        struct Kind {
            std::string_view prefix;
            bool has_second;
            void (NdReader::*read)(const std::string&, Device&);
        };
        static constexpr std::array kKinds{
            Kind{"ndbus", false, &NdReader::read_bus},     Kind{"nmem", false, &NdReader::read_dimm},
            Kind{"region", false, &NdReader::read_region}, Kind{"namespace", true, &NdReader::read_namespace},
            Kind{"btt", true, &NdReader::read_btt},        Kind{"pfn", true, &NdReader::read_pfn},
            Kind{"dax", true, &NdReader::read_dax},
        };
        for (const auto& kind : kKinds) {
            const auto ids = parse_device_name(name, kind.prefix);
            if (ids && ids->second.has_value() == kind.has_second) return (this->*kind.read)(name, device);
        }
    }

    void read_bus(const std::string& name, Device& device) { buses_.insert_or_assign(name, device.path()); }

    // ndbusN is the directory above a DIMM or a region.
    std::string bus_of(const std::string& name, const Device& device) {
        const auto parts = read_link(root_, kDevices, name);
        if (!parts) {
            if (!error_) error_ = parts.error();
            return {};
        }
        if (parts->size() < 2 || !parse_device_name((*parts)[parts->size() - 2], "ndbus")) return {};
        const std::string& bus = (*parts)[parts->size() - 2];
        buses_.emplace(bus, device.path() + "/..");
        return bus;
    }

    void read_dimm(const std::string& name, Device& device) {
        DimmRecord dimm;
        dimm.name = name;
        dimm.bus = bus_of(name, device);
        dimm.driver = device.link("driver");
        dimm.state = device.text("state");
        dimm.flags = device.text("flags");
        dimm.firmware_flags = device.text("nfit/flags");
        if (dimm.firmware_flags.empty()) dimm.firmware_flags = device.text("papr/flags");
        dimm.security = device.text("security");
        if (const auto slots = device.number("available_slots")) {
            dimm.available_slots = static_cast<std::uint32_t>(std::min<std::uint64_t>(*slots, UINT32_MAX));
        }
        dimm.commands = device.text("commands");
        dimm.handle = device.number("nfit/handle");
        dimm.id = device.text("nfit/id");
        if (dimm.id.empty()) dimm.id = device.text("cxl/id");
        record_.dimms.push_back(std::move(dimm));
    }

    // "nmem0,START,SIZE,POSITION"; the position came with 4.15.
    static std::optional<NdMappingRecord> parse_mapping(std::string_view text) {
        std::vector<std::string_view> parts;
        for (;;) {
            const auto comma = text.find(',');
            parts.push_back(text.substr(0, comma));
            if (comma == std::string_view::npos) break;
            text.remove_prefix(comma + 1);
        }
        if (parts.size() != 3 && parts.size() != 4) return std::nullopt;
        const auto start = parse_number(parts[1]);
        const auto size = parse_number(parts[2]);
        if (!parse_device_name(parts[0], "nmem") || !start || !size) return std::nullopt;
        NdMappingRecord mapping{.dimm = std::string(parts[0]), .start = *start, .size = *size, .position = {}};
        if (parts.size() == 3) return mapping;
        const auto position = parse_number(parts[3]);
        if (!position || *position > UINT32_MAX) return std::nullopt;
        mapping.position = static_cast<unsigned>(*position);
        return mapping;
    }

    void read_mappings(Device& device, NdRegionRecord& region) {
        constexpr std::uint64_t kMostMappings = 32;   // ND_MAX_MAPPINGS
        const auto count = device.number("mappings");
        if (!count) return;
        if (*count > kMostMappings) {
            return device.fail("mappings", std::to_string(*count), fmt::format("at most {}", kMostMappings));
        }
        region.ways = static_cast<unsigned>(*count);
        for (unsigned i = 0; i < *count; ++i) {
            const std::string attribute = fmt::format("mapping{}", i);
            const std::string text = device.text(attribute);
            if (text.empty()) continue;
            auto mapping = parse_mapping(text);
            if (!mapping) return device.fail(attribute, text, "nmemN,START,SIZE,POSITION");
            region.mappings.push_back(std::move(*mapping));
        }
    }

    static void read_init(Device& device, NdRegionRecord& region) {
        const std::string text = device.text("init_namespaces");
        if (text.empty()) return;
        unsigned active = 0;
        unsigned total = 0;
        const char* end = text.data() + text.size();
        const auto first = std::from_chars(text.data(), end, active);
        const bool slash = first.ec == std::errc{} && first.ptr != end && *first.ptr == '/';
        const auto second = slash ? std::from_chars(first.ptr + 1, end, total) : first;
        if (!slash || second.ec != std::errc{} || second.ptr != end) {
            return device.fail("init_namespaces", text, "ACTIVE/TOTAL");
        }
        region.init_active = active;
        region.init_total = total;
    }

    // Lines "SECTOR COUNT" in sectors of 512 bytes (block/badblocks.c badblocks_show); -ENXIO while it is disabled.
    static void read_badblocks(Device& device, NdRegionRecord& region) {
        const auto lines = device.lines("badblocks");
        if (!lines) return;
        std::uint64_t count = 0;
        for (const auto& line : *lines) {
            const std::string_view text = line;
            const auto blank = text.find(' ');
            const auto first = parse_number(text.substr(0, blank));
            const auto length = parse_number(blank == std::string_view::npos ? "" : text.substr(blank + 1));
            if (!first || !length) return device.fail("badblocks", line, "SECTOR COUNT");
            count += *length;
        }
        region.badblock_count = count;
    }

    void read_region(const std::string& name, Device& device) {
        NdRegionRecord region;
        region.name = name;
        region.bus = bus_of(name, device);
        region.type = device.text("devtype");
        if (region.type.starts_with("nd_")) region.type.erase(0, 3);
        region.driver = device.link("driver");
        region.resource = device.number("resource");
        region.size = device.number("size");
        region.align = device.number("align");
        read_mappings(device, region);
        region.nstype = device.small("nstype");
        region.available_size = device.number("available_size");
        region.max_available_extent = device.number("max_available_extent");
        region.set_cookie = device.number("set_cookie");
        region.read_only = device.flag("read_only");
        region.numa_node = device.node("numa_node");
        region.target_node = device.node("target_node");
        region.persistence_domain = device.text("persistence_domain");
        region.namespace_seed = device.text("namespace_seed");
        region.btt_seed = device.text("btt_seed");
        region.pfn_seed = device.text("pfn_seed");
        region.dax_seed = device.text("dax_seed");
        read_badblocks(device, region);
        read_init(device, region);
        record_.regions.push_back(std::move(region));
    }

    static std::string region_of(std::string_view name, std::string_view prefix) {
        return fmt::format("region{}", parse_device_name(name, prefix)->first);
    }

    static std::string block_device(Device& device) {
        const auto names = device.list("block");
        return names.empty() ? std::string() : names.front();
    }

    void read_namespace(const std::string& name, Device& device) {
        NamespaceRecord ns;
        ns.name = name;
        ns.region = region_of(name, "namespace");
        ns.driver = device.link("driver");
        ns.size = device.number("size");
        // -ENXIO where the size is 0; unprivileged readers get EACCES first, which would look like something hidden
        if (ns.size != 0) ns.resource = device.number("resource");
        ns.uuid = device.text("uuid");
        ns.mode = device.text("mode");
        ns.holder = device.text("holder");
        ns.holder_class = device.text("holder_class");
        const auto sectors = device.choice("sector_size");
        ns.sector_size = sectors.chosen;
        ns.supported_sector_sizes = sectors.all;
        ns.alt_name = device.text("alt_name");
        ns.force_raw = device.flag("force_raw");
        ns.nstype = device.small("nstype");
        ns.numa_node = device.node("numa_node");
        ns.target_node = device.node("target_node");
        ns.block_device = block_device(device);
        record_.namespaces.push_back(std::move(ns));
    }

    void read_instance(InstanceKind kind, const std::string& name, std::string_view prefix, Device& device) {
        NdInstanceRecord instance;
        instance.kind = kind;
        instance.name = name;
        instance.region = region_of(name, prefix);
        instance.driver = device.link("driver");
        instance.namespace_name = device.text("namespace");
        instance.uuid = device.text("uuid");
        instance.size = device.number("size");
        if (kind == InstanceKind::btt) {
            const auto sectors = device.choice("sector_size");
            instance.sector_size = sectors.chosen;
            instance.supported_sector_sizes = sectors.all;
        } else {
            instance.mode = device.text("mode");
            instance.align = device.number("align");
            instance.supported_alignments = device.choice("supported_alignments").all;
            // -ENXIO while it is not active
            if (!instance.driver.empty()) instance.resource = device.number("resource");
        }
        instance.block_device = block_device(device);
        record_.instances.push_back(std::move(instance));
    }
    void read_btt(const std::string& name, Device& device) { read_instance(InstanceKind::btt, name, "btt", device); }
    void read_pfn(const std::string& name, Device& device) { read_instance(InstanceKind::pfn, name, "pfn", device); }
    void read_dax(const std::string& name, Device& device) { read_instance(InstanceKind::dax, name, "dax", device); }

    const Root& root_;
    NvdimmRecord& record_;
    std::map<std::string, std::string> buses_;   // name, path
    std::optional<Error> error_;
};

// The first bytes of a disk, read only. Absent where it may not be read, is gone, or has a bad block there.
std::optional<std::string> read_media(const Root& root, const std::string& disk, NvdimmRecord& record) {
    const auto dev = root.open_directory("dev");
    if (!dev) return std::nullopt;
    // O_NOFOLLOW: the devtmpfs node itself, or a file with its bytes in a copied tree
    const Descriptor file(::openat(dev->get(), disk.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
    if (!file.is_open()) {
        if (errno == EACCES || errno == EPERM) record.hidden.push_back("/dev/" + disk);
        return std::nullopt;
    }
    std::string bytes(kInfoBlockBytes, '\0');
    const ssize_t got = ::pread(file.get(), bytes.data(), bytes.size(), 0);
    if (got <= 0) return std::nullopt;
    bytes.resize(static_cast<std::size_t>(got));
    return bytes;
}

// An enabled raw namespace shows its own bytes; over an active instance only the attributes speak.
void read_info_blocks(const Root& root, NvdimmRecord& record) {
    for (const auto& ns : record.namespaces) {
        std::optional<InfoBlockRecord> block;
        if (const auto* instance = record.instance_over(ns.name)) {
            block = info_block_of_attributes(ns, *instance);
        } else if (!ns.driver.empty() && !ns.block_device.empty()) {
            if (const auto bytes = read_media(root, ns.block_device, record)) block = decode_info_block(*bytes);
        }
        if (!block) continue;
        block->namespace_name = ns.name;
        record.info_blocks.push_back(std::move(*block));
    }
}

constexpr std::array<std::string_view, 3> kBuses{"sys/bus/nd/devices", "sys/bus/dax/devices", "sys/bus/cxl/devices"};

Result<std::vector<std::string>> list_devices(const Root& root) {
    std::vector<std::string> all;
    for (const auto bus : kBuses) {
        auto names = root.list(bus);
        if (!names) return names.error();
        if (*names) std::ranges::move(**names, std::back_inserter(all));
    }
    return all;
}

}   // namespace

Result<bool> read_nd_bus(const Root& root, NvdimmRecord& record) {
    auto names = root.list(kDevices);
    if (!names) return names.error();
    if (!*names) return false;
    if (auto read = NdReader(root, record).read(std::move(**names)); !read) return read.error();
    read_info_blocks(root, record);
    return true;
}

Result<NvdimmSeen> read_nvdimm(const Root& root) {
    const auto before = list_devices(root);
    if (!before) return before.error();
    NvdimmSeen seen;
    NvdimmRecord record;
    bool any = false;
    for (const auto read : {read_nd_bus, read_dax_bus, read_cxl_bus}) {
        const auto there = read(root, record);
        if (!there) return there.error();
        any = any || *there;
    }
    const auto after = list_devices(root);
    if (!after) return after.error();
    if (*before != *after) seen.unrest = "nvdimm, dax or CXL devices came or went while they were read";
    if (any) seen.record = std::move(record);
    return seen;
}

}   // namespace memhot::host
