// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One pair of functions for each operation: decide() says what the kernel would answer, commit() makes it so.
#pragma once

#include "model/state.hpp"

namespace memhot {

Outcome decide(const State& state, const op::Claim& claim);          // claims.cpp
Outcome decide(const State& state, const op::Release& release);
Outcome decide(const State& state, const op::RemoveResource& remove);
Outcome decide(const State& state, const op::Map& map);              // memremap.cpp
Outcome decide(const State& state, const op::Unmap& unmap);
Outcome decide(const State& state, const op::Add& add);              // add_memory.cpp
Outcome decide(const State& state, const op::Probe& probe);
Outcome decide(const State& state, const op::Remove& remove);        // remove_memory.cpp
Outcome decide(const State& state, const op::OfflineAndRemove& remove);
Outcome decide(const State& state, const op::SetState& set);         // block_state.cpp
Outcome decide(const State& state, const op::SetAutoOnline& set);

void commit(State& state, const op::Claim& claim, const Outcome& answer, int handle);
void commit(State& state, const op::Release& release, const Outcome& answer, int handle);
void commit(State& state, const op::RemoveResource& remove, const Outcome& answer, int handle);
void commit(State& state, const op::Map& map, const Outcome& answer, int handle);
void commit(State& state, const op::Unmap& unmap, const Outcome& answer, int handle);
void commit(State& state, const op::Add& add, const Outcome& answer, int handle);
void commit(State& state, const op::Probe& probe, const Outcome& answer, int handle);
void commit(State& state, const op::Remove& remove, const Outcome& answer, int handle);
void commit(State& state, const op::OfflineAndRemove& remove, const Outcome& answer, int handle);
void commit(State& state, const op::SetState& set, const Outcome& answer, int handle);
void commit(State& state, const op::SetAutoOnline& set, const Outcome& answer, int handle);

// The parts that operations share.

// __add_pages() and its checks, in the kernel's order (add_pages.cpp).
struct AddPagesAnswer {
    enum class What : std::uint8_t {
        added,
        beyond_physmem,
        altmap_invalid,
        misaligned,
        active,
        no_memory,
        partial_page
    };
    What what = What::added;
    std::uint64_t at = 0;             // start of the piece that failed
    std::uint64_t altmap_pages = 0;   // handed out until then
};
AddPagesAnswer add_pages(const State& state, const Range& range, const Altmap* altmap);

// Whether an answer came after arch_add_memory() had mapped the range (x86 maps before it adds pages).
bool was_mapped_directly(const State& state, const Outcome& answer);
void map_directly(State& state, const Range& range);
void unmap_directly(State& state, const Range& range);

// The probe file's node and size turned into an add (drivers/base/memory.c probe_store).
op::Add add_of_probe(const State& state, const op::Probe& probe);

// Offlining one block that exists and is online (offline_pages).
Outcome decide_offline(const State& state, std::uint64_t number, const Block& block);
void set_online(State& state, std::uint64_t number, OnlineType type);
void set_offline(State& state, std::uint64_t number);
// visit(number, block) for each block of the range that exists (walk_memory_blocks); false stops.
template <class Visit>
void for_each_block(const State& state, const Range& range, Visit&& visit) {
    state.blocks.for_each_in(state.block_of(range.start), state.block_of(range.last), visit);
}

// Whether the pages at the front of each block of an add would hold its memmap (mhp_supports_memmap_on_memory), and how
// many.
bool supports_memmap_on_memory(const State& state, std::uint64_t size);
std::uint32_t memmap_pages_of_block(const State& state);

}   // namespace memhot
