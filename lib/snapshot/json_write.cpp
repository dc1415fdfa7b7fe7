// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A snapshot as JSON (memhot-snapshot(5)). Blocks that differ in nothing but their number are one entry, so that a
// large host is a short file.
#include <nlohmann/json.hpp>

#include "memhot/snapshot.hpp"
#include "memhot/units.hpp"
#include "snapshot/nvdimm_json.hpp"

namespace memhot {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
void put(Json& object, const char* name, const std::optional<T>& value) {
    if (value) object[name] = *value;
}

Json kernel_to_json(const Snapshot& snapshot) {
    Json kernel = Json::object();
    kernel["hostname"] = snapshot.hostname;
    kernel["release"] = snapshot.release;
    kernel["version_text"] = snapshot.version_text;
    if (snapshot.version) kernel["version"] = to_string(*snapshot.version);
    kernel["arch"] = snapshot.arch;
    if (snapshot.page_size != 0) kernel["page_size"] = snapshot.page_size;
    put(kernel, "section_size_bits", snapshot.section_size_bits);
    put(kernel, "max_physmem_bits", snapshot.max_physmem_bits);
    put(kernel, "struct_page_size", snapshot.struct_page_size);
    kernel["cmdline"] = snapshot.cmdline;
    Json features = Json::object();
    for (const auto& [feature, there] : snapshot.features) features[std::string(to_string(feature))] = there;
    kernel["features"] = std::move(features);
    return kernel;
}

bool same_but_number(const BlockRecord& a, const BlockRecord& b) {
    return a.state == b.state && a.valid_zones == b.valid_zones && a.removable == b.removable && a.node == b.node;
}

Json blocks_to_json(const std::vector<BlockRecord>& blocks) {
    Json runs = Json::array();
    for (std::size_t first = 0; first < blocks.size();) {
        std::size_t last = first;
        while (last + 1 < blocks.size() && blocks[last + 1].number == blocks[last].number + 1 &&
               same_but_number(blocks[first], blocks[last + 1])) {
            ++last;
        }
        Json run = Json::object();
        run["first"] = blocks[first].number;
        run["last"] = blocks[last].number;
        run["state"] = blocks[first].state;
        if (!blocks[first].valid_zones.empty()) run["valid_zones"] = blocks[first].valid_zones;
        put(run, "removable", blocks[first].removable);
        put(run, "node", blocks[first].node);
        runs.push_back(std::move(run));
        first = last + 1;
    }
    return runs;
}

Json zones_to_json(const std::vector<ZoneRecord>& zones) {
    Json list = Json::array();
    for (const auto& zone : zones) {
        list.push_back({{"node", zone.node},
                        {"name", zone.name},
                        {"start_pfn", zone.start_pfn},
                        {"spanned", zone.spanned},
                        {"present", zone.present},
                        {"managed", zone.managed},
                        {"cma", zone.cma}});
        if (zone.high) list.back()["high"] = *zone.high;
    }
    return list;
}

Json firmware_to_json(const std::vector<std::string>& firmware_ram) {
    Json list = Json::array();
    for (const auto& text : firmware_ram) {
        const auto range = parse_range(text, {});
        list.push_back(range ? hex(range->start) + "-" + hex(range->last) : text);
    }
    return list;
}

Json udev_to_json(const std::vector<UdevRuleRecord>& rules) {
    Json list = Json::array();
    for (const auto& rule : rules) list.push_back({{"path", rule.path}, {"line", rule.line}, {"text", rule.text}});
    return list;
}

}   // namespace

std::string to_json(const Snapshot& snapshot) {
    Json document = Json::object();
    document["format"] = kSnapshotFormat;
    document["kernel"] = kernel_to_json(snapshot);
    put(document, "memory_block_size", snapshot.memory_block_size);
    if (snapshot.blocks) document["blocks"] = blocks_to_json(*snapshot.blocks);
    Json nodes = Json::object();
    for (const auto& [block, node] : snapshot.block_nodes) nodes[std::to_string(block)] = node;
    if (!nodes.empty()) document["block_nodes"] = std::move(nodes);
    put(document, "possible_nodes", snapshot.possible_nodes);
    document["zones"] = zones_to_json(snapshot.zones);
    put(document, "auto_online_blocks", snapshot.auto_online_blocks);
    document["parameters"] = snapshot.parameters;
    put(document, "probe", snapshot.probe);
    put(document, "available_memory", snapshot.available_memory);
    document["firmware_ram"] = firmware_to_json(snapshot.firmware_ram);
    if (!snapshot.udev_rules.empty()) document["udev_rules"] = udev_to_json(snapshot.udev_rules);
    if (snapshot.nvdimm) document["nvdimm"] = snapshot::nvdimm_to_json(*snapshot.nvdimm);
    if (snapshot.iomem) {
        document["iomem"] = *snapshot.iomem;
    } else {
        document["iomem_hidden"] = snapshot.iomem_hidden;
    }
    // A name in iomem may hold any bytes, JSON only UTF-8.
    return document.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}   // namespace memhot
