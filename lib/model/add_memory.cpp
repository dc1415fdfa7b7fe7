// SPDX-License-Identifier: LGPL-2.1-or-later
//
// add_memory(), add_memory_driver_managed() (mm/memory_hotplug.c) and the sysfs file `probe` (drivers/base/memory.c).
#include <array>
#include <cerrno>
#include <optional>

#include "model/operations.hpp"
#include "model/sparse.hpp"

namespace memhot {

namespace {

using Answer = std::optional<Outcome>;

Answer check_driver_name(const State& state, const op::Add& add) {
    if (!add.driver_managed || !state.has(Feature::driver_managed_ram)) return std::nullopt;
    const std::string_view name = add.resource_name;
    if (name.starts_with("System RAM (") && name.ends_with(")")) return std::nullopt;
    return Outcome::refuse(RuleId::add_driver_name, EINVAL, add.start);
}

// register_memory_resource(): mhp_range_allowed() since 5.12, also for a size of 0 and a wrap.
Answer check_pluggable(const State& state, const op::Add& add) {
    if (!state.has(Feature::pluggable_range)) return std::nullopt;
    const auto range = Range::from_size(add.start, add.size);
    if (range && state.limits.mappable.contains(*range)) return std::nullopt;
    return Outcome::refuse(RuleId::add_beyond_pluggable, E2BIG, add.start);
}

// register_memory_resource() of 5.1 to 5.6 (357b4da50a62): start + size > max_mem_size
Answer check_mem_limit(const State& state, const op::Add& add) {
    if (!state.has(Feature::mem_limits_hotplug) || add.start + add.size <= state.limits.mem) return std::nullopt;
    return Outcome::refuse(RuleId::add_beyond_mem_limit, E2BIG, add.start);
}

Answer check_resource(const State& state, const op::Add& add) {
    const Resource* conflict = state.resources->request_conflict(add.start, add.size);
    if (conflict == nullptr) return std::nullopt;
    const auto rule = conflict->device_private ? RuleId::add_device_private_conflict : RuleId::add_resource_conflict;
    return Outcome::refuse(rule, EEXIST, conflict->range.start);
}

// check_hotplug_memory_range() (ba3253a4e2b9)
Answer check_block_aligned(const State& state, const op::Add& add) {
    if (add.size != 0 && is_aligned(add.start, state.block_size) && is_aligned(add.size, state.block_size)) {
        return std::nullopt;
    }
    return Outcome::refuse(RuleId::add_block_unaligned, EINVAL, add.start);
}

Answer check_node(const State& state, const op::Add& add) {
    if (!state.has(Feature::node_possible_check) || state.node_possible(add.node)) return std::nullopt;
    return Outcome::refuse(RuleId::add_node_impossible, EINVAL, add.start);
}

// Before 6.8 an unsupported MHP_MEMMAP_ON_MEMORY is an error, since then it falls back silently.
Answer check_memmap_on_memory(const State& state, const op::Add& add) {
    if (!add.memmap_on_memory || !state.has(Feature::memmap_on_memory) || state.has(Feature::memmap_on_memory_split)) {
        return std::nullopt;
    }
    if (supports_memmap_on_memory(state, add.size)) return std::nullopt;
    return Outcome::refuse(RuleId::add_memmap_on_memory_unsupported, EINVAL, add.start);
}

// arch/arm64/mm/mmu.c arch_add_memory of 5.10 and 5.11
Answer check_linear_map(const State& state, const op::Add& add) {
    if (!state.has(Feature::arm64_linear_range_in_arch)) return std::nullopt;
    if (state.limits.mappable.contains(Range{add.start, add.start + add.size - 1})) return std::nullopt;
    return Outcome::refuse(RuleId::add_beyond_linear_map, EINVAL, add.start);
}

Answer check_add_pages(const State& state, const op::Add& add) {
    const AddPagesAnswer added = add_pages(state, Range{add.start, add.start + add.size - 1}, nullptr);
    switch (added.what) {
        case AddPagesAnswer::What::beyond_physmem: return Outcome::refuse(RuleId::add_beyond_physmem, E2BIG, added.at);
        case AddPagesAnswer::What::active: return Outcome::refuse(RuleId::add_subsection_active, EEXIST, added.at);
        default: return std::nullopt;   // whole blocks are aligned, and RAM for the memmap is assumed
    }
}

// create_memory_block_devices()
Answer check_blocks(const State& state, const op::Add& add) {
    Answer answer;
    for_each_block(state, {add.start, add.start + add.size - 1}, [&](std::uint64_t number, const Block&) {
        answer = Outcome::refuse(RuleId::add_block_exists, EEXIST, number * state.block_size);
        return false;
    });
    return answer;
}

using Check = Answer (*)(const State&, const op::Add&);
constexpr std::array<Check, 10> kChecks{check_driver_name,   check_pluggable, check_mem_limit,        check_resource,
                                        check_block_aligned, check_node,      check_memmap_on_memory, check_linear_map,
                                        check_add_pages,     check_blocks};

// sizeof(struct page) for every page of a block
std::uint64_t memmap_bytes_of_block(const State& state) {
    return state.pages(state.block_size) * state.profile->struct_page_size;
}

void create_blocks(State& state, const op::Add& add, bool memmap_on_memory) {
    const std::uint32_t vmemmap_pages = memmap_on_memory ? memmap_pages_of_block(state) : 0;
    const std::uint32_t group = register_group(state, add.group);
    const std::uint64_t last = state.block_of(add.start + add.size - 1);
    for (std::uint64_t number = state.block_of(add.start); number <= last; ++number) {
        state.blocks.writable(number) = {.exists = true,
                                         .online = false,
                                         .boot = false,
                                         .zone = Zone::none,
                                         .node = static_cast<std::int16_t>(add.node),
                                         .supposed = true,
                                         .vmemmap_pages = vmemmap_pages,
                                         .group = group};
    }
}

}   // namespace

std::uint32_t memmap_pages_of_block(const State& state) {
    const std::uint64_t pages =
        (memmap_bytes_of_block(state) + state.profile->page_size - 1) / state.profile->page_size;
    const std::uint64_t pageblock = state.pages(state.profile->pageblock_size);
    if (state.policy.memmap_on_memory != MemmapOnMemory::force) return static_cast<std::uint32_t>(pages);
    return static_cast<std::uint32_t>((pages + pageblock - 1) / pageblock * pageblock);
}

// mhp_supports_memmap_on_memory() (a08a2ae34613, 2d1f649c7c08, 6b8f0798b85a)
bool supports_memmap_on_memory(const State& state, std::uint64_t size) {
    if (state.policy.memmap_on_memory == MemmapOnMemory::off) return false;
    if (!state.has(Feature::memmap_on_memory_split) && size != state.block_size) return false;
    const KernelProfile& profile = *state.profile;
    if (state.has(Feature::hash_mmu) || !is_aligned(memmap_bytes_of_block(state), profile.page_size)) return false;
    // arch_supports_memmap_on_memory(): whole PMDs of memmap (before 6.6 the same test stood in the core), but ppc64 with
    // 64K pages reserves up to a pageblock instead (arch/powerpc/include/asm/pgtable.h)
    const bool any_size = profile.arch == Arch::ppc64 && profile.page_size == 64 * kKiB;
    if (!any_size && !is_aligned(memmap_bytes_of_block(state), profile.pmd_size)) return false;
    const std::uint64_t memmap = memmap_pages_of_block(state);
    const std::uint64_t rest = state.pages(state.block_size) - memmap;
    return rest != 0 && rest % state.pages(profile.pageblock_size) == 0;
}

Outcome decide(const State& state, const op::Add& add) {
    for (const Check check : kChecks) {
        if (const Answer answer = check(state, add)) return *answer;
    }
    return Outcome::accept(RuleId::add_accepted);
}

void commit(State& state, const op::Add& add, const Outcome& answer, int) {
    const auto range = Range::from_size(add.start, add.size);
    if (!range) return;
    if (was_mapped_directly(state, answer)) map_directly(state, *range);
    if (!can_be_there(state, *range)) return;
    if (!answer.accepted()) {   // the resource is given back, the pieces are not
        if (answer.rule == RuleId::add_subsection_active) activate(state, *range, answer.at);
        return;
    }
    const bool memmap_on_memory =
        add.memmap_on_memory && state.has(Feature::memmap_on_memory) && supports_memmap_on_memory(state, add.size);
    state.resources.writable().request(add.start, add.size, add.resource_name, true);
    activate(state, *range, range->last + 1);
    create_blocks(state, add, memmap_on_memory);
    if (state.policy.default_online == OnlineType::offline) return;
    const std::uint64_t last = state.block_of(range->last);
    for (std::uint64_t number = state.block_of(range->start); number <= last; ++number) {
        set_online(state, number, state.policy.default_online);   // online_memory_block(): results are ignored
    }
}

op::Add add_of_probe(const State& state, const op::Probe& probe) {
    return {.start = probe.address,
            .size = state.block_size,
            .node = state.possible_nodes->empty() ? 0 : state.possible_nodes->front(),
            .driver_managed = false,
            .memmap_on_memory = false,
            .resource_name = "System RAM"};
}

Outcome decide(const State& state, const op::Probe& probe) {
    if (!state.probe_file) return Outcome::refuse(RuleId::probe_absent, ENOENT, probe.address);
    if (!is_aligned(probe.address, state.block_size)) {
        return Outcome::refuse(RuleId::probe_unaligned, EINVAL, probe.address);
    }
    return decide(state, add_of_probe(state, probe));
}

void commit(State& state, const op::Probe& probe, const Outcome& answer, int handle) {
    commit(state, add_of_probe(state, probe), answer, handle);
}

}   // namespace memhot
