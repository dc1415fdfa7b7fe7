// SPDX-License-Identifier: GPL-2.0-or-later
//
// A file that is replaced: the hardware of a simulated host.
#pragma once

#include <functional>
#include <string>

#include "app/event_loop.hpp"
#include "memhot/result.hpp"

namespace memhot::events {

class FileWatch {
public:
    // changed: the file was written or another one moved to its place.
    static Result<FileWatch> open(app::EventLoop& loop, const std::string& path, std::function<void()> changed);
    FileWatch() = default;
    FileWatch(FileWatch&& other) noexcept;
    FileWatch& operator=(FileWatch&& other) noexcept;
    ~FileWatch();

private:
    int fd_ = -1;
    app::Source io_;
};

}   // namespace memhot::events
