// SPDX-License-Identifier: GPL-2.0-or-later
#include "journal/descriptor.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace memhot::journal {

namespace {

struct Remedy {
    int error;
    std::string_view text;
};

constexpr auto kRemedies = std::to_array<Remedy>({
    {ENOSPC, "free space on its file system; nothing is changed on the host without a journal"},
    {EDQUOT, "free space within the quota; nothing is changed on the host without a journal"},
    {EFBIG, "raise the limit on file sizes (RLIMIT_FSIZE), or move the journal away"},
    {EROFS, "its file system is read-only: mount it writable, or name another state directory"},
    {EACCES, "run as root, or name a state directory that is yours"},
    {EPERM, "run as root, or name a state directory that is yours"},
    {ENOTDIR, "a file is where a directory is expected"},
    {EISDIR, "a directory is where a file is expected"},
    {ENOENT, "make the directory above it"},
    {EIO, "the disk fails: look at the kernel log"},
});

}   // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

Descriptor::~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
}

int write_at(int fd, std::string_view bytes, std::size_t offset) {
    while (!bytes.empty()) {
        const ssize_t written = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return errno;
        if (written == 0) return EIO;
        bytes.remove_prefix(static_cast<std::size_t>(written));
        offset += static_cast<std::size_t>(written);
    }
    return 0;
}

Result<std::string> read_all(int fd, const std::string& path) {
    std::string out;
    std::array<char, 64 * 1024> buffer{};
    while (true) {
        const ssize_t got = ::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(out.size()));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return io_error(path, "reading", errno);
        if (got == 0) return out;
        out.append(buffer.data(), static_cast<std::size_t>(got));
    }
}

Status make_directory(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return Done{};
    return io_error(path, "making the directory", errno);
}

std::string errno_words(int error) {
    const char* text = ::strerrordesc_np(error);
    const char* name = ::strerrorname_np(error);
    if (text == nullptr || name == nullptr) return fmt::format("error {}", error);
    return fmt::format("{} ({})", text, name);
}

Error io_error(const std::string& path, std::string_view doing, int error) {
    std::string text = fmt::format("{}: {}: {}", path, doing, errno_words(error));
    for (const auto& remedy : kRemedies) {
        if (remedy.error == error) text += fmt::format("; {}", remedy.text);
    }
    const bool denied = error == EACCES || error == EPERM;
    return {denied ? ErrorKind::not_permitted : ErrorKind::io, std::move(text)};
}

}   // namespace memhot::journal
