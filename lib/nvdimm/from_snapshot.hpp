// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The mirrored nvdimm bus of a host: what its records say (memhot/nvdimm.hpp) put on top of the Model of its memory.
// Drivers that are bound are bound again through the Model, so that what they claim and map is known page by page.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "memhot/snapshot.hpp"
#include "nvdimm/bus.hpp"

namespace memhot {

struct BusReading {
    NdBus bus;
    std::vector<std::string> assumptions;   // what the host does not show and was taken for granted
};

// not_permitted where the host hides addresses; a snapshot without nvdimm gives an empty bus over its Model.
// media: info blocks on namespaces that the host does not show (by address of their start), which a replay knows.
// profile: another kernel than the snapshot's own.
Result<BusReading> read_bus(const Snapshot& snapshot, const std::map<std::uint64_t, InfoBlock>& media = {},
                            std::shared_ptr<const KernelProfile> profile = {});
Result<NdBus> bus_from_snapshot(const Snapshot& snapshot);

// Parts of a reading that a replay shares.
// The text of iomem without the lines of names that the bus itself claims, and without what lies below them.
std::string without_claims(std::string_view iomem, const std::function<bool(std::string_view name)>& is_claim);
// Whether firmware calls memory there "Persistent Memory (legacy)" (e820).
bool is_legacy(const Model& model, const Range& range);
// A memory block as the host shows it: "online" in the zones that valid_zones names, or offline.
void restore_block_state(Model& model, std::uint64_t number, std::string_view state, std::string_view valid_zones);

}   // namespace memhot
