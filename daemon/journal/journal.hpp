// SPDX-License-Identifier: GPL-2.0-or-later
//
// The journal of jobs: an append-only file in the state directory. An entry is on the disk (fdatasync) before append()
// returns, so what was intended is known before it is tried. After a failed write the file is as before.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "journal/descriptor.hpp"
#include "journal/entry.hpp"
#include "journal/frame.hpp"
#include "journal/lock.hpp"

namespace memhot::journal {

inline constexpr std::string_view kFileName = "journal";

struct Reading {
    std::vector<Entry> entries;
    std::vector<Damage> damaged;   // offsets in the file; the entries there are lost
    std::size_t torn = 0;   // bytes of a last record that was never whole
    bool emptied = false;   // the file is there and has not even its header
    // One line each for people; empty where all is well.
    [[nodiscard]] std::vector<std::string> complaints(const std::string& path) const;
};
// Changes nothing and needs no lock. A journal that is not there yet is empty. bad_input for a file that is none.
Result<Reading> read_journal(const std::string& state_directory);

class Journal {
public:
    // lock: whoever writes holds it as long as the journal is open. A torn tail is cut off (see notes()); a damaged
    // journal is read but not written.
    static Result<Journal> open(const std::string& state_directory, const HostLock& lock);
    Journal(Journal&&) noexcept = default;
    Journal& operator=(Journal&&) = delete;
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;
    ~Journal();

    // Gives the entry its sequence number. Behind the end of a job what is left of its room is given back.
    Status append(Entry entry);
    // The same for the beginning of a job, with room for so many bytes behind it, so that a job that began can be written
    // to its end. Nothing is reserved for one that cannot begin; unsupported: the entry is too long.
    Status begin(Entry entry, std::size_t room);
    // Room for so many bytes more, until a job ends or the journal is closed.
    Status reserve(std::size_t bytes);

    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }   // as they were when it was opened
    [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    Journal(Descriptor file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}
    Status begin_file();
    Result<std::string> payload_of(Entry& entry) const;
    Status write_entry(std::string_view payload);
    void give_back();
    Status write_whole(std::string_view bytes, std::string_view doing);

    Descriptor file_;
    std::string path_;
    std::size_t end_ = 0;
    std::uint64_t next_ = 1;
    bool reserved_ = false;
    bool broken_ = false;   // a failed write could not be taken back
    std::vector<Entry> entries_;
    std::vector<std::string> notes_;
};

}   // namespace memhot::journal
