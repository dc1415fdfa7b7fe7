// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A snapshot from JSON (memhot-snapshot(5)): types and fields here, limits and contradictions in check.cpp.
#include <algorithm>
#include <fmt/format.h>

#include "host/memory_blocks.hpp"
#include "host/nodes.hpp"
#include "memhot/units.hpp"
#include "snapshot/check.hpp"
#include "snapshot/file.hpp"
#include "snapshot/nvdimm_json.hpp"
#include "units/json_object.hpp"
#include "units/quote.hpp"

namespace memhot {
namespace {

using units::Json;
using units::JsonObject;

constexpr int kDeepest = 8;   // no snapshot nests deeper

constexpr std::uint64_t kMostBits = 64;
constexpr std::uint64_t kMostNode = host::kMaxNode;

std::optional<unsigned> small(std::optional<std::uint64_t> value) {
    return value ? std::optional(static_cast<unsigned>(*value)) : std::nullopt;
}

Status read_features(const Json& value, Snapshot& snapshot) {
    JsonObject features(value, "kernel.features");
    for (const auto& [name, there] : value.items()) {
        const auto feature = parse_feature(name);
        if (!feature) continue;   // finish() names it
        const auto found = features.find_boolean(name.c_str());
        if (found) snapshot.features.emplace_back(*feature, *found);
    }
    std::ranges::sort(snapshot.features);   // as read from a host; JSON objects come by name
    return features.finish();
}

Status read_kernel(const Json& value, Snapshot& snapshot) {
    JsonObject kernel(value, "kernel");
    snapshot.hostname = kernel.text("hostname");
    snapshot.release = kernel.text("release");
    snapshot.version_text = kernel.text("version_text");
    snapshot.arch = kernel.text("arch");
    snapshot.cmdline = kernel.text("cmdline");
    snapshot.page_size = kernel.find_number("page_size").value_or(0);
    if (snapshot.page_size == 0 && value.contains("page_size")) kernel.fail("page_size", "0, expected to be left out");
    snapshot.section_size_bits = small(kernel.find_number("section_size_bits", kMostBits));
    snapshot.max_physmem_bits = small(kernel.find_number("max_physmem_bits", kMostBits));
    snapshot.struct_page_size = small(kernel.find_number("struct_page_size", 4096));
    if (const auto text = kernel.find_text("version")) {
        const auto version = parse_version(*text);
        if (version && to_string(*version) == *text) {
            snapshot.version = *version;
        } else {
            kernel.fail("version", units::quoted(*text) + ", expected an upstream version such as 6.1.190");
        }
    }
    const Json* features = kernel.object("features");
    if (auto good = kernel.finish(); !good) return good;
    return read_features(*features, snapshot);
}

Status read_run(const Json& value, std::string path, std::vector<BlockRecord>& blocks) {
    JsonObject run(value, std::move(path));
    BlockRecord block;
    const auto first = run.number("first");
    const auto last = run.number("last");
    block.state = run.text("state");
    if (const auto zones = run.find_text("valid_zones")) {
        block.valid_zones = *zones;
        if (zones->empty()) run.fail("valid_zones", "empty, expected to be left out");
    }
    block.removable = run.find_boolean("removable");
    if (const auto node = run.find_number("node", kMostNode)) block.node = static_cast<int>(*node);
    if (auto good = run.finish(); !good) return good;

    // Before they are made: a few bytes could ask for all memory there is.
    if (first > last) run.fail("last", fmt::format("{}, expected at least first, {}", last, first));
    if (!blocks.empty() && first <= blocks.back().number) {
        run.fail("first", fmt::format("{} is not behind {}, expected every block once, in ascending order", first,
                                      blocks.back().number));
    }
    if (last - first >= host::kMaxBlocks || blocks.size() + (last - first) >= host::kMaxBlocks) {
        run.fail("last", fmt::format("{}, expected at most {} blocks in all", last, host::kMaxBlocks));
    }
    if (run.failed()) return run.finish();
    for (auto number = first;; ++number) {
        block.number = number;
        blocks.push_back(block);
        if (number == last) return Done{};
    }
}

Status read_blocks(const Json& list, Snapshot& snapshot) {
    auto& blocks = snapshot.blocks.emplace();
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (auto good = read_run(list[i], fmt::format("blocks[{}]", i), blocks); !good) return good;
    }
    return Done{};
}

Status read_block_nodes(const Json& value, Snapshot& snapshot) {
    JsonObject nodes(value, "block_nodes");
    for (const auto& [name, ignored] : value.items()) {
        const auto block = host::numbered_name(name, "");
        if (!block) continue;   // finish() names it
        if (const auto node = nodes.find_number(name.c_str(), kMostNode)) {
            snapshot.block_nodes.emplace(*block, static_cast<int>(*node));
        }
    }
    return nodes.finish();
}

Status read_zones(const Json& list, Snapshot& snapshot) {
    for (std::size_t i = 0; i < list.size(); ++i) {
        JsonObject object(list[i], fmt::format("zones[{}]", i));
        ZoneRecord zone;
        zone.node = static_cast<int>(object.number("node", kMostNode));
        zone.name = object.text("name");
        zone.start_pfn = object.number("start_pfn");
        zone.spanned = object.number("spanned");
        zone.present = object.number("present");
        zone.managed = object.number("managed");
        zone.cma = object.number("cma");
        if (object.has("high")) zone.high = object.number("high");
        if (auto good = object.finish(); !good) return good;
        snapshot.zones.push_back(std::move(zone));
    }
    return Done{};
}

Status read_firmware(const Json& list, Snapshot& snapshot) {
    for (std::size_t i = 0; i < list.size(); ++i) {
        const std::string path = fmt::format("firmware_ram[{}]", i);
        if (!list[i].is_string()) return bad_input(path + ": expected a string 0xSTART-0xEND");
        const auto range = parse_range(list[i].get_ref<const std::string&>(), {});
        if (!range) return Error(range.error()).add_context(path);
        snapshot.firmware_ram.push_back(to_string(*range));
    }
    return Done{};
}

Status read_udev_rules(const Json& list, Snapshot& snapshot) {
    for (std::size_t i = 0; i < list.size(); ++i) {
        JsonObject object(list[i], fmt::format("udev_rules[{}]", i));
        UdevRuleRecord rule;
        rule.path = object.text("path");
        rule.line = object.number("line");
        rule.text = object.text("text");
        if (auto good = object.finish(); !good) return good;
        snapshot.udev_rules.push_back(std::move(rule));
    }
    return Done{};
}

Status read_parameters(const Json& value, Snapshot& snapshot) {
    JsonObject parameters(value, "parameters");
    for (const auto& [name, ignored] : value.items()) {
        if (auto text = parameters.find_text(name.c_str())) snapshot.parameters.emplace(name, std::move(*text));
    }
    return parameters.finish();
}

Status read_nvdimm(const Json& value, Snapshot& snapshot) {
    auto nvdimm = snapshot::nvdimm_from_json(value);
    if (!nvdimm) return nvdimm.error();
    snapshot.nvdimm = *std::move(nvdimm);
    return Done{};
}

struct Part {
    const Json* value;
    Status (*read)(const Json&, Snapshot&);
};

Result<Snapshot> read_document(const Json& json) {
    JsonObject document(json, "");
    Snapshot snapshot;
    if (const auto format = document.text("format"); !document.failed() && format != kSnapshotFormat) {
        return bad_input(fmt::format("format: {}, expected \"{}\"", units::quoted(format), kSnapshotFormat));
    }
    snapshot.memory_block_size = document.find_number("memory_block_size");
    snapshot.possible_nodes = document.find_text("possible_nodes");
    snapshot.auto_online_blocks = document.find_text("auto_online_blocks");
    snapshot.probe = document.find_boolean("probe");
    snapshot.available_memory = document.find_number("available_memory");
    snapshot.iomem = document.find_text("iomem");
    const auto hidden = document.find_text("iomem_hidden");
    if (snapshot.iomem && hidden) document.fail("iomem_hidden", "given, and iomem as well");
    if (!snapshot.iomem && !hidden) document.fail("iomem", "missing, and iomem_hidden as well");
    snapshot.iomem_hidden = hidden.value_or("");
    const Part parts[] = {
        {document.object("kernel"), read_kernel},
        {document.find_array("blocks"), read_blocks},
        {document.find_object("block_nodes"), read_block_nodes},
        {document.array("zones"), read_zones},
        {document.object("parameters"), read_parameters},
        {document.array("firmware_ram"), read_firmware},
        {document.find_array("udev_rules"), read_udev_rules},
        {document.find_object("nvdimm"), read_nvdimm},
    };
    if (auto good = document.finish(); !good) return good.error();
    for (const auto& part : parts) {
        if (part.value == nullptr) continue;
        if (auto good = part.read(*part.value, snapshot); !good) return good.error();
    }
    if (auto good = snapshot::check(snapshot); !good) return good.error();
    return snapshot;
}

}   // namespace

Result<Snapshot> snapshot_from_json(std::string_view text) {
    const auto document =
        units::parse_json(text, {.bytes = snapshot::kMaxFileSize, .depth = kDeepest, .unique_names = true});
    if (!document) return Error(document.error()).add_context("snapshot");
    return read_document(*document).with_context("snapshot");
}

}   // namespace memhot
