// SPDX-License-Identifier: GPL-2.0-or-later
//
// Forgetting the oldest jobs, so that the journal, which is read as a whole for every job, does not grow for ever.
#pragma once

#include <cstdint>
#include <string>

#include "journal/lock.hpp"
#include "memhot/result.hpp"

namespace memhot::journal {

// Keeps the newest `keep` of the jobs that have ended, and every job that has not or that contradicts itself; does
// nothing as long as there are not a quarter more, so the file is written anew seldom. A journal with damage is left for
// people to look at. After a crash the old file is there, or the new one.
Status prune(const std::string& state_directory, const HostLock& lock, std::uint64_t keep);

}   // namespace memhot::journal
