// SPDX-License-Identifier: GPL-2.0-or-later
//
// What the commands of ndctl and daxctl do, in calls of their libraries, one request at a time. The numbers come with the
// request: nothing is worked out here. Where a step fails behind which something was lost, it is put back first.
#pragma once

#include <string>

#include "execute/nd_context.hpp"
#include "memhot/nd_command.hpp"

namespace memhot::execute {

Attempt carry_out(NdContext& context, const NamespaceRequest& request);   // namespace_calls.cpp
Attempt carry_out(NdContext& context, const DaxRequest& request);   // dax_calls.cpp

// --- raw_access.cpp: the first bytes of a namespace, where its info block lies -------------------------------------
// Only of a namespace that nothing drives, or that is raw: under an instance its disk begins behind them.
Attempt read_info_block(NdContext& context, ndctl_namespace* ns, std::string& bytes);
Attempt write_info_block(NdContext& context, ndctl_namespace* ns, const std::string& bytes);

// --- labels.cpp ----------------------------------------------------------------------------------------------------
Attempt read_labels(NdContext& context, ndctl_dimm* dimm, std::string& bytes);
// Writes empty label areas to all DIMMs of a region, whose namespaces come from labels then. EOPNOTSUPP, and nothing is
// changed, where a DIMM takes none.
Attempt init_labels(NdContext& context, ndctl_region* region);

}   // namespace memhot::execute
