// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Between a recorded host and the mirrored nvdimm bus.
#pragma once

#include <vector>

#include "nvdimm/bus.hpp"
#include "replay/compare.hpp"
#include "replay/session.hpp"

namespace memhot {

// The bus as the host shows it. media: what earlier commands left there, which the host does not show.
Result<NdBus> bus_of(const Snapshot& kernel, const HostState& host, const std::map<std::uint64_t, InfoBlock>& media);

std::vector<Difference> compare_bus(const NdBus& bus, const HostState& host);

}   // namespace memhot
