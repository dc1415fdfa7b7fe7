// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A walk over the names of an open directory with few system calls: readdir() asks for 32 KiB at a time, and a host may
// have half a million memory blocks.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <sys/syscall.h>
#include <unistd.h>

namespace memhot::host {

// Calls visit for each name, in the directory's own order, "." and ".." included; returns an errno.
template <class Visit>
int for_each_name(int fd, Visit&& visit) {
    // struct linux_dirent64 of getdents64(2): inode, offset, record length, type, name.
    constexpr std::size_t kBuffer = std::size_t{256} * 1024;
    constexpr std::size_t kLengthAt = 16;
    constexpr std::size_t kNameAt = 19;
    const auto buffer = std::make_unique_for_overwrite<char[]>(kBuffer);
    for (;;) {
        const long got = ::syscall(SYS_getdents64, fd, buffer.get(), kBuffer);
        if (got < 0) return errno;
        if (got == 0) return 0;
        for (long at = 0; at < got;) {
            const char* entry = buffer.get() + at;
            std::uint16_t length = 0;
            std::memcpy(&length, entry + kLengthAt, sizeof(length));
            visit(std::string_view(entry + kNameAt));
            at += length;
        }
    }
}

}   // namespace memhot::host
