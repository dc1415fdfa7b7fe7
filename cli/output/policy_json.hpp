// SPDX-License-Identifier: GPL-2.0-or-later
//
// What policies decide, as JSON, for the command line and for the bus.
#pragma once

#include <string>
#include <vector>

#include "client/policies.hpp"
#include "output/json.hpp"

namespace memhotctl {

// "memory40", "memory40-47"
std::string name_of(const DecidedThing& thing);
// Names of the sources of which that is known.
std::vector<std::string> sources_of(const memhot::policy::Subject& subject, memhot::policy::Tri wanted);

Json place_json(const memhot::config::Place& place);
Json problems_json(const PolicyFiles& files);
// The document memhot-policy-test/1.
Json policy_test_document(const PolicyFiles& files, const PolicyAnswer& answer);

}   // namespace memhotctl
