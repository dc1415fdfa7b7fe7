// SPDX-License-Identifier: GPL-2.0-or-later
#include "journal/lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

namespace memhot::journal {

namespace {

// "1234 memhotctl": what the holder wrote.
std::string holder_of(int fd, const std::string& path) {
    auto text = read_all(fd, path);
    if (!text || text->empty()) return "a process that has not told its pid yet";
    while (!text->empty() && text->back() == '\n') text->pop_back();
    const auto blank = text->find(' ');
    if (blank == std::string::npos) return fmt::format("pid {}", *text);
    return fmt::format("pid {} ({})", text->substr(0, blank), text->substr(blank + 1));
}

}   // namespace

Result<HostLock> HostLock::take(const std::string& run_directory, const std::string& program) {
    if (auto made = make_directory(run_directory); !made) return made.error();
    const std::string path = run_directory + "/lock";
    // Not truncated: the holder's line is in it.
    Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!file.open()) return io_error(path, "opening the lock", errno);
    while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK) return io_error(path, "locking", errno);
        return Error(ErrorKind::io, fmt::format("{}: {} is changing this host; wait until it is done", path,
                                                holder_of(file.get(), path)));
    }
    if (::ftruncate(file.get(), 0) != 0) return io_error(path, "emptying the lock", errno);
    if (const int error = write_at(file.get(), fmt::format("{} {}\n", ::getpid(), program), 0); error != 0) {
        return io_error(path, "writing the pid", error);
    }
    return HostLock(std::move(file), path);
}

}   // namespace memhot::journal
