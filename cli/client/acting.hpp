// SPDX-License-Identifier: GPL-2.0-or-later
//
// What verbs that change a host have in common: their options, and the way from a plan over the confirmation to the
// report of the job.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/journal.hpp"
#include "commands/command.hpp"

namespace memhotctl {

class Context;

// Where the journal lies; of verbs that read it, too.
inline constexpr Option kStateDirOption{"state-dir", 0, "DIR", "keep the journal and what jobs save in DIR"};
inline constexpr std::array<Option, 4> kActingOptions{{
    {"accept", 0, "NAMES",
     "devices whose data may be destroyed, and rules of dangers that are accepted; commas between"},
    {"all-or-nothing", 0, "", "undo what was done where a step fails"},
    kStateDirOption,
    {"fault", 0, "FAULTS", "what goes wrong on a simulated host: EBUSY:memory40:3,EIO:memory41"},
}};

template <std::size_t N, std::size_t M>
constexpr std::array<Option, N + M> joined_options(const std::array<Option, N>& a, const std::array<Option, M>& b) {
    std::array<Option, N + M> out{};
    for (std::size_t i = 0; i < N; ++i) out[i] = a[i];
    for (std::size_t i = 0; i < M; ++i) out[N + i] = b[i];
    return out;
}

// --timeout in microseconds; absent where it is not given.
memhot::Result<std::optional<std::uint64_t>> timeout_of(const Context& context);
// In process.
memhot::Result<JobRequest> job_request(const Context& context);
// The journal of the host that is asked; job: of this one at least.
memhot::Result<JobJournal> journal_of(Context& context, const std::string& job = {});
// Where memhotd runs it is asked by what changes the host: then there is one who changes memory, and one journal. Not where
// an option is of who acts in process.
void ask_daemon_that_runs_here(Context& context);

// Prints the plan of a wish; with its verdict as exit status.
memhot::Result<int> show_plan(Context& context, const std::vector<std::string>& wish);
// Plans, asks and carries out; --dry-run stops in front of the first write.
memhot::Result<int> carry_out_wish(Context& context, const std::vector<std::string>& wish);
// A plan that was saved: refused where the host has changed since.
memhot::Result<int> carry_out_file(Context& context, const std::string& path);
memhot::Result<int> roll_back(Context& context, const std::string& id);
memhot::Result<int> resume(Context& context, const std::string& id);

}   // namespace memhotctl
