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
    if (answer.accepted()) state.resources.writable().request(claim.start, claim.size, claim.owner, false);
}

// __release_region() returns nothing: where there is no such claim it only warns.
Outcome decide(const State& state, const op::Release& release) {
    const bool there = state.resources->has_claim(release.start, release.size);
    return Outcome::accept(there ? RuleId::release_accepted : RuleId::release_nonexistent);
}

void commit(State& state, const op::Release& release, const Outcome&, int) {
    state.resources.writable().release(release.start, release.size);
}

}   // namespace memhot
