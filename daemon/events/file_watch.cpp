// SPDX-License-Identifier: GPL-2.0-or-later
#include "events/file_watch.hpp"

#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <tuple>
#include <utility>

namespace memhot::events {

namespace {

// Whether one of the events that wait is about the name.
bool drain(int fd, const std::string& name) {
    alignas(inotify_event) std::array<char, 4096> buffer{};
    bool seen = false;
    for (ssize_t got = 0; (got = ::read(fd, buffer.data(), buffer.size())) > 0;) {
        for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
            inotify_event event{};
            std::memcpy(&event, buffer.data() + at, sizeof event);
            const char* text = buffer.data() + at + sizeof event;
            seen = seen || (event.len != 0 && name == text);
            at += sizeof event + event.len;
        }
    }
    return seen;
}

// What another file, or another text, in the same place has otherwise.
using Stamp = std::tuple<ino_t, off_t, time_t, long>;
Stamp stamp_of(const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return {};
    return {status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

}   // namespace

Result<FileWatch> FileWatch::open(app::EventLoop& loop, const std::string& path, std::function<void()> changed) {
    const std::filesystem::path file(path);
    const std::string directory = file.has_parent_path() ? file.parent_path().string() : ".";
    FileWatch out;
    out.fd_ = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    // The directory, for an editor or `mv` puts another file in its place.
    if (out.fd_ < 0 || ::inotify_add_watch(out.fd_, directory.c_str(), IN_CLOSE_WRITE | IN_MOVED_TO) < 0)
        return Error(ErrorKind::io, "watching " + directory + ": " + std::strerror(errno));
    out.io_ = loop.on_io(out.fd_, EPOLLIN,
                         [fd = out.fd_, path, name = file.filename().string(), told = std::move(changed),
                          stamp = std::make_shared<Stamp>(stamp_of(path))](std::uint32_t) {
                             // a file that is moved to its place while it is open is told of again when it is closed
                             if (drain(fd, name) && std::exchange(*stamp, stamp_of(path)) != *stamp) told();
                         });
    return out;
}

FileWatch::FileWatch(FileWatch&& other) noexcept : fd_(std::exchange(other.fd_, -1)), io_(std::move(other.io_)) {}
FileWatch& FileWatch::operator=(FileWatch&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(io_, other.io_);
    return *this;
}
FileWatch::~FileWatch() {
    io_ = {};   // before its descriptor
    if (fd_ >= 0) ::close(fd_);
}

}   // namespace memhot::events
