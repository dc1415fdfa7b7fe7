// SPDX-License-Identifier: GPL-2.0-or-later
//
// What became of a job, for people and for programs (memhot-job/1).
#pragma once

#include <string>

#include "client/invocation.hpp"
#include "client/jobs.hpp"
#include "output/json.hpp"

namespace memhotctl {

// What was done, what failed and why, what was not tried, and what can be done about it with the host of this run; several
// lines.
std::string job_text(const JobReport& job, const Invocation& run);
Json job_document(const JobReport& job, const Invocation& run);
// "step 3 of 8, 256M of 1G, 128M/s, 6 s left"
std::string progress_text(const JobProgress& now);
// "2026-11-21 10:18:26", local time.
std::string time_text(std::uint64_t microseconds);

}   // namespace memhotctl
