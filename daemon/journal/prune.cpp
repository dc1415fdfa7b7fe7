// SPDX-License-Identifier: GPL-2.0-or-later
#include "journal/prune.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <set>

#include "journal/journal.hpp"

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

Status sync(int fd, const std::string& path) {
    if (::fsync(fd) != 0 && errno != EINVAL) return io_error(path, "syncing", errno);
    return Done{};
}

Status replace(const std::string& directory, const std::string& text) {
    const std::string path = directory + "/" + std::string(kFileName);
    const std::string fresh = path + ".new";
    const Descriptor file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.open()) return io_error(fresh, "opening", errno);
    if (const int error = write_at(file.get(), text, 0); error != 0) {
        ::unlink(fresh.c_str());
        return io_error(fresh, "writing", error);
    }
    if (auto good = sync(file.get(), fresh); !good) return good;
    if (std::rename(fresh.c_str(), path.c_str()) != 0) return io_error(path, "replacing", errno);
    const Descriptor parent(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!parent.open()) return io_error(directory, "opening the directory", errno);
    return sync(parent.get(), directory);
}

}   // namespace

Status prune(const std::string& state_directory, const HostLock& /*lock*/, std::uint64_t keep) {
    const auto reading = read_journal(state_directory);
    if (!reading) return reading.error();
    if (!reading->damaged.empty() || reading->torn != 0) return Done{};
    const auto dropped = too_many(jobs_of(reading->entries), keep);
    if (dropped.empty()) return Done{};
    return replace(state_directory, text_without(reading->entries, dropped));
}

}   // namespace memhot::journal
