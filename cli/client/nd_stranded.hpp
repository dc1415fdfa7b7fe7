// SPDX-License-Identifier: GPL-2.0-or-later
//
// Bytes of regions, namespaces and dax devices that nobody can use, and why. Worked out from what the host shows alone;
// nothing where it hides what would be needed.
#pragma once

#include <string>
#include <vector>

#include "client/host.hpp"
#include "memhot/nvdimm.hpp"

namespace memhotctl {

struct Stranded {
    std::uint64_t bytes = 0;   // never 0 in a list
    std::string why;
};

// Free pieces of a region that are too small for a namespace.
std::vector<Stranded> stranded_in(const memhot::NvdimmRecord& nd, const memhot::NdRegionRecord& region);
// What of an enabled namespace holds no data.
std::vector<Stranded> stranded_in(const memhot::NvdimmRecord& nd, const memhot::NamespaceRecord& ns,
                                  const memhot::NdInstanceRecord* instance);
// What of a device in system-ram mode lies in no memory block.
std::vector<Stranded> stranded_in(const memhot::Snapshot& snapshot, const memhot::DaxDeviceRecord& device);

std::uint64_t total(const std::vector<Stranded>& parts);

}   // namespace memhotctl
