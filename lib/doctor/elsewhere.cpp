// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What works now, but not on another kernel or after the firmware moved it.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "doctor/checks.hpp"
#include "nvdimm/command.hpp"

namespace memhot::doctor {

namespace {

constexpr std::uint64_t kShift = 64 * kMiB;   // what memory controllers decode in, so what firmware moves things by

// What the CPU and its firmware are, whatever the kernel.
constexpr std::array kMachine{Feature::cpu_gigabyte_pages, Feature::hash_mmu};

// Whether a rule speaks in a release: its releases are "5.7+", "5.9+ (arm64)" or "5.10-6.7".
bool speaks_in(const Rule& rule, const Version& version) {
    const auto first = parse_version(rule.releases);
    return !first || version >= *first;
}

// The same host with another kernel.
Snapshot with_kernel(const Snapshot& snapshot, const KernelProfile& profile) {
    Snapshot other = snapshot;
    other.release.clear();
    other.version_text.clear();
    other.version = profile.version;
    other.page_size = profile.page_size;
    other.section_size_bits = profile.section_size_bits;
    other.max_physmem_bits = profile.max_physmem_bits;
    other.struct_page_size = profile.struct_page_size;
    other.features.clear();
    for (std::size_t i = 0; i < kFeatureCount; ++i) {
        other.features.emplace_back(static_cast<Feature>(i), profile.features[i]);
    }
    return other;
}

struct Refusal {
    std::string where;
    RuleId rule = RuleId::none;
    std::string why;
    bool raw = false;   // a namespace that comes up without its info block
    friend auto operator<=>(const Refusal&, const Refusal&) = default;
};

std::optional<NsMode> mode_now(const NdBus& now, std::string_view name) {
    NdBus copy = now;
    const auto found = find_namespace(copy, name);
    return found.ns != nullptr && found.ns->active ? std::optional(found.ns->active->mode) : std::nullopt;
}

// Why it does not come up there, or comes up without its info block: raw, as kernels before 5.7 did it.
NdAnswer refusal_of(NdBus& there, const FoundNamespace& found) {
    if (!found.ns->active) return enable_namespace(there, *found.region, *found.ns);
    const InfoBlock* info = info_block_of(there, *found.ns);
    return info == nullptr ? NdAnswer{} : validate_info_block(there.model.profile(), *found.ns, *info);
}

void namespaces_refused(const Facts& facts, NdBus& there, std::vector<Refusal>& out) {
    for (const auto& record : facts.nd.namespaces) {
        const auto mode = mode_now(*facts.bus, record.name);
        if (!is_attached(facts.nd, record) || !mode) continue;
        const auto found = find_namespace(there, record.name);
        if (found.ns == nullptr || (found.ns->active && found.ns->active->mode == *mode)) continue;
        const NdAnswer answer = refusal_of(there, found);
        if (answer.ok()) continue;
        out.push_back({record.name, answer.rule,
                       words_of(answer, record.name, *found.ns, info_block_of(there, *found.ns)),
                       found.ns->active.has_value()});
    }
}

void devices_refused(const NdBus& now, NdBus& there, std::vector<Refusal>& out) {
    for (auto& device : there.dax) {
        const DaxDevice* here = now.find_dax(device.name());
        if (here == nullptr || here->driver == DaxDriver::none || device.driver != DaxDriver::none) continue;
        const NdAnswer answer =
            here->driver == DaxDriver::kmem ? bind_kmem(there, device) : bind_device_dax(there, device);
        if (answer.ok()) continue;
        out.push_back({device.name(), answer.rule, words_of(answer, device.name(), {}, nullptr), false});
    }
}

std::vector<Refusal> refused_on(const Facts& facts, const KernelProfile& profile) {
    std::vector<Refusal> refusals;
    auto there = bus_from_snapshot(with_kernel(facts.snapshot, profile));
    if (!there) return refusals;   // the host cannot be as it is on that kernel: other sections, other pages
    namespaces_refused(facts, *there, refusals);
    devices_refused(*facts.bus, *there, refusals);
    return refusals;
}

struct Release {
    Version version;
    KernelProfile profile;
};

// Mainline of this architecture and page size, oldest first.
std::vector<Release> releases_of(const KernelProfile& base) {
    std::vector<Release> releases;
    for (const auto& name : profile_names()) {
        auto profile = named_profile(name, base);
        if (!profile || profile->arch != base.arch || profile->page_size != base.page_size) continue;
        for (const Feature feature : kMachine) {
            profile->features[static_cast<std::size_t>(feature)] = base.has(feature);
        }
        releases.push_back({profile->version, *std::move(profile)});
    }
    std::ranges::sort(releases, {}, &Release::version);
    return releases;
}

// Which of the releases refuse, by index. Neighbours differ in few rules: those that are alike are asked once.
using Refusals = std::map<Refusal, std::vector<std::size_t>>;

Refusals walk(const Facts& facts, const std::vector<Release>& releases) {
    std::map<std::string, std::vector<Refusal>> known;
    Refusals refusals;
    for (std::size_t i = 0; i < releases.size(); ++i) {
        const KernelProfile& profile = releases[i].profile;
        // the drivers' defaults follow the version itself from 6.3 on, and 6.8 (drivers/dax)
        const auto key = fmt::format("{} {} {} {} {}", profile.features.to_string(), profile.section_size_bits,
                                     profile.struct_page_size, profile.version >= Version{6, 3, 0},
                                     profile.version >= Version{6, 8, 0});
        const auto [found, fresh] = known.try_emplace(key);
        if (fresh) found->second = refused_on(facts, profile);
        for (const auto& refusal : found->second) {
            if (speaks_in(rule(refusal.rule), releases[i].version)) refusals[refusal].push_back(i);
        }
    }
    return refusals;
}

// "6.6 and later", "5.3 to 6.7", "5.4".
std::string runs_of(const std::vector<std::size_t>& indices, const std::vector<Release>& releases) {
    std::vector<std::string> runs;
    for (std::size_t i = 0; i < indices.size();) {
        std::size_t end = i + 1;
        while (end < indices.size() && indices[end] == indices[end - 1] + 1) ++end;
        const std::string first = to_string(releases[indices[i]].version);
        if (indices[end - 1] + 1 == releases.size()) {
            runs.push_back(first + " and later");
        } else if (end - i == 1) {
            runs.push_back(first);
        } else {
            runs.push_back(fmt::format("{} to {}", first, to_string(releases[indices[end - 1]].version)));
        }
        i = end;
    }
    return joined(runs, ", ");
}

// A device with a driver that the mirror, which binds each driver anew as a boot does, was refused.
void devices_after_reboot(const Facts& facts, std::vector<Refusal>& out) {
    NdBus next = *facts.bus;
    for (const auto& record : facts.nd.dax_devices) {
        DaxDevice* device = next.find_dax(record.name);
        if (record.driver.empty() || device == nullptr || device->driver != DaxDriver::none) continue;
        const NdAnswer answer = record.driver == "kmem" ? bind_kmem(next, *device) : bind_device_dax(next, *device);
        if (!answer.ok()) out.push_back({record.name, answer.rule, words_of(answer, record.name, {}, nullptr), false});
    }
}

void namespaces_after_reboot(const Facts& facts, std::vector<Refusal>& out) {
    NdBus next = *facts.bus;
    for (const auto& record : facts.nd.namespaces) {
        const auto found = find_namespace(next, record.name);
        if (!is_attached(facts.nd, record) || found.ns == nullptr || found.ns->active) continue;
        const NdAnswer answer = enable_namespace(next, *found.region, *found.ns);
        if (answer.ok()) continue;
        out.push_back({record.name, answer.rule,
                       words_of(answer, record.name, *found.ns, info_block_of(next, *found.ns)), false});
    }
}

}   // namespace

// The same kernel on the same layout: a size or an info block that was changed below a driver is looked at again only then.
void after_reboot(const Facts& facts, Findings& out) {
    if (!facts.bus) return;
    std::vector<Refusal> refusals;
    namespaces_after_reboot(facts, refusals);
    devices_after_reboot(facts, refusals);
    for (const auto& refusal : refusals) {
        out.add("namespace.fails-after-reboot", refusal.where,
                "works now, and will not come up at the next boot of this kernel on this hardware", refusal.why,
                fmt::format("save its data before the next boot; {}", rule(refusal.rule).remedy));
    }
}

void namespaces_on_other_kernels(const Facts& facts, Findings& out) {
    if (!facts.bus || facts.nd.namespaces.size() + facts.nd.dax_devices.size() == 0) return;
    const auto releases = releases_of(*facts.profile);
    for (const auto& [refusal, indices] : walk(facts, releases)) {
        out.add("namespace.fails-on-other-kernel", refusal.where,
                fmt::format("Linux {} would refuse it", runs_of(indices, releases)), refusal.why,
                std::string(rule(refusal.rule).remedy));
    }
}

// nd_pfn_validate() looks at addresses, the labels and the info block keep offsets.
void namespaces_after_shift(const Facts& facts, Findings& out) {
    if (!facts.bus) return;
    for (const auto& region : facts.bus->regions) {
        for (const auto& [_, ns] : region.namespaces) {
            const InfoBlock* info = info_block_of(*facts.bus, ns);
            if (info == nullptr || info->mode == NsMode::sector || ns.space.last > ~0ULL - kShift) continue;
            if (!validate_info_block(*facts.profile, ns, *info).ok()) continue;   // namespace.not-attached
            NdNamespace moved = ns;
            moved.space = {ns.space.start + kShift, ns.space.last + kShift};
            const NdAnswer answer = validate_info_block(*facts.profile, moved, *info);
            if (answer.ok()) continue;
            const std::string name = name_of(region, ns);
            out.add("namespace.fails-after-shift", name,
                    fmt::format("would not come up if the firmware moved it by 64M, and again only at multiples of {} "
                                "from {:#x}",
                                human_size(info->align), ns.space.start),
                    words_of(answer, name, moved, info),
                    "before a change of firmware or DIMMs save its data, or recreate it with align 2M");
        }
    }
}

}   // namespace memhot::doctor

namespace memhot {

Result<std::vector<NotAttached>> not_attached(const Snapshot& host, const Snapshot& other,
                                              std::shared_ptr<const KernelProfile> profile) {
    static const NvdimmRecord kNone;
    doctor::Facts facts{.snapshot = host, .nd = host.nvdimm ? *host.nvdimm : kNone};
    auto here = bus_from_snapshot(host);
    if (!here) return std::move(here).error();
    facts.bus = *std::move(here);
    auto there = read_bus(other, {}, std::move(profile));
    if (!there) return std::move(there).error();
    std::vector<doctor::Refusal> refusals;
    doctor::namespaces_refused(facts, there->bus, refusals);
    doctor::devices_refused(*facts.bus, there->bus, refusals);
    std::vector<NotAttached> out;
    for (auto& refusal : refusals) out.push_back({std::move(refusal.where), refusal.raw, std::move(refusal.why)});
    return out;
}

}   // namespace memhot
