// SPDX-License-Identifier: GPL-2.0-or-later
//
// show: one thing in full: its lines of /proc/iomem, its sections with their bits, its memory blocks, its mappings.
#include <fmt/format.h>

#include <limits>

#include "client/blocks.hpp"
#include "client/things.hpp"
#include "context.hpp"
#include "output/cxl_text.hpp"
#include "output/host_json.hpp"
#include "output/labelled.hpp"
#include "output/nd_text.hpp"
#include "output/picture.hpp"
#include "output/text.hpp"

namespace memhotctl {

using memhot::Range;
using memhot::Result;

namespace {

constexpr std::size_t kMostLines = 8;      // of each part, unless --verbose
constexpr std::size_t kMostItems = 4096;   // that are looked at

struct ResourceLine {
    memhot::Resource resource;
    unsigned depth = 0;
};

// All that is known of a thing. What needs real addresses is empty where they are hidden.
struct Facts {
    std::vector<ResourceLine> resources;
    std::vector<memhot::SectionInfo> sections;   // present ones
    std::size_t sections_touched = 0;
    std::vector<BlockView> blocks;
    std::vector<memhot::Mapping> mappings;
    std::optional<NdView> device;
};

bool touches(const std::vector<Range>& ranges, const Range& other) {
    for (const auto& range : ranges) {
        if (range.overlaps(other)) return true;
    }
    return false;
}

void take_resources(const Host& host, const std::vector<Range>& ranges, Facts& facts) {
    for (const auto& range : ranges) {
        host.model->resources().walk(range, [&](const memhot::Resource& resource, unsigned depth) {
            memhot::Resource line = resource;
            line.children.clear();
            facts.resources.push_back({std::move(line), depth});
        });
    }
}

void take_sections(const Host& host, const std::vector<Range>& ranges, Facts& facts) {
    const std::uint64_t size = host.profile->section_size();
    for (const auto& range : ranges) {
        facts.sections_touched += range.last / size - range.start / size + 1;
        if (range.last / size - range.start / size >= kMostItems) continue;
        for (std::uint64_t number = range.start / size; number <= range.last / size; ++number) {
            auto info = host.model->section(number);
            if (info.present) facts.sections.push_back(std::move(info));
        }
    }
    if (!facts.sections.empty() || facts.sections_touched < kMostItems) return;
    for (auto& info : host.model->sections()) {   // of a very large range: those that there are
        if (touches(ranges, {info.number * size, info.number * size + (size - 1)}))
            facts.sections.push_back(std::move(info));
    }
}

Facts look(const Context& context, const Host& host, const Thing& thing) {
    Facts facts;
    if (thing.kind == Thing::Kind::device) {
        facts.device = nd_view(host, thing.name, [&](std::uint64_t bytes) { return context.size(bytes); });
    }
    const std::uint64_t size = host.units().block_size;
    if (size != 0) {
        for (auto& block : blocks_of(host)) {
            if (touches(thing.ranges, {block.number * size, block.number * size + (size - 1)})) {
                facts.blocks.push_back(std::move(block));
            }
        }
    }
    if (!host.model) return facts;
    take_resources(host, thing.ranges, facts);
    take_sections(host, thing.ranges, facts);
    for (auto& mapping : host.model->mappings()) {
        if (touches(thing.ranges, mapping.range)) facts.mappings.push_back(std::move(mapping));
    }
    return facts;
}

std::vector<std::string> range_texts(const Context& context, const Thing& thing) {
    std::vector<std::string> out;
    out.reserve(thing.ranges.size());
    for (const auto& range : thing.ranges) {
        out.push_back(fmt::format("{} ({})", to_string(range), context.size(range.size())));
    }
    if (out.empty()) out.emplace_back("none: it has no space, or its addresses are hidden");
    return out;
}

std::vector<std::string> resource_texts(const Facts& facts) {
    std::vector<std::string> out;
    out.reserve(facts.resources.size());
    for (const auto& [resource, depth] : facts.resources) {
        out.push_back(fmt::format("{:{}}{} : {}{}", "", 2 * depth, to_string(resource.range), resource.name,
                                  resource.busy ? " (claimed)" : ""));
    }
    return out;
}

std::string_view section_kind(const memhot::SectionInfo& info) {
    if (info.early) return "early";
    return info.online ? "hot-added" : "present";
}

std::vector<std::string> section_texts(const Host& host, const Facts& facts) {
    const Painter painter(*host.model);
    const std::uint64_t size = host.profile->section_size();
    std::vector<std::string> out;
    for (const auto& info : facts.sections) {
        const Range range{info.number * size, info.number * size + (size - 1)};
        out.push_back(fmt::format("section{} ({}): {}, {}, bits {}", info.number, to_string(range), section_kind(info),
                                  info.online ? "online" : "not online", bits_text(info.subsections)));
        const std::string cells = painter.cells(range);
        const bool plain = cells.find_first_not_of(cells.front()) == std::string::npos;
        if (!plain && cells.size() <= 64) out.push_back("  " + cells);
    }
    if (out.empty()) out.emplace_back("none is present: no struct pages");
    return out;
}

std::string why_not(const memhot::Outcome& refusal) {
    const auto& rule = memhot::rule(refusal.rule);
    return fmt::format("cannot be offlined, {} [{}]: {}", memhot::errno_name(refusal.error), rule.id, rule.checks);
}

std::vector<std::string> block_texts(const Host& host, const Facts& facts) {
    std::vector<std::string> out;
    for (const auto& block : facts.blocks) {
        std::string text = fmt::format("memory{}: {}", block.number, block.state);
        if (block.node) text += fmt::format(", node {}", *block.node);
        if (!block.zones.empty()) text += ", zones " + block.zones;
        out.push_back(std::move(text));
        if (const auto refusal = refusal_to_offline(host, block.number)) out.push_back("  " + why_not(*refusal));
    }
    if (out.empty()) out.emplace_back("none: no memory that can be onlined or offlined");
    return out;
}

std::vector<std::string> mapping_texts(const Context& context, const Facts& facts) {
    std::vector<std::string> out;
    out.reserve(facts.mappings.size());
    for (const auto& mapping : facts.mappings) {
        out.push_back(fmt::format("{} ({}) {}, {}", to_string(mapping.range), context.size(mapping.range.size()),
                                  mapping.owner, type_name(mapping.type)));
    }
    return out;
}

std::string text_of(const Context& context, const Host& host, const Thing& thing, const Facts& facts) {
    const std::size_t most = context.verbose() ? 0 : kMostLines;
    Labelled out(context.terminal());
    out.add("Thing", thing.name);
    const bool has_none = facts.device && !facts.device->instead_of_range.empty();
    out.add("Range", has_none ? std::vector{facts.device->instead_of_range} : range_texts(context, thing), most);
    if (facts.device) {
        out.add("Device", facts.device->device, most);
        out.add("Stranded", facts.device->stranded, most);
    }
    out.add("CXL", cxl_view(host, thing).texts, most);
    if (thing.ranges.empty()) return out.text();
    if (host.model) {
        auto resources = resource_texts(facts);
        if (resources.empty()) resources.emplace_back("nothing in /proc/iomem");
        out.add("Owners", resources, most);
        out.add("Sections", section_texts(host, facts), most);
    }
    out.add("Blocks", block_texts(host, facts), most);
    out.add("Mappings", mapping_texts(context, facts), most);
    if (const auto model = host.need_model(); !model)
        out.add("Hidden", "owners and sections: " + model.error().message());
    return out.text();
}

Json block_json(const Host& host, const BlockView& block) {
    Json out = Json::object({{"block", block.number}, {"state", block.state}});
    if (block.node) out.set("node", *block.node);
    if (!block.zones.empty()) out.set("zones", block.zones);
    if (const auto refusal = refusal_to_offline(host, block.number)) {
        const auto& rule = memhot::rule(refusal->rule);
        out.set("not_removable", Json::object({{"rule", rule.id},
                                               {"errno", refusal->error},
                                               {"errno_name", memhot::errno_name(refusal->error)},
                                               {"checks", rule.checks}}));
    }
    return out;
}

Json section_json(const Host& host, const Painter& painter, const memhot::SectionInfo& info) {
    const std::uint64_t size = host.profile->section_size();
    const Range range{info.number * size, info.number * size + (size - 1)};
    return std::move(range_json(range)
                         .set("section", info.number)
                         .set("early", info.early)
                         .set("online", info.online)
                         .set("has_mem_map", info.has_mem_map)
                         .set("subsections", bits_text(info.subsections))
                         .set("cells", painter.cells(range)));
}

Json document(const Host& host, const Thing& thing, const Facts& facts) {
    Json ranges = Json::array();
    for (const auto& range : thing.ranges) ranges.push(range_json(range));
    Json blocks = Json::array();
    for (const auto& block : facts.blocks) blocks.push(block_json(host, block));
    Json out = Json::object({{"format", "memhot-show/1"}, {"thing", thing.name}, {"ranges", std::move(ranges)}});
    if (facts.device) out.set("device", facts.device->document);
    if (auto cxl = cxl_view(host, thing); !cxl.texts.empty()) out.set("cxl", std::move(cxl.document));
    out.set("blocks", std::move(blocks));
    if (!host.model) return std::move(out.set("hidden", host.need_model().error().message()));
    Json resources = Json::array();
    for (const auto& [resource, depth] : facts.resources) {
        resources.push(std::move(
            range_json(resource.range).set("name", resource.name).set("depth", depth).set("claimed", resource.busy)));
    }
    const Painter painter(*host.model);
    Json sections = Json::array();
    for (const auto& info : facts.sections) sections.push(section_json(host, painter, info));
    Json mappings = Json::array();
    for (const auto& mapping : facts.mappings) mappings.push(mapping_json(mapping));
    return std::move(out.set("resources", std::move(resources))
                         .set("sections", std::move(sections))
                         .set("mappings", std::move(mappings)));
}

Result<int> run(Context& context) {
    const auto host = context.host();
    if (!host) return host.error();
    const auto thing = find_thing(*host, context.arguments().operands.front());
    if (!thing) return thing.error();
    const Facts facts = look(context, *host, *thing);
    if (context.json()) {
        context.print_json(document(*host, *thing, facts));
    } else {
        context.print(text_of(context, *host, *thing, facts));
    }
    // A block that was named and is not there: the answer is no.
    return thing->kind == Thing::Kind::block && facts.blocks.empty() ? exit_code::no : exit_code::yes;
}

}   // namespace

const Command kShow{.name = "show",
                    .operands = "THING",
                    .least = 1,
                    .most = 1,
                    .summary = "a block, section, node, range, device or name in /proc/iomem in full",
                    .options = {},
                    .notes = "THING: blockN, blockN-M, sectionN, nodeN, START-END, START+SIZE, regionN,\n"
                             "namespaceN.M, daxN.M, nmemN, or a name in /proc/iomem. Of a region, namespace or dax\n"
                             "device also what drives it and which bytes are stranded, and why.\n",
                    .foreign = {},
                    .run = run};

}   // namespace memhotctl
