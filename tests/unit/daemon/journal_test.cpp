// SPDX-License-Identifier: GPL-2.0-or-later
//
// The journal against everything that happens to files: cut at every byte, flipped at every byte, a full disk, two
// writers.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "journal/checksum.hpp"
#include "journal/journal.hpp"
#include "journal/prune.hpp"
#include "scratch.hpp"

namespace memhot::journal {
namespace {

namespace fs = std::filesystem;

class JournalFile : public Scratch {
protected:
    [[nodiscard]] std::string state() const { return top + "/state"; }
    [[nodiscard]] std::string file() const { return state() + "/journal"; }
    [[nodiscard]] HostLock lock() const { return *HostLock::take(top + "/run", "test"); }

    void put(const std::string& text) const {
        fs::create_directories(state());
        std::ofstream(file(), std::ios::binary | std::ios::trunc) << text;
    }
    [[nodiscard]] std::string get() const {
        std::ifstream in(file(), std::ios::binary);
        std::stringstream text;
        text << in.rdbuf();
        return text.str();
    }
};

Entry entry(EntryKind kind, std::size_t step = 0, std::string text = {}) {
    Entry out;
    out.time = 1'790'000'000'000'000;
    out.job = "7f3a";
    out.kind = kind;
    out.step = step;
    out.text = std::move(text);
    if (kind == EntryKind::job_begun) out.plan = R"({"format": "memhot-plan/1", "steps": []})";
    if (kind == EntryKind::step_failed) out.error = EBUSY;
    return out;
}

// A job of two steps, of which the second failed.
std::vector<Entry> two_steps() {
    return {entry(EntryKind::job_begun),
            entry(EntryKind::step_intended, 0, "online memory40"),
            entry(EntryKind::step_done, 0, "onlined memory40"),
            entry(EntryKind::step_intended, 1, "online memory41"),
            entry(EntryKind::step_failed, 1, "Device or resource busy"),
            entry(EntryKind::job_ended, 0, "failed part-way")};
}

// Where each of the records ends.
std::vector<std::size_t> write_all(Journal& journal, const std::vector<Entry>& entries) {
    std::vector<std::size_t> ends;
    for (const auto& one : entries) {
        EXPECT_TRUE(journal.append(one).ok());
        ends.push_back(fs::file_size(journal.path()));
    }
    return ends;
}

TEST(Checksum, is_crc32c) {
    // RFC 3720 B.4: 32 bytes of zeroes, and of ones; "123456789" is the check value of the catalogue of CRCs.
    EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aaU);
    EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43U);
    EXPECT_EQ(crc32c("123456789"), 0xe3069283U);
}

TEST_F(JournalFile, what_was_written_is_read_and_numbered) {
    {
        const HostLock held = lock();
        auto journal = Journal::open(state(), held);
        ASSERT_TRUE(journal.ok()) << journal.error().message();
        EXPECT_TRUE(journal->entries().empty());
        write_all(*journal, two_steps());
    }
    const auto reading = read_journal(state());
    ASSERT_TRUE(reading.ok()) << reading.error().message();
    auto expected = two_steps();
    for (std::size_t i = 0; i < expected.size(); ++i) expected[i].sequence = i + 1;
    EXPECT_EQ(reading->entries, expected);
    EXPECT_TRUE(reading->complaints(file()).empty());
    // A second life goes on counting.
    const HostLock held = lock();
    auto journal = Journal::open(state(), held);
    ASSERT_TRUE(journal.ok());
    Entry next = entry(EntryKind::job_begun);
    next.job = "7f3b";
    ASSERT_TRUE(journal->append(next).ok());
    EXPECT_EQ(read_journal(state())->entries.back().sequence, expected.size() + 1);
}

TEST_F(JournalFile, that_is_not_there_is_empty) {
    EXPECT_TRUE(read_journal(state())->entries.empty());
    EXPECT_FALSE(fs::exists(state()));
}

TEST_F(JournalFile, cut_at_every_byte_tells_the_whole_records_and_goes_on) {
    std::vector<std::size_t> ends;
    {
        const HostLock held = lock();
        auto journal = Journal::open(state(), held);
        ends = write_all(*journal, two_steps());
    }
    const std::string whole = get();
    const auto all = read_journal(state())->entries;
    for (std::size_t size = 0; size <= whole.size(); ++size) {
        put(whole.substr(0, size));
        const auto reading = read_journal(state());
        ASSERT_TRUE(reading.ok()) << size << ": " << reading.error().message();
        const auto count = static_cast<std::size_t>(std::ranges::count_if(ends, [&](auto end) { return end <= size; }));
        ASSERT_EQ(reading->entries.size(), count) << size;
        ASSERT_TRUE(std::equal(reading->entries.begin(), reading->entries.end(), all.begin())) << size;
        const std::size_t good = count == 0 ? (size < kFileHeader.size() ? 0 : kFileHeader.size()) : ends[count - 1];
        ASSERT_EQ(reading->torn, size - good) << size;
        ASSERT_TRUE(reading->damaged.empty()) << size;
        const HostLock held = lock();
        auto journal = Journal::open(state(), held);
        ASSERT_TRUE(journal.ok()) << size << ": " << journal.error().message();
        // A file of no bytes is not one that is new.
        ASSERT_EQ(reading->complaints(file()).size(), size == good && size != 0 ? 0U : 1U) << size;
        ASSERT_EQ(journal->notes().size(), size == good && size != 0 ? 0U : 1U) << size;
        ASSERT_TRUE(journal->append(entry(EntryKind::job_ended)).ok()) << size;
        const auto again = read_journal(state());
        ASSERT_EQ(again->entries.size(), count + 1) << size;
        ASSERT_EQ(again->entries.back().sequence, count + 1) << size;
        ASSERT_EQ(again->torn, 0U) << size;
    }
}

TEST_F(JournalFile, flipped_at_every_bit_never_tells_what_was_not_written) {
    {
        const HostLock held = lock();
        auto journal = Journal::open(state(), held);
        write_all(*journal, two_steps());
    }
    const std::string whole = get();
    const auto all = read_journal(state())->entries;
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (int bit = 0; bit < 8; ++bit) {
            std::string bad = whole;
            bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
            put(bad);
            const auto reading = read_journal(state());
            if (at < kFileHeader.size()) {
                ASSERT_FALSE(reading.ok()) << at;
                ASSERT_NE(reading.error().message().find(file()), std::string::npos);
                continue;
            }
            ASSERT_TRUE(reading.ok()) << at << ": " << reading.error().message();
            // Exactly one record is lost, and it is said where.
            ASSERT_EQ(reading->entries.size(), all.size() - 1) << at;
            for (const auto& one : reading->entries) {
                ASSERT_NE(std::ranges::find(all, one), all.end()) << at;
            }
            ASSERT_EQ(reading->damaged.size() + (reading->torn != 0 ? 1 : 0), 1U) << at;
            if (reading->damaged.empty()) continue;
            const HostLock held = lock();
            const auto journal = Journal::open(state(), held);
            ASSERT_FALSE(journal.ok()) << at;
            ASSERT_EQ(get(), bad) << "a damaged journal is left as it is";
        }
    }
}

TEST_F(JournalFile, garbage_is_named_with_path_and_remedy) {
    put("#!/bin/sh\necho this is no journal of ours at all\n");
    const auto reading = read_journal(state());
    ASSERT_FALSE(reading.ok());
    EXPECT_EQ(reading.error().message(),
              file() +
                  ": is no journal of memhot: expected \"memhot-journal/1\" at its beginning; move it away to begin a "
                  "new one");
}

TEST_F(JournalFile, a_file_instead_of_the_directory_is_an_error) {
    std::ofstream(state()) << "x";
    const HostLock held = lock();
    const auto journal = Journal::open(state(), held);
    ASSERT_FALSE(journal.ok());
    EXPECT_EQ(journal.error().message(),
              file() + ": opening: Not a directory (ENOTDIR); a file is where a directory is expected");
}

// The limit counts for the process: a child, so that nothing else meets it.
template <class F>
int in_child(F&& work) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(work());
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

TEST_F(JournalFile, at_the_size_limit_keeps_what_was_there) {
    const int result = in_child([&] {
        std::signal(SIGXFSZ, SIG_IGN);
        const HostLock held = lock();
        auto journal = Journal::open(state(), held);
        if (!journal || !journal->append(entry(EntryKind::job_begun))) return 1;
        // Room for a part of the next record: the write is short, then refused.
        const rlimit limit{fs::file_size(file()) + 20, RLIM_INFINITY};
        if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
        const auto full = journal->append(entry(EntryKind::step_intended));
        if (full.ok() || full.error().message().find("EFBIG") == std::string::npos) return 3;
        const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
        if (::setrlimit(RLIMIT_FSIZE, &none) != 0) return 4;
        return journal->append(entry(EntryKind::step_intended)) ? 0 : 5;
    });
    ASSERT_EQ(result, 0);
    const auto reading = read_journal(state());
    ASSERT_TRUE(reading.ok());
    EXPECT_EQ(reading->entries.size(), 2U);
    EXPECT_EQ(reading->torn, 0U);
}

TEST_F(JournalFile, on_a_full_disk_keeps_what_was_there) {
    fs::create_directories(state());
    if (::mount("tmpfs", state().c_str(), "tmpfs", 0, "size=16k") != 0) GTEST_SKIP() << "mounting needs root";
    std::size_t written = 0;
    {
        const HostLock held = lock();
        auto journal = Journal::open(state(), held);
        Status last = Done{};
        Entry begun = entry(EntryKind::job_begun);
        begun.plan = std::string(700, 'x');
        while (last.ok() && written < 100) {
            begun.job = std::to_string(written);
            last = journal->append(begun);
            if (last.ok()) ++written;
        }
        EXPECT_FALSE(last.ok());
        EXPECT_EQ(last.error().message(),
                  file() +
                      ": writing: No space left on device (ENOSPC); free space on its file system; nothing is changed "
                      "on the host without a journal");
        EXPECT_FALSE(journal->reserve(1 << 20).ok());
    }
    const auto reading = read_journal(state());
    EXPECT_TRUE(reading.ok() && reading->entries.size() == written && reading->torn == 0);
    EXPECT_GT(written, 5U);
    EXPECT_EQ(::umount(state().c_str()), 0);
}

TEST_F(JournalFile, reserved_room_lasts_until_the_end_of_the_job) {
    fs::create_directories(state());
    if (::mount("tmpfs", state().c_str(), "tmpfs", 0, "size=32k") != 0) GTEST_SKIP() << "mounting needs root";
    {
        const HostLock held = lock();
        auto journal = Journal::open(state(), held);
        EXPECT_TRUE(journal->reserve(8192).ok());
        std::ofstream(state() + "/fill") << std::string(64 << 10, 'x');   // takes all that is left
        for (const auto& one : two_steps()) EXPECT_TRUE(journal->append(one).ok());
    }
    EXPECT_EQ(read_journal(state())->entries.size(), 6U);
    EXPECT_EQ(::umount(state().c_str()), 0);
}

// Bytes on the disk, beside those that can be read.
std::size_t allocated(const std::string& file) {
    struct stat is{};
    EXPECT_EQ(::stat(file.c_str(), &is), 0);
    return static_cast<std::size_t>(is.st_blocks) * 512;
}

TEST_F(JournalFile, room_for_a_job_is_given_back_at_its_end) {
    const HostLock held = lock();
    auto journal = Journal::open(state(), held);
    auto entries = two_steps();
    ASSERT_TRUE(journal->begin(entries[0], 1 << 20).ok());
    if (allocated(file()) < 1 << 20) GTEST_SKIP() << "this file system reserves nothing";
    for (std::size_t i = 1; i + 1 < entries.size(); ++i) ASSERT_TRUE(journal->append(entries[i]).ok());
    EXPECT_GE(allocated(file()), 1U << 20) << "until then";
    ASSERT_TRUE(journal->append(entries.back()).ok());
    EXPECT_LE(allocated(file()), 8192U);
    EXPECT_EQ(read_journal(state())->entries.size(), entries.size());
}

TEST_F(JournalFile, room_for_a_job_that_could_not_go_on_is_given_back_when_it_is_closed) {
    const HostLock held = lock();
    {
        auto journal = Journal::open(state(), held);
        ASSERT_TRUE(journal->reserve(1 << 20).ok());
        if (allocated(file()) < 1 << 20) GTEST_SKIP() << "this file system reserves nothing";
    }
    EXPECT_LE(allocated(file()), 8192U);
    EXPECT_EQ(get(), kFileHeader);
}

TEST_F(JournalFile, an_entry_that_is_too_long_is_not_written_and_reserves_nothing) {
    const HostLock held = lock();
    auto journal = Journal::open(state(), held);
    Entry begun = entry(EntryKind::job_begun);
    begun.plan = std::string(kLongestPayload, 'x');
    const auto status = journal->begin(begun, 1 << 20);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().kind(), ErrorKind::unsupported);
    EXPECT_LE(allocated(file()), 4096U);
    EXPECT_TRUE(journal->begin(entry(EntryKind::job_begun), 1024).ok()) << "another one can be";
    EXPECT_EQ(read_journal(state())->entries.size(), 1U);
}

TEST_F(JournalFile, a_job_without_room_does_not_begin) {
    fs::create_directories(state());
    if (::mount("tmpfs", state().c_str(), "tmpfs", 0, "size=32k") != 0) GTEST_SKIP() << "mounting needs root";
    {
        const HostLock held = lock();
        auto journal = Journal::open(state(), held);
        EXPECT_FALSE(journal->begin(entry(EntryKind::job_begun), 1 << 20).ok());
        EXPECT_LE(allocated(file()), 4096U) << "what there was of it is given back";
        EXPECT_TRUE(read_journal(state())->entries.empty());
    }
    EXPECT_EQ(::umount(state().c_str()), 0);
}

TEST_F(JournalFile, on_a_read_only_file_system_is_an_error) {
    fs::create_directories(state());
    if (::mount("tmpfs", state().c_str(), "tmpfs", MS_RDONLY, "") != 0) GTEST_SKIP() << "mounting needs root";
    {
        const HostLock held = lock();
        const auto journal = Journal::open(state(), held);
        EXPECT_FALSE(journal.ok());
        EXPECT_EQ(journal.error().message(), file() + ": opening: Read-only file system (EROFS); its file system is "
                                                      "read-only: mount it writable, or name another state directory");
    }
    EXPECT_EQ(::umount(state().c_str()), 0);
}

TEST_F(JournalFile, a_second_writer_is_told_who_holds_the_host) {
    const HostLock held = lock();
    const auto second = HostLock::take(top + "/run", "memhotctl");
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().message(), top + "/run/lock: pid " + std::to_string(::getpid()) +
                                            " (test) is changing this host; wait until it is done");
    // Another process meets the same, and the lock goes with its holder.
    EXPECT_EQ(in_child([&] { return HostLock::take(top + "/run", "child") ? 1 : 0; }), 0);
}

TEST_F(JournalFile, a_lock_whose_holder_was_killed_is_free) {
    EXPECT_EQ(in_child([&] {
                  const HostLock held = lock();
                  ::kill(::getpid(), SIGKILL);
                  return 0;
              }),
              128);
    EXPECT_TRUE(HostLock::take(top + "/run", "next").ok());
}

TEST_F(JournalFile, a_lock_tells_who_holds_it_for_which_job_as_long_as_it_is_held) {
    EXPECT_FALSE(HostLock::holder(top + "/run"));
    {
        HostLock held = lock();
        ASSERT_TRUE(held.tell("7", "/var/lib/mem hot").ok());
        const auto holder = HostLock::holder(top + "/run");
        ASSERT_TRUE(holder);
        EXPECT_EQ(holder->pid, ::getpid());
        EXPECT_EQ(holder->program, "test");
        EXPECT_EQ(holder->job, "7");
        EXPECT_EQ(holder->state_directory, "/var/lib/mem hot");
        struct stat status{};
        ASSERT_EQ(::stat((top + "/run/lock").c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 0777U, 0600U);
    }
    EXPECT_FALSE(HostLock::holder(top + "/run"));
    EXPECT_EQ(std::filesystem::file_size(top + "/run/lock"), 0U);
    // The line of a process that was killed stays, and means nothing.
    EXPECT_EQ(in_child([&] {
                  const HostLock held = lock();
                  ::kill(::getpid(), SIGKILL);
                  return 0;
              }),
              128);
    EXPECT_FALSE(HostLock::holder(top + "/run"));
}

TEST(JobsOf, what_the_host_shows_as_not_done_is_untouched_again) {
    std::vector<Entry> entries;
    for (const auto kind : {EntryKind::job_begun, EntryKind::step_intended, EntryKind::step_done,
                            EntryKind::step_not_done, EntryKind::step_intended, EntryKind::step_not_done}) {
        Entry entry;
        entry.sequence = entries.size() + 1;
        entry.job = "1";
        entry.kind = kind;
        EXPECT_EQ(*entry_from_json(to_json(entry)), entry);
        entries.push_back(entry);
        ASSERT_EQ(jobs_of(entries).front().contradiction, "") << to_string(kind);
    }
    EXPECT_EQ(jobs_of(entries).front().steps[0].state, StepState::untouched);
    entries.push_back(entries.back());   // it is not done already
    EXPECT_NE(jobs_of(entries).front().contradiction, "");
}

// --- what became of a job ------------------------------------------------------------------------------------------

std::vector<Entry> first(std::size_t count) {
    auto entries = two_steps();
    entries.resize(count);
    return entries;
}

TEST(Jobs, tell_what_is_done_and_what_nobody_knows) {
    EXPECT_TRUE(jobs_of({}).empty());
    const auto begun = jobs_of(first(1));
    ASSERT_EQ(begun.size(), 1U);
    EXPECT_TRUE(begun.at(0).interrupted());
    EXPECT_TRUE(begun.at(0).steps.empty());
    EXPECT_EQ(jobs_of(first(2)).at(0).steps.at(0).state, StepState::unknown);
    EXPECT_EQ(jobs_of(first(3)).at(0).steps.at(0).state, StepState::done);
    EXPECT_EQ(jobs_of(first(4)).at(0).steps.at(1).state, StepState::unknown);
    const auto ended = jobs_of(two_steps());
    EXPECT_EQ(ended.at(0).steps.at(1).state, StepState::failed);
    EXPECT_EQ(ended.at(0).steps.at(1).error, EBUSY);
    EXPECT_FALSE(ended.at(0).interrupted());
    EXPECT_EQ(ended.at(0).result, "failed part-way");
}

TEST(Jobs, undo_is_told_apart) {
    auto entries = first(3);
    Entry undo = entry(EntryKind::step_intended, 0);
    undo.undo = true;
    entries.push_back(undo);
    EXPECT_EQ(jobs_of(entries).at(0).steps.at(0).state, StepState::undo_unknown);
    undo.kind = EntryKind::step_done;
    entries.push_back(undo);
    EXPECT_EQ(jobs_of(entries).at(0).steps.at(0).state, StepState::undone);
}

TEST(Jobs, that_contradict_themselves_say_so_and_hide_no_other) {
    const auto contradiction = [](const std::vector<Entry>& entries) { return jobs_of(entries).front().contradiction; };
    EXPECT_NE(contradiction({entry(EntryKind::step_intended)}).find("never began"), std::string::npos);
    EXPECT_NE(contradiction({entry(EntryKind::job_begun), entry(EntryKind::job_begun)}).find("began before"),
              std::string::npos);
    EXPECT_NE(contradiction({entry(EntryKind::job_begun), entry(EntryKind::step_done)}), "");
    EXPECT_NE(
        contradiction({entry(EntryKind::job_begun), entry(EntryKind::job_ended), entry(EntryKind::step_intended)}), "");
    auto twice = first(3);
    twice.push_back(entry(EntryKind::step_intended, 0));
    EXPECT_NE(contradiction(twice), "") << "a step that is done is not done again";
    Entry other = entry(EntryKind::job_begun);
    other.job = "other";
    twice.push_back(other);
    const auto jobs = jobs_of(twice);
    ASSERT_EQ(jobs.size(), 2U);
    EXPECT_EQ(jobs[0].steps.at(0).state, StepState::done) << "what was so before";
    EXPECT_EQ(jobs[1].id, "other");
    EXPECT_EQ(jobs[1].contradiction, "");
}

// A rollback of a job that ended in doubt may find that the step was not done.
TEST(Jobs, that_have_ended_may_prove_to_be_not_done) {
    auto entries = first(2);
    entries.push_back(entry(EntryKind::job_ended));
    entries.push_back(entry(EntryKind::step_not_done, 0));
    entries.push_back(entry(EntryKind::job_ended));
    const auto jobs = jobs_of(entries);
    EXPECT_EQ(jobs.front().contradiction, "");
    EXPECT_EQ(jobs.front().steps.at(0).state, StepState::untouched);
}

// --- the oldest jobs are forgotten -----------------------------------------------------------------------------------

class Prune : public JournalFile {
protected:
    void write(const std::string& id, bool ended) const {
        auto book = Journal::open(state(), lock());
        ASSERT_TRUE(book.ok()) << book.error().message();
        for (const auto kind :
             {EntryKind::job_begun, EntryKind::step_intended, EntryKind::step_done, EntryKind::job_ended}) {
            if (kind == EntryKind::job_ended && !ended) continue;
            Entry one = entry(kind, 0, "done");
            one.job = id;
            ASSERT_TRUE(book->append(one).ok());
        }
    }
    [[nodiscard]] std::vector<std::string> ids() const {
        std::vector<std::string> out;
        const auto reading = read_journal(state());
        for (const auto& job : jobs_of(reading->entries)) out.push_back(job.id);
        return out;
    }
    [[nodiscard]] std::uint64_t last() const {
        const auto reading = read_journal(state());
        return reading->entries.back().sequence;
    }
};

TEST_F(Prune, KeepsTheNewestAndWhatHasNotEnded) {
    write("1", true);
    write("2", false);
    for (int i = 3; i <= 8; ++i) write(std::to_string(i), true);
    ASSERT_TRUE(prune(state(), lock(), 6).ok());
    EXPECT_EQ(ids().size(), 8U) << "seven are no quarter more than six";
    ASSERT_TRUE(prune(state(), lock(), 4).ok());
    EXPECT_EQ(ids(), (std::vector<std::string>{"2", "5", "6", "7", "8"}));
    struct stat status{};
    ASSERT_EQ(::stat(file().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    EXPECT_FALSE(fs::exists(file() + ".new"));
    const auto before = last();
    write("9", true);   // and it goes on where it was
    EXPECT_EQ(last(), before + 4);
    EXPECT_EQ(ids().back(), "9");
}

TEST_F(Prune, LeavesADamagedOneAlone) {
    for (int i = 1; i <= 8; ++i) write(std::to_string(i), true);
    std::string text = get();
    text[text.size() / 2] = static_cast<char>(text[text.size() / 2] ^ 1);
    put(text);
    ASSERT_TRUE(prune(state(), lock(), 1).ok());
    EXPECT_EQ(get(), text);
    put("no journal at all");
    EXPECT_FALSE(prune(state(), lock(), 1).ok());
    EXPECT_EQ(get(), "no journal at all");
}

TEST_F(Prune, WhatCannotBeWrittenLeavesTheOldOne) {
    for (int i = 1; i <= 8; ++i) write(std::to_string(i), true);
    const std::string text = get();
    fs::create_directory(file() + ".new");   // nothing can be written there
    EXPECT_FALSE(prune(state(), lock(), 1).ok());
    EXPECT_EQ(get(), text);
}

}   // namespace
}   // namespace memhot::journal
