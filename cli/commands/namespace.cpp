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

class Listing {
public:
    explicit Listing(Context& context) : context_(context) {}

    void add(const RegionNode& region) {
        const auto& record = region.record;
        std::vector<std::string> notes;
        if (record.ways.value_or(1) > 1) notes.push_back(fmt::format("{} DIMMs interleaved", *record.ways));
        if (!record.available_size) notes.emplace_back("label-less");
        if (record.available_size.value_or(0) != 0) {
            notes.push_back(fmt::format("{} available, largest extent {}", context_.size(*record.available_size),
                                        context_.size(record.max_available_extent.value_or(0))));
        }
        if (record.read_only.value_or(false)) notes.emplace_back("read-only");
        row({record.name, record.type, record.driver.empty() ? "disabled" : "", size(record.size),
             address(record.resource), size(record.align), joined(notes)});
        for (const auto& ns : region.namespaces) add(ns);
    }

    void add(const DaxNode& device, std::string_view indent = "") {
        std::vector<std::string> notes;
        if (device.mode == "system-ram") notes.push_back(blocks_text(device.blocks));
        if (device.record.target_node) notes.push_back(fmt::format("node {}", *device.record.target_node));
        if (device.stranded != 0) notes.push_back(context_.size(device.stranded) + " stranded");
        if (device.record.mappings.size() > 1) notes.push_back(counted(device.record.mappings.size(), "range"));
        add_shared(device.shared, notes);
        row({std::string(indent) + device.record.name, device.mode.empty() ? "devdax" : device.mode,
             device.mode.empty() ? "disabled" : "", context_.size(device.size), address(device.record.resource),
             size(device.record.align), joined(notes)});
    }

    [[nodiscard]] std::string text() const { return table_.text(context_.terminal(), context_.legend()); }

private:
    void add(const NamespaceNode& ns) {
        std::vector<std::string> notes;
        if (!ns.map.empty()) notes.push_back("map=" + ns.map);
        if (!ns.block_device.empty()) notes.push_back(ns.block_device);
        if (ns.stranded != 0) notes.push_back(context_.size(ns.stranded) + " stranded");
        add_shared(ns.shared, notes);
        row({"  " + ns.record.name, ns.mode, ns.enabled ? "" : "disabled", size(ns.record.size),
             address(ns.record.resource), ns.instance != nullptr ? size(ns.instance->align) : "", joined(notes)});
        for (const auto& device : ns.devices) add(device, "    ");
    }

    static std::string blocks_text(const DaxBlocks& blocks) {
        std::string out = fmt::format("{} of {} online", blocks.online.size(), counted(blocks.present.size(), "block"));
        if (!blocks.present.empty()) out += fmt::format(" (memory{})", number_list(blocks.present));
        if (!blocks.zones.empty()) out += " in " + joined(blocks.zones);
        return out;
    }
    static void add_shared(const std::vector<MeetingSection>& shared, std::vector<std::string>& notes) {
        for (const auto& section : shared) {
            notes.push_back(fmt::format("shares section{} with {}", section.number, joined(section.others)));
        }
    }
    [[nodiscard]] std::string size(const std::optional<std::uint64_t>& value) const {
        return value ? context_.size(*value) : "";
    }
    static std::string address(const std::optional<std::uint64_t>& value) {
        return value ? memhot::hex(*value) : "hidden";
    }
    void row(std::vector<std::string> cells) { table_.add(std::move(cells)); }

    Context& context_;
    Table table_{
        {{"NAME"}, {"MODE"}, {"STATE"}, {"SIZE", true}, {"RESOURCE", true}, {"ALIGN", true}, {"NOTES", false, true}}};
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

Result<int> list_namespaces(Context& context) {
    const auto host = host_to_list(context);
    if (!host) return host.error();
    const NdTree tree = nd_tree(*host);
    if (context.json()) {
        Json regions = Json::array();
        for (const auto& region : tree.regions) regions.push(to_document(region));
        Json devices = Json::array();
        for (const auto& device : tree.devices) devices.push(to_document(device));
        context.print_json(Json::object(
            {{"format", "memhot-namespaces/1"}, {"regions", std::move(regions)}, {"devices", std::move(devices)}}));
        return exit_code::yes;
    }
    if (tree.regions.empty() && tree.devices.empty()) {
        context.note("this host has no nvdimm regions and no dax devices");
        return exit_code::yes;
    }
    Listing listing(context);
    for (const auto& region : tree.regions) listing.add(region);
    for (const auto& device : tree.devices) listing.add(device);
    context.print(listing.text());
    return exit_code::yes;
}

Result<int> list_dax(Context& context) {
    const auto host = host_to_list(context);
    if (!host) return host.error();
    const auto nodes = dax_nodes(*host);
    if (context.json()) {
        Json devices = Json::array();
        for (const auto& device : nodes) devices.push(to_document(device));
        context.print_json(Json::object({{"format", "memhot-dax/1"}, {"devices", std::move(devices)}}));
        return exit_code::yes;
    }
    if (nodes.empty()) {
        context.note("this host has no dax devices");
        return exit_code::yes;
    }
    Listing listing(context);
    for (const auto& device : nodes) listing.add(device);
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
    "Stranded are bytes of a namespace that hold no data (info block, struct pages,\n"
    "alignment) and bytes of a device in system-ram mode that lie in no memory block. A\n"
    "section is shared where somebody else has a part of it. With --json the fields are\n"
    "those of ndctl and daxctl where the thing is the same.\n";

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
