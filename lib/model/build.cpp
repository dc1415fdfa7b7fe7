// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A model from a snapshot: boot RAM and its sections from iomem, then what was added since, then device mappings. What
// userspace cannot see is taken as the kernel leaves it without failures, and named as an assumption.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>

#include "model/boot_zones.hpp"
#include "model/device_mappings.hpp"
#include "model/parameters.hpp"
#include "model/sparse.hpp"
#include "model/state.hpp"
#include "model/zone_rules.hpp"
#include "model/zonelists.hpp"
#include "units/quote.hpp"

namespace memhot {

namespace {

// A stretch of System RAM, or of arm64 memory that is not mapped but in memblock.
struct RamRange {
    Range range;
    bool boot = true;
};

bool hot_added_by_name(const Resource& resource) { return resource.name.starts_with("System RAM ("); }

bool in_firmware_map(const Snapshot& snapshot, const Range& range) {
    return std::any_of(snapshot.firmware_ram.begin(), snapshot.firmware_ram.end(), [&](const std::string& text) {
        const auto entry = parse_range(text, {});
        return entry && entry->overlaps(range);
    });
}

// arch/arm64/kernel/setup.c request_standard_resources(), arch/riscv alike: memory without a linear map (nomap) is
// "reserved" at the top level, and in memblock all the same.
bool is_nomap(const Resource& resource, Arch arch) {
    return resource.name == "reserved" && (arch == Arch::arm64 || arch == Arch::riscv64);
}

void collect_ram(const std::vector<Resource>& resources, const Snapshot& snapshot, Arch arch, unsigned depth,
                 std::vector<RamRange>& out) {
    for (const auto& resource : resources) {
        if (resource.system_ram) {
            const bool unlisted = !snapshot.firmware_ram.empty() && !in_firmware_map(snapshot, resource.range);
            out.push_back({resource.range, depth == 0 && !hot_added_by_name(resource) && !unlisted});
        } else if (depth == 0 && is_nomap(resource, arch)) {
            out.push_back({resource.range, true});
        } else {
            collect_ram(resource.children, snapshot, arch, depth + 1, out);
        }
    }
}

Result<std::vector<int>> parse_node_list(std::string_view text) {
    std::vector<int> nodes;
    const auto number = [&](std::string_view part) -> std::optional<int> {
        int value = 0;
        const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
        if (error != std::errc{} || end != part.data() + part.size() || value < 0 || value > 4095) return std::nullopt;
        return value;
    };
    while (!text.empty()) {
        const std::string_view part = text.substr(0, std::min(text.find(','), text.size()));
        const auto first = number(part.substr(0, std::min(part.find('-'), part.size())));
        const auto last = part.find('-') == std::string_view::npos ? first : number(part.substr(part.find('-') + 1));
        if (!first || !last || *last < *first) {
            return bad_input(fmt::format("possible nodes: {}: a list such as 0-1,4 expected", units::quoted(part)));
        }
        for (int node = *first; node <= *last; ++node) nodes.push_back(node);
        text.remove_prefix(std::min(part.size() + 1, text.size()));
    }
    return nodes;
}

// Which node a block belongs to, from the records or from what the snapshot says about blocks in general.
class NodeOfBlock {
public:
    explicit NodeOfBlock(const Snapshot& snapshot) : nodes_(snapshot.block_nodes) {
        if (!snapshot.blocks) return;
        for (const auto& block : *snapshot.blocks) {
            if (block.node) nodes_[block.number] = *block.node;
        }
    }
    int operator()(std::uint64_t block) const {
        const auto found = nodes_.find(block);
        return found == nodes_.end() ? 0 : found->second;
    }

private:
    std::map<std::uint64_t, int> nodes_;
};

// Cuts a range of boot RAM where the node changes; memblock works in whole pages, rounded inwards.
void append_boot_ram(std::vector<BootRam>& out, const Range& range, const State& state, const NodeOfBlock& node_of) {
    const std::uint64_t page = state.profile->page_size;
    const std::uint64_t first = align_up(range.start, page) / page;
    const std::uint64_t end =
        range.last == std::numeric_limits<std::uint64_t>::max() ? range.last / page : (range.last + 1) / page;
    const std::uint64_t per_block = state.pages(state.block_size);
    for (std::uint64_t pfn = first; pfn < end;) {
        const int node = node_of(pfn / per_block);
        std::uint64_t stop = std::min(end, (pfn / per_block + 1) * per_block);
        while (stop < end && node_of(stop / per_block) == node) stop = std::min(end, stop + per_block);
        out.push_back({pfn, stop, node});
        pfn = stop;
    }
}

// memblocks_present() and subsection_map_init(): whole sections early, bits rounded out to sub-sections.
void make_early_sections(State& state) {
    const std::uint64_t page = state.profile->page_size;
    for (const auto& ram : *state.boot_ram) {
        const Range out{align_down(ram.first * page, kSubsectionSize), (ram.end * page - 1) | (kSubsectionSize - 1)};
        for_each_piece(state.sections, out, [&](const Piece& piece) {
            state.sections.set(piece.section, piece.span, true);
            state.sections.set_flags(piece.section, SectionTable::kPresent | SectionTable::kHasMemMap |
                                                        SectionTable::kOnline | SectionTable::kEarly);
            return true;
        });
    }
}

// memory_dev_init(): a block for each that holds a present section.
void make_boot_blocks(State& state, const NodeOfBlock& node_of) {
    std::set<std::uint64_t> numbers;
    state.sections.for_each_present(
        [&](std::uint64_t section) { numbers.insert(state.block_of(section * state.sections.section_size())); });
    const std::uint64_t pages = state.pages(state.block_size);
    for (const std::uint64_t number : numbers) {
        const int node = node_of(number);
        const Zone zone = boot_block_zone(state.nodes[node], number * pages, pages);
        state.blocks.writable(number) = {.exists = true,
                                         .online = true,
                                         .boot = true,
                                         .zone = zone,
                                         .node = static_cast<std::int16_t>(node),
                                         .vmemmap_pages = 0};
    }
}

void add_hot_ram(State& state, const std::vector<RamRange>& ram) {
    for (const auto& part : ram) {
        if (part.boot) continue;
        const Range whole{align_up(part.range.start, kSubsectionSize),
                          align_down(part.range.last + 1, kSubsectionSize) - 1};
        if (whole.start < whole.last) activate(state, whole, whole.last + 1);
    }
}

std::optional<Zone> zone_named(std::string_view name) {
    for (unsigned i = 0; i < kZones; ++i) {
        if (name == to_string(static_cast<Zone>(i))) return static_cast<Zone>(i);
    }
    return std::nullopt;
}

Status check_block_records(const State& state, const Snapshot& snapshot) {
    if (!snapshot.blocks) return Done{};
    const std::uint64_t end = state.block_of(state.limits.physical.last) + 1;
    for (const auto& record : *snapshot.blocks) {
        if (record.number < end) continue;
        return bad_input(fmt::format("memory{}: a number below {} expected (blocks of {:#x}, {} bits of addresses)",
                                     record.number, end, state.block_size, state.profile->max_physmem_bits));
    }
    return Done{};
}

// What sysfs says of blocks wins over what boot would have made.
void apply_block_records(State& state, const Snapshot& snapshot, const NodeOfBlock& node_of) {
    state.blocks = BlockTable{};
    const std::uint64_t sections = state.block_size / state.sections.section_size();
    for (const auto& record : *snapshot.blocks) {
        const std::uint64_t first = record.number * sections;
        const bool online = record.state != "offline";
        bool boot = false;
        for (std::uint64_t section = first; section < first + sections; ++section) {
            const std::uint8_t flags = state.sections.flags(section);
            boot = boot || (flags & SectionTable::kEarly) != 0;
            if (flags == 0) continue;
            state.sections.set_flags(section, static_cast<std::uint8_t>(online ? flags | SectionTable::kOnline
                                                                               : flags & ~SectionTable::kOnline));
        }
        const auto zone = online ? zone_named(record.valid_zones) : std::nullopt;
        state.blocks.writable(record.number) = {.exists = true,
                                                .online = online,
                                                .boot = boot,
                                                .zone = zone.value_or(Zone::none),
                                                .node = static_cast<std::int16_t>(node_of(record.number)),
                                                .vmemmap_pages = 0};
    }
}

void apply_zone_records(State& state, const Snapshot& snapshot) {
    state.nodes.clear();
    for (const auto& record : snapshot.zones) {
        const auto zone = zone_named(record.name);
        if (!zone) continue;
        ZoneState& span = state.nodes[record.node][*zone];
        const auto boot = state.boot_nodes->find(record.node);
        span.start = record.spanned != 0 ? record.start_pfn : 0;
        span.spanned = record.spanned;
        span.present = record.present;
        span.cma = record.cma;
        if (boot != state.boot_nodes->end()) span.present_early = std::min(boot->second[*zone].present, record.present);
    }
}

// Why a claim cannot have struct pages; empty where it can.
std::string_view unmappable(const State& state, const Range& range) {
    if (!can_be_there(state, range)) return "it is beyond the physical addresses of this kernel";
    return is_whole_subsections(range) ? "" : "it is not 2 MiB aligned";
}

// Of a claim what has struct pages, where that can be.
void add_mapping(State& state, const DeviceClaim& claim, const Range& pages, std::vector<std::string>& assumptions) {
    const std::string& name = claim.claim.name;
    if (const auto why = unmappable(state, pages); !why.empty()) {
        assumptions.push_back(fmt::format("{} at {} has no struct pages: {}", name, to_string(pages), why));
        return;
    }
    if (!claim.assumption.empty()) assumptions.push_back(claim.assumption);
    activate(state, pages, pages.last + 1);
    auto& pgmaps = state.pgmaps.writable();
    pgmaps.insert({.handle = pgmaps.lowest_free_handle(),
                   .range = pages,
                   .type = claim.type,
                   .claimed = pages == claim.claim.range,
                   .owner = name,
                   .altmap = std::nullopt},
                  state.pfns(pages));
}

void add_mappings(State& state, const std::vector<DeviceClaim>& claims, std::vector<std::string>& assumptions) {
    for (const auto& claim : claims) {
        for (const auto& pages : claim.pages) add_mapping(state, claim, pages, assumptions);
    }
}

Range physical_range(const KernelProfile& profile) {
    if (profile.max_physmem_bits >= 64) return {0, std::numeric_limits<std::uint64_t>::max()};
    return {0, (1ULL << profile.max_physmem_bits) - 1};
}

// What a kernel of this profile cannot have, or what the tables of the model are not made for.
Status check_extent(const State& state, const std::vector<RamRange>& ram, const std::vector<DeviceClaim>& claims) {
    constexpr std::uint64_t kMostSections = 1ULL << 23;   // 1 PiB of sections of 128 MiB
    std::uint64_t sections = 0;
    const auto count = [&](const Range& range) {
        sections += state.sections.number_of(range.last) - state.sections.number_of(range.start) + 1;
    };
    for (const auto& part : ram) {
        if (!can_be_there(state, part.range)) {
            return bad_input(fmt::format("System RAM at {}: an end within the {} bits of physical addresses expected",
                                         to_string(part.range), state.profile->max_physmem_bits));
        }
        count(part.range);
    }
    for (const auto& claim : claims) {
        for (const auto& pages : claim.pages) {
            if (unmappable(state, pages).empty()) count(pages);
        }
    }
    if (sections <= kMostSections) return Done{};
    return bad_input(fmt::format("{} sections of memory: at most {} expected", sections, kMostSections));
}

// arch/x86/mm/kaslr.c kernel_randomize_memory(): KASLR shrinks the direct map to boot memory, in whole TiB, and room for
// hotplug (CONFIG_RANDOMIZE_MEMORY_PHYSICAL_PADDING, 10 where memory can be added); since 7ffb791423c7 no longer where
// there is ZONE_DEVICE.
std::uint64_t direct_map_end(const State& state, std::string_view cmdline, std::uint64_t top) {
    constexpr std::uint64_t kPadding = 10;
    const bool shrinks = state.profile->arch == Arch::x86_64 && !state.has(Feature::direct_map_full) &&
                         !command_line_value(cmdline, "nokaslr");
    if (!shrinks || state.boot_ram->empty()) return top;
    const std::uint64_t ram_end = state.boot_ram->back().end * state.profile->page_size;
    const std::uint64_t tebibytes = (ram_end + kTiB - 1) / kTiB + kPadding;
    return std::min(top, tebibytes * kTiB - 1);
}

// arch/arm64/mm/mmu.c arch_get_mappable_range(): the linear map is half of a 48 bit space and starts at the first RAM,
// aligned to ARM64_MEMSTART_ALIGN (arch/arm64/include/asm/kernel-pgtable.h): 1 GiB, 512 MiB with 64K pages, a section at
// least.
Range arm64_linear_map(const State& state, std::uint64_t top) {
    constexpr std::uint64_t kLinearMap = 1ULL << 47;
    if (state.boot_ram->empty()) return {0, top};
    const KernelProfile& profile = *state.profile;
    const std::uint64_t align =
        std::max(profile.section_size(), profile.page_size == 64 * kKiB ? profile.pmd_size : kGiB);
    const std::uint64_t base = align_down(state.boot_ram->front().first * profile.page_size, align);
    return {base, std::min(top, base + kLinearMap - 1)};
}

// mm/memory_hotplug.c mhp_get_pluggable_range()
AddressLimits address_limits(const State& state, std::string_view cmdline) {
    const std::uint64_t top = physical_range(*state.profile).last;
    AddressLimits limits{
        .physical = {0, top}, .mappable = {0, top}, .direct_map = {0, direct_map_end(state, cmdline, top)}};
    if (state.profile->arch == Arch::x86_64) limits.mem = read_mem_limit(cmdline);
    if (state.profile->arch == Arch::arm64) limits.mappable = arm64_linear_map(state, top);
    if (!state.has(Feature::direct_map_limit)) return limits;
    limits.mappable.last = std::min(limits.mappable.last, limits.direct_map.last);
    limits.physical.last = limits.mappable.last;
    return limits;
}

Status check_block_size(std::uint64_t block_size, const KernelProfile& profile) {
    const bool power_of_two = block_size != 0 && (block_size & (block_size - 1)) == 0;
    if (power_of_two && block_size >= profile.section_size()) return Done{};
    return bad_input(fmt::format("memory block size {:#x}: a power of two of at least one section ({:#x}) expected",
                                 block_size, profile.section_size()));
}

constexpr std::string_view kNoDimms =
    "no memory there came as a DIMM, of which auto-movable decides as a whole (nothing tells it from memory of boot)";
constexpr std::string_view kNoFailures =
    "no earlier add or mapping failed since boot (a failed one leaves sections active that nobody can see)";

void take_boot(State& state, const Snapshot& snapshot, const std::vector<RamRange>& ram, const NodeOfBlock& node_of) {
    std::vector<BootRam> boot;
    for (const auto& part : ram) {
        if (part.boot) append_boot_ram(boot, part.range, state, node_of);
    }
    state.boot_ram = std::make_shared<const std::vector<BootRam>>(std::move(boot));
    state.nodes = boot_zones(*state.boot_ram, snapshot.cmdline, *state.profile);
    state.boot_nodes = std::make_shared<const Nodes>(state.nodes);
    make_early_sections(state);
    if (!snapshot.blocks) make_boot_blocks(state, node_of);
}

Status take_nodes(State& state, const Snapshot& snapshot) {
    auto possible = parse_node_list(snapshot.possible_nodes.value_or("0"));
    if (!possible) return std::move(possible).error();
    state.possible_nodes = std::make_shared<const std::vector<int>>(*std::move(possible));
    return Done{};
}

}   // namespace

bool Model::State::node_possible(int node) const {
    return std::find(possible_nodes->begin(), possible_nodes->end(), node) != possible_nodes->end();
}

Result<Model> Model::from_snapshot(const Snapshot& snapshot, std::shared_ptr<const KernelProfile> profile) {
    if (!snapshot.iomem) {
        return Error(ErrorKind::not_permitted,
                     snapshot.iomem_hidden.empty() ? "the snapshot holds no /proc/iomem" : snapshot.iomem_hidden);
    }
    auto resources = ResourceTree::parse(*snapshot.iomem, to_string(profile->arch));
    if (!resources) return std::move(resources).error().add_context("/proc/iomem");
    auto state = std::make_shared<State>(std::move(profile));
    state->block_size = snapshot.memory_block_size.value_or(state->profile->section_size());
    if (auto checked = check_block_size(state->block_size, *state->profile); !checked)
        return std::move(checked).error();
    if (auto taken = take_nodes(*state, snapshot); !taken) return std::move(taken).error();

    if (state->has(Feature::soft_reserved_hidden)) resources->dissolve("Soft Reserved");
    std::vector<RamRange> ram;
    collect_ram(resources->roots(), snapshot, state->profile->arch, 0, ram);
    state->resources = Cow<ResourceTree>(*std::move(resources));
    state->limits.physical = physical_range(*state->profile);
    const auto claims = device_claims(*state->resources, snapshot);
    if (auto checked = check_extent(*state, ram, claims); !checked) {
        return std::move(checked).error().add_context("/proc/iomem");
    }
    if (auto checked = check_block_records(*state, snapshot); !checked) return std::move(checked).error();
    state->policy = read_policy(snapshot, *state->profile);
    state->probe_file = snapshot.probe.value_or(state->has(Feature::memory_probe));
    // elsewhere the file is always there, or never
    state->probe_known = snapshot.probe.has_value() || state->profile->arch != Arch::x86_64;
    const NodeOfBlock node_of(snapshot);
    take_boot(*state, snapshot, ram, node_of);
    add_hot_ram(*state, ram);
    if (snapshot.blocks) apply_block_records(*state, snapshot, node_of);
    if (!snapshot.zones.empty()) apply_zone_records(*state, snapshot);
    groups_of_host(*state);
    state->zonelists = Cow<Zonelists>(zonelists_of(*state, snapshot.zones));
    state->limits = address_limits(*state, snapshot.cmdline);

    // What is supposed of the kernel comes first: a text shows one of them.
    std::vector<std::string> assumptions = state->profile->assumptions;
    assumptions.emplace_back(kNoFailures);
    if (state->policy.auto_movable) assumptions.emplace_back(kNoDimms);
    add_mappings(*state, claims, assumptions);
    state->assumptions = std::make_shared<const std::vector<std::string>>(std::move(assumptions));
    return Model(std::move(state));
}

Result<Model> Model::from_snapshot(const Snapshot& snapshot) {
    auto profile = snapshot.profile();
    if (!profile) return std::move(profile).error();
    return from_snapshot(snapshot, std::make_shared<const KernelProfile>(*std::move(profile)));
}

}   // namespace memhot
