// SPDX-License-Identifier: GPL-2.0-or-later
//
// list: memory blocks merged into ranges as lsmem does, with owner, device and why they cannot be offlined.
#include "memhot/list.hpp"

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <array>
#include <optional>

#include "client/block_owners.hpp"
#include "client/bus.hpp"
#include "context.hpp"
#include "output/table.hpp"
#include "output/text.hpp"

namespace memhotctl {

using memhot::ListRow;
using memhot::ListSplit;
using memhot::Result;

namespace {

constexpr std::array<Option, 4> kOptions{{
    {"all", 'a', "", "every block on its own line"},
    {"output", 'o', "LIST", "columns, or +LIST for these besides the default ones"},
    {"split", 'S', "LIST",
     "columns whose change starts a new range: STATE, REMOVABLE, NODE, ZONES, or none; "
     "default: those of them that are shown"},
    {"summary", 0, "[WHEN]", "the totals: never, always or only; without WHEN only"},
}};

constexpr std::string_view kNotes =
    "Columns:\n"
    "  RANGE SIZE STATE REMOVABLE BLOCK   the default, as lsmem shows them\n"
    "  NODE                               NUMA node\n"
    "  ZONES                              the zone, or those that an offline block may go to\n"
    "  OWNER                              names in /proc/iomem\n"
    "  DEVICE                             pmem, dax or CXL device that the memory belongs to\n"
    "  REASON                             why the kernel refuses to offline it, with block numbers\n"
    "OWNER, DEVICE and REASON need the addresses of /proc/iomem.\n";

enum class Id { range, size, state, removable, block, node, zones, owner, device, reason };

struct ColumnRow {
    std::string_view name;
    Id id;
    bool right;
    bool ListSplit::* split;   // nullptr: never splits
};
constexpr std::array<ColumnRow, 10> kColumns{{
    {"RANGE", Id::range, false, nullptr},
    {"SIZE", Id::size, true, nullptr},
    {"STATE", Id::state, true, &ListSplit::state},
    {"REMOVABLE", Id::removable, true, &ListSplit::removable},
    {"BLOCK", Id::block, true, nullptr},
    {"NODE", Id::node, true, &ListSplit::node},
    {"ZONES", Id::zones, true, &ListSplit::zones},
    {"OWNER", Id::owner, false, nullptr},
    {"DEVICE", Id::device, false, nullptr},
    {"REASON", Id::reason, false, nullptr},
}};
constexpr std::size_t kDefaultColumns = 5;

using Columns = std::vector<const ColumnRow*>;

std::string column_names() {
    std::string out;
    for (const auto& row : kColumns) out += (out.empty() ? "" : ", ") + std::string(row.name);
    return out;
}

Result<Columns> parse_columns(std::string_view option, std::string_view list) {
    Columns out;
    for (std::string_view rest = list;;) {
        const auto comma = rest.find(',');
        const std::string name(rest.substr(0, comma));
        const auto* found = std::ranges::find_if(kColumns, [&](const ColumnRow& row) {
            return ::strcasecmp(std::string(row.name).c_str(), name.c_str()) == 0;
        });
        if (found == kColumns.end()) {
            return memhot::bad_input(
                fmt::format("{} {}: expected some of {}", option, in_quotes(name), column_names()));
        }
        out.push_back(found);
        if (comma == std::string_view::npos) return out;
        rest.remove_prefix(comma + 1);
    }
}

Result<Columns> shown_columns(const Arguments& arguments) {
    Columns columns;
    for (std::size_t i = 0; i < kDefaultColumns; ++i) columns.push_back(&kColumns[i]);
    const auto text = arguments.value("output");
    if (!text) return columns;
    const bool more = text->starts_with('+');
    auto given = parse_columns("--output", std::string_view(*text).substr(more ? 1 : 0));
    if (!given || !more) return given;
    columns.insert(columns.end(), given->begin(), given->end());
    return columns;
}

// As lsmem: what is shown splits, unless --split says otherwise.
Result<ListSplit> split_of(const Arguments& arguments, const Columns& shown) {
    ListSplit split{
        .state = false, .removable = false, .node = false, .zones = false, .every_block = arguments.flag("all")};
    Columns by = shown;
    if (const auto text = arguments.value("split")) {
        by.clear();
        if (::strcasecmp(text->c_str(), "none") != 0) {
            auto given = parse_columns("--split", *text);
            if (!given) return std::move(given).error();
            by = *std::move(given);
        }
    }
    for (const ColumnRow* column : by) {
        if (column->split != nullptr) split.*(column->split) = true;
    }
    return split;
}

enum class Summary { never, always, only };

Result<Summary> summary_of(const Context& context) {
    const auto text = context.arguments().value("summary");
    if (!text) return context.legend() ? Summary::always : Summary::never;
    if (text->empty() || *text == "only") return Summary::only;
    if (*text == "always") return Summary::always;
    if (*text == "never") return Summary::never;
    return memhot::bad_input(fmt::format("--summary {}: expected never, always or only", in_quotes(*text)));
}

std::string names_or_dash(const std::vector<std::string>& names) { return names.empty() ? "-" : joined(names); }

std::string reason_text(const BlockOwners& owners, const ListRow& row) {
    const auto refusals = owners.refusals(row.first_block, row.last_block);
    const std::uint64_t blocks = row.last_block - row.first_block + 1;
    std::string out;
    for (const auto& refusal : refusals) {
        out += (out.empty() ? "" : "; ") + std::string(short_reason(refusal.rule));
        if (refusal.blocks.size() != blocks) out += ": " + number_list(refusal.blocks);
    }
    return out.empty() ? "-" : out;
}

std::string block_text(const ListRow& row) {
    return row.first_block == row.last_block ? std::to_string(row.first_block)
                                             : fmt::format("{}-{}", row.first_block, row.last_block);
}

std::string range_text(const memhot::Range& range) { return fmt::format("{:#018x}-{:#018x}", range.start, range.last); }

struct Listing {
    memhot::BlockList list;
    Columns columns;
    std::optional<BlockOwners> owners;   // where a column needs it
};

std::string cell(const Context& context, const Listing& listing, const ListRow& row, Id id) {
    switch (id) {
        case Id::range: return range_text(row.range);
        case Id::size: return context.size(row.range.size());
        case Id::state: return row.state;
        case Id::removable:
            if (row.removable) return *row.removable ? "yes" : "no";
            return row.state == "online" ? "-" : "";   // as lsmem: nothing where it cannot be
        case Id::block: return block_text(row);
        case Id::node: return row.node ? std::to_string(*row.node) : "-";
        case Id::zones: return row.zones.empty() ? "-" : row.zones;
        case Id::owner: return names_or_dash(listing.owners->owners(row.range));
        case Id::device: return names_or_dash(listing.owners->devices(row.range));
        default: return reason_text(*listing.owners, row);
    }
}

std::string summary_text(const Context& context, const memhot::BlockList& list) {
    std::string out;
    const auto line = [&](std::string_view label, std::uint64_t bytes) {
        // the widths of print_summary(), util-linux sys-utils/lsmem.c
        const int width = context.arguments().flag("bytes") ? 15 : 5;
        out += fmt::format("{:<23} {:>{}}\n", label, context.size(bytes), width);
    };
    line("Memory block size:", list.block_size);
    line("Total online memory:", list.online);
    line("Total offline memory:", list.offline);
    return out;
}

std::string text_of(const Context& context, const Listing& listing, Summary summary) {
    std::string out;
    if (summary != Summary::only) {
        std::vector<Column> columns;
        for (const ColumnRow* column : listing.columns) {
            const unsigned hint = column->id == Id::size ? 5 : 0;   // lsmem's
            columns.push_back({std::string(column->name), column->right, column->id >= Id::owner, hint});
        }
        Table table(std::move(columns));
        for (const auto& row : listing.list.rows) {
            std::vector<std::string> cells;
            for (const ColumnRow* column : listing.columns) cells.push_back(cell(context, listing, row, column->id));
            table.add(std::move(cells));
        }
        out = table.text(context.terminal(), context.legend());
    }
    if (summary == Summary::never) return out;
    return out + (out.empty() ? "" : "\n") + summary_text(context, listing.list);
}

Json strings(const std::vector<std::string>& texts) {
    Json out = Json::array();
    for (const auto& text : texts) out.push(text);
    return out;
}

Json reasons_json(const BlockOwners& owners, const ListRow& row) {
    Json out = Json::array();
    for (const auto& refusal : owners.refusals(row.first_block, row.last_block)) {
        const auto& rule = memhot::rule(refusal.rule);
        out.push(Json::object({{"rule", rule.id},
                               {"errno", rule.error},
                               {"checks", rule.checks},
                               {"blocks", number_list(refusal.blocks)}}));
    }
    return out;
}

// lsmem's names and values (--json -b), then ours.
Json row_json(const Listing& listing, const ListRow& row) {
    Json out = Json::object({{"range", range_text(row.range)}, {"size", row.range.size()}, {"state", row.state}});
    // lsmem says false of what is not online
    out.set("removable", row.removable ? Json(*row.removable) : row.state == "online" ? Json() : Json(false));
    out.set("block", block_text(row));
    out.set("node", row.node ? Json(*row.node) : Json());
    out.set("zones", row.zones.empty() ? Json() : Json(row.zones));
    out.set("start", memhot::hex(row.range.start)).set("end", memhot::hex(row.range.last));
    for (const ColumnRow* column : listing.columns) {
        if (column->id == Id::owner) out.set("owner", strings(listing.owners->owners(row.range)));
        if (column->id == Id::device) out.set("device", strings(listing.owners->devices(row.range)));
        if (column->id == Id::reason) out.set("reason", reasons_json(*listing.owners, row));
    }
    return out;
}

Json document(const Listing& listing) {
    Json rows = Json::array();
    for (const auto& row : listing.list.rows) rows.push(row_json(listing, row));
    return Json::object({{"format", "memhot-list/1"},
                         {"memory", std::move(rows)},
                         {"block_size", listing.list.block_size},
                         {"online", listing.list.online},
                         {"offline", listing.list.offline}});
}

bool needs_owners(const Columns& columns) {
    return std::ranges::any_of(columns, [](const ColumnRow* column) { return column->id >= Id::owner; });
}

// Those of them that need addresses.
std::string owner_columns(const Columns& columns) {
    std::string out;
    for (const ColumnRow* column : columns) {
        if (column->id >= Id::owner) out += (out.empty() ? "" : ", ") + std::string(column->name);
    }
    return out;
}

// Of memhotd everybody may know the blocks, and it has them at hand; only owners need the whole host.
Result<Host> listed_host(Context& context, const Columns& columns) {
    const auto request = context.request();
    const bool owners = needs_owners(columns);
    if (request.bus && !owners && !request.asks_for_another_kernel()) {
        auto blocks = context.told(blocks_from_bus(*request.bus));
        if (!blocks) return std::move(blocks).error();
        Host host;
        host.snapshot = *std::move(blocks);
        return host;
    }
    auto host = context.host();
    if (!host && request.bus && owners && context.failure_status() == exit_code::not_authorised) {
        return std::move(host).error().add_context(
            owner_columns(columns) + " cannot be shown, the other columns can: they need exact addresses");
    }
    return host;
}

// A snapshot that was made of /proc/iomem alone has the blocks of boot.
memhot::Snapshot with_blocks(const Host& host) {
    memhot::Snapshot snapshot = host.snapshot;
    if (snapshot.blocks || !snapshot.memory_block_size || !host.model) return snapshot;
    snapshot.blocks.emplace();
    for (const auto& block : blocks_of(host)) {
        snapshot.blocks->push_back({block.number, block.state, block.zones, std::nullopt, block.node});
    }
    return snapshot;
}

Result<int> run(Context& context) {
    const auto columns = shown_columns(context.arguments());
    if (!columns) return columns.error();
    const auto split = split_of(context.arguments(), *columns);
    if (!split) return split.error();
    const auto summary = summary_of(context);
    if (!summary) return summary.error();
    const auto host = listed_host(context, *columns);
    if (!host) return host.error();
    Listing listing;
    listing.columns = *columns;
    if (needs_owners(*columns)) {
        if (const auto model = host->need_model(); !model) return model.error();
        listing.owners.emplace(*host);
    }
    auto list = list_blocks(with_blocks(*host), *split);
    if (!list && list.error().kind() != memhot::ErrorKind::unsupported) return std::move(list).error();
    const bool has_blocks = list.ok();
    if (has_blocks) {
        listing.list = *std::move(list);
    } else {
        context.note("list: " + list.error().message());
    }
    if (context.json()) {
        context.print_json(document(listing));
    } else if (has_blocks) {
        context.print(text_of(context, listing, *summary));
    }
    return has_blocks ? exit_code::yes : exit_code::no;
}

}   // namespace

const Command kList{.name = "list",
                    .operands = "",
                    .least = 0,
                    .most = 0,
                    .summary = "memory blocks as lsmem lists them, with owner, device and why they stay",
                    .options = kOptions,
                    .notes = kNotes,
                    .foreign = {},
                    .run = run};

}   // namespace memhotctl
