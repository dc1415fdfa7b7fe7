// SPDX-License-Identifier: GPL-2.0-or-later
#include "journal/prune.hpp"

#include <set>

#include "journal/journal.hpp"
#include "journal/replace.hpp"

namespace memhot::journal {

namespace {

// Ids of the oldest that are too many.
std::set<std::string> too_many(const std::vector<Job>& jobs, std::uint64_t keep) {
    std::vector<const Job*> ended;
    for (const auto& job : jobs) {
        if (job.ended && job.contradiction.empty()) ended.push_back(&job);
    }
    std::set<std::string> out;
    if (ended.size() <= keep + keep / 4) return out;
    for (std::size_t i = 0; i + keep < ended.size(); ++i) out.insert(ended[i]->id);
    return out;
}

std::string text_without(const std::vector<Entry>& entries, const std::set<std::string>& dropped) {
    std::string out(kFileHeader);
    for (const auto& entry : entries) {
        if (!dropped.contains(entry.job)) out += frame(to_json(entry));
    }
    return out;
}

}   // namespace

Status prune(const std::string& state_directory, const HostLock& /*lock*/, std::uint64_t keep) {
    const auto reading = read_journal(state_directory);
    if (!reading) return reading.error();
    if (!reading->damaged.empty() || reading->torn != 0) return Done{};
    const auto dropped = too_many(jobs_of(reading->entries), keep);
    if (dropped.empty()) return Done{};
    return replace_file(state_directory, kFileName, text_without(reading->entries, dropped));
}

}   // namespace memhot::journal
