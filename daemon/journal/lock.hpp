// SPDX-License-Identifier: GPL-2.0-or-later
//
// One writer at a time, over journal and host: an flock below the run directory, which names its holder.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "journal/descriptor.hpp"
#include "memhot/result.hpp"

namespace memhot::journal {

// Who changes a host at this moment.
struct LockHolder {
    pid_t pid = 0;
    std::string program;
    std::string job;   // empty: none has begun yet
    std::string state_directory;   // whose journal has that job
};

class HostLock {
public:
    // run_directory is made if it is not there. Held by another: an error that names the holder's pid and program.
    static Result<HostLock> take(const std::string& run_directory, const std::string& program);
    // Nothing where nobody holds it. Changes nothing.
    static std::optional<LockHolder> holder(const std::string& run_directory);

    HostLock(HostLock&&) noexcept = default;
    HostLock& operator=(HostLock&&) = delete;
    ~HostLock();   // who held it is forgotten

    // Tells others which job runs, and in whose journal it stands: each has its own numbers.
    Status tell(const std::string& job, const std::string& state_directory);

    [[nodiscard]] const std::string& path() const { return path_; }

private:
    Status write_line(const std::string& more);
    HostLock(Descriptor file, std::string path, std::string program)
        : file_(std::move(file)), path_(std::move(path)), program_(std::move(program)) {}
    Descriptor file_;   // the lock goes with it
    std::string path_;
    std::string program_;
};

}   // namespace memhot::journal
