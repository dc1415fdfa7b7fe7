// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What binding nd_pmem to a namespace does (drivers/nvdimm/pmem.c nd_pmem_probe, claim.c, pfn_devs.c, btt_devs.c).
#include <algorithm>
#include <cerrno>

#include "nvdimm/bus.hpp"

namespace memhot {

namespace {

bool apply(NdBus& bus, const Operation& operation, EnableAnswer& answer, int handle = -1) {
    const Outcome outcome = bus.model.outcome(operation);
    bus.model.apply(operation, outcome, handle);
    if (outcome.accepted()) return true;
    answer = {outcome.error, outcome.rule};
    return false;
}

int next_handle(const NdBus& bus) {
    int handle = 0;
    for (const auto& mapping : bus.model.mappings()) handle = std::max(handle, mapping.handle + 1);
    return handle;
}

void give_back(NdBus& bus, const Personality& personality) {
    if (personality.mapping) bus.model.apply(op::Unmap{*personality.mapping}, Outcome::accept(RuleId::unmap_accepted));
    if (!personality.claim) return;
    bus.model.apply(op::Release{personality.claim->start, personality.claim->size()},
                    Outcome::accept(RuleId::release_accepted));
}

// Claims `claim` for the namespace and, where pages is given, maps it.
EnableAnswer attach(NdBus& bus, const std::string& owner, Personality& personality, const Range& claim,
                    const std::optional<Range>& pages, const std::optional<Altmap>& altmap) {
    EnableAnswer answer;
    if (!apply(bus, op::Claim{claim.start, claim.size(), owner}, answer)) return answer;
    personality.claim = claim;
    if (!pages) return answer;
    const int handle = next_handle(bus);
    const op::Map map{.type = MapType::fsdax,
                      .start = pages->start,
                      .size = pages->size(),
                      .claim = false,
                      .owner = owner,
                      .altmap = altmap};
    if (apply(bus, map, answer, handle)) {
        personality.mapping = handle;
    } else {
        give_back(bus, personality);
        personality.claim.reset();
    }
    return answer;
}

Range pages_of(const NdNamespace& ns, const InfoBlock& info) {
    return {ns.space.start, ns.space.last - info.geometry.end_trunc};
}

Range data_of(const NdNamespace& ns, const InfoBlock& info) {
    return {ns.space.start + info.geometry.data_offset, ns.space.last - info.geometry.end_trunc};
}

// nd_pfn_validate(), rows that geometry can break when a namespace moved or was resized with its info block kept.
int validate(const KernelProfile& profile, const NdNamespace& ns, const InfoBlock& info) {
    const std::uint64_t compat = compat_align(profile);
    const std::uint64_t end = ns.space.last + 1 - info.geometry.end_trunc;
    if (info.align > ns.size()) return EOPNOTSUPP;                                         // exceeds capacity
    if (info.geometry.data_offset >= ns.size()) return EOPNOTSUPP;                         // array exceeds capacity
    if ((ns.space.start + info.geometry.data_offset) % info.align != 0) return EOPNOTSUPP; // bad offset
    if (!is_aligned(ns.space.start, compat)) return EOPNOTSUPP;                            // start misaligned
    if (!is_aligned(end, compat)) return EOPNOTSUPP;                                       // end misaligned
    if (profile.has(Feature::pfn_refuses_empty) && info.geometry.data_offset >= ns.size() - info.geometry.end_trunc) {
        return EOPNOTSUPP;                                                                 // small namespace
    }
    return 0;
}

EnableAnswer enable_fsdax(NdBus& bus, const NdRegion& region, NdNamespace& ns, const InfoBlock& info) {
    const Range data = data_of(ns, info);
    Personality personality{.mode = NsMode::fsdax,
                            .map = info.map,
                            .align = info.align,
                            .size = data.size(),
                            .data_start = data.start,
                            .mapping = {},
                            .claim = {}};
    const auto answer = attach(bus, name_of(region, ns), personality, ns.space, pages_of(ns, info),
                               info.geometry.altmap(info.map, bus.model.profile().page_size));
    if (answer.error == 0) ns.active = personality;
    return answer;
}

EnableAnswer enable_devdax(NdBus& bus, const NdRegion& region, NdNamespace& ns, const InfoBlock& info) {
    const Range data = data_of(ns, info);
    Personality personality{.mode = NsMode::devdax,
                            .map = info.map,
                            .align = info.align,
                            .size = data.size(),
                            .data_start = data.start,
                            .mapping = {},
                            .claim = {}};
    // dax_pmem claims the info block and the memmap; the data is claimed and mapped by the driver of the dax device
    const Range metadata{ns.space.start, data.start - 1};
    const auto answer = attach(bus, name_of(region, ns), personality, metadata, std::nullopt, std::nullopt);
    if (answer.error != 0) return answer;
    ns.active = personality;
    DaxDevice device{.region = region.id,
                     .id = ns.id,
                     .range = data,
                     .align = info.align,
                     .target_node = region.target_node,
                     .driver = DaxDriver::none,
                     .pages = pages_of(ns, info),
                     .altmap = info.geometry.altmap(info.map, bus.model.profile().page_size),
                     .mapping = {},
                     .added = {}};
    bind_device_dax(bus, device);   // its failure leaves a dax device without a driver
    bus.dax.push_back(device);
    std::ranges::sort(bus.dax, {}, [](const DaxDevice& one) { return std::pair(one.region, one.id); });
    return answer;
}

EnableAnswer enable_sector(NdBus& bus, const NdRegion& region, NdNamespace& ns, const InfoBlock& info) {
    const auto size = btt_size(ns.size(), info.sector_size);
    if (!size) return {ENXIO, RuleId::none};
    Personality personality{.mode = NsMode::sector,
                            .map = PageMap::ram,
                            .align = 0,
                            .size = *size,
                            .data_start = ns.space.start,
                            .mapping = {},
                            .claim = {}};
    const auto answer = attach(bus, name_of(region, ns), personality, ns.space, std::nullopt, std::nullopt);
    if (answer.error == 0) ns.active = personality;
    return answer;
}

EnableAnswer enable_raw(NdBus& bus, const NdRegion& region, NdNamespace& ns) {
    const std::uint64_t compat = compat_align(bus.model.profile());
    const bool aligned = is_aligned(ns.space.start, compat) && is_aligned(ns.space.last + 1, compat);
    if (region.page_map && !aligned) return {EOPNOTSUPP, RuleId::none};   // "misaligned, unable to map"
    Personality personality{.mode = region.page_map ? NsMode::memory : NsMode::raw,
                            .map = PageMap::ram,
                            .align = 0,
                            .size = ns.size(),
                            .data_start = ns.space.start,
                            .mapping = {},
                            .claim = {}};
    const auto pages = region.page_map ? std::optional(ns.space) : std::nullopt;
    const auto answer = attach(bus, name_of(region, ns), personality, ns.space, pages, std::nullopt);
    if (answer.error == 0) ns.active = personality;
    return answer;
}

// The info block that counts for a namespace: its parent must be the namespace itself.
const InfoBlock* info_of(const NdBus& bus, const NdNamespace& ns) {
    const auto found = bus.media.find(ns.space.start);
    return found != bus.media.end() && found->second.parent == ns.identity ? &found->second : nullptr;
}

EnableAnswer enable_by_info(NdBus& bus, NdRegion& region, NdNamespace& ns, const InfoBlock& info) {
    if (info.mode == NsMode::sector) return enable_sector(bus, region, ns, info);
    if (const int error = validate(bus.model.profile(), ns, info); error != 0) return {error, RuleId::none};
    return info.mode == NsMode::fsdax ? enable_fsdax(bus, region, ns, info) : enable_devdax(bus, region, ns, info);
}

}   // namespace

EnableAnswer enable_namespace(NdBus& bus, NdRegion& region, NdNamespace& ns) {
    if (!ns.allocated) return {ENXIO, RuleId::none};
    if (ns.active) return {};
    const InfoBlock* info = info_of(bus, ns);
    const EnableAnswer answer =
        info == nullptr ? enable_raw(bus, region, ns) : enable_by_info(bus, region, ns, InfoBlock(*info));
    if (answer.error == 0 || answer.error == EOPNOTSUPP) advance_seed(region, ns);
    return answer;
}

EnableAnswer create_instance(NdBus& bus, NdRegion& region, NdNamespace& ns, const InfoBlock& wanted) {
    if (ns.size() < kSmallestClaim) return {ENXIO, RuleId::none};
    if (wanted.mode == NsMode::sector && !btt_size(ns.size(), wanted.sector_size)) return {ENXIO, RuleId::none};
    InfoBlock info = wanted;
    info.parent = ns.identity;
    if (info.mode != NsMode::sector) {
        const PfnAnswer geometry = pfn_geometry(bus.model.profile(), ns.space, info.align, info.map);
        if (geometry.refusal) return {*geometry.refusal == PfnRefusal::no_room ? ENXIO : EINVAL, RuleId::none};
        info.geometry = geometry.geometry;
    }
    bus.media[ns.space.start] = info;
    const EnableAnswer answer = enable_by_info(bus, region, ns, info);
    if (answer.error == 0 || answer.error == EOPNOTSUPP) advance_seed(region, ns);
    return answer;
}

void disable_namespace(NdBus& bus, NdRegion& region, NdNamespace& ns) {
    if (!ns.active) return;
    if (ns.active->mode == NsMode::devdax) {
        const auto device = std::ranges::find_if(
            bus.dax, [&](const DaxDevice& one) { return one.region == region.id && one.id == ns.id; });
        if (device != bus.dax.end()) {
            if (device->driver == DaxDriver::kmem) unbind_kmem(bus, *device);
            if (device->driver == DaxDriver::device_dax) unbind_device_dax(bus, *device);
            bus.dax.erase(device);
        }
    }
    give_back(bus, *ns.active);
    ns.active.reset();
}

void advance_seed(NdRegion& region, const NdNamespace& ns) {
    if (!region.labelled || region.seed != ns.id) return;
    int fresh = 0;
    while (region.find(fresh) != nullptr) ++fresh;   // ida: the lowest free id
    region.seed = fresh;
    region.namespaces[fresh] = {.id = fresh, .space = {}, .allocated = false, .identity = 0, .active = {}};
}

void drop_if_idle(NdRegion& region, int id) {
    const NdNamespace* ns = region.find(id);
    if (ns == nullptr || ns->allocated || !region.labelled || id == 0 || id == region.seed) return;
    region.namespaces.erase(id);
}

}   // namespace memhot
