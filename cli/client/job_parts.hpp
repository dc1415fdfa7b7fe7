// SPDX-License-Identifier: GPL-2.0-or-later
//
// What jobs.cpp (they act) and job_reports.cpp (they are told) share.
#pragma once

#include <string>

#include "client/jobs.hpp"

namespace memhotctl {

inline bool is_simulated(const JobRequest& request) { return request.host.snapshot.has_value(); }

// Its existence asks a job to stop.
inline std::string cancel_file(const JobPlace& place, const std::string& id) { return place.run + "/cancel-" + id; }

}   // namespace memhotctl
