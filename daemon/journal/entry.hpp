// SPDX-License-Identifier: GPL-2.0-or-later
//
// What the journal says: a job begun with its plan, a step intended, done or failed, the job ended; and what that means
// for the host after a crash.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "memhot/result.hpp"

namespace memhot::journal {

// step_not_done: what was done, or may have been, the host shows as not done: it was never, or a reboot took it back.
enum class EntryKind : std::uint8_t { job_begun, step_intended, step_done, step_failed, job_ended, step_not_done };
std::string_view to_string(EntryKind kind);

// What is there instead of what was expected, by name: "memory84": "online, node1, zones Normal".
using Left = std::map<std::string, std::string>;

struct Entry {
    std::uint64_t sequence = 0;   // from 1; the journal gives it
    std::uint64_t time = 0;   // microseconds since 1970
    std::string job;
    EntryKind kind = EntryKind::job_begun;
    std::size_t step = 0;   // of steps, from 0
    bool undo = false;   // the step is being undone
    int error = 0;   // errno of step_failed
    bool changed = false;   // step_failed: and yet something is not as before
    std::string identity;   // step_done: of what was created
    Left left;   // step_failed: it was accepted and came to something else, which is this job's to undo
    std::string text;   // the step in words, the error in words, or how the job ended
    std::string plan;   // job_begun: the document memhot-plan/1
    friend bool operator==(const Entry&, const Entry&) = default;
};

std::string to_json(const Entry& entry);
Result<Entry> entry_from_json(std::string_view text);

// --- what became of a job ------------------------------------------------------------------------------------------

enum class StepState : std::uint8_t {
    untouched,
    unknown,   // intended, and nothing else is known: the host must be asked
    done,
    failed,
    undo_unknown,   // being undone when the journal ends
    undone,
    undo_failed,
};
std::string_view to_string(StepState state);

struct JobStep {
    StepState state = StepState::untouched;
    std::string text;   // of the last entry about it
    int error = 0;
    bool changed = false;   // it failed, and something is not as before
    std::string identity;   // of what it created
    Left left;   // what it came to instead
};

struct Job {
    std::string id;
    std::uint64_t begun = 0;
    std::optional<std::uint64_t> ended;   // absent: running, or interrupted
    std::string result;
    std::string plan;
    std::vector<JobStep> steps;   // up to the last one that was touched
    // Why no more can be told of it; empty: the entries agree. Something done that was never intended, a job that never
    // began or began twice, an entry behind the end. What stands here then is what was so before.
    std::string contradiction;

    [[nodiscard]] bool has(StepState state) const;
    // Neither ended nor without a doubt.
    [[nodiscard]] bool interrupted() const { return !ended; }
};
// In the order in which they began. One that contradicts itself says so and hides no other.
std::vector<Job> jobs_of(const std::vector<Entry>& entries);

}   // namespace memhot::journal
