// SPDX-License-Identifier: GPL-2.0-or-later
#include "execute/run.hpp"

#include <fmt/format.h>
#include <uuid/uuid.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "execute/too_long.hpp"

namespace memhot::execute {

using journal::EntryKind;
using journal::StepState;

namespace {

// The first wait behind EBUSY, doubled each time: pages that are in use now may be free in a moment.
constexpr std::uint64_t kFirstWait = 50'000;
constexpr std::uint64_t kLongestWait = 2'000'000;
// A write that is not waited for may take this long in the kernel: moving the pages of a block takes some of it.
constexpr std::uint64_t kOneTry = 1'000'000;

constexpr std::array<std::string_view, 6> kEnds{"done", "refused", "failed", "cancelled", "timed out", "undone"};

// The uuid of a namespace is chosen, and written down, before it is created: where nobody wrote down whether it was, one
// that somebody else made is then told from it.
std::string choose_identity(Action& action) {
    constexpr std::string_view kUuid = "--uuid=";
    auto* command = std::get_if<CommandLine>(&action);
    if (command == nullptr || command->verb != "create-namespace") return {};
    for (const auto& argument : command->arguments) {
        if (argument.starts_with(kUuid)) return "uuid " + argument.substr(kUuid.size());
    }
    uuid_t bytes;
    std::array<char, UUID_STR_LEN> text{};
    uuid_generate(bytes);
    uuid_unparse_lower(bytes, text.data());
    command->arguments.push_back(std::string(kUuid) + text.data());
    return std::string("uuid ") + text.data();
}

}   // namespace

std::string_view to_string(JobEnd end) { return kEnds.at(static_cast<std::size_t>(end)); }

std::string error_text(const Attempt& attempt) {
    const std::string text = journal::errno_words(attempt.error);
    return attempt.text.empty() ? text : fmt::format("{}: {}", text, attempt.text);
}

bool writes_a_block(const PlanStep& step) {
    const auto* write = std::get_if<WriteAction>(&step.action);
    return write != nullptr && step.block &&
           write->path == fmt::format("/sys/devices/system/memory/memory{}/state", *step.block);
}

bool is_busy(const Attempt& attempt) { return attempt.error == EBUSY || attempt.error == EINTR; }

std::uint64_t Progress::bytes_per_second() const {
    if (elapsed == 0) return 0;
    return static_cast<std::uint64_t>(static_cast<double>(bytes - earlier) * 1e6 / static_cast<double>(elapsed));
}

std::uint64_t Progress::left() const {
    if (bytes == earlier || all_bytes <= bytes) return 0;
    return static_cast<std::uint64_t>(static_cast<double>(elapsed) * static_cast<double>(all_bytes - bytes) /
                                      static_cast<double>(bytes - earlier));
}

bool JobResult::changed() const {
    return std::ranges::any_of(steps, [](const StepResult& step) { return step.changes && can_be_undone(step); });
}

int JobResult::exit_status() const {
    switch (end) {
        case JobEnd::done: return 0;
        case JobEnd::refused: return 1;
        case JobEnd::cancelled:
        case JobEnd::timed_out: return 7;
        case JobEnd::undone:
            if (undo_wanted) return 0;
            break;
        case JobEnd::failed: break;
    }
    return changed() ? 6 : 5;
}

Status Executor::note(Run& run, journal::Entry entry) {
    if (run.unwritten) return Done{};
    entry.time = clock_.wall();
    entry.job = run.job;
    if (entry.kind != EntryKind::job_ended) entry.step = run.index_of(entry.step);
    return journal_.append(std::move(entry));
}

void Executor::tell(const Run& run, std::size_t index) {
    if (!run.options.progress) return;
    run.options.progress(
        {index, run.plan.steps.size(), run.bytes, run.all_bytes, clock_.monotonic() - run.begun, run.earlier});
}

// What is not as it must be; empty: all of it is.
Result<std::string> Executor::mismatch(const std::vector<Fact>& expected) {
    target_.look_anew();   // what was true before the last step is no evidence
    for (const auto& fact : expected) {
        const auto now = target_.look(fact);
        if (!now) return now.error();
        if (*now && **now != fact.value) {
            return fmt::format("{}: expected {}, the host shows {}", fact.name, fact.value, **now);
        }
    }
    return std::string();
}

Executor::Seen Executor::see(const std::vector<Fact>& expected) {
    if (expected.empty()) return Seen::unseen;
    target_.look_anew();
    for (const auto& fact : expected) {
        const auto now = target_.look(fact);
        if (!now || !*now) return Seen::unseen;
        if (**now != fact.value) return Seen::otherwise;
    }
    return Seen::as_expected;
}

std::optional<std::string> Executor::shown(Fact::Kind kind, const std::string& name) {
    target_.look_anew();
    const auto now = target_.look({kind, name, {}});
    return now ? *now : std::nullopt;
}

Look Executor::look() {
    target_.look_anew();
    return [this](const Fact& fact) {
        const auto value = target_.look(fact);
        return value ? *value : std::nullopt;
    };
}

// Commands are many writes, of which none is to be missed: only a write is interrupted.
Attempt Executor::carry_out(Run& run, const Action& action, std::uint64_t microseconds) {
    if (!target_.may_hang() || !std::holds_alternative<WriteAction>(action)) return target_.carry_out(action);
    if (!run.watchdog) run.watchdog.emplace([&run] { return run.cancelled(); });
    run.watchdog->watch(microseconds);
    Attempt attempt = target_.carry_out(action);
    run.watchdog->leave();
    return attempt;
}

// EBUSY is tried again later, EINTR (a signal came while the kernel was at it) at once.
Attempt Executor::try_until(Run& run, const Action& action, unsigned& attempts) {
    const std::uint64_t begun = clock_.monotonic();
    const std::uint64_t patience = run.patience();
    std::uint64_t wait = kFirstWait;
    while (true) {
        ++attempts;
        const std::uint64_t left = patience - std::min(clock_.monotonic() - begun, patience);
        Attempt attempt = carry_out(run, action, patience == 0 ? kOneTry : left);
        // What was not put back is no beginning for another attempt.
        if (!is_busy(attempt) || attempt.changed) return attempt;
        if (run.cancelled()) return attempt;
        const std::uint64_t spent = clock_.monotonic() - begun;
        if (spent >= patience) {
            if (attempt.error == EINTR)
                attempt.text = fmt::format("the kernel was still at it after {} s, and was stopped", spent / 1'000'000);
            return attempt;
        }
        if (attempt.error == EINTR) continue;
        clock_.sleep(std::min(wait, patience - spent));
        wait = std::min(wait * 2, kLongestWait);
    }
}

Status Executor::failed(Run& run, std::size_t index, const Attempt& attempt) {
    const PlanStep& step = run.plan.steps[index];
    StepResult& result = run.result.steps[index];
    result.state = StepState::failed;
    result.text = error_text(attempt);
    // The kernel takes a write whole or not at all; a command is many.
    if (std::holds_alternative<CommandLine>(step.action) && see(step.before) == Seen::otherwise) {
        result.partly = true;
        const auto left = mismatch(step.before);
        if (left) result.text += "; it is not as before: " + *left;
    }
    result.partly = result.partly || attempt.changed;
    const bool cancelled = is_busy(attempt) && run.cancelled();
    const bool no_time = is_busy(attempt) && run.options.timeout != 0;
    const std::string why = fmt::format("step {}: {}", run.number(index), result.text);
    if (!cancelled && goes_on_behind(run, index)) {
        run.miss(index, no_time, why);
    } else {
        run.stop(cancelled ? JobEnd::cancelled : no_time ? JobEnd::timed_out : JobEnd::failed, why);
    }
    auto entry = entry_of_step(EntryKind::step_failed, index, result.text);
    entry.error = attempt.error;
    entry.changed = result.partly;
    entry.identity = result.identity;
    return note(run, std::move(entry));
}

Status Executor::succeeded(Run& run, std::size_t index) {
    const PlanStep& step = run.plan.steps[index];
    StepResult& result = run.result.steps[index];
    const auto after = mismatch(step.after);
    if (!after) {
        // Nobody knows what is there, and the journal says just that.
        result.text = after.error().message();
        run.stop(JobEnd::failed, fmt::format("step {}: accepted, but {}", run.number(index), result.text));
        return Done{};
    }
    if (!after->empty()) return came_to_something_else(run, index, *after);
    result.text = step.did;
    result.state = StepState::done;
    run.bytes += bytes_of(step);
    auto entry = entry_of_step(EntryKind::step_done, index, step.did);
    entry.identity = result.identity;
    return note(run, std::move(entry));
}

// The host said yes, and shows that it is not so. What it shows is written down: it is this job's, and is undone with it.
Status Executor::came_to_something_else(Run& run, std::size_t index, const std::string& what) {
    const PlanStep& step = run.plan.steps[index];
    StepResult& result = run.result.steps[index];
    result.state = StepState::failed;
    result.text = "accepted, but " + what;
    result.partly = see(step.before) != Seen::as_expected;
    if (result.partly) {
        for (const auto& fact : step.after) {
            const auto now = target_.look(fact);
            if (now && *now && **now != fact.value) result.left[fact.name] = **now;
        }
    }
    run.stop(JobEnd::failed, fmt::format("step {}: {}", run.number(index), result.text));
    auto entry = entry_of_step(EntryKind::step_failed, index, result.text);
    entry.changed = result.partly;
    entry.identity = result.identity;
    entry.left = result.left;
    return note(run, std::move(entry));
}

Status Executor::step(Run& run, std::size_t index) {
    const PlanStep& step = run.plan.steps[index];
    StepResult& result = run.result.steps[index];
    const auto before = mismatch(step.before);
    if (!before || !before->empty()) {
        const std::string why = before ? *before : before.error().message();
        run.stop(JobEnd::failed, fmt::format("step {}: the plan is stale: {}", run.number(index), why));
        return Done{};
    }
    Action action = step.action;
    result.identity = step.creates.empty() ? "" : choose_identity(action);
    auto intended = entry_of_step(EntryKind::step_intended, index, step.would);
    intended.identity = result.identity;
    if (auto noted = note(run, std::move(intended)); !noted) return noted;
    result.state = StepState::unknown;
    const Attempt attempt = try_until(run, action, result.attempts);
    result.error = attempt.error;
    return attempt.ok() ? succeeded(run, index) : failed(run, index, attempt);
}

Status Executor::end(Run& run) {
    tell(run, run.plan.steps.size());
    journal::Entry entry;
    entry.kind = EntryKind::job_ended;
    entry.text = run.result.text.empty() ? std::string(to_string(run.result.end))
                                         : fmt::format("{}: {}", to_string(run.result.end), run.result.text);
    return note(run, std::move(entry));
}

// As chmem: a block that cannot be changed does not keep the others. Where commands come behind it, which want all of the
// blocks, it does, and where all or nothing is wanted.
bool Executor::goes_on_behind(const Run& run, std::size_t index) {
    return !run.options.undo_on_failure && !run.result.steps[index].partly && writes_a_block(run.plan.steps[index]) &&
           index >= run.only_blocks_from;
}

namespace {

// What it depends on was not done; what takes back what was held is done when the job ends.
bool is_left_out(const PlanStep& step, const std::vector<bool>& missing) {
    if (step.takes_back) return true;
    return std::ranges::any_of(step.depends_on, [&](std::size_t on) { return missing.at(on); });
}

}   // namespace

// Those that are not done yet, until one stops the job.
Status Executor::steps(Run& run) {
    std::vector<bool> missing(run.plan.steps.size(), false);
    for (std::size_t i = 0; i < run.plan.steps.size() && !run.stopped(); ++i) {
        if (run.result.steps[i].state == StepState::done) continue;
        missing[i] = !run.missed.empty() && is_left_out(run.plan.steps[i], missing);
        if (missing[i]) continue;
        tell(run, i);
        if (run.cancelled()) {
            run.stop(JobEnd::cancelled, fmt::format("before step {}", run.number(i)));
            break;
        }
        if (auto done = step(run, i); !done) return done;
        missing[i] = run.result.steps[i].state != StepState::done;
    }
    if (run.missed.empty()) return Done{};
    const std::size_t others = run.missed.size() - 1;
    const std::string more = others == 0 ? "" : fmt::format("; and {} {} more", others, others == 1 ? "step" : "steps");
    run.stop(run.gave_up ? JobEnd::timed_out : JobEnd::failed, run.why_missed + more);
    return Done{};
}

// The disk is full, or fails: what was done is told, and what was held only for the time of the plan must not stay.
JobResult Executor::without_journal(Run& run, const Error& why) {
    run.unwritten = true;
    run.result.end = JobEnd::failed;
    run.result.text = fmt::format("{}; what was done since then stands nowhere but here", why.message());
    run.undoing = true;
    if (const auto held = undo_held(run); !held) run.result.text += "; " + held.error().message();
    return run.result;
}

// Undoes what failed where that was asked for, and writes the end.
Result<JobResult> Executor::conclude(Run& run) {
    run.undoing = run.stopped();
    if (run.stopped()) {
        auto undone = run.options.undo_on_failure ? undo_steps(run) : Status(Done{});
        if (undone) undone = undo_held(run);
        if (!undone) return without_journal(run, undone.error());
    }
    if (run.options.undo_on_failure && run.result.end == JobEnd::failed && !run.result.changed())
        run.result.end = JobEnd::undone;
    if (auto ended = end(run); !ended) return without_journal(run, ended.error());
    return run.result;
}

Result<JobResult> Executor::run(const Plan& plan, const std::string& job, const Options& options) {
    Run run(plan, job, options, clock_.monotonic());
    if (plan.refused() || (plan.dangerous() && !options.accept_danger)) {
        run.stop(JobEnd::refused, plan.refused() ? plan.refusals.front().text
                                                 : "it is dangerous, and the danger was not "
                                                   "accepted");
        return run.result;
    }
    journal::Entry begun;
    begun.time = clock_.wall();
    begun.job = job;
    begun.kind = EntryKind::job_begun;
    begun.text = to_string(plan.wish);
    begun.plan = to_compact_json(plan);
    // Each step may be noted four times, with its undo.
    if (auto noted = journal_.begin(begun, plan.steps.size() * 4 * kEntryRoom + kEntryRoom); !noted) {
        if (noted.error().kind() != ErrorKind::unsupported) return noted.error();
        return too_long(plan, begun.plan, noted.error());
    }
    if (auto done = steps(run); !done) return without_journal(run, done.error());
    return conclude(run);
}

}   // namespace memhot::execute
