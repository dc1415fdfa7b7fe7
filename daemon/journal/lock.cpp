// SPDX-License-Identifier: GPL-2.0-or-later
#include "journal/lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>   // NOLINT(modernize-deprecated-headers): kill is POSIX, not C++
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <sstream>

namespace memhot::journal {

namespace {

constexpr useconds_t kMoment = 20'000;
constexpr unsigned kMoments = 5;

std::string path_in(const std::string& run_directory) { return run_directory + "/lock"; }

// "1234 memhotctl 7 /var/lib/memhot": what the holder wrote. Nothing where it has not yet, or a process wrote it that is gone.
std::optional<LockHolder> written_in(int fd, const std::string& path) {
    const auto text = read_all(fd, path);
    if (!text) return std::nullopt;
    LockHolder holder;
    std::istringstream words(*text);
    if (!(words >> holder.pid) || holder.pid <= 0) return std::nullopt;
    words >> holder.program >> holder.job >> std::ws;
    std::getline(words, holder.state_directory);   // to the end: it may hold blanks
    if (::kill(holder.pid, 0) != 0 && errno == ESRCH) return std::nullopt;
    return holder;
}

std::string words_for(const std::optional<LockHolder>& holder) {
    if (!holder) return "a process that has not told its pid yet";
    return fmt::format("pid {} ({}{})", holder->pid, holder->program,
                       holder->job.empty() ? "" : ", job " + holder->job);
}

bool lock(int fd, int how) {
    while (::flock(fd, how | LOCK_NB) != 0) {
        if (errno != EINTR) return false;
    }
    return true;
}

}   // namespace

HostLock::~HostLock() {
    // Whoever reads it before the next holder has written need not take the pid for that of a holder.
    if (file_.open() && ::ftruncate(file_.get(), 0) != 0) errno = 0;
}

Status HostLock::tell(const std::string& job, const std::string& state_directory) {
    return write_line(" " + job + " " + state_directory);
}

Status HostLock::write_line(const std::string& more) {
    if (::ftruncate(file_.get(), 0) != 0) return io_error(path_, "emptying the lock", errno);
    const std::string line = fmt::format("{} {}{}\n", ::getpid(), program_, more);
    const int error = write_at(file_.get(), line, 0);
    return error == 0 ? Status(Done{}) : Status(io_error(path_, "writing the pid", error));
}

Result<HostLock> HostLock::take(const std::string& run_directory, const std::string& program) {
    if (auto made = make_directory(run_directory); !made) return made.error();
    const std::string path = path_in(run_directory);
    // Not truncated: the holder's line is in it.
    Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.open()) return io_error(path, "opening the lock", errno);
    for (unsigned moment = 0; !lock(file.get(), LOCK_EX); ++moment) {
        if (errno != EWOULDBLOCK) return io_error(path, "locking", errno);
        const auto other = written_in(file.get(), path);
        if (other || moment == kMoments) {
            return Error(ErrorKind::io,
                         fmt::format("{}: {} is changing this host; wait until it is done", path, words_for(other)));
        }
        ::usleep(kMoment);   // somebody only looks whether it is held
    }
    HostLock out(std::move(file), path, program);
    if (auto told = out.write_line(""); !told) return told.error();
    return out;
}

std::optional<LockHolder> HostLock::holder(const std::string& run_directory) {
    const std::string path = path_in(run_directory);
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file.open()) return std::nullopt;
    auto written = written_in(file.get(), path);
    // The pid may be that of another process by now: only a lock that is held has a holder.
    if (!written || lock(file.get(), LOCK_SH)) return std::nullopt;
    return written;
}

}   // namespace memhot::journal
