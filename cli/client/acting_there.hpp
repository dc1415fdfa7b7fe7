// SPDX-License-Identifier: GPL-2.0-or-later
//
// What is confirmed here and carried out by memhotd, and the report of it.
#pragma once

#include "client/bus.hpp"
#include "client/jobs.hpp"

namespace memhotctl {

class Context;

// Follows a job of memhotd to its end; its report is that of its journal. shown: what was confirmed.
memhot::Result<int> follow_there(Context& context, const BusOrder& order, const memhot::Plan& shown);
// The report of a job, here or there; its exit status.
int print_report(Context& context, const JobReport& job);

}   // namespace memhotctl
