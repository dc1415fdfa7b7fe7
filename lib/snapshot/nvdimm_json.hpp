// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The key "nvdimm" of a snapshot's JSON, both ways. One list of fields a record (nvdimm_fields.hpp) serves both.
#pragma once

#include <nlohmann/json.hpp>

#include "memhot/nvdimm.hpp"
#include "memhot/result.hpp"

namespace memhot::snapshot {

nlohmann::ordered_json nvdimm_to_json(const NvdimmRecord& record);
Result<NvdimmRecord> nvdimm_from_json(const nlohmann::json& value);

}   // namespace memhot::snapshot
