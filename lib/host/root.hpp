// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The files of a host below a root directory: "/" is this one, another directory is a copy of some host's /proc and
// /sys. Every path is relative to it and cannot leave it through symbolic links. lib/host knows the kernel's file
// formats and depends on units/ and the public headers; everything that it reads may be missing, empty, truncated,
// garbage, huge, unreadable or gone again.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "memhot/result.hpp"

namespace memhot::host {

// An open file descriptor that closes itself.
class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor();

    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] bool is_open() const { return fd_ >= 0; }

private:
    int fd_ = -1;
};

// An attribute of sysfs is at most a page; other files say how much they may be.
inline constexpr std::size_t kAttributeLimit = 65536;

class Root {
public:
    static Result<Root> open(const std::string& directory);

    // The whole file. not_found where it is not there, not_permitted where it may not be read.
    [[nodiscard]] Result<std::string> read(std::string_view path, std::size_t limit = kAttributeLimit) const;
    // An attribute without the blanks around it; empty and many-lined ones are refused.
    [[nodiscard]] Result<std::string> read_word(std::string_view path) const;
    // The same, absent where the file is not there.
    [[nodiscard]] Result<std::optional<std::string>> find_word(std::string_view path) const;
    [[nodiscard]] Result<std::optional<std::string>> find(std::string_view path, std::size_t limit) const;
    [[nodiscard]] Result<Descriptor> open_directory(std::string_view path) const;
    // Names in a directory, sorted, without "." and ".."; absent where there is no such directory.
    [[nodiscard]] Result<std::optional<std::vector<std::string>>> list(std::string_view path) const;
    [[nodiscard]] Result<bool> exists(std::string_view path) const;

    // The path for people: with the root in front.
    [[nodiscard]] std::string shown(std::string_view path) const;
    // This host, so that uname() and getpagesize() speak about it.
    [[nodiscard]] bool is_this_host() const { return directory_ == "/"; }

private:
    Root(std::string directory, Descriptor descriptor)
        : directory_(std::move(directory)), descriptor_(std::move(descriptor)) {}
    [[nodiscard]] int open_file(std::string_view path, int flags) const;

    std::string directory_;
    Descriptor descriptor_;
};

// All that an open file holds; shown is its path for errors.
Result<std::string> read_all(int fd, const std::string& shown, std::size_t limit);
// One line for an errno at a path: "/proc/iomem: Permission denied"; the kind follows the errno.
Error file_error(const std::string& path, int error);
// Whether a file with this errno is simply not there (any more).
bool is_absent(int error);
// text without blanks and line ends around it.
std::string_view trimmed(std::string_view text);

}   // namespace memhot::host
