// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/nd_text.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "output/nd_json.hpp"
#include "output/text.hpp"

namespace memhotctl {

namespace {

class Viewer {
public:
    explicit Viewer(const SizeText& size) : size_(size) {}

    NdView region(const RegionNode& node) {
        const auto& record = node.record;
        std::vector<std::string> words{record.type + " region of " + record.bus};
        words.push_back(driven(node.owner));
        if (record.align) words.push_back("align " + size_(*record.align));
        const bool divided = is_divided(record);
        if (!divided) words.emplace_back("label-less");
        if (divided && record.available_size) words.push_back(size_(*record.available_size) + " available");
        if (divided && record.max_available_extent) {
            words.push_back("largest extent " + size_(*record.max_available_extent));
        }
        if (record.badblock_count.value_or(0) != 0) {
            words.push_back(fmt::format("{} of 512 bytes", counted(*record.badblock_count, "bad sector")));
        }
        say(record.name, words);
        for (const auto& part : record.mappings) {
            view_.device.push_back(fmt::format("  {}: {} from {} on{}", part.dimm, size_(part.size),
                                               memhot::hex(part.start),
                                               part.position ? fmt::format(", position {}", *part.position) : ""));
        }
        add(record.name, node.stranded);
        for (const auto& ns : node.namespaces) add(ns, "  ");
        return done(to_document(node));
    }
    NdView name_space(const NamespaceNode& node) {
        add(node, "");
        return done(to_document(node));
    }
    NdView dax_region(const DaxRegionNode& node) {
        add(node, "");
        return done(to_document(node));
    }
    // record: null where the CXL bus does not show it; dax: its dax regions.
    NdView cxl_region(std::string_view name, const memhot::CxlRegionRecord* record,
                      const std::vector<const DaxRegionNode*>& dax) {
        Json out = Json::object({{"dev", name}, {"type", "cxl"}});
        std::vector<std::string> words{"CXL region"};
        if (record != nullptr) {
            if (!record->mode.empty()) words.front() = record->mode + " " + words.front();
            words.push_back(driven(record->driver.empty() ? "none" : record->driver));
            if (!record->decoder.empty()) words.push_back("below " + record->decoder);
            if (record->size) words.push_back(size_(*record->size));
            if (record->interleave_ways) words.push_back(counted(*record->interleave_ways, "way"));
            if (record->committed) words.emplace_back(*record->committed ? "committed" : "not committed");
            if (!record->uuid.empty()) words.push_back("uuid " + record->uuid);
            out.set("mode", record->mode).set("decoder", record->decoder).set("driver", record->driver);
            if (record->size) out.set("size", *record->size);
            if (record->interleave_ways) out.set("interleave_ways", *record->interleave_ways);
        } else {
            words.emplace_back("its files below /sys/bus/cxl were not shown");
        }
        say(std::string(name), words);
        if (record != nullptr && !record->targets.empty()) {
            view_.device.push_back("  targets: " + joined(record->targets));
        }
        Json regions = Json::array();
        for (const auto* node : dax) {
            add(*node, "  ");
            regions.push(to_document(*node));
        }
        if (dax.empty()) view_.device.emplace_back("  no dax region: plain System RAM, or pmem, or not enabled");
        return done(std::move(out.set("dax_regions", std::move(regions))));
    }
    NdView dimm(const memhot::DimmRecord& dimm, const memhot::NvdimmRecord& nd) {
        std::vector<std::string> words{"DIMM of " + dimm.bus, driven(dimm.driver.empty() ? "none" : dimm.driver)};
        if (!dimm.state.empty()) words.push_back(dimm.state);
        words.emplace_back(dimm.flags.find("label") == std::string::npos ? "no labels" : "labels");
        if (dimm.available_slots) words.push_back(counted(*dimm.available_slots, "label slot") + " free");
        if (!dimm.security.empty()) words.push_back("security " + dimm.security);
        if (!dimm.firmware_flags.empty()) words.push_back("firmware says " + dimm.firmware_flags);
        if (!dimm.id.empty()) words.push_back("id " + dimm.id);
        say(dimm.name, words);
        Json parts = Json::array();
        std::vector<std::string> regions;
        for (const auto& region : nd.regions) {
            for (const auto& part : region.mappings) {
                if (part.dimm != dimm.name) continue;
                view_.device.push_back(fmt::format("  {}: {} from {} on{}{}", region.name, size_(part.size),
                                                   memhot::hex(part.start),
                                                   part.position ? fmt::format(", position {}", *part.position) : "",
                                                   region.driver.empty() ? ", disabled" : ""));
                parts.push(
                    Json::object({{"region", region.name}, {"dpa", memhot::hex(part.start)}, {"size", part.size}}));
                regions.push_back(region.name);
            }
        }
        view_.instead_of_range = regions.empty() ? "none: no region uses it" : "its part of " + joined(regions);
        Json out = Json::object({{"dev", dimm.name}, {"bus", dimm.bus}, {"state", dimm.state}});
        if (!dimm.security.empty()) out.set("security", dimm.security);
        if (dimm.available_slots) out.set("available_slots", *dimm.available_slots);
        return done(std::move(out.set("mappings", std::move(parts))));
    }
    NdView dax_device(const DaxNode& node) {
        add(node, "");
        return done(to_document(node));
    }

private:
    void add(const NamespaceNode& node, const std::string& indent) {
        std::vector<std::string> words{fmt::format("{} namespace of {}", node.mode, node.record.region)};
        if (node.record.size.value_or(0) == 0) words = {"idle namespace of " + node.record.region, "no space"};
        words.push_back(driven(node.owner));
        if (!node.map.empty()) words.push_back("map=" + node.map);
        if (node.instance != nullptr && node.instance->align) words.push_back("align " + size_(*node.instance->align));
        if (node.enabled) words.push_back(size_(node.usable) + " usable");
        if (!node.block_device.empty()) words.push_back("disk " + node.block_device);
        const bool claimed = node.instance != nullptr && !node.instance->uuid.empty();   // as ndctl calls them
        if (claimed) words.push_back("uuid " + node.instance->uuid);
        if (!node.record.uuid.empty()) words.push_back((claimed ? "raw_uuid " : "uuid ") + node.record.uuid);
        say(indent + node.record.name, words);
        add(node.record.name, node.stranded);
        if (!node.dax_region) return;
        for (const auto& device : node.dax_region->devices) add(device, indent + "  ");
    }

    void add(const DaxRegionNode& node, const std::string& indent) {
        std::vector<std::string> words{node.record.kind + " dax region", "by " + node.owner};
        if (!node.record.cxl_region.empty()) words.push_back("of CXL " + node.record.cxl_region);
        if (node.record.align) words.push_back("align " + size_(*node.record.align));
        if (node.record.available_size) words.push_back(size_(*node.record.available_size) + " available");
        say(indent + node.record.parent, words);
        for (const auto& device : node.devices) add(device, indent + "  ");
    }

    void add(const DaxNode& node, const std::string& indent) {
        std::vector<std::string> words{(node.mode.empty() ? "devdax" : node.mode) + " device"};
        words.push_back(driven(node.owner));
        if (node.record.align) words.push_back("align " + size_(*node.record.align));
        if (node.record.target_node) words.push_back(fmt::format("node {}", *node.record.target_node));
        say(indent + node.record.name, words);
        for (const auto& run : node.blocks.runs) {
            view_.device.push_back(fmt::format("{}  memory{}: {}{}, {}", indent, number_list(run.numbers), run.state,
                                               run.zones.empty() ? "" : " in " + run.zones,
                                               run.owner == "none" ? "onlined by nobody" : "onlined by " + run.owner));
        }
        add(node.record.name, node.stranded);
    }

    void add(const std::string& name, const std::vector<Stranded>& parts) {
        for (const auto& part : parts) {
            view_.stranded.push_back(fmt::format("{}: {} {}", name, size_(part.bytes), part.why));
        }
    }
    static std::string driven(const std::string& owner) {
        return owner == "none" ? "disabled: no driver" : "driven by " + owner;
    }
    void say(const std::string& name, const std::vector<std::string>& words) {
        view_.device.push_back(name + ": " + joined(words));
    }
    NdView done(Json document) {
        view_.document = std::move(document);
        return std::move(view_);
    }

    const SizeText& size_;
    NdView view_;
};

std::optional<NdView> in_dax(const DaxRegionNode& region, std::string_view name, const SizeText& size) {
    for (const auto& device : region.devices) {
        if (device.record.name == name) return Viewer(size).dax_device(device);
    }
    return std::nullopt;
}

std::optional<NdView> in_region(const RegionNode& region, std::string_view name, const SizeText& size) {
    if (region.record.name == name) return Viewer(size).region(region);
    for (const auto& ns : region.namespaces) {
        if (ns.record.name == name) return Viewer(size).name_space(ns);
        if (!ns.dax_region) continue;
        if (auto found = in_dax(*ns.dax_region, name, size)) return found;
    }
    return std::nullopt;
}

// A CXL region by its own record, by its dax region, or by both.
std::optional<NdView> of_cxl(const memhot::NvdimmRecord& nd, const NdTree& tree, std::string_view name,
                             const SizeText& size) {
    const auto record = std::ranges::find(nd.cxl_regions, name, &memhot::CxlRegionRecord::name);
    std::vector<const DaxRegionNode*> dax;
    for (const auto& region : tree.dax_regions) {
        if (region.record.cxl_region == name) dax.push_back(&region);
    }
    const bool shown = record != nd.cxl_regions.end();
    if (!shown && dax.empty()) return std::nullopt;
    return Viewer(size).cxl_region(name, shown ? &*record : nullptr, dax);
}

}   // namespace

std::optional<NdView> nd_view(const Host& host, std::string_view name, const SizeText& size) {
    const NdTree tree = nd_tree(host, Seeds::too);
    for (const auto& region : tree.regions) {
        if (auto found = in_region(region, name, size)) return found;
    }
    for (const auto& region : tree.dax_regions) {
        if (region.record.parent == name) return Viewer(size).dax_region(region);
        if (auto found = in_dax(region, name, size)) return found;
    }
    for (const auto& device : tree.devices) {
        if (device.record.name == name) return Viewer(size).dax_device(device);
    }
    if (!host.snapshot.nvdimm) return std::nullopt;
    const auto& nd = *host.snapshot.nvdimm;
    const auto dimm = std::ranges::find(nd.dimms, name, &memhot::DimmRecord::name);
    if (dimm != nd.dimms.end()) return Viewer(size).dimm(*dimm, nd);
    return of_cxl(nd, tree, name, size);
}

}   // namespace memhotctl
