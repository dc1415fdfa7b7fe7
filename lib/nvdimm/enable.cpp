// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What binding nd_pmem or dax_pmem to a namespace or to an instance over it does (drivers/nvdimm/pmem.c nd_pmem_probe,
// claim.c, btt_devs.c, drivers/dax/pmem.c).
#include <algorithm>
#include <cerrno>

#include "nvdimm/bus.hpp"

namespace memhot {

namespace {

bool apply(NdBus& bus, const Operation& operation, NdAnswer& answer, int handle = -1) {
    const Outcome outcome = bus.model.outcome(operation);
    bus.model.apply(operation, outcome, handle);
    if (outcome.accepted()) return true;
    answer = {outcome.error, outcome.rule};
    return false;
}

void give_back(NdBus& bus, const Personality& personality) {
    if (personality.mapping) bus.model.apply(op::Unmap{*personality.mapping}, Outcome::accept(RuleId::unmap_accepted));
    if (!personality.claim) return;
    bus.model.apply(op::Release{personality.claim->start, personality.claim->size()},
                    Outcome::accept(RuleId::release_accepted));
}

// Claims `claim` for the namespace and, where pages is given, maps it.
NdAnswer attach(NdBus& bus, const std::string& owner, Personality& personality, const Range& claim,
                const std::optional<Range>& pages, const std::optional<Altmap>& altmap) {
    NdAnswer answer{0, RuleId::nd_accepted};
    if (!apply(bus, op::Claim{claim.start, claim.size(), owner}, answer)) return answer;
    personality.claim = claim;
    if (!pages) return answer;
    const int handle = next_handle(bus.model);
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
    return {ns.space.start + info.geometry.start_pad, ns.space.last - info.geometry.end_trunc};
}

std::uint64_t data_start_of(const NdNamespace& ns, const InfoBlock& info) {
    return ns.space.start + info.geometry.start_pad + info.geometry.data_offset;
}

// Up to 6.5 nothing may be left.
std::uint64_t usable_of(const NdNamespace& ns, const InfoBlock& info) {
    return ns.space.last + 1 - info.geometry.end_trunc - data_start_of(ns, info);
}

Personality personality_of(const NdNamespace& ns, const InfoBlock& info) {
    return {.mode = info.mode,
            .map = info.map,
            .align = info.align,
            .size = usable_of(ns, info),
            .data_start = data_start_of(ns, info),
            .mapping = {},
            .claim = {}};
}

NdAnswer enable_fsdax(NdBus& bus, const NdRegion& region, NdNamespace& ns, const InfoBlock& info) {
    Personality personality = personality_of(ns, info);
    const auto answer = attach(bus, name_of(region, ns), personality, ns.space, pages_of(ns, info),
                               info.geometry.altmap(info.map, bus.model.profile().page_size));
    if (answer.ok()) ns.active = personality;
    return answer;
}

// dax_pmem claims the info block and the memmap; the data is claimed and mapped by the driver of the dax device, whose
// failure leaves that device without a driver.
NdAnswer enable_devdax(NdBus& bus, const NdRegion& region, NdNamespace& ns, const InfoBlock& info) {
    Personality personality = personality_of(ns, info);
    const Range metadata{ns.space.start, personality.data_start - 1};
    const auto answer = attach(bus, name_of(region, ns), personality, metadata, std::nullopt, std::nullopt);
    if (!answer.ok()) return answer;
    if (personality.data_start % info.align != 0 || personality.size % info.align != 0) {
        give_back(bus, personality);
        return nd_refuse(RuleId::nd_dax_unaligned);
    }
    ns.active = personality;
    DaxDevice device{.region = region.id,
                     .id = ns.id,
                     .ranges = {},
                     .align = info.align,
                     .target_node = region.target_node,
                     .driver = DaxDriver::none,
                     .pages = {pages_of(ns, info)},
                     .altmap = info.geometry.altmap(info.map, bus.model.profile().page_size),
                     .mappings = {},
                     .added = {}};
    if (const auto data = Range::from_size(personality.data_start, personality.size)) device.ranges.push_back(*data);
    attach_dax(bus, device);
    bus.dax.push_back(std::move(device));
    std::ranges::sort(bus.dax, {}, [](const DaxDevice& one) { return std::pair(one.region, one.id); });
    return answer;
}

NdAnswer enable_sector(NdBus& bus, const NdRegion& region, NdNamespace& ns, const InfoBlock& info) {
    const auto size = btt_size(ns.size(), info.sector_size);
    if (!size) return nd_refuse(RuleId::nd_btt_small);
    Personality personality{.mode = NsMode::sector,
                            .map = PageMap::ram,
                            .align = 0,
                            .size = *size,
                            .data_start = ns.space.start,
                            .mapping = {},
                            .claim = {}};
    const auto answer = attach(bus, name_of(region, ns), personality, ns.space, std::nullopt, std::nullopt);
    if (answer.ok()) ns.active = personality;
    return answer;
}

bool lies_aligned(const NdBus& bus, const NdNamespace& ns) {
    const std::uint64_t compat = compat_align(bus.model.profile());
    return is_aligned(ns.space.start, compat) && is_aligned(ns.space.last + 1, compat);
}

NdAnswer enable_raw(NdBus& bus, const NdRegion& region, NdNamespace& ns) {
    const bool maps = maps_its_pages(bus, region, ns);
    Personality personality{.mode = maps ? NsMode::memory : NsMode::raw,
                            .map = PageMap::ram,
                            .align = 0,
                            .size = ns.size(),
                            .data_start = ns.space.start,
                            .mapping = {},
                            .claim = {}};
    const auto pages = maps ? std::optional(ns.space) : std::nullopt;
    const auto answer = attach(bus, name_of(region, ns), personality, ns.space, pages, std::nullopt);
    if (answer.ok()) ns.active = personality;
    return answer;
}

NdAnswer enable_by_info(NdBus& bus, NdRegion& region, NdNamespace& ns, const InfoBlock& info) {
    if (info.mode == NsMode::sector) return enable_sector(bus, region, ns, info);
    if (auto refused = validate_info_block(bus.model.profile(), ns, info); !refused.ok()) {
        // nd_pmem_probe(): whatever is not EOPNOTSUPP means that nobody's info block is there
        return refused.error == EOPNOTSUPP ? refused : enable_raw(bus, region, ns);
    }
    return info.mode == NsMode::fsdax ? enable_fsdax(bus, region, ns, info) : enable_devdax(bus, region, ns, info);
}

// nvdimm_namespace_common_probe() of the namespace itself, which comes before any look at the media.
NdAnswer common_probe(const NdBus& bus, const NdRegion& region, const NdNamespace& ns) {
    if (ns.claimed) return nd_refuse(RuleId::nd_claimed);
    if (!ns.allocated || ns.size() < bus.model.profile().page_size) return nd_refuse(RuleId::nd_not_allocated);
    const bool on_compat = bus.model.profile().has(Feature::nd_compat_align);
    if (on_compat && maps_its_pages(bus, region, ns) && !lies_aligned(bus, ns))
        return nd_refuse(RuleId::nd_raw_misaligned);
    return {0, RuleId::nd_accepted};
}

}   // namespace

const InfoBlock* info_block_of(const NdBus& bus, const NdNamespace& ns) {
    const auto found = bus.media.find(ns.space.start);
    return ns.allocated && found != bus.media.end() && found->second.parent == ns.identity ? &found->second : nullptr;
}

bool maps_its_pages(const NdBus& bus, const NdRegion& region, const NdNamespace& ns) {
    if (!region.page_map || !ns.allocated) return false;
    const bool descend = bus.model.profile().has(Feature::region_intersects_descends);
    return bus.model.resources().intersects_ram(ns.space, descend) != RamIntersection::mixed;
}

NdAnswer enable_namespace(NdBus& bus, NdRegion& region, NdNamespace& ns) {
    if (ns.active) return {0, RuleId::nd_accepted};
    NdAnswer answer = common_probe(bus, region, ns);
    if (answer.ok()) {
        const InfoBlock* info = info_block_of(bus, ns);
        answer = info == nullptr ? enable_raw(bus, region, ns) : enable_by_info(bus, region, ns, InfoBlock(*info));
    }
    if (answer.ok() || answer.error == EOPNOTSUPP) advance_seed(region, ns);
    return answer;
}

NdAnswer create_instance(NdBus& bus, NdRegion& region, NdNamespace& ns, const InfoBlock& wanted) {
    if (ns.size() < kSmallestClaim) return nd_refuse(RuleId::nd_claim_small);
    InfoBlock info = wanted;
    info.parent = ns.identity;
    if (info.mode != NsMode::sector) {
        const PfnAnswer geometry = pfn_geometry(bus.model.profile(), ns.space, info.align, info.map);
        if (region.read_only) return nd_refuse(RuleId::nd_pfn_read_only);
        if (geometry.refusal) return nd_refuse(rule_of(*geometry.refusal));
        info.geometry = geometry.geometry;
    } else if (!btt_size(ns.size(), info.sector_size)) {
        ns.claimed = NsMode::sector;   // ndctl detaches a pfn or dax that fails, but no btt
        return nd_refuse(RuleId::nd_btt_small);
    }
    bus.media[ns.space.start] = info;
    ns.info_hidden = false;
    const NdAnswer answer = enable_by_info(bus, region, ns, info);
    if (answer.ok() || answer.error == EOPNOTSUPP) advance_seed(region, ns);
    return answer;
}

void disable_namespace(NdBus& bus, NdRegion& region, NdNamespace& ns) {
    ns.claimed.reset();
    if (!ns.active) return;
    if (ns.active->mode == NsMode::devdax) {
        const auto device = std::ranges::find_if(
            bus.dax, [&](const DaxDevice& one) { return one.region == region.id && one.id == ns.id; });
        if (device != bus.dax.end()) {
            unbind_dax(bus, *device);
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
