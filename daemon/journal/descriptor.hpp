// SPDX-License-Identifier: GPL-2.0-or-later
//
// A file descriptor that closes itself, and writes that are whole or tell why not.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "memhot/result.hpp"

namespace memhot::journal {

class Descriptor {
public:
    explicit Descriptor(int fd = -1) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept;
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor();

    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] bool open() const { return fd_ >= 0; }

private:
    int fd_;
};

// errno 0, or why; short writes and EINTR go on.
int write_at(int fd, std::string_view bytes, std::size_t offset);
Result<std::string> read_all(int fd, const std::string& path);
// mkdir with mode 0700, unless it is there.
Status make_directory(const std::string& path);
// "No space left on device (ENOSPC)"
std::string errno_words(int error);
// "PATH: DOING: No space left on device (ENOSPC); REMEDY"
Error io_error(const std::string& path, std::string_view doing, int error);

}   // namespace memhot::journal
