// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Namespaces that do not attach now, on another kernel, or after the firmware moved them.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "doctor/checks.hpp"

namespace memhot::doctor {

namespace {

constexpr std::uint64_t kShift = 64 * kMiB;   // what firmware updates were seen to move things by

// Namespaces that have space and an info block, each with both.
template <class Visit>
void for_each_instance(const Facts& facts, Visit&& visit) {
    if (!facts.snapshot.nvdimm) return;
    const NvdimmRecord& nd = *facts.snapshot.nvdimm;
    for (const auto& ns : nd.namespaces) {
        const InfoBlockRecord* info = nd.info_block(ns.name);
        const bool usable =
            info != nullptr && info->kind != InstanceKind::btt && ns.resource && ns.size.value_or(0) != 0;
        if (usable) visit(ns, *info);
    }
}

bool is_attached(const NvdimmRecord& nd, const NamespaceRecord& ns) {
    if (!ns.driver.empty()) return true;
    const NdInstanceRecord* instance = nd.instance_over(ns.name);
    return instance != nullptr && !instance->driver.empty();
}

std::uint64_t data_start(const NamespaceRecord& ns, const InfoBlockRecord& info) {
    return *ns.resource + info.start_pad.value_or(0) + info.data_offset.value_or(0);
}

// nd_pfn_validate() in its order, in the kernel's words (drivers/nvdimm/pfn_devs.c, 5.7+); empty where it passes.
std::string objection(const NamespaceRecord& ns, const InfoBlockRecord& info, std::uint64_t start) {
    const std::uint64_t size = *ns.size;
    const std::uint64_t align = std::max(info.align.value_or(kSubsectionSize), std::uint64_t{4096});
    const std::uint64_t offset = info.data_offset.value_or(0);
    const std::uint64_t pad = info.start_pad.value_or(0);
    const std::uint64_t end = start + size - info.end_trunc.value_or(0);
    if (align > size) return fmt::format("alignment: {:x} exceeds capacity {:x}", align, size);
    if (offset >= size) return fmt::format("pfn array size exceeds capacity of {}", ns.name);
    if ((start + offset + pad) % align != 0)
        return fmt::format("bad offset: {:#x} dax disabled align: {:#x}", offset, align);
    if (!is_aligned(start + pad, kSubsectionSize)) return "resource start misaligned";
    if (!is_aligned(end, kSubsectionSize)) return "resource end misaligned";
    return {};
}

// What memremap_pages() would be asked for.
op::Map map_of(const NamespaceRecord& ns, const InfoBlockRecord& info, const KernelProfile& profile) {
    const std::uint64_t start = *ns.resource + info.start_pad.value_or(0);
    const std::uint64_t end = *ns.resource + *ns.size - info.end_trunc.value_or(0);
    op::Map map{
        .type = MapType::fsdax, .start = start, .size = end - start, .claim = false, .owner = ns.name, .altmap = {}};
    constexpr std::uint64_t kReserve = 8 * kKiB;
    if (info.mode == 2U && info.data_offset.value_or(0) >= kReserve) {
        map.altmap = Altmap{align_up(kReserve, profile.page_size) / profile.page_size,
                            (*info.data_offset - kReserve) / profile.page_size};
    }
    return map;
}

// iomem without what the nvdimm and dax drivers claimed, so that each namespace can be tried again.
std::string without_claims(std::string_view iomem) {
    std::string text;
    while (!iomem.empty()) {
        const std::size_t end = std::min(iomem.find('\n'), iomem.size());
        const std::string_view line = iomem.substr(0, end);
        const bool claim = line.find(" : namespace") != std::string_view::npos ||
                           line.find(" : dax") != std::string_view::npos ||
                           line.find("System RAM (kmem)") != std::string_view::npos;
        if (!claim) text.append(line).append("\n");
        iomem.remove_prefix(std::min(end + 1, iomem.size()));
    }
    return text;
}

std::optional<Model> idle_model(const Facts& facts, const KernelProfile& profile) {
    Snapshot idle = facts.snapshot;
    idle.iomem = without_claims(*facts.snapshot.iomem);
    auto model = Model::from_snapshot(idle, std::make_shared<const KernelProfile>(profile));
    if (!model) return std::nullopt;
    return *std::move(model);
}

}   // namespace

void namespaces_not_attached(const Facts& facts, Findings& out) {
    if (!facts.snapshot.nvdimm) return;
    const NvdimmRecord& nd = *facts.snapshot.nvdimm;
    for (const auto& ns : nd.namespaces) {
        if (ns.size.value_or(0) == 0 || is_attached(nd, ns)) continue;
        const NdRegionRecord* region = nd.region(ns.region);
        const InfoBlockRecord* info = nd.info_block(ns.name);
        std::string why = "no driver is bound to it; it may have been disabled";
        if (region != nullptr && region->driver.empty()) {
            why = fmt::format("its region {} is disabled", ns.region);
        } else if (info != nullptr && info->kind != InstanceKind::btt && ns.resource) {
            const std::string text = objection(ns, *info, *ns.resource);
            if (!text.empty())
                why = fmt::format("drivers/nvdimm/pfn_devs.c: nd_pfn_validate: \"{}\" (EOPNOTSUPP)", text);
        }
        out.push_back({"namespace.not-attached", Severity::problem, ns.name,
                       fmt::format("{} of space, and no disk or dax device", human_size(*ns.size)), std::move(why),
                       "its data is still there: do not recreate it before the cause is known"});
    }
}

void namespaces_after_shift(const Facts& facts, Findings& out) {
    for_each_instance(facts, [&](const NamespaceRecord& ns, const InfoBlockRecord& info) {
        if (!objection(ns, info, *ns.resource).empty()) return;   // already said
        const std::string text = objection(ns, info, *ns.resource + kShift);
        if (text.empty()) return;
        out.push_back({"namespace.fails-after-shift", Severity::warning, ns.name,
                       fmt::format("would not attach if the firmware moved it by 64 MiB: \"{}\"", text),
                       fmt::format("its data starts at {:#x} and must stay on a multiple of {:#x} (5.7+: no disk "
                                   "appears, the data stays)",
                                   data_start(ns, info), info.align.value_or(kSubsectionSize)),
                       "before a firmware update, save the data or recreate it with align 2M"});
    });
}

void namespaces_on_other_kernels(const Facts& facts, Findings& out) {
    if (!facts.model || !facts.profile) return;
    for (const auto& name : profile_names()) {
        const auto other = named_profile(name, *facts.profile);
        if (!other || other->arch != facts.profile->arch || other->page_size != facts.profile->page_size) continue;
        const auto now = idle_model(facts, *facts.profile);
        auto then = idle_model(facts, *other);
        if (!now || !then) continue;
        for_each_instance(facts, [&](const NamespaceRecord& ns, const InfoBlockRecord& info) {
            const Outcome here = now->outcome(map_of(ns, info, *facts.profile));
            const Outcome there = then->outcome(map_of(ns, info, *other));
            if (!here.accepted() || there.accepted()) return;
            out.push_back({"namespace.fails-on-other-kernel", Severity::warning, ns.name,
                           fmt::format("would not attach on {}: {}", name, errno_name(there.error)),
                           std::string(rule(there.rule).checks), std::string(rule(there.rule).remedy)});
        });
    }
}

void map_dev_of_no_use(const Facts& facts, Findings& out) {
    if (!facts.model || !facts.profile) return;
    const auto model = idle_model(facts, *facts.profile);
    for_each_instance(facts, [&](const NamespaceRecord& ns, const InfoBlockRecord& info) {
        if (info.mode != 2U || !model) return;
        const op::Map map = map_of(ns, info, *facts.profile);
        if (!facts.profile->has(Feature::altmap_honoured)) {
            out.push_back(
                {"namespace.map-dev-wasted", Severity::warning, ns.name,
                 fmt::format("map=dev reserves {} in it that {} never uses: the struct pages take RAM all the same",
                             human_size(info.data_offset.value_or(0)), to_string(facts.profile->arch)),
                 "the architecture passes no altmap to vmemmap_populate()", "recreate it with map=mem"});
        } else if (model->outcome(map).rule == RuleId::map_altmap_exhausted) {
            out.push_back({"namespace.map-dev-too-small", Severity::problem, ns.name,
                           "the space reserved for its struct pages does not hold them: enabling it fails with ENOMEM "
                           "and poisons "
                           "the range until reboot",
                           std::string(rule(RuleId::map_altmap_exhausted).source),
                           "recreate it with map=mem, or with its end on a section"});
        }
    });
}

}   // namespace memhot::doctor
