// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/kernel_log.hpp"

#include <fmt/format.h>

#include "model/operations.hpp"
#include "model/sparse.hpp"
#include "model/zone_rules.hpp"
#include "model/zonelists.hpp"

namespace memhot {

namespace {

constexpr std::string_view kWarnRemoveAbsent = "WARNING in mm/sparse.c sparse_remove_section";
constexpr std::string_view kWarnRemoveMemory = "WARNING in mm/memory_hotplug.c try_remove_memory";
constexpr std::string_view kWarnMemunmap = "WARNING in mm/memremap.c memunmap_pages";
constexpr std::string_view kWarnAddPages = "WARNING in mm/memory_hotplug.c __add_pages";
constexpr std::string_view kWarnAddMemory = "WARNING in mm/memory_hotplug.c add_memory_resource";
constexpr std::string_view kWarnX86AddPages = "WARNING in arch/x86/mm/init_64.c add_pages";
constexpr std::string_view kWarnS390AddMemory = "WARNING in arch/s390/mm/init.c arch_add_memory";
constexpr std::string_view kWarnPhysPud = "WARNING in arch/x86/include/asm/pgalloc.h phys_pud_init";
constexpr std::string_view kWarnPhysPmd = "WARNING in arch/x86/include/asm/pgalloc.h phys_pmd_init";
constexpr std::string_view kWarnAddressable = "WARNING in mm/memory_hotplug.c check_hotplug_memory_addressable";

// Collects lines; a once-only group is dropped where it was said before.
class Log {
public:
    explicit Log(const State& state) : state_(state) {}

    void line(std::string_view text) { lines_.push_back({std::string(text), -1}); }
    void add(KernelMessage message) { lines_.push_back(std::move(message)); }
    template <class... Text>
    void once(Once site, Text&&... text) {
        if (state_.said[static_cast<std::size_t>(site)]) return;
        (lines_.push_back({std::string(std::forward<Text>(text)), static_cast<int>(site)}), ...);
    }
    [[nodiscard]] const State& state() const { return state_; }
    [[nodiscard]] std::vector<KernelMessage> take() { return std::move(lines_); }

private:
    const State& state_;
    std::vector<KernelMessage> lines_;
};

// arch/x86/mm/init_64.c add_pages: WARN_ON_ONCE(ret)
void x86_add_pages_failed(Log& log) {
    if (log.state().profile->arch == Arch::x86_64) log.once(Once::x86_add_pages, kWarnX86AddPages);
}

void beyond_pluggable(Log& log, std::uint64_t start, std::uint64_t size, const Range& limit) {
    log.line(fmt::format("Hotplug memory [{:#x}-{:#x}] exceeds maximum addressable range [{:#x}-{:#x}]", start,
                         start + size, limit.start, limit.last));
}

// check_hotplug_memory_addressable() prints 2^(BITS+1)-1 as the maximum
void beyond_physmem(Log& log, std::uint64_t start, std::uint64_t size) {
    log.line(fmt::format("Hotplugged memory exceeds maximum addressable address, range={:#x}-{:#x}, maximum={:#x}",
                         start, start + size - 1, (2ULL << log.state().profile->max_physmem_bits) - 1));
    log.line(kWarnAddressable);
    x86_add_pages_failed(log);
}

// __request_region(): names what was placed there, and what was asked for (2794129e902d)
void device_private_in_the_way(Log& log, std::uint64_t start, std::uint64_t size) {
    const Resource* conflict = log.state().resources->request_conflict(start, size);
    if (conflict == nullptr || !conflict->device_private || !log.state().has(Feature::device_private_warning)) return;
    log.line(
        fmt::format("resource: Unaddressable device {} [mem {:#010x}-{:#010x}] conflicts with [mem {:#010x}-{:#010x}]",
                    conflict->name, conflict->range.start, conflict->range.last, start, start + size - 1));
}

std::string_view memremap(const Log& log) {
    return log.state().has(Feature::memremap_devm_only) ? "devm_memremap_pages" : "memremap_pages";
}

std::string memremap_warning(const Log& log) { return fmt::format("WARNING in mm/memremap.c {}", memremap(log)); }

// The resource of a pmem or dax driver has no flag but IORESOURCE_MEM, 0x200.
void ram_in_the_way(Log& log, const op::Map& map, std::string_view what) {
    const std::uint64_t last = map.start + map.size - 1;
    log.once(Once::memremap_ram,
             log.state().has(Feature::memremap_prints_resource)
                 ? fmt::format("{} attempted on {} region [mem {:#010x}-{:#010x} flags 0x200]", memremap(log), what,
                               map.start, last)
                 : fmt::format("attempted on {} region {:#x}-{:#x}", what, map.start, last),
             memremap_warning(log));
}

void outside_linear_map(Log& log, std::uint64_t start, std::uint64_t size) {
    log.line(fmt::format("[{:x} {:x}] is outside linear mapping region", start, start + size));
}

void misaligned(Log& log, const op::Map& map) {
    const std::uint64_t first = log.state().pfn(map.start);
    const std::uint64_t last = log.state().pfn(map.start + map.size) - 1;
    const std::string_view form = log.state().has(Feature::misaligned_end_hex) ? "0x" : "#";
    log.line(fmt::format("Misaligned __add_pages start: {:#x} end: {}{:x}", first, form, last));
    log.line(kWarnAddPages);
    x86_add_pages_failed(log);
}

// memremap_pages() calls memunmap_pages() on its way out; pages that were handed out stay so with the pieces.
void pieces_failed(Log& log, const op::Map& map) {
    x86_add_pages_failed(log);
    if (!map.altmap) return;
    const AddPagesAnswer added = add_pages(log.state(), *Range::from_size(map.start, map.size), &*map.altmap);
    if (added.altmap_pages != 0) log.once(Once::memunmap_reserved, "failed to free all reserved pages", kWarnMemunmap);
}

// init_memory_mapping() comes before add_pages()
void direct_map_splits(Log& log, std::uint64_t start, std::uint64_t size, const Outcome& answer) {
    const auto range = Range::from_size(start, size);
    if (!range || !was_mapped_directly(log.state(), answer)) return;
    const DirectMap::Splits splits = log.state().direct_map->splits(*range);
    if (splits.gib) log.once(Once::direct_map_pud, kWarnPhysPud);
    if (splits.mib) log.once(Once::direct_map_pmd, kWarnPhysPmd);
}

void log_for(Log& log, const op::Map& map, const Outcome& answer) {
    if (map.type != MapType::device_private) direct_map_splits(log, map.start, map.size, answer);
    switch (answer.rule) {
        case RuleId::map_claim_busy: device_private_in_the_way(log, map.start, map.size); break;
        case RuleId::map_type_unsupported:
            log.line("Device private memory not supported");
            log.line(memremap_warning(log));
            break;
        case RuleId::map_altmap_unsupported: log.once(Once::s390_altmap, kWarnS390AddMemory); break;
        case RuleId::map_conflict_start:
        case RuleId::map_conflict_end:
            log.line("Conflicting mapping in same section");
            log.line(memremap_warning(log));
            break;
        case RuleId::map_ram: ram_in_the_way(log, map, "ram"); break;
        case RuleId::map_ram_mixed: ram_in_the_way(log, map, "mixed"); break;
        case RuleId::map_beyond_pluggable:
            beyond_pluggable(log, map.start, map.size,
                             map.type == MapType::device_private ? log.state().limits.physical
                                                                 : log.state().limits.mappable);
            break;
        case RuleId::map_beyond_linear_map: outside_linear_map(log, map.start, map.size); break;
        case RuleId::map_beyond_physmem: beyond_physmem(log, map.start, map.size); break;
        case RuleId::map_altmap_invalid:
            log.once(Once::altmap_invalid, "memory add fail, invalid altmap");
            x86_add_pages_failed(log);
            break;
        case RuleId::map_misaligned: misaligned(log, map); break;
        case RuleId::map_subsection_active:
        case RuleId::map_altmap_exhausted: pieces_failed(log, map); break;
        default: break;
    }
}

// change: puts a block online or offline in the state that it is given. What that logs of the zonelists.
template <class Change>
void zonelists_after(Log& log, State& state, Change&& change) {
    const unsigned before = state.zonelists->rebuilt;
    change(state);
    if (state.zonelists->rebuilt == before) return;
    for (auto& line : zonelist_lines(state)) log.add(std::move(line));
}

// Where the block at that address would go. Answers without a copy of the state are most of all.
bool fills_empty_zone(const State& state, OnlineType type, int node, std::uint64_t address) {
    const Zone zone = zone_for(state, type, node, 0, state.pfn(address), state.pages(state.block_size));
    return is_zone_empty(state, node, zone);
}

void onlined_by_default(Log& log, const op::Add& add, const Outcome& answer) {
    const OnlineType type = log.state().policy.default_online;
    const auto range = Range::from_size(add.start, add.size);
    if (!answer.accepted() || !range || type == OnlineType::offline) return;
    if (!log.state().policy.auto_movable && !fills_empty_zone(log.state(), type, add.node, add.start)) return;
    State after = log.state();
    after.policy.default_online = OnlineType::offline;
    commit(after, add, answer, -1);
    after.policy.default_online = type;
    // Told first, because what is online is written into the same table.
    std::vector<std::uint64_t> numbers;
    after.blocks.for_each_in(after.block_of(range->start), after.block_of(range->last),
                             [&](std::uint64_t number, const Block&) {
                                 numbers.push_back(number);
                                 return true;
                             });
    for (const auto number : numbers)
        zonelists_after(log, after, [&](State& state) { set_online(state, number, type); });
}

void log_for(Log& log, const op::Add& add, const Outcome& answer) {
    direct_map_splits(log, add.start, add.size, answer);
    onlined_by_default(log, add, answer);
    switch (answer.rule) {
        case RuleId::add_beyond_pluggable:
            beyond_pluggable(log, add.start, add.size, log.state().limits.mappable);
            break;
        case RuleId::add_device_private_conflict: device_private_in_the_way(log, add.start, add.size); break;
        case RuleId::add_block_unaligned:   // no newline at its end: surfaces with the next line
            log.line(fmt::format("Block size [{:#x}] unaligned hotplug range: start {:#x}, size {:#x}",
                                 log.state().block_size, add.start, add.size));
            break;
        case RuleId::add_node_impossible:
            log.line(fmt::format("node {} was absent from the node_possible_map", add.node));
            log.line(kWarnAddMemory);
            break;
        case RuleId::add_beyond_linear_map: outside_linear_map(log, add.start, add.size); break;
        case RuleId::add_beyond_physmem: beyond_physmem(log, add.start, add.size); break;
        case RuleId::add_subsection_active: x86_add_pages_failed(log); break;
        default: break;
    }
}

void log_for(Log& log, const op::Probe& probe, const Outcome& answer) {
    log_for(log, add_of_probe(log.state(), probe), answer);
}

void offlined(Log& log, std::uint64_t number) {
    const State& state = log.state();
    const Block& block = state.blocks.at(number);
    if (!state.has(Feature::offlined_pages_message) || !block.exists || !block.online) return;
    log.line(fmt::format("Offlined Pages {}", state.pages(state.block_size) - block.vmemmap_pages));
}

void onlined_block(Log& log, std::uint64_t address) {
    log.line(fmt::format("removing memory fails, because memory [{:#018x}-{:#018x}] is onlined", address,
                         address + log.state().block_size - 1));
}

// try_remove_memory(): what 5.13 to 6.7 say; since then memory_blocks_have_altmaps() warns
void wrong_granularity(Log& log, std::uint64_t start, std::uint64_t size) {
    if (log.state().has(Feature::memmap_on_memory_split)) {
        log.once(Once::remove_altmaps, kWarnRemoveMemory);
    } else {
        log.line(fmt::format("Refuse to remove {:#x} - {:#x},wrong granularity", start, start + size));
    }
}

// sparse_remove_section() of sections that are not there (mm/sparse.c)
void sections_removed(Log& log, const Range& range) {
    const State& state = log.state();
    const auto part = intersection(range, state.limits.physical);
    if (!part) return;
    bool absent = false;
    for_each_piece(state.sections, *part, [&](const Piece& piece) {
        absent = !state.sections.has(piece.section, SectionTable::kHasMemMap);
        return !absent;
    });
    if (absent) log.once(Once::remove_absent, kWarnRemoveAbsent);
}

void log_for(Log& log, const op::Remove& remove, const Outcome& answer) {
    const auto range = Range::from_size(remove.start, remove.size);
    if (answer.accepted() && range) sections_removed(log, *range);
    if (answer.rule == RuleId::remove_block_online) onlined_block(log, answer.at);
    if (answer.rule == RuleId::remove_memmap_granularity) wrong_granularity(log, remove.start, remove.size);
}

void log_for(Log& log, const op::OfflineAndRemove& remove, const Outcome& answer) {
    const auto range = Range::from_size(remove.start, remove.size);
    if (answer.rule == RuleId::remove_memmap_granularity) wrong_granularity(log, remove.start, remove.size);
    if (!answer.accepted() || !range) return;
    State after = log.state();
    for_each_block(log.state(), *range, [&](std::uint64_t number, const Block& block) {
        offlined(log, number);
        if (block.online) zonelists_after(log, after, [number](State& state) { set_offline(state, number); });
        return true;
    });
    sections_removed(log, *range);
}

// set_migratetype_isolate() dumps the page that would not move (mm/page_isolation.c, mm/debug.c dump_page): its address,
// flags and contents are the kernel's own. Nothing but reserved pages is in the way in Movable; there migration fails.
void unmovable_page(Log& log, std::uint64_t number) {
    if (zone_of_online_block(log.state(), number, log.state().blocks.at(number)) == Zone::movable) return;
    log.add({"page: ?", -1, true});
    log.line("page dumped because: unmovable page");
}

void put_online(Log& log, const op::SetState& set, OnlineType type) {
    const Block& block = log.state().blocks.at(set.block);
    if (block.online || !fills_empty_zone(log.state(), type, block.node, set.block * log.state().block_size)) return;
    State after = log.state();
    zonelists_after(log, after, [&](State& state) { set_online(state, set.block, type); });
}

void put_offline(Log& log, const op::SetState& set) {
    offlined(log, set.block);
    if (!log.state().blocks.at(set.block).online) return;
    State after = log.state();
    zonelists_after(log, after, [&](State& state) { set_offline(state, set.block); });
}

void log_for(Log& log, const op::SetState& set, const Outcome& answer) {
    const auto type = parse_online_type(set.state);
    if (answer.accepted() && type && log.state().blocks.at(set.block).exists) {
        *type == OnlineType::offline ? put_offline(log, set) : put_online(log, set, *type);
    }
    if (answer.rule == RuleId::offline_unmovable && answer.kind == Outcome::Kind::refused)
        unmovable_page(log, set.block);
    if (answer.rule == RuleId::offline_boot_memory && log.state().has(Feature::arm64_boot_memory_warns)) {
        log.line(
            fmt::format("Boot memory [{:x} {:x}] offlining attempted", answer.at, answer.at + log.state().block_size));
    }
}

void log_for(Log& log, const op::Release& release, const Outcome& answer) {
    if (answer.rule != RuleId::release_nonexistent) return;
    const std::uint64_t last = release.start + release.size - 1;
    log.line(log.state().has(Feature::resource_message_prefix)
                 ? fmt::format("resource: Trying to free nonexistent resource <{:#018x}-{:#018x}>", release.start, last)
                 : fmt::format("Trying to free nonexistent resource <{:016x}-{:016x}>", release.start, last));
}

void log_for(Log& log, const op::Claim& claim, const Outcome& answer) {
    if (answer.rule == RuleId::claim_conflict) device_private_in_the_way(log, claim.start, claim.size);
}

void log_for(Log&, const op::RemoveResource&, const Outcome&) {}
void log_for(Log&, const op::Unmap&, const Outcome&) {}
void log_for(Log&, const op::SetAutoOnline&, const Outcome&) {}

}   // namespace

std::vector<KernelMessage> kernel_log(const State& state, const Operation& operation, const Outcome& answer) {
    Log log(state);
    std::visit([&](const auto& asked) { log_for(log, asked, answer); }, operation);
    return log.take();
}

}   // namespace memhot
