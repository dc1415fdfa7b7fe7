// SPDX-License-Identifier: LGPL-2.1-or-later
//
// All of the library: libmemhot(3).
#pragma once

#include "memhot/cxl.hpp"
#include "memhot/doctor.hpp"
#include "memhot/explain.hpp"
#include "memhot/iomem.hpp"
#include "memhot/model.hpp"
#include "memhot/nd_command.hpp"
#include "memhot/nvdimm.hpp"
#include "memhot/operation.hpp"
#include "memhot/outcome.hpp"
#include "memhot/plan.hpp"
#include "memhot/profile.hpp"
#include "memhot/replay.hpp"
#include "memhot/result.hpp"
#include "memhot/rules.hpp"
#include "memhot/simulated.hpp"
#include "memhot/snapshot.hpp"
#include "memhot/units.hpp"
#include "memhot/value.hpp"
#include "memhot/verdict.hpp"
