// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The nvdimm, dax and CXL buses of a host as records. libndctl and libdaxctl know only the running host; this reads the
// same files below any root. Devices are links below /sys/bus/*/devices and are followed inside the root only. Classes
// of the ABI before 5.1 (/sys/class/dax) are not read.
#pragma once

#include <optional>
#include <string>

#include "host/root.hpp"
#include "memhot/nvdimm.hpp"

namespace memhot::host {

struct NvdimmSeen {
    std::optional<NvdimmRecord> record;   // absent: none of the buses
    std::string unrest;   // devices came or went meanwhile; read it again
};
Result<NvdimmSeen> read_nvdimm(const Root& root);

// The buses one by one; each adds to record. Absent bus: false.
Result<bool> read_nd_bus(const Root& root, NvdimmRecord& record);   // nvdimm.cpp
Result<bool> read_dax_bus(const Root& root, NvdimmRecord& record);   // dax.cpp
Result<bool> read_cxl_bus(const Root& root, NvdimmRecord& record);   // cxl.cpp

}   // namespace memhot::host
