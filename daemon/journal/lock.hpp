// SPDX-License-Identifier: GPL-2.0-or-later
//
// One writer at a time, over journal and host: an flock below the run directory, which names its holder.
#pragma once

#include <sys/types.h>

#include <string>

#include "journal/descriptor.hpp"
#include "memhot/result.hpp"

namespace memhot::journal {

class HostLock {
public:
    // run_directory is made if it is not there. Held by another: an error that names the holder's pid and program.
    static Result<HostLock> take(const std::string& run_directory, const std::string& program);

    [[nodiscard]] const std::string& path() const { return path_; }

private:
    HostLock(Descriptor file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}
    Descriptor file_;   // the lock goes with it
    std::string path_;
};

}   // namespace memhot::journal
