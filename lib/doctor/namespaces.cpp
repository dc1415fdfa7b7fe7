// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Namespaces as they are now: refused, disabled, with space that is lost.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "doctor/checks.hpp"
#include "nvdimm/command.hpp"

namespace memhot::doctor {

namespace {

constexpr std::uint64_t kWorthSaying = 16 * kMiB;   // less is the granule of a region

// Where the numbers of a line are not known it ends in front of them.
std::string without_marks(RuleId id) {
    const std::string_view line = rule(id).message;
    const auto mark = line.find('%');
    if (mark == std::string_view::npos) return std::string(line);
    return mark == 0 ? std::string() : std::string(line.substr(0, mark)) + "...";
}

// What a kernel line holds besides its fixed text.
std::string line_of(RuleId id, std::string_view name, const NdNamespace& ns, const InfoBlock* info) {
    switch (id) {
        case RuleId::nd_raw_misaligned:
            return fmt::format("[mem {:#010x}-{:#010x} flags 0x200] misaligned, unable to map", ns.space.start,
                               ns.space.last);
        case RuleId::nd_info_array_exceeds: return fmt::format("pfn array size exceeds capacity of {}", name);
        default: break;
    }
    if (info == nullptr) return without_marks(id);
    switch (id) {
        case RuleId::nd_info_bad_offset:
            return fmt::format("bad offset: {:#x} dax disabled align: {:#x}", info->geometry.data_offset, info->align);
        case RuleId::nd_info_exceeds_capacity:
            return fmt::format("alignment: {:x} exceeds capacity {:x}", info->align, ns.size());
        case RuleId::nd_info_page_size: return fmt::format("init failed, page size mismatch {}", info->page_size);
        case RuleId::nd_info_struct_page:
            return fmt::format("init failed, struct page size mismatch {}", info->struct_page_size);
        case RuleId::nd_info_align_unsupported:
            // a new instance is configured with the default of 2 MiB
            return fmt::format("init failed, alignment mismatch: {}:{}", 2 * kMiB, info->align);
        default: return without_marks(id);
    }
}

// Would it come up, were it asked to? An instance that claims it is asked itself, so the claim does not count.
struct Trial {
    NdBus bus;
    NdNamespace* ns = nullptr;
    NdAnswer answer{};
};

std::optional<Trial> try_to_enable(const Facts& facts, const NamespaceRecord& record) {
    if (!facts.bus) return std::nullopt;
    Trial trial{.bus = *facts.bus};
    const auto found = find_namespace(trial.bus, record.name);
    if (found.ns == nullptr || !found.ns->allocated) return std::nullopt;
    found.ns->claimed.reset();
    trial.ns = found.ns;
    trial.answer = enable_namespace(trial.bus, *found.region, *found.ns);
    return trial;
}

void report_refused(const Trial& trial, const NamespaceRecord& ns, Findings& out) {
    const Rule& reason = rule(trial.answer.rule);
    const InfoBlock* info = info_block_of(trial.bus, *trial.ns);
    if (trial.answer.rule == RuleId::map_altmap_exhausted && info != nullptr) {
        out.add("namespace.map-dev-too-small", ns.name,
                fmt::format("the {} that map=dev keeps in it do not hold its struct pages: each try to enable it fails "
                            "with ENOMEM and poisons the range until reboot",
                            human_size(info->geometry.data_offset)),
                std::string(reason.source),
                "never enable it as it is; give it a size that ends on a section, or recreate it with map=mem");
        return;
    }
    out.add("namespace.not-attached", ns.name,
            fmt::format("{} of space, and no disk or dax device", human_size(*ns.size)),
            words_of(trial.answer, ns.name, *trial.ns, info),
            fmt::format("{}; its data is still there: do not recreate it before it is saved", reason.remedy));
}

void report_idle(const std::optional<Trial>& trial, const Facts& facts, const NamespaceRecord& ns, Findings& out) {
    std::string why = fmt::format("why cannot be told: {}", facts.missing.empty() ? "hidden" : facts.missing);
    if (trial) {
        const bool seen = info_block_of(trial->bus, *trial->ns) != nullptr;
        why =
            fmt::format("it was disabled, or the module of its driver is not there; enabled, it would come up as {}{}",
                        to_string(trial->ns->active->mode),
                        seen ? "" : ", unless an info block lies on it, which nobody can see while it is idle");
    }
    out.add("namespace.disabled", ns.name, fmt::format("{} of space, and no disk or dax device", human_size(*ns.size)),
            std::move(why), fmt::format("ndctl enable-namespace {}", ns.name));
}

// Namespaces with an fsdax or devdax info block that counts.
template <class Visit>
void for_each_instance(const NdBus& bus, Visit&& visit) {
    for (const auto& region : bus.regions) {
        for (const auto& [_, ns] : region.namespaces) {
            const InfoBlock* info = info_block_of(bus, ns);
            if (info != nullptr && info->mode != NsMode::sector) visit(region, ns, *info);
        }
    }
}

}   // namespace

bool is_attached(const NvdimmRecord& nd, const NamespaceRecord& ns) {
    if (!ns.driver.empty()) return true;
    const NdInstanceRecord* instance = nd.instance_over(ns.name);
    return instance != nullptr && !instance->driver.empty();
}

std::string words_of(const NdAnswer& answer, std::string_view name, const NdNamespace& ns, const InfoBlock* info) {
    const Rule& reason = rule(answer.rule);
    const std::string line = line_of(answer.rule, name, ns, info);
    return fmt::format("{}{} ({}, {})", reason.checks, line.empty() ? "" : fmt::format(": \"{}\"", line),
                       errno_name(answer.error), reason.source);
}

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
    std::string text;
    for (const auto& part : parts) {
        if (!text.empty()) text += separator;
        text += part;
    }
    return text;
}

// region.dead-seed speaks of it.
bool is_dead_seed(const Facts& facts, const NamespaceRecord& record) {
    if (!facts.bus) return false;
    return std::ranges::any_of(facts.bus->regions, [&](const NdRegion& region) {
        const NdNamespace* seed = dead_seed(region);
        return seed != nullptr && name_of(region, *seed) == record.name;
    });
}

void namespaces_not_attached(const Facts& facts, Findings& out) {
    for (const auto& ns : facts.nd.namespaces) {
        if (ns.size.value_or(0) == 0 || is_attached(facts.nd, ns)) continue;
        const NdRegionRecord* region = facts.nd.region(ns.region);
        if (region != nullptr && region->driver.empty()) continue;   // region.disabled
        if (is_dead_seed(facts, ns)) continue;
        const auto trial = try_to_enable(facts, ns);
        if (trial && !trial->answer.ok()) {
            report_refused(*trial, ns, out);
        } else {
            report_idle(trial, facts, ns, out);
        }
    }
}

// Where the architecture refuses an altmap, enabling fails and says so.
void map_dev_of_no_use(const Facts& facts, Findings& out) {
    if (!facts.bus || facts.profile->has(Feature::altmap_honoured) || facts.profile->has(Feature::altmap_refused)) {
        return;
    }
    for_each_instance(*facts.bus, [&](const NdRegion& region, const NdNamespace& ns, const InfoBlock& info) {
        if (info.map != PageMap::device) return;
        out.add("namespace.map-dev-wasted", name_of(region, ns),
                fmt::format("map=dev keeps {} of it for struct pages that {} {} puts into RAM all the same",
                            human_size(info.geometry.memmap_reserve(info.map)), to_string(facts.profile->arch),
                            to_string(facts.profile->version)),
                "the architecture passes no altmap to vmemmap_populate()",
                "save the data and recreate it with map=mem");
    });
}

// By how much an align of 2 MiB would leave more.
void namespaces_stranded(const Facts& facts, Findings& out) {
    if (!facts.bus) return;
    for_each_instance(*facts.bus, [&](const NdRegion& region, const NdNamespace& ns, const InfoBlock& info) {
        const auto best = pfn_geometry(*facts.profile, ns.space, kSubsectionSize, info.map);
        const std::uint64_t usable = info.geometry.usable;
        if (best.refusal || best.geometry.usable < usable || best.geometry.usable - usable < kWorthSaying) return;
        out.add(
            "namespace.stranded", name_of(region, ns),
            fmt::format("{} of {} are usable: data at {:#x} and {:#x} cut off at the end for the align of {}",
                        human_size(usable), human_size(ns.size()), info.geometry.data_offset, info.geometry.end_trunc,
                        human_size(info.align)),
            fmt::format("drivers/nvdimm/pfn_devs.c: nd_pfn_init; with an align of 2M {} more would be",
                        human_size(best.geometry.usable - usable)),
            fmt::format("a namespace whose start and end are multiples of {}, or align 2M", human_size(info.align)));
    });
}

}   // namespace memhot::doctor
