// SPDX-License-Identifier: GPL-2.0-or-later
#include "service/journal_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace memhot::service {

namespace {

// A caller may have some of them unread at a time (dbus/outbox.hpp).
constexpr std::size_t kPage = std::size_t{8} << 20;

// The job that is carried out now by whoever holds the lock; empty: none.
std::string running_job(const JobPlace& place) {
    const auto holder = journal::HostLock::holder(place.run);
    if (!holder) return {};
    std::error_code unknown;
    const bool ours = holder->state_directory == place.state ||
                      std::filesystem::equivalent(holder->state_directory, place.state, unknown);
    return ours ? holder->job : "";
}

}   // namespace

Result<journal::Reading> read_running(const JobPlace& place, std::string& running) {
    running = running_job(place);   // one that ends meanwhile has its end in the journal
    auto reading = journal::read_journal(place.state);
    if (running.empty()) running = running_job(place);   // it began meanwhile
    return reading;
}

Answer<JournalPage> journal_page(const JobPlace& place, std::uint64_t from, const std::string& job, std::size_t most) {
    JournalPage out;
    const auto reading = read_running(place, out.running);
    if (!reading) return std::unexpected(failure_of(reading.error()));
    out.notes = reading->complaints(place.state + "/" + std::string(journal::kFileName));
    std::size_t bytes = 0;
    for (const auto& entry : reading->entries) {
        if (entry.sequence < from || (!job.empty() && entry.job != job)) continue;
        std::string text = to_json(entry);
        if (text.size() > most) {
            return fail(error_name::kLimitExceeded,
                        fmt::format("entry {} of the journal, of job {}, has {} bytes, more than a message holds; "
                                    "memhotctl history on that machine tells of it",
                                    entry.sequence, entry.job, text.size()));
        }
        if (!out.entries.empty() && bytes + text.size() > std::min(most, kPage)) {
            out.next = entry.sequence;
            break;
        }
        bytes += text.size();
        out.entries.push_back(std::move(text));
    }
    return out;
}

}   // namespace memhot::service
