// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Names of outcomes and of the errno values that memory hotplug answers with.
#include <array>
#include <cerrno>

#include "memhot/outcome.hpp"

namespace memhot {

namespace {

struct ErrnoRow {
    int error;
    std::string_view name;
    std::string_view text;
};

// uapi/asm-generic/errno-base.h and errno.h: the same numbers on every architecture that has memory hotplug
constexpr std::array kErrnos{
    ErrnoRow{0, "success", "success"},
    ErrnoRow{EPERM, "EPERM", "Operation not permitted"},
    ErrnoRow{ENOENT, "ENOENT", "No such file or directory"},
    ErrnoRow{EINTR, "EINTR", "Interrupted system call"},
    ErrnoRow{EIO, "EIO", "Input/output error"},
    ErrnoRow{ENXIO, "ENXIO", "No such device or address"},
    ErrnoRow{E2BIG, "E2BIG", "Argument list too long"},
    ErrnoRow{EAGAIN, "EAGAIN", "Resource temporarily unavailable"},
    ErrnoRow{ENOMEM, "ENOMEM", "Cannot allocate memory"},
    ErrnoRow{EACCES, "EACCES", "Permission denied"},
    ErrnoRow{EFAULT, "EFAULT", "Bad address"},
    ErrnoRow{EBUSY, "EBUSY", "Device or resource busy"},
    ErrnoRow{EEXIST, "EEXIST", "File exists"},
    ErrnoRow{ENODEV, "ENODEV", "No such device"},
    ErrnoRow{EINVAL, "EINVAL", "Invalid argument"},
    ErrnoRow{ENOSPC, "ENOSPC", "No space left on device"},
    ErrnoRow{ERANGE, "ERANGE", "Numerical result out of range"},
    ErrnoRow{EOPNOTSUPP, "EOPNOTSUPP", "Operation not supported"},
    ErrnoRow{EHWPOISON, "EHWPOISON", "Memory page has hardware error"},
};

const ErrnoRow& row_of(int error) {
    static constexpr ErrnoRow kUnknown{-1, "an unlisted error", "an error that memory hotplug does not answer with"};
    for (const auto& row : kErrnos) {
        if (row.error == error) return row;
    }
    return kUnknown;
}

}   // namespace

std::string_view errno_name(int error) { return row_of(error).name; }
std::string_view errno_text(int error) { return row_of(error).text; }

std::string_view to_string(Stage stage) {
    constexpr std::array<std::string_view, 3> kNames{"", "request", "map"};
    return kNames[static_cast<std::size_t>(stage)];
}

}   // namespace memhot
