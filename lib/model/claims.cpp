// SPDX-License-Identifier: LGPL-2.1-or-later
//
// request_mem_region() and release_mem_region() (kernel/resource.c).
#include <cerrno>

#include "model/operations.hpp"

namespace memhot {

Outcome decide(const State& state, const op::Claim& claim) {
    const Resource* conflict = state.resources->request_conflict(claim.start, claim.size);
    if (conflict != nullptr) return Outcome::refuse(RuleId::claim_conflict, EBUSY, conflict->range.start);
    return Outcome::accept(RuleId::claim_accepted);
}

void commit(State& state, const op::Claim& claim, const Outcome& answer, int) {
    if (!answer.accepted()) return;
    auto& resources = state.resources.writable();
    resources.request(claim.start, claim.size, claim.owner, false);
    if (!claim.busy) resources.clear_busy(*Range::from_size(claim.start, claim.size), claim.owner);
}

// __release_region() returns nothing: where there is no such claim it only warns.
Outcome decide(const State& state, const op::Release& release) {
    const bool there = state.resources->has_claim(release.start, release.size);
    return Outcome::accept(there ? RuleId::release_accepted : RuleId::release_nonexistent);
}

void commit(State& state, const op::Release& release, const Outcome&, int) {
    state.resources.writable().release(release.start, release.size);
}

// remove_resource() (kernel/resource.c): -EINVAL where it is not there.
Outcome decide(const State& state, const op::RemoveResource& remove) {
    ResourceTree copy = *state.resources;
    const auto range = Range::from_size(remove.start, remove.size);
    if (range && copy.remove(*range, remove.name)) return Outcome::accept(RuleId::release_accepted);
    return Outcome::refuse(RuleId::release_nonexistent, EINVAL, remove.start);
}

void commit(State& state, const op::RemoveResource& remove, const Outcome& answer, int) {
    if (answer.accepted()) state.resources.writable().remove(*Range::from_size(remove.start, remove.size), remove.name);
}

}   // namespace memhot
