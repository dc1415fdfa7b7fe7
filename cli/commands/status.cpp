// SPDX-License-Identifier: GPL-2.0-or-later
//
// status: one screen of the host; also what is hidden, and what to do about it.
#include <fmt/format.h>

#include <map>

#include "client/blocks.hpp"
#include "client/layout.hpp"
#include "context.hpp"
#include "output/host_json.hpp"
#include "output/labelled.hpp"
#include "output/text.hpp"

namespace memhotctl {

using memhot::Result;

namespace {

constexpr std::size_t kMostLines = 4;   // of each part, so that all fits a screen

struct Totals {
    std::uint64_t online = 0;
    std::uint64_t offline = 0;
};

struct ZoneView {
    int node = 0;
    std::string name;
    std::uint64_t present = 0;   // bytes
};

struct Status {
    std::size_t blocks = 0;
    std::uint64_t block_size = 0;
    Totals memory;
    std::map<int, Totals> nodes;
    std::vector<ZoneView> zones;
    bool knows_owners = false;   // /proc/iomem shows addresses
    std::vector<memhot::Mapping> mappings;
    std::vector<SharedSection> shared;
    std::vector<std::pair<std::string, std::string>> policy;
    std::vector<std::string> hidden;
};

void count_blocks(const Host& host, Status& status) {
    status.block_size = host.units().block_size;
    for (const auto& block : blocks_of(host)) {
        ++status.blocks;
        const bool online = block.state == "online";
        (online ? status.memory.online : status.memory.offline) += status.block_size;
        if (!block.node) continue;
        auto& node = status.nodes[*block.node];
        (online ? node.online : node.offline) += status.block_size;
    }
}

void take_zones(const Host& host, Status& status) {
    const std::uint64_t page = host.profile ? host.profile->page_size : host.snapshot.page_size;
    for (const auto& zone : host.snapshot.zones) {
        if (zone.present != 0) status.zones.push_back({zone.node, zone.name, zone.present * page});
    }
    if (!host.snapshot.zones.empty() || !host.model) return;
    for (const auto& zone : host.model->zones()) {
        if (zone.present_pages != 0) status.zones.push_back({zone.node, zone.name, zone.present_pages * page});
    }
}

void take_policy(const memhot::Snapshot& snapshot, Status& status) {
    if (snapshot.auto_online_blocks) status.policy.emplace_back("auto_online_blocks", *snapshot.auto_online_blocks);
    for (const auto& [name, value] : snapshot.parameters) status.policy.emplace_back(name, value);
    if (snapshot.probe) status.policy.emplace_back("probe", *snapshot.probe ? "present" : "absent");
}

void take_hidden(const Host& host, Status& status) {
    if (!host.snapshot.memory_block_size) {
        status.hidden.emplace_back("no memory blocks: this kernel has no memory hotplug, or /sys is not mounted");
    }
    if (!host.snapshot.iomem) {
        const std::string& why = host.snapshot.iomem_hidden;
        status.hidden.push_back("owners, devices and shared sections: " +
                                host.with_remedy(why.empty() ? "/proc/iomem could not be read" : why));
    } else if (host.no_model) {
        status.hidden.push_back("owners, devices and shared sections: " + host.no_model->message());
    }
}

Status look(const Host& host) {
    Status status;
    count_blocks(host, status);
    take_zones(host, status);
    if (host.model) {
        status.knows_owners = true;
        status.mappings = host.model->mappings();
        status.shared = shared_sections(flatten(host.model->resources()), host.units().section_size);
    }
    take_policy(host.snapshot, status);
    take_hidden(host, status);
    return status;
}

std::string kernel_text(const Host& host) {
    const auto& snapshot = host.snapshot;
    if (!host.profile) {
        const bool known = !snapshot.release.empty();
        return fmt::format("{}: {}", known ? snapshot.release + ", " + snapshot.arch : "not known",
                           host.no_profile->message());
    }
    const auto& profile = *host.profile;
    const std::string version = to_string(profile.version);
    const bool told = profile.name.find(version) != std::string::npos;
    return fmt::format("{}{}, {}, {} pages, sections of {}", profile.name, told ? "" : " (" + version + ")",
                       to_string(profile.arch), memhot::human_size(profile.page_size),
                       memhot::human_size(profile.section_size()));
}

std::string memory_text(const Context& context, const Status& status) {
    if (status.block_size == 0) return "no memory blocks";
    return fmt::format("{} online, {} offline; {} of {}", context.size(status.memory.online),
                       context.size(status.memory.offline), counted(status.blocks, "block"),
                       context.size(status.block_size));
}

std::vector<std::string> node_texts(const Context& context, const Status& status) {
    std::vector<std::string> out;
    if (status.nodes.size() < 2) return out;
    for (const auto& [node, totals] : status.nodes) {
        out.push_back(fmt::format("node{}: {} online, {} offline", node, context.size(totals.online),
                                  context.size(totals.offline)));
    }
    return out;
}

std::vector<std::string> zone_texts(const Context& context, const Status& status) {
    std::map<int, std::string> nodes;
    for (const auto& zone : status.zones) {
        auto& text = nodes[zone.node];
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", zone.name, context.size(zone.present));
    }
    std::vector<std::string> out;
    out.reserve(nodes.size());
    for (const auto& [node, text] : nodes) out.push_back(fmt::format("node{}: {}", node, text));
    return out;
}

std::vector<std::string> device_texts(const Context& context, const Status& status) {
    std::vector<std::string> out;
    if (status.mappings.empty() && status.knows_owners) out.emplace_back("no device mappings");
    for (const auto& mapping : status.mappings) {
        out.push_back(fmt::format("{} ({}) {}, mapped as {}", to_string(mapping.range),
                                  context.size(mapping.range.size()), mapping.owner, type_name(mapping.type)));
    }
    return out;
}

std::string owner_names(const SharedSection& section) {
    std::string out;
    std::string last;
    for (const auto& owner : section.owners) {
        if (owner.name == last) continue;
        out += (out.empty() ? "" : ", ") + owner.name;
        last = owner.name;
    }
    return out;
}

std::vector<std::string> shared_texts(const Status& status) {
    std::vector<std::string> out;
    if (status.shared.empty() && status.knows_owners) out.emplace_back("no section has several owners");
    for (const auto& section : status.shared) {
        out.push_back(
            fmt::format("section{} ({}): {}", section.number, to_string(section.range), owner_names(section)));
    }
    return out;
}

std::string text_of(const Context& context, const Host& host, const Status& status) {
    const std::size_t most = context.verbose() ? 0 : kMostLines;
    Labelled out(context.terminal());
    if (!host.snapshot.hostname.empty()) out.add("Host", host.snapshot.hostname);
    out.add("Kernel", kernel_text(host));
    out.add("Memory", memory_text(context, status));
    out.add("Nodes", node_texts(context, status), most);
    out.add("Zones", zone_texts(context, status), most);
    out.add("Devices", device_texts(context, status), most);
    out.add("Shared", shared_texts(status), most);
    std::string policy;
    for (const auto& [name, value] : status.policy)
        policy += fmt::format("{}{} {}", policy.empty() ? "" : ", ", name, value);
    if (!policy.empty()) out.add("Policy", policy);
    out.add("Hidden", status.hidden);
    return out.text();
}

Json shared_json(const SharedSection& section) {
    Json owners = Json::array();
    for (const auto& owner : section.owners) owners.push(extent_json(owner));
    Json out = Json::object({{"section", section.number}});
    return std::move(out.set("start", memhot::hex(section.range.start))
                         .set("end", memhot::hex(section.range.last))
                         .set("owners", std::move(owners)));
}

Json document(const Host& host, const Status& status) {
    Json nodes = Json::array();
    for (const auto& [node, totals] : status.nodes) {
        nodes.push(Json::object({{"node", node}, {"online", totals.online}, {"offline", totals.offline}}));
    }
    Json zones = Json::array();
    for (const auto& zone : status.zones) {
        zones.push(Json::object({{"node", zone.node}, {"name", zone.name}, {"present", zone.present}}));
    }
    Json mappings = Json::array();
    for (const auto& mapping : status.mappings) mappings.push(mapping_json(mapping));
    Json shared = Json::array();
    for (const auto& section : status.shared) shared.push(shared_json(section));
    Json policy = Json::object();
    for (const auto& [name, value] : status.policy) policy.set(name, value);
    Json hidden = Json::array();
    for (const auto& text : status.hidden) hidden.push(text);
    return Json::object({{"format", "memhot-status/1"},
                         {"host", host.snapshot.hostname},
                         {"kernel", kernel_json(host)},
                         {"block_size", status.block_size},
                         {"blocks", status.blocks},
                         {"online", status.memory.online},
                         {"offline", status.memory.offline},
                         {"nodes", std::move(nodes)},
                         {"zones", std::move(zones)},
                         {"mappings", std::move(mappings)},
                         {"shared_sections", std::move(shared)},
                         {"policy", std::move(policy)},
                         {"hidden", std::move(hidden)}});
}

Result<int> run(Context& context) {
    const auto host = context.host();
    if (!host) return host.error();
    const Status status = look(*host);
    if (context.json()) {
        context.print_json(document(*host, status));
    } else {
        context.print(text_of(context, *host, status));
    }
    return exit_code::yes;
}

}   // namespace

const Command kStatus{.name = "status",
                      .operands = "",
                      .least = 0,
                      .most = 0,
                      .summary = "one screen of the host; what runs without a verb",
                      .options = {},
                      .notes = "",
                      .foreign = {},
                      .run = run};

}   // namespace memhotctl
