// SPDX-License-Identifier: GPL-2.0-or-later
#include "dbus/sealed_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace memhot::bus {

Result<sdbus::UnixFd> sealed_file(const std::string& text) {
    const int fd = ::memfd_create("memhot", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) return Error(ErrorKind::io, "memfd_create failed");
    sdbus::UnixFd out(fd, sdbus::adopt_fd);
    std::size_t at = 0;
    while (at < text.size()) {
        const auto written = ::write(fd, text.data() + at, text.size() - at);
        if (written <= 0) return Error(ErrorKind::io, "writing to a memfd failed");
        at += static_cast<std::size_t>(written);
    }
    ::lseek(fd, 0, SEEK_SET);
    ::fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
    return out;
}

Result<sdbus::UnixFd> opened_again(const sdbus::UnixFd& file) {
    const int fd = ::open(("/proc/self/fd/" + std::to_string(file.get())).c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return Error(ErrorKind::io, "opening a memfd again failed");
    return sdbus::UnixFd(fd, sdbus::adopt_fd);
}

}   // namespace memhot::bus
