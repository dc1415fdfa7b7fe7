// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan/facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "model/state.hpp"
#include "nvdimm/from_snapshot.hpp"
#include "snapshot/nvdimm_json.hpp"

namespace memhot::plan {

namespace {

constexpr std::string_view kAbsent = "absent";
constexpr std::array<std::string_view, 3> kDriverWords{"disabled", "devdax", "system-ram"};   // by DaxDriver

// What changes with every probe of a driver and decides nothing.
constexpr auto kRestless = std::to_array<std::string_view>(
    {"name", "namespace_seed", "btt_seed", "pfn_seed", "dax_seed", "seed", "create", "init_active", "init_total"});

std::string words_of(const nlohmann::ordered_json& record) {
    std::string out;
    for (const auto& [key, value] : record.items()) {
        if (std::ranges::find(kRestless, key) != kRestless.end()) continue;
        out += fmt::format("{}{} {}", out.empty() ? "" : ", ", key,
                           value.is_string() ? value.get<std::string>() : value.dump());
    }
    return out;
}

// Everything that the buses show, by the name of the device.
std::map<std::string, std::string, std::less<>> devices_of(const NvdimmRecord& record) {
    std::map<std::string, std::string, std::less<>> out;
    const auto json = snapshot::nvdimm_to_json(record);
    // Names are unique within a list: an instance daxR.n and a dax device may share one.
    for (const auto& [list, entries] : json.items()) {
        if (!entries.is_array()) continue;
        for (const auto& entry : entries) {
            if (!entry.is_object()) continue;
            const char* key = list == "info_blocks" ? "namespace" : list == "dax_regions" ? "parent" : "name";
            const auto name = entry.find(key);
            if (name == entry.end() || !name->is_string()) continue;
            out[list + "/" + name->get<std::string>()] = words_of(entry);
        }
    }
    return out;
}

const NdNamespace* namespace_of(const NdBus& bus, std::string_view name) {
    for (const auto& region : bus.regions) {
        for (const auto& [_, ns] : region.namespaces) {
            if (name_of(region, ns) == name) return &ns;
        }
    }
    return nullptr;
}

std::uint64_t number_behind(const std::string& name, std::size_t prefix) {
    const auto number = parse_number(std::string_view(name).substr(std::min(prefix, name.size())));
    return number ? *number : ~0ULL;
}

}   // namespace

std::string block_words(const Model& model, std::uint64_t number) {
    const auto block = model.block(number);
    if (!block) return std::string(kAbsent);
    // The zones that an offline block may get change with its neighbours and the policy; a plan that leaves the choice to
    // the kernel relies on those.
    if (!block->online) return fmt::format("offline, node{}", block->node);
    return fmt::format("online, node{}, zones {}", block->node, block->valid_zones);
}

std::string namespace_words(const NdBus& bus, std::string_view name) {
    const NdNamespace* ns = namespace_of(bus, name);
    if (ns == nullptr || ns->size() == 0) return std::string(kAbsent);
    return fmt::format("{}, {}", ns->active ? "enabled" : "disabled", to_string(ns->space));
}

std::string dax_words(const NdBus& bus, std::string_view name) {
    const DaxDevice* device = bus.find_dax(name);
    if (device == nullptr || device->ranges.empty()) return std::string(kAbsent);
    std::string out(kDriverWords.at(static_cast<std::size_t>(device->driver)));
    for (const auto& range : device->ranges) out += ", " + to_string(range);
    return out;
}

// What FactReader::zones() wrote.
bool has_kernel_zone(std::string_view zones, int node) {
    const std::string of_node = fmt::format("node{} ", node);
    while (!zones.empty()) {
        const auto end = std::min(zones.find(", "), zones.size());
        const std::string_view zone = zones.substr(0, end);
        zones.remove_prefix(std::min(end + 2, zones.size()));
        if (!zone.starts_with(of_node)) continue;
        const std::string_view name = zone.substr(of_node.size());
        if (!name.starts_with("Movable ") && !name.starts_with("Device ")) return true;
    }
    return false;
}

FactReader::FactReader(const Snapshot& snapshot, const NdBus& bus)
    : snapshot_(snapshot), bus_(bus), model_(bus.model) {}

std::string FactReader::value(Fact::Kind kind, const std::string& name) const {
    switch (kind) {
        case Fact::Kind::host: return host();
        case Fact::Kind::kernel: return kernel();
        case Fact::Kind::attribute: return attribute(name);
        case Fact::Kind::block: return block_words(model_, number_behind(name, std::string_view("memory").size()));
        case Fact::Kind::section: return section(name);
        case Fact::Kind::iomem: return iomem(name);
        case Fact::Kind::zones: return zones();
        case Fact::Kind::nd_namespace: return namespace_words(bus_, name);
        case Fact::Kind::dax_device: return dax_words(bus_, name);
        case Fact::Kind::identity: return identity(name);
        case Fact::Kind::device: break;
    }
    return device(name);
}

std::string FactReader::host() const { return snapshot_.hostname; }

std::string FactReader::kernel() const {
    return fmt::format("{} {} {}", snapshot_.release, snapshot_.version_text, snapshot_.arch);
}

std::string FactReader::attribute(const std::string& name) const {
    if (name == "auto_online_blocks") return snapshot_.auto_online_blocks.value_or(std::string(kAbsent));
    if (name == "memory_block_size") return fmt::format("{:#x}", model_.block_size());
    if (name == "probe") return snapshot_.probe.value_or(false) ? "present" : std::string(kAbsent);
    const auto found = snapshot_.parameters.find(name);
    return found == snapshot_.parameters.end() ? std::string(kAbsent) : found->second;
}

std::string FactReader::section(const std::string& name) const {
    const SectionInfo section = model_.section(number_behind(name, std::string_view("section").size()));
    if (!section.present) return std::string(kAbsent);
    std::string bits;
    for (const auto word : section.subsections) bits = fmt::format("{:016x}", word) + bits;
    return fmt::format("{}{}, sub-sections {}", section.early ? "early, " : "", section.online ? "online" : "offline",
                       bits);
}

std::string FactReader::iomem(const std::string& name) const {
    const auto range = parse_range(name, {});
    if (!range) return std::string(kAbsent);
    std::string out;
    model_.resources().walk(*range, [&](const Resource& resource, unsigned depth) {
        out += fmt::format("{}{:>{}}{} : {}", out.empty() ? "" : "\n", "", depth * 2, to_string(resource.range),
                           resource.name);
    });
    return out.empty() ? std::string(kAbsent) : out;
}

std::string FactReader::zones() const {
    std::string out;
    for (const auto& zone : model_.zones()) {
        if (zone.present_pages == 0) continue;
        out += fmt::format("{}node{} {} {}", out.empty() ? "" : ", ", zone.node, zone.name, zone.present_pages);
    }
    return out.empty() ? std::string(kAbsent) : out;
}

std::string FactReader::device(const std::string& name) const {
    if (!devices_) devices_ = devices_of(snapshot_.nvdimm.value_or(NvdimmRecord{}));
    const auto found = devices_->find(name);
    return found == devices_->end() ? std::string(kAbsent) : found->second;
}

// What tells a namespace from another one of that name. One that the simulated host made has no uuid.
std::string FactReader::identity(const std::string& name) const {
    const NdNamespace* ns = namespace_of(bus_, name);
    if (ns == nullptr || ns->size() == 0) return std::string(kAbsent);
    if (!ns->uuid.empty()) return "uuid " + ns->uuid;
    return ns->identity == 0 ? "without a uuid" : fmt::format("made as number {}", ns->identity);
}

}   // namespace memhot::plan

namespace memhot {

std::string_view to_string(Fact::Kind kind) {
    constexpr std::array<std::string_view, kFactKinds> kNames{
        "host", "kernel", "attribute", "block", "section", "iomem", "zones", "device", "namespace", "dax", "identity"};
    return kNames[static_cast<std::size_t>(kind)];
}

Result<std::vector<FactChange>> is_stale(const Plan& plan, const Snapshot& snapshot) {
    const auto reading = read_bus(snapshot);
    if (!reading) return reading.error();
    const plan::FactReader now(snapshot, reading->bus);
    std::vector<FactChange> out;
    for (const auto& fact : plan.facts) {
        std::string value = now.value(fact.kind, fact.name);
        if (value != fact.value) out.push_back({fact.kind, fact.name, fact.value, std::move(value)});
    }
    return out;
}

namespace {

std::vector<std::string_view> parts_of(std::string_view text) {
    std::vector<std::string_view> out;
    while (true) {
        const auto end = text.find(", ");
        out.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return out;
        text.remove_prefix(end + 2);
    }
}

// Only the parts that the other text does not have.
std::string own_parts(std::string_view text, std::string_view other) {
    const auto others = parts_of(other);
    std::string out;
    for (const auto part : parts_of(text)) {
        if (std::ranges::find(others, part) != others.end()) continue;
        out += (out.empty() ? "" : ", ") + std::string(part);
    }
    return out.empty() ? std::string(text) : out;
}

std::string one_line(std::string text) {
    for (auto at = text.find('\n'); at != std::string::npos; at = text.find('\n', at)) text.replace(at, 1, "; ");
    return text;
}

}   // namespace

std::string to_string(const FactChange& difference) {
    return fmt::format("{} {}: was {}, is {}", to_string(difference.kind), difference.name,
                       one_line(own_parts(difference.was, difference.now)),
                       one_line(own_parts(difference.now, difference.was)));
}

}   // namespace memhot
