// SPDX-License-Identifier: GPL-2.0-or-later
//
// Whether a [Match] holds for a subject, and which key said no.
#pragma once

#include <string>

#include "policy/policy.hpp"
#include "policy/subject.hpp"

namespace memhot::policy {

struct MatchAnswer {
    Tri matches = Tri::yes;
    std::string why;   // of no and unknown: "Node=1, but memory40 is on node 0"
    Place place;   // of that key
};

// Every key must hold. One that does not outweighs one that cannot be told.
MatchAnswer match(const Policy& policy, const Subject& subject);

}   // namespace memhot::policy
