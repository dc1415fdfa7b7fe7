// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An entry's sentences with the numbers put in, what the rule table adds, and what is still needed.
#pragma once

#include "explain/entry.hpp"
#include "explain/workings.hpp"

namespace memhot::explaining {

void render(Explanation& out, const Entry& entry, const Workings& work, const ExplainContext& context);

// Puts the values of {name} into sentences; a sentence with a name that is not known is left out.
std::string fill(std::string_view sentences, const Explanation& values);

}   // namespace memhot::explaining
