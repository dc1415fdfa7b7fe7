// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Builds the bus (from_snapshot.hpp): regions, namespaces and the instances that drive them. Dax devices are in
// dax_from_snapshot.cpp.
#include "nvdimm/from_snapshot.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <fmt/format.h>
#include <limits>
#include <memory>

#include "nvdimm/bus_reader.hpp"
#include "nvdimm/labels.hpp"
#include "units/device_name.hpp"

namespace memhot {
namespace {

// One that no kernel would see is none: wrong checksum, written for another namespace, or a BTT of another version.
// btt2: which version the kernel looks for; nothing where the host does not tell (holder_class is "btt" for both).
bool is_seen(const NamespaceRecord& ns, const InfoBlockRecord& block, std::optional<bool> btt2) {
    if (block.source == InfoBlockSource::attributes) return true;
    if (!block.checksum_ok) return false;
    const std::string_view wanted = ns.uuid.empty() ? kZeroUuid : std::string_view(ns.uuid);
    if (block.kind != InstanceKind::btt) return block.parent_uuid == wanted;
    const bool two = block.offset == 0;
    // nd_btt_version(), nd_btt_arena_is_valid(): also for a namespace without parent
    const bool version = two ? block.version_major == 2U && block.version_minor == 0U
                             : block.version_major == 1U && block.version_minor == 1U;
    const bool asked = two == btt2.value_or(two);
    return version && asked && (block.parent_uuid == wanted || block.parent_uuid == kZeroUuid);
}

NsMode mode_of(InstanceKind kind) {
    constexpr std::array kModes{NsMode::fsdax, NsMode::devdax, NsMode::sector};
    return kModes[static_cast<std::size_t>(kind)];
}

// Nothing where the record does not say where the data lies, or says what cannot be.
std::optional<InfoBlock> info_from(const NdNamespace& ns, const InfoBlockRecord& block,
                                   const NdInstanceRecord* instance, bool is_btt2) {
    InfoBlock info;
    info.mode = mode_of(block.kind);
    info.parent = ns.identity;
    if (block.kind == InstanceKind::btt) {
        info.map = PageMap::ram;
        info.btt2 = is_btt2;
        info.sector_size = block.btt ? block.btt->external_lbasize : 0;
        if (instance != nullptr && instance->sector_size) info.sector_size = *instance->sector_size;
        return info.sector_size != 0 ? std::optional(info) : std::nullopt;
    }
    if (!block.data_offset || *block.data_offset == 0) return std::nullopt;
    info.map = block.mode == 2U ? PageMap::device : PageMap::ram;
    // nd_pfn_validate(): without one it is what the offset is a multiple of
    info.align = block.align.value_or(0) != 0 ? *block.align : std::bit_floor(*block.data_offset);
    info.page_size = block.page_size.value_or(0);
    info.struct_page_size = block.page_struct_size.value_or(0);
    info.npfns = block.npfns.value_or(0);
    info.geometry.start_pad = block.start_pad.value_or(0);
    info.geometry.data_offset = *block.data_offset;
    info.geometry.end_trunc = block.end_trunc.value_or(0);
    const std::uint64_t lost = info.geometry.start_pad + info.geometry.end_trunc;
    if (info.geometry.data_offset > ns.size() || lost > ns.size() - info.geometry.data_offset) {
        info.geometry.usable = 0;   // shrunk under it: validation says so
    } else {
        info.geometry.usable = ns.size() - lost - info.geometry.data_offset;
    }
    return info;
}

// "btt0.1"
int instance_id(std::string_view name, std::string_view kind) {
    const auto ids = units::parse_device_name(name, kind);
    return ids ? ids->second.value_or(0) : 0;
}

void take_instance(NdNamespace& ns, const NdInstanceRecord* instance) {
    if (instance == nullptr) return;
    ns.instance = instance_id(instance->name, to_string(instance->kind));
    // is_uuid_busy() does not look at dax instances
    if (instance->kind != InstanceKind::dax) ns.instance_uuid = instance->uuid;
}

bool has_instance(const NvdimmRecord& record, const NamespaceRecord& ns) {
    const auto* instance = record.instance_over(ns.name);
    return instance != nullptr && !instance->driver.empty();
}

}   // namespace

bool is_legacy(const Model& model, const Range& range) {
    bool legacy = false;
    model.resources().walk(range, [&](const Resource& resource, unsigned) {
        legacy = legacy || resource.name == "Persistent Memory (legacy)";
    });
    return legacy;
}

std::string without_claims(std::string_view iomem, const std::function<bool(std::string_view)>& is_claim) {
    std::string text;
    std::optional<std::size_t> dropped;   // indentation of the line whose children go, too
    while (!iomem.empty()) {
        const std::size_t end = std::min(iomem.find('\n'), iomem.size());
        const std::string_view line = iomem.substr(0, end);
        iomem.remove_prefix(std::min(end + 1, iomem.size()));
        const std::size_t depth = std::min(line.find_first_not_of(' '), line.size());
        if (dropped && depth > *dropped) continue;
        dropped.reset();
        const auto colon = line.find(" : ");
        const auto name = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 3);
        if (is_claim(name)) {
            dropped = depth;
        } else {
            text.append(line).append("\n");
        }
    }
    return text;
}

Result<BusReading> BusReader::read(const std::map<std::uint64_t, InfoBlock>& media,
                                   std::shared_ptr<const KernelProfile> profile) {
    Snapshot below = snapshot_;
    if (below.iomem) {
        const auto claimed = claims();
        below.iomem = without_claims(
            *below.iomem, [&](std::string_view name) { return std::ranges::find(claimed, name) != claimed.end(); });
    }
    if (!memory_is_told_) below.blocks.reset();
    auto model = profile ? Model::from_snapshot(below, std::move(profile)) : Model::from_snapshot(below);
    if (!model) return std::move(model).error();
    out_.emplace(BusReading{.bus = {.model = *std::move(model)}, .assumptions = {}});
    bus().media = media;
    bus().last_identity = 1ULL << 32U;
    if (auto read = read_regions(); !read) return read.error();
    if (auto read = read_namespaces(); !read) return read.error();
    enable_namespaces();
    read_dax();
    restore_block_states();
    bus().log.clear();   // was logged when the host came up
    return std::move(*out_);
}

// What is claimed again: namespaces that are active and dax devices with a driver. The memory of kmem devices stays as
// iomem and sysfs show it, where they do.
std::vector<std::string> BusReader::claims() const {
    std::vector<std::string> names;
    for (const auto& ns : record_.namespaces) {
        if (!ns.driver.empty() || has_instance(record_, ns)) names.push_back(ns.name);
    }
    for (const auto& device : record_.dax_devices) {
        const bool kept = device.driver.empty() || (device.driver == "kmem" && memory_is_told_);
        if (!kept) names.push_back(device.name);
    }
    return names;
}

std::string BusReader::provider_of(const NdRegionRecord& region) const {
    const auto found = std::ranges::find(record_.buses, region.bus, &NdBusRecord::name);
    return found == record_.buses.end() ? std::string() : found->provider;
}

// ND_REGION_PAGEMAP is set by e820, of_pmem (named after its platform device) and virtio-pmem, the providers without
// DIMMs (drivers/nvdimm/e820.c, of_pmem.c, virtio_pmem.c).
bool BusReader::maps_pages(const NdRegionRecord& region, const Range& space) const {
    constexpr std::array<std::string_view, 3> kMapping{"e820", "of_pmem", "virtio-pmem"};
    const std::string provider = provider_of(region);
    if (std::ranges::find(kMapping, provider) != kMapping.end()) return true;
    if (provider.empty() && !region.ways) return is_legacy(out_->bus.model, space);
    return region.ways == 0U && !provider.starts_with("ACPI.") && !provider.starts_with("nfit_test");
}

Status BusReader::read_regions() {
    for (const auto& record : record_.regions) {
        const auto name = units::parse_device_name(record.name, "region");
        if (!name || name->second || record.type == "blk" || record.size.value_or(0) == 0) continue;
        if (!record.resource) {
            return Error(
                ErrorKind::not_permitted,
                fmt::format("{}: its address is hidden; run as root or on a snapshot that root took", record.name));
        }
        const auto space = Range::from_size(*record.resource, *record.size);
        if (!space)
            return bad_input(fmt::format("{}: {} bytes at {} end beyond 64 bit addresses", record.name, *record.size,
                                         hex(*record.resource)));
        NdRegion region;
        region.id = name->first;
        if (const auto on = units::parse_device_name(record.bus, "ndbus")) region.bus = on->first;
        region.provider = provider_of(record);
        region.space = *space;
        region.labelled = record.nstype ? record.nstype == 5 : record.available_size.has_value();
        region.can_label = !region.labelled && takes_labels(record_, record);
        region.btt2 = makes_btt2(record_, record, region.labelled).value_or(false);
        region.ways = record.ways.value_or(region.labelled ? 1 : 0);
        const KernelProfile& profile = bus().model.profile();
        region.align = profile.has(Feature::nd_compat_align) ? record.align.value_or(0) : 0;
        if (region.align == 0) region.align = default_region_align(profile, region.space.size(), region.ways);
        region.page_map = maps_pages(record, *space);
        region.read_only = record.read_only.value_or(false);
        region.target_node = record.target_node.value_or(-1);
        region.enabled = !record.driver.empty();
        region.seeds = {instance_id(record.pfn_seed, "pfn"), instance_id(record.dax_seed, "dax"),
                        instance_id(record.btt_seed, "btt")};
        for (const auto& part : record.mappings) {
            const auto dimm = std::ranges::find(record_.dimms, part.dimm, &DimmRecord::name);
            region.mappings.push_back({.dimm = part.dimm,
                                       .start = part.start,
                                       .size = part.size,
                                       .enabled = dimm == record_.dimms.end() || !dimm->driver.empty(),
                                       .slots = dimm == record_.dimms.end() ? std::nullopt : dimm->available_slots});
        }
        bus().regions.push_back(std::move(region));
    }
    std::ranges::sort(bus().regions, {}, &NdRegion::id);
    return Done{};
}

Status BusReader::read_namespaces() {
    for (const auto& record : record_.namespaces) {
        const auto name = units::parse_device_name(record.name, "namespace");
        NdRegion* region = name && name->second ? bus().find_region(name->first) : nullptr;
        if (region == nullptr) continue;
        NdNamespace ns;
        ns.id = *name->second;
        if (record.uuid != kZeroUuid) ns.uuid = record.uuid;   // what ndctl prints where there is none
        if (record.size.value_or(0) != 0) {
            if (!record.resource) {
                return Error(ErrorKind::not_permitted, fmt::format("{}: its address is hidden; run as root or on a "
                                                                   "snapshot that root took",
                                                                   record.name));
            }
            const auto space = Range::from_size(*record.resource, *record.size);
            if (!space || !region->space.contains(*space)) {
                return bad_input(fmt::format("{}: {} bytes at {} do not lie in region{}", record.name, *record.size,
                                             hex(*record.resource), region->id));
            }
            ns.space = *space;
            ns.allocated = true;
        }
        // uuid_store() takes one before there is a size, and size_store() wants just that (nd_namespace_pmem).
        if (region->labelled && (ns.allocated || !ns.uuid.empty())) ns.identity = ++bus().last_identity;
        region->namespaces[ns.id] = ns;
    }
    for (auto& region : bus().regions) region.seed = seed_of(region);
    return Done{};
}

// Where the attribute is not there: the idle one with the highest id, which is the last that was made, else one that was
// not listed (ndctl list without --idle).
int BusReader::seed_of(NdRegion& region) const {
    const auto* record = record_.region(name_of(region));
    if (record != nullptr) {
        const auto name = units::parse_device_name(record->namespace_seed, "namespace");
        if (name && name->second) return *name->second;
    }
    std::optional<int> seed;
    for (const auto& [id, ns] : region.namespaces) {
        if (!ns.allocated) seed = id;
    }
    if (seed || !region.labelled) return seed.value_or(0);
    int fresh = 0;
    while (region.find(fresh) != nullptr) ++fresh;
    region.namespaces[fresh] = {.id = fresh};
    return fresh;
}

void BusReader::enable_namespaces() {
    for (auto& region : bus().regions) {
        const int seed = region.seed;
        std::vector<int> ids;
        for (const auto& [id, _] : region.namespaces) ids.push_back(id);
        for (const int id : ids) {
            if (region.find(id)->allocated) enable(region, *region.find(id));
        }
        // probing advances seeds, but the host has done that already
        if (region.seed != seed) region.namespaces.erase(region.seed);
        region.seed = seed;
    }
}

// ndctl writes holder_class with an info block and empties it when it zeroes one; labels keep it over a reboot.
void BusReader::assume_media(NdNamespace& ns, const NamespaceRecord& record) {
    ns.info_hidden = !record.holder_class.empty();
    if (ns.info_hidden) {
        assume(fmt::format(
            "{} is disabled and its holder_class says {}: nobody can see the info block that tells its layout",
            record.name, record.holder_class));
    } else {
        assume(
            fmt::format("{} is disabled: nobody can see whether an info block lies on it; taken as none", record.name));
    }
}

// Of an instance that claims the namespace and has no driver: nobody shows where its data lie, so they lie where a new
// one would have them.
std::optional<InfoBlock> BusReader::assume_info(const NdNamespace& ns, const NdInstanceRecord& instance, bool is_btt2) {
    const KernelProfile& profile = bus().model.profile();
    InfoBlock info;
    info.mode = mode_of(instance.kind);
    info.parent = ns.identity;
    if (info.mode == NsMode::sector) {
        info.map = PageMap::ram;
        info.btt2 = is_btt2;
        info.sector_size = instance.sector_size.value_or(0);
        if (info.sector_size == 0 || !btt_size(ns.size(), info.sector_size, is_btt2)) return std::nullopt;
    } else {
        if (instance.uuid.empty() || instance.align.value_or(0) == 0) return std::nullopt;   // was never bound
        info.map = instance.mode == "ram" ? PageMap::ram : PageMap::device;
        info.align = *instance.align;
        const PfnAnswer geometry = pfn_geometry(profile, ns.space, info.align, info.map);
        if (geometry.refusal) return std::nullopt;
        info.geometry = geometry.geometry;
    }
    assume(fmt::format("{} is not driven: its info block is taken as one that is made anew", instance.name));
    return info;
}

// An instance is probed without a look at what the namespace itself would be refused for: a sector one that ndctl has just
// made in a legacy range off 2 MiB is active, and will not come back after a reboot.
NdAnswer BusReader::enable_instance(NdRegion& region, NdNamespace& ns, const NdInstanceRecord& instance) {
    ns.claimed = mode_of(instance.kind);
    ns.instance = instance_id(instance.name, to_string(instance.kind));
    const NdAnswer answer = bind_instance(bus(), region, ns);
    ns.claimed.reset();
    return answer;
}

// Through its instance where it has an active one, by itself where it has a driver, else not at all; then what is known
// of its media.
void BusReader::enable(NdRegion& region, NdNamespace& ns) {
    const std::string name = name_of(region, ns);
    const auto* record = record_.find_namespace(name);
    const auto* instance = record_.instance_over(name);
    const auto* block = record_.info_block(name);
    const bool driven = instance != nullptr && !instance->driver.empty();
    std::optional<InfoBlock> info;
    const auto* on = record_.region(name_of(region));
    const auto btt2 = on == nullptr ? std::nullopt : makes_btt2(record_, *on, region.labelled);
    const bool is_btt2 = block != nullptr && block->source == InfoBlockSource::media ? block->offset == 0 : region.btt2;
    if (block != nullptr && is_seen(*record, *block, btt2)) info = info_from(ns, *block, instance, is_btt2);
    if (!info && !driven && instance != nullptr) info = assume_info(ns, *instance, is_btt2);
    if (driven) {
        if (!info) {
            assume(fmt::format("{} is driven by {}, whose layout is not shown: taken as raw", name, instance->name));
        } else {
            bus().media[ns.space.start] = *info;
        }
    } else if (!record->driver.empty()) {
        bus().media.erase(ns.space.start);   // it came up by itself, so there is none that counts
    } else {
        if (info) bus().media[ns.space.start] = *info;
        if (instance != nullptr) ns.claimed = mode_of(instance->kind);
        take_instance(ns, instance);
        if (!bus().media.contains(ns.space.start)) assume_media(ns, *record);
        return;
    }
    const NdAnswer answer = driven && info && !snapshot_.boots_anew ? enable_instance(region, ns, *instance)
                                                                    : enable_namespace(bus(), region, ns);
    take_instance(ns, instance);
    if (!answer.ok()) {
        assume(fmt::format("{} is active on the host although this kernel should have refused it ({}): taken as mapped "
                           "nowhere",
                           name, std::strerror(answer.error)));
    }
    if (!driven && info) bus().media[ns.space.start] = *info;   // force_raw
}

void BusReader::restore_block_states() {
    if (memory_is_told_ || !snapshot_.blocks) return;
    for (const auto& block : *snapshot_.blocks) {
        restore_block_state(bus().model, block.number, block.state, block.valid_zones);
    }
}

void restore_block_state(Model& model, std::uint64_t number, std::string_view state, std::string_view valid_zones) {
    const auto now = model.block(number);
    const bool online = state == "online";
    if (!now) return;
    const bool movable = valid_zones == "Movable";
    // Memory of boot that went offline and came back in another zone.
    const bool moved = online && now->online && !valid_zones.empty() && movable != (now->valid_zones == "Movable");
    if (now->online == online && !moved) return;
    const auto write = [&](const char* word) {
        model.apply(op::SetState{number, word}, Outcome::accept(RuleId::none));
    };
    if (now->online) write("offline");
    if (online) write(movable ? "online_movable" : "online_kernel");
}

Result<BusReading> read_bus(const Snapshot& snapshot, const std::map<std::uint64_t, InfoBlock>& media,
                            std::shared_ptr<const KernelProfile> profile) {
    return BusReader(snapshot).read(media, std::move(profile));
}

Result<NdBus> bus_from_snapshot(const Snapshot& snapshot) {
    auto reading = read_bus(snapshot);
    if (!reading) return std::move(reading).error();
    return std::move(reading->bus);
}

}   // namespace memhot
