// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Listings of ndctl, daxctl and cxl (ndctl_json.hpp). The fields are those of ndctl/json.c, daxctl/json.c and
// cxl/json.c, versions 56 to 82.
#include "report/ndctl_json.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "memhot/units.hpp"
#include "report/listing_fields.hpp"
#include "units/device_name.hpp"
#include "units/quote.hpp"

namespace memhot::report {
namespace {

using units::parse_device_name;

template <class T>
T* find_named(std::vector<T>& list, std::string_view name) {
    const auto found = std::ranges::find(list, name, &T::name);
    return found == list.end() ? nullptr : &*found;
}

// The words that sysfs has for modes; "memory" and "dax" are what ndctl called them before version 60.
struct ModeWord {
    std::string_view listed;
    std::string_view sysfs;
    std::optional<InstanceKind> instance;
};
constexpr std::array kModes{
    ModeWord{"raw", "raw", std::nullopt},
    ModeWord{"fsdax", "memory", InstanceKind::pfn},
    ModeWord{"memory", "memory", InstanceKind::pfn},
    ModeWord{"devdax", "dax", InstanceKind::dax},
    ModeWord{"dax", "dax", InstanceKind::dax},
    ModeWord{"sector", "safe", InstanceKind::btt},
    ModeWord{"safe", "safe", InstanceKind::btt},
};

struct DriverWord {
    std::string_view mode;
    std::string_view driver;
};
constexpr std::array kDaxModes{DriverWord{"devdax", "device_dax"}, DriverWord{"system-ram", "kmem"},
                               DriverWord{"famfs", "fsdev_dax"}};

class Listing {
public:
    Result<Listed> read(const Json& document) {
        visit(document, "");
        if (error_) return *error_;
        const bool nothing = document.is_array() && document.empty();
        if (!found_ && !nothing) return bad_input("nothing in it that ndctl, daxctl or cxl print");
        for (const auto& [device, parent] : parents_) {
            if (auto* found = find_named(listed_.record.dax_devices, device)) found->parent = parent;
        }
        return std::move(listed_);
    }

private:
    void visit(const Json& value, const std::string& path) {
        if (error_) return;
        if (value.is_array()) {
            for (std::size_t i = 0; i < value.size(); ++i) visit(value[i], fmt::format("{}[{}]", path, i));
        } else if (value.is_object()) {
            visit_object(value, path);
        } else if (path.empty()) {
            error_ = bad_input("expected an object or an array of objects");
        }
    }

    void visit_object(const Json& value, const std::string& path) {
        ListingFields fields(value, path, listed_.rounded);
        found_ = take(value, fields) || found_;
        if (const auto& error = fields.error()) {
            error_ = *error;
            return;
        }
        for (const auto& [key, inner] : value.items()) {
            if (!is_container(key, inner)) continue;
            visit(inner, path.empty() ? key : fmt::format("{}.{}", path, key));
        }
    }

    // "regions", "decoders:root0", "endpoint decoders", ...
    static bool is_container(std::string_view key, const Json& value) {
        constexpr std::array<std::string_view, 12> kContainers{
            "buses", "regions",   "namespaces", "dimms",         "devices",      "memdevs",
            "ports", "endpoints", "decoders",   "root decoders", "anon memdevs", "daxregion"};
        if (key == "memdev") return value.is_object();
        const auto kind = key.substr(0, key.find(':'));
        return std::ranges::find(kContainers, kind) != kContainers.end();
    }

    // By the key that names it; false where nothing does.
    bool take(const Json& value, ListingFields& fields) {
        const std::string dev = name_in(value, "dev");
        const std::string chardev = name_in(value, "chardev");
        const std::string decoder = name_in(value, "decoder");
        const std::string region = name_in(value, "region");
        const std::string memdev = name_in(value, "memdev");
        if (parse_device_name(dev, "namespace")) {
            take_namespace(dev, value, fields);
        } else if (parse_device_name(dev, "region")) {
            take_region(dev, fields);
        } else if (parse_device_name(dev, "nmem")) {
            take_dimm(dev, fields);
        } else if (parse_device_name(dev, "ndbus") || value.contains("provider")) {
            if (!dev.empty()) take_bus(dev, fields);
        } else if (parse_device_name(chardev, "dax")) {
            take_dax(chardev, value, fields);
        } else if (parse_device_name(decoder, "decoder")) {
            take_decoder(decoder, value, fields);
        } else if (parse_device_name(region, "region")) {
            take_cxl_region(region, fields);
        } else if (parse_device_name(memdev, "mem")) {
            take_memdev(memdev, fields);
        } else if (value.contains("id") &&
                   (value.contains("devices") || value.contains("path") || value.contains("align"))) {
            take_dax_region(fields);
        } else {
            return std::ranges::any_of(value.items(),
                                       [](const auto& item) { return is_container(item.key(), item.value()); }) ||
                   value.contains("port") || value.contains("endpoint");
        }
        return true;
    }

    static std::string name_in(const Json& value, const char* key) {
        const auto found = value.find(key);
        return found != value.end() && found->is_string() ? found->get<std::string>() : std::string();
    }

    // Before there was a daxregion (version 57), the device stood in the namespace itself.
    void take_device_of(const NamespaceRecord& ns, const Json& value, ListingFields& fields) {
        const std::string name = name_in(value, "chardev");
        if (value.contains("daxregion") || name.empty()) return;
        const auto& instance = listed_.record.instances.back();
        DaxDeviceRecord device;
        device.name = name;
        if (!instance.driver.empty()) device.driver = "device_dax";
        device.size = fields.size("size");
        device.align = instance.align;
        device.numa_node = ns.numa_node;
        device.target_node = ns.target_node;
        listed_.record.dax_devices.push_back(std::move(device));
    }

    bool is_disabled(const std::string& name, ListingFields& fields) {
        const bool disabled = fields.text("state") == "disabled";
        if (disabled) listed_.disabled.push_back(name);
        return disabled;
    }

    void take_bus(const std::string& name, ListingFields& fields) {
        if (find_named(listed_.record.buses, name) != nullptr) return;
        listed_.record.buses.push_back({.name = name, .provider = fields.text("provider")});
    }

    void take_dimm(const std::string& name, ListingFields& fields) {
        if (find_named(listed_.record.dimms, name) != nullptr) return;
        DimmRecord dimm;
        dimm.name = name;
        if (!is_disabled(name, fields)) dimm.driver = "nvdimm";
        dimm.security = fields.text("security");
        dimm.handle = fields.number("handle");
        dimm.id = fields.text("id");
        listed_.record.dimms.push_back(std::move(dimm));
    }

    void take_region(const std::string& name, ListingFields& fields) {
        if (find_named(listed_.record.regions, name) != nullptr) return;
        NdRegionRecord region;
        region.name = name;
        region.type = fields.text("type");
        if (!is_disabled(name, fields)) region.driver = "nd_region";
        region.size = fields.size("size");
        region.align = fields.size("align");
        region.available_size = fields.size("available_size");
        region.max_available_extent = fields.size("max_available_extent");
        region.set_cookie = fields.cookie("iset_id");
        region.read_only = fields.flag("read_only");
        region.numa_node = fields.node("numa_node");
        region.target_node = fields.node("target_node");
        region.persistence_domain = fields.text("persistence_domain");
        if (region.persistence_domain == "unknown") region.persistence_domain.clear();
        region.resource = fields.number("resource");
        fields.each("mappings", [&](ListingFields& inner) {
            region.mappings.push_back({.dimm = inner.text("dimm"),
                                       .start = inner.size("offset").value_or(0),
                                       .size = inner.size("length").value_or(0),
                                       .position = inner.small("position")});
        });
        if (!region.mappings.empty()) region.ways = static_cast<unsigned>(region.mappings.size());
        listed_.record.regions.push_back(std::move(region));
    }

    void take_namespace(const std::string& name, const Json& value, ListingFields& fields) {
        if (value.contains("signature")) return take_info_block(name, fields);
        if (find_named(listed_.record.namespaces, name) != nullptr) return;
        const std::string listed = fields.text("mode");
        const auto* mode = std::ranges::find(kModes, listed, &ModeWord::listed);
        if (!listed.empty() && mode == kModes.end()) return fields.fail("mode", listed, "a mode of ndctl");
        NamespaceRecord ns;
        ns.name = name;
        ns.region = fmt::format("region{}", parse_device_name(name, "namespace")->first);
        ns.alt_name = fields.text("name");
        ns.sector_size = fields.size("sector_size");
        ns.numa_node = fields.node("numa_node");
        ns.target_node = fields.node("target_node");
        if (mode != kModes.end()) ns.mode = mode->sysfs;
        const bool disabled = is_disabled(name, fields);
        const std::string map = fields.text("map");
        const std::string uuid = fields.text("uuid");
        // ndctl prints the uuid of the instance; memory that needs none (e820) has no uuid either
        const bool native = listed == "fsdax" && uuid.empty() && map == "mem";
        if (mode != kModes.end() && mode->instance && !native) {
            ns.uuid = fields.text("raw_uuid");
            take_instance(*mode->instance, ns, uuid, map, disabled, fields);
            if (mode->instance == InstanceKind::dax) take_device_of(ns, value, fields);
        } else {
            ns.uuid = uuid;
            ns.size = fields.size("size");
            ns.block_device = fields.text("blockdev");
            if (!disabled && ns.size != 0) ns.driver = "nd_pmem";
        }
        listed_.record.namespaces.push_back(std::move(ns));
    }

    void take_instance(InstanceKind kind, const NamespaceRecord& ns, const std::string& uuid, const std::string& map,
                       bool disabled, ListingFields& fields) {
        NdInstanceRecord instance;
        instance.kind = kind;
        instance.region = ns.region;
        instance.namespace_name = ns.name;
        if (!disabled) instance.driver = kind == InstanceKind::dax ? "dax_pmem" : "nd_pmem";
        instance.uuid = uuid;
        instance.size = fields.size("size");
        instance.block_device = fields.text("blockdev");
        if (kind == InstanceKind::btt) {
            instance.sector_size = ns.sector_size;
        } else {
            constexpr std::array<DriverWord, 3> kMaps{{{"dev", "pmem"}, {"mem", "ram"}, {"none", "none"}}};
            const auto* word = std::ranges::find(kMaps, map, &DriverWord::mode);
            if (!map.empty() && word == kMaps.end()) fields.fail("map", map, "dev, mem or none");
            if (word != kMaps.end()) instance.mode = word->driver;
            instance.align = fields.size("align");
            instance.supported_alignments = fields.numbers("supported_alignments");
        }
        listed_.record.instances.push_back(std::move(instance));
    }

    // ndctl read-infoblock -j
    void take_info_block(const std::string& name, ListingFields& fields) {
        struct Signature {
            std::string_view text;
            InstanceKind kind;
        };
        constexpr std::array<Signature, 3> kSignatures{{{"NVDIMM_PFN_INFO", InstanceKind::pfn},
                                                        {"NVDIMM_DAX_INFO", InstanceKind::dax},
                                                        {"BTT_ARENA_INFO", InstanceKind::btt}}};
        const std::string text = fields.text("signature");
        const auto* signature = std::ranges::find(kSignatures, text, &Signature::text);
        if (signature == kSignatures.end()) return fields.fail("signature", text, "one of an info block");
        InfoBlockRecord block;
        block.namespace_name = name;
        block.kind = signature->kind;
        block.offset = 4096;
        block.uuid = fields.text("uuid");
        block.parent_uuid = fields.text("parent_uuid");
        block.flags = fields.small("flags");
        fields.version("version", block.version_major, block.version_minor);
        if (block.kind == InstanceKind::btt) {
            const auto number = [&fields](const char* field) { return fields.size(field).value_or(0); };
            const auto count = [&fields](const char* field) { return fields.small(field).value_or(0); };
            block.btt = BttLayoutRecord{.external_lbasize = count("external_lbasize"),
                                        .external_nlba = count("external_nlba"),
                                        .internal_lbasize = count("internal_lbasize"),
                                        .internal_nlba = count("internal_nlba"),
                                        .nfree = count("nfree"),
                                        .infosize = count("infosize"),
                                        .nextoff = number("nextoff"),
                                        .dataoff = number("dataoff"),
                                        .mapoff = number("mapoff"),
                                        .logoff = number("logoff"),
                                        .info2off = number("info2off")};
        } else {
            block.data_offset = fields.size("dataoff");
            block.npfns = fields.number("npfns");
            block.mode = fields.small("mode");
            block.start_pad = fields.small("start_pad");
            block.end_trunc = fields.small("end_trunc");
            block.align = fields.size("align");
            block.page_size = fields.small("page_size");
            block.page_struct_size = fields.small("page_struct_size");
        }
        listed_.record.info_blocks.push_back(std::move(block));
    }

    void take_dax(const std::string& name, const Json& value, ListingFields& fields) {
        if (find_named(listed_.record.dax_devices, name) != nullptr) return;
        DaxDeviceRecord device;
        device.name = name;
        device.size = fields.size("size");
        device.align = fields.size("align");
        device.numa_node = fields.node("numa_node");
        device.target_node = fields.node("target_node");
        const std::string mode = fields.text("mode");
        const auto* word = std::ranges::find(kDaxModes, mode, &DriverWord::mode);
        if (!mode.empty() && word == kDaxModes.end()) return fields.fail("mode", mode, "a mode of daxctl");
        // before version 65 there was only device_dax and no mode was printed
        if (!is_disabled(name, fields)) device.driver = word == kDaxModes.end() ? "device_dax" : word->driver;
        fields.each("mappings", [&](ListingFields& inner) {
            const auto start = inner.number("start");
            const auto end = inner.number("end");
            if (!start || !end || *start > *end) return inner.fail("end", "", "start and end of a range");
            device.mappings.push_back(
                {.range = {*start, *end}, .page_offset = inner.number("page_offset").value_or(0)});
        });
        if (value.contains("total_memblocks") || value.contains("online_memblocks") || value.contains("movable")) {
            listed_.memory.push_back({.device = name,
                                      .online_blocks = fields.number("online_memblocks"),
                                      .total_blocks = fields.number("total_memblocks"),
                                      .movable = fields.flag("movable")});
        }
        listed_.record.dax_devices.push_back(std::move(device));
    }

    void take_dax_region(ListingFields& fields) {
        DaxRegionRecord region;
        const std::string path = fields.text("path");
        region.parent = path.substr(path.rfind('/') + 1);
        region.id = fields.node("id");
        region.size = fields.size("size");
        region.align = fields.size("align");
        region.available_size = fields.size("available_size");
        if (parse_device_name(region.parent, "hmem.")) region.kind = "hmem";
        if (parse_device_name(region.parent, "dax_region")) region.kind = "cxl";
        // without a path it is part of a namespace, and the name of the instance is not told
        const auto ids = parse_device_name(region.parent, "dax");
        if (path.empty() || (ids && ids->second)) region.kind = "pmem";
        if (!region.parent.empty()) {
            fields.each("devices",
                        [&](ListingFields& inner) { parents_.emplace_back(inner.text("chardev"), region.parent); });
        }
        listed_.record.dax_regions.push_back(std::move(region));
    }

    void take_decoder(const std::string& name, const Json& value, ListingFields& fields) {
        constexpr std::array kOfRoots{"pmem_capable", "volatile_capable", "accelmem_capable", "max_available_extent"};
        const bool is_root = std::ranges::any_of(kOfRoots, [&](const char* key) { return value.contains(key); });
        if (!is_root || find_named(listed_.record.cxl_decoders, name) != nullptr) return;
        CxlDecoderRecord decoder;
        decoder.name = name;
        decoder.resource = fields.number("resource");
        decoder.size = fields.size("size");
        decoder.interleave_ways = fields.small("interleave_ways");
        decoder.interleave_granularity = fields.size("interleave_granularity");
        // cxl list prints only what is true
        decoder.volatile_capable = fields.flag("volatile_capable").value_or(false);
        decoder.pmem_capable = fields.flag("pmem_capable").value_or(false);
        decoder.max_available_extent = fields.size("max_available_extent");
        listed_.record.cxl_decoders.push_back(std::move(decoder));
    }

    void take_cxl_region(const std::string& name, ListingFields& fields) {
        if (find_named(listed_.record.cxl_regions, name) != nullptr) return;
        CxlRegionRecord region;
        region.name = name;
        if (!is_disabled(name, fields)) region.driver = "cxl_region";
        region.mode = fields.text("type");
        region.uuid = fields.text("uuid");
        region.resource = fields.number("resource");
        region.size = fields.size("size");
        region.interleave_ways = fields.small("interleave_ways");
        region.interleave_granularity = fields.size("interleave_granularity");
        const std::string decode = fields.text("decode_state");
        if (!decode.empty()) region.committed = decode == "commit";
        fields.each("mappings", [&](ListingFields& inner) { region.targets.push_back(inner.text("decoder")); });
        listed_.record.cxl_regions.push_back(std::move(region));
    }

    void take_memdev(const std::string& name, ListingFields& fields) {
        if (find_named(listed_.record.cxl_memdevs, name) != nullptr) return;
        CxlMemdevRecord memdev;
        memdev.name = name;
        memdev.host = fields.text("host");
        if (!is_disabled(name, fields)) memdev.driver = "cxl_mem";
        memdev.ram_size = fields.size("ram_size");
        memdev.pmem_size = fields.size("pmem_size");
        memdev.serial = fields.number("serial");
        memdev.numa_node = fields.node("numa_node");
        listed_.record.cxl_memdevs.push_back(std::move(memdev));
    }

    Listed listed_;
    std::vector<std::pair<std::string, std::string>> parents_;
    bool found_ = false;
    std::optional<Error> error_;
};

// Sorted as a host shows them.
void sort_record(NvdimmRecord& record) {
    const auto by_name = [](auto& list) {
        std::ranges::stable_sort(list, units::device_order,
                                 [](const auto& one) -> const std::string& { return one.name; });
    };
    by_name(record.buses);
    by_name(record.dimms);
    by_name(record.regions);
    by_name(record.namespaces);
    by_name(record.dax_devices);
    by_name(record.cxl_regions);
    by_name(record.cxl_decoders);
    by_name(record.cxl_memdevs);
}

// Deeper than any listing is; the parser itself does not recurse.
constexpr int kMaxDepth = 64;

}   // namespace

Result<Listed> parse_listing(std::string_view text) {
    bool too_deep = false;
    const auto document = Json::parse(
        text.begin(), text.end(),
        [&too_deep](int depth, Json::parse_event_t, const Json&) {
            too_deep = too_deep || depth > kMaxDepth;
            return !too_deep;
        },
        false);
    if (too_deep) return bad_input(fmt::format("nested more than {} deep", kMaxDepth));
    if (document.is_discarded()) return bad_input("not JSON, or cut short, or with other text behind it");
    auto listed = Listing().read(document);
    if (listed) sort_record(listed->record);
    return listed;
}

}   // namespace memhot::report
