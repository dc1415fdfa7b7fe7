// SPDX-License-Identifier: GPL-2.0-or-later
//
// namespace list and dax list: one joined tree of regions, namespaces, dax devices and memory blocks. The other words plan
// and carry out what ndctl and daxctl would.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "client/acting.hpp"
#include "client/nd_tree.hpp"
#include "context.hpp"
#include "output/nd_json.hpp"
#include "output/table.hpp"
#include "output/text.hpp"

namespace memhotctl {

using memhot::Result;

namespace {

// One row; what is empty is not known or does not apply.
struct Cells {
    std::string name;
    std::string mode;
    std::string state;
    std::string owner;
    std::string size;
    std::string stranded;
    std::string resource;
    std::string align;
    std::string node;
    std::vector<std::string> notes;
};

class Listing {
public:
    explicit Listing(Context& context) : context_(context) {}

    void add(const NdTree& tree) {
        for (const auto& region : tree.regions) add(region);
        for (const auto& region : tree.dax_regions) add(region);
        for (const auto& device : tree.devices) add(device, 0);
    }

    [[nodiscard]] std::string text() const { return table_.text(context_.terminal(), context_.legend()); }

private:
    void add(const RegionNode& region) {
        const auto& record = region.record;
        std::vector<std::string> notes;
        if (record.ways.value_or(1) > 1) notes.push_back(fmt::format("{} DIMMs interleaved", *record.ways));
        const bool divided = is_divided(record);
        if (!divided) notes.emplace_back("label-less");
        if (divided && record.available_size.value_or(0) != 0) {
            notes.push_back(fmt::format("{} available, largest extent {}", context_.size(*record.available_size),
                                        context_.size(record.max_available_extent.value_or(0))));
        }
        if (record.read_only.value_or(false)) notes.emplace_back("read-only");
        if (record.badblock_count.value_or(0) != 0) {
            notes.push_back(fmt::format("{} of 512 bytes", counted(*record.badblock_count, "bad sector")));
        }
        row(0, {.name = record.name,
                .mode = record.type,
                .state = record.driver.empty() ? "disabled" : "",
                .owner = region.owner,
                .size = size(record.size),
                .stranded = stranded(region.stranded),
                .resource = address(record.resource),
                .align = size(record.align),
                .node = node(record.numa_node),
                .notes = notes});
        for (const auto& ns : region.namespaces) add(ns);
    }

    void add(const NamespaceNode& ns) {
        std::vector<std::string> notes;
        if (!ns.map.empty()) notes.push_back("map=" + ns.map);
        if (!ns.block_device.empty()) notes.push_back(ns.block_device);
        add_shared(ns.shared, notes);
        row(1, {.name = ns.record.name,
                .mode = ns.mode,
                .state = ns.enabled ? "" : "disabled",
                .owner = ns.owner,
                .size = size(ns.record.size),
                .stranded = stranded(ns.stranded),
                .resource = address(ns.record.resource),
                .align = ns.instance != nullptr ? size(ns.instance->align) : "",
                .node = node(ns.record.numa_node),
                .notes = notes});
        if (!ns.dax_region) return;
        for (const auto& device : ns.dax_region->devices) add(device, 2);   // its region is the namespace itself
    }

    void add(const DaxRegionNode& region) {
        const auto& record = region.record;
        std::vector<std::string> notes;
        if (record.id) notes.push_back(fmt::format("dax region {}", *record.id));
        if (!record.cxl_region.empty()) notes.push_back("of CXL " + record.cxl_region);
        if (record.available_size.value_or(0) != 0) {
            notes.push_back(context_.size(*record.available_size) + " available");
        }
        row(0, {.name = record.parent,
                .mode = record.kind,
                .state = "",
                .owner = region.owner,
                .size = size(record.size),
                .stranded = "",
                .resource = record.resource ? address(record.resource) : "",   // a file that few kinds have
                .align = size(record.align),
                .node = "",
                .notes = notes});
        for (const auto& device : region.devices) add(device, 1);
    }

    void add(const DaxNode& device, std::size_t level) {
        std::vector<std::string> notes;
        if (device.record.state == "unplugged") {
            notes.emplace_back("unplugged");
        } else if (device.mode == "system-ram") {
            notes.push_back(fmt::format("{} of {} online", device.blocks.online.size(),
                                        counted(device.blocks.present.size(), "block")));
        }
        if (device.record.mappings.size() > 1) notes.push_back(counted(device.record.mappings.size(), "range"));
        add_shared(device.shared, notes);
        row(level, {.name = device.record.name,
                    .mode = device.mode.empty() ? "devdax" : device.mode,
                    .state = device.mode.empty() ? "disabled" : "",
                    .owner = device.owner,
                    .size = context_.size(device.size),
                    .stranded = stranded(device.stranded),
                    .resource = address(device.record.resource),
                    .align = size(device.record.align),
                    .node = node(device.record.target_node),
                    .notes = notes});
        for (const auto& run : device.blocks.runs) add(run, level + 1);
    }

    void add(const BlockRun& run, std::size_t level) {
        std::vector<std::string> notes;
        if (!run.zones.empty()) notes.push_back("zone " + run.zones);
        row(level, {.name = "memory" + number_list(run.numbers),
                    .mode = "blocks",
                    .state = run.state,
                    .owner = run.owner,
                    .size = context_.size(run.range.size()),
                    .stranded = "",
                    .resource = memhot::hex(run.range.start),
                    .align = "",
                    .node = node(run.node),
                    .notes = notes});
    }

    static void add_shared(const std::vector<MeetingSection>& shared, std::vector<std::string>& notes) {
        for (const auto& section : shared) {
            notes.push_back(fmt::format("shares section{} with {}", section.number, joined(section.others)));
        }
    }
    [[nodiscard]] std::string size(const std::optional<std::uint64_t>& value) const {
        return value ? context_.size(*value) : "";
    }
    [[nodiscard]] std::string stranded(const std::vector<Stranded>& parts) const {
        return parts.empty() ? "" : context_.size(total(parts));
    }
    static std::string address(const std::optional<std::uint64_t>& value) {
        return value ? memhot::hex(*value) : "hidden";
    }
    static std::string node(const std::optional<int>& value) { return value ? std::to_string(*value) : ""; }
    void row(std::size_t level, Cells cells) {
        table_.add({std::string(2 * level, ' ') + cells.name, std::move(cells.mode), std::move(cells.state),
                    std::move(cells.owner), std::move(cells.size), std::move(cells.stranded), std::move(cells.resource),
                    std::move(cells.align), std::move(cells.node), joined(cells.notes)});
    }

    Context& context_;
    Table table_{{{"NAME"},
                  {"MODE"},
                  {"STATE"},
                  {"OWNER"},
                  {"SIZE", true},
                  {"STRANDED", true},
                  {"RESOURCE", true},
                  {"ALIGN", true},
                  {"NODE", true},
                  {"NOTES", false, true}}};
};

constexpr std::array<std::string_view, 5> kNamespaceWords{"create", "reconfigure", "destroy", "enable", "disable"};
constexpr std::array<std::string_view, 5> kDaxWords{"reconfigure", "online", "offline", "create", "destroy"};

constexpr auto kDaxOptions = joined_options(
    std::array<Option, 2>{
        {{"zone", 0, "ZONE", "of online and reconfigure: auto, kernel or movable"},
         {"ratio", 0, "PERCENT", "most movable memory, in percent of kernel memory; default 400, 0: no guard"}}},
    kActingOptions);

std::string words_text(std::span<const std::string_view> words) {
    std::string out = "list";
    for (const auto word : words) out += fmt::format("{}{}", word == words.back() ? " or " : ", ", word);
    return out;
}

// "namespace create ...": the wish of that name, where it is not to list.
Result<int> act(Context& context, std::span<const std::string_view> known) {
    const Arguments& arguments = context.arguments();
    const std::string& word = arguments.operands.front();
    if (std::ranges::find(known, word) == known.end())
        return memhot::bad_input(in_quotes(word) + ": expected " + words_text(known));
    std::vector<std::string> wish{std::string(arguments.command->name)};
    wish.insert(wish.end(), arguments.operands.begin(), arguments.operands.end());
    for (const char* option : {"zone", "ratio"}) {
        if (const auto value = arguments.value(option)) wish.push_back("--" + std::string(option) + "=" + *value);
    }
    return carry_out_wish(context, wish);
}

Result<Host> host_to_list(Context& context) {
    if (context.arguments().operands.size() > 1)
        return memhot::bad_input("list takes no " + in_quotes(context.arguments().operands[1]));
    return context.host();
}

Json list_of(const auto& nodes) {
    Json list = Json::array();
    for (const auto& node : nodes) list.push(to_document(node));
    return list;
}

// A file without any record of the buses may stand for a host without them, or for nobody having looked.
std::string why_nothing(const Host& host, std::string_view what) {
    if (host.snapshot.nvdimm) return fmt::format("this host has no {}", what);
    if (host.this_machine) {
        return fmt::format("this host has no {}: none of the nvdimm, dax and CXL buses is there (their modules are not "
                           "loaded)",
                           what);
    }
    return "nothing of nvdimm, dax and CXL was captured: it was not looked at, or the host had none of these buses";
}

Result<int> list_namespaces(Context& context) {
    const auto host = host_to_list(context);
    if (!host) return host.error();
    const NdTree tree = nd_tree(*host);
    if (context.json()) {
        context.print_json(Json::object({{"format", "memhot-namespaces/1"},
                                         {"regions", list_of(tree.regions)},
                                         {"dax_regions", list_of(tree.dax_regions)},
                                         {"devices", list_of(tree.devices)}}));
        return exit_code::yes;
    }
    if (tree.regions.empty() && tree.dax_regions.empty() && tree.devices.empty()) {
        context.note(why_nothing(*host, "nvdimm regions and no dax devices"));
        return exit_code::yes;
    }
    Listing listing(context);
    listing.add(tree);
    context.print(listing.text());
    return exit_code::yes;
}

Result<int> list_dax(Context& context) {
    const auto host = host_to_list(context);
    if (!host) return host.error();
    const NdTree tree = dax_tree(*host);
    if (context.json()) {
        context.print_json(Json::object({{"format", "memhot-dax/1"},
                                         {"dax_regions", list_of(tree.dax_regions)},
                                         {"devices", list_of(tree.devices)}}));
        return exit_code::yes;
    }
    if (tree.dax_regions.empty() && tree.devices.empty()) {
        context.note(why_nothing(*host, "dax devices"));
        return exit_code::yes;
    }
    Listing listing(context);
    listing.add(tree);
    context.print(listing.text());
    return exit_code::yes;
}

Result<int> run_namespace(Context& context) {
    return context.arguments().operands.front() == "list" ? list_namespaces(context) : act(context, kNamespaceWords);
}

Result<int> run_dax(Context& context) {
    return context.arguments().operands.front() == "list" ? list_dax(context) : act(context, kDaxWords);
}

constexpr std::string_view kNotes =
    "OWNER is the driver that has it; of memory blocks, who onlined them as far as the\n"
    "policy of today tells (auto_online_blocks). STRANDED are bytes that nobody can use: of\n"
    "a region free pieces too small for a namespace, of a namespace what holds no data (info\n"
    "block, struct pages, alignment), of a device in system-ram mode what lies in no memory\n"
    "block; show NAME says why. A section is shared where somebody else has a part of it.\n"
    "With --json the fields are those of ndctl and daxctl where the thing is the same.\n";

}   // namespace

const Command kNamespace{.name = "namespace",
                         .operands = "list | create | reconfigure | destroy | enable | disable [ARG...]",
                         .least = 1,
                         .most = kAny,
                         .summary =
                             "list regions, namespaces, and the dax devices and memory blocks below them; change "
                             "namespaces, with ndctl's options",
                         .options = kActingOptions,
                         .notes = kNotes,
                         .foreign = kNamespaceWords,
                         .foreign_keeps_options = true,
                         .run = run_namespace};

const Command kDax{.name = "dax",
                   .operands = "list | reconfigure | online | offline | create | destroy [ARG...]",
                   .least = 1,
                   .most = kAny,
                   .summary = "list dax devices, their memory blocks, and what of them lies in none; change them, with "
                              "daxctl's options",
                   .options = kDaxOptions,
                   .notes = kNotes,
                   .foreign = kDaxWords,
                   .foreign_keeps_options = true,
                   .run = run_dax};

}   // namespace memhotctl
