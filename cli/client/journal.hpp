// SPDX-License-Identifier: GPL-2.0-or-later
//
// A journal as it was read, here or over the bus, and what it tells: the same code, so the same words.
#pragma once

#include <string>
#include <vector>

#include "client/bus.hpp"
#include "client/invocation.hpp"
#include "client/jobs.hpp"
#include "journal/entry.hpp"

namespace memhotctl {

struct JobJournal {
    std::vector<memhot::journal::Entry> entries;
    std::vector<std::string> notes;   // what is wrong with it
    std::string running;   // the job that runs; empty: none
    std::string place;   // for messages: its path
};
memhot::Result<JobJournal> read_journal(const JobRequest& request);
memhot::Result<JobJournal> journal_of(const BusJournal& told);

JobList jobs_in(const JobJournal& journal);
std::vector<JobEvent> events_in(const JobJournal& journal);

// not_found where the job does not run; what can be done instead.
memhot::Status runs(const JobReport& job, const Invocation& run);

}   // namespace memhotctl
