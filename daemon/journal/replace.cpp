// SPDX-License-Identifier: GPL-2.0-or-later
#include "journal/replace.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "journal/descriptor.hpp"

namespace memhot::journal {

namespace {

Status sync(int fd, const std::string& path) {
    if (::fsync(fd) != 0 && errno != EINVAL) return io_error(path, "syncing", errno);
    return Done{};
}

Status write_fresh(const std::string& fresh, std::string_view text) {
    const Descriptor file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.open()) return io_error(fresh, "opening", errno);
    if (const int error = write_at(file.get(), text, 0); error != 0) return io_error(fresh, "writing", error);
    return sync(file.get(), fresh);
}

}   // namespace

Status replace_file(const std::string& directory, std::string_view name, std::string_view text) {
    const std::string path = directory + "/" + std::string(name);
    const std::string fresh = path + ".new";
    if (auto written = write_fresh(fresh, text); !written) {
        ::unlink(fresh.c_str());
        return written;
    }
    if (std::rename(fresh.c_str(), path.c_str()) != 0) return io_error(path, "replacing", errno);
    const Descriptor parent(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!parent.open()) return io_error(directory, "opening the directory", errno);
    return sync(parent.get(), directory);
}

}   // namespace memhot::journal
