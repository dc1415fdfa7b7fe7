// SPDX-License-Identifier: GPL-2.0-or-later
//
// What is confirmed here and carried out by memhotd, and the report of it.
#pragma once

#include <string>

#include "client/bus.hpp"
#include "client/jobs.hpp"

namespace memhotctl {

class Context;

// memhotd makes the plan anew, carries it out and keeps the journal; it is followed to its end and reported from there.
memhot::Result<int> carry_out_there(Context& context, const memhot::Plan& confirmed);
// The same of what undoes or finishes a job.
memhot::Result<int> take_up_there(Context& context, BusOrder::Kind kind, const std::string& job,
                                  const memhot::Plan& confirmed);
// The report of a job, here or there; its exit status.
int print_report(Context& context, const JobReport& job);

}   // namespace memhotctl
