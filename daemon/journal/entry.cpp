// SPDX-License-Identifier: GPL-2.0-or-later
#include "journal/entry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <nlohmann/json.hpp>
#include <unordered_map>

namespace memhot::journal {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 6> kKinds{"job-begun",   "step-intended", "step-done",
                                                 "step-failed", "job-ended",     "step-not-done"};
constexpr std::array<std::string_view, 7> kStates{"untouched",    "unknown", "done",       "failed",
                                                  "undo-unknown", "undone",  "undo-failed"};
constexpr std::size_t kMostSteps = 1U << 24;

std::optional<EntryKind> parse_kind(std::string_view text) {
    const auto found = std::ranges::find(kKinds, text);
    if (found == kKinds.end()) return std::nullopt;
    return static_cast<EntryKind>(found - kKinds.begin());
}

std::optional<std::uint64_t> number(const Json& json, const char* key) {
    const auto found = json.find(key);
    if (found == json.end() || !found->is_number_unsigned()) return std::nullopt;
    return found->get<std::uint64_t>();
}

std::optional<std::string> text_of(const Json& json, const char* key) {
    const auto found = json.find(key);
    if (found == json.end() || !found->is_string()) return std::nullopt;
    return found->get<std::string>();
}

Left left_of(const Json& json) {
    Left out;
    const auto found = json.find("left");
    if (found == json.end() || !found->is_object()) return out;
    for (const auto& [name, value] : found->items()) {
        if (value.is_string()) out[name] = value.get<std::string>();
    }
    return out;
}

Error missing(const char* key) { return bad_input(fmt::format("journal entry: {}: missing or of another type", key)); }

// Of jobs: what may stand in a line for people and in the name of a file.
bool is_id(const std::string& text) {
    constexpr std::size_t kLongest = 64;
    const auto fits = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; };
    return !text.empty() && text.size() <= kLongest && std::ranges::all_of(text, fits);
}

bool of_step(EntryKind kind) {
    return kind == EntryKind::step_intended || kind == EntryKind::step_done || kind == EntryKind::step_failed ||
           kind == EntryKind::step_not_done;
}

// What a step becomes by an entry; nothing where it cannot be.
std::optional<StepState> next_state(StepState before, const Entry& entry) {
    using enum StepState;
    switch (entry.kind) {
        case EntryKind::step_intended:
            // A step that failed or was found undone may be tried again.
            if (entry.undo) {
                return before == untouched ? std::nullopt : std::optional(undo_unknown);
            }
            return before == done ? std::nullopt : std::optional(unknown);
        case EntryKind::step_done:
            if (entry.undo) return before == undo_unknown ? std::optional(undone) : std::nullopt;
            return before == unknown ? std::optional(done) : std::nullopt;
        case EntryKind::step_failed:
            if (entry.undo) return before == undo_unknown ? std::optional(undo_failed) : std::nullopt;
            return before == unknown ? std::optional(failed) : std::nullopt;
        case EntryKind::step_not_done:
            return before == unknown || before == done ? std::optional(untouched) : std::nullopt;
        default: return std::nullopt;
    }
}

Error contradiction(const Entry& entry, std::string_view why) {
    return bad_input(
        fmt::format("journal entry {}: {} of job {}: {}", entry.sequence, to_string(entry.kind), entry.job, why));
}

Status take_step(Job& job, const Entry& entry) {
    // A job that has ended can be rolled back, and is then not at its end; what was in doubt may then prove to be not done.
    const bool behind_the_end = entry.undo || entry.kind == EntryKind::step_not_done;
    if (job.ended && !behind_the_end) return contradiction(entry, "the job has ended");
    job.ended.reset();
    if (entry.step >= job.steps.size()) job.steps.resize(entry.step + 1);
    JobStep& step = job.steps[entry.step];
    const auto next = next_state(step.state, entry);
    if (!next) return contradiction(entry, fmt::format("step {} is {}", entry.step + 1, to_string(step.state)));
    // Of what it created an undo wants to know.
    std::string identity = entry.undo ? std::move(step.identity) : entry.identity;
    Left left = entry.undo ? std::move(step.left) : entry.left;
    step = {*next, entry.text, entry.error, entry.changed, std::move(identity), std::move(left)};
    return Done{};
}

// It may end again: a rollback that found nothing to undo.
Status take(Job& job, const Entry& entry, bool begins) {
    if (entry.kind == EntryKind::job_begun) {
        if (!begins) return contradiction(entry, "it began before");
        job.plan = entry.plan;
        return Done{};
    }
    if (begins) return contradiction(entry, "the job never began");
    if (entry.kind != EntryKind::job_ended) return take_step(job, entry);
    job.ended = entry.time;
    job.result = entry.text;
    return Done{};
}

}   // namespace

std::string_view to_string(EntryKind kind) { return kKinds.at(static_cast<std::size_t>(kind)); }
std::string_view to_string(StepState state) { return kStates.at(static_cast<std::size_t>(state)); }

std::string to_json(const Entry& entry) {
    Json json{{"sequence", entry.sequence}, {"time", entry.time}, {"job", entry.job}, {"kind", to_string(entry.kind)}};
    if (of_step(entry.kind)) json["step"] = entry.step;
    if (entry.undo) json["undo"] = true;
    if (entry.error != 0) json["errno"] = entry.error;
    if (entry.changed) json["changed"] = true;
    if (!entry.identity.empty()) json["identity"] = entry.identity;
    if (!entry.left.empty()) json["left"] = entry.left;
    if (!entry.text.empty()) json["text"] = entry.text;
    if (!entry.plan.empty()) json["plan"] = entry.plan;
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Entry> entry_from_json(std::string_view text) {
    const Json json = Json::parse(text, nullptr, false);
    if (json.is_discarded() || !json.is_object()) return bad_input("journal entry: not a JSON object");
    Entry entry;
    const auto sequence = number(json, "sequence");
    if (!sequence) return missing("sequence");
    const auto time = number(json, "time");
    if (!time) return missing("time");
    auto job = text_of(json, "job");
    if (!job || !is_id(*job)) return missing("job");
    const auto kind = parse_kind(text_of(json, "kind").value_or(""));
    if (!kind) return missing("kind");
    const auto step = number(json, "step");
    if (of_step(*kind) && (!step || *step > kMostSteps)) return missing("step");
    entry.sequence = *sequence;
    entry.time = *time;
    entry.job = *std::move(job);
    entry.kind = *kind;
    entry.step = of_step(*kind) ? *step : 0;
    entry.undo = json.value("undo", Json(false)) == Json(true);
    entry.error = static_cast<int>(std::min<std::uint64_t>(number(json, "errno").value_or(0), 4095));
    entry.changed = json.value("changed", Json(false)) == Json(true);
    entry.identity = text_of(json, "identity").value_or("");
    entry.left = left_of(json);
    entry.text = text_of(json, "text").value_or("");
    entry.plan = text_of(json, "plan").value_or("");
    return entry;
}

bool Job::has(StepState state) const {
    return std::ranges::any_of(steps, [&](const JobStep& step) { return step.state == state; });
}

std::vector<Job> jobs_of(const std::vector<Entry>& entries) {
    std::vector<Job> jobs;
    std::unordered_map<std::string, std::size_t> places;   // a journal of years has many, each with many entries
    for (const auto& entry : entries) {
        const auto [place, begins] = places.try_emplace(entry.job, jobs.size());
        if (begins) {
            jobs.emplace_back();
            jobs.back().id = entry.job;
            jobs.back().begun = entry.time;
        }
        Job& job = jobs[place->second];
        if (!job.contradiction.empty()) continue;
        if (auto taken = take(job, entry, begins); !taken) job.contradiction = taken.error().message();
    }
    return jobs;
}

}   // namespace memhot::journal
