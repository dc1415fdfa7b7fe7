// SPDX-License-Identifier: GPL-2.0-or-later
//
// What the journal of a job means for its undo and for its rest, and what a new job is called.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "journal/entry.hpp"
#include "memhot/plan.hpp"

namespace memhot::execute {

// Steps that are done or may be, for make_undo().
std::vector<StepBehind> steps_behind(const journal::Job& job);

// For make_rest(): so many steps are written down as done, from the first; the next one may be.
struct HowFar {
    std::size_t done = 0;
    bool doubtful = false;
    std::string identity;   // of what that one was to create
};
HowFar how_far(const journal::Job& job);

// A job that went on behind blocks which failed, and was interrupted: in the order in which it is finished. What failed or
// was left out comes behind what is done, and is tried again.
struct Reordered {
    Plan plan;
    journal::Job job;
    std::vector<std::size_t> order;   // by place here, the index in the plan of the job
};
// Absent: the order of the plan is the one, or it has ended.
std::optional<Reordered> missed_later(const Plan& plan, const journal::Job& job);

// What a job saves, beside the journal.
std::string save_directory(const std::string& state_directory, const std::string& id);
// One more than the highest; a journal that begins anew gives none whose directory is there from an older one.
std::string next_id(const std::vector<journal::Job>& jobs, const std::string& state_directory);

}   // namespace memhot::execute
