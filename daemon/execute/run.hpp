// SPDX-License-Identifier: GPL-2.0-or-later
//
// One job while it runs: what the files of the executor share.
#pragma once

#include <algorithm>
#include <atomic>
#include <optional>
#include <string>
#include <utility>

#include "execute/executor.hpp"
#include "execute/watchdog.hpp"

namespace memhot::execute {

// What an entry of the journal takes beside its texts, generously.
inline constexpr std::size_t kEntryRoom = 1024;

inline bool may_be_done(journal::StepState state) {
    return state == journal::StepState::done || state == journal::StepState::unknown;
}

// What an earlier attempt could not undo is tried again.
inline bool can_be_undone(const StepResult& step) {
    using enum journal::StepState;
    return may_be_done(step.state) || step.state == undo_failed || step.state == undo_unknown ||
           (step.state == failed && step.partly);
}

inline std::uint64_t bytes_of(const PlanStep& step) { return step.cost.memory_gained + step.cost.memory_lost; }

inline bool is_save(const PlanStep& step) { return std::holds_alternative<SaveAction>(step.action); }

// A write of a word to the state of one memory block.
bool writes_a_block(const PlanStep& step);

inline journal::Entry entry_of_step(journal::EntryKind kind, std::size_t step, std::string text, bool undo = false) {
    journal::Entry entry;
    entry.kind = kind;
    entry.step = step;
    entry.undo = undo;
    entry.text = std::move(text);
    return entry;
}

std::string error_text(const Attempt& attempt);
// The kernel could not now, or a signal came.
bool is_busy(const Attempt& attempt);

struct Executor::Run {
    Run(const Plan& what, std::string name, const Options& how, std::uint64_t now)
        : plan(what), job(std::move(name)), options(how), begun(now) {
        result.steps.resize(plan.steps.size());
        for (std::size_t i = 0; i < plan.steps.size(); ++i) {
            result.steps[i].changes = !is_save(plan.steps[i]);
            all_bytes += bytes_of(plan.steps[i]);
            if (!writes_a_block(plan.steps[i]) && !plan.steps[i].takes_back) only_blocks_from = i + 1;
        }
    }

    const Plan& plan;
    std::string job;
    std::vector<std::size_t> order;   // where the plan is not in the order of the job's own: the index there
    const Options& options;
    JobResult result;
    std::uint64_t begun = 0;
    std::size_t behind = SIZE_MAX;   // so many steps the host stands when it is undone
    std::uint64_t bytes = 0;
    std::uint64_t earlier = 0;   // of them, before this run
    std::uint64_t all_bytes = 0;
    std::atomic<bool> undoing = false;   // what was begun is undone to its end
    std::size_t only_blocks_from = 0;   // behind it nothing is done but to single blocks, and what was held taken back
    std::vector<std::size_t> missed;   // steps that failed while the others were still tried
    std::string why_missed;   // the first of them
    bool gave_up = false;   // one of them used up its time
    bool unwritten = false;   // the journal is lost: only what must be is still done

    std::optional<Watchdog> watchdog;   // while a kernel may be at it

    [[nodiscard]] std::size_t index_of(std::size_t index) const { return order.empty() ? index : order.at(index); }
    // As people count them.
    [[nodiscard]] std::size_t number(std::size_t index) const { return index_of(index) + 1; }
    [[nodiscard]] bool stopped() const { return result.end != JobEnd::done; }
    void stop(JobEnd end, std::string text) {
        if (stopped()) return;
        result.end = end;
        result.text = std::move(text);
    }
    void miss(std::size_t step, bool no_time, std::string text) {
        if (missed.empty()) why_missed = std::move(text);
        missed.push_back(step);
        gave_up = gave_up || no_time;
    }
    // Microseconds for one step: once a block has used up its time the others are tried once each, for the whole is to end.
    [[nodiscard]] std::uint64_t patience() const { return gave_up && !undoing ? 0 : options.timeout; }
    [[nodiscard]] bool cancelled() const { return !undoing && options.cancelled && options.cancelled(); }
};

}   // namespace memhot::execute
