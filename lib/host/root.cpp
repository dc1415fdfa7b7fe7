// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Files below a root directory (root.hpp).
#include "host/root.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/directory.hpp"
#include "units/quote.hpp"

namespace memhot::host {
namespace {

// O_NONBLOCK: a FIFO in somebody's copy of /sys must not hold us up.
constexpr int kReadFlags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

std::string reason(int error) {
    char text[128];
    return strerror_r(error, text, sizeof(text));
}

}   // namespace

Descriptor::~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
}

bool is_absent(int error) {
    // ENODEV and ENXIO: the device behind an attribute went away between open and read.
    return error == ENOENT || error == ENODEV || error == ENXIO;
}

Error file_error(const std::string& path, int error) {
    auto kind = ErrorKind::io;
    if (is_absent(error)) kind = ErrorKind::not_found;
    if (error == EACCES || error == EPERM) kind = ErrorKind::not_permitted;
    return {kind, fmt::format("{}: {}", path, reason(error))};
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n";
    const auto first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

Result<std::string> read_all(int fd, const std::string& shown, std::size_t limit) {
    std::string text;
    std::size_t used = 0;
    for (;;) {
        if (text.size() - used < 4096) text.resize(std::max<std::size_t>(text.size() * 2, 16384));
        const ssize_t got = ::read(fd, text.data() + used, text.size() - used);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return file_error(shown, errno);
        if (got == 0) break;
        used += static_cast<std::size_t>(got);
        if (used > limit)
            return bad_input(fmt::format("{}: longer than the {} bytes that are read of it", shown, limit));
    }
    text.resize(used);
    return text;
}

Result<Root> Root::open(const std::string& directory) {
    std::string canonical = directory;
    while (canonical.size() > 1 && canonical.back() == '/') canonical.pop_back();
    Descriptor descriptor(::open(canonical.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!descriptor.is_open()) {
        const int error = errno;
        return Error(file_error("", error).kind(),
                     fmt::format("root directory {}: {}, expected a directory with proc and sys",
                                 units::quoted(directory, 256), reason(error)));
    }
    return Root(std::move(canonical), std::move(descriptor));
}

std::string Root::shown(std::string_view path) const {
    return is_this_host() ? fmt::format("/{}", path) : fmt::format("{}/{}", directory_, path);
}

int Root::open_file(std::string_view path, int flags) const {
    const std::string name(path);
    open_how how{};
    how.flags = static_cast<unsigned>(flags);
    how.resolve = RESOLVE_IN_ROOT;
    long fd = ::syscall(SYS_openat2, descriptor_.get(), name.c_str(), &how, sizeof(how));
    // Before Linux 5.6, and EPERM from seccomp filters that do not know openat2.
    if (fd < 0 && (errno == ENOSYS || errno == EPERM)) fd = ::openat(descriptor_.get(), name.c_str(), flags);
    return static_cast<int>(fd);
}

Result<std::string> Root::read(std::string_view path, std::size_t limit) const {
    const Descriptor file(open_file(path, kReadFlags));
    if (!file.is_open()) return file_error(shown(path), errno);
    return read_all(file.get(), shown(path), limit);
}

Result<std::string> Root::read_word(std::string_view path) const {
    auto text = read(path);
    if (!text) return text;
    const auto word = trimmed(*text);
    if (word.empty()) return bad_input(fmt::format("{}: empty, expected a value", shown(path)));
    if (!std::ranges::all_of(word, [](char c) { return c >= 0x20 && c < 0x7f; })) {
        return bad_input(fmt::format("{}: {}, expected one line of text", shown(path), units::quoted(word)));
    }
    return std::string(word);
}

Result<std::optional<std::string>> Root::find_word(std::string_view path) const {
    auto word = read_word(path);
    if (word) return std::optional(std::move(*word));
    if (word.error().kind() == ErrorKind::not_found) return std::optional<std::string>();
    return word.error();
}

Result<std::optional<std::string>> Root::find(std::string_view path, std::size_t limit) const {
    auto text = read(path, limit);
    if (text) return std::optional(std::move(*text));
    if (text.error().kind() == ErrorKind::not_found) return std::optional<std::string>();
    return text.error();
}

Result<Descriptor> Root::open_directory(std::string_view path) const {
    Descriptor directory(open_file(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.is_open()) return file_error(shown(path), errno);
    return directory;
}

Result<std::optional<std::vector<std::string>>> Root::list(std::string_view path) const {
    const auto directory = open_directory(path);
    if (!directory) {
        if (directory.error().kind() == ErrorKind::not_found) return std::optional<std::vector<std::string>>();
        return directory.error();
    }
    std::vector<std::string> names;
    const int error = for_each_name(directory->get(), [&](std::string_view name) {
        if (name != "." && name != "..") names.emplace_back(name);
    });
    if (error != 0) return file_error(shown(path), error);
    std::ranges::sort(names);
    return std::optional(std::move(names));
}

Result<bool> Root::exists(std::string_view path) const {
    const Descriptor file(open_file(path, O_PATH | O_CLOEXEC));
    if (file.is_open()) return true;
    if (is_absent(errno)) return false;
    return file_error(shown(path), errno);
}

}   // namespace memhot::host
