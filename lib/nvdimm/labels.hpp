// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a host shows of the label areas of its DIMMs: whether ndctl would initialise them, and which version they are of.
#pragma once

#include <optional>

#include "memhot/nvdimm.hpp"

namespace memhot {

// enable_labels() (ndctl/namespace.c) begins only where each DIMM of the region takes labels.
bool takes_labels(const NvdimmRecord& record, const NdRegionRecord& region);
// btt_claim_class() (drivers/nvdimm/namespace_devs.c): a new BTT is of version 2.0 over labels 1.2, and over blank label
// areas, which will get such; without a label area it is of 1.1. Nothing where the host does not tell.
std::optional<bool> makes_btt2(const NvdimmRecord& record, const NdRegionRecord& region, bool labelled);

}   // namespace memhot
