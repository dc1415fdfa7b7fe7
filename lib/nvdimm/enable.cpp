// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What binding nd_pmem or dax_pmem to a namespace or to an instance over it does (drivers/nvdimm/pmem.c nd_pmem_probe,
// claim.c, btt_devs.c, drivers/dax/pmem.c).
#include <algorithm>
#include <cerrno>
#include <utility>

#include "nvdimm/kernel_log.hpp"

namespace memhot {

namespace {

bool asked(NdBus& bus, const Operation& operation, NdAnswer& answer, int handle = -1) {
    const Outcome outcome = carry_out(bus, operation, handle);
    if (!outcome.accepted()) answer = {outcome.error, outcome.rule};
    return outcome.accepted();
}

void give_back(NdBus& bus, const Personality& personality) {
    if (personality.mapping) {
        carry_out(bus, op::Unmap{*personality.mapping}, Outcome::accept(RuleId::unmap_accepted));
    }
    if (!personality.claim) return;
    carry_out(bus, op::Release{personality.claim->start, personality.claim->size()},
              Outcome::accept(RuleId::release_accepted));
}

// What probes: the namespace itself or an instance over it.
struct Probe {
    NdBus& bus;
    NdRegion& region;
    NdNamespace& ns;
    LogDevice device;

    [[nodiscard]] std::string owner() const { return name_of(region, ns); }
    [[nodiscard]] NdAnswer failed(const NdAnswer& answer) const {
        log_probe_failed(bus, device, answer.error);
        return answer;
    }
};

// devm_namespace_enable(): the first 8 KiB are claimed while an info block is looked for.
NdAnswer claim_info_block(const Probe& probe) {
    const op::Claim claim{probe.ns.space.start, std::min(kInfoBlockReserve, probe.ns.size()), probe.owner()};
    const Outcome outcome = probe.bus.model.outcome(claim);
    if (outcome.accepted()) return {0, RuleId::nd_accepted};
    log_region_taken(probe.bus, probe.device, probe.ns);
    return {outcome.error, outcome.rule};
}

NdAnswer claim(const Probe& probe, Personality& personality, const Range& range) {
    NdAnswer answer{0, RuleId::nd_accepted};
    if (asked(probe.bus, op::Claim{range.start, range.size(), probe.owner()}, answer)) personality.claim = range;
    return answer;
}

// pmem_attach_disk(): claims the namespace and, where pages is given, maps it.
NdAnswer attach_disk(const Probe& probe, Personality& personality, const std::optional<Range>& pages,
                     const std::optional<Altmap>& altmap) {
    NdBus& bus = probe.bus;
    log_no_flush(bus, probe.region, probe.device);
    NdAnswer answer = claim(probe, personality, probe.ns.space);
    if (!answer.ok()) {
        log_region_taken(bus, probe.device, probe.ns);
        return answer;
    }
    if (!pages) return answer;
    const int handle = next_handle(bus.model);
    const op::Map map{.type = MapType::fsdax,
                      .start = pages->start,
                      .size = pages->size(),
                      .claim = false,
                      .owner = probe.owner(),
                      .altmap = altmap};
    if (asked(bus, map, answer, handle)) {
        personality.mapping = handle;
    } else {
        give_back(bus, personality);
        personality.claim.reset();
    }
    return answer;
}

void take_up(const Probe& probe, const Personality& personality) {
    probe.ns.active = personality;
    log_read_only_disk(probe.bus, probe.region, probe.ns, probe.device);
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

NdAnswer enable_fsdax(const Probe& probe, const InfoBlock& info) {
    Personality personality = personality_of(probe.ns, info);
    if (auto taken = claim_info_block(probe); !taken.ok()) return taken;
    log_pages_cut(probe.bus, probe.device, info, personality.size);
    const auto answer = attach_disk(probe, personality, pages_of(probe.ns, info),
                                    info.geometry.altmap(info.map, probe.bus.model.profile().page_size));
    if (answer.ok()) take_up(probe, personality);
    return answer;
}

void add_device(const Probe& probe, const Personality& personality, const InfoBlock& info) {
    NdBus& bus = probe.bus;
    DaxDevice device{.region = probe.region.id,
                     .id = probe.ns.id,
                     .ranges = {},
                     .align = info.align,
                     .target_node = probe.region.target_node,
                     .driver = DaxDriver::none,
                     .pages = {pages_of(probe.ns, info)},
                     .altmap = info.geometry.altmap(info.map, bus.model.profile().page_size),
                     .mappings = {},
                     .added = {}};
    if (const auto data = Range::from_size(personality.data_start, personality.size)) device.ranges.push_back(*data);
    attach_dax(bus, device);
    bus.dax.push_back(std::move(device));
    std::ranges::sort(bus.dax, {}, [](const DaxDevice& one) { return std::pair(one.region, one.id); });
}

// dax_pmem claims the info block and the memmap; the data is claimed and mapped by the driver of the dax device, whose
// failure leaves that device without a driver.
NdAnswer enable_devdax(const Probe& probe, const InfoBlock& info) {
    Personality personality = personality_of(probe.ns, info);
    if (auto taken = claim_info_block(probe); !taken.ok()) return taken;
    log_pages_cut(probe.bus, probe.device, info, personality.size);
    const auto answer = claim(probe, personality, {probe.ns.space.start, personality.data_start - 1});
    if (!answer.ok()) {
        log_line(probe.bus, probe.device, "could not reserve metadata");
        return answer;
    }
    if (personality.data_start % info.align != 0 || personality.size % info.align != 0) {
        give_back(probe.bus, personality);
        return nd_refuse(RuleId::nd_dax_unaligned);
    }
    probe.ns.active = personality;
    add_device(probe, personality, info);
    return answer;
}

// nvdimm_namespace_attach_btt(), btt_init(); is_new: discover_arenas() finds none.
NdAnswer enable_sector(const Probe& probe, const InfoBlock& info, bool is_new) {
    const NdNamespace& ns = probe.ns;
    const auto size = btt_size(ns.size(), info.sector_size, info.btt2);
    Personality personality{.mode = NsMode::sector,
                            .map = PageMap::ram,
                            .align = 0,
                            .size = size.value_or(0),
                            .data_start = ns.space.start,
                            .mapping = {},
                            .claim = {}};
    if (!size) return nd_refuse(RuleId::nd_btt_small);
    const auto answer = claim(probe, personality, ns.space);
    if (!answer.ok()) {
        log_region_taken(probe.bus, probe.device, ns);
        return answer;
    }
    if (is_new) log_line(probe.bus, probe.device, "No existing arenas");
    take_up(probe, personality);
    return answer;
}

bool lies_aligned(const NdBus& bus, const NdNamespace& ns) {
    const std::uint64_t compat = compat_align(bus.model.profile());
    return is_aligned(ns.space.start, compat) && is_aligned(ns.space.last + 1, compat);
}

NdAnswer enable_raw(const Probe& probe) {
    const NdNamespace& ns = probe.ns;
    const bool maps = maps_its_pages(probe.bus, probe.region, ns);
    Personality personality{.mode = maps ? NsMode::memory : NsMode::raw,
                            .map = PageMap::ram,
                            .align = 0,
                            .size = ns.size(),
                            .data_start = ns.space.start,
                            .mapping = {},
                            .claim = {}};
    const auto pages = maps ? std::optional(ns.space) : std::nullopt;
    const auto answer = attach_disk(probe, personality, pages, std::nullopt);
    if (answer.ok()) take_up(probe, personality);
    return answer;
}

// The driver of an instance is bound; is_new: it has just written that info block.
NdAnswer bind_instance(NdBus& bus, NdRegion& region, NdNamespace& ns, const InfoBlock& info, int instance,
                       bool is_new) {
    const bool dax = info.mode == NsMode::devdax;
    const Probe probe{bus, region, ns, {dax ? "dax_pmem" : "nd_pmem", instance_name(region, info.mode, instance)}};
    const NdAnswer answer = info.mode == NsMode::sector ? enable_sector(probe, info, is_new)
                            : dax                       ? enable_devdax(probe, info)
                                                        : enable_fsdax(probe, info);
    if (answer.ok()) ns.instance = instance;
    return probe.failed(answer);
}

// nd_pmem_probe(): an instance is made for the info block that lies there, and probed in turn.
NdAnswer enable_by_info(const Probe& probe, const InfoBlock& info) {
    NdBus& bus = probe.bus;
    const int instance = free_instance(probe.region, info.mode);
    if (info.mode != NsMode::sector) {
        if (auto refused = validate_info_block(bus.model.profile(), probe.ns, info); !refused.ok()) {
            // the instance has neither driver nor bus yet
            const LogDevice device{"", instance_name(probe.region, info.mode, instance)};
            log_info_refused(bus, probe.region, probe.ns, info, device, refused.rule);
            // whatever is not EOPNOTSUPP means that nobody's info block is there
            return probe.failed(refused.error == EOPNOTSUPP ? refused : enable_raw(probe));
        }
    }
    return bind_instance(bus, probe.region, probe.ns, info, instance, false);
}

// nvdimm_namespace_common_probe() of the namespace itself, which comes before any look at the media.
NdAnswer common_probe(NdBus& bus, const NdRegion& region, const NdNamespace& ns) {
    if (ns.claimed) return nd_refuse(RuleId::nd_claimed);
    if (!ns.allocated || ns.size() < bus.model.profile().page_size) return nd_refuse(RuleId::nd_not_allocated);
    const bool on_compat = bus.model.profile().has(Feature::nd_compat_align);
    if (on_compat && maps_its_pages(bus, region, ns) && !lies_aligned(bus, ns)) {
        log_misaligned(bus, region, ns);
        return nd_refuse(RuleId::nd_raw_misaligned);
    }
    return {0, RuleId::nd_accepted};
}

NdAnswer probe_namespace(const Probe& probe) {
    NdAnswer answer = common_probe(probe.bus, probe.region, probe.ns);
    if (answer.ok()) answer = claim_info_block(probe);
    if (!answer.ok()) return probe.failed(answer);
    const InfoBlock* info = info_block_of(probe.bus, probe.ns);
    return info == nullptr ? probe.failed(enable_raw(probe)) : enable_by_info(probe, InfoBlock(*info));
}

// What nd_pfn_init() or btt_init() writes to the media; and what it refuses.
NdAnswer write_info_block(NdBus& bus, NdRegion& region, NdNamespace& ns, InfoBlock info, const LogDevice& device) {
    if (info.mode == NsMode::sector) {
        info.btt2 = region.btt2;
        if (!btt_size(ns.size(), info.sector_size, info.btt2)) return nd_refuse(RuleId::nd_btt_small);
    } else {
        const PfnAnswer geometry = pfn_geometry(bus.model.profile(), ns.space, info.align, info.map);
        const RuleId refusal = region.read_only   ? RuleId::nd_pfn_read_only
                               : geometry.refusal ? rule_of(*geometry.refusal)
                                                  : RuleId::none;
        if (refusal != RuleId::none) {
            log_not_created(bus, region, ns, device, refusal);
            return nd_refuse(refusal);
        }
        info.geometry = geometry.geometry;
        info.npfns = info.geometry.usable / bus.model.profile().page_size;
    }
    info.made = ++bus.last_made;
    bus.media[ns.space.start] = info;
    ns.info_hidden = false;
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
    const NdAnswer answer = probe_namespace({bus, region, ns, log_device(region, ns)});
    if (answer.ok() || answer.error == EOPNOTSUPP) advance_seed(region, ns);
    return answer;
}

bool enable_raw_and_disable(NdBus& bus, NdRegion& region, NdNamespace& ns) {
    // pmem_should_map_pages() says no to force_raw, so that neither alignment nor struct pages matter
    const Probe probe{bus, region, ns, log_device(region, ns)};
    if (ns.claimed || !ns.allocated || ns.size() < bus.model.profile().page_size) return false;
    NdAnswer answer = claim_info_block(probe);
    Personality personality;
    if (answer.ok()) answer = attach_disk(probe, personality, std::nullopt, std::nullopt);
    if (!answer.ok()) return probe.failed(answer).ok();
    log_read_only_disk(bus, region, ns, probe.device);
    give_back(bus, personality);
    advance_seed(region, ns);
    return true;
}

NdAnswer create_instance(NdBus& bus, NdRegion& region, NdNamespace& ns, const InfoBlock& wanted) {
    if (ns.size() < kSmallestClaim) return nd_refuse(RuleId::nd_claim_small);
    const int instance = region.seeds.of(wanted.mode);
    const Probe probe{
        bus,
        region,
        ns,
        {wanted.mode == NsMode::devdax ? "dax_pmem" : "nd_pmem", instance_name(region, wanted.mode, instance)}};
    InfoBlock info = wanted;
    info.parent = ns.identity;
    NdAnswer answer{0, RuleId::nd_accepted};
    if (info.mode != NsMode::sector) answer = claim_info_block(probe);
    if (answer.ok()) answer = write_info_block(bus, region, ns, info, probe.device);
    if (answer.ok()) {
        answer = bind_instance(bus, region, ns, bus.media.at(ns.space.start), instance, true);
    } else {
        log_probe_failed(bus, probe.device, answer.error);
        if (answer.rule == RuleId::nd_btt_small) {   // ndctl detaches a pfn or dax that fails, but no btt
            ns.claimed = NsMode::sector;
            ns.instance = instance;
        }
    }
    if (!answer.ok() && answer.error != EOPNOTSUPP) return answer;
    ns.instance = instance;
    region.seeds.of(wanted.mode) = free_instance(region, wanted.mode);
    advance_seed(region, ns);
    return answer;
}

void disable_namespace(NdBus& bus, NdRegion& region, NdNamespace& ns) {
    ns.claimed.reset();
    ns.instance_uuid.clear();   // the instance goes; the info block keeps it
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

// nd_pmem_remove(), dax_pmem has none: what devm gave goes, nd_detach_ndns() is not called.
void unbind_instance(NdBus& bus, NdRegion& region, NdNamespace& ns) {
    const NsMode mode = ns.active->mode;
    std::string uuid = std::move(ns.instance_uuid);
    disable_namespace(bus, region, ns);
    ns.claimed = mode;
    ns.instance_uuid = std::move(uuid);
}

NdAnswer bind_instance(NdBus& bus, NdRegion& region, NdNamespace& ns) {
    const NsMode mode = *ns.claimed;
    const InfoBlock* info = info_block_of(bus, ns);
    if (info == nullptr || info->mode != mode) return nd_refuse(RuleId::nd_btt_small);   // what a failed ndctl leaves
    NdAnswer answer{0, RuleId::nd_accepted};
    if (mode != NsMode::sector) answer = validate_info_block(bus.model.profile(), ns, *info);
    if (!answer.ok()) {
        const LogDevice device{mode == NsMode::devdax ? "dax_pmem" : "nd_pmem",
                               instance_name(region, mode, ns.instance)};
        log_info_refused(bus, region, ns, *info, device, answer.rule);
        log_probe_failed(bus, device, answer.error);
        return answer;
    }
    ns.claimed.reset();
    answer = bind_instance(bus, region, ns, InfoBlock(*info), ns.instance, false);
    if (!answer.ok()) ns.claimed = mode;
    return answer;
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
