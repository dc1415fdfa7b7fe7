// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/scratch.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>

namespace memhot::app {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "memhotd-simulated-";
constexpr int kTries = 8;

// The directory, locked; -1: somebody has it, it is not ours, or it is no directory.
int lock(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return -1;
    struct stat held{};
    struct stat there{};
    const bool ours = ::fstat(fd, &held) == 0 && held.st_uid == ::geteuid() && ::flock(fd, LOCK_EX | LOCK_NB) == 0;
    // Another may have taken it away between the two.
    if (ours && ::lstat(path.c_str(), &there) == 0 && there.st_ino == held.st_ino && there.st_dev == held.st_dev)
        return fd;
    ::close(fd);
    return -1;
}

// Those of daemons that were killed: a lock goes with its process.
void remove_left(const fs::path& directory) {
    std::error_code error;
    for (fs::directory_iterator it(directory, fs::directory_options::skip_permission_denied, error), end;
         !error && it != end; it.increment(error)) {
        if (!it->path().filename().string().starts_with(kPrefix)) continue;
        const int fd = lock(it->path());
        if (fd < 0) continue;
        std::error_code ignored;
        fs::remove_all(it->path(), ignored);
        ::close(fd);
    }
}

}   // namespace

Result<std::string> Scratch::make() {
    std::error_code error;
    const fs::path directory = fs::temp_directory_path(error);
    if (error) return Error(ErrorKind::io, "there is no directory for temporary files: " + error.message());
    remove_left(directory);
    const std::string pattern = (directory / (std::string(kPrefix) + "XXXXXX")).string();
    for (int i = 0; i < kTries; ++i) {
        std::string path = pattern;
        if (::mkdtemp(path.data()) == nullptr)
            return Error(ErrorKind::io, path + ": making a directory failed: " + std::strerror(errno));
        lock_ = lock(path);
        if (lock_ < 0) continue;   // another daemon that starts took it for one that was left
        path_ = path;
        return path;
    }
    return Error(ErrorKind::io, pattern + ": no directory could be kept, others that start take them away");
}

Scratch::~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
    if (lock_ >= 0) ::close(lock_);
}

}   // namespace memhot::app
