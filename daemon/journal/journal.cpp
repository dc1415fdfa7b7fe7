// SPDX-License-Identifier: GPL-2.0-or-later
#include "journal/journal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <tuple>

namespace memhot::journal {

namespace {

std::string path_in(const std::string& state_directory) { return fmt::format("{}/{}", state_directory, kFileName); }

Error no_journal(const std::string& path) {
    return bad_input(
        fmt::format("{}: is no journal of memhot: expected \"{}\" at its beginning; move it away to begin a "
                    "new one",
                    path, kFileHeader.substr(0, kFileHeader.size() - 1)));
}

struct Parsed {
    Reading reading;
    std::size_t good_end = 0;   // in the file; 0: not even the file's header is whole
};

Result<Parsed> parse(std::string_view text, const std::string& path) {
    Parsed out;
    if (text.size() < kFileHeader.size()) {
        // The very first write was cut.
        if (!kFileHeader.starts_with(text)) return no_journal(path);
        out.reading.torn = text.size();
        out.reading.emptied = text.empty();
        return out;
    }
    if (!text.starts_with(kFileHeader)) return no_journal(path);
    const Frames frames = split_frames(text.substr(kFileHeader.size()));
    for (const auto payload : frames.payloads) {
        auto entry = entry_from_json(payload);
        if (!entry) return std::move(entry).with_context(path).error();
        out.reading.entries.push_back(*std::move(entry));
    }
    for (const auto& damage : frames.damaged) {
        out.reading.damaged.push_back({damage.offset + kFileHeader.size(), damage.bytes});
    }
    out.reading.torn = frames.torn;
    out.good_end = kFileHeader.size() + frames.good_end;
    return out;
}

// A new name is on the disk when its directory is.
Status sync_directory(const std::string& path) {
    const Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.open()) return io_error(path, "opening the directory", errno);
    if (::fsync(directory.get()) != 0 && errno != EINVAL) return io_error(path, "syncing the directory", errno);
    return Done{};
}

}   // namespace

std::vector<std::string> Reading::complaints(const std::string& path) const {
    std::vector<std::string> out;
    for (const auto& damage : damaged) {
        out.push_back(fmt::format("{}: {} bytes at byte {} are damaged: what was written there is lost", path,
                                  damage.bytes, damage.offset));
    }
    if (torn != 0) {
        out.push_back(
            fmt::format("{}: the last {} bytes are of a record that was never written to its end", path, torn));
    }
    if (emptied)
        out.push_back(path + ": the file is empty: its first entry was never written, or what it told is lost");
    return out;
}

Result<Reading> read_journal(const std::string& state_directory) {
    const std::string path = path_in(state_directory);
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file.open()) {
        if (errno == ENOENT) return Reading{};
        return io_error(path, "opening", errno);
    }
    const auto text = read_all(file.get(), path);
    if (!text) return text.error();
    auto parsed = parse(*text, path);
    if (!parsed) return std::move(parsed).error();
    return std::move(parsed->reading);
}

Result<Journal> Journal::open(const std::string& state_directory, const HostLock& /*lock*/) {
    if (auto made = make_directory(state_directory); !made) return made.error();
    const std::string path = path_in(state_directory);
    const bool is_new = ::access(path.c_str(), F_OK) != 0;
    Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.open()) return io_error(path, "opening", errno);
    const auto text = read_all(file.get(), path);
    if (!text) return text.error();
    auto parsed = parse(*text, path);
    if (!parsed) return std::move(parsed).error();
    if (is_new) parsed->reading.emptied = false;
    if (!parsed->reading.damaged.empty()) {
        return Error(ErrorKind::io, fmt::format("{}; move the file away to begin a new one",
                                                parsed->reading.complaints(path).front()));
    }
    Journal journal(std::move(file), path);
    journal.notes_ = parsed->reading.complaints(path);
    journal.end_ = parsed->good_end;
    if (parsed->reading.torn != 0 && ::ftruncate(journal.file_.get(), static_cast<off_t>(journal.end_)) != 0) {
        return io_error(path, "cutting off a torn record", errno);
    }
    if (journal.end_ == 0) {
        if (auto begun = journal.begin_file(); !begun) return begun.error();
        if (auto synced = sync_directory(state_directory); !synced) return synced.error();
    }
    journal.entries_ = std::move(parsed->reading.entries);
    if (!journal.entries_.empty()) journal.next_ = journal.entries_.back().sequence + 1;
    return journal;
}

Journal::~Journal() {
    if (file_.open()) give_back();
}

Status Journal::begin_file() { return write_whole(kFileHeader, "beginning"); }

Status Journal::write_whole(std::string_view bytes, std::string_view doing) {
    if (broken_) {
        return Error(ErrorKind::io,
                     fmt::format("{}: an earlier write failed and could not be taken back; nothing more is "
                                 "written",
                                 path_));
    }
    int error = write_at(file_.get(), bytes, end_);
    if (error == 0 && ::fdatasync(file_.get()) != 0) error = errno;
    if (error == 0) {
        end_ += bytes.size();
        return Done{};
    }
    // What a failed fdatasync leaves on the disk nobody knows: the record is taken back, never taken for written.
    if (::ftruncate(file_.get(), static_cast<off_t>(end_)) != 0) broken_ = true;
    return io_error(path_, doing, error);
}

Result<std::string> Journal::payload_of(Entry& entry) const {
    entry.sequence = next_;
    std::string payload = to_json(entry);
    if (payload.size() <= kLongestPayload) return payload;
    return Error(ErrorKind::unsupported, fmt::format("{}: an entry of {} bytes cannot be written, at most {} are",
                                                     path_, payload.size(), kLongestPayload));
}

Status Journal::write_entry(std::string_view payload) {
    if (auto written = write_whole(frame(payload), "writing"); !written) return written;
    ++next_;
    return Done{};
}

Status Journal::append(Entry entry) {
    const auto payload = payload_of(entry);
    if (!payload) return payload.error();
    auto written = write_entry(*payload);
    if (written && entry.kind == EntryKind::job_ended) give_back();
    return written;
}

Status Journal::begin(Entry entry, std::size_t room) {
    const auto payload = payload_of(entry);
    if (!payload) return payload.error();
    if (auto reserved = reserve(payload->size() + kFrameHeader + 1 + room); !reserved) return reserved;
    return write_entry(*payload);
}

// Of what was reserved beyond the end; filesystems free it where the size that is set is the size that is. One that does
// not has only taken more than it needs.
void Journal::give_back() {
    if (reserved_ && !broken_) std::ignore = ::ftruncate(file_.get(), static_cast<off_t>(end_));
    reserved_ = false;
}

Status Journal::reserve(std::size_t bytes) {
    // Beyond the end: the file's size stays, so a reader sees nothing of it.
    reserved_ = true;
    while (::fallocate(file_.get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(end_), static_cast<off_t>(bytes)) != 0) {
        if (errno == EINTR) continue;
        if (errno == EOPNOTSUPP || errno == ENOSYS) return Done{};
        const int error = errno;
        give_back();   // what there was of it
        return io_error(path_, fmt::format("reserving {} bytes", bytes), error);
    }
    return Done{};
}

}   // namespace memhot::journal
